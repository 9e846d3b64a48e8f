//! When each source runs, and what happens when one does not come back.
//!
//! [`Schedule`] is the rule and nothing else: it is told the time, what is wanted and what came
//! back, and says what to start and when to publish. It never waits, so a source that hangs costs
//! the others nothing: it is marked, not called again until it returns, and everything else goes
//! on at full rate. [`workers`] are the threads it drives.

use std::time::Duration;

use crate::model::source::{Remedy, SourceFinding, SourceHealth, SourceState};
use crate::model::{Problem, Reading, Reason, Seconds, UnixMillis};

use super::TakenAt;

pub mod workers;

/// A source is called slow after so many slow runs in a row: now and then any is, on a busy machine.
const SLOW_RUNS: u32 = 3;

/// A source that is read in the background and is not there is looked for again this often.
const BACKGROUND_RETRY: Duration = Duration::from_secs(600);

/// After a pause, the second sample comes this soon, so that rates are there at once.
const QUICK_SECOND_SAMPLE: Duration = Duration::from_millis(500);

/// What a source is collected for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// Cheap: the host at a glance.
    Summary,
    /// Dear: the process table and its like.
    Detail,
}

/// How one source is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Its name.
    pub name: &'static str,
    /// What it is collected for.
    pub tier: Tier,
    /// Time between runs while its tier is wanted.
    pub interval: Duration,
    /// Time between runs while nobody wants its tier: for what has to be watched to be known, as since
    /// when a card is idle. None, which is usual: then it is not run. Whatever there is not on this
    /// machine is looked for once, and then every ten minutes.
    pub background: Option<Duration>,
    /// A run that takes longer is stuck.
    pub deadline: Duration,
}

/// Sources whose values change slowly are read no more often than this.
#[must_use]
pub fn shortest_interval(name: &str) -> Duration {
    Duration::from_secs(match name {
        "filesystems" | "sensors" | "logins" | "numa" => 5,
        "raid" | "sockets" | "zfs" => 10,
        "system" | "clock" | "units" => 30,
        _ => 0,
    })
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With a value.
    Done,
    /// Without one, and why.
    Failed(Reason),
}

/// What to do now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turn {
    /// Sources to start, by number. Their run is counted as begun.
    pub start: Vec<usize>,
    /// Sources that have just become stuck.
    pub stuck: Vec<usize>,
    /// Publish a snapshot now.
    pub publish: bool,
    /// Come back after this long, unless something happens before; never, if nothing is wanted
    /// and nothing runs.
    pub wake_after: Option<Duration>,
}

/// The rule; see the module text.
#[derive(Debug)]
pub struct Schedule {
    slots: Vec<Slot>,
    /// A snapshot waits this long for the sources started with it, once.
    gather: Duration,
    unpublished: bool,
}

#[derive(Debug)]
struct Slot {
    plan: Plan,
    due: Option<Duration>,
    /// When it is to be run next though nobody wants it.
    background_due: Option<Duration>,
    /// When it was started last, by the clock that never jumps.
    started: Option<Duration>,
    /// Whether the run was started for nobody, and nobody has come since.
    is_background: bool,
    /// Whether the next run is the second one after a pause.
    warming: bool,
    running_since: Option<TakenAt>,
    problem: Option<Problem>,
    started_at: Option<UnixMillis>,
    last_duration: Option<Duration>,
    runs: u64,
    failures: u64,
    skipped: u64,
    findings: Vec<SourceFinding>,
    /// Runs in a row that took longer than a snapshot waits.
    slow_runs: u32,
}

impl Schedule {
    /// A schedule of `plans`, nothing running.
    #[must_use]
    pub fn new(plans: &[Plan], gather: Duration) -> Self {
        let slots = plans.iter().map(|plan| Slot::new(*plan)).collect();
        Self { slots, gather, unpublished: false }
    }

    /// Says what to do at `now`, where `wanted` tells which tiers somebody asks for.
    pub fn turn(&mut self, now: TakenAt, wanted: impl Fn(Tier) -> bool) -> Turn {
        let mut turn = Turn::default();
        for (number, slot) in self.slots.iter_mut().enumerate() {
            if slot.has_become_stuck(now.monotonic) {
                slot.mark_stuck();
                turn.stuck.push(number);
                self.unpublished |= !slot.is_background;
            }
            if slot.decide(now, wanted(slot.plan.tier)) {
                turn.start.push(number);
            }
        }
        let gathering = self.slots.iter().any(|slot| slot.runs_for_less_than(self.gather, now));
        if self.unpublished && !gathering {
            self.unpublished = false;
            turn.publish = true;
        }
        turn.wake_after = self.next_event(now.monotonic);
        turn
    }

    /// Takes note of the parts that the newest run of a source did not get.
    pub fn found(&mut self, number: usize, findings: Vec<SourceFinding>) {
        if let Some(slot) = self.slots.get_mut(number) {
            slot.findings = findings;
        }
    }

    /// Whether the run that goes on was started for nobody, and nobody has come since.
    #[must_use]
    pub fn runs_for_nobody(&self, number: usize) -> bool {
        self.slots.get(number).is_some_and(|slot| slot.is_background)
    }

    /// Takes note that a run has ended.
    pub fn ended(&mut self, number: usize, ending: Ending, at: TakenAt) {
        let Some(slot) = self.slots.get_mut(number) else { return };
        let Some(begun) = slot.running_since.take() else { return };
        let took = at.monotonic.saturating_sub(begun.monotonic);
        slot.last_duration = Some(took);
        slot.slow_runs = if took > self.gather { slot.slow_runs.saturating_add(1) } else { 0 };
        slot.runs += 1;
        slot.problem = match ending {
            Ending::Done => None,
            Ending::Failed(reason) => {
                if SourceState::after(Some(reason)) != SourceState::NotThere {
                    slot.failures += 1;
                }
                Some(match slot.problem {
                    Some(earlier) if earlier.reason == reason => earlier,
                    _ => Problem { reason, since_ms: at.wall },
                })
            }
        };
        // What was read for nobody is told with the next that is read for somebody.
        self.unpublished |= !std::mem::take(&mut slot.is_background);
    }

