//! A snapshot: all that is known of one host at one tick. Immutable; sections that did not change
//! are shared between snapshots.

use std::sync::Arc;

use super::clock_sync::ClockSync;
use super::cluster::HostStatus;
use super::container::Containers;
use super::cpu::Cpu;
use super::disk::Disks;
use super::filesystem::Filesystems;
use super::gpu::Gpus;
use super::login::Logins;
use super::memory::Memory;
use super::network::{Network, Sockets};
use super::numa::Numa;
use super::process::ProcessTable;
use super::raid::Raid;
use super::sensor::Sensors;
use super::source::SourceHealth;
use super::system::System;
use super::unit::Units;
use super::zfs::Zfs;
use super::{HostId, Section, Text, UnixMillis};

/// The sections of a host, processes apart: `documentation, key: Type`. The key is the name of the
/// source and of the section on the wire. Whatever has a part for every section is made from this
/// list, so that a new section is one line here.
#[macro_export]
macro_rules! host_sections {
    ($with:ident) => {
        $with! {
            /// The machine and its operating system.
            system: System,
            /// Processors.
            cpu: Cpu,
            /// Memory and swap.
            memory: Memory,
            /// Memory nodes.
            numa: Numa,
            /// Mounted filesystems.
            filesystems: Filesystems,
            /// Block devices.
            disks: Disks,
            /// MD arrays.
            raid: Raid,
            /// ZFS pools.
            zfs: Zfs,
            /// Network interfaces.
            network: Network,
            /// Sockets.
            sockets: Sockets,
            /// Temperatures, fans, power, voltages.
            sensors: Sensors,
            /// Who is logged in.
            logins: Logins,
            /// Whether the clock is kept right.
            clock: ClockSync,
            /// Services that failed.
            units: Units,
            /// Graphics cards, and who is on them.
            gpus: Gpus,
            /// Containers.
            containers: Containers,
        }
    };
}

macro_rules! define_snapshot {
    ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
        /// One host at one tick.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Snapshot {
            /// Which host.
            pub host: HostId,
            /// When it was put together.
            pub taken_at_ms: UnixMillis,
            /// How it is reached, and what it is called.
            pub status: Arc<HostStatus>,
            $( $(#[$doc])* pub $key: Arc<Section<$type>>, )*
            /// Processes.
            pub processes: Arc<Section<ProcessTable>>,
            /// How the sources are doing.
            pub sources: Arc<Vec<SourceHealth>>,
        }
    };
}
host_sections!(define_snapshot);

impl Snapshot {
    /// A snapshot of a host that was not heard of yet; `interval_ms` says how often each
    /// section, by its key, is going to be.
    #[must_use]
    pub fn not_collected(
        host: HostId,
        taken_at_ms: UnixMillis,
        interval_ms: impl Fn(&'static str) -> u64,
    ) -> Self {
        macro_rules! build {
            ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
                Self {
                    status: Arc::new(HostStatus::waiting(host.as_str().into(), Text::default())),
                    host,
                    taken_at_ms,
                    $( $key: Arc::new(Section::not_collected(interval_ms(stringify!($key)))), )*
                    processes: Arc::new(Section::not_collected(interval_ms("processes"))),
                    sources: Arc::default(),
                }
            };
        }
        host_sections!(build)
    }
}
