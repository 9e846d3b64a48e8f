//! From samples to the values shown. Pure: knows no file and no clock.

use std::time::Duration;

use super::inside::{Carried, NetworkOf};
use super::sample::{Quota, Sample, Throttled, Transferred};
use crate::host::sampler::per_second;
use crate::model::container::Container;
use crate::model::{Bytes, BytesPerSecond, PerSecond, Percent, Reading, Reason};

/// Counters of which rates are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    cpu_nanoseconds: Option<u64>,
    throttled: Option<Throttled>,
    transferred: Option<Transferred>,
    oom_kills: Option<u64>,
    carried: Option<Carried>,
}

impl Counters {
    /// Those of a sample.
    #[must_use]
    pub fn of(sample: &Sample, network: Result<NetworkOf, Reason>) -> Self {
        let carried = match network {
            Ok(NetworkOf::Own(carried)) => Some(carried),
            Ok(NetworkOf::Machine) | Err(_) => None,
        };
        Self {
            cpu_nanoseconds: sample.cpu_nanoseconds.ok(),
            throttled: sample.throttled.ok(),
            transferred: sample.transferred.ok(),
            oom_kills: sample.oom_kills.ok(),
            carried,
        }
    }
}

/// The sample before and how long ago it was taken.
pub type Base<'a> = Option<(&'a Counters, Duration)>;

/// Puts what is in the sample into the row. `machine` is the machine's memory.
pub fn fill(row: &mut Container, sample: &Sample, base: Base<'_>, machine: Reading<Bytes>) {
    let cpu = rate(sample.cpu_nanoseconds, base, |earlier| earlier.cpu_nanoseconds);
    row.cpu_percent = cpu.and_then(|nanoseconds| percent(nanoseconds, 1e9));
    row.cpu_limit_percent = Reading::from(sample.quota).and_then(|quota| match quota {
        Some(quota) => share(quota).map(Some),
        None => Reading::Present(None),
    });
    row.throttled_percent = throttled(sample, base);
    fill_memory(row, sample, machine);
    let transferred = |pick: fn(&Transferred) -> u64| {
        let now = sample.transferred.as_ref().map(pick).map_err(|reason| *reason);
        rate(now, base, |earlier| earlier.transferred.as_ref().map(pick)).map(whole)
    };
    row.read_bytes_per_second = transferred(|transferred| transferred.read);
    row.written_bytes_per_second = transferred(|transferred| transferred.written);
    row.tasks = Reading::from(sample.tasks).and_then(narrow);
    row.tasks_limit = Reading::from(sample.tasks_limit).map(|limit| {
        // One that no machine reaches is none.
        limit.and_then(|limit| u32::try_from(limit).ok())
    });
    row.oom_kills = sample.oom_kills.into();
    row.oom_kills_per_second =
        rate(sample.oom_kills, base, |earlier| earlier.oom_kills).map(PerSecond::new);
}

/// Puts what is known of its network into the row.
pub fn fill_network(row: &mut Container, network: Result<NetworkOf, Reason>, base: Base<'_>) {
    let carried = match network {
        Ok(NetworkOf::Own(carried)) => Ok(carried),
        Ok(NetworkOf::Machine) => Err(Reason::NotSupported),
        Err(reason) => Err(reason),
    };
    row.shares_network = network.map(|network| network == NetworkOf::Machine).into();
    let of = |pick: fn(&Carried) -> u64| {
        rate(carried.as_ref().map(pick).map_err(|reason| *reason), base, |earlier| {
            let same = |earlier: &&Carried| {
                carried.as_ref().is_ok_and(|carried| carried.network == earlier.network)
            };
            earlier.carried.as_ref().filter(same).map(pick)
        })
        .map(whole)
    };
    row.received_bytes_per_second = of(|carried| carried.received);
    row.sent_bytes_per_second = of(|carried| carried.sent);
}

fn fill_memory(row: &mut Container, sample: &Sample, machine: Reading<Bytes>) {
    let used = sample.memory_bytes.and_then(|all| {
        let inactive = sample.memory?.inactive_file;
        // Both are read one after the other; as `docker stats` does.
        Ok(if inactive < all { all - inactive } else { all })
    });
    row.memory_bytes = Reading::from(used).map(Bytes);
    row.memory_limit_bytes = Reading::from(sample.memory_limit).map(|limit| {
        // Version 1 has a huge number for no limit; one above the machine's memory never applies.
        let applies = |limit: &u64| match machine.present() {
            Some(machine) => *limit <= machine.0,
            None => *limit < 1 << 62,
        };
        limit.filter(applies).map(Bytes)
    });
    let whole = match row.memory_limit_bytes {
        Reading::Present(Some(limit)) => Reading::Present(limit),
        Reading::Present(None) => machine,
        Reading::Absent { absent } => Reading::absent(absent),
    };
    row.memory_percent = row.memory_bytes.and_then(|used| {
        whole.and_then(|whole| {
            // A limit of 0 is one that everything is above.
            let percent = Percent::of_bytes(used, whole).map(Percent::clamped);
            Reading::from_option(percent, Reason::NotSupported)
        })
    });
    row.cache_bytes = Reading::from(sample.memory).map(|memory| Bytes(memory.cache));
    row.swap_bytes = Reading::from(sample.swap_bytes).map(Bytes);
}

/// Without a limit nothing ever waits for one.
fn throttled(sample: &Sample, base: Base<'_>) -> Reading<Percent> {
    if sample.quota == Ok(None) {
        return Reading::absent(Reason::NotSupported);
    }
    Reading::from(sample.throttled).and_then(|now| {
        let earlier = base.and_then(|(earlier, _)| earlier.throttled);
        let grown = earlier.and_then(|earlier| {
            let periods = now.periods.checked_sub(earlier.periods)?;
            Some((now.throttled.checked_sub(earlier.throttled)?, periods))
        });
        let share = grown.map(|(throttled, periods)| {
            // It did not want to run, so it did not have to wait.
            let percent = Percent::of_bytes(Bytes(throttled), Bytes(periods));
            percent.map_or(Percent(0.0), Percent::clamped)
        });
        Reading::from_option(share, Reason::Measuring)
    })
}

fn rate(
    now: Result<u64, Reason>,
    base: Base<'_>,
    pick: impl FnOnce(&Counters) -> Option<u64>,
) -> Reading<f64> {
    Reading::from(now).and_then(|now| {
        let rate = base.and_then(|(earlier, elapsed)| per_second(pick(earlier)?, now, elapsed));
        Reading::from_option(rate, Reason::Measuring)
    })
}

#[expect(clippy::cast_precision_loss, reason = "a percentage needs no more than 53 bits")]
fn share(Quota { quota, period }: Quota) -> Reading<Percent> {
    percent(quota as f64, period as f64)
}

fn percent(part: f64, whole: f64) -> Reading<Percent> {
    Reading::from_option(Percent::of(part, whole), Reason::Malformed)
}

fn narrow(count: u64) -> Reading<u32> {
    Reading::from_option(u32::try_from(count).ok(), Reason::Malformed)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is not negative, and the nearest byte per second is what is wanted"
)]
fn whole(rate: f64) -> BytesPerSecond {
    BytesPerSecond(rate.round() as u64)
}

#[cfg(test)]
mod tests;
