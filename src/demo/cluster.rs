//! A made-up cluster: a site of several kinds of hosts with cards, people who compute on them day and
//! night, and, if asked for, what goes wrong.
//!
//! [`World`] is a pure function of its seed, its size and the time, whichever way time is walked. A
//! host's line in the overview is made from the same sections as its page, of which only the cheap ones
//! are then made; so the two cannot disagree. [`DemoCluster`] publishes it as an app would.

use std::sync::Arc;

use crate::feed::{self, Overview};
use crate::host::schedule::shortest_interval;
use crate::model::clock_sync::ClockSync;
use crate::model::cluster::HostStatus;
use crate::model::gpu::Gpus;
use crate::model::process::ProcessTable;
use crate::model::wire::HostRow;
use crate::model::{HostId, Reading, Reason, Section, Snapshot, Text, UnixMillis};

mod card;
mod cards;
mod dice;
mod faults;
mod jobs;
mod people;
mod places;
mod role;
mod scene;
mod sections;
mod site;

pub use role::{DemoCluster, Settings};

use dice::Dice;
use scene::{Scene, Task};
use site::Host;

/// How large a made-up cluster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Hosts, at least one.
    pub nodes: u32,
    /// Cards of a server that has cards, at most 16.
    pub gpus: u32,
    /// Whether hosts fail.
    pub faults: bool,
}

/// How much is made up of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// What its line in the overview needs.
    Line,
    /// All there is.
    Everything,
}

/// A made-up cluster at any time.
#[derive(Debug)]
pub struct World {
    dice: Dice,
    hosts: Vec<Arc<Host>>,
    groups: Arc<Vec<Text>>,
    interval_ms: u64,
    /// Its only host tells of itself.
    alone: bool,
}

impl World {
    /// The cluster of a seed, as seen by an app that asks every `interval_ms`.
    #[must_use]
    pub fn new(seed: u64, size: Size, interval_ms: u64) -> Self {
        let hosts = site::hosts(seed, size);
        let groups = Arc::new(site::groups(&hosts));
        let hosts = hosts.into_iter().map(Arc::new).collect();
        Self { dice: Dice::new(seed), hosts, groups, interval_ms, alone: false }
    }

    /// One of its hosts as it tells of itself: no app stands between, so it is never away.
    #[must_use]
    pub fn alone(&self, number: usize) -> Self {
        let host = self.hosts.get(number % self.len()).cloned();
        Self { hosts: host.into_iter().collect(), groups: Arc::default(), alone: true, ..*self }
    }

