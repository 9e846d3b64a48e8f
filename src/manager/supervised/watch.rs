//! When a worker that supervisord started is ended, so that supervisord starts the next one.
//!
//! The rule and nothing else: it is told the time, what the worker said and what supervisord
//! answered, and says what to ask of supervisord. Times are those of [`super::super::policy`]; what
//! differs is that supervisord starts, reaps and gives up, and that a worker which somebody stopped
//! is left alone.

use std::time::Duration;

use crate::manager::link::Word;
use crate::manager::policy::{Lost, Times};
use crate::manager::status::Seen;
use crate::model::server::{RestartReason, WorkerState};

mod words;

pub use words::{Ask, Info, Note, State, Turn};

/// How often supervisord is asked while a worker is on its way out.
const ASK_WHILE_ENDING: Duration = Duration::from_millis(250);
/// How often otherwise while the worker says nothing. While it does, supervisord is left alone.
const ASK_WHILE_SILENT: Duration = Duration::from_secs(2);
/// A worker that we ended and that supervisord did not start again after so long is started by us:
/// its program has `autorestart=false`.
const START_OURSELVES_AFTER: Duration = Duration::from_secs(2);

/// The rule; see the module text.
#[derive(Debug)]
pub struct Watch {
    times: Times,
    life: Option<Life>,
    ending: Option<Ending>,
    /// What supervisord last said, and when.
    told: Option<(Duration, Info)>,
    ask_at: Option<Duration>,
    is_asking: bool,
    wants_restart: bool,
    patience: Duration,
    /// Any worker ever said something. Before that silence proves nothing: the two programs may
    /// have different state folders.
    was_ever_heard: bool,
    lost_at: Option<Duration>,
    asks: Vec<Ask>,
    notes: Vec<Note>,
}

/// A worker that runs.
#[derive(Debug)]
struct Life {
    /// As it says itself, else as supervisord says.
    pid: u32,
    /// As supervisord says; the worker is a child of that process where a script starts it.
    supervised: Option<u32>,
    /// On our clock; earlier than us if it was there first.
    age_at: (Duration, Duration),
    seen_at: Duration,
    last_sign: Option<Duration>,
    version: Option<String>,
    is_complained_of: bool,
}

impl Life {
    fn age(&self, now: Duration) -> Duration {
        let (at, age) = self.age_at;
        age + now.saturating_sub(at)
    }
}

/// A worker that we had ended.
#[derive(Debug)]
struct Ending {
    since: Duration,
    killed_at: Option<Duration>,
    is_told: bool,
    is_started: bool,
}

