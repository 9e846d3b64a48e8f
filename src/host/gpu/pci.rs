//! NVIDIA's cards on the PCI bus, whether or not a driver serves them: sysfs, kernel documents
//! ABI/testing/sysfs-bus-pci, power/runtime_pm.rst. Knows nothing of NVML.

use std::fs;

use crate::host::{Roots, files};
use crate::model::Reason;

/// The vendor's number.
const NVIDIA: u32 = 0x10de;

/// The first of the three bytes of a class: display controllers, with or without a display.
const DISPLAY: u32 = 0x03;

/// The most cards that are looked for.
const CARDS_MAX: usize = 256;

/// A card on the bus.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PciCard {
    /// Where, as nvidia-smi writes it: `00000000:3B:00.0`.
    pub(super) address: String,
    /// Whether the kernel has switched it off (`power/runtime_status` is `suspended`).
    pub(super) suspended: bool,
    /// The driver it is handed to, `nvidia` or `vfio-pci`; `None` if it has none.
    pub(super) driver: Option<String>,
}

impl PciCard {
    /// Whether it was handed to something that is not the vendor's driver: a virtual machine has it.
    pub(super) fn is_given_away(&self) -> bool {
        self.driver.as_deref().is_some_and(|driver| driver != "nvidia")
    }
}

/// NVIDIA's cards, by address. None where there is no PCI bus.
///
/// # Errors
/// Why the bus could not be read.
pub(super) fn cards(roots: &Roots) -> Result<Vec<PciCard>, Reason> {
    let entries = match fs::read_dir(roots.pci_devices()) {
        Ok(entries) => entries,
        Err(error) => match files::reason(&error) {
            Reason::NotSupported => return Ok(Vec::new()),
            reason => return Err(reason),
        },
    };
    let mut cards = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| files::reason(&error))?;
        let folder = entry.path();
        let word = |name: &str| files::read(&folder.join(name), files::SMALL);
        // A device that was taken away while it was read is just gone.
        let number = |name: &str| word(name).ok().and_then(|bytes| hexadecimal(&bytes));
        if number("vendor") != Some(NVIDIA) || number("class").map(|it| it >> 16) != Some(DISPLAY) {
            continue;
        }
        let Some(address) = entry.file_name().to_str().and_then(normal) else { continue };
        let driver = fs::read_link(folder.join("driver")).ok();
        let driver = driver.as_deref().and_then(|link| link.file_name()?.to_str());
        cards.push(PciCard {
            address,
            suspended: word("power/runtime_status").is_ok_and(|it| it.trim_ascii() == b"suspended"),
            driver: driver.map(str::to_owned),
        });
        if cards.len() == CARDS_MAX {
            break;
        }
    }
    cards.sort();
    Ok(cards)
}

/// `0x10de`, with or without an end of line.
fn hexadecimal(bytes: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(bytes.trim_ascii()).ok()?.strip_prefix("0x")?;
    // `from_str_radix` would take a sign.
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

/// A PCI address as nvidia-smi writes it, of one that has a domain of four or eight digits and any
/// case: `0000:3b:00.0`. `None` if it is none.
pub(super) fn normal(address: &str) -> Option<String> {
    let (domain, rest) = address.split_once(':')?;
    let (bus, rest) = rest.split_once(':')?;
    let (device, function) = rest.split_once('.')?;
    let number = |digits: &str, most: usize| {
        let fits = (1..=most).contains(&digits.len());
        (fits && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .then(|| u32::from_str_radix(digits, 16).ok())
            .flatten()
    };
    let domain = number(domain, 8)?;
    let (bus, device, function) = (number(bus, 2)?, number(device, 2)?, number(function, 1)?);
    Some(format!("{domain:08X}:{bus:02X}:{device:02X}.{function:X}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    fn device(root: &Path, address: &str, files: &[(&str, &str)]) {
        let folder = root.join("sys/bus/pci/devices").join(address);
        fs::create_dir_all(folder.join("power")).unwrap();
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
    }

    #[test]
    fn only_display_controllers_of_the_vendor_are_cards() {
        let root = tempfile::tempdir().unwrap();
        let card = |class, status| {
            [("vendor", "0x10de\n"), ("class", class), ("power/runtime_status", status)]
        };
        device(root.path(), "0000:c1:00.0", &card("0x030200\n", "suspended\n"));
        device(root.path(), "0000:3b:00.0", &card("0x030000\n", "active\n"));
        // The sound of a graphics card, its USB port, another maker's card, and a folder that is
        // not what it says.
        device(root.path(), "0000:3b:00.1", &card("0x040300\n", "active\n"));
        device(root.path(), "0000:3b:00.2", &card("0x0c0330\n", "active\n"));
        device(root.path(), "0000:41:00.0", &[("vendor", "0x1002\n"), ("class", "0x030000\n")]);
        device(root.path(), "0000:42:00.0", &[("vendor", "+x10de"), ("class", "0x03")]);
        device(root.path(), "rubbish", &card("0x030000\n", "active\n"));
        let folder = root.path().join("sys/bus/pci/devices/0000:3b:00.0/driver");
        std::os::unix::fs::symlink("../../../bus/pci/drivers/vfio-pci", folder).unwrap();

        let cards = cards(&Roots::at(root.path())).unwrap();
        let told: Vec<_> = cards
            .iter()
            .map(|card| (card.address.as_str(), card.suspended, card.is_given_away()))
            .collect();
        assert_eq!(told, [("00000000:3B:00.0", false, true), ("00000000:C1:00.0", true, false)]);
    }

    #[test]
    fn a_machine_without_the_bus_has_no_cards() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(cards(&Roots::at(root.path())), Ok(Vec::new()));
    }

    #[test]
    fn addresses_are_written_as_nvidia_smi_writes_them() {
        for (address, wanted) in [
            ("0000:3b:00.0", Some("00000000:3B:00.0")),
            ("00000000:3B:00.0", Some("00000000:3B:00.0")),
            ("10000:1:2.3", Some("00010000:01:02.3")),
            ("3b:00.0", None),
            ("0000:3b:00", None),
            ("0000:xx:00.0", None),
            ("0000:+b:00.0", None),
            ("123456789:00:00.0", None),
        ] {
            assert_eq!(normal(address).as_deref(), wanted, "{address}");
        }
    }

    proptest! {
        #[test]
        fn rubbish_is_no_address_and_what_is_one_stays(text in ".{0,24}") {
            if let Some(address) = normal(&text) {
                prop_assert_eq!(normal(&address), Some(address.clone()));
                prop_assert_eq!(address.len(), 16);
            }
        }

        #[test]
        fn numbers_are_read_as_written(number: u32) {
            prop_assert_eq!(hexadecimal(format!("0x{number:x}\n").as_bytes()), Some(number));
        }
    }
}
