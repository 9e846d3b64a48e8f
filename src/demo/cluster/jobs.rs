//! What runs on the made-up cards: jobs one after the other, found by hashing periods of time, so that
//! they are the same whichever way time is walked.

use super::dice::Dice;
use super::site::{Access, Host, Lane, Mishap};
use crate::model::UnixMillis;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
pub(super) const DAY_MS: i64 = 24 * HOUR_MS;

/// How long a job reads its data before it computes, in seconds.
const LOADING_SECONDS: f64 = 240.0;

/// The most jobs of one lane in one period.
const JOBS_MAX: u64 = 24;

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Computes for hours, on all cards it can have.
    Training,
    /// The same, shorter.
    Finetuning,
    /// Answers questions, fewer at night.
    Serving,
    /// Computes while somebody sits there, then holds its card until somebody ends it.
    Notebook,
}

/// A job on cards.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job {
    pub(super) dice: Dice,
    pub(super) work: Work,
    /// Place in the list of people.
    pub(super) person: usize,
    pub(super) start: i64,
    /// When it is over, by itself or not.
    pub(super) end: i64,
    /// Whether it ends badly.
    pub(super) crashes: bool,
    /// From when on it computes nothing.
    pub(super) idle_from: Option<i64>,
    /// Its cards: one bit each.
    pub(super) cards: u32,
    /// Of each card's memory, once everything is loaded, 0 to 1.
    pub(super) share: f64,
    pub(super) access: Access,
}

/// A time in which a card does not work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spell {
    pub(super) card: u32,
    /// Number of the error that began it.
    pub(super) code: u32,
    pub(super) from: i64,
    pub(super) until: i64,
    pub(super) lost: bool,
}

impl Spell {
    fn is_at(&self, at: i64) -> bool {
        (self.from..self.until).contains(&at)
    }
}

/// The times near `at` in which the one card of this host does not work that has mishaps.
pub(super) fn spells(host: &Host, at: i64) -> impl Iterator<Item = Spell> + Clone + '_ {
    let day = at.div_euclid(DAY_MS);
    host.mishap.into_iter().flat_map(move |mishap| {
        (day - 4..=day).map(move |day| {
            let dice = host.dice.of(8);
            // Within the working day, at no round time.
            let from = day * DAY_MS + hours(dice.of(1).between(7.1, 15.9));
            match mishap {
                Mishap::Lost(card) => {
                    Spell { card, code: 79, from, until: from + DAY_MS, lost: true }
                }
                Mishap::Error(card) => {
                    let code = [48, 95, 119][dice.of(2).of(day as u64).below(3) as usize];
                    Spell { card, code, from, until: from + 15 * HOUR_MS, lost: false }
                }
            }
        })
    })
}

/// How a card does not work at `at`, if it does not.
pub(super) fn spell_of(host: &Host, card: u32, at: i64) -> Option<Spell> {
    spells(host, at).find(|spell| spell.card == card && spell.is_at(at))
}

/// The jobs of a lane that are on at `at` or were not long before, in order.
pub(super) fn near(host: &Host, lane: &Lane, at: UnixMillis) -> Vec<Job> {
    let period = hours(lane.dice.of(0).between(17.0, 31.0));
    let phase = lane.dice.of(1).below(period.unsigned_abs()) as i64;
    let number = (at.0 - phase).div_euclid(period);
    let mut jobs = Vec::new();
    for number in [number - 1, number] {
        let begin = phase + number * period;
        of_period(host, lane, lane.dice.of(2).of(number as u64), begin..begin + period, &mut jobs);
    }
    jobs.retain(|job| job.start <= at.0);
    jobs
}

fn of_period(
    host: &Host,
    lane: &Lane,
    dice: Dice,
    period: std::ops::Range<i64>,
    jobs: &mut Vec<Job>,
) {
    let mut at = period.start;
    for number in 0..JOBS_MAX {
        let dice = dice.of(number);
        at += pause(dice.of(0));
        if at + 10 * MINUTE_MS >= period.end {
            break;
        }
        let job = job(host, lane, dice, at, period.end);
        at = job.end;
        jobs.extend(with_mishaps(host, job));
    }
}

