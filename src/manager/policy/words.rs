//! What the policy is told and what it says.

use std::time::Duration;

use crate::model::server::RestartReason;

/// All times of the rule; decision 0012 has the reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// A worker that says nothing for so long is killed.
    pub silence: Duration,
    /// That patience at most, after it was doubled.
    pub silence_at_most: Duration,
    /// A worker killed for silence in a life shorter than this doubles the patience.
    pub short_life: Duration,
    /// A worker that does not serve after so long is killed, at most and for the first.
    pub up_within: Duration,
    /// The same for one after another that did serve; doubles each time.
    pub up_again_within: Duration,
    /// A worker that is to make room for the next one is killed after so long.
    pub drain_within: Duration,
    /// The same when everything is to end.
    pub stop_within: Duration,
    /// A killed worker that is not reaped after so long no longer holds up the next one.
    pub reap_within: Duration,
    /// After so long that is told.
    pub tell_unreaped_after: Duration,
    /// A worker that had served for so long is started again at once.
    pub settled: Duration,
    /// The first wait before a start; doubles.
    pub back_off: Duration,
    /// The longest.
    pub back_off_at_most: Duration,
    /// So many crashes before the first worker ever served, and the manager gives up.
    pub first_tries: u32,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            silence: Duration::from_millis(2500),
            silence_at_most: Duration::from_secs(30),
            short_life: Duration::from_secs(60),
            up_within: Duration::from_secs(20),
            up_again_within: Duration::from_secs(5),
            drain_within: Duration::from_secs(3),
            stop_within: Duration::from_secs(10),
            reap_within: Duration::from_millis(500),
            tell_unreaped_after: Duration::from_secs(5),
            settled: Duration::from_secs(10),
            back_off: Duration::from_millis(250),
            back_off_at_most: Duration::from_secs(4),
            first_tries: 5,
        }
    }
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Start a worker, and tell [`Policy::started`] or [`Policy::not_started`].
    Start,
    /// Ask this one to end.
    Terminate(u32),
    /// End this one.
    Kill(u32),
    /// The manager's work is done.
    End(Outcome),
}

/// How the manager's work ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was told to.
    Stopped,
    /// No worker ever served.
    GaveUp(String),
}

/// What happened, to be told and written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A worker is gone or about to be, though nobody told smonitor to end.
    Lost(Lost),
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
    /// It is gone after all.
    Reaped {
        /// Its process number.
        pid: u32,
    },
}

/// A worker that is gone or about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Its process number.
    pub pid: u32,
    /// Why.
    pub reason: RestartReason,
    /// The same for people.
    pub detail: String,
    /// How long it had lived.
    pub lived: Duration,
    /// Whether it had ever served.
    pub was_up: bool,
}

/// What to do now.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// In this order.
    pub actions: Vec<Action>,
    /// In this order.
    pub notes: Vec<Note>,
    /// Come back after this long at the latest.
    pub wake_after: Option<Duration>,
}

/// How a process ended, for people.
pub(super) fn in_words(ended: &Ended) -> String {
    match ended {
        Ended::Code(code) => format!("ended by itself with code {code}"),
        Ended::Signal(signal) => {
            let meaning = match signal {
                4 => " (SIGILL)",
                6 => " (SIGABRT: it gave up, perhaps for want of memory)",
                7 => " (SIGBUS)",
                9 => " (SIGKILL: somebody, or the kernel for want of memory)",
                11 => " (SIGSEGV)",
                15 => " (SIGTERM)",
                _ => "",
            };
            format!("ended by signal {signal}{meaning}")
        }
    }
}
