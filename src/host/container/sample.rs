//! What the files of a group say at one moment, whichever version they are of. Reads files; what
//! follows from two samples is in `rates`.

use std::path::{Path, PathBuf};

use super::hierarchy::{At, Controller, Hierarchies};
use super::{v1, v2};
use crate::host::files;
use crate::host::parse::ParseError;
use crate::model::Reason;

/// Processor time, and what kept it from having more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cpu {
    /// Used since the group was made.
    pub nanoseconds: u64,
    /// Periods of the limit, where they are counted in the same file.
    pub throttled: Option<Throttled>,
}

/// Periods of the limit, since the group was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// All in which it wanted to run.
    pub periods: u64,
    /// Those in which it had to wait.
    pub throttled: u64,
}

/// What `memory.stat` has, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Page cache that nobody has used for a while.
    pub inactive_file: u64,
    /// Page cache.
    pub cache: u64,
    /// Swap, where it is in that file and counted.
    pub swap: Option<u64>,
}

/// Transfers of block devices, in bytes since the group was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Transferred {
    /// Read.
    pub read: u64,
    /// Written.
    pub written: u64,
}

/// A share of processor time: so much of each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Microseconds of all processors together.
    pub quota: u64,
    /// Microseconds. Never 0.
    pub period: u64,
}

/// Everything at one moment. A file that is not there is `not_supported`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Processor time used, in nanoseconds.
    pub cpu_nanoseconds: Result<u64, Reason>,
    /// Its limit.
    pub quota: Result<Option<Quota>, Reason>,
    /// Periods of the limit.
    pub throttled: Result<Throttled, Reason>,
    /// Memory that counts as the group's, page cache included.
    pub memory_bytes: Result<u64, Reason>,
    /// What of it is which.
    pub memory: Result<Memory, Reason>,
    /// The most there may be, as the kernel has it.
    pub memory_limit: Result<Option<u64>, Reason>,
    /// Swap.
    pub swap_bytes: Result<u64, Reason>,
    /// Transfers of block devices.
    pub transferred: Result<Transferred, Reason>,
    /// Processes and threads.
    pub tasks: Result<u64, Reason>,
    /// The most there may be.
    pub tasks_limit: Result<Option<u64>, Reason>,
    /// Processes killed because the group's memory ran out.
    pub oom_kills: Result<u64, Reason>,
    /// Whether it stands still.
    pub frozen: Result<bool, Reason>,
}

/// Reads everything of the group at `path`, below the top of every tree.
#[must_use]
pub fn read(trees: &Hierarchies, path: &str) -> Sample {
    let cpu = Files::of(trees, Controller::Cpu, path);
    let counted = Files::of(trees, Controller::Cpuacct, path);
    let memory = Files::of(trees, Controller::Memory, path);
    let pids = Files::of(trees, Controller::Pids, path);
    // In version 2 one file has both.
    let of_cpu = counted.v2("cpu.stat", v2::parse_cpu_stat);
    let of_memory =
        memory.either("memory.stat", v1::parse_memory_stat, "memory.stat", v2::parse_memory_stat);
    Sample {
        cpu_nanoseconds: match &of_cpu {
            Some(of_cpu) => of_cpu.map(|of_cpu| of_cpu.nanoseconds),
            None => counted.v1("cpuacct.usage", number("cpuacct.usage")),
        },
        throttled: match (&of_cpu, cpu.version) {
            (Some(of_cpu), Version::V2) => {
                of_cpu.and_then(|of_cpu| of_cpu.throttled.ok_or(Reason::NotSupported))
            }
            _ => cpu.v1("cpu.stat", v1::parse_cpu_stat),
        },
        quota: quota(&cpu),
        memory_bytes: memory.either(
            "memory.usage_in_bytes",
            number("memory.usage_in_bytes"),
            "memory.current",
            number("memory.current"),
        ),
        memory_limit: memory.either(
            "memory.limit_in_bytes",
            |bytes| v1::parse_number("memory.limit_in_bytes", bytes).map(Some),
            "memory.max",
            |bytes| v2::parse_limit("memory.max", bytes),
        ),
        swap_bytes: match memory.version {
            Version::V2 => memory.read("memory.swap.current", number("memory.swap.current")),
            _ => of_memory.and_then(|memory| memory.swap.ok_or(Reason::NotSupported)),
        },
        memory: of_memory,
        transferred: transferred(&Files::of(trees, Controller::Blkio, path)),
        tasks: pids.read("pids.current", number("pids.current")),
        tasks_limit: pids.read("pids.max", |bytes| v2::parse_limit("pids.max", bytes)),
        oom_kills: memory
            .either("memory.oom_control", oom_kill, "memory.events", oom_kill)
            .and_then(|count| count.ok_or(Reason::NotSupported)),
        frozen: Files::of(trees, Controller::Freezer, path)
            .either(
                "freezer.state",
                |bytes| v1::parse_freezer_state(bytes).map(Some),
                "cgroup.events",
                |bytes| {
                    let frozen = v2::parse_value("cgroup.events", bytes, b"frozen")?;
                    Ok(frozen.map(|frozen| frozen != 0))
                },
            )
            .and_then(|frozen| frozen.ok_or(Reason::NotSupported)),
    }
}

