//! What a block device does: a pure function of two samples and the time between them.

use std::time::Duration;

use super::diskstats::Counters;
use crate::model::disk::DiskActivity;
use crate::model::{BytesPerSecond, PerSecond, Percent, Reading, Reason, Seconds};

/// The kernel's sectors, whatever the device's own are.
pub(super) const SECTOR_BYTES: u64 = 512;

/// No counter grows faster: 16 million requests, 8 GiB in sectors, or 16,777 requests that are in
/// flight. A counter that seems to have wrapped and to have grown faster was reset.
const MOST_PER_SECOND: f64 = (1_u64 << 24) as f64;

/// What the device did between two samples, per second; `None` if it is another device by now:
/// a counter fell, and not because it has 32 bits and started over.
#[must_use]
pub fn activity(earlier: &Counters, later: &Counters, elapsed: Duration) -> Option<DiskActivity> {
    let seconds = elapsed.as_secs_f64();
    if seconds <= 0.0 {
        return None;
    }
    let grown = |counter: fn(&Counters) -> u64| growth(counter(earlier), counter(later), seconds);
    let reads = grown(|counters| counters.reads)?;
    let writes = grown(|counters| counters.writes)?;
    let read_millis = grown(|counters| counters.read_millis)?;
    let write_millis = grown(|counters| counters.write_millis)?;
    let busy_millis = grown(|counters| counters.busy_millis)?;
    let weighted_millis = grown(|counters| counters.weighted_millis)?;
    let timed = Reading::from_option(later.are_timed().then_some(()), Reason::NotSupported);
    Some(DiskActivity {
        read_bytes_per_second: byte_rate(grown(|counters| counters.read_sectors)?, seconds),
        written_bytes_per_second: byte_rate(grown(|counters| counters.written_sectors)?, seconds),
        reads_per_second: PerSecond::new(reads / seconds),
        writes_per_second: PerSecond::new(writes / seconds),
        read_latency_seconds: timed.and_then(|()| latency(read_millis, reads)),
        write_latency_seconds: timed.and_then(|()| latency(write_millis, writes)),
        // The kernel rounds times up to its ticks, so that they can exceed the time that passed.
        busy_percent: timed
            .map(|()| Percent::of(busy_millis / 1e3, seconds).unwrap_or_default().clamped()),
        queue_length: timed.map(|()| (weighted_millis / 1e3 / seconds * 100.0).round() / 100.0),
    })
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 53 bits")]
fn growth(earlier: u64, later: u64, seconds: f64) -> Option<f64> {
    if let Some(growth) = later.checked_sub(earlier) {
        return Some(growth as f64);
    }
    let to_the_wrap = (1_u64 << 32).checked_sub(earlier)?;
    let growth = to_the_wrap.checked_add(later)? as f64;
    (growth <= MOST_PER_SECOND * seconds).then_some(growth)
}

fn latency(millis: f64, finished: f64) -> Reading<Seconds> {
    let mean = (finished > 0.0).then(|| Seconds::new(millis / finished / 1e3));
    Reading::from_option(mean, Reason::Measuring)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rate is not negative, and the nearest byte per second is what is wanted"
)]
fn byte_rate(sectors: f64, seconds: f64) -> BytesPerSecond {
    BytesPerSecond((sectors * SECTOR_BYTES as f64 / seconds).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_SECONDS: Duration = Duration::from_secs(2);

    fn sample(of_reads: u64, of_writes: u64) -> Counters {
        Counters {
            reads: of_reads,
            read_sectors: of_reads * 8,
            read_millis: of_reads / 2,
            writes: of_writes,
            written_sectors: of_writes * 16,
            write_millis: of_writes * 3,
            busy_millis: of_writes,
            weighted_millis: of_writes * 4,
        }
    }

    #[test]
    fn a_rate_is_growth_over_time() {
        let activity = activity(&sample(1000, 500), &sample(3000, 1500), TWO_SECONDS).unwrap();
        assert_eq!(activity.reads_per_second, PerSecond(1000.0));
        assert_eq!(activity.writes_per_second, PerSecond(500.0));
        assert_eq!(activity.read_bytes_per_second, BytesPerSecond(1000 * 8 * 512));
        assert_eq!(activity.written_bytes_per_second, BytesPerSecond(500 * 16 * 512));
        assert_eq!(activity.read_latency_seconds, Reading::Present(Seconds(0.000_5)));
        assert_eq!(activity.write_latency_seconds, Reading::Present(Seconds(0.003)));
        assert_eq!(activity.busy_percent, Reading::Present(Percent(50.0)));
        assert_eq!(activity.queue_length, Reading::Present(2.0));
    }

    #[test]
    fn nothing_finished_has_no_latency_and_is_not_busy() {
        let same = sample(7, 7);
        let idle = activity(&same, &same, TWO_SECONDS).unwrap();
        assert_eq!(idle.reads_per_second, PerSecond(0.0));
        assert_eq!(idle.read_latency_seconds, Reading::absent(Reason::Measuring));
        assert_eq!(idle.write_latency_seconds, Reading::absent(Reason::Measuring));
        assert_eq!(idle.busy_percent, Reading::Present(Percent(0.0)));
    }

    #[test]
    fn busy_for_longer_than_passed_is_all_the_time() {
        let later = Counters { busy_millis: 2004, ..Counters::default() };
        let activity = activity(&Counters::default(), &later, TWO_SECONDS).unwrap();
        assert_eq!(activity.busy_percent, Reading::Present(Percent(100.0)));
    }

    #[test]
    fn times_that_are_not_counted_are_not_zero() {
        let requests = |reads| Counters { reads, read_sectors: 8 * reads, ..Counters::default() };
        let array = activity(&requests(5000), &requests(9000), TWO_SECONDS).unwrap();
        assert_eq!(array.reads_per_second, PerSecond(2000.0));
        let absent = Some(Reason::NotSupported);
        assert_eq!(array.read_latency_seconds.reason(), absent);
        assert_eq!(array.write_latency_seconds.reason(), absent);
        assert_eq!(array.busy_percent.reason(), absent);
        assert_eq!(array.queue_length.reason(), absent);
        let fresh = activity(&requests(0), &requests(3), TWO_SECONDS).unwrap();
        assert_eq!(fresh.read_latency_seconds, Reading::Present(Seconds(0.0)), "below 1 ms");
    }

    #[test]
    fn a_counter_of_32_bits_starts_over() {
        let top = u64::from(u32::MAX);
        let earlier = Counters { write_millis: top - 99, writes: 10, ..Counters::default() };
        let later = Counters { write_millis: 100, writes: 30, ..Counters::default() };
        let write = activity(&earlier, &later, TWO_SECONDS).unwrap();
        assert_eq!(write.write_latency_seconds, Reading::Present(Seconds(0.01)));
        let earlier = Counters { read_sectors: top, ..Counters::default() };
        let later = Counters { read_sectors: 1, ..Counters::default() };
        let read = activity(&earlier, &later, TWO_SECONDS).unwrap();
        assert_eq!(read.read_bytes_per_second, BytesPerSecond(512));
    }

    #[test]
    fn a_device_that_was_replaced_has_no_rate() {
        for fallen in [
            Counters { reads: 5, ..sample(1000, 1000) },
            Counters { writes: 5, ..sample(1000, 1000) },
            Counters { written_sectors: 5, ..sample(1000, 1000) },
            Counters { busy_millis: 0, ..sample(1000, 1000) },
        ] {
            assert_eq!(activity(&sample(1000, 1000), &fallen, TWO_SECONDS), None);
        }
        // Far above 32 bits, and far below: neither can have wrapped within two seconds.
        let large = Counters { read_sectors: 1 << 33, ..Counters::default() };
        let half = Counters { read_sectors: 3 << 30, ..Counters::default() };
        assert_eq!(activity(&large, &Counters::default(), TWO_SECONDS), None);
        assert_eq!(activity(&half, &Counters::default(), TWO_SECONDS), None);
    }

    #[test]
    fn no_time_is_no_rate() {
        assert_eq!(activity(&sample(1, 1), &sample(2, 2), Duration::ZERO), None);
    }

    proptest::proptest! {
        #[test]
        fn stays_in_range(earlier: [u64; 8], later: [u64; 8], millis in 1_u64..120_000) {
            let [earlier, later] = [earlier, later].map(|[a, b, c, d, e, f, g, h]| Counters {
                reads: a,
                read_sectors: b,
                read_millis: c,
                writes: d,
                written_sectors: e,
                write_millis: f,
                busy_millis: g,
                weighted_millis: h,
            });
            if let Some(activity) = activity(&earlier, &later, Duration::from_millis(millis)) {
                let busy = activity.busy_percent.present();
                proptest::prop_assert!(busy.is_none_or(|busy| (0.0..=100.0).contains(&busy.0)));
                let queue = activity.queue_length.present();
                proptest::prop_assert!(queue.is_none_or(|queue| queue.is_finite() && *queue >= 0.0));
            }
        }
    }
}
