//! Chance by numbers: the same numbers give the same throw. Cheaper than chance by names, for what is
//! asked of every host of a cluster at every tick.

use crate::model::UnixMillis;

/// A throw, and the origin of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dice(u64);

/// From the fractional part of the golden ratio: spreads neighbours far apart.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(mix(seed.wrapping_mul(SPREAD) ^ SPREAD))
    }

    /// Another throw, of this number.
    pub(super) fn of(self, number: u64) -> Self {
        Self(mix(self.0.wrapping_add(number.wrapping_add(1).wrapping_mul(SPREAD))))
    }

    pub(super) fn number(self) -> u64 {
        self.0
    }

    /// 0 to `end`, which is not reached.
    pub(super) fn below(self, end: u64) -> u64 {
        self.0 % end.max(1)
    }

    /// 0 to 1.
    pub(super) fn unit(self) -> f64 {
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn between(self, lowest: f64, highest: f64) -> f64 {
        lowest + (highest - lowest) * self.unit()
    }

    /// Whether it happens that happens in this share of cases.
    pub(super) fn happens(self, share: f64) -> bool {
        self.unit() < share
    }

    /// 0 to 1, moving smoothly with time; `seconds` is how long a hill takes.
    pub(super) fn wave(self, at: UnixMillis, seconds: f64) -> f64 {
        let time = at.0 as f64 / 1000.0 / seconds + self.unit() * 1000.0;
        let step = time.floor();
        let part = time - step;
        let at_step = |step: f64| self.of(step as i64 as u64).unit();
        let smooth = part * part * (3.0 - 2.0 * part);
        at_step(step) * (1.0 - smooth) + at_step(step + 1.0) * smooth
    }
}