fn number(file: &'static str) -> impl Fn(&[u8]) -> Result<u64, ParseError> {
    move |bytes| v1::parse_number(file, bytes)
}

/// Of version 1 since Linux 4.13.
fn oom_kill(bytes: &[u8]) -> Result<Option<u64>, ParseError> {
    v2::parse_value("oom_kill", bytes, b"oom_kill")
}

fn quota(cpu: &Files) -> Result<Option<Quota>, Reason> {
    if cpu.version == Version::V2 {
        let limit = cpu.read("cpu.max", v2::parse_cpu_max)?;
        return Ok(limit.map(|(quota, period)| Quota { quota, period }));
    }
    let Some(quota) = cpu.read("cpu.cfs_quota_us", v1::parse_quota)? else { return Ok(None) };
    match cpu.read("cpu.cfs_period_us", number("cpu.cfs_period_us"))? {
        0 => Err(Reason::Malformed),
        period => Ok(Some(Quota { quota, period })),
    }
}

/// Before Linux 4.3 (and where it is compiled without) there is no file for the groups below too.
fn transferred(blkio: &Files) -> Result<Transferred, Reason> {
    if blkio.version == Version::V2 {
        return blkio.read("io.stat", v2::parse_io_stat);
    }
    let own = "blkio.throttle.io_service_bytes";
    match blkio.read("blkio.throttle.io_service_bytes_recursive", v1::parse_io_service_bytes) {
        Err(Reason::NotSupported) => blkio.read(own, v1::parse_io_service_bytes),
        outcome => outcome,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V1,
    V2,
    /// The machine has no such controller.
    Neither,
}

/// The folder of a group that has the files of a controller.
struct Files {
    version: Version,
    folder: PathBuf,
}

impl Files {
    fn of(trees: &Hierarchies, controller: Controller, path: &str) -> Self {
        let (version, top) = match trees.of(controller) {
            Some(At::V1(top)) => (Version::V1, top),
            Some(At::V2(top)) => (Version::V2, top),
            None => (Version::Neither, Path::new("")),
        };
        Self { version, folder: top.join(path) }
    }

    fn read<T>(
        &self,
        file: &str,
        parse: impl Fn(&[u8]) -> Result<T, ParseError>,
    ) -> Result<T, Reason> {
        if self.version == Version::Neither {
            return Err(Reason::NotSupported);
        }
        Ok(parse(&files::read(&self.folder.join(file), files::SMALL)?)?)
    }

    fn v1<T>(
        &self,
        file: &str,
        parse: impl Fn(&[u8]) -> Result<T, ParseError>,
    ) -> Result<T, Reason> {
        if self.version == Version::V1 { self.read(file, parse) } else { Err(Reason::NotSupported) }
    }

    /// `None` if the files are not those of version 2.
    fn v2<T>(
        &self,
        file: &str,
        parse: impl Fn(&[u8]) -> Result<T, ParseError>,
    ) -> Option<Result<T, Reason>> {
        (self.version == Version::V2).then(|| self.read(file, parse))
    }

    fn either<T>(
        &self,
        file_v1: &str,
        parse_v1: impl Fn(&[u8]) -> Result<T, ParseError>,
        file_v2: &str,
        parse_v2: impl Fn(&[u8]) -> Result<T, ParseError>,
    ) -> Result<T, Reason> {
        match self.version {
            Version::V2 => self.read(file_v2, parse_v2),
            _ => self.read(file_v1, parse_v1),
        }
    }
}
