//! Chips of `class/hwmon` (kernel document hwmon/sysfs-interface.rst).

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::DirEntryExt as _;
use std::path::{Path, PathBuf};

use super::chip::{Chip, Kind, Sensor};
use crate::host::parse::visible;
use crate::host::{Roots, files};
use crate::model::{Reason, Text};

/// The chips there are. Those of `before` that are still there are taken out of it, as they were.
pub(super) fn list(roots: &Roots, before: &mut Vec<Chip>) -> Vec<Chip> {
    folders(&roots.sys("class/hwmon"), "hwmon", before, describe)
}

/// Every folder of a class whose name begins so: known, or described.
pub(super) fn folders(
    class: &Path,
    prefix: &str,
    before: &mut Vec<Chip>,
    describe: impl Fn(&Path) -> Option<Chip>,
) -> Vec<Chip> {
    // A kernel without this class has no such folder.
    let entries = fs::read_dir(class).into_iter().flatten().filter_map(Result::ok);
    let mut chips = Vec::new();
    for entry in entries {
        let identity = (entry.file_name(), entry.ino());
        if !identity.0.to_string_lossy().starts_with(prefix) {
            continue;
        }
        let known = before.iter().position(|chip| {
            let is_gone = chip.sensors.iter().any(|sensor| sensor.value == Err(Reason::Gone));
            chip.identity == identity && !is_gone
        });
        match known {
            Some(place) => chips.push(before.swap_remove(place)),
            None => {
                chips.extend(describe(&entry.path()).map(|chip| Chip { identity, ..chip }));
            }
        }
    }
    chips
}

/// What a chip is; `None` if it has nothing that is shown.
fn describe(folder: &Path) -> Option<Chip> {
    let device = folder.join("device");
    // Drivers from before 2012 have their files one folder further down.
    let (inner, sensors) = [folder, &device].into_iter().find_map(|inner| {
        let sensors = sensors(inner);
        (!sensors.is_empty()).then_some((inner, sensors))
    })?;
    let name = text(&inner.join("name")).or_else(|| text(&device.join("name")));
    let name = name.unwrap_or_else(|| "hwmon".to_owned());
    // A device that is itself one of a class (nvme0, thermal_zone3) has a number that may be
    // another one after the next start; what it is on has a place.
    let on = fs::read_link(device.join("device")).or_else(|_| fs::read_link(&device)).ok();
    let on = on.as_deref().and_then(Path::file_name);
    let runtime_status = device.join("power/runtime_status");
    let is_disk = name == "drivetemp";
    Some(Chip {
        identity: Default::default(),
        device: on.map(|name| visible(name.as_encoded_bytes())),
        disk: disk(&name, &device),
        key: String::new(),
        title: Text::from(""),
        sensors,
        runtime_status: runtime_status.exists().then_some(runtime_status),
        is_disk,
        due: None,
        name,
    })
}

/// The disk that a chip is in.
fn disk(chip: &str, device: &Path) -> Option<String> {
    let names = |folder: PathBuf| -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        let mut names: Vec<String> =
            entries.map(|entry| visible(entry.file_name().as_encoded_bytes())).collect();
        names.sort();
        names
    };
    match chip {
        "nvme" => {
            let namespace = names(device.to_owned()).into_iter().find(|name| is_namespace(name));
            // With several paths to a disk the controller has none of its own.
            namespace.or_else(|| {
                let controller = fs::read_link(device).ok()?;
                Some(visible(controller.file_name()?.as_encoded_bytes()))
            })
        }
        "drivetemp" => names(device.join("block")).into_iter().next(),
        _ => None,
    }
}

/// `nvme0n1`.
fn is_namespace(name: &str) -> bool {
    let numbers = name.strip_prefix("nvme").and_then(|rest| rest.split_once('n'));
    numbers.is_some_and(|(controller, namespace)| {
        let is_number =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number(controller) && is_number(namespace)
    })
}

