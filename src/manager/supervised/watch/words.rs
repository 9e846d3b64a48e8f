//! What the watch is told, and what it says.

use std::time::Duration;

use crate::manager::policy::Lost;
use crate::manager::supervised::xmlrpc::Value;

/// How supervisord sees a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Told to end, or never started.
    Stopped,
    /// Started a moment ago.
    Starting,
    /// It runs.
    Running,
    /// It ended too soon and is started again after a pause.
    Backoff,
    /// Told to end, still there.
    Stopping,
    /// It ended, and is not to be started again.
    Exited,
    /// It ended too soon too often: supervisord has given up.
    Fatal,
    /// Something else.
    Unknown,
}

/// What supervisord says of a program (`supervisor.getProcessInfo`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Info {
    /// How it is.
    pub state: State,
    /// Its process; 0 if there is none.
    pub pid: u32,
    /// How long it has run.
    pub age: Duration,
}

/// What to ask of supervisord.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// How the worker is; tell [`Watch::info`](super::Watch::info).
    Info,
    /// To end it gently.
    Terminate,
    /// To end it.
    Kill,
    /// To start it.
    Start,
}

/// What happened, to be told and written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A worker is gone or about to be, and nobody stopped it.
    Lost {
        /// Since when nobody serves, on the clock of the watch.
        at: Duration,
        /// Which and why.
        lost: Lost,
    },
    /// One serves again.
    Back {
        /// Since the loss before.
        after: Duration,
        /// Its version.
        version: String,
    },
    /// A killed worker is still there: a thread of it is stuck in the kernel.
    NotReaped {
        /// Its process number.
        pid: u32,
    },
    /// It runs, and never said a word.
    NeverHeard {
        /// Its process number.
        pid: u32,
    },
    /// It says why it cannot start.
    Complains {
        /// Its words.
        message: String,
    },
    /// It does not run, and that is somebody's will.
    LeftAlone(State),
    /// A restart was asked for, and it does not run.
    NothingToRestart(State),
}

/// What to do now.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// In this order.
    pub asks: Vec<Ask>,
    /// In this order.
    pub notes: Vec<Note>,
    /// Come back after this long at the latest.
    pub wake_after: Duration,
}

impl Info {
    /// From supervisord's answer; none if it says something else.
    #[must_use]
    pub fn from_answer(value: &Value) -> Option<Self> {
        let number = |name| value.member(name).and_then(Value::integer);
        let state = match number("state")? {
            0 => State::Stopped,
            10 => State::Starting,
            20 => State::Running,
            30 => State::Backoff,
            40 => State::Stopping,
            100 => State::Exited,
            200 => State::Fatal,
            _ => State::Unknown,
        };
        let pid = u32::try_from(number("pid")?).ok()?;
        let age = number("now")?.saturating_sub(number("start")?);
        Some(Self { state, pid, age: Duration::from_secs(u64::try_from(age).unwrap_or(0)) })
    }

    /// Whether there is a process that is meant to be there.
    pub(super) fn runs(&self) -> bool {
        matches!(self.state, State::Running | State::Starting) && self.pid > 0
    }
}
