//! What a manager says of itself and its worker.

use std::time::Duration;

use super::journal::Journal;
use crate::clock::Clock;
use crate::model::server::{ManagerBody, WorkerBody, WorkerState};
use crate::model::{Reading, Reason, Seconds, UnixMillis};

/// A worker as its manager sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its process number.
    pub pid: u32,
    /// How it is.
    pub state: WorkerState,
    /// How long it has run.
    pub age: Duration,
    /// None before it served.
    pub version: Option<String>,
    /// Since its last sign of life; none before the first.
    pub silent: Option<Duration>,
}

/// Who tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Who {
    pub(super) mode: &'static str,
    pub(super) version: &'static str,
    pub(super) started_at: UnixMillis,
}

pub(super) fn body(who: Who, seen: Option<Seen>, journal: &Journal, clock: &Clock) -> ManagerBody {
    let wall = clock.wall();
    ManagerBody {
        mode: who.mode.to_owned(),
        version: who.version.to_owned(),
        pid: std::process::id(),
        started_at_ms: who.started_at,
        worker: seen.map(|seen| worker(seen, wall)),
        restarts_total: journal.total(),
        restarts: journal.newest().cloned().collect(),
    }
}

fn worker(seen: Seen, wall: UnixMillis) -> WorkerBody {
    let age = i64::try_from(seen.age.as_millis()).unwrap_or(i64::MAX);
    let silent = seen.silent.map(|silent| Seconds(silent.as_secs_f64()));
    WorkerBody {
        pid: seen.pid,
        state: seen.state,
        started_at_ms: UnixMillis(wall.0.saturating_sub(age)),
        version: or_measuring(seen.version),
        silent_seconds: or_measuring(silent),
    }
}

fn or_measuring<T>(value: Option<T>) -> Reading<T> {
    value.map_or(Reading::Absent { absent: Reason::Measuring }, Reading::Present)
}
