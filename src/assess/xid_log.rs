//! XID errors of the last day, counted by code: the list of events is short, and a program that fails
//! in a loop pushes out of it what matters.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::Moment;
use super::rules::Rules;
use super::xid::{self, Fault};
use crate::model::UnixMillis;
use crate::model::gpu::{GPU_EVENTS_MAX, GpuEvent, GpuFinding, Severity};

/// Different codes that are remembered of a card; there are not many more at all.
const CODES_MAX: usize = 64;

const HOUR: u64 = 3600;

/// Finds out which events of a list, newest first, were not in the one before.
#[derive(Debug, Default)]
pub(super) struct NewEvents {
    earlier: Vec<Mark>,
}

type Mark = (UnixMillis, u32, u32);

impl NewEvents {
    pub(super) fn among(&mut self, list: &[GpuEvent]) -> Vec<GpuEvent> {
        let list = list.get(..GPU_EVENTS_MAX).unwrap_or(list);
        let marks: Vec<Mark> =
            list.iter().map(|event| (event.at_ms, event.gpu, event.code)).collect();
        if marks == self.earlier {
            return Vec::new();
        }
        // What is new stands in front of what is left of the list before.
        let is_rest = |new: usize| {
            let rest = marks.get(new..).unwrap_or_default();
            self.earlier.starts_with(rest)
                && (rest.len() == self.earlier.len() || marks.len() == GPU_EVENTS_MAX)
        };
        let new = (0..=marks.len()).find(|new| is_rest(*new)).unwrap_or(marks.len());
        self.earlier = marks;
        list.iter().take(new).cloned().collect()
    }
}

/// What one card reported.
#[derive(Debug, Default)]
pub(super) struct XidLog {
    codes: BTreeMap<u32, Seen>,
}

#[derive(Debug)]
struct Seen {
    at_ms: UnixMillis,
    last: Duration,
    /// How many in each hour of the monotonic clock, oldest first.
    hours: VecDeque<(u64, u32)>,
    /// Whether the card was reset since.
    is_over: bool,
}

impl XidLog {
    /// Takes note of an event that was not seen before.
    pub(super) fn note(&mut self, event: &GpuEvent, now: Moment) {
        let age = u64::try_from(now.wall.since(event.at_ms)).unwrap_or(0);
        let age = Duration::from_millis(age);
        if age >= Rules::XID_KEPT {
            return;
        }
        let at = now.monotonic.saturating_sub(age);
        if self.codes.len() >= CODES_MAX && !self.codes.contains_key(&event.code) {
            let oldest = self.codes.iter().min_by_key(|(_, seen)| seen.last).map(|(code, _)| *code);
            oldest.map(|code| self.codes.remove(&code));
        }
        let seen = self.codes.entry(event.code).or_insert_with(|| Seen {
            at_ms: event.at_ms,
            last: at,
            hours: VecDeque::new(),
            is_over: false,
        });
        if at >= seen.last {
            (seen.at_ms, seen.last) = (event.at_ms, at);
        }
        seen.is_over = false;
        let hour = at.as_secs() / HOUR;
        match seen.hours.iter_mut().find(|(of, _)| *of == hour) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => seen.hours.push_back((hour, 1)),
        }
    }

    /// Forgets what is older than a day.
    pub(super) fn forget_old(&mut self, now: Moment) {
        let first = now.monotonic.saturating_sub(Rules::XID_KEPT).as_secs() / HOUR;
        self.codes.retain(|_, seen| {
            seen.hours.retain(|(hour, _)| *hour >= first);
            now.monotonic.saturating_sub(seen.last) < Rules::XID_KEPT
        });
    }

    /// The card was reset: what came before is history.
    pub(super) fn card_was_reset(&mut self) {
        for seen in self.codes.values_mut() {
            seen.is_over = true;
        }
    }

    /// Whether the card is faulty because of an error.
    pub(super) fn is_faulty(&self, now: Moment) -> bool {
        self.codes.iter().any(|(code, seen)| seen.is_faulty(*code, now))
    }

    /// What came within the last day.
    pub(super) fn findings(&self, now: Moment) -> impl Iterator<Item = GpuFinding> + '_ {
        self.codes.iter().map(move |(code, seen)| {
            let known = xid::of(*code);
            let is_faulty = seen.is_faulty(*code, now);
            GpuFinding::Xid {
                code: *code,
                class: known.class,
                action: known.action,
                severity: if is_faulty { Severity::Critical } else { known.severity },
                at_ms: seen.at_ms,
                count: seen.hours.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count)),
            }
        })
    }
}

impl Seen {
    fn is_faulty(&self, code: u32, now: Moment) -> bool {
        let age = now.monotonic.saturating_sub(self.last);
        !self.is_over
            && match xid::of(code).fault {
                Fault::No => false,
                Fault::Short => age < Rules::XID_SHORT_FAULT,
                Fault::UntilReset => age < Rules::XID_KEPT,
            }
    }
}
