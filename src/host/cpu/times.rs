//! How processors spend their time: `stat` and the pure function from two samples to shares.

use crate::host::parse::{ParseError, Place, lines, unsigned, words};
use crate::model::cpu::{CpuSeconds, CpuUsage, KernelCounts};
use crate::model::{Percent, Reading, Reason, Seconds};

/// A fall of the busy time by more than this many ticks is a counter that was reset; a smaller one
/// is the kernel correcting itself, and counts as no growth.
const RESET_TICKS: u64 = 100;

/// Time spent since boot, in ticks of `CLK_TCK`. What a kernel does not tell is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CpuTimes {
    /// User space; the kernel counts `guest` in here as well.
    pub user: u64,
    /// User space at a positive nice value; the kernel counts `guest_nice` in here as well.
    pub nice: u64,
    /// The kernel itself.
    pub system: u64,
    /// Nothing.
    pub idle: u64,
    /// Nothing, with input/output outstanding (since Linux 2.5.41). May go backwards.
    pub iowait: u64,
    /// Interrupts (since 2.6.0).
    pub irq: u64,
    /// Soft interrupts (since 2.6.0).
    pub softirq: u64,
    /// Taken by the hypervisor (since 2.6.11).
    pub steal: u64,
    /// Running virtual machines (since 2.6.24).
    pub guest: u64,
    /// The same at a positive nice value (since 2.6.33).
    pub guest_nice: u64,
}

/// What `stat` says of the processors.
#[derive(Debug, Clone, PartialEq)]
pub struct StatSample {
    /// All together.
    pub all: CpuTimes,
    /// The online ones, by number.
    pub cores: Vec<(u32, CpuTimes)>,
    /// What the file tells beside them.
    pub kernel: KernelCounts,
}

/// The same as time since boot.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a count of ticks needs no more than 53 bits")]
pub fn seconds((id, times): &(u32, CpuTimes)) -> CpuSeconds {
    let ticks_per_second = rustix::param::clock_ticks_per_second() as f64;
    let seconds = |ticks: u64| Seconds::new(ticks as f64 / ticks_per_second);
    CpuSeconds {
        id: *id,
        user: seconds(times.user),
        nice: seconds(times.nice),
        system: seconds(times.system),
        idle: seconds(times.idle),
        iowait: seconds(times.iowait),
        irq: seconds(times.irq),
        softirq: seconds(times.softirq),
        steal: seconds(times.steal),
        guest: seconds(times.guest),
        guest_nice: seconds(times.guest_nice),
    }
}

/// Parses `stat` (kernel document filesystems/proc.rst, 1.7): the `cpu` lines at its start, and the
/// counts that follow. What is wrong with one of the latter makes it absent and harms nothing else.
///
/// # Errors
/// If the first line is not `cpu`, a value is no number, or fewer than the four oldest are there.
pub fn parse_stat(bytes: &[u8]) -> Result<StatSample, ParseError> {
    const FILE: &str = "stat";
    let mut all = None;
    let mut cores = Vec::new();
    let unknown = Reading::absent(Reason::NotSupported);
    let mut kernel = KernelCounts {
        interrupts_total: unknown,
        context_switches_total: unknown,
        forks_total: unknown,
        running: unknown,
        blocked: unknown,
    };
    let mut is_after = false;
    for (place, line) in lines(FILE, bytes) {
        let Some(rest) = line.strip_prefix(b"cpu").filter(|_| !is_after) else {
            is_after = true;
            count(&mut kernel, line);
            continue;
        };
        let mut words = words(rest);
        if rest.first() == Some(&b' ') {
            all = Some(parse_times(place, words)?);
        } else {
            let id = words.next().unwrap_or_default();
            let id = unsigned(id)
                .and_then(|id| u32::try_from(id).ok())
                .ok_or_else(|| place.expected("the number of a processor", id))?;
            cores.push((id, parse_times(place, words)?));
        }
    }
    cores.sort_unstable_by_key(|(id, _)| *id);
    cores.dedup_by_key(|(id, _)| *id);
    let all = all.ok_or(ParseError::Missing { file: FILE, wanted: "line \"cpu\"" })?;
    Ok(StatSample { all, cores, kernel })
}

