//! Names of users: `passwd` first, then whatever the name service switch is set up to ask.
//!
//! The latter may be a directory server that does not answer, so it has a thread of its own; until
//! it answers, a user goes by the number.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::host::parse::{lines, unsigned, visible};
use crate::host::{Roots, files};
use crate::model::Text;

/// How long an answer is believed.
pub const LIFE: Duration = Duration::from_secs(600);

/// What has not answered for this long does not answer.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// Most users remembered; beyond, they go by number.
const MOST_USERS: usize = 1 << 16;

/// Most bytes of `passwd` that are read.
const PASSWD_BYTES: usize = 16 << 20;

/// Names by number, as far as known.
#[derive(Debug)]
pub struct Users {
    shared: Arc<Shared>,
    known: HashMap<u32, Known>,
    started: bool,
    /// Since when the thread has had a question.
    waiting_since: Option<Duration>,
    stuck: bool,
}

#[derive(Debug)]
struct Known {
    name: Text,
    /// The answer was that there is no name.
    nameless: bool,
    asked_at: Duration,
}

#[derive(Debug)]
struct Shared {
    roots: Roots,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    asked: Vec<u32>,
    answers: Vec<(u32, Option<Text>)>,
    busy: bool,
    closed: bool,
}

impl Users {
    /// No thread is started before there is something to ask.
    #[must_use]
    pub fn new(roots: Roots) -> Self {
        let (state, changed) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { roots, state, changed });
        Self { shared, known: HashMap::new(), started: false, waiting_since: None, stuck: false }
    }

    /// The name of the user, or the number while or if no name is known.
    pub fn name(&mut self, uid: u32, clock: &Clock) -> Text {
        self.look_up(uid, clock).0
    }

    /// [`Users::name`], and whether it is the number because the answer was that there is no name.
    pub fn look_up(&mut self, uid: u32, clock: &Clock) -> (Text, bool) {
        let now = clock.monotonic();
        if let Some(known) = self.known.get_mut(&uid) {
            let answer = (known.name.clone(), known.nameless);
            if now.saturating_sub(known.asked_at) >= LIFE {
                known.asked_at = now;
                self.ask(uid);
            }
            return answer;
        }
        let name = Text::from(uid.to_string());
        if self.known.len() < MOST_USERS {
            let known = Known { name: name.clone(), nameless: false, asked_at: now };
            self.known.insert(uid, known);
            self.ask(uid);
        }
        (name, false)
    }

    /// Takes in the answers that have come.
    pub fn update(&mut self, now: Duration) {
        let mut state = self.shared.lock();
        let answers = std::mem::take(&mut state.answers);
        let waiting = state.busy || !state.asked.is_empty();
        drop(state);
        // An answer is a sign of life, also where more are waited for.
        if !waiting || !answers.is_empty() {
            self.waiting_since = None;
        }
        if waiting {
            let since = *self.waiting_since.get_or_insert(now);
            self.stuck = now.saturating_sub(since) >= DEADLINE;
        } else {
            self.stuck = false;
        }
        for (uid, name) in answers {
            if let Some(known) = self.known.get_mut(&uid) {
                known.nameless = name.is_none();
                known.name = name.unwrap_or_else(|| Text::from(uid.to_string()));
            }
        }
    }

    /// Whether what is asked for names has not answered for [`DEADLINE`].
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        self.stuck
    }

    /// Waits until every question is answered, or `limit` has passed.
    pub fn wait(&self, limit: Duration) {
        let state = self.shared.lock();
        let pending = |state: &mut State| state.busy || !state.asked.is_empty();
        // Whether the time ran out is of no interest.
        drop(self.shared.changed.wait_timeout_while(state, limit, pending));
    }

    fn ask(&mut self, uid: u32) {
        if !self.started {
            let shared = Arc::clone(&self.shared);
            let thread = std::thread::Builder::new().name("user-names".to_owned());
            match thread.spawn(move || shared.work()) {
                Ok(_) => self.started = true,
                Err(error) => {
                    tracing::debug!(%error, "no thread for user names");
                    self.known.remove(&uid);
                    return;
                }
            }
        }
        let mut state = self.shared.lock();
        if !state.asked.contains(&uid) {
            state.asked.push(uid);
        }
        self.shared.changed.notify_all();
    }
}

impl Drop for Users {
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
        while let Some(asked) = self.next() {
            let passwd = files::read(&self.roots.etc("passwd"), PASSWD_BYTES);
            let local = passwd.map(|bytes| parse_passwd(&bytes)).unwrap_or_default();
            let mut elsewhere = Vec::new();
            let mut answers = Vec::new();
            for uid in asked {
                match local.get(&uid) {
                    Some(name) => answers.push((uid, Some(Text::from(name.as_str())))),
                    None => elsewhere.push(uid),
                }
            }
            self.lock().answers.append(&mut answers);
            for uid in elsewhere {
                let name = self.ask_system(uid);
                self.lock().answers.push((uid, name));
            }
            self.lock().busy = false;
            self.changed.notify_all();
        }
    }

    fn next(&self) -> Option<Vec<u32>> {
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

    /// May block for as long as a directory server likes.
    fn ask_system(&self, uid: u32) -> Option<Text> {
        if !self.roots.is_live() {
            return None;
        }
        let user = uzers::get_user_by_uid(uid)?;
        Some(Text::from(visible(user.name().as_encoded_bytes())))
    }
}

/// Parses `passwd`, passwd(5): `name:password:uid:…`. The first entry of a number counts. Lines of
/// another form, among them comments and the `+` of NIS, are passed over.
#[must_use]
pub fn parse_passwd(bytes: &[u8]) -> HashMap<u32, String> {
    let mut names = HashMap::new();
    for (_, line) in lines("passwd", bytes) {
        let mut fields = line.split(|&byte| byte == b':');
        let (name, uid) = (fields.next().unwrap_or_default(), fields.nth(1).and_then(unsigned));
        let uid = uid.and_then(|uid| u32::try_from(uid).ok());
        let is_entry = !name.is_empty() && !matches!(name[0], b'#' | b'+' | b'-');
        if let (true, Some(uid)) = (is_entry, uid) {
            names.entry(uid).or_insert_with(|| visible(name));
        }
    }
    names
}

#[cfg(test)]
mod tests;
