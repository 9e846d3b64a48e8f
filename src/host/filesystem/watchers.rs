//! Threads that ask filesystems which may never answer, so that nobody else waits for them.
//!
//! There is one question per filesystem at a time. One that is not answered keeps its thread in the
//! kernel until the kernel lets go of it, which may be never; so there are at most [`THREADS_MAX`],
//! and what comes after that waits. A thread is started only if a question waits and nobody is free,
//! beyond [`HANDFUL`] only for those that are busy for longer than a healthy answer takes; those
//! beyond the handful end when nothing waits. No lock is held during a question.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::ask::{Numbers, Target};
use crate::host::{Context, TakenAt, files};
use crate::model::{Reason, Text, UnixMillis};

/// The most threads there are, those that hang included.
pub const THREADS_MAX: usize = 32;

/// A question that is not answered after this long is told as such. A little less than the time
/// between two runs, so that the next run can tell.
pub const DEADLINE: Duration = Duration::from_millis(4500);

/// As many threads do for a machine on which everything answers.
const HANDFUL: usize = 4;

/// An answer that takes longer is no healthy one.
const SWIFT: Duration = Duration::from_millis(20);

/// How often waiting looks whether another thread is needed.
const SLICE: Duration = Duration::from_millis(10);

/// A path is walked on it, and a line logged.
const STACK_BYTES: usize = 128 * 1024;

/// Something that can be asked; tests have ones that do not answer.
pub trait Ask: Send + Sync + 'static {
    /// Asks; may never return.
    ///
    /// # Errors
    /// Why there is no answer.
    fn ask(&self) -> Result<Numbers, Reason>;
}

impl Ask for Target {
    fn ask(&self) -> Result<Numbers, Reason> {
        Self::ask(self)
    }
}

/// An answer that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whose.
    pub key: Text,
    /// What it said.
    pub outcome: Result<Numbers, Reason>,
    /// When it came.
    pub at: UnixMillis,
    /// Whether it came so fast that it is worth waiting for the next one.
    pub is_swift: bool,
}

/// How it is with a filesystem that was asked and has not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Not for long yet.
    Briefly,
    /// It is past its deadline. Since when, by the time of day.
    NotResponding(UnixMillis),
    /// It could not even be asked, because all threads hang elsewhere. Since when.
    NoThread(UnixMillis),
}

/// The desk: questions go in, answers come out. Dropping it ends every thread that is not in the
/// kernel.
#[derive(Debug)]
pub struct Watchers {
    shared: Arc<Shared>,
}

struct Shared {
    context: Context,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<(Text, Arc<dyn Ask>)>,
    /// What was asked and has not answered, waiting in the queue or with a thread.
    open: HashMap<Text, Open>,
    answers: Vec<Answer>,
    threads: usize,
    idle: usize,
    closed: bool,
}

/// A question that is open.
#[derive(Debug, Clone, Copy)]
struct Open {
    asked: TakenAt,
    /// When a thread took it.
    begun: Option<TakenAt>,
}

impl Watchers {
    /// No thread is started before there is a question.
    #[must_use]
    pub fn new(context: Context) -> Self {
        let (state, changed) = (Mutex::default(), Condvar::new());
        Self { shared: Arc::new(Shared { context, state, changed }) }
    }

