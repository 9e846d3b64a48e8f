//! Links between cards (NVLink), and the traffic on the connection to the machine. Knows the calls,
//! not when they are made.

use std::time::Duration;

use nvml_wrapper::Device;
use nvml_wrapper::enum_wrappers::device::PcieUtilCounter;
use nvml_wrapper::enum_wrappers::nv_link::ErrorCounter;
use nvml_wrapper::error::NvmlError;

use super::ask::{Calls, reason};
use super::pci;
use super::raw::{self, Field};
use super::value::{known_wide, nvlink_generation};
use crate::host::sampler::{Last, per_second};
use crate::model::gpu::{Gpu, NvLink};
use crate::model::{BytesPerSecond, Reading, Reason};

/// The most links of a card (`NVML_NVLINK_MAX_LINKS`).
const LINKS_MAX: u32 = 18;

/// `NVML_FI_DEV_NVLINK_SPEED_MBPS_COMMON`: MB/s of each working link of the card.
const SPEED_OF_ALL: u32 = 90;

/// `NVML_FI_DEV_NVLINK_GET_SPEED`: MB/s of one link.
const SPEED_OF_ONE: u32 = 164;

/// `NVML_FI_DEV_PCIE_COUNT_TX_BYTES` and `…_RX_BYTES`: since the driver was loaded.
const SENT: u32 = 197;
const RECEIVED: u32 = 198;

/// A measured throughput that is older than this is not shown any more.
const TOO_OLD: Duration = Duration::from_mins(1);

/// The errors of a link, with the names under which they are asked for.
const ERRORS: [(&str, ErrorCounter); 4] = [
    ("nvmlDeviceGetNvLinkErrorCounter replay", ErrorCounter::DlReplay),
    ("nvmlDeviceGetNvLinkErrorCounter recovery", ErrorCounter::DlRecovery),
    ("nvmlDeviceGetNvLinkErrorCounter crc flit", ErrorCounter::DlCrcFlit),
    ("nvmlDeviceGetNvLinkErrorCounter crc data", ErrorCounter::DlCrcData),
];

/// The links of a card; absent if it has none.
pub(super) fn nvlinks(device: &Device<'_>, calls: &mut Calls) -> Reading<Vec<NvLink>> {
    let mut links = Vec::new();
    for number in 0..LINKS_MAX {
        let link = device.link_wrapper_for(number);
        let active = match calls.raw("nvmlDeviceGetNvLinkState", || match link.is_active() {
            // This link there is not; others there may be.
            Err(NvmlError::NotSupported) if number > 0 => Ok(None),
            Err(NvmlError::InvalidArg) => Ok(None),
            active => active.map(Some),
        }) {
            Ok(Ok(Some(active))) => Reading::Present(active),
            Ok(Ok(None)) => continue,
            Ok(Err(reason)) if links.is_empty() => return Reading::absent(reason),
            Ok(Err(reason)) => Reading::absent(reason),
            Err(error) if links.is_empty() => return Reading::absent(reason(&error)),
            Err(error) => Reading::absent(reason(&error)),
        };
        links.push(one(device, calls, number, active));
    }
    if links.is_empty() { Reading::absent(Reason::NotSupported) } else { Reading::Present(links) }
}

fn one(device: &Device<'_>, calls: &mut Calls, number: u32, active: Reading<bool>) -> NvLink {
    let link = device.link_wrapper_for(number);
    let off = active == Reading::Present(false);
    // A link that is off answers each of these with an error, which says nothing of the card: it is
    // not asked.
    let mut asked = LinkCalls { calls, off };
    NvLink {
        link: number,
        active,
        version: asked
            .ask("nvmlDeviceGetNvLinkVersion", || link.version())
            .and_then(nvlink_generation),
        speed_bytes_per_second: speed(device, &mut asked, number),
        remote: asked.ask("nvmlDeviceGetNvLinkRemotePciInfo", || link.remote_pci_info()).and_then(
            |remote| {
                let address = pci::normal(&remote.bus_id).map(Into::into);
                Reading::from_option(address, Reason::Malformed)
            },
        ),
        errors: errors(&mut asked, |counter| link.error_counter(counter)),
    }
}

/// Questions about one link.
struct LinkCalls<'a> {
    calls: &'a mut Calls,
    off: bool,
}

impl LinkCalls<'_> {
    fn ask<T>(
        &mut self,
        call: &'static str,
        ask: impl FnMut() -> Result<T, NvmlError>,
    ) -> Reading<T> {
        if self.off { Reading::absent(Reason::NotSupported) } else { self.calls.ask(call, ask) }
    }
}