/// Between two jobs: the next one waits already, or somebody comes some time.
fn pause(dice: Dice) -> i64 {
    let length = match dice.of(0).unit() {
        share if share < 0.46 => dice.of(1).between(0.002, 0.05),
        share if share < 0.84 => dice.of(1).between(0.1, 3.0),
        _ => dice.of(1).between(2.0, 9.0),
    };
    hours(length)
}

fn hours(hours: f64) -> i64 {
    (hours * HOUR_MS as f64) as i64
}

/// Hours since midnight.
pub(super) fn hour(at: i64) -> f64 {
    at.rem_euclid(DAY_MS) as f64 / HOUR_MS as f64
}

fn job(host: &Host, lane: &Lane, dice: Dice, start: i64, latest: i64) -> Job {
    let is_day = (7.0..21.0).contains(&hour(start));
    let throw = dice.of(1).unit();
    let work = match host.kind.access {
        Access::Batch if throw < 0.4 => Work::Training,
        Access::Batch if throw < 0.62 => Work::Finetuning,
        Access::Batch if throw < 0.68 => Work::Serving,
        Access::Containers if throw < 0.22 => Work::Training,
        Access::Containers if throw < 0.4 => Work::Finetuning,
        Access::Containers if throw < 0.66 => Work::Serving,
        Access::Sessions if throw < 0.3 => Work::Training,
        Access::Sessions if throw < 0.55 => Work::Finetuning,
        // Nobody opens a notebook at night.
        _ if is_day => Work::Notebook,
        _ => Work::Training,
    };
    let (length, cards, share) = match work {
        Work::Training => {
            let half = lane.width > 1 && dice.of(2).happens(0.15);
            let cards = if half { lane.width / 2 } else { lane.width };
            (dice.of(3).between(2.0, 15.0), cards, dice.of(4).between(0.6, 0.94))
        }
        Work::Finetuning => {
            let cards = 1 + dice.of(2).below(u64::from(lane.width)) as u32;
            (dice.of(3).between(0.6, 4.5), cards, dice.of(4).between(0.35, 0.85))
        }
        Work::Serving => {
            let cards = if dice.of(2).happens(0.5) { lane.width.min(2) } else { 1 };
            (dice.of(3).between(8.0, 40.0), cards, dice.of(4).between(0.55, 0.92))
        }
        Work::Notebook => (dice.of(3).between(3.0, 14.0), 1, dice.of(4).between(0.06, 0.45)),
    };
    let crashes = matches!(work, Work::Training | Work::Finetuning) && dice.of(5).happens(0.14);
    let length = if crashes { dice.of(3).between(0.05, 0.7) } else { length };
    let end = (start + hours(length)).min(latest);
    let idle_from = start + hours(dice.of(6).between(0.2, 1.6));
    Job {
        dice,
        work,
        // Some people have more to compute than others.
        person: (dice.of(7).unit().powf(1.4) * 26.0) as usize,
        start,
        end,
        crashes,
        idle_from: (work == Work::Notebook && idle_from < end).then_some(idle_from),
        cards: ((1_u32 << cards) - 1) << lane.first,
        share,
        access: host.kind.access,
    }
}

/// A job ends when one of its cards breaks, and is not given one that is broken; none if no card is left.
fn with_mishaps(host: &Host, mut job: Job) -> Option<Job> {
    for spell in spells(host, job.end) {
        if job.cards & (1 << spell.card) == 0 {
            continue;
        }
        if spell.is_at(job.start) {
            job.cards &= !(1 << spell.card);
        } else if job.start < spell.from && spell.from < job.end {
            job.end = spell.from;
            job.crashes = true;
        }
    }
    (job.cards != 0)
        .then_some(Job { idle_from: job.idle_from.filter(|idle| *idle < job.end), ..job })
}

impl Job {
    pub(super) fn is_on(&self, at: UnixMillis) -> bool {
        (self.start..self.end).contains(&at.0)
    }

    pub(super) fn has(&self, card: u32) -> bool {
        self.cards & (1 << card) != 0
    }

    fn age_seconds(&self, at: UnixMillis) -> f64 {
        (at.0 - self.start) as f64 / 1000.0
    }

    /// Whether it computes nothing at `at`.
    pub(super) fn is_idle(&self, at: UnixMillis) -> bool {
        self.idle_from.is_some_and(|from| from <= at.0)
    }