    /// How many hosts there are; they have the numbers from 0.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hosts.len()
    }

    /// Whether there is no host, which does not happen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// The hosts, by id.
    pub fn ids(&self) -> impl Iterator<Item = &HostId> {
        self.hosts.iter().map(|host| &host.id)
    }

    /// Names of groups, in the order they are shown in.
    #[must_use]
    pub fn groups(&self) -> Arc<Vec<Text>> {
        self.groups.clone()
    }

    /// The overview at `at`. Rows that are as they were in `earlier` are the same.
    #[must_use]
    pub fn overview(&self, at: UnixMillis, earlier: &[Arc<HostRow>]) -> Overview {
        let rows = (0..self.len()).map(|number| {
            let row = self.row(number, at);
            let before = earlier.get(number).filter(|before| ***before == row);
            before.cloned().unwrap_or_else(|| Arc::new(row))
        });
        Overview { groups: self.groups(), rows: rows.collect() }
    }

    /// The line of a host.
    #[must_use]
    pub fn row(&self, number: usize, at: UnixMillis) -> HostRow {
        feed::line(&self.summary(number, at))
    }

    /// Everything about a host, as it is seen: of one that is down, the last that was known.
    #[must_use]
    pub fn snapshot(&self, number: usize, at: UnixMillis) -> Snapshot {
        self.seen(number, at, Depth::Everything)
    }

    /// What the overview and charts need of a host: processors and cards in short, memory, network,
    /// filesystems, what it is.
    #[must_use]
    pub fn summary(&self, number: usize, at: UnixMillis) -> Snapshot {
        self.seen(number, at, Depth::Line)
    }

    /// What charts of the past need of a host: the summary, with disks.
    #[must_use]
    pub fn past(&self, number: usize, at: UnixMillis) -> Snapshot {
        let snapshot = self.summary(number, at);
        if snapshot.cpu.value.present().is_none() {
            return snapshot;
        }
        let scene = Scene::new(self.host(number), snapshot.taken_at_ms);
        let disks = self.read("disks", snapshot.taken_at_ms, sections::disks(&scene));
        Snapshot { disks, ..snapshot }
    }

    fn host(&self, number: usize) -> &Host {
        &self.hosts[number % self.hosts.len()]
    }

    fn seen(&self, number: usize, at: UnixMillis, depth: Depth) -> Snapshot {
        let host = self.host(number);
        if self.alone {
            let status = HostStatus::own(&host.id, env!("CARGO_PKG_VERSION"));
            return self.made(host, at, Arc::new(status), depth);
        }
        let interval_ms = i64::try_from(self.interval_ms).unwrap_or(i64::MAX);
        let look = faults::look(host, at, interval_ms);
        let status = Arc::new(look.status);
        match look.values_at {
            Some(then) => self.made(host, then, status, depth),
            None => Snapshot {
                status,
                ..Snapshot::not_collected(host.id.clone(), at, |name| self.interval(name))
            },
        }
    }

    fn interval(&self, name: &str) -> u64 {
        let shortest = u64::try_from(shortest_interval(name).as_millis()).unwrap_or(u64::MAX);
        self.interval_ms.max(shortest)
    }

    fn made(&self, host: &Host, at: UnixMillis, status: Arc<HostStatus>, depth: Depth) -> Snapshot {
        let scene = Scene::new(host, at);
        let tasks = scene.tasks();
        let empty = Snapshot::not_collected(host.id.clone(), at, |name| self.interval(name));
        let gpus = cards::gpus(&scene, &tasks, depth);
        let snapshot = Snapshot {
            status,
            system: self.read("system", at, sections::system(&scene)),
            memory: self.read("memory", at, sections::memory(&scene, &tasks)),
            filesystems: self.read("filesystems", at, sections::filesystems(&scene, self.dice)),
            network: self.read("network", at, sections::network(&scene, depth)),
            ..empty
        };
        match depth {
            Depth::Line => Snapshot {
                cpu: self.read("cpu", at, sections::cpu_line(&scene, &tasks)),
                gpus: self.reading("gpus", at, found(gpus)),
                ..snapshot
            },
            Depth::Everything => self.rest(&scene, &tasks, gpus, snapshot),
        }
    }

    /// What only somebody sees who looks at the host.
    fn rest(
        &self,
        scene: &Scene<'_>,
        tasks: &[Task<'_>],
        gpus: Option<Gpus>,
        snapshot: Snapshot,
    ) -> Snapshot {
        let (moment, at) = (scene.moment, scene.moment.at);
        let table = sections::table(scene, tasks);
        let watts = |gpus: &Gpus| -> f64 {
            gpus.cards.iter().filter_map(|card| card.power.draw_watts.present()).map(|w| w.0).sum()
        };
        let card_watts = gpus.as_ref().map_or(0.0, watts);
        let busy = scene.busy(tasks);
        let clock: ClockSync = super::clock(moment);
        let snapshot = Snapshot {
            cpu: self.read("cpu", at, sections::cpu_whole(scene, tasks, &table)),
            numa: self.reading("numa", at, sections::numa(scene, tasks)),
            disks: self.read("disks", at, sections::disks(scene)),
            raid: self.read("raid", at, sections::raid(scene)),
            zfs: self.reading("zfs", at, Reading::absent(Reason::NotSupported)),
            sockets: self.read("sockets", at, super::sockets(moment)),
            sensors: self.read("sensors", at, sections::sensors(scene, card_watts, busy)),
            logins: self.read("logins", at, super::logins(moment)),
            clock: self.read("clock", at, clock),
            units: self.read("units", at, sections::units(scene)),
            containers: self.read("containers", at, sections::containers(scene, tasks)),
            gpus: self.reading("gpus", at, found(gpus)),
            processes: self.read::<ProcessTable>("processes", at, table),
            ..snapshot
        };
        self.with_sources(scene, snapshot)
    }

    fn with_sources(&self, scene: &Scene<'_>, snapshot: Snapshot) -> Snapshot {
        macro_rules! names {
            ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
                [$( (stringify!($key), snapshot.$key.value.reason()), )* ("processes", None)]
            };
        }
        let sources = crate::host_sections!(names).map(|(name, absent)| {
            let findings = match name {
                // The power of processors is for root alone, as on most machines.
                "sensors" => super::health::findings(name, scene.moment),
                _ => Vec::new(),
            };
            let health = super::health::told(name, scene.moment, self.interval(name), findings);
            match absent {
                Some(_) => crate::model::source::SourceHealth {
                    state: crate::model::source::SourceState::NotThere,
                    ..health
                },
                None => health,
            }
        });
        Snapshot { sources: Arc::new(sources.into_iter().collect()), ..snapshot }
    }

    fn read<T>(&self, name: &str, at: UnixMillis, value: T) -> Arc<Section<T>> {
        self.reading(name, at, Reading::Present(value))
    }

    fn reading<T>(&self, name: &str, at: UnixMillis, value: Reading<T>) -> Arc<Section<T>> {
        Arc::new(Section {
            taken_at_ms: Reading::Present(at),
            interval_ms: self.interval(name),
            problem: None,
            value,
        })
    }
}

/// A host without cards has no such thing.
fn found<T>(value: Option<T>) -> Reading<T> {
    Reading::from_option(value, Reason::NotSupported)
}

#[cfg(test)]
mod tests;
