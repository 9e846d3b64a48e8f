//! How fast the processors run: `cpufreq` of each, else `cpu MHz` of `cpuinfo`.
//!
//! This is the dear part of watching processors: a file per processor, and some kernels have to
//! ask the processor itself. So a reading is kept for [`LIFE`], and no round reads more than
//! [`MOST_PER_ROUND`] processors, evenly spread, other ones each round: on a machine with 1,024
//! processors the mean is over a quarter of them, and the highest is the highest of that quarter.

use std::time::Duration;

use super::info;
use crate::host::files;
use crate::host::parse::unsigned;
use crate::host::{Context, Roots};
use crate::model::cpu::Frequency;
use crate::model::{Hertz, Reading, Reason};

/// How long a reading is given again before the processors are asked anew.
pub const LIFE: Duration = Duration::from_secs(3);

/// How many processors are asked in one round.
pub const MOST_PER_ROUND: usize = 256;

/// How much of `cpuinfo` is read where it is the only source: more than [`MOST_PER_ROUND`]
/// processors of x86.
const CPUINFO_BYTES: usize = 512 << 10;

/// Reads frequencies, sparingly.
#[derive(Debug)]
pub struct FrequencyReader {
    context: Context,
    processors: Vec<u32>,
    limit: Reading<Hertz>,
    round: usize,
    kept: Option<(Duration, Reading<Frequency>)>,
}

impl FrequencyReader {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        let limit = Reading::absent(Reason::NotCollected);
        Self { context, processors: Vec::new(), limit, round: 0, kept: None }
    }

    /// Tells which processors are online, whenever that changes. Reads their limits.
    pub(super) fn set_processors(&mut self, online: &[u32]) {
        self.processors = online.to_vec();
        self.kept = None;
        let limits = self.sample("cpuinfo_max_freq");
        self.limit =
            limits.map(|limits| Hertz(limits.into_iter().max().unwrap_or_default())).into();
    }

    /// The frequency now, at most [`LIFE`] old.
    pub(super) fn read(&mut self, now: Duration) -> Reading<Frequency> {
        if let Some((at, kept)) = self.kept
            && now.saturating_sub(at) < LIFE
        {
            return kept;
        }
        let hertz = self.sample("scaling_cur_freq").or_else(|reason| {
            from_cpuinfo(&self.context.roots)
                .map_err(|other| if other == Reason::NotSupported { reason } else { other })
        });
        self.round += 1;
        let limit_hertz = self.limit;
        let frequency = hertz.map(|hertz| {
            let count = hertz.len().max(1) as u128;
            let sum: u128 = hertz.iter().copied().map(u128::from).sum();
            Frequency {
                mean_hertz: Hertz(u64::try_from(sum / count).unwrap_or(u64::MAX)),
                highest_hertz: Hertz(hertz.iter().copied().max().unwrap_or_default()),
                limit_hertz,
            }
        });
        let reading = Reading::from(frequency);
        self.kept = Some((now, reading));
        reading
    }

    /// This `cpufreq` file of this round's processors, in Hz; at least one, or why there is none.
    fn sample(&self, file: &str) -> Result<Vec<u64>, Reason> {
        let step = self.processors.len().div_ceil(MOST_PER_ROUND).max(1);
        let round = self.processors.iter().skip(self.round % step).step_by(step);
        let mut hertz = Vec::new();
        let mut refused = Reason::NotSupported;
        for id in round {
            let path = format!("devices/system/cpu/cpu{id}/cpufreq/{file}");
            match files::read(&self.context.roots.sys(path), files::SMALL) {
                Ok(bytes) => hertz.extend(parse_kilohertz(&bytes)),
                Err(reason) => refused = reason,
            }
            // No processor has it if the first has not.
            if hertz.is_empty() && refused == Reason::NotSupported {
                break;
            }
        }
        if hertz.is_empty() { Err(refused) } else { Ok(hertz) }
    }
}

/// Parses a `cpufreq` file: kHz, or `<unknown>`, or 0 where the driver does not know. In Hz.
#[must_use]
pub fn parse_kilohertz(bytes: &[u8]) -> Option<u64> {
    unsigned(bytes.trim_ascii()).filter(|&kilohertz| kilohertz > 0)?.checked_mul(1000)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a frequency is not negative, and whole hertz are wanted"
)]
fn from_cpuinfo(roots: &Roots) -> Result<Vec<u64>, Reason> {
    let bytes = files::read_up_to(&roots.proc("cpuinfo"), CPUINFO_BYTES)?;
    let megahertz = info::parse_cpuinfo(&bytes).megahertz;
    let hertz: Vec<u64> =
        megahertz.iter().map(|megahertz| (megahertz * 1e6).round() as u64).collect();
    if hertz.is_empty() { Err(Reason::NotSupported) } else { Ok(hertz) }
}
