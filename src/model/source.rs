//! How smonitor's own sources are doing, and what would mend what is wrong.

use serde::{Deserialize, Serialize};

use super::{Problem, Reading, Reason, Seconds, Text, UnixMillis};

/// The most findings of one source.
pub const FINDINGS_MAX: usize = 64;

/// One source's health: a reading of smonitor itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct SourceHealth {
    /// The source's name, for example `cpu`: the key of the section it fills.
    pub name: String,
    /// How it is, in one word.
    pub state: SourceState,
    /// What is wrong with it as a whole; null if its last run went well.
    pub problem: Option<Problem>,
    /// What would mend `problem`.
    pub remedy: Remedy,
    /// Parts of it that are missing though the rest is there: a mount that does not answer, files
    /// that may not be read.
    pub findings: Vec<SourceFinding>,
    /// How long the last finished run took.
    pub duration_seconds: Reading<Seconds>,
    /// How often it is read while somebody looks, in milliseconds.
    pub interval_ms: u64,
    /// When it was last started.
    pub started_at_ms: Reading<UnixMillis>,
    /// Finished runs since smonitor started, failed ones included.
    pub runs: u64,
    /// Failed runs, panics included. That a machine does not have something is no failure.
    pub failures: u64,
    /// Ticks at which it was not started because an earlier run had not returned.
    pub skipped: u64,
}

/// How a source is, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// Its last run has not returned from the kernel within its deadline. It is not called again
    /// until it does; nothing else waits for it.
    Stuck,
    /// Its last run failed.
    Failing,
    /// It may not read what it needs.
    Forbidden,
    /// Parts are missing; see the findings.
    Partial,
    /// It works, and takes so long, three times in a row at least, that its values come after the
    /// others of the same tick.
    Slow,
    /// All is well.
    Well,
    /// This machine does not have what it reads. Nothing is wrong.
    NotThere,
    /// It has not run yet.
    Waiting,
}

/// A part of a source that is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct SourceFinding {
    /// What is missing: a mount point, a kernel file, a number of processes.
    pub what: Text,
    /// Why, and since when.
    pub problem: Problem,
    /// What would mend it.
    pub remedy: Remedy,
}

/// What would mend something. A closed list: the page and the terminal have a sentence for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Nothing has to be done.
    Nothing,
    /// Run as root, or give smonitor's user the right to read the file.
    RunPrivileged,
    /// Run as root or with CAP_SYS_PTRACE, so that other users' processes tell more.
    GrantPtrace,
    /// Run in the group that the `gid=` option of /proc names.
    JoinHidepidGroup,
    /// Run in the group that may talk to the container engine, or leave the engine out of the
    /// settings.
    JoinEngineGroup,
    /// Bring the server or program behind the mount back, or unmount it (`umount -l`).
    RepairOrUnmount,
    /// Find what hangs in the kernel: state D in ps(1), and dmesg(1).
    FindWhatHangs,
    /// Raise the limit of open files, or free memory.
    RaiseLimits,
    /// Install or start what provides it.
    InstallProvider,
    /// Look into the log, and at dmesg(1).
    LookIntoLog,
    /// Report it: the file has a form that smonitor does not know.
    Report,
    /// Load the driver's kernel module; if it cannot be, it was not built for this kernel.
    LoadDriver,
    /// Restart the machine: the driver was upgraded while its old kernel module was in use.
    RestartMachine,
    /// Run outside of the container, or give it the machine's processes (`--pid=host`).
    ShareProcesses,
}

impl Remedy {
    /// Every remedy, in the order of declaration.
    pub const ALL: [Self; 14] = [
        Self::Nothing,
        Self::RunPrivileged,
        Self::GrantPtrace,
        Self::JoinHidepidGroup,
        Self::JoinEngineGroup,
        Self::RepairOrUnmount,
        Self::FindWhatHangs,
        Self::RaiseLimits,
        Self::InstallProvider,
        Self::LookIntoLog,
        Self::Report,
        Self::LoadDriver,
        Self::RestartMachine,
        Self::ShareProcesses,
    ];

    /// What would mend that `source` gives no values for `reason`.
    #[must_use]
    pub fn of(source: &str, reason: Reason) -> Self {
        match (source, reason) {
            ("filesystems", Reason::NotResponding) => Self::RepairOrUnmount,
            ("processes", Reason::PermissionDenied) => Self::GrantPtrace,
            ("containers", Reason::PermissionDenied) => Self::JoinEngineGroup,
            (_, Reason::PermissionDenied) => Self::RunPrivileged,
            (_, Reason::NotResponding) => Self::FindWhatHangs,
            (_, Reason::OutOfResources) => Self::RaiseLimits,
            (_, Reason::NotInstalled) => Self::InstallProvider,
            (_, Reason::ReadFailed) => Self::LookIntoLog,
            (_, Reason::Malformed) => Self::Report,
            (
                _,
                Reason::Measuring
                | Reason::NotSupported
                | Reason::NotCollected
                | Reason::Gone
                | Reason::Hidden,
            ) => Self::Nothing,
        }
    }
}

impl SourceFinding {
    /// A finding of `source` with the usual remedy for its reason.
    #[must_use]
    pub fn new(source: &str, what: Text, problem: Problem) -> Self {
        Self { what, problem, remedy: Remedy::of(source, problem.reason) }
    }
}

impl SourceState {
    /// How a source is whose last run ended with `problem`, or well.
    #[must_use]
    pub fn after(problem: Option<Reason>) -> Self {
        match problem {
            None => Self::Well,
            Some(Reason::NotResponding) => Self::Stuck,
            Some(Reason::PermissionDenied) => Self::Forbidden,
            Some(Reason::NotSupported | Reason::NotInstalled) => Self::NotThere,
            Some(_) => Self::Failing,
        }
    }
}
