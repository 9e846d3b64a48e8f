//! When a worker is started, told to end, killed; and when the manager gives up.
//!
//! The rule and nothing else: it is told the time and what happened, and says what to do. Process
//! numbers are names to it.

use std::time::Duration;

use super::status::Seen;
use crate::model::server::{RestartReason, WorkerState};

mod words;

pub use words::{Action, Ended, Lost, Note, Outcome, Times, Turn};

use words::in_words;

/// The rule; see the module text.
#[derive(Debug)]
pub struct Policy {
    times: Times,
    /// The one that serves or is about to; never one that is on its way out.
    current: Option<Worker>,
    leaving: Vec<Leaving>,
    /// When to start the next one, if nobody of `leaving` holds it up.
    start_at: Option<Duration>,
    is_starting: bool,
    patience: Duration,
    failures: u32,
    /// Workers in a row that were given up before they served.
    not_up: u32,
    was_ever_up: bool,
    lost_at: Option<Duration>,
    stop_since: Option<Duration>,
    /// What the newest one said of why it cannot start.
    complaint: Option<String>,
    ending: Option<Outcome>,
    notes: Vec<Note>,
}

#[derive(Debug)]
struct Worker {
    pid: u32,
    started_at: Duration,
    up_at: Option<Duration>,
    version: Option<String>,
    last_sign: Duration,
}

/// A worker on its way out.
#[derive(Debug)]
struct Leaving {
    worker: Worker,
    /// When it is killed, if it was asked first.
    kill_at: Option<Duration>,
    killed_at: Option<Duration>,
    was_told: bool,
    /// Asked to end, not yet told so.
    must_be_asked: bool,
}

impl Policy {
    /// Nothing runs, and a worker is to be started.
    #[must_use]
    pub fn new(times: Times) -> Self {
        Self {
            times,
            current: None,
            leaving: Vec::new(),
            start_at: Some(Duration::ZERO),
            is_starting: false,
            patience: times.silence,
            failures: 0,
            not_up: 0,
            was_ever_up: false,
            lost_at: None,
            stop_since: None,
            complaint: None,
            ending: None,
            notes: Vec::new(),
        }
    }

    /// Says what to do at `now`. `late` is how much later than asked for the manager was woken: so
    /// much of a worker's silence is the machine's.
    pub fn turn(&mut self, now: Duration, late: Duration) -> Turn {
        if let Some(worker) = &mut self.current {
            worker.last_sign = (worker.last_sign + late).min(now);
        }
        self.judge(now);
        let mut actions = Vec::new();
        self.push_out(now, &mut actions);
        if self.stop_since.is_some()
            && self.leaving.iter().all(|leaving| self.is_given_up(leaving, now))
        {
            self.ending.get_or_insert(Outcome::Stopped);
        }
        if let Some(outcome) = self.ending.clone() {
            actions.push(Action::End(outcome));
        } else if self.may_start(now) {
            self.start_at = None;
            self.is_starting = true;
            self.complaint = None;
            actions.push(Action::Start);
        }
        Turn { actions, notes: std::mem::take(&mut self.notes), wake_after: self.next_event(now) }
    }

    /// A worker was started.
    pub fn started(&mut self, now: Duration, pid: u32) {
        self.is_starting = false;
        self.current =
            Some(Worker { pid, started_at: now, up_at: None, version: None, last_sign: now });
        if self.stop_since.is_some() {
            self.let_go(now, None, self.times.stop_within);
        }
    }

    /// It could not be.
    pub fn not_started(&mut self, now: Duration, message: &str) {
        self.is_starting = false;
        self.failed_to_start(now, message.to_owned(), true);
    }

    /// A worker serves.
    pub fn up(&mut self, now: Duration, pid: u32, version: &str) {
        let Some(worker) = self.current.as_mut().filter(|worker| worker.pid == pid) else { return };
        worker.last_sign = now;
        if worker.up_at.replace(now).is_some() {
            return;
        }
        worker.version = Some(version.to_owned());
        self.was_ever_up = true;
        self.not_up = 0;
        if let Some(lost_at) = self.lost_at.take() {
            let after = now.saturating_sub(lost_at);
            self.notes.push(Note::Back { after, version: version.to_owned() });
        }
    }

    /// A worker gave a sign of life.
    pub fn beat(&mut self, now: Duration, pid: u32) {
        if let Some(worker) = self.current.as_mut().filter(|worker| worker.pid == pid) {
            worker.last_sign = now;
        }
    }

