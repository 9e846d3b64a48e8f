//! What `class/net/<interface>` says of an interface. Knows files and their forms, not what follows
//! from them; that is [`super::kind`].

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::Duration;

use super::kind::{Link, kind};
use crate::host::files;
use crate::host::parse::{signed, unsigned};
use crate::model::network::{InterfaceKind, LinkState};
use crate::model::{BitsPerSecond, Bytes, Reading, Reason, Text};

/// It is switched on (`IFF_UP` of `flags`).
pub(super) const IFF_UP: u32 = 0x1;
/// It is a loopback (`IFF_LOOPBACK`).
pub(super) const IFF_LOOPBACK: u32 = 0x8;
/// It has members (`IFF_MASTER`): bonds and VRFs, not teams.
pub(super) const IFF_MASTER: u32 = 0x400;

/// Everything that is read of one interface.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attributes {
    /// When it was read.
    pub(super) at: Duration,
    pub(super) link: Link,
    pub(super) state: LinkState,
    pub(super) mac_address: Reading<Text>,
    pub(super) mtu_bytes: Reading<Bytes>,
    pub(super) speed_bits_per_second: Reading<BitsPerSecond>,
    pub(super) full_duplex: Reading<bool>,
}

impl Attributes {
    /// Of an interface whose folder cannot be read.
    pub(super) fn absent(at: Duration, reason: Reason) -> Self {
        Self {
            at,
            link: Link::default(),
            state: LinkState::Unknown,
            mac_address: Reading::absent(reason),
            mtu_bytes: Reading::absent(reason),
            speed_bits_per_second: Reading::absent(reason),
            full_duplex: Reading::absent(reason),
        }
    }

    /// Whether it carries packets, as far as can be told.
    pub(super) fn is_up(&self) -> bool {
        match self.state {
            LinkState::Up => true,
            LinkState::Unknown => self.link.flags & IFF_UP != 0,
            _ => false,
        }
    }
}

/// Reads the folder of an interface. What cannot be read is absent; a folder that is gone says so.
pub(super) fn read(folder: &Path, at: Duration) -> Attributes {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return Attributes::absent(at, files::reason(&error)),
    };
    let file = |name: &str| files::read(&folder.join(name), files::SMALL);
    let number = |name| file(name).ok().and_then(|bytes| parse_number(&bytes));
    let mut link = Link {
        hardware_type: number("type").and_then(|number| u32::try_from(number).ok()),
        device_type: file("uevent").ok().and_then(|bytes| parse_device_type(&bytes)),
        flags: number("flags").and_then(|number| u32::try_from(number).ok()).unwrap_or(0),
        index: number("ifindex"),
        below: number("iflink"),
        address: file("address").unwrap_or_default().trim_ascii().to_vec(),
        ..Link::default()
    };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        match name.as_bytes() {
            b"device" => link.has_device = true,
            b"phy80211" | b"wireless" => link.is_wireless = true,
            b"bridge" => link.is_bridge = true,
            b"bonding" => link.is_bond = true,
            b"tun_flags" => link.tun_flags = number("tun_flags"),
            b"master" => link.master = master(&folder.join("master")),
            name if name.starts_with(b"lower_") => link.stands_on_another = true,
            _ => {}
        }
    }
    let state = file("operstate").map_or(LinkState::Unknown, |bytes| parse_state(&bytes));
    let (speed_bits_per_second, full_duplex) = if has_a_speed(kind(&link)) {
        // A link that is down, or a driver that does not know: EINVAL, or -1.
        let known = |reading: Reading<_>| match reading {
            Reading::Absent { absent: Reason::ReadFailed } => Reading::absent(Reason::NotSupported),
            reading => reading,
        };
        let full_duplex = Reading::from(file("duplex")).and_then(|bytes| parse_duplex(&bytes));
        let speed = known(file("speed").into());
        let full_duplex = match full_duplex {
            Reading::Absent { absent: Reason::ReadFailed } => Reading::absent(Reason::NotSupported),
            full_duplex => full_duplex,
        };
        (speed.and_then(|bytes| parse_speed(&bytes)), full_duplex)
    } else {
        (Reading::absent(Reason::NotSupported), Reading::absent(Reason::NotSupported))
    };
    Attributes {
        at,
        state,
        mac_address: parse_hardware_address(&link.address),
        mtu_bytes: Reading::from(file("mtu")).and_then(|bytes| {
            let mtu = unsigned(bytes.trim_ascii()).map(Bytes);
            Reading::from_option(mtu, Reason::Malformed)
        }),
        speed_bits_per_second,
        full_duplex,
        link,
    }
}

