//! How the server tells whoever watches it that it lives.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::How;
use crate::clock::Clock;
use crate::config::Config;
use crate::manager::datagram::DatagramVoice;
use crate::manager::link::{self, SOCKET_FILE, Word};
use crate::manager::notify::Notify;

/// Signs of life are at least so far apart, however often the loop turns.
const BEAT: Duration = Duration::from_millis(200);

/// To whom the server talks. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Voice(Arc<Listeners>);

#[derive(Debug)]
struct Listeners {
    /// The manager, as a parent.
    parent: Option<link::Voice>,
    /// The manager, as a service beside this one.
    beside: Option<DatagramVoice>,
    /// systemd.
    systemd: Option<Notify>,
}

impl Voice {
    /// The voice for a process that came to serve in this way.
    pub(super) fn new(how: &How, config: &Config) -> Result<Self, String> {
        let listeners = match how {
            How::Alone => Listeners { parent: None, beside: None, systemd: None },
            How::Service(_) => Listeners {
                parent: None,
                beside: Some(DatagramVoice::new(config.state_dir.join(SOCKET_FILE))),
                systemd: Some(Notify::from_env(Clock::system())),
            },
            How::Worker(link) => {
                let voice = link.voice();
                let parent =
                    voice.map_err(|error| format!("cannot talk to the manager: {error}"))?;
                Listeners { parent: Some(parent), beside: None, systemd: None }
            }
        };
        Ok(Self(Arc::new(listeners)))
    }

    pub(super) fn say(&self, word: &Word) {
        let Listeners { parent, beside, systemd } = &*self.0;
        if let Some(parent) = parent {
            parent.say(word);
        }
        if let Some(beside) = beside {
            beside.say(word);
        }
        if let Some(systemd) = systemd {
            match word {
                Word::Up { version } => systemd.ready(&format!("smonitor {version} serves")),
                Word::Beat => systemd.alive(),
                Word::Failed { message } => systemd.status(message),
            }
        }
    }

    /// The server is about to end.
    pub(super) fn stopping(&self) {
        if let Some(systemd) = &self.0.systemd {
            systemd.stopping("smonitor ends");
        }
    }

    /// What the loop calls at every turn.
    pub(super) fn beating(&self, clock: Clock) -> impl Fn() + Send + use<> {
        let voice = self.clone();
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
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
