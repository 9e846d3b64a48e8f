//! Parsers of the files of a group of version 2 (kernel document admin-guide/cgroup-v2.rst).

use super::sample::{Cpu, Memory, Throttled, Transferred};
use crate::host::parse::{ParseError, Place, lines, words};

/// Processor time and periods of the limit, from `cpu.stat`. Periods are there only where the
/// controller is.
///
/// # Errors
/// If a value is no number, or there is no `usage_usec`.
pub fn parse_cpu_stat(bytes: &[u8]) -> Result<Cpu, ParseError> {
    const FILE: &str = "cpu.stat";
    let (mut usage, mut periods, mut throttled) = (None, None, None);
    for (place, key, value) in pairs(FILE, bytes) {
        let slot = match key {
            b"usage_usec" => &mut usage,
            b"nr_periods" => &mut periods,
            b"nr_throttled" => &mut throttled,
            _ => continue,
        };
        *slot = Some(place.unsigned(value)?);
    }
    let usage: u64 = usage.ok_or(ParseError::Missing { file: FILE, wanted: "usage_usec" })?;
    let throttled = periods.zip(throttled);
    Ok(Cpu {
        nanoseconds: usage.saturating_mul(1000),
        throttled: throttled.map(|(periods, throttled)| Throttled { periods, throttled }),
    })
}

/// `cpu.max`: microseconds of processor time in a period, and the period; `None` without a limit.
///
/// # Errors
/// If it is not `max` or a number, and a number that is not 0.
pub fn parse_cpu_max(bytes: &[u8]) -> Result<Option<(u64, u64)>, ParseError> {
    let place = Place { file: "cpu.max", line: 1 };
    let mut words = words(bytes.trim_ascii());
    let (quota, period) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let number = place.unsigned(period)?;
    if number == 0 {
        return Err(place.expected("a period", period));
    }
    if quota == b"max" { Ok(None) } else { Ok(Some((place.unsigned(quota)?, number))) }
}

/// What `memory.stat` says: `inactive_file` and `file`.
///
/// # Errors
/// If one of both is missing or no number.
pub fn parse_memory_stat(bytes: &[u8]) -> Result<Memory, ParseError> {
    const FILE: &str = "memory.stat";
    let (mut inactive_file, mut cache) = (None, None);
    for (place, key, value) in pairs(FILE, bytes) {
        let slot = match key {
            b"inactive_file" => &mut inactive_file,
            b"file" => &mut cache,
            _ => continue,
        };
        *slot = Some(place.unsigned(value)?);
    }
    let missing = |wanted| ParseError::Missing { file: FILE, wanted };
    Ok(Memory {
        inactive_file: inactive_file.ok_or(missing("inactive_file"))?,
        cache: cache.ok_or(missing("file"))?,
        // It has a file of its own.
        swap: None,
    })
}

/// A file with one number, or `max` for no limit (`memory.max`, `pids.max`).
///
/// # Errors
/// If it is neither.
pub fn parse_limit(file: &'static str, bytes: &[u8]) -> Result<Option<u64>, ParseError> {
    let token = bytes.trim_ascii();
    if token == b"max" {
        return Ok(None);
    }
    Place { file, line: 1 }.unsigned(token).map(Some)
}

/// `io.stat`: a line `8:0 rbytes=1 wbytes=2 …` for every device that was used. All devices together.
///
/// # Errors
/// If a value is no number.
pub fn parse_io_stat(bytes: &[u8]) -> Result<Transferred, ParseError> {
    let mut sum = Transferred::default();
    for (place, line) in lines("io.stat", bytes) {
        for word in words(line).skip(1) {
            if let Some(value) = word.strip_prefix(b"rbytes=") {
                sum.read = sum.read.saturating_add(place.unsigned(value)?);
            } else if let Some(value) = word.strip_prefix(b"wbytes=") {
                sum.written = sum.written.saturating_add(place.unsigned(value)?);
            }
        }
    }
    Ok(sum)
}

/// The value of `wanted` in a file of lines `key value`: `oom_kill` of `memory.events`, `frozen` of
/// `cgroup.events`. `None` if this kernel does not have it.
///
/// # Errors
/// If it is no number.
pub fn parse_value(
    file: &'static str,
    bytes: &[u8],
    wanted: &[u8],
) -> Result<Option<u64>, ParseError> {
    let found = pairs(file, bytes).find(|(_, key, _)| *key == wanted);
    found.map(|(place, _, value)| place.unsigned(value)).transpose()
}

/// The lines that are a key and a value.
pub(super) fn pairs<'a>(
    file: &'static str,
    bytes: &'a [u8],
) -> impl Iterator<Item = (Place, &'a [u8], &'a [u8])> {
    lines(file, bytes).filter_map(|(place, line)| {
        let mut words = words(line);
        Some((place, words.next()?, words.next().unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests;
