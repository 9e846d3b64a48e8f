//! L3, the demo role: a believable, made-up host through the same types as a real one.
//!
//! Everything is a pure function of a seed and a point in time, so two runs show the same machine
//! and a screenshot can be taken again. [`sources`] stands where the real sources stand: what
//! schedules, publishes and draws them cannot tell the difference. Pages say that it is a demo.
//!
//! It is a GPU server that is well on the whole, with one of each thing that goes wrong: see
//! `health`, `storage`, `disks` and `sensors`.

use std::sync::Arc;

use crate::host::{Collected, Context, Source};
use crate::model::clock_sync::ClockSync;
use crate::model::cluster::HostStatus;
use crate::model::container::Containers;
use crate::model::cpu::Cpu;
use crate::model::disk::Disks;
use crate::model::filesystem::Filesystems;
use crate::model::gpu::Gpus;
use crate::model::login::Logins;
use crate::model::memory::Memory;
use crate::model::network::{Network, Sockets};
use crate::model::numa::Numa;
use crate::model::process::ProcessTable;
use crate::model::raid::Raid;
use crate::model::sensor::Sensors;
use crate::model::source::SourceFinding;
use crate::model::system::System;
use crate::model::unit::Units;
use crate::model::zfs::Zfs;
use crate::model::{Bytes, HostId, Reading, Reason, Section, Snapshot, UnixMillis};

pub mod cluster;
mod containers;
mod cpu;
mod disks;
mod gpus;
mod health;
mod logins;
mod memory;
mod moment;
mod network;
mod noise;
mod processes;
mod sensors;
mod storage;
mod system;
mod work;

use containers::containers;
use cpu::cpu;
use disks::{disks, raid, zfs};
use gpus::gpus;
use logins::logins;
use memory::{memory, numa};
use moment::Moment;
use network::{network, sockets};
use sensors::sensors;
use storage::filesystems;
use system::{clock, system, units};

/// Logical processors of the made-up machine: 2 sockets × 32 cores × 2 threads.
const THREADS: u32 = 128;
const MEMORY: Bytes = Bytes(1008 << 30);
const SWAP: Bytes = Bytes(8 << 30);
const GIB: f64 = 1_073_741_824.0;

/// Time between two readings in [`snapshot`], where nothing says otherwise.
const INTERVAL_MS: u64 = 2000;

/// When the made-up machine was started, before any time a demo is shown at:
/// 2026-01-05T06:12:00Z.
const BOOT: UnixMillis = UnixMillis(1_767_593_520_000);

macro_rules! define_demo_host {
    ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
        /// Everything the made-up machine has to say at one moment.
        #[derive(Debug, Clone, PartialEq)]
        pub struct DemoHost {
            $( $(#[$doc])* pub $key: $type, )*
            /// Processes.
            pub processes: ProcessTable,
        }
    };
}
crate::host_sections!(define_demo_host);

/// The made-up machine's name.
#[must_use]
pub fn host_id(seed: u64) -> HostId {
    HostId::from_hostname(&format!("demo-gpu-{:02}", seed % 100))
}

/// The machine of `seed` at `at`.
#[must_use]
pub fn machine(seed: u64, at: UnixMillis) -> DemoHost {
    let moment = Moment::new(seed, at);
    let processes = processes_of(moment);
    DemoHost {
        system: system(moment),
        cpu: cpu(moment, &processes),
        memory: memory(moment, &processes),
        numa: numa(moment),
        filesystems: filesystems(moment),
        disks: disks(moment),
        raid: raid(moment),
        zfs: zfs(moment),
        network: network(moment),
        sockets: sockets(moment),
        sensors: sensors(moment),
        logins: logins(moment),
        clock: clock(moment),
        units: units(moment),
        gpus: gpus(moment, &processes),
        containers: containers(moment),
        processes,
    }
}

/// The same as a snapshot, with every source read at that moment.
#[must_use]
pub fn snapshot(seed: u64, at: UnixMillis) -> Snapshot {
    let machine = machine(seed, at);
    let moment = Moment::new(seed, at);
    let interval = |name: &'static str| health::interval_ms(name, INTERVAL_MS);
    macro_rules! build {
        ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {{
            let names = [$( stringify!($key), )* "processes"];
            let health = |name| health::health(name, moment, interval(name));
            Snapshot {
                host: host_id(seed),
                taken_at_ms: at,
                status: Arc::new(HostStatus::own(&host_id(seed), env!("CARGO_PKG_VERSION"))),
                $( $key: section(machine.$key, at, interval(stringify!($key))), )*
                processes: section(machine.processes, at, interval("processes")),
                sources: Arc::new(names.into_iter().map(health).collect()),
            }
        }};
    }
    crate::host_sections!(build)
}

fn section<T>(value: T, at: UnixMillis, interval_ms: u64) -> Arc<Section<T>> {
    Arc::new(Section {
        taken_at_ms: Reading::Present(at),
        interval_ms,
        problem: None,
        value: Reading::Present(value),
    })
}

/// The demo in place of a machine's sources.
#[must_use]
pub fn sources(seed: u64, context: &Context) -> Vec<Box<dyn Source>> {
    let source = |name, make| -> Box<dyn Source> {
        let context = context.clone();
        Box::new(DemoSource { name, make, seed, context, findings: Vec::new() })
    };
    vec![
        source("system", |moment| Collected::System(system(moment))),
        source("cpu", |moment| Collected::Cpu(cpu(moment, &processes_of(moment)))),
        source("memory", |moment| Collected::Memory(memory(moment, &processes_of(moment)))),
        source("numa", |moment| Collected::Numa(numa(moment))),
        source("filesystems", |moment| Collected::Filesystems(filesystems(moment))),
        source("disks", |moment| Collected::Disks(disks(moment))),
        source("raid", |moment| Collected::Raid(raid(moment))),
        source("zfs", |moment| Collected::Zfs(zfs(moment))),
        source("network", |moment| Collected::Network(network(moment))),
        source("sockets", |moment| Collected::Sockets(sockets(moment))),
        source("sensors", |moment| Collected::Sensors(sensors(moment))),
        source("logins", |moment| Collected::Logins(logins(moment))),
        source("clock", |moment| Collected::ClockSync(clock(moment))),
        source("units", |moment| Collected::Units(units(moment))),
        source("gpus", |moment| Collected::Gpus(gpus(moment, &processes_of(moment)))),
        source("containers", |moment| Collected::Containers(containers(moment))),
        source("processes", |moment| Collected::Processes(processes_of(moment))),
    ]
}

/// A source that makes up what it brings.
struct DemoSource {
    name: &'static str,
    make: fn(Moment) -> Collected,
    seed: u64,
    context: Context,
    findings: Vec<SourceFinding>,
}

impl Source for DemoSource {
    fn name(&self) -> &'static str {
        self.name
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        let moment = Moment::new(self.seed, self.context.clock.wall());
        self.findings = health::findings(self.name, moment);
        Ok((self.make)(moment))
    }

    fn findings(&self) -> Vec<SourceFinding> {
        self.findings.clone()
    }
}

fn processes_of(moment: Moment) -> ProcessTable {
    processes::table(moment, BOOT, MEMORY)
}

#[cfg(test)]
mod tests;
