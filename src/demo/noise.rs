//! Smooth, repeatable chance: the same seed, name and time give the same number.

use crate::model::UnixMillis;

/// Chance of one seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noise {
    seed: u64,
}

impl Noise {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Some number that only depends on seed and name (FNV-1a, then mixed).
    pub(super) fn number(self, name: &str) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325 ^ self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for byte in name.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        hash ^= hash >> 33;
        hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash ^ (hash >> 33)
    }

    /// 0 to 1.
    pub(super) fn unit(self, name: &str) -> f64 {
        (self.number(name) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// 0 to 1, moving smoothly with time; `seconds` is how long a hill takes.
    pub(super) fn wave(self, name: &str, at: UnixMillis, seconds: f64) -> f64 {
        let time = at.0 as f64 / 1000.0 / seconds + self.unit(name) * 1000.0;
        let step = time.floor();
        let part = time - step;
        let at_step = |step: f64| self.unit(&format!("{name}#{step}"));
        let smooth = part * part * (3.0 - 2.0 * part);
        at_step(step) * (1.0 - smooth) + at_step(step + 1.0) * smooth
    }
}
