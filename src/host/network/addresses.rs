//! Addresses of interfaces, and which of them the machine is known by.
//!
//! They are in no file of the kernel, so the running machine is asked by getifaddrs(3). A captured
//! machine has a file `addresses` instead: lines `interface address/prefix`, in the kernel's order.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};

use crate::host::parse::{ParseError, lines, unsigned, words};
use crate::host::{Roots, files};
use crate::model::network::{InterfaceAddress, PrimaryAddress};
use crate::model::{Reading, Reason, Text};

/// The most addresses of one interface that are kept.
const ADDRESSES_MAX: usize = 64;

/// An address with its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The address.
    pub address: IpAddr,
    /// Bits of the network, 0–32 or 0–128.
    pub prefix_length: u8,
}

/// Every interface's addresses by its name: IPv4 first, link-local IPv6 last.
pub type ByName = HashMap<Vec<u8>, Vec<Found>>;

/// All addresses there are now.
///
/// # Errors
/// If the system gives no list: a sandbox may forbid the socket that it comes through.
pub(super) fn read(roots: &Roots) -> Result<ByName, Reason> {
    let found = if roots.is_live() {
        ask_system()?
    } else {
        let bytes = files::read(&roots.captured("addresses"), files::LARGE)?;
        parse(&bytes)?
    };
    Ok(by_name(found))
}

fn ask_system() -> Result<Vec<(Vec<u8>, Found)>, Reason> {
    let list = nix::ifaddrs::getifaddrs().map_err(|errno| match errno {
        // A sandbox that knows no netlink.
        nix::errno::Errno::EAFNOSUPPORT => Reason::NotSupported,
        errno => files::reason(&io::Error::from_raw_os_error(errno as i32)),
    })?;
    let mut all = Vec::new();
    for entry in list {
        // Every interface is there once more with its hardware address.
        let Some(address) = entry.address else { continue };
        let netmask = entry.netmask;
        let found = if let Some(v4) = address.as_sockaddr_in() {
            let mask = netmask.and_then(|mask| mask.as_sockaddr_in().map(|mask| mask.ip()));
            let ones = mask.map_or(32, |mask| mask.to_bits().leading_ones());
            (IpAddr::V4(v4.ip()), ones)
        } else if let Some(v6) = address.as_sockaddr_in6() {
            let mask = netmask.and_then(|mask| mask.as_sockaddr_in6().map(|mask| mask.ip()));
            let ones = mask.map_or(128, |mask| mask.to_bits().leading_ones());
            (IpAddr::V6(v6.ip()), ones)
        } else {
            continue;
        };
        let prefix_length = u8::try_from(found.1).unwrap_or(128);
        // The label of an IPv4 address, eth0:1; no interface has a colon in its name.
        let name = entry.interface_name.split(':').next().unwrap_or_default();
        all.push((name.as_bytes().to_vec(), Found { address: found.0, prefix_length }));
    }
    Ok(all)
}

/// Parses the file `addresses` of a captured machine.
///
/// # Errors
/// If a line is not `interface address/prefix`.
pub fn parse(bytes: &[u8]) -> Result<Vec<(Vec<u8>, Found)>, ParseError> {
    let mut all = Vec::new();
    for (place, line) in lines("addresses", bytes) {
        let mut words = words(line);
        let Some(name) = words.next() else { continue };
        let word = words.next().unwrap_or_default();
        let found = parse_address(word);
        all.push((name.to_vec(), found.ok_or_else(|| place.expected("address/prefix", word))?));
    }
    Ok(all)
}

fn parse_address(word: &[u8]) -> Option<Found> {
    let slash = word.iter().position(|&byte| byte == b'/')?;
    let address: IpAddr = std::str::from_utf8(&word[..slash]).ok()?.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = unsigned(&word[slash + 1..]).filter(|&bits| bits <= most)?;
    Some(Found { address, prefix_length: u8::try_from(bits).ok()? })
}

fn by_name(found: Vec<(Vec<u8>, Found)>) -> ByName {
    let mut all = ByName::new();
    for (name, found) in found {
        all.entry(name).or_default().push(found);
    }
    for list in all.values_mut() {
        list.sort_by_key(|found| (found.address.is_ipv6(), is_link_local(found.address)));
        list.truncate(ADDRESSES_MAX);
    }
    all
}

/// Whether an address is valid on its own link only: it leads nowhere else.
pub(super) fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// An address as it is shown.
pub(super) fn shown(found: &Found) -> InterfaceAddress {
    InterfaceAddress {
        address: Text::from(found.address.to_string()),
        prefix_length: found.prefix_length,
    }
}

/// An interface that the machine may be known by: real, up, in the order of the rows.
pub(super) struct Choice<'a> {
    pub(super) name: &'a Text,
    pub(super) mac_address: &'a Reading<Text>,
    pub(super) addresses: &'a [Found],
    pub(super) leads_out: bool,
}

/// The address the machine is known by; the rule is that of [`PrimaryAddress`].
pub(super) fn primary<'a>(choices: impl Iterator<Item = Choice<'a>>) -> Option<PrimaryAddress> {
    let mut best: Option<((u8, bool), PrimaryAddress)> = None;
    for choice in choices {
        for found in choice.addresses {
            let Some(class) = class(found.address) else { continue };
            let rank = (class, !choice.leads_out);
            if best.as_ref().is_none_or(|(lowest, _)| rank < *lowest) {
                let address = PrimaryAddress {
                    interface: choice.name.clone(),
                    address: Text::from(found.address.to_string()),
                    mac_address: choice.mac_address.clone(),
                };
                best = Some((rank, address));
            }
        }
    }
    best.map(|(_, address)| address)
}

/// How good an address is to be known by, best first; `None` if nobody else could use it.
fn class(address: IpAddr) -> Option<u8> {
    if is_link_local(address) || address.is_loopback() || address.is_unspecified() {
        return None;
    }
    let private = |address: Ipv4Addr| match address.octets() {
        [10, ..] => 0,
        [172, 16..=31, ..] => 1,
        [192, 168, ..] => 2,
        _ => 3,
    };
    Some(match address {
        IpAddr::V4(address) => private(address),
        IpAddr::V6(_) => 4,
    })
}

#[cfg(test)]
mod tests;