/// The sensors of a folder, by kind and number.
fn sensors(folder: &Path) -> Vec<Sensor> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut items: BTreeMap<(Prefix, u32), Vec<String>> = BTreeMap::new();
    for entry in entries {
        if let Some((prefix, number, item)) = entry.file_name().to_str().and_then(parse_file_name) {
            items.entry((prefix, number)).or_default().push(item.to_owned());
        }
    }
    let sensor = |((prefix, number), items): ((Prefix, u32), Vec<String>)| {
        let has = |item: &str| items.iter().any(|other| other == item);
        let name = format!("{}{number}", prefix.as_str());
        let path = |item: &str| folder.join(format!("{name}_{item}"));
        let optional = |item| has(item).then(|| path(item));
        // Power jumps: its mean says more than the moment.
        let input = if has("average") && prefix == Prefix::Power { "average" } else { "input" };
        let input = optional(input)?;
        let (kind, limits) = match prefix {
            Prefix::Temperature => (Kind::TEMPERATURE, [optional("max"), optional("crit")]),
            Prefix::Fan => (Kind::FAN, [optional("min"), None]),
            Prefix::Power => (Kind::POWER, [optional("cap"), None]),
            Prefix::Voltage => (Kind::Voltage, [None, None]),
        };
        let label = optional("label").and_then(|path| text(&path));
        Some(Sensor {
            label: Text::from(label.unwrap_or_else(|| name.clone())),
            key: Text::from(""),
            kind,
            input,
            limits,
            has_limits: false,
            fault: optional("fault"),
            enable: optional("enable"),
            value: Err(Reason::NotCollected),
            name,
        })
    };
    items.into_iter().filter_map(sensor).collect()
}

/// The first line of a file, if there is something in it.
pub(super) fn text(path: &Path) -> Option<String> {
    let bytes = files::read(path, files::SMALL).ok()?;
    Some(visible(bytes.trim_ascii())).filter(|text| !text.is_empty())
}

/// What a file's name begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prefix {
    /// `temp`.
    Temperature,
    /// `fan`.
    Fan,
    /// `power`.
    Power,
    /// `in`.
    Voltage,
}

impl Prefix {
    fn as_str(self) -> &'static str {
        match self {
            Self::Temperature => "temp",
            Self::Fan => "fan",
            Self::Power => "power",
            Self::Voltage => "in",
        }
    }
}

/// Takes `temp12_max` apart: what is measured, which one, what of it.
#[must_use]
pub fn parse_file_name(name: &str) -> Option<(Prefix, u32, &str)> {
    let (subject, item) = name.split_once('_')?;
    let digits = subject.find(|character: char| character.is_ascii_digit())?;
    let (prefix, number) = subject.split_at(digits);
    let prefix = match prefix {
        "temp" => Prefix::Temperature,
        "fan" => Prefix::Fan,
        "power" => Prefix::Power,
        "in" => Prefix::Voltage,
        _ => return None,
    };
    Some((prefix, number.parse().ok()?, item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_taken_apart() {
        for (name, wanted) in [
            ("temp1_input", Some((Prefix::Temperature, 1, "input"))),
            ("temp130_crit_alarm", Some((Prefix::Temperature, 130, "crit_alarm"))),
            ("in0_label", Some((Prefix::Voltage, 0, "label"))),
            ("power1_average", Some((Prefix::Power, 1, "average"))),
            ("fan2_min", Some((Prefix::Fan, 2, "min"))),
            ("intrusion0_alarm", None),
            ("curr1_input", None),
            ("temp_samples", None),
            ("temp1x_input", None),
            ("fan99999999999_input", None),
            ("temp1", None),
            ("name", None),
        ] {
            assert_eq!(parse_file_name(name), wanted, "{name}");
        }
    }

    #[test]
    fn a_namespace_is_a_disk_and_a_path_to_one_is_not() {
        for disk in ["nvme0n1", "nvme12n3"] {
            assert!(is_namespace(disk), "{disk}");
        }
        for other in ["nvme0", "nvme0c0n1", "ng0n1", "nvme0n1p1", "nvmen", "hwmon1"] {
            assert!(!is_namespace(other), "{other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(name: String, likely in "(temp|fan|power|in)[0-9]{0,12}_.?") {
            let _ = (parse_file_name(&name), parse_file_name(&likely), is_namespace(&name));
        }
    }
}
