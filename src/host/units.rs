//! Services of systemd that failed, by its own interface: messages on the system's D-Bus socket
//! (org.freedesktop.systemd1(5)). No program is run and nothing is asked to change; where no bus
//! runs, systemd's own socket answers the superuser.
//!
//! Every run connects anew. It happens twice a minute and only while somebody looks, costs less
//! than a millisecond, and leaves no connection that would have to be watched for a bus that is
//! restarted (see decision 9).

use std::collections::{HashMap, HashSet};

use super::parse::visible;
use super::{Collected, Context, Source};
use crate::model::unit::{FailedUnit, UNITS_MAX, Units};
use crate::model::{Reading, Reason, Text, UnixMillis};

mod bus;
pub mod message;
pub mod systemd;
pub mod wire;

use bus::Bus;

/// Units that are asked again in a run though their time is known: one that was started and has
/// failed once more has a new one.
const ASKED_AGAIN: usize = 16;

/// Most letters that are kept of a text of a unit's.
const LONGEST_TEXT: usize = 256;

/// The source `units`.
#[derive(Debug)]
pub struct UnitSource {
    context: Context,
    known: HashMap<Text, Known>,
    runs: u64,
}

/// Since when a unit has failed.
#[derive(Debug, Clone, Copy)]
struct Known {
    since: Reading<UnixMillis>,
    asked_in: u64,
}

/// A failed unit and where its properties are.
struct Listed {
    unit: FailedUnit,
    path: Option<String>,
}

impl UnitSource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self { context, known: HashMap::new(), runs: 0 }
    }

    /// Whether systemd runs this machine, by the mark it leaves for that: sd_booted(3).
    fn is_booted(&self) -> bool {
        let mark = std::fs::symlink_metadata(self.context.roots.run("systemd/system"));
        mark.is_ok_and(|mark| mark.is_dir())
    }

    /// By the bus; by systemd's own socket where there is none, or systemd is not on it.
    fn ask(&mut self) -> Result<Units, Reason> {
        let (roots, clock) = (&self.context.roots, &self.context.clock);
        let by_bus = Bus::connect(&roots.run("dbus/system_bus_socket"), clock)
            .and_then(|mut bus| bus.hello().and_then(|()| list(&mut bus)).map(|list| (bus, list)));
        let (mut bus, (listed, left_out)) = match by_bus {
            Err(Reason::NotInstalled) => {
                let mut bus = Bus::connect(&roots.run("systemd/private"), clock)?;
                let list = list(&mut bus)?;
                (bus, list)
            }
            other => other?,
        };
        self.ask_since(&mut bus, &listed);
        let failed = listed.into_iter().map(|Listed { unit, .. }| {
            let since = self.known.get(&unit.key).map(|known| known.since);
            FailedUnit { since_ms: since.unwrap_or(unit.since_ms), ..unit }
        });
        Ok(Units { failed: failed.collect(), left_out })
    }

    /// Asks for the times of new units, and again for those of some others. What goes wrong with
    /// that costs the times and not the list.
    fn ask_since(&mut self, bus: &mut Bus, listed: &[Listed]) {
        let names: HashSet<&Text> = listed.iter().map(|listed| &listed.unit.key).collect();
        self.known.retain(|name, _| names.contains(name));
        let mut wanted: Vec<(Option<u64>, &Text, &str)> = listed
            .iter()
            .filter_map(|Listed { unit, path }| {
                let asked_in = self.known.get(&unit.key).map(|known| known.asked_in);
                Some((asked_in, &unit.key, path.as_deref()?))
            })
            .collect();
        // The new ones, then those whose last time is longest ago.
        wanted.sort_by_key(|(asked_in, ..)| *asked_in);
        let new = wanted.iter().filter(|(asked_in, ..)| asked_in.is_none()).count();
        wanted.truncate(new + ASKED_AGAIN);
        let calls: Vec<_> = wanted.iter().map(|(.., path)| systemd::get_since(path)).collect();
        let answers = match bus.ask_all(&calls, systemd::since) {
            Ok(answers) => answers,
            Err(reason) => wanted.iter().map(|_| Err(reason)).collect(),
        };
        for ((_, name, _), answer) in wanted.into_iter().zip(answers) {
            let since = match answer {
                Ok(since) => Reading::from_option(since, Reason::NotSupported),
                Err(reason) => Reading::absent(reason),
            };
            self.known.insert(name.clone(), Known { since, asked_in: self.runs });
        }
    }
}

impl Source for UnitSource {
    fn name(&self) -> &'static str {
        "units"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        if !self.is_booted() {
            return Err(Reason::NotInstalled);
        }
        self.runs += 1;
        self.ask().map(Collected::Units)
    }
}

/// The failed units by name, no more than there is room for, and how many there are beyond.
fn list(bus: &mut Bus) -> Result<(Vec<Listed>, u64), Reason> {
    bus.ask(&systemd::list_failed(), |answer| {
        let mut units = systemd::failed_units(answer)?;
        units.sort_by_key(|unit| unit.name);
        let mut keys = HashSet::new();
        let mut listed: Vec<Listed> = units.iter().map(listed_unit).collect();
        listed.retain(|listed| keys.insert(listed.unit.key.clone()));
        let left_out = listed.len().saturating_sub(UNITS_MAX) as u64;
        listed.truncate(UNITS_MAX);
        Ok((listed, left_out))
    })
}

fn listed_unit(unit: &systemd::Unit<'_>) -> Listed {
    let absent = if unit.path.is_some() { Reason::NotCollected } else { Reason::Malformed };
    Listed {
        unit: FailedUnit {
            key: text(unit.name),
            description: text(unit.description),
            sub_state: text(unit.sub_state),
            since_ms: Reading::absent(absent),
        },
        path: unit.path.map(ToOwned::to_owned),
    }
}

fn text(bytes: &[u8]) -> Text {
    let text = visible(bytes);
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => text[..end].into(),
        None => text.into(),
    }
}
