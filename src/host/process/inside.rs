//! Names of users in containers: what a container's own `passwd` calls a number that this machine
//! has no name for. See docs/decisions/0017-names-inside-containers.md.
//!
//! The files of a container belong to whoever is root in it and may lie on a filesystem that does
//! not answer. So they are read by a thread of its own, from which nothing follows a link out of
//! the container, and which opens ordinary files only.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::details::Identity;
use crate::clock::Clock;
use crate::host::Roots;
use crate::model::{Reason, Text};

pub mod id_map;
mod passwd;
pub mod rootfs;

use passwd::Passwords;

/// How long an answer is believed.
pub const LIFE: Duration = Duration::from_secs(600);

/// What has not answered for this long does not answer.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// A process that has not been asked for in this long is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// Most processes remembered; their users beyond go by number.
const MOST_PROCESSES: usize = 1 << 15;

/// A user as this machine numbers it, of a process.
type Question = (Identity, u32);

/// Names of users in containers, as far as known.
#[derive(Debug)]
pub struct Inside {
    shared: Arc<Shared>,
    known: HashMap<Question, Known>,
    started: bool,
    swept_at: Duration,
    /// Since when the thread has had a question.
    waiting_since: Option<Duration>,
    stuck: bool,
    denied: usize,
}

#[derive(Debug)]
struct Known {
    answer: Result<Text, Reason>,
    asked_at: Duration,
    wanted_at: Duration,
}

#[derive(Debug)]
struct Shared {
    roots: Roots,
    clock: Clock,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    asked: Vec<Question>,
    answers: Vec<(Question, Result<Text, Reason>)>,
    busy: bool,
    closed: bool,
}

impl Inside {
    /// No thread is started before there is something to ask.
    #[must_use]
    pub fn new(roots: Roots, clock: Clock) -> Self {
        let (state, changed) = (Mutex::default(), Condvar::new());
        Self {
            shared: Arc::new(Shared { roots, clock, state, changed }),
            known: HashMap::new(),
            started: false,
            swept_at: Duration::ZERO,
            waiting_since: None,
            stuck: false,
            denied: 0,
        }
    }

    /// What the container of the process calls this user; `None` while or if that is not known.
    pub fn name(&mut self, process: Identity, uid: u32) -> Option<Text> {
        let now = self.shared.clock.monotonic();
        let question = (process, uid);
        if let Some(known) = self.known.get_mut(&question) {
            known.wanted_at = now;
            let answer = known.answer.as_ref().ok().cloned();
            if now.saturating_sub(known.asked_at) >= LIFE {
                known.asked_at = now;
                self.ask(question);
            }
            return answer;
        }
        if self.known.len() < MOST_PROCESSES {
            let answer = Err(Reason::NotCollected);
            self.known.insert(question, Known { answer, asked_at: now, wanted_at: now });
            self.ask(question);
        }
        None
    }

    /// Takes in the answers that have come.
    pub fn update(&mut self) {
        let now = self.shared.clock.monotonic();
        let mut state = self.shared.lock();
        let answers = std::mem::take(&mut state.answers);
        let waiting = state.busy || !state.asked.is_empty();
        drop(state);
        if !waiting || !answers.is_empty() {
            self.waiting_since = None;
        }
        self.stuck = waiting && {
            let since = *self.waiting_since.get_or_insert(now);
            now.saturating_sub(since) >= DEADLINE
        };
        let is_due = now.saturating_sub(self.swept_at) >= FORGOTTEN;
        if is_due {
            self.swept_at = now;
            self.known.retain(|_, known| now.saturating_sub(known.wanted_at) < FORGOTTEN);
        }
        if !is_due && answers.is_empty() {
            return;
        }
        for (question, answer) in answers {
            if let Some(known) = self.known.get_mut(&question) {
                // A name stays where its file cannot be read any more.
                if answer.is_ok() || known.answer.is_err() {
                    known.answer = answer;
                }
            }
        }
        let denied = |known: &&Known| known.answer == Err(Reason::PermissionDenied);
        self.denied = self.known.values().filter(denied).count();
    }

    /// Whether the files of a container have not answered for [`DEADLINE`].
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        self.stuck
    }

    /// Of how many processes the user has no name because files of the container may not be read.
    #[must_use]
    pub fn denied(&self) -> usize {
        self.denied
    }

    /// Waits until every question is answered, or `limit` has passed.
    pub fn wait(&self, limit: Duration) {
        let state = self.shared.lock();
        let pending = |state: &mut State| state.busy || !state.asked.is_empty();
        // Whether the time ran out is of no interest.
        drop(self.shared.changed.wait_timeout_while(state, limit, pending));
    }

    fn ask(&mut self, question: Question) {
        if !self.started {
            let shared = Arc::clone(&self.shared);
            let thread = std::thread::Builder::new().name("container-names".to_owned());
            match thread.spawn(move || shared.work()) {
                Ok(_) => self.started = true,
                Err(error) => {
                    tracing::debug!(%error, "no thread for names of users in containers");
                    self.known.remove(&question);
                    return;
                }
            }
        }
        // Not more than are remembered: each is asked anew only after its answer has aged.
        let mut state = self.shared.lock();
        if state.asked.len() < MOST_PROCESSES {
            state.asked.push(question);
        }
        self.shared.changed.notify_all();
    }
}

impl Drop for Inside {
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

    fn work(&self) {
        let mut passwords = Passwords::new(self.roots.clone(), self.clock.clone());
        while let Some(asked) = self.next() {
            passwords.begin();
            for (process, uid) in asked {
                let answer = passwords.name(process.pid, uid);
                self.lock().answers.push(((process, uid), answer));
            }
            self.lock().busy = false;
            self.changed.notify_all();
        }
    }

    fn next(&self) -> Option<Vec<Question>> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if !state.asked.is_empty() {
                state.busy = true;
                return Some(std::mem::take(&mut state.asked));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests;
