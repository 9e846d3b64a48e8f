//! Parsers of the files of a group of version 1 (kernel documents admin-guide/cgroup-v1/memory.rst,
//! blkio-controller.rst, cpuacct.rst and scheduler/sched-bwc.rst).

use super::sample::{Memory, Throttled, Transferred};
use super::v2::pairs;
use crate::host::parse::{ParseError, Place, lines, signed, words};

/// `cpu.stat`: periods of the limit.
///
/// # Errors
/// If one of both is missing or no number.
pub fn parse_cpu_stat(bytes: &[u8]) -> Result<Throttled, ParseError> {
    const FILE: &str = "cpu.stat";
    let (mut periods, mut throttled) = (None, None);
    for (place, key, value) in pairs(FILE, bytes) {
        let slot = match key {
            b"nr_periods" => &mut periods,
            b"nr_throttled" => &mut throttled,
            _ => continue,
        };
        *slot = Some(place.unsigned(value)?);
    }
    let missing = |wanted| ParseError::Missing { file: FILE, wanted };
    Ok(Throttled {
        periods: periods.ok_or(missing("nr_periods"))?,
        throttled: throttled.ok_or(missing("nr_throttled"))?,
    })
}

/// `cpu.cfs_quota_us`: microseconds of processor time in a period; `None` (−1) without a limit.
///
/// # Errors
/// If it is no number.
pub fn parse_quota(bytes: &[u8]) -> Result<Option<u64>, ParseError> {
    let token = bytes.trim_ascii();
    let place = Place { file: "cpu.cfs_quota_us", line: 1 };
    let quota = signed(token).ok_or_else(|| place.expected("a whole number", token))?;
    Ok(u64::try_from(quota).ok())
}

/// A file with one number.
///
/// # Errors
/// If it is none.
pub fn parse_number(file: &'static str, bytes: &[u8]) -> Result<u64, ParseError> {
    Place { file, line: 1 }.unsigned(bytes.trim_ascii())
}

/// What `memory.stat` says of the group and all below it: `total_inactive_file`, `total_cache`,
/// `total_swap` (where swap is counted).
///
/// # Errors
/// If one of the first two is missing, or a value no number.
pub fn parse_memory_stat(bytes: &[u8]) -> Result<Memory, ParseError> {
    const FILE: &str = "memory.stat";
    let (mut inactive_file, mut cache, mut swap) = (None, None, None);
    for (place, key, value) in pairs(FILE, bytes) {
        let slot = match key {
            b"total_inactive_file" => &mut inactive_file,
            b"total_cache" => &mut cache,
            b"total_swap" => &mut swap,
            _ => continue,
        };
        *slot = Some(place.unsigned(value)?);
    }
    let missing = |wanted| ParseError::Missing { file: FILE, wanted };
    Ok(Memory {
        inactive_file: inactive_file.ok_or(missing("total_inactive_file"))?,
        cache: cache.ok_or(missing("total_cache"))?,
        swap,
    })
}

/// `blkio.throttle.io_service_bytes`, with or without `_recursive`: lines `8:0 Read 4096`. All
/// devices together.
///
/// # Errors
/// If a value is no number.
pub fn parse_io_service_bytes(bytes: &[u8]) -> Result<Transferred, ParseError> {
    let mut sum = Transferred::default();
    for (place, line) in lines("blkio.throttle.io_service_bytes", bytes) {
        let mut words = words(line).skip(1);
        let (kind, value) = (words.next(), words.next().unwrap_or_default());
        let slot = match kind {
            Some(b"Read") => &mut sum.read,
            Some(b"Write") => &mut sum.written,
            _ => continue,
        };
        *slot = slot.saturating_add(place.unsigned(value)?);
    }
    Ok(sum)
}

/// `freezer.state`: whether everything in the group stands still, or is being stopped.
///
/// # Errors
/// If it is another word than the three there are.
pub fn parse_freezer_state(bytes: &[u8]) -> Result<bool, ParseError> {
    match bytes.trim_ascii() {
        b"FROZEN" | b"FREEZING" => Ok(true),
        b"THAWED" => Ok(false),
        other => Err(Place { file: "freezer.state", line: 1 }.expected("a state", other)),
    }
}

#[cfg(test)]
mod tests;
