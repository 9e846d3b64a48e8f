//! `net/dev`: what every interface received and sent, and how much that is per second.

use std::time::Duration;

use crate::host::Roots;
use crate::host::files;
use crate::host::parse::{ParseError, lines, words};
use crate::host::sampler::per_second;
use crate::model::network::Traffic;
use crate::model::{Bytes, BytesPerSecond, PerSecond, Reading, Reason};

/// One direction of an interface, since it appeared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Bytes.
    pub bytes: u64,
    /// Packets.
    pub packets: u64,
    /// `errs`.
    pub errors: u64,
    /// `drop`.
    pub dropped: u64,
}

/// A line of `net/dev`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// The interface's name, any bytes but `/`, `:` and blanks.
    pub name: &'a [u8],
    /// What came in.
    pub received: Counters,
    /// What went out.
    pub sent: Counters,
}

/// How many bits the kernel counts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// Some drivers of 32-bit kernels count in an `unsigned long`, which begins again at 0.
    Bits32,
    /// A counter that falls was reset.
    Bits64,
}

/// Parses `net/dev`.
///
/// # Errors
/// If a line is not a name, a colon and the 16 numbers that the kernel writes since Linux 2.2.
pub fn parse(bytes: &[u8]) -> Result<Vec<Line<'_>>, ParseError> {
    let mut interfaces = Vec::new();
    // Two lines of headings, which by themselves cannot be told from a name.
    for (place, line) in lines("net/dev", bytes).skip(2) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let Some(colon) = line.iter().rposition(|&byte| byte == b':') else {
            return Err(place.expected("a name and a colon", line));
        };
        let mut numbers = words(&line[colon + 1..]);
        let mut next = || place.unsigned(numbers.next().unwrap_or_default());
        let mut direction = || -> Result<Counters, ParseError> {
            let counters =
                Counters { bytes: next()?, packets: next()?, errors: next()?, dropped: next()? };
            // Four more, of no use here.
            for _ in 0..4 {
                next()?;
            }
            Ok(counters)
        };
        let (received, sent) = (direction()?, direction()?);
        interfaces.push(Line { name: line[..colon].trim_ascii(), received, sent });
    }
    Ok(interfaces)
}

impl Width {
    /// Of the running kernel, or of that which was captured: 32 bits on 32-bit machines.
    pub(super) fn of(roots: &Roots) -> Self {
        // Since Linux 6.1 there is a file; before, the running one says.
        let file = files::read(&roots.proc("sys/kernel/arch"), files::SMALL).ok();
        let machine = file.unwrap_or_else(|| match roots.is_live() {
            true => rustix::system::uname().machine().to_bytes().to_vec(),
            false => Vec::new(),
        });
        match machine.trim_ascii() {
            b"armv6l" | b"armv7l" | b"armv5tel" | b"armv5tejl" | b"i386" | b"i486" | b"i586"
            | b"i686" | b"mips" | b"ppc" | b"riscv32" => Width::Bits32,
            _ => Width::Bits64,
        }
    }
}

/// How much a counter grew per second; `None` if it was reset.
#[must_use]
pub fn rate(earlier: u64, later: u64, width: Width, elapsed: Duration) -> Option<f64> {
    let wrapped = || {
        let (earlier, later) = (u32::try_from(earlier).ok()?, u32::try_from(later).ok()?);
        // More than half of the range in one step is rather a reset.
        let growth = later.wrapping_sub(earlier);
        (width == Width::Bits32 && growth < 1 << 31).then_some(u64::from(growth))
    };
    per_second(earlier, later, elapsed).or_else(|| per_second(0, wrapped()?, elapsed))
}

/// A direction as it is shown, with rates since `earlier`.
pub(super) fn traffic(
    counters: &Counters,
    earlier: Option<(&Counters, Duration)>,
    width: Width,
) -> Traffic {
    let rate = |pick: fn(&Counters) -> u64| {
        earlier.and_then(|(earlier, elapsed)| rate(pick(earlier), pick(counters), width, elapsed))
    };
    let per_second = |pick| Reading::from_option(rate(pick).map(PerSecond::new), Reason::Measuring);
    Traffic {
        bytes_total: Bytes(counters.bytes),
        packets_total: counters.packets,
        errors_total: counters.errors,
        dropped_total: counters.dropped,
        bytes_per_second: Reading::from_option(
            rate(|counters| counters.bytes).map(whole_bytes),
            Reason::Measuring,
        ),
        packets_per_second: per_second(|counters| counters.packets),
        errors_per_second: per_second(|counters| counters.errors),
        dropped_per_second: per_second(|counters| counters.dropped),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is not negative, and the nearest byte per second is what is wanted"
)]
fn whole_bytes(rate: f64) -> BytesPerSecond {
    BytesPerSecond(rate.round() as u64)
}

#[cfg(test)]
mod tests;
