//! Smooth, repeatable chance of one machine at one point in time.

use std::f64::consts::TAU;

use super::noise::Noise;
use super::{BOOT, MEMORY, THREADS};
use crate::model::{Bytes, BytesPerSecond, PerSecond, UnixMillis};

/// A machine at a point in time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) seed: u64,
    pub(super) noise: Noise,
    pub(super) at: UnixMillis,
    pub(super) hardware: Hardware,
}

/// What a made-up machine is built of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hardware {
    /// Logical processors.
    pub(super) threads: u32,
    pub(super) memory: Bytes,
    /// What its processors are called.
    pub(super) brand: &'static str,
    pub(super) sockets: u32,
    /// When it was started.
    pub(super) boot: UnixMillis,
}

/// The machine of a demo that is one machine.
const SINGLE: Hardware = Hardware {
    threads: THREADS,
    memory: MEMORY,
    brand: "AMD EPYC 7543 32-Core Processor",
    sockets: 2,
    boot: BOOT,
};

/// Something that flows: how fast now, and how much since boot. The one is exactly the rise of the
/// other, so that who takes the difference of two totals finds the rate.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flow {
    pub(super) per_second: f64,
    pub(super) total: f64,
}

/// Waves that make up a flow: share of the mean, and seconds from hill to hill. The shares come to
/// 1, so that it never flows backwards.
const WAVES: [(f64, f64); 3] = [(0.45, 41.0), (0.35, 313.0), (0.2, 2003.0)];

impl Moment {
    pub(super) fn new(seed: u64, at: UnixMillis) -> Self {
        Self::of(seed, at, SINGLE)
    }

    /// A machine of this hardware.
    pub(super) fn of(seed: u64, at: UnixMillis, hardware: Hardware) -> Self {
        Self { seed, noise: Noise::new(seed), at, hardware }
    }

    /// 0 to 1, moving smoothly; `seconds` is how long a hill takes.
    pub(super) fn wave(self, name: &str, seconds: f64) -> f64 {
        self.noise.wave(name, self.at, seconds)
    }

    /// `lowest` to `highest`, moving smoothly.
    pub(super) fn between(self, name: &str, seconds: f64, lowest: f64, highest: f64) -> f64 {
        lowest + (highest - lowest) * self.wave(name, seconds)
    }

    /// Since the made-up machine was started.
    pub(super) fn uptime_seconds(self) -> f64 {
        self.at.since(self.hardware.boot) as f64 / 1000.0
    }

    /// What flows under this name: `mean` on average, 0 to twice as much.
    pub(super) fn flow(self, name: &str, mean: f64) -> Flow {
        let up = self.uptime_seconds();
        let mut flow = Flow { per_second: mean, total: mean * up };
        for (number, (share, seconds)) in WAVES.into_iter().enumerate() {
            let chance = self.noise.unit(&format!("{name} flow {number}"));
            // Flows of one machine must not all have their hills at the same time.
            let period = seconds * (0.8 + 0.4 * chance);
            let (turn, begin) = (TAU / period, TAU * 7.0 * chance);
            let now = turn * up + begin;
            flow.per_second += mean * share * now.sin();
            flow.total += mean * share * (begin.cos() - now.cos()) / turn;
        }
        flow
    }
}

impl Flow {
    pub(super) fn scaled(self, by: f64) -> Self {
        Self { per_second: self.per_second * by, total: self.total * by }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self { per_second: self.per_second + other.per_second, total: self.total + other.total }
    }

    pub(super) fn count(self) -> u64 {
        self.total.max(0.0) as u64
    }

    pub(super) fn bytes_per_second(self) -> BytesPerSecond {
        BytesPerSecond(self.per_second.max(0.0).round() as u64)
    }

    pub(super) fn events_per_second(self) -> PerSecond {
        PerSecond::new(self.per_second.max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_flowed_between_two_points_in_time_is_the_rate() {
        for seed in 0..5 {
            for step in 0..200_i64 {
                let at = |millis: i64| {
                    Moment::new(seed, UnixMillis(1_795_176_000_000 + step * 7000 + millis))
                        .flow("x", 1e6)
                };
                let (before, now, after) = (at(-500), at(0), at(500));
                let risen = after.total - before.total;
                assert!((risen - now.per_second).abs() < 1000.0, "{risen} {now:?}");
                assert!(now.per_second >= 0.0 && now.per_second <= 2e6, "{now:?}");
            }
        }
    }
}