fn speed(device: &Device<'_>, asked: &mut LinkCalls<'_>, number: u32) -> Reading<BytesPerSecond> {
    let of_one =
        asked.ask("nvmlDeviceGetFieldValues 164", || raw::field(device, SPEED_OF_ONE, number));
    let speed = match of_one {
        Reading::Absent { absent: Reason::NotSupported } => {
            asked.ask("nvmlDeviceGetFieldValues 90", || raw::field(device, SPEED_OF_ALL, 0))
        }
        other => other,
    };
    speed.and_then(|speed| match speed {
        // What a link that does not work says.
        Field::Narrow(0) => Reading::absent(Reason::NotSupported),
        Field::Narrow(speed) => Reading::Present(BytesPerSecond(u64::from(speed) * 1_000_000)),
        Field::Wide(_) | Field::Other => Reading::absent(Reason::Malformed),
    })
}

/// All errors of a link together; those that the card counts.
fn errors(
    asked: &mut LinkCalls<'_>,
    mut count: impl FnMut(ErrorCounter) -> Result<u64, NvmlError>,
) -> Reading<u64> {
    let mut sum: Option<u64> = None;
    for (call, counter) in ERRORS {
        let errors = asked.ask(call, || count(counter)).and_then(known_wide);
        match errors {
            Reading::Present(errors) => sum = Some(sum.unwrap_or(0).saturating_add(errors)),
            Reading::Absent { absent: Reason::NotSupported } => {}
            // A sum without one of its parts would fall.
            Reading::Absent { absent } => return Reading::absent(absent),
        }
    }
    Reading::from_option(sum, Reason::NotSupported)
}

/// A direction, seen from the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Sent by the card.
    Sent,
    /// Received by it.
    Received,
}

/// What is kept between two readings of a card's traffic.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    sent: Counter,
    received: Counter,
    /// Whether the driver has no counters that can be used.
    without_counters: bool,
}

/// One direction.
#[derive(Debug, Default)]
struct Counter {
    /// Of the driver's counter.
    last: Last<u64>,
    /// What the driver measured when it was this card's turn, and when.
    measured: Option<(Duration, BytesPerSecond)>,
    /// Why it was not, when it was tried last.
    refused: Option<Reason>,
}

impl Traffic {
    /// Reads both directions from the driver's counters. Where there are none, a value stays that was
    /// measured before.
    pub(super) fn read(
        &mut self,
        gpu: &mut Gpu,
        device: &Device<'_>,
        calls: &mut Calls,
        now: Duration,
        window: Duration,
    ) {
        let sent = calls.ask("nvmlDeviceGetFieldValues 197", || raw::field(device, SENT, 0));
        let received =
            calls.ask("nvmlDeviceGetFieldValues 198", || raw::field(device, RECEIVED, 0));
        let usable = |count: &Reading<Field>| match count {
            Reading::Present(count) => matches!(count, Field::Wide(_)),
            Reading::Absent { absent } => *absent != Reason::NotSupported,
        };
        self.without_counters = !usable(&sent) || !usable(&received);
        gpu.pcie.sent_bytes_per_second = self.sent.rate(sent, now, window);
        gpu.pcie.received_bytes_per_second = self.received.rate(received, now, window);
    }

    /// Whether a direction has to be measured: the driver has no counters, and can measure.
    pub(super) fn wants(&self, direction: Direction) -> bool {
        let slot = match direction {
            Direction::Sent => &self.sent,
            Direction::Received => &self.received,
        };
        self.without_counters && slot.refused != Some(Reason::NotSupported)
    }

    /// Has the driver measure one direction, which takes it 20 ms.
    pub(super) fn measure(
        &mut self,
        gpu: &mut Gpu,
        device: &Device<'_>,
        calls: &mut Calls,
        now: Duration,
        direction: Direction,
    ) {
        let (call, counter, slot, reading) = match direction {
            Direction::Sent => (
                "nvmlDeviceGetPcieThroughput sent",
                PcieUtilCounter::Send,
                &mut self.sent,
                &mut gpu.pcie.sent_bytes_per_second,
            ),
            Direction::Received => (
                "nvmlDeviceGetPcieThroughput received",
                PcieUtilCounter::Receive,
                &mut self.received,
                &mut gpu.pcie.received_bytes_per_second,
            ),
        };
        let kilobytes =
            calls.ask(call, || device.pcie_throughput(counter)).and_then(super::value::known);
        *reading = kilobytes.map(|it| BytesPerSecond(u64::from(it) * 1000));
        slot.measured = reading.present().map(|rate| (now, *rate));
        slot.refused = reading.reason();
    }
}

