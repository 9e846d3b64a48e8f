//! What a block device is: its kind from its name, everything else from its folder in `/sys/block`
//! (kernel documents ABI/stable/sysfs-block, admin-guide/devices.txt).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::activity::SECTOR_BYTES;
use crate::host::parse::{unsigned, visible};
use crate::host::{Roots, files};
use crate::model::disk::DiskKind;
use crate::model::{Bytes, Reading, Reason, Text};

/// What a device is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Description {
    pub(super) name: Text,
    pub(super) kind: DiskKind,
    pub(super) model: Reading<Text>,
    pub(super) rotational: Reading<bool>,
    pub(super) size_bytes: Reading<Bytes>,
}

impl Description {
    /// Whether it is a device that nobody has set up (kernel modules bring some that are empty), or
    /// an array that was not started. A disk that has no size any more has a row.
    pub(super) fn is_unused(&self) -> bool {
        let is_made = !matches!(self.kind, DiskKind::Disk | DiskKind::Other);
        is_made && self.size_bytes == Reading::Present(Bytes(0))
    }
}

/// Names of all devices that are no partitions, as `diskstats` writes them.
pub(super) fn list(roots: &Roots) -> Result<BTreeSet<String>, Reason> {
    let entries = fs::read_dir(roots.sys("block")).map_err(|error| files::reason(&error))?;
    let mut names = BTreeSet::new();
    for entry in entries {
        let entry = entry.map_err(|error| files::reason(&error))?;
        names.extend(entry.file_name().to_str().map(|name| name.replace('!', "/")));
    }
    Ok(names)
}

/// Whether `name` is that of a partition of one of `others`, where the kernel does not tell:
/// a number follows the device's name, after a `p` if that ends with a digit itself.
pub(super) fn looks_like_partition(name: &str, others: &BTreeSet<String>) -> bool {
    let device = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let ends_with_digit = |name: &str| name.ends_with(|c: char| c.is_ascii_digit());
    if device.len() == name.len() {
        return false;
    }
    match device.strip_suffix('p') {
        Some(device) if ends_with_digit(device) => others.contains(device),
        _ => others.contains(device),
    }
}

/// The disk that `name` is a path to: `nvme0n1` for `nvme0c1n1`. A disk behind several controllers
/// has such a hidden device for each.
pub(super) fn nvme_head(name: &str) -> Option<String> {
    let (subsystem, rest) = name.strip_prefix("nvme")?.split_once('c')?;
    let (controller, disk) = rest.split_once('n')?;
    [subsystem, controller, disk]
        .iter()
        .all(|part| is_number(part))
        .then(|| format!("nvme{subsystem}n{disk}"))
}

/// Whether devices of this name are none that this source is about.
pub(super) fn is_left_out(name: &str) -> bool {
    ["loop", "ram", "sr", "fd"].iter().any(|driver| is_numbered(name, driver))
}

/// Reads what the device is. `listed` tells whether its folder is there at all.
pub(super) fn describe(roots: &Roots, name: &str, listed: Result<(), Reason>) -> Description {
    let folder = roots.sys("block").join(name.replace('/', "!"));
    let kind = kind_of(name, || match listed {
        Ok(()) => folder.join("device").exists(),
        Err(_) => has_disk_driver(name),
    });
    let read = |file: &str| -> Result<Vec<u8>, Reason> {
        listed?;
        files::read(&folder.join(file), files::SMALL)
    };
    let is_disk = kind == DiskKind::Disk;
    let absent = Reason::NotSupported;
    Description {
        name: given_name(roots, name, kind, read).unwrap_or_else(|| name.into()),
        kind,
        model: if is_disk { model(read) } else { Reading::absent(absent) },
        rotational: if is_disk && !is_opaque(name) {
            read("queue/rotational").and_then(|bytes| parse_flag(&bytes)).into()
        } else {
            Reading::absent(absent)
        },
        size_bytes: read("size").and_then(|bytes| parse_size(&bytes)).into(),
    }
}

