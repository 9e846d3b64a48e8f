//! Engines that speak the HTTP interface of Docker (Docker itself, Podman), asked for what control
//! groups do not tell: names, images, states, health, labels. Only those that the settings name.
//!
//! Each has a thread of its own, so one that does not answer delays nobody; there is one round of
//! questions at a time, and the next one waits until it is over. Nothing but three GET requests is
//! ever sent ([`http`]).

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::host::{Context, TakenAt, files};
use crate::model::container::{ContainerHealth, ContainerState, Label};
use crate::model::{Problem, Reading, Reason, Text, UnixMillis};

pub mod answer;
mod http;
mod round;

use round::Rounds;

/// How often an engine is asked, while somebody looks.
pub const EVERY: Duration = Duration::from_secs(5);

/// A new container's name is asked for sooner, but not more often than this.
const SOONER: Duration = Duration::from_secs(1);

/// A round that takes longer is told as such, though each of its requests is answered in time.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The longest address.
const ADDRESS_MAX: usize = 256;

/// Which engines to ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// In the order in which they are shown. Of two that know a container the first is believed.
    pub engines: Vec<Engine>,
}

/// Where an engine listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    address: Text,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Unix(PathBuf),
    Tcp(String, u16),
}

impl Engine {
    /// An address: `unix://` and the path of a socket, or `tcp://` with a host and a port.
    ///
    /// # Errors
    /// One sentence that says what it should be.
    pub fn parse(address: &str) -> Result<Self, String> {
        const FORMS: &str = "an engine's address is unix:///path/of/its.sock or tcp://host:port";
        let wrong =
            || Err(format!("{FORMS}, not \"{}\"", crate::host::parse::visible(address.as_bytes())));
        if address.len() > ADDRESS_MAX {
            return Err(format!("{FORMS}, at most {ADDRESS_MAX} bytes long"));
        }
        let place = if let Some(path) = address.strip_prefix("unix://") {
            if !path.starts_with('/') || path.contains('\0') || path.ends_with('/') {
                return wrong();
            }
            Place::Unix(path.into())
        } else if let Some(authority) = address.strip_prefix("tcp://") {
            let Some((host, port)) = authority.rsplit_once(':') else { return wrong() };
            let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            let is_host = match bare {
                Some(bare) => bare.parse::<std::net::Ipv6Addr>().is_ok(),
                None => {
                    let is_plain =
                        |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
                    !host.is_empty() && host.bytes().all(is_plain)
                }
            };
            let digits = port.bytes().all(|byte| byte.is_ascii_digit());
            match port.parse::<u16>() {
                Ok(port) if is_host && digits && port != 0 => {
                    Place::Tcp(bare.unwrap_or(host).to_owned(), port)
                }
                _ => return wrong(),
            }
        } else {
            return wrong();
        };
        Ok(Self { address: address.into(), place })
    }

    /// The address as it was written.
    #[must_use]
    pub fn address(&self) -> &Text {
        &self.address
    }

    /// Whether it is reached by a socket of the network, which a sandbox has to allow.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        matches!(self.place, Place::Tcp(..))
    }
}

/// What an engine tells of a container that runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Its name.
    pub name: Reading<Text>,
    /// The image it was made from.
    pub image: Reading<Text>,
    /// What it is doing.
    pub state: Reading<ContainerState>,
    /// Outcome of its health check; `not_supported` without one.
    pub health: Reading<ContainerHealth>,
    /// How often it was started again.
    pub restarts: Reading<u32>,
    /// Its labels.
    pub labels: Reading<Vec<Label>>,
    /// When it was started.
    pub started_at: Reading<UnixMillis>,
}

/// The containers to ask for: whole ids, with the number of the folder of the group. One that was
/// started again has another.
pub type Wanted = BTreeMap<Text, u64>;

/// What an engine answered.
#[derive(Debug, Clone, PartialEq)]
struct Answered {
    version: Reading<Text>,
    /// By whole ids.
    containers: HashMap<Text, Arc<Told>>,
}