impl Counter {
    fn rate(
        &mut self,
        count: Reading<Field>,
        now: Duration,
        window: Duration,
    ) -> Reading<BytesPerSecond> {
        match count {
            Reading::Present(Field::Wide(count)) => {
                let rate = self
                    .last
                    .base(now, window)
                    .and_then(|(earlier, elapsed)| per_second(*earlier, count, elapsed));
                self.last.replace(now, count);
                Reading::from_option(rate.map(whole), Reason::Measuring)
            }
            // Of 32 bits it would begin anew several times a second.
            Reading::Present(Field::Narrow(_) | Field::Other)
            | Reading::Absent { absent: Reason::NotSupported } => {
                let fresh = self.measured.filter(|(at, _)| now.saturating_sub(*at) <= TOO_OLD);
                let reason = self.refused.unwrap_or(Reason::Measuring);
                Reading::from_option(fresh.map(|(_, rate)| rate), reason)
            }
            Reading::Absent { absent } => Reading::absent(absent),
        }
    }
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
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const WINDOW: Duration = Duration::from_secs(15);
    const MEASURING: Reading<BytesPerSecond> = Reading::absent(Reason::Measuring);

    fn rate(bytes: u64) -> Reading<BytesPerSecond> {
        Reading::Present(BytesPerSecond(bytes))
    }

    #[test]
    fn a_counter_gives_a_rate_from_its_second_reading_on() {
        let mut counter = Counter::default();
        let mut read = |at, count| counter.rate(Reading::Present(Field::Wide(count)), at, WINDOW);
        assert_eq!(read(SECOND, 5_000), MEASURING);
        assert_eq!(read(SECOND * 3, 9_000), rate(2_000));
        assert_eq!(read(SECOND * 4, 100), MEASURING, "it was reset");
        assert_eq!(read(SECOND * 5, 200), rate(100));
        assert_eq!(read(SECOND * 60, 9_000), MEASURING, "after a pause");
    }

    #[test]
    fn without_a_counter_what_was_measured_stays_for_a_while() {
        let unsupported = Reading::absent(Reason::NotSupported);
        let mut counter = Counter::default();
        assert_eq!(counter.rate(unsupported, SECOND, WINDOW), MEASURING);
        counter.measured = Some((SECOND, BytesPerSecond(7)));
        assert_eq!(counter.rate(unsupported, SECOND + TOO_OLD, WINDOW), rate(7));
        assert_eq!(counter.rate(unsupported, SECOND * 2 + TOO_OLD, WINDOW), MEASURING);
        counter.refused = Some(Reason::NotSupported);
        let refused = Reading::absent(Reason::NotSupported);
        assert_eq!(counter.rate(unsupported, SECOND * 2 + TOO_OLD, WINDOW), refused);
    }

    #[test]
    fn a_counter_of_32_bits_is_none() {
        let mut counter = Counter::default();
        for at in 1..4 {
            let narrow = Reading::Present(Field::Narrow(at * 1000));
            assert_eq!(counter.rate(narrow, SECOND * at, WINDOW), MEASURING);
        }
    }

    #[test]
    fn errors_are_summed_and_never_of_a_part_only() {
        let sum = |answers: [Result<u64, NvmlError>; 4]| {
            let mut calls = Calls::default();
            let mut answers = answers.into_iter();
            let mut asked = LinkCalls { calls: &mut calls, off: false };
            errors(&mut asked, |_| answers.next().unwrap_or(Err(NvmlError::Unknown)))
        };
        assert_eq!(sum([Ok(1), Ok(2), Ok(3), Ok(4)]), Reading::Present(10));
        let some = [Ok(1), Err(NvmlError::NotSupported), Ok(3), Ok(u64::MAX)];
        assert_eq!(sum(some), Reading::Present(4), "what the card does not count is nothing");
        let failed = [Ok(1), Err(NvmlError::Timeout), Ok(3), Ok(4)];
        assert_eq!(sum(failed), Reading::absent(Reason::ReadFailed));
        let none = [(); 4].map(|()| Err(NvmlError::NotSupported));
        assert_eq!(sum(none), Reading::absent(Reason::NotSupported));
    }

    #[test]
    fn a_link_that_is_off_is_not_asked() {
        let mut calls = Calls::default();
        let mut asked = LinkCalls { calls: &mut calls, off: true };
        let reading: Reading<u32> = asked.ask("nvmlX", || panic!("asked"));
        assert_eq!(reading, Reading::absent(Reason::NotSupported));
    }
}