    /// A worker says why it cannot start.
    pub fn complained(&mut self, pid: u32, message: &str) {
        if self.current.as_ref().is_some_and(|worker| worker.pid == pid) {
            self.complaint = Some(message.to_owned());
        }
    }

    /// A process was reaped. Others' children (the manager may be process 1) mean nothing.
    pub fn ended(&mut self, now: Duration, pid: u32, ended: &Ended) {
        if let Some(at) = self.leaving.iter().position(|leaving| leaving.worker.pid == pid) {
            if self.leaving.swap_remove(at).was_told {
                self.notes.push(Note::Reaped { pid });
            }
            return;
        }
        let Some(worker) = self.current.take_if(|worker| worker.pid == pid) else { return };
        let complaint = self.complaint.take();
        let detail = match &complaint {
            Some(message) => format!("{}: {message}", in_words(ended)),
            None => in_words(ended),
        };
        let reason = match ended {
            Ended::Code(_) => RestartReason::Exited,
            Ended::Signal(_) => RestartReason::Killed,
        };
        if worker.up_at.is_none() && !self.was_ever_up {
            let said_why = complaint.is_some() || matches!(ended, Ended::Code(_));
            self.failed_to_start(now, complaint.unwrap_or(detail), said_why);
            return;
        }
        self.lose(now, &worker, reason, detail);
    }

    /// Somebody wants a new worker.
    pub fn replace(&mut self, now: Duration, reason: RestartReason, detail: &str) {
        if self.stop_since.is_some() {
            return;
        }
        self.failures = 0;
        match &self.current {
            Some(worker) => {
                self.notes.push(Note::Lost(Lost {
                    pid: worker.pid,
                    reason,
                    detail: detail.to_owned(),
                    lived: now.saturating_sub(worker.started_at),
                    was_up: worker.up_at.is_some(),
                }));
                self.lost_at.get_or_insert(now);
                self.let_go(now, Some(Duration::ZERO), self.times.drain_within);
            }
            // One is on its way: sooner.
            None => self.start_at = self.start_at.map(|at| at.min(now)),
        }
    }

    /// Everything is to end.
    pub fn stop(&mut self, now: Duration) {
        if self.stop_since.is_some() {
            return;
        }
        self.stop_since = Some(now);
        self.start_at = None;
        self.let_go(now, None, self.times.stop_within);
        let kill_at = now + self.times.stop_within;
        for leaving in &mut self.leaving {
            if leaving.killed_at.is_none() {
                leaving.kill_at = Some(kill_at);
            }
        }
    }

