//! Units. A number that crosses a module border says what it counts.

use serde::{Deserialize, Serialize};

macro_rules! unit {
    ($(#[$meta:meta])* $name:ident($inner:ty)) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize, Default)]
        #[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
        #[cfg_attr(test, ts(export_to = "api.ts"))]
        #[serde(transparent)]
        pub struct $name(pub $inner);
    };
}

unit!(
    /// Hundredths of a whole, kept to one decimal (a finer figure would be noise and cost bytes on
    /// the wire). 0–100, except where a document says that it may exceed 100 (a process on several
    /// cores).
    Percent(f64)
);
unit!(
    /// Bytes.
    Bytes(u64)
);
unit!(
    /// Bytes per second, to the nearest byte.
    BytesPerSecond(u64)
);
unit!(
    /// A duration in seconds, kept to the microsecond.
    Seconds(f64)
);
unit!(
    /// Cycles per second.
    Hertz(u64)
);
unit!(
    /// Bits per second.
    BitsPerSecond(u64)
);
unit!(
    /// Events per second, kept to one decimal.
    PerSecond(f64)
);
unit!(
    /// Degrees Celsius, kept to one decimal.
    Celsius(f64)
);
unit!(
    /// Watts, kept to one decimal.
    Watts(f64)
);
unit!(
    /// Energy in joules, to the nearest.
    Joules(u64)
);
unit!(
    /// Volts, kept to the millivolt.
    Volts(f64)
);
unit!(
    /// A point in time: milliseconds since 1970-01-01T00:00:00Z.
    UnixMillis(i64)
);

impl Eq for Bytes {}
impl Eq for UnixMillis {}

impl Percent {
    /// `part` of `whole` in percent, to one decimal; `None` if `whole` is not positive or either
    /// number is not finite.
    #[must_use]
    pub fn of(part: f64, whole: f64) -> Option<Self> {
        (whole > 0.0 && whole.is_finite() && part.is_finite())
            .then(|| Self(round_to(part / whole * 100.0, 10.0)))
    }

    /// Like [`Percent::of`] for counts of bytes.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a percentage needs no more than 53 bits")]
    pub fn of_bytes(part: Bytes, whole: Bytes) -> Option<Self> {
        Self::of(part.0 as f64, whole.0 as f64)
    }

    /// The same value kept within 0–100.
    #[must_use]
    pub fn clamped(self) -> Self {
        Self(self.0.clamp(0.0, 100.0))
    }
}

impl Seconds {
    /// A duration to the microsecond.
    #[must_use]
    pub fn new(seconds: f64) -> Self {
        Self(round_to(seconds, 1e6))
    }
}

impl PerSecond {
    /// A rate to one decimal.
    #[must_use]
    pub fn new(rate: f64) -> Self {
        Self(round_to(rate, 10.0))
    }
}

impl Celsius {
    /// A temperature to one decimal.
    #[must_use]
    pub fn new(celsius: f64) -> Self {
        Self(round_to(celsius, 10.0))
    }
}

impl Watts {
    /// A power to one decimal.
    #[must_use]
    pub fn new(watts: f64) -> Self {
        Self(round_to(watts, 10.0))
    }
}

impl Volts {
    /// A voltage to the millivolt.
    #[must_use]
    pub fn new(volts: f64) -> Self {
        Self(round_to(volts, 1000.0))
    }
}

impl UnixMillis {
    /// Milliseconds from `earlier` to this time; negative if the clock was set back in between.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

fn round_to(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_of_nothing_is_not_a_number_but_none() {
        assert_eq!(Percent::of(0.0, 0.0), None);
        assert_eq!(Percent::of(1.0, f64::NAN), None);
        assert_eq!(Percent::of(1.0, 3.0), Some(Percent(33.3)));
    }

    #[test]
    fn units_are_bare_numbers_on_the_wire() {
        assert_eq!(serde_json::to_string(&Percent(12.5)).unwrap(), "12.5");
        assert_eq!(serde_json::to_string(&Bytes(7)).unwrap(), "7");
        assert_eq!(serde_json::to_string(&Seconds::new(1.234_567_8)).unwrap(), "1.234568");
    }
}