fn kind_of(name: &str, has_hardware: impl FnOnce() -> bool) -> DiskKind {
    let numbered = |drivers: &[&str]| drivers.iter().any(|driver| is_numbered(name, driver));
    if numbered(&["dm-"]) {
        DiskKind::Mapped
    } else if numbered(&["md", "md_d"]) || name.starts_with("md_") {
        DiskKind::Raid
    } else if numbered(&["nbd", "rbd", "drbd"]) {
        DiskKind::Network
    } else if numbered(&["zram"]) {
        DiskKind::Memory
    } else if has_hardware() && !is_part_of_card(name) {
        DiskKind::Disk
    } else {
        DiskKind::Other
    }
}

/// Boot and security areas of an eMMC chip, which are devices of their own beside the chip.
fn is_part_of_card(name: &str) -> bool {
    name.starts_with("mmcblk") && (name.contains("boot") || name.contains("rpmb"))
}

/// Names of disks, for where sysfs cannot be asked whether there is hardware.
fn has_disk_driver(name: &str) -> bool {
    ["sd", "hd", "vd", "xvd", "nvme", "mmcblk", "dasd", "pmem", "cciss/", "rssd"]
        .iter()
        .any(|driver| name.starts_with(driver))
}

/// Disks of hypervisors whose protocol does not say what they are: the kernel's answer to whether
/// they turn is a constant of the driver.
fn is_opaque(name: &str) -> bool {
    let letters = name.strip_prefix("xvd").or_else(|| name.strip_prefix("vd"));
    letters.is_some_and(|letters| letters.starts_with(|c: char| c.is_ascii_lowercase()))
}

/// The name that people gave a mapping or an array.
fn given_name(
    roots: &Roots,
    name: &str,
    kind: DiskKind,
    read: impl Fn(&str) -> Result<Vec<u8>, Reason>,
) -> Option<Text> {
    let text = match kind {
        DiskKind::Mapped => visible(read("dm/name").ok()?.trim_ascii()),
        DiskKind::Raid => array_name(roots, name)?,
        _ => return None,
    };
    (!text.is_empty()).then(|| text.into())
}

/// The kernel does not know the names of arrays; udev makes them links in `/dev/md`.
fn array_name(roots: &Roots, name: &str) -> Option<String> {
    let links = fs::read_dir(roots.dev("md")).ok()?;
    let mut names: Vec<String> = links
        .flatten()
        .filter(|link| {
            let target = fs::read_link(link.path()).unwrap_or_default();
            let is_number = name.strip_prefix("md") == link.file_name().to_str();
            target.file_name() == Path::new(name).file_name() && !is_number
        })
        .map(|link| format!("md/{}", visible(link.file_name().as_encoded_bytes())))
        .collect();
    names.sort();
    names.into_iter().next()
}

/// SCSI and NVMe have `model`, cards have `name`. Only SCSI has a maker apart, which for disks on
/// ATA is the word `ATA`; the `vendor` of other devices is a number.
fn model(read: impl Fn(&str) -> Result<Vec<u8>, Reason>) -> Reading<Text> {
    let text = |file: &str| -> Result<String, Reason> {
        let words = visible(read(file)?.trim_ascii());
        Ok(words.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let model = match text("device/model") {
        Ok(model) => {
            let vendor = text("device/vendor").unwrap_or_default();
            let says_nothing = vendor.is_empty()
                || vendor == "ATA"
                || vendor.starts_with("0x")
                || model.to_lowercase().starts_with(&vendor.to_lowercase());
            if says_nothing { Ok(model) } else { Ok(format!("{vendor} {model}")) }
        }
        Err(_) => text("device/name"),
    };
    Reading::from(model).and_then(|model| {
        let model = Some(model.trim()).filter(|model| !model.is_empty()).map(Text::from);
        Reading::from_option(model, Reason::NotSupported)
    })
}

fn parse_flag(bytes: &[u8]) -> Result<bool, Reason> {
    match bytes.trim_ascii() {
        b"0" => Ok(false),
        b"1" => Ok(true),
        _ => Err(Reason::Malformed),
    }
}

fn parse_size(bytes: &[u8]) -> Result<Bytes, Reason> {
    let size = unsigned(bytes.trim_ascii()).and_then(|sectors| sectors.checked_mul(SECTOR_BYTES));
    size.map(Bytes).ok_or(Reason::Malformed)
}

fn is_numbered(name: &str, driver: &str) -> bool {
    name.strip_prefix(driver).is_some_and(is_number)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