/// Drivers of what has no wire make a speed up: tun says 10 Mbit/s, veth 10 Gbit/s. And asking
/// costs: some drivers ask the card.
fn has_a_speed(kind: InterfaceKind) -> bool {
    use InterfaceKind::{Bond, Card, Infiniband, Vlan, Wireless};
    matches!(kind, Card | Wireless | Infiniband | Bond | Vlan)
}

/// The name of the interface this one is a member of.
fn master(link: &Path) -> Option<Vec<u8>> {
    let target = fs::read_link(link).ok()?;
    target.file_name().map(|name: &OsStr| name.as_bytes().to_vec())
}

/// A number of a file of one interface: decimal, or hexadecimal with `0x`.
#[must_use]
pub fn parse_number(bytes: &[u8]) -> Option<i64> {
    let word = bytes.trim_ascii();
    match word.strip_prefix(b"0x") {
        // No sign, which Rust would take.
        Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => {
            i64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        }
        Some(_) => None,
        None => signed(word),
    }
}

/// `DEVTYPE` of `uevent`: what kind of device the driver says it is.
#[must_use]
pub fn parse_device_type(bytes: &[u8]) -> Option<String> {
    let lines = bytes.split(|&byte| byte == b'\n');
    let value = lines.filter_map(|line| line.strip_prefix(b"DEVTYPE=")).next()?;
    String::from_utf8(value.trim_ascii().to_vec()).ok()
}

/// `operstate` (kernel document networking/operstates.rst).
#[must_use]
pub fn parse_state(bytes: &[u8]) -> LinkState {
    match bytes.trim_ascii() {
        b"up" => LinkState::Up,
        b"down" | b"notpresent" => LinkState::Down,
        b"lowerlayerdown" => LinkState::LowerLayerDown,
        b"dormant" => LinkState::Dormant,
        b"testing" => LinkState::Testing,
        _ => LinkState::Unknown,
    }
}

/// `speed` is in Mbit/s; -1 is "unknown", which old kernels write without its sign.
#[must_use]
pub fn parse_speed(bytes: &[u8]) -> Reading<BitsPerSecond> {
    const UNKNOWN: i64 = u32::MAX as i64;
    match signed(bytes.trim_ascii()) {
        Some(..=0 | UNKNOWN) => Reading::absent(Reason::NotSupported),
        Some(megabits) => {
            let bits = megabits.unsigned_abs().checked_mul(1_000_000).map(BitsPerSecond);
            Reading::from_option(bits, Reason::Malformed)
        }
        None => Reading::absent(Reason::Malformed),
    }
}

/// `duplex`: `full`, `half` or `unknown`.
#[must_use]
pub fn parse_duplex(bytes: &[u8]) -> Reading<bool> {
    match bytes.trim_ascii() {
        b"full" => Reading::Present(true),
        b"half" => Reading::Present(false),
        b"unknown" => Reading::absent(Reason::NotSupported),
        _ => Reading::absent(Reason::Malformed),
    }
}

/// `address` as `aa:bb:cc:dd:ee:ff`: 6 bytes, 8 of EUI-64, 20 of InfiniBand. Tunnels have 4 or 16
/// bytes there, which are an IP address and no hardware's; zeros are what has no address.
#[must_use]
pub fn parse_hardware_address(bytes: &[u8]) -> Reading<Text> {
    let word = bytes.trim_ascii();
    let mut count = 0;
    for byte in word.split(|&byte| byte == b':').filter(|_| !word.is_empty()) {
        count += 1;
        if byte.len() != 2 || !byte.iter().all(u8::is_ascii_hexdigit) {
            return Reading::absent(Reason::Malformed);
        }
    }
    let is_zero = word.iter().all(|byte| matches!(byte, b'0' | b':'));
    if is_zero || !matches!(count, 6 | 8 | 20) {
        return Reading::absent(Reason::NotSupported);
    }
    let text = String::from_utf8(word.to_ascii_lowercase()).map(Text::from);
    Reading::from_option(text.ok(), Reason::Malformed)
}

#[cfg(test)]
mod tests;
