//! Power of processor packages: counters of energy in `class/powercap` (kernel document
//! power/powercap/powercap.rst). Intel's and AMD's have the same form and name.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::hwmon::text;
use super::{row_key, value};
use crate::clock::Clock;
use crate::host::Roots;
use crate::host::order::natural;
use crate::host::sampler::Last;
use crate::model::sensor::Power;
use crate::model::{Reading, Reason, Text, Watts};

/// The files that only root may read since Linux 5.10, for people: what a program does can be heard
/// in the power it draws.
pub const FILES: &str = "powercap/*/energy_uj";

/// No package draws that much: the counter was reset, by sleep for instance, and has not wrapped.
const IMPOSSIBLE_WATTS: f64 = 10_000.0;

/// At most this many constraints of a domain are looked through.
const CONSTRAINTS_MAX: usize = 4;

/// A counter of energy.
#[derive(Debug)]
pub(super) struct Domain {
    folder: PathBuf,
    key: Text,
    label: Text,
    /// The counter begins again after this (`max_energy_range_uj`).
    range: Option<u64>,
    limit: Option<PathBuf>,
    last: Last<u64>,
    watts: Reading<Watts>,
    limit_watts: Reading<Watts>,
}

/// The domains there are; those of `before` that are still there keep their last sample.
pub(super) fn list(roots: &Roots, mut before: Vec<Domain>) -> Vec<Domain> {
    let class = roots.sys("class/powercap");
    // A kernel without this class has no such folder.
    let entries = fs::read_dir(&class).into_iter().flatten().filter_map(Result::ok);
    let mut folders: Vec<String> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    folders.retain(|folder| folder.contains(':') && class.join(folder).join("energy_uj").exists());
    folders.sort_by(|one, other| natural(one, other));
    let names: Vec<(String, String)> = folders
        .into_iter()
        .filter_map(|folder| Some((text(&class.join(&folder).join("name"))?, folder)))
        .collect();
    let has_packages = names.iter().any(|(name, _)| name == "package-1");
    let is_twice = |name: &str, folder: &str| {
        // The same counter through another door.
        folder.starts_with("intel-rapl-mmio:")
            && names.iter().any(|(other_name, other)| {
                other_name == name && !other.starts_with("intel-rapl-mmio:")
            })
    };
    let mut domains = Vec::new();
    for (name, folder) in &names {
        if is_twice(name, folder) {
            continue;
        }
        let path = class.join(folder);
        let known = before.iter().position(|domain| domain.folder == path);
        domains.push(match known {
            Some(place) => before.swap_remove(place),
            None => describe(path, &full_name(&names, name, folder), name, has_packages),
        });
    }
    domains
}

/// A domain's name with that of the package it is in.
fn full_name(names: &[(String, String)], name: &str, folder: &str) -> String {
    // intel-rapl:1:0 is in intel-rapl:1.
    let parent = folder.rsplit_once(':').map(|(parent, _)| parent);
    match names.iter().find(|(_, folder)| Some(folder.as_str()) == parent) {
        Some((package, _)) => format!("{package} {name}"),
        None => name.to_owned(),
    }
}

fn describe(folder: PathBuf, full_name: &str, name: &str, has_packages: bool) -> Domain {
    let limit = (0..CONSTRAINTS_MAX).find_map(|number| {
        let path = |item| folder.join(format!("constraint_{number}_{item}"));
        (text(&path("name"))? == "long_term").then(|| path("power_limit_uw"))
    });
    let range = value::read(&folder.join("max_energy_range_uj")).ok();
    Domain {
        key: row_key("rapl", full_name),
        label: Text::from(if has_packages { full_name } else { name }),
        range: range.and_then(|range| u64::try_from(range).ok()),
        limit,
        last: Last::default(),
        watts: Reading::absent(Reason::NotCollected),
        limit_watts: Reading::absent(Reason::NotSupported),
        folder,
    }
}

impl Domain {
    /// Reads the counter; whether it was there no more.
    pub(super) fn read(&mut self, clock: &Clock, window: Duration) -> bool {
        let energy = read_energy(&self.folder.join("energy_uj"));
        let now = clock.monotonic();
        self.watts = match energy {
            Ok(energy) => {
                let base = self.last.base(now, window);
                let watts = base
                    .and_then(|(earlier, elapsed)| watts(*earlier, energy, self.range, elapsed));
                self.last.replace(now, energy);
                Reading::from_option(watts, Reason::Measuring)
            }
            Err(reason) => Reading::absent(reason),
        };
        let limit = self.limit.as_deref().map_or(Err(Reason::NotSupported), value::read);
        self.limit_watts = Reading::from(limit).and_then(value::limit_watts);
        energy == Err(Reason::Gone)
    }

    /// Whether only a privileged user may read it.
    pub(super) fn is_refused(&self) -> bool {
        self.watts.reason() == Some(Reason::PermissionDenied)
    }

    /// Its row.
    pub(super) fn shown(&self) -> Power {
        Power {
            key: self.key.clone(),
            chip: Text::from("rapl"),
            label: self.label.clone(),
            watts: self.watts,
            limit_watts: self.limit_watts,
        }
    }
}

fn read_energy(path: &Path) -> Result<u64, Reason> {
    u64::try_from(value::read(path)?).map_err(|_| Reason::Malformed)
}

/// The power between two samples of a counter in millionths of a joule; `None` if it was reset.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a power needs no more than 53 bits")]
pub fn watts(earlier: u64, later: u64, range: Option<u64>, elapsed: Duration) -> Option<Watts> {
    let growth = later.checked_sub(earlier).or_else(|| {
        let to_the_end = range?.checked_sub(earlier)?;
        to_the_end.checked_add(later)
    })?;
    let watts = growth as f64 / 1e6 / elapsed.as_secs_f64();
    (watts < IMPOSSIBLE_WATTS).then(|| Watts::new(watts))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_SECONDS: Duration = Duration::from_secs(2);
    /// Of a desktop processor, in millionths of a joule.
    const RANGE: u64 = 262_143_328_850;

    #[test]
    fn power_is_energy_over_time() {
        assert_eq!(watts(1_000_000, 131_000_000, Some(RANGE), TWO_SECONDS), Some(Watts(65.0)));
        assert_eq!(watts(5, 5, Some(RANGE), TWO_SECONDS), Some(Watts(0.0)));
        assert_eq!(watts(5, 5, None, Duration::ZERO), None, "no time has passed");
    }

    #[test]
    fn a_counter_wraps_at_its_range_and_a_reset_is_no_power() {
        let before = RANGE - 50_000_000;
        assert_eq!(watts(before, 80_000_000, Some(RANGE), TWO_SECONDS), Some(Watts(65.0)));
        assert_eq!(watts(1_000_000, 0, Some(RANGE), TWO_SECONDS), None, "131 kW");
        assert_eq!(watts(before, 80_000_000, None, TWO_SECONDS), None, "no range is known");
        assert_eq!(watts(u64::MAX, 1, Some(RANGE), TWO_SECONDS), None, "beyond its range");
    }

    proptest::proptest! {
        #[test]
        fn power_is_possible_or_absent(earlier: u64, later: u64, range: Option<u64>, millis in 0_u64..100_000) {
            let watts = watts(earlier, later, range, Duration::from_millis(millis));
            proptest::prop_assert!(watts.is_none_or(|watts| (0.0..=IMPOSSIBLE_WATTS).contains(&watts.0)));
        }
    }
}
