//! What happens on a made-up host at a moment: its jobs, and what each of its cards does. Everything else
//! that is told of the host is made from this.

use super::dice::Dice;
use super::jobs::{self, Guest, Job, Spell};
use super::people::Person;
use super::site::Host;
use crate::demo::GIB;
use crate::demo::moment::Moment;
use crate::model::{Bytes, UnixMillis};

/// For how long a card must do nothing to be called free, and held.
const FREE_AFTER_MS: i64 = 30_000;
const HELD_AFTER_MS: i64 = 600_000;

/// A host at a moment.
pub(super) struct Scene<'a> {
    pub(super) host: &'a Host,
    pub(super) moment: Moment,
    pub(super) cards: Vec<Card>,
    /// Jobs that need no card.
    pub(super) batch: Vec<Batch>,
    /// Memory of the machine that one process on a card is to have at most, of what it would like.
    fitting: f64,
}

/// A card at a moment.
pub(super) struct Card {
    pub(super) index: u32,
    pub(super) job: Option<Job>,
    pub(super) guest: Option<Guest>,
    /// How it does not work, if it does not.
    pub(super) spell: Option<Spell>,
    /// Share of time it is busy, 0–100, and on the whole.
    pub(super) level: f64,
    pub(super) usual_level: f64,
    pub(super) state: State,
    pub(super) since: UnixMillis,
    pub(super) idle_since: Option<UnixMillis>,
    /// The program that last was told that it did something wrong: when.
    pub(super) complaint: Option<UnixMillis>,
}

/// How a card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Free,
    Held,
    Busy,
    Fault,
}

/// A job that needs no card.
pub(super) struct Batch {
    pub(super) dice: Dice,
    pub(super) person: usize,
    pub(super) start: UnixMillis,
    /// In percent of one logical processor.
    pub(super) cpu: f64,
    pub(super) resident: f64,
    pub(super) pid: u32,
}

/// A process on a card.
pub(super) struct Task<'a> {
    pub(super) card: &'a Card,
    pub(super) job: &'a Job,
    /// Whose it is, if it is not of the job itself.
    pub(super) guest: Option<Guest>,
    pub(super) pid: u32,
    pub(super) user: (&'static str, u32),
    pub(super) start: UnixMillis,
    /// Memory of the card.
    pub(super) memory: Bytes,
    /// Share of time it keeps the card busy, 0–100.
    pub(super) level: f64,
    /// In percent of one logical processor.
    pub(super) cpu: f64,
    /// Memory of the machine.
    pub(super) resident: f64,
}

impl<'a> Scene<'a> {
    pub(super) fn new(host: &'a Host, at: UnixMillis) -> Self {
        let moment = Moment::of(host.dice.number(), at, host.hardware);
        let mut cards = Vec::new();
        for lane in &host.lanes {
            let jobs = jobs::near(host, lane, at);
            for index in lane.first..lane.first + lane.width {
                cards.push(card(host, index, &jobs, at));
            }
        }
        // Half of its memory is for jobs on cards, however many cards it has.
        let wanted = f64::from(host.cards) * 30.0 * GIB;
        let fitting = (host.hardware.memory.0 as f64 * 0.5 / wanted.max(1.0)).min(1.0);
        Self { host, moment, cards, batch: batch(host, at), fitting }
    }

