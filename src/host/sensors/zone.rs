//! Thermal zones of `class/thermal` (kernel document driver-api/thermal/sysfs-api.rst) that no chip
//! of `hwmon` shows.

use std::fs;
use std::path::Path;

use super::chip::{Chip, Kind, Sensor};
use super::hwmon::{folders, text};
use super::value;
use crate::host::Roots;
use crate::model::{Celsius, Reading, Reason, Text};

/// A zone has at most this many trip points (`THERMAL_MAX_TRIPS` of kernels that have a bound).
const TRIPS_MAX: usize = 12;

/// The zones there are, but for those that a chip of `chips` shows. Those of `before` that are
/// still there are taken out of it, as they were.
pub(super) fn list(roots: &Roots, chips: &[Chip], before: &mut Vec<Chip>) -> Vec<Chip> {
    let is_shown = |kind: &str| chips.iter().any(|chip| shows(&chip.name, kind));
    let mut zones = folders(&roots.sys("class/thermal"), "thermal_zone", before, describe);
    zones.retain(|zone| !is_shown(&zone.name));
    zones
}

/// Whether a chip of this name shows zones of this type.
fn shows(chip: &str, zone: &str) -> bool {
    // The kernel makes a chip of every type of zones that does not object, and names it so.
    chip.chars().eq(zone.chars().map(|character| if character == '-' { '_' } else { character }))
        // The package sensor of Intel's processors is in both.
        || (chip == "coretemp" && zone == "x86_pkg_temp")
}

fn describe(folder: &Path) -> Option<Chip> {
    let name = text(&folder.join("type"))?;
    // It is no place: its driver gives 20 °C whatever happens.
    if name == "INT3400 Thermal" {
        return None;
    }
    let sensor = Sensor {
        name: "temp1".to_owned(),
        label: Text::from("temp1"),
        key: Text::from(""),
        kind: Kind::Temperature { high: trip(folder, "hot"), critical: trip(folder, "critical") },
        input: folder.join("temp"),
        fault: None,
        limits: [None, None],
        has_limits: true,
        enable: None,
        value: Err(Reason::NotCollected),
    };
    Some(Chip {
        identity: Default::default(),
        device: None,
        disk: None,
        key: String::new(),
        title: Text::from(""),
        sensors: vec![sensor],
        runtime_status: None,
        is_disk: false,
        due: None,
        name,
    })
}

/// The lowest trip point of this type.
fn trip(folder: &Path, wanted: &str) -> Reading<Celsius> {
    let temperatures = (0..TRIPS_MAX).filter_map(|number| {
        let path = |item| folder.join(format!("trip_point_{number}_{item}"));
        let kind = fs::read(path("type")).ok()?;
        (kind.trim_ascii() == wanted.as_bytes()).then(|| value::read(&path("temp")).ok())?
    });
    Reading::from_option(temperatures.min(), Reason::NotSupported).and_then(value::limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_that_is_a_chip_too_is_shown_once() {
        assert!(shows("acpitz", "acpitz"));
        assert!(shows("cpu_thermal", "cpu-thermal"));
        assert!(shows("coretemp", "x86_pkg_temp"));
        assert!(!shows("k10temp", "x86_pkg_temp"));
        assert!(!shows("cpu", "cpu-thermal"));
    }
}