    /// Asks, unless the same is still asked from before.
    pub fn order(&self, key: &Text, whom: Arc<dyn Ask>) {
        let mut state = self.shared.lock();
        if state.open.contains_key(key) {
            return;
        }
        state.open.insert(key.clone(), Open { asked: self.shared.context.now(), begun: None });
        state.queue.push_back((key.clone(), whom));
        self.shared.grow(&mut state);
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Takes back questions about filesystems that are gone, as far as nobody has taken them up.
    pub fn keep_only(&self, wanted: impl Fn(&Text) -> bool) {
        let mut guard = self.shared.lock();
        let state = &mut *guard;
        state.queue.retain(|(key, _)| wanted(key));
        state.open.retain(|key, open| open.begun.is_some() || wanted(key));
    }

    /// Waits until none of these is open, or `limit` has passed.
    pub fn wait(&self, keys: &[&Text], limit: Duration) {
        let mut state = self.shared.lock();
        let mut waited = Duration::ZERO;
        while waited < limit {
            let is_open = |state: &mut State| keys.iter().any(|key| state.open.contains_key(*key));
            let outcome = self.shared.changed.wait_timeout_while(state, SLICE, is_open);
            let (again, slice) = outcome.unwrap_or_else(PoisonError::into_inner);
            state = again;
            if !slice.timed_out() {
                return;
            }
            waited += SLICE;
            self.shared.grow(&mut state);
        }
    }

    /// The answers since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<Answer> {
        let mut state = self.shared.lock();
        self.shared.grow(&mut state);
        std::mem::take(&mut state.answers)
    }

    /// How it is with this one; `None` if nothing is open.
    #[must_use]
    pub fn waiting(&self, key: &Text) -> Option<Waiting> {
        let state = self.shared.lock();
        let open = state.open.get(key)?;
        let now = self.shared.context.clock.monotonic();
        let is_late = |since: TakenAt| now.saturating_sub(since.monotonic) >= DEADLINE;
        Some(match open.begun {
            Some(begun) if is_late(begun) => Waiting::NotResponding(begun.wall),
            None if is_late(open.asked) || state.all_hang(is_late) => {
                Waiting::NoThread(open.asked.wall)
            }
            _ => Waiting::Briefly,
        })
    }

    /// How many threads there are now.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.shared.lock().threads
    }
}

impl Drop for Watchers {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl State {
    fn busy(&self) -> impl Iterator<Item = TakenAt> + '_ {
        self.open.values().filter_map(|open| open.begun)
    }

    fn all_hang(&self, is_late: impl Fn(TakenAt) -> bool) -> bool {
        self.threads >= THREADS_MAX
            && self.busy().filter(|begun| is_late(*begun)).count() >= THREADS_MAX
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is complete before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the threads that are needed now.
    fn grow(self: &Arc<Self>, state: &mut State) {
        let now = self.context.clock.monotonic();
        let is_slow = |begun: &TakenAt| now.saturating_sub(begun.monotonic) > SWIFT;
        let most = (HANDFUL + state.busy().filter(is_slow).count()).min(THREADS_MAX);
        while state.queue.len() > state.idle && state.threads < most {
            let shared = Arc::clone(self);
            let started = std::thread::Builder::new()
                .name("filesystem".to_owned())
                .stack_size(STACK_BYTES)
                .spawn(move || shared.work());
            if let Err(error) = started {
                // What waits is told as such after its deadline, and tried again at every turn.
                let reason = files::reason(&error);
                tracing::debug!(%reason, "no thread to ask a filesystem with");
                return;
            }
            state.threads += 1;
            // It takes one from the queue before anybody else looks.
            state.idle += 1;
        }
    }

    fn work(&self) {
        let mut state = self.lock();
        // Counted as idle by whoever started it.
        state.idle -= 1;
        loop {
            if state.closed {
                break;
            }
            if let Some((key, whom)) = state.queue.pop_front() {
                let begun = self.context.now();
                if let Some(open) = state.open.get_mut(&key) {
                    open.begun = Some(begun);
                }
                drop(state);
                let outcome = whom.ask();
                let end = self.context.now();
                let is_swift = end.monotonic.saturating_sub(begun.monotonic) <= SWIFT;
                state = self.lock();
                state.open.remove(&key);
                state.answers.push(Answer { key, outcome, at: end.wall, is_swift });
                self.changed.notify_all();
            } else if state.idle >= HANDFUL {
                break;
            } else {
                state.idle += 1;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
            }
        }
        state.threads -= 1;
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
