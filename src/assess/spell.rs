//! How long something has lasted, as far as it was watched.

use std::time::Duration;

use super::Moment;
use crate::model::{Reading, Reason, UnixMillis};

/// Two clocks may run apart this far before the time of day is taken to have been set.
const CLOCK_SLACK_MS: i64 = 2_000;

/// Something that holds or does not hold, looked at from time to time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spell {
    longest_gap: Duration,
    begun: Option<Begun>,
    looked: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
struct Begun {
    at: Moment,
    /// Whether it was seen not to hold before.
    is_seen: bool,
}

impl Spell {
    pub(super) fn new(longest_gap: Duration) -> Self {
        Self { longest_gap, begun: None, looked: None }
    }

    /// A look at `now`; none: this time it could not be told, which neither begins nor ends anything.
    pub(super) fn look(&mut self, holds: Option<bool>, now: Moment) {
        let Some(holds) = holds else { return };
        if !self.is_watched(now) {
            (self.begun, self.looked) = (None, None);
        }
        let is_seen = self.looked.is_some();
        self.begun = holds.then(|| {
            let begun = self.begun.unwrap_or(Begun { at: now, is_seen });
            Begun { at: begun.at.as_told_at(now), ..begun }
        });
        self.looked = Some(now.monotonic);
    }

    /// How long it has lasted for sure; none if it does not hold or was not looked at for too long.
    pub(super) fn lasts(&self, now: Moment) -> Option<Duration> {
        let begun = self.begun.filter(|_| self.is_watched(now))?;
        Some(now.monotonic.saturating_sub(begun.at.monotonic))
    }

    /// Whether it has lasted that long, for sure.
    pub(super) fn has_lasted(&self, for_long: Duration, now: Moment) -> bool {
        self.lasts(now).is_some_and(|lasts| lasts >= for_long)
    }

    /// Whether it holds and its beginning was seen.
    pub(super) fn is_begin_known(&self) -> bool {
        self.begun.is_some_and(|begun| begun.is_seen)
    }

    /// Since when it holds: `not_supported` if it does not, `measuring` if its beginning was not seen.
    pub(super) fn since(&self, now: Moment) -> Reading<UnixMillis> {
        match self.begun.filter(|_| self.is_watched(now)) {
            None => Reading::absent(Reason::NotSupported),
            Some(Begun { is_seen: false, .. }) => Reading::absent(Reason::Measuring),
            Some(Begun { at, .. }) => Reading::Present(at.wall),
        }
    }

    fn is_watched(&self, now: Moment) -> bool {
        self.looked.is_some_and(|at| now.monotonic.saturating_sub(at) <= self.longest_gap)
    }
}

impl Moment {
    /// The same moment with the time of day as it has to be told at `now`. After the clock was set, a
    /// time that was noted before is off by as much. A machine that was asleep looks the same from
    /// here; then this tells a later beginning than the true one, never an earlier.
    pub(super) fn as_told_at(self, now: Moment) -> Moment {
        let passed = now.monotonic.saturating_sub(self.monotonic).as_millis();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        let off = now.wall.since(self.wall).saturating_sub(passed);
        if off.abs() <= CLOCK_SLACK_MS {
            return self;
        }
        Moment { wall: UnixMillis(now.wall.0.saturating_sub(passed)), ..self }
    }
}