    /// What is wrong with a source now.
    #[must_use]
    pub fn problem(&self, number: usize) -> Option<Problem> {
        self.slots.get(number).and_then(|slot| slot.problem)
    }

    /// How every source is doing.
    #[must_use]
    pub fn health(&self) -> Vec<SourceHealth> {
        self.slots.iter().map(Slot::health).collect()
    }

    fn next_event(&self, now: Duration) -> Option<Duration> {
        let of_slot = |slot: &Slot| {
            let running = slot.running_since.map(|begun| begun.monotonic);
            let gathered = running.map(|begun| begun + self.gather).filter(|_| self.unpublished);
            let stuck = running.map(|begun| begun + slot.plan.deadline);
            [slot.due, slot.background_due, gathered, stuck]
                .into_iter()
                .flatten()
                .filter(|at| *at > now)
                .min()
        };
        self.slots.iter().filter_map(of_slot).min().map(|at| at - now)
    }
}

impl Slot {
    fn new(plan: Plan) -> Self {
        Self {
            plan,
            due: None,
            background_due: None,
            started: None,
            is_background: false,
            warming: false,
            running_since: None,
            problem: None,
            started_at: None,
            last_duration: None,
            runs: 0,
            failures: 0,
            skipped: 0,
            findings: Vec::new(),
            slow_runs: 0,
        }
    }

    /// Moves the due time on and says whether to start a run now.
    fn decide(&mut self, now: TakenAt, wanted: bool) -> bool {
        if !wanted {
            // A pause: the next demand begins at once.
            if self.due.is_some_and(|due| due <= now.monotonic) {
                self.due = None;
            }
            return self.decide_in_background(now);
        }
        self.background_due = None;
        if std::mem::take(&mut self.is_background) && self.running_since.is_some() {
            // What was begun for nobody is fresh enough for whoever comes now.
            self.due = Some(now.monotonic + self.plan.interval.min(QUICK_SECOND_SAMPLE));
            return false;
        }
        let due = *self.due.get_or_insert_with(|| {
            self.warming = true;
            now.monotonic
        });
        if now.monotonic < due {
            return false;
        }
        let step = if std::mem::take(&mut self.warming) {
            self.plan.interval.min(QUICK_SECOND_SAMPLE)
        } else {
            self.plan.interval
        };
        // Missed ticks (a suspended machine) are left out, the rhythm is kept.
        let late = now.monotonic - due;
        self.due = Some(if late < step { due + step } else { now.monotonic + step });
        if self.running_since.is_some() {
            self.skipped += 1;
            return false;
        }
        self.begin(now);
        true
    }

    /// Whether to start a run for nobody.
    fn decide_in_background(&mut self, now: TakenAt) -> bool {
        let Some(interval) = self.plan.background else { return false };
        let pause = match SourceState::after(self.problem.map(|problem| problem.reason)) {
            SourceState::NotThere => interval.max(BACKGROUND_RETRY),
            _ => interval,
        };
        let due = self.started.map_or(now.monotonic, |started| started + pause);
        self.background_due = Some(due);
        if now.monotonic < due || self.running_since.is_some() {
            return false;
        }
        self.begin(now);
        self.is_background = true;
        self.background_due = Some(now.monotonic + pause);
        true
    }

    fn begin(&mut self, now: TakenAt) {
        self.running_since = Some(now);
        self.started = Some(now.monotonic);
        self.started_at = Some(now.wall);
    }

    fn runs_for_less_than(&self, limit: Duration, now: TakenAt) -> bool {
        !self.is_background
            && self.running_since.is_some_and(|begun| now.monotonic < begun.monotonic + limit)
    }

    fn has_become_stuck(&self, now: Duration) -> bool {
        let overdue =
            self.running_since.is_some_and(|begun| now >= begun.monotonic + self.plan.deadline);
        overdue && self.problem.is_none_or(|problem| problem.reason != Reason::NotResponding)
    }

    fn mark_stuck(&mut self) {
        if let Some(begun) = self.running_since {
            self.problem = Some(Problem { reason: Reason::NotResponding, since_ms: begun.wall });
        }
    }

    fn state(&self) -> SourceState {
        match SourceState::after(self.problem.map(|problem| problem.reason)) {
            SourceState::Well if self.runs == 0 => SourceState::Waiting,
            SourceState::Well if !self.findings.is_empty() => SourceState::Partial,
            SourceState::Well if self.slow_runs >= SLOW_RUNS => SourceState::Slow,
            state => state,
        }
    }

    fn health(&self) -> SourceHealth {
        let duration = self.last_duration.map(|duration| Seconds::new(duration.as_secs_f64()));
        SourceHealth {
            name: self.plan.name.to_owned(),
            state: self.state(),
            problem: self.problem,
            remedy: self
                .problem
                .map_or(Remedy::Nothing, |problem| Remedy::of(self.plan.name, problem.reason)),
            findings: self.findings.clone(),
            interval_ms: u64::try_from(self.plan.interval.as_millis()).unwrap_or(u64::MAX),
            duration_seconds: Reading::from_option(duration, Reason::NotCollected),
            started_at_ms: Reading::from_option(self.started_at, Reason::NotCollected),
            runs: self.runs,
            failures: self.failures,
            skipped: self.skipped,
        }
    }
}

#[cfg(test)]
mod tests;