    /// Of what it takes in the end, what it has taken: much at once, the rest in an hour.
    pub(super) fn grown(&self, at: UnixMillis) -> f64 {
        let age = self.age_seconds(at);
        (0.06 + 0.8 * (age / LOADING_SECONDS).min(1.0) + 0.14 * (age / 3600.0).min(1.0)).min(1.0)
    }

    /// Share of time that it keeps one of its cards busy on the whole, 0–100.
    pub(super) fn usual_level(&self, at: UnixMillis) -> f64 {
        let dice = self.dice.of(8);
        match self.work {
            _ if self.is_idle(at) => 0.0,
            Work::Training => dice.between(88.0, 98.0),
            Work::Finetuning => dice.between(58.0, 91.0),
            Work::Serving => dice.between(22.0, 60.0) * busy_hours(at),
            Work::Notebook => 30.0,
        }
    }

    /// Share of time that it keeps this card busy, 0–100: at least 3 while it computes at all.
    pub(super) fn level(&self, card: u32, at: UnixMillis) -> f64 {
        if self.is_idle(at) {
            return 0.0;
        }
        let wave = self.dice.of(9).of(u64::from(card)).wave(at, 11.0);
        let age = self.age_seconds(at);
        let usual = self.usual_level(at);
        let level = match self.work {
            Work::Notebook => 74.0 * wave * wave,
            _ if age < LOADING_SECONDS => 3.0 + 5.0 * wave,
            // While a checkpoint is written, cards wait.
            Work::Training if age.rem_euclid(1260.0) < 24.0 => usual * 0.12,
            Work::Training => usual + 4.0 * (wave - 0.5),
            Work::Finetuning => usual + 16.0 * (wave - 0.5),
            Work::Serving => usual * (0.4 + 1.2 * wave),
        };
        level.clamp(3.0, 100.0).round()
    }

    /// Share of one logical processor that the process of one card takes, in percent.
    pub(super) fn cpu(&self, card: u32, at: UnixMillis) -> f64 {
        let wave = self.dice.of(10).of(u64::from(card)).wave(at, 9.0);
        let usual = match self.work {
            Work::Training => self.dice.of(11).between(85.0, 190.0),
            Work::Finetuning => self.dice.of(11).between(70.0, 120.0),
            Work::Serving => self.dice.of(11).between(40.0, 220.0) * busy_hours(at),
            Work::Notebook if self.is_idle(at) => return 0.3,
            Work::Notebook => 60.0,
        };
        usual * (0.85 + 0.3 * wave)
    }

    /// Memory of the machine that the process of one card has in the end, in GiB.
    pub(super) fn resident_gib(&self) -> f64 {
        let dice = self.dice.of(12);
        match self.work {
            Work::Training => dice.between(9.0, 30.0),
            Work::Finetuning => dice.between(5.0, 16.0),
            Work::Serving => dice.between(6.0, 18.0),
            Work::Notebook => dice.between(1.5, 11.0),
        }
    }

    /// Somebody else who computes a little on this card beside it: who, and of its memory how much.
    pub(super) fn guest(&self, card: u32, at: UnixMillis) -> Option<Guest> {
        let dice = self.dice.of(13).of(u64::from(card));
        let is_open = self.access != Access::Batch && self.share < 0.84 && self.idle_from.is_none();
        if !is_open || !dice.of(0).happens(0.2) {
            return None;
        }
        let length = (self.end - self.start) as f64;
        let start = self.start + (length * dice.of(1).between(0.15, 0.4)) as i64;
        let end = self.start + (length * dice.of(2).between(0.5, 0.85)) as i64;
        (start..end).contains(&at.0).then(|| Guest {
            dice,
            person: self.person + 1 + dice.of(3).below(7) as usize,
            start,
            share: dice.of(4).between(0.04, 0.11),
        })
    }
}

/// A small process on a card that somebody else's job has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guest {
    pub(super) dice: Dice,
    pub(super) person: usize,
    pub(super) start: i64,
    pub(super) share: f64,
}

/// How much is asked of services at this time of day: 0.3 at night, 1 in the afternoon.
pub(super) fn busy_hours(at: UnixMillis) -> f64 {
    let turn = (hour(at.0) - 15.0) / 24.0 * std::f64::consts::TAU;
    0.65 + 0.35 * turn.cos()
}