impl Watch {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(times: Times) -> Self {
        Self {
            times,
            life: None,
            ending: None,
            told: None,
            ask_at: Some(Duration::ZERO),
            is_asking: false,
            wants_restart: false,
            patience: times.silence,
            was_ever_heard: false,
            lost_at: None,
            asks: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// A worker said something.
    pub fn heard(&mut self, now: Duration, pid: u32, word: Word) {
        self.was_ever_heard = true;
        if self.life.as_ref().is_none_or(|life| life.pid != pid) {
            // The last words of one that was ended are no new life.
            if self.ending.is_some() && !matches!(word, Word::Up { .. }) {
                return;
            }
            self.next_life(now, pid);
        }
        let Some(life) = &mut self.life else { return };
        life.last_sign = Some(now);
        match word {
            Word::Up { version } => {
                life.version = Some(version.clone());
                if let Some(lost_at) = self.lost_at.take() {
                    let after = now.saturating_sub(lost_at);
                    self.notes.push(Note::Back { after, version });
                }
            }
            Word::Beat => {}
            Word::Failed { message } => self.notes.push(Note::Complains { message }),
        }
    }

    /// What supervisord says; none if it could not be asked.
    pub fn info(&mut self, now: Duration, info: Option<Info>) {
        self.is_asking = false;
        let Some(info) = info else {
            self.ask_at = Some(now + ASK_WHILE_SILENT);
            return;
        };
        let before = self.told.replace((now, info)).map(|(_, info)| info.state);
        if info.runs() {
            self.runs(now, info);
        } else {
            self.runs_not(now, info, before);
        }
        if std::mem::take(&mut self.wants_restart) && self.ending.is_none() {
            self.restart(now, info);
        }
    }

    /// Somebody wants a new worker.
    pub fn wants_restart(&mut self, now: Duration) {
        self.wants_restart = self.ending.is_none();
        self.ask_at = Some(now);
    }

    /// Says what to do at `now`. `late` is how much later than asked for the manager was woken: so
    /// much of a worker's silence is the machine's.
    pub fn turn(&mut self, now: Duration, late: Duration) -> Turn {
        if let Some(life) = &mut self.life {
            life.last_sign = life.last_sign.map(|at| (at + late).min(now));
            life.seen_at = (life.seen_at + late).min(now);
        }
        self.hurry(now);
        let is_due = self.ask_at.map_or_else(|| self.is_silent(now), |at| at <= now);
        if is_due && !self.is_asking {
            self.is_asking = true;
            self.ask_at = None;
            self.asks.push(Ask::Info);
        }
        Turn {
            asks: std::mem::take(&mut self.asks),
            notes: std::mem::take(&mut self.notes),
            wake_after: self.next_event(now),
        }
    }

    /// The worker as it is now; none if none runs.
    #[must_use]
    pub fn seen(&self, now: Duration) -> Option<Seen> {
        let life = self.life.as_ref()?;
        let is_stopping = self.told.is_some_and(|(_, info)| info.state == State::Stopping);
        let state = if self.ending.is_some() || is_stopping {
            WorkerState::Stopping
        } else if life.version.is_some() {
            WorkerState::Up
        } else {
            WorkerState::Starting
        };
        Some(Seen {
            pid: life.pid,
            state,
            age: life.age(now),
            version: life.version.clone(),
            silent: life.last_sign.map(|at| now.saturating_sub(at)),
        })
    }

    fn next_life(&mut self, now: Duration, pid: u32) {
        let before = self.life.replace(Life {
            pid,
            supervised: None,
            age_at: (now, Duration::ZERO),
            seen_at: now,
            last_sign: None,
            version: None,
            is_complained_of: false,
        });
        self.ask_at = Some(now);
        if self.ending.take().is_some() {
            return;
        }
        // Between two workers that were heard from, nobody stopped the first: then it had been
        // forgotten when supervisord said so.
        let Some(before) = before.filter(|life| life.version.is_some()) else { return };
        let at = before.last_sign.unwrap_or(now);
        let detail = "it ended, and supervisord started it again".to_owned();
        self.lose(at, &before, RestartReason::Exited, detail);
    }

    fn lose(&mut self, at: Duration, life: &Life, reason: RestartReason, detail: String) {
        let lost = Lost {
            pid: life.pid,
            reason,
            detail,
            lived: life.age(at),
            was_up: life.version.is_some(),
        };
        self.lost_at.get_or_insert(at);
        self.notes.push(Note::Lost { at, lost });
    }

    fn runs(&mut self, now: Duration, info: Info) {
        let is_known = self.life.as_mut().is_some_and(|life| match life.supervised {
            Some(pid) => pid == info.pid,
            None => {
                life.supervised = Some(info.pid);
                life.age_at = (now, info.age);
                true
            }
        });
        if !is_known {
            self.next_life(now, info.pid);
            if let Some(life) = &mut self.life {
                life.supervised = Some(info.pid);
                life.age_at = (now, info.age);
            }
            self.ask_at = None;
        }
        if self.ending.is_some() {
            self.ask_at = Some(now + ASK_WHILE_ENDING);
        } else if self.is_silent(now) {
            self.end_silent(now);
        } else if self.ask_at.is_none_or(|at| at <= now) {
            self.ask_at = None;
        }
    }

    fn runs_not(&mut self, now: Duration, info: Info, before: Option<State>) {
        self.ask_at = Some(now + ASK_WHILE_SILENT);
        match (&mut self.ending, info.state) {
            // Ours: supervisord is about to start the next one, and if it is not, we ask it to.
            (Some(ending), State::Exited) if !ending.is_started => {
                let waited = now.saturating_sub(ending.killed_at.unwrap_or(ending.since));
                if waited >= START_OURSELVES_AFTER {
                    ending.is_started = true;
                    self.asks.push(Ask::Start);
                }
                self.ask_at = Some(now + ASK_WHILE_ENDING);
            }
            // What we end by a signal has exited; stopped it is by somebody's will.
            (_, State::Stopped | State::Exited | State::Fatal) => {
                if before != Some(info.state) || self.ending.is_some() {
                    self.notes.push(Note::LeftAlone(info.state));
                }
                self.ending = None;
                self.lost_at = None;
                self.life = None;
            }
            (Some(_), _) => self.ask_at = Some(now + ASK_WHILE_ENDING),
            (None, _) => {}
        }
    }

    fn restart(&mut self, now: Duration, info: Info) {
        if !info.runs() {
            self.notes.push(Note::NothingToRestart(info.state));
            return;
        }
        if let Some(life) = self.life.take() {
            self.lose(now, &life, RestartReason::Requested, "POST /restart".to_owned());
            self.life = Some(life);
        }
        self.ending =
            Some(Ending { since: now, killed_at: None, is_told: false, is_started: false });
        self.asks.push(Ask::Terminate);
    }

    fn is_silent(&self, now: Duration) -> bool {
        let Some(life) = &self.life else { return false };
        let (since, patience) = match life.last_sign {
            Some(at) => (at, self.patience),
            None => (life.seen_at, self.times.up_within),
        };
        self.ending.is_none() && !life.is_complained_of && now.saturating_sub(since) >= patience
    }

    fn end_silent(&mut self, now: Duration) {
        let Some(mut life) = self.life.take() else { return };
        if !self.was_ever_heard {
            self.notes.push(Note::NeverHeard { pid: life.pid });
            life.is_complained_of = true;
            self.life = Some(life);
            return;
        }
        let silent = now.saturating_sub(life.last_sign.unwrap_or(life.seen_at)).as_secs_f64();
        let (reason, detail) = if life.last_sign.is_some() {
            let is_short = life.age(now) < self.times.short_life;
            self.patience = if is_short {
                (self.patience * 2).min(self.times.silence_at_most)
            } else {
                self.times.silence
            };
            (RestartReason::Silent, format!("no sign of life for {silent:.1} s"))
        } else {
            (RestartReason::NotUp, format!("did not serve within {silent:.0} s"))
        };
        self.lose(now, &life, reason, detail);
        self.life = Some(life);
        self.ending =
            Some(Ending { since: now, killed_at: Some(now), is_told: false, is_started: false });
        self.asks.push(Ask::Kill);
        self.ask_at = Some(now + ASK_WHILE_ENDING);
    }

    /// Kills who was asked to end and does not, and tells of who was killed and does not.
    fn hurry(&mut self, now: Duration) {
        let Some(ending) = &mut self.ending else { return };
        match ending.killed_at {
            None if now.saturating_sub(ending.since) >= self.times.drain_within => {
                ending.killed_at = Some(now);
                self.asks.push(Ask::Kill);
            }
            Some(at) if now.saturating_sub(at) >= self.times.tell_unreaped_after => {
                let is_there = self.told.is_some_and(|(_, info)| info.runs());
                if let Some(life) = self.life.as_ref().filter(|_| is_there && !ending.is_told) {
                    self.notes.push(Note::NotReaped { pid: life.pid });
                    ending.is_told = true;
                }
            }
            _ => {}
        }
        if self.ask_at.is_none() && !self.is_asking {
            self.ask_at = Some(now + ASK_WHILE_ENDING);
        }
    }

    fn next_event(&self, now: Duration) -> Duration {
        let mut next = now + self.times.silence;
        if !self.is_asking
            && let Some(at) = self.ask_at
        {
            next = next.min(at);
        }
        if self.ending.is_some() {
            next = next.min(now + ASK_WHILE_ENDING);
        } else if let Some(life) = &self.life {
            let due = match life.last_sign {
                Some(at) => at + self.patience,
                None => life.seen_at + self.times.up_within,
            };
            if !life.is_complained_of && !self.is_asking {
                next = next.min(due);
            }
        }
        next.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests;