/// An engine, and what is known from it.
#[derive(Debug)]
pub struct Desk {
    engine: Engine,
    shared: Arc<Shared>,
    has_thread: bool,
    asked_at: Option<Duration>,
    /// What was asked for then.
    asked_for: Wanted,
    last: Option<Answered>,
    problem: Option<Problem>,
}

struct Shared {
    context: Context,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// What to ask next.
    order: Option<Wanted>,
    /// Since when a round is under way.
    busy: Option<TakenAt>,
    outcome: Option<(UnixMillis, Result<Answered, Reason>)>,
    closed: bool,
}

impl Desk {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(engine: Engine, context: Context) -> Self {
        let (state, changed) = (Mutex::default(), Condvar::new());
        Self {
            engine,
            shared: Arc::new(Shared { context, state, changed }),
            has_thread: false,
            asked_at: None,
            asked_for: Wanted::new(),
            last: None,
            problem: None,
        }
    }

    /// Takes what was answered since the last call, and asks again if it is time. Never waits.
    pub fn turn(&mut self, wanted: &Wanted) {
        let now = self.shared.context.now();
        let (outcome, busy) = {
            let mut state = self.shared.lock();
            (state.outcome.take(), state.busy)
        };
        match outcome {
            Some((_, Ok(answered))) => {
                self.last = Some(answered);
                self.problem = None;
            }
            Some((since, Err(reason))) => self.fail(reason, since),
            None => {}
        }
        if let Some(begun) = busy {
            if now.monotonic.saturating_sub(begun.monotonic) >= PATIENCE {
                self.fail(Reason::NotResponding, begun.wall);
            }
            return;
        }
        if self.is_due(now.monotonic, wanted) {
            self.asked_at = Some(now.monotonic);
            self.asked_for.clone_from(wanted);
            self.ask(wanted, now);
        }
    }

    fn is_due(&self, now: Duration, wanted: &Wanted) -> bool {
        let Some(asked_at) = self.asked_at else { return true };
        let ago = now.saturating_sub(asked_at);
        let is_new = |(id, inode): (&Text, &u64)| self.asked_for.get(id) != Some(inode);
        ago >= EVERY || (ago >= SOONER && self.problem.is_none() && wanted.iter().any(is_new))
    }

    fn ask(&mut self, wanted: &Wanted, now: TakenAt) {
        if !self.has_thread {
            let (shared, engine) = (Arc::clone(&self.shared), self.engine.clone());
            let started = std::thread::Builder::new()
                .name("container-engine".to_owned())
                .spawn(move || shared.work(engine));
            if let Err(error) = started {
                return self.fail(files::reason(&error), now.wall);
            }
            self.has_thread = true;
        }
        let mut state = self.shared.lock();
        state.order = Some(wanted.clone());
        // From now on, not from when the thread gets to it: a machine that is that busy is told too.
        state.busy = Some(now);
        drop(state);
        self.shared.changed.notify_all();
    }

    /// A problem that goes on keeps its beginning.
    fn fail(&mut self, reason: Reason, since_ms: UnixMillis) {
        if self.problem.is_none_or(|problem| problem.reason != reason) {
            self.problem = Some(Problem { reason, since_ms });
        }
    }

    /// Which engine it is.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Why it does not answer; none if its last answer was well.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        self.problem
    }

    /// What it calls itself.
    #[must_use]
    pub fn version(&self) -> Reading<Text> {
        match (&self.last, self.problem) {
            (Some(last), _) => last.version.clone(),
            (None, Some(problem)) => Reading::absent(problem.reason),
            (None, None) => Reading::default(),
        }
    }

    /// What it last told of a container.
    #[must_use]
    pub fn told(&self, id: &Text) -> Option<&Told> {
        self.last.as_ref()?.containers.get(id).map(|told| &**told)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is complete before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, engine: Engine) {
        let mut rounds = Rounds::new(engine, self.context.clock.clone());
        while let Some(wanted) = self.next() {
            let outcome = rounds.ask(&wanted);
            let mut state = self.lock();
            let begun = state.busy.take().map_or_else(|| self.context.clock.wall(), |at| at.wall);
            state.outcome = Some((begun, outcome));
        }
    }

    fn next(&self) -> Option<Wanted> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(wanted) = state.order.take() {
                return Some(wanted);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