    /// Whether everything is to end.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stop_since.is_some()
    }

    /// The worker as it is now; none between two.
    #[must_use]
    pub fn seen(&self, now: Duration) -> Option<Seen> {
        let leaving = || {
            let leaving = self.leaving.iter().rev().find(|leaving| leaving.killed_at.is_none())?;
            Some((&leaving.worker, WorkerState::Stopping))
        };
        let current = self.current.as_ref().map(|worker| {
            let is_up = worker.up_at.is_some();
            (worker, if is_up { WorkerState::Up } else { WorkerState::Starting })
        });
        let (worker, state) = current.or_else(leaving)?;
        Some(Seen {
            pid: worker.pid,
            state,
            age: now.saturating_sub(worker.started_at),
            version: worker.version.clone(),
            silent: worker.up_at.map(|_| now.saturating_sub(worker.last_sign)),
        })
    }

    /// Finds the worker silent, or not up in time.
    fn judge(&mut self, now: Duration) {
        let Some(worker) = &self.current else { return };
        let (since, patience) = match worker.up_at {
            Some(_) => (worker.last_sign, self.patience),
            None => (worker.started_at, self.up_within()),
        };
        if now.saturating_sub(since) < patience {
            return;
        }
        let seconds = now.saturating_sub(since).as_secs_f64();
        let (reason, detail) = match worker.up_at {
            Some(_) => (RestartReason::Silent, format!("no sign of life for {seconds:.1} s")),
            None => (RestartReason::NotUp, format!("did not serve within {seconds:.0} s")),
        };
        let lived = now.saturating_sub(worker.started_at);
        if reason == RestartReason::NotUp {
            self.not_up = self.not_up.saturating_add(1);
        }
        if reason == RestartReason::Silent {
            let is_short = lived < self.times.short_life;
            self.patience = if is_short {
                (self.patience * 2).min(self.times.silence_at_most)
            } else {
                self.times.silence
            };
        }
        let Some(worker) = self.current.take() else { return };
        if worker.up_at.is_none() && !self.was_ever_up {
            self.failed_to_start(now, detail, false);
        } else {
            self.lose(now, &worker, reason, detail);
        }
        self.leaving.push(Leaving {
            worker,
            kill_at: Some(now),
            killed_at: None,
            was_told: false,
            must_be_asked: false,
        });
    }

    /// How long a worker may take before it serves.
    fn up_within(&self) -> Duration {
        if !self.was_ever_up {
            return self.times.up_within;
        }
        let doubled = 2_u32.saturating_pow(self.not_up.min(16));
        self.times.up_again_within.saturating_mul(doubled).min(self.times.up_within)
    }

    /// Writes a loss down and plans the next start.
    fn lose(&mut self, now: Duration, worker: &Worker, reason: RestartReason, detail: String) {
        let lived = now.saturating_sub(worker.started_at);
        let was_up = worker.up_at.is_some();
        self.notes.push(Note::Lost(Lost { pid: worker.pid, reason, detail, lived, was_up }));
        self.lost_at.get_or_insert(now);
        let served = worker.up_at.map_or(Duration::ZERO, |up_at| now.saturating_sub(up_at));
        self.start_at = Some(now + self.wait_after(served));
    }

    /// How long to wait before the next start, after one that had served for so long.
    fn wait_after(&mut self, served: Duration) -> Duration {
        if served >= self.times.settled {
            self.failures = 0;
            return Duration::ZERO;
        }
        let doubled = 2_u32.saturating_pow(self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        self.times.back_off.saturating_mul(doubled).min(self.times.back_off_at_most)
    }

    /// There is no worker, or none that will ever serve.
    fn failed_to_start(&mut self, now: Duration, message: String, is_final: bool) {
        let wait = self.wait_after(Duration::ZERO);
        if self.was_ever_up {
            self.lost_at.get_or_insert(now);
            self.start_at = Some(now + wait);
        } else if is_final {
            self.ending = Some(Outcome::GaveUp(message));
        } else if self.failures >= self.times.first_tries {
            let tries = self.failures;
            self.ending = Some(Outcome::GaveUp(format!("{message}, {tries} times in a row")));
        } else {
            self.start_at = Some(now + wait);
        }
    }

    /// Asks the current worker to end. `next` is when the next one may be started.
    fn let_go(&mut self, now: Duration, next: Option<Duration>, patience: Duration) {
        if let Some(wait) = next {
            self.start_at = Some(now + wait);
        }
        let Some(worker) = self.current.take() else { return };
        self.leaving.push(Leaving {
            worker,
            kill_at: Some(now + patience),
            killed_at: None,
            was_told: false,
            must_be_asked: true,
        });
    }

    /// Asks and kills those on their way out.
    fn push_out(&mut self, now: Duration, actions: &mut Vec<Action>) {
        for leaving in &mut self.leaving {
            let pid = leaving.worker.pid;
            if std::mem::take(&mut leaving.must_be_asked) {
                actions.push(Action::Terminate(pid));
            }
            if leaving.kill_at.is_some_and(|at| at <= now) {
                leaving.kill_at = None;
                leaving.killed_at = Some(now);
                actions.push(Action::Kill(pid));
            }
            let since = leaving.killed_at.map(|at| now.saturating_sub(at));
            let is_late = since.is_some_and(|since| since >= self.times.tell_unreaped_after);
            if is_late && !leaving.was_told {
                leaving.was_told = true;
                self.notes.push(Note::NotReaped { pid });
            }
        }
    }

    fn may_start(&self, now: Duration) -> bool {
        self.stop_since.is_none()
            && self.current.is_none()
            && !self.is_starting
            && self.start_at.is_some_and(|at| at <= now)
            && self.leaving.iter().all(|leaving| self.is_given_up(leaving, now))
    }

    /// Killed, and not worth waiting for any more.
    fn is_given_up(&self, leaving: &Leaving, now: Duration) -> bool {
        leaving.killed_at.is_some_and(|at| now.saturating_sub(at) >= self.times.reap_within)
    }

    fn next_event(&self, now: Duration) -> Option<Duration> {
        let mut events = Vec::new();
        if let Some(worker) = &self.current {
            events.push(match worker.up_at {
                Some(_) => worker.last_sign + self.patience,
                None => worker.started_at + self.up_within(),
            });
        }
        for leaving in &self.leaving {
            events.extend(leaving.kill_at);
            if let Some(killed_at) = leaving.killed_at {
                events.push(killed_at + self.times.reap_within);
                events.push(killed_at + self.times.tell_unreaped_after);
            }
        }
        events.extend(self.start_at);
        events.into_iter().filter(|at| *at > now).min().map(|at| at - now)
    }
}

#[cfg(test)]
mod tests;