/// Takes in one of the lines after the processors. The first number counts: `intr` goes on with one
/// for each interrupt.
fn count(kernel: &mut KernelCounts, line: &[u8]) {
    let mut words = words(line);
    let slot = match words.next() {
        Some(b"intr") => &mut kernel.interrupts_total,
        Some(b"ctxt") => &mut kernel.context_switches_total,
        Some(b"processes") => &mut kernel.forks_total,
        Some(b"procs_running") => &mut kernel.running,
        Some(b"procs_blocked") => &mut kernel.blocked,
        _ => return,
    };
    *slot = Reading::from_option(words.next().and_then(unsigned), Reason::Malformed);
}

fn parse_times<'a>(
    place: Place,
    words: impl Iterator<Item = &'a [u8]>,
) -> Result<CpuTimes, ParseError> {
    let mut times = CpuTimes::default();
    let slots = [
        &mut times.user,
        &mut times.nice,
        &mut times.system,
        &mut times.idle,
        &mut times.iowait,
        &mut times.irq,
        &mut times.softirq,
        &mut times.steal,
        &mut times.guest,
        &mut times.guest_nice,
    ];
    let mut count = 0;
    for (slot, word) in slots.into_iter().zip(words) {
        *slot = place.unsigned(word)?;
        count += 1;
    }
    if count < 4 {
        Err(place.expected("user, nice, system and idle ticks", b""))
    } else {
        Ok(times)
    }
}

impl CpuTimes {
    fn busy(&self) -> u64 {
        [self.user, self.nice, self.system, self.irq, self.softirq]
            .into_iter()
            .fold(0, u64::saturating_add)
    }

    /// Growth since `earlier`; what went backwards did not grow.
    fn since(&self, earlier: &Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            nice: self.nice.saturating_sub(earlier.nice),
            system: self.system.saturating_sub(earlier.system),
            idle: self.idle.saturating_sub(earlier.idle),
            iowait: self.iowait.saturating_sub(earlier.iowait),
            irq: self.irq.saturating_sub(earlier.irq),
            softirq: self.softirq.saturating_sub(earlier.softirq),
            steal: self.steal.saturating_sub(earlier.steal),
            guest: self.guest.saturating_sub(earlier.guest),
            guest_nice: self.guest_nice.saturating_sub(earlier.guest_nice),
        }
    }
}

/// Shares of the time between two samples; `None` if no time has passed or the counters were reset
/// in between.
///
/// The parts are rounded so that they add up to `busy_percent` exactly and with idle to 100.
#[must_use]
pub fn usage(earlier: &CpuTimes, later: &CpuTimes) -> Option<CpuUsage> {
    if later.busy().saturating_add(RESET_TICKS) < earlier.busy() {
        return None;
    }
    let grown = later.since(earlier);
    let guest = u128::from(grown.guest) + u128::from(grown.guest_nice);
    let user = u128::from(grown.user.saturating_sub(grown.guest))
        + u128::from(grown.nice.saturating_sub(grown.guest_nice));
    let system = u128::from(grown.system) + u128::from(grown.irq) + u128::from(grown.softirq);
    let (steal, iowait) = (u128::from(grown.steal), u128::from(grown.iowait));
    let total = user + system + guest + steal + iowait + u128::from(grown.idle);
    if total == 0 {
        return None;
    }
    // Tenths of a per cent from the start of a bar that the parts make up; differences of these
    // cannot add up to more than the bar.
    let tenths = |ticks: u128| (ticks * 2000 + total) / (total * 2);
    let part = |from: u128, length: u128| percent(tenths(from + length) - tenths(from));
    Some(CpuUsage {
        busy_percent: percent(tenths(user + system + guest + steal)),
        user_percent: part(0, user),
        system_percent: part(user, system),
        guest_percent: part(user + system, guest),
        steal_percent: part(user + system + guest, steal),
        iowait_percent: part(user + system + guest + steal, iowait),
    })
}

/// A number of tenths, at most 1,000.
fn percent(tenths: u128) -> Percent {
    let tenths = u32::try_from(tenths).unwrap_or(1000).min(1000);
    Percent(f64::from(tenths) / 10.0)
}

#[cfg(test)]
mod tests;
