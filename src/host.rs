//! L2, reads this machine. Knows kernel files, not who asks or what is done with the values.
//!
//! One source is one thing that is read, in a file of its own: [`system`], [`cpu`], [`memory`],
//! [`process`] and so on. A source is a parser (bytes in, typed out, no I/O), a sampler (pure: two samples
//! and a duration to rates) and a thin [`Source`] that ties them to the files below [`Roots`].
//! Every source runs on a thread of its own (see [`schedule`]), so one that hangs in the kernel
//! delays nobody.

use std::time::Duration;

use crate::clock::Clock;
use crate::model::clock_sync::ClockSync;
use crate::model::container::Containers;
use crate::model::cpu::Cpu;
use crate::model::disk::Disks;
use crate::model::filesystem::Filesystems;
use crate::model::gpu::Gpus;
use crate::model::login::Logins;
use crate::model::memory::Memory;
use crate::model::network::{Network, Sockets};
use crate::model::numa::Numa;
use crate::model::order;
use crate::model::process::ProcessTable;
use crate::model::raid::Raid;
use crate::model::sensor::Sensors;
use crate::model::source::SourceFinding;
use crate::model::system::System;
use crate::model::unit::Units;
use crate::model::zfs::Zfs;
use crate::model::{Reason, UnixMillis};

pub mod account;
pub mod clock_sync;
pub mod container;
pub mod cpu;
pub mod disk;
pub mod files;
pub mod filesystem;
pub mod gpu;
mod limits;
pub mod logins;
mod machine;
pub mod memory;
pub mod missing;
pub mod name_service;
pub mod network;
pub mod numa;
pub mod own;
pub mod parse;
pub mod place;
pub mod pressure;
pub mod process;
pub mod raid;
pub mod roots;
pub mod sampler;
pub mod schedule;
pub mod sensors;
pub mod sockets;
pub mod system;
pub mod units;
pub mod zfs;

pub use limits::raise_open_file_limit;
pub use machine::machine_fingerprint;
pub use name_service::name_service_needs_network;
pub use process::visibility::processes_shown;
pub use roots::Roots;

/// What the settings say of sources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Of graphics cards.
    pub gpu: gpu::Settings,
    /// Of containers.
    pub container: container::Settings,
}

/// Every source there is, one line each.
#[must_use]
pub fn sources(context: &Context, settings: Settings) -> Vec<Box<dyn Source>> {
    vec![
        Box::new(system::SystemSource::new(context.clone())),
        Box::new(cpu::CpuSource::new(context.clone())),
        Box::new(memory::MemorySource::new(context.clone())),
        Box::new(numa::NumaSource::new(context.clone())),
        Box::new(filesystem::FilesystemSource::new(context.clone())),
        Box::new(disk::DiskSource::new(context.clone())),
        Box::new(raid::RaidSource::new(context.clone())),
        Box::new(zfs::ZfsSource::new(context.clone())),
        Box::new(network::NetworkSource::new(context.clone())),
        Box::new(sockets::SocketsSource::new(context.clone())),
        Box::new(sensors::SensorsSource::new(context.clone())),
        Box::new(logins::LoginSource::new(context.clone())),
        Box::new(clock_sync::ClockSource::new(context.clone())),
        Box::new(units::UnitSource::new(context.clone())),
        Box::new(gpu::GpuSource::with(context.clone(), settings.gpu)),
        Box::new(container::ContainerSource::with(context.clone(), settings.container)),
        Box::new(process::ProcessSource::new(context.clone())),
    ]
}

/// One thing that is read. Blocking: it may take as long as the kernel does.
pub trait Source: Send + 'static {
    /// Its name: label, log field and key of the section it fills.
    fn name(&self) -> &'static str;

    /// Reads once. Rates are over the time since the last successful run, or absent
    /// (`measuring`) if there was none within [`Context::rate_window`].
    ///
    /// # Errors
    /// Why nothing at all could be read. What is missing in part is an absent reading inside.
    fn collect(&mut self) -> Result<Collected, Reason>;

    /// Parts that the last run did not get though it got the rest. Asked after every run.
    fn findings(&self) -> Vec<SourceFinding> {
        Vec::new()
    }
}

macro_rules! define_collected {
    ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
        /// What a source read.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Collected {
            $( $(#[$doc])* $type($type), )*
            /// Processes.
            Processes(ProcessTable),
        }
    };
}
crate::host_sections!(define_collected);

/// What every source is made with.
#[derive(Debug, Clone)]
pub struct Context {
    /// Where the kernel's files are.
    pub roots: Roots,
    /// Time.
    pub clock: Clock,
    /// A sample older than this is no base for a rate: after a pause the first values would be
    /// averages over the pause.
    pub rate_window: Duration,
}

/// When a value was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenAt {
    /// By the clock that never jumps.
    pub monotonic: Duration,
    /// By the time of day.
    pub wall: UnixMillis,
}

impl Context {
    /// Now, on both clocks.
    #[must_use]
    pub fn now(&self) -> TakenAt {
        TakenAt { monotonic: self.clock.monotonic(), wall: self.clock.wall() }
    }
}
