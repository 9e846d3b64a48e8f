//! Rates: pure functions of two samples and the time between them. Knows no file and no clock.

use std::time::Duration;

/// The sample before, to take a rate over.
#[derive(Debug)]
pub struct Last<T>(Option<(Duration, T)>);

impl<T> Default for Last<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Last<T> {
    /// The sample before and how long ago that was, unless there is none, no time has passed, or
    /// more than `window`: after a pause a rate would be an average over the pause.
    pub fn base(&self, now: Duration, window: Duration) -> Option<(&T, Duration)> {
        let (at, sample) = self.0.as_ref()?;
        let elapsed = now.checked_sub(*at)?;
        (!elapsed.is_zero() && elapsed <= window).then_some((sample, elapsed))
    }

    /// Makes `sample` the base of the next rate and gives back the one before.
    pub fn replace(&mut self, now: Duration, sample: T) -> Option<T> {
        self.0.replace((now, sample)).map(|(_, before)| before)
    }
}

/// How much a counter grew per second; `None` if it fell (it was reset) or no time has passed.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 53 bits")]
pub fn per_second(earlier: u64, later: u64, elapsed: Duration) -> Option<f64> {
    let growth = later.checked_sub(earlier)?;
    (!elapsed.is_zero()).then(|| growth as f64 / elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_base_is_earlier_and_not_too_old() {
        let mut last = Last::default();
        assert_eq!(last.base(SECOND, SECOND * 10), None);
        last.replace(SECOND, 'a');
        assert_eq!(last.base(SECOND, SECOND * 10), None, "no time has passed");
        assert_eq!(last.base(Duration::ZERO, SECOND * 10), None, "time went back");
        assert_eq!(last.base(SECOND * 11, SECOND * 10), Some((&'a', SECOND * 10)));
        assert_eq!(last.base(SECOND * 12, SECOND * 10), None, "too old");
    }

    #[test]
    fn a_counter_that_falls_has_no_rate() {
        assert_eq!(per_second(10, 30, SECOND * 2), Some(10.0));
        assert_eq!(per_second(10, 10, SECOND), Some(0.0));
        assert_eq!(per_second(11, 10, SECOND), None);
        assert_eq!(per_second(0, 10, Duration::ZERO), None);
    }
}
