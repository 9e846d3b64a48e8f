//! How the server tells whoever watches it that it lives.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::How;
use crate::clock::Clock;
use crate::config::Config;
use crate::manager::link::{self, Word};
use crate::shutdown::Shutdown;

/// Signs of life are at least so far apart, however often the loop turns.
const BEAT: Duration = Duration::from_millis(200);

/// To whom the server talks.
#[derive(Debug)]
pub(super) enum Voice {
    /// Nobody.
    None,
    /// Its manager.
    Manager(link::Voice),
}

impl Voice {
    /// The voice for a process that came to serve in this way.
    pub(super) fn new(how: &How, _config: &Config) -> Result<Self, String> {
        match how {
            How::Alone | How::Service => Ok(Self::None),
            How::Worker(link) => {
                let voice = link.voice();
                voice
                    .map(Self::Manager)
                    .map_err(|error| format!("cannot talk to the manager: {error}"))
            }
        }
    }

    pub(super) fn say(&self, word: &Word) {
        match self {
            Self::None => {}
            Self::Manager(voice) => voice.say(word),
        }
    }

    /// What the loop calls at every turn.
    pub(super) fn beating(&self, clock: Clock) -> impl Fn() + Send + use<> {
        let voice = self.double();
        let next = AtomicU64::new(0);
        move || {
            let now = millis(clock.monotonic());
            // One loop calls it, so nobody comes in between.
            if now >= next.load(Ordering::Relaxed) {
                next.store(now.saturating_add(millis(BEAT)), Ordering::Relaxed);
                voice.say(&Word::Beat);
            }
        }
    }

    /// SIGTERM and SIGINT end the server; SIGHUP is its manager's.
    pub(super) fn listen_to_signals(&self, shutdown: &Shutdown) -> Result<(), String> {
        let hang_up = || tracing::info!("SIGHUP came and is ignored: it is for the manager");
        shutdown
            .listen_to_signals(hang_up)
            .map_err(|error| format!("cannot listen to signals: {error}"))
    }

    fn double(&self) -> Self {
        match self {
            Self::None => Self::None,
            Self::Manager(voice) => voice.double().map_or(Self::None, Self::Manager),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