    /// Processes on cards, by card, then number.
    pub(super) fn tasks(&self) -> Vec<Task<'_>> {
        let at = self.moment.at;
        let mut tasks = Vec::new();
        for card in &self.cards {
            let Some(job) = &card.job else { continue };
            let own = card.index * 16_384 + 100_000;
            tasks.push(Task {
                card,
                job,
                guest: None,
                pid: own + job.dice.below(8000) as u32,
                user: Person::account(job.person),
                start: UnixMillis(job.start),
                memory: self.card_memory(job.share * job.grown(at)),
                level: job.level(card.index, at),
                cpu: job.cpu(card.index, at),
                resident: job.resident_gib() * self.fitting * job.grown(at) * GIB,
            });
            let Some(guest) = card.guest else { continue };
            tasks.push(Task {
                card,
                job,
                guest: Some(guest),
                pid: own + 8000 + guest.dice.below(8000) as u32,
                user: Person::account(guest.person),
                start: UnixMillis(guest.start),
                memory: self.card_memory(guest.share),
                level: 0.0,
                cpu: 22.0 * guest.dice.of(5).wave(at, 13.0),
                resident: 1.6 * GIB,
            });
        }
        tasks
    }

    /// A share of a card's memory, in the pieces of 2 MiB that cards give.
    fn card_memory(&self, share: f64) -> Bytes {
        let mib = self.host.kind.model.map_or(0, |model| model.memory_mib);
        Bytes((mib as f64 * share / 2.0).round() as u64 * (2 << 20))
    }

    /// Share of time that its processors are busy, 0–100.
    pub(super) fn busy(&self, tasks: &[Task<'_>]) -> f64 {
        let cards: f64 = tasks.iter().map(|task| task.cpu).sum();
        let batch: f64 = self.batch.iter().map(|batch| batch.cpu).sum();
        let threads = f64::from(self.host.hardware.threads);
        let rest = 0.3 + 0.5 * self.host.dice.of(20).wave(self.moment.at, 17.0);
        ((cards + batch) / threads + rest).clamp(0.1, 99.5)
    }

    /// Memory of the machine that is used.
    pub(super) fn used(&self, tasks: &[Task<'_>]) -> Bytes {
        let cards: f64 = tasks.iter().map(|task| task.resident).sum();
        let batch: f64 = self.batch.iter().map(|batch| batch.resident).sum();
        let total = self.host.hardware.memory.0;
        let rest = (4.0 + 5.0 * self.host.dice.of(21).unit()) * GIB;
        Bytes(((cards + batch + rest) as u64).min(total / 100 * 97))
    }
}

fn card(host: &Host, index: u32, jobs: &[Job], at: UnixMillis) -> Card {
    let mine = || jobs.iter().filter(|job| job.has(index));
    let spell = jobs::spell_of(host, index, at.0);
    let job = mine().find(|job| job.is_on(at)).copied().filter(|_| spell.is_none());
    let before = mine().filter(|job| job.end <= at.0).max_by_key(|job| job.end);
    let repaired = jobs::spells(host, at.0)
        .filter(|spell| spell.card == index && spell.until <= at.0)
        .map(|spell| spell.until)
        .max();
    // Nobody was there for as long as is looked back.
    let longest = jobs.first().map_or(at.0 - jobs::DAY_MS, |job| job.start);
    let last_idle = before.map_or(longest, |job| job.idle_from.unwrap_or(job.end));
    let idle_since = match &job {
        Some(job) => job.idle_from.filter(|from| *from <= at.0),
        None => Some(last_idle.max(repaired.unwrap_or(last_idle))),
    };
    let (state, since) = match (&spell, &job, idle_since) {
        (Some(spell), _, _) => (State::Fault, spell.from),
        (None, Some(_), Some(idle)) if at.0 - idle >= HELD_AFTER_MS => {
            (State::Held, idle + HELD_AFTER_MS)
        }
        (None, Some(job), _) => (State::Busy, job.start),
        (None, None, Some(idle)) if at.0 - idle < FREE_AFTER_MS => {
            // It was in use a moment ago.
            (State::Busy, before.map_or(idle, |job| job.start).min(at.0))
        }
        (None, None, idle) => {
            let idle = idle.unwrap_or(at.0);
            let ended = before.map_or(idle, |job| job.end).max(repaired.unwrap_or(0));
            (State::Free, ended.max(idle + FREE_AFTER_MS).min(at.0))
        }
    };
    Card {
        index,
        guest: job.and_then(|job| job.guest(index, at)),
        level: job.map_or(0.0, |job| job.level(index, at)),
        usual_level: job.map_or(0.0, |job| job.usual_level(at)),
        job,
        spell,
        state,
        since: UnixMillis(since),
        idle_since: idle_since.filter(|_| spell.is_none()).map(UnixMillis),
        complaint: complaint(jobs, index, at),
    }
}

/// Some programs end badly because they read where they may not; the driver tells the first of their cards.
fn complaint(jobs: &[Job], index: u32, at: UnixMillis) -> Option<UnixMillis> {
    let told = jobs.iter().filter(|job| {
        let is_told = job.crashes && job.cards.trailing_zeros() == index;
        is_told && job.dice.of(14).happens(0.3) && (0..jobs::DAY_MS).contains(&(at.0 - job.end))
    });
    told.map(|job| UnixMillis(job.end)).max_by_key(|at| at.0)
}

/// What is computed without cards: four places, each with one job after the other and pauses.
fn batch(host: &Host, at: UnixMillis) -> Vec<Batch> {
    let mut all = Vec::new();
    for place in 0..4_u32 {
        let dice = host.dice.of(22).of(u64::from(place));
        let period = (dice.of(0).between(0.4, 7.0) * 3.6e6) as i64;
        let phase = dice.of(1).below(period.unsigned_abs()) as i64;
        let round = (at.0 - phase).div_euclid(period);
        let start = phase + round * period;
        let dice = dice.of(2).of(round as u64);
        let is_cpu_server = host.cards == 0;
        if !dice.of(0).happens(if is_cpu_server { 0.85 } else { 0.4 }) {
            continue;
        }
        let most = f64::from(host.hardware.threads) * if is_cpu_server { 24.0 } else { 14.0 };
        let cpu = most * dice.of(1).unit() * (0.85 + 0.15 * dice.of(2).wave(at, 8.0));
        let grown = ((at.0 - start) as f64 / 300_000.0).min(1.0);
        let share = dice.of(3).unit().powi(2) * if is_cpu_server { 0.17 } else { 0.07 };
        all.push(Batch {
            dice,
            person: dice.of(4).below(26) as usize,
            start: UnixMillis(start),
            cpu,
            resident: host.hardware.memory.0 as f64 * share * grown,
            pid: 500_000 + place * 1009 + dice.below(997) as u32,
        });
    }
    all
}
