//! Processes. Source: `/proc/PID/stat`, `statm`, `cmdline` and the owner of `/proc/PID` (kernel
//! document filesystems/proc.rst).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::place::Place;
use super::{Bytes, Percent, Reading, Seconds, Text, UnixMillis};

/// The longest command line kept, in characters (Unicode scalar values); a longer one is cut and
/// ends with `…`.
pub const COMMAND_MAX_CHARACTERS: usize = 500;

/// Every process of a machine that smonitor may see.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessTable {
    /// Counts over all rows.
    pub summary: ProcessSummary,
    /// By pid, then start time.
    pub rows: Vec<Process>,
}

/// A process with what only some viewers may see.
#[derive(Debug, Clone, PartialEq)]
pub struct Process {
    /// What members see: `command` has its secrets masked.
    pub row: ProcessRow,
    /// The command line as it is, where that differs from `row.command`.
    pub full_command: Option<Text>,
}

/// Counts over the process table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct ProcessSummary {
    /// Processes in all, kernel threads included.
    pub total: u32,
    /// Running or ready to run.
    pub running: u32,
    /// In uninterruptible sleep, usually waiting for a disk or a network file system.
    pub uninterruptible: u32,
    /// Stopped or traced.
    pub stopped: u32,
    /// Ended, not yet collected by the parent.
    pub zombie: u32,
    /// Threads of all processes.
    pub threads: u32,
    /// Kernel threads among the processes.
    pub kernel_threads: u32,
    /// Whether smonitor sees the processes of other users: not if `/proc` is mounted with hidepid
    /// and smonitor is not allowed past it.
    pub sees_other_users: bool,
}

/// What a process is doing. Source: third field of `/proc/PID/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum ProcessState {
    /// `R`
    Running,
    /// `S`
    Sleeping,
    /// `D`
    Uninterruptible,
    /// `T`
    Stopped,
    /// `t`
    Traced,
    /// `Z`
    Zombie,
    /// `I`: an idle kernel thread.
    Idle,
    /// `X`, `x`
    Dead,
    /// A letter this version does not know (`K`, `W`, `P` of some kernels).
    Other,
}

crate::table_row! {
    /// One process, as members see it. The key is `<pid>-<start time in ticks since boot>`: a pid
    /// that is used again is another row.
    pub struct ProcessRow, change ProcessChange {
        /// Process id.
        pub pid: u32,
        /// Process id of the parent; 0 for the first process and for kernel threads' root.
        pub parent_pid: u32,
        /// The kernel's short name (`comm`), at most 15 bytes, or 64 for kernel threads.
        pub name: Text,
        /// Name of the effective user, or the number as text where no name is known.
        pub user: Reading<Text>,
        /// Number of the effective user.
        pub user_id: Reading<u32>,
        /// What it is doing.
        pub state: ProcessState,
        /// Share of one logical processor since the last sample; above 100 on several.
        pub cpu_percent: Reading<Percent>,
        /// Resident memory (RES; `stat`, corrected to what `statm` says, which newer kernels keep
        /// exactly).
        pub resident_bytes: Bytes,
        /// Resident memory of all memory, 0–100 %.
        pub memory_percent: Reading<Percent>,
        /// Address space (VIRT).
        pub virtual_bytes: Bytes,
        /// Resident memory backed by files or shared (SHR; `statm`, third field).
        pub shared_bytes: Reading<Bytes>,
        /// Processor time used since it started, user and system (TIME+).
        pub cpu_time_seconds: Seconds,
        /// When it started.
        pub started_at_ms: Reading<UnixMillis>,
        /// Threads.
        pub threads: u32,
        /// Nice value, −20 (first) to 19 (last).
        pub nice: i32,
        /// Whether it is a thread of the kernel.
        pub kernel_thread: bool,
        /// Command line, arguments joined by spaces, secrets masked unless the viewer is an admin,
        /// at most 500 characters. `[name]` for kernel threads and others without one.
        pub command: Reading<Text>,
        /// Container, job, service or session it belongs to.
        pub place: Reading<Arc<Place>>,
    }
}
