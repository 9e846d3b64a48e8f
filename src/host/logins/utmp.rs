//! `utmp`: the records that login programs leave, utmp(5) and glibc's `bits/utmp.h`. Bytes in,
//! records out; whether a record is still true is not known here.
//!
//! There are two layouts, and nothing in the file says which. Where glibc keeps the format of its
//! 32-bit days (`__WORDSIZE_TIME64_COMPAT32`: x86, 32-bit ARM, POWER, riscv64) a record has 384
//! bytes with 32-bit times; elsewhere (aarch64, s390x, loongarch64, and every machine with musl) it
//! has 400 with 64-bit ones. Numbers are in the byte order of the machine.

use std::cmp::Reverse;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::host::parse::{ParseError, visible};
use crate::model::UnixMillis;

/// `EMPTY`: nothing.
const EMPTY: i16 = 0;

/// `USER_PROCESS`: somebody is logged in. Everything else is bookkeeping of init and of the past.
const USER_PROCESS: i16 = 7;

/// `ACCOUNTING`, the highest type there is.
const LAST_TYPE: i16 = 9;

/// 9999-12-31: a 64-bit number of seconds beyond is none.
const LAST_SECOND: i64 = 253_402_300_799;

/// 1986: a machine whose clock is set says more than this.
const FIRST_RECENT_SECOND: i64 = 1 << 29;

/// Where the fields of a record are that differ. The same for both: type 0, process 4, line 8,
/// user 44, host 76.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    size: usize,
    seconds: usize,
    microseconds: usize,
    address: usize,
}

const COMPACT: Layout = Layout { size: 384, seconds: 340, microseconds: 344, address: 348 };
const WIDE: Layout = Layout { size: 400, seconds: 344, microseconds: 352, address: 360 };

/// The likelier one comes first.
const LAYOUTS: [Layout; 2] = if cfg!(any(
    target_arch = "aarch64",
    target_arch = "s390x",
    target_arch = "loongarch64",
    target_env = "musl"
)) {
    [WIDE, COMPACT]
} else {
    [COMPACT, WIDE]
};

/// Somebody who is logged in, as the record says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Who (`ut_user`), at most 32 bytes, made visible.
    pub user: String,
    /// Where (`ut_line`): the terminal below the folder of devices, or a word of the program's own.
    pub line: Vec<u8>,
    /// Where from; none at the machine itself.
    pub from: Option<String>,
    /// Since when (`ut_tv`).
    pub login_at: UnixMillis,
    /// The session's first process (`ut_pid`), if the program told it.
    pub pid: Option<u32>,
}

/// Parses `utmp`. A record at the end that is not all there, as while one is being written, is left
/// out, and so is one that cannot be: of no known type, with a negative process id, or with a
/// million microseconds.
///
/// # Errors
/// If there is something and no record in it makes sense.
pub fn parse(bytes: &[u8]) -> Result<Vec<Record>, ParseError> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let layout = layout(bytes);
    let sensible = || bytes.chunks_exact(layout.size).filter(|record| layout.makes_sense(record));
    if sensible().next().is_none() {
        return Err(ParseError::Missing { file: "utmp", wanted: "record of a known layout" });
    }
    Ok(sensible().filter_map(|record| layout.user_process(record)).collect())
}

/// The layout in which most records have a time; then the one in which fewest are impossible, then
/// the one that the length is a multiple of, then the likelier one.
fn layout(bytes: &[u8]) -> Layout {
    let merit = |layout: &Layout| {
        let records = bytes.chunks_exact(layout.size);
        let is_whole = records.remainder().is_empty();
        let sensible = records.clone().filter(|record| layout.makes_sense(record)).count();
        let timed = records.clone().filter(|record| layout.has_time(record)).count();
        (timed, Reverse(records.len() - sensible), is_whole, sensible)
    };
    let [first, second] = LAYOUTS;
    if merit(&second) > merit(&first) { second } else { first }
}

impl Layout {
    fn makes_sense(self, record: &[u8]) -> bool {
        (0..=LAST_TYPE).contains(&kind(record))
            && number(record, 4).is_some_and(|pid| pid >= 0)
            && self.microseconds(record).is_some_and(|micros| (0..1_000_000).contains(&micros))
            && self.seconds(record).is_some_and(|seconds| (0..=LAST_SECOND).contains(&seconds))
    }

    /// Read in the other layout, the seconds are a part of something small: of zeros, or of less
    /// than a million microseconds.
    fn has_time(self, record: &[u8]) -> bool {
        let is_recent = |seconds: i64| seconds >= FIRST_RECENT_SECOND;
        self.makes_sense(record)
            && kind(record) != EMPTY
            && self.seconds(record).is_some_and(is_recent)
    }

    fn user_process(self, record: &[u8]) -> Option<Record> {
        let user = text(record, 44, 32);
        if kind(record) != USER_PROCESS || user.is_empty() {
            return None;
        }
        let line = text(record, 8, 32);
        let seconds = self.seconds(record)?;
        let milliseconds = self.microseconds(record)? / 1000;
        let pid = number(record, 4).and_then(|pid| u32::try_from(pid).ok());
        Some(Record {
            user: visible(user),
            line: line.to_vec(),
            from: from(text(record, 76, 256), line, self.address(record)),
            login_at: UnixMillis(seconds * 1000 + milliseconds),
            pid: pid.filter(|&pid| pid > 0),
        })
    }

    /// Since 2.40 glibc takes the 32 bits as unsigned, which lasts until 2106; nobody was logged in
    /// before 1970.
    fn seconds(self, record: &[u8]) -> Option<i64> {
        if self == WIDE {
            return wide_number(record, self.seconds);
        }
        number(record, self.seconds).map(|seconds| i64::from(seconds.cast_unsigned()))
    }

    fn microseconds(self, record: &[u8]) -> Option<i64> {
        if self == WIDE {
            return wide_number(record, self.microseconds);
        }
        number(record, self.microseconds).map(i64::from)
    }

    /// Addresses are in the order of the network; of an IPv4 address only the first word is used.
    fn address(self, record: &[u8]) -> Option<IpAddr> {
        let bytes: [u8; 16] = field(record, self.address)?;
        match bytes {
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] => None,
            [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] => {
                Some(Ipv4Addr::new(a, b, c, d).into())
            }
            _ => Some(Ipv6Addr::from(bytes).to_canonical()),
        }
    }
}

/// Where from. What programs write there for something at the machine itself is no other host:
/// an X display (`:0`), the terminal once more, the name of a pane of tmux.
fn from(host: &[u8], line: &[u8], address: Option<IpAddr>) -> Option<String> {
    let is_here = host.starts_with(b":") || host.starts_with(b"tmux(") || host == line;
    match host {
        [] => address.map(|address| address.to_string()),
        _ if is_here => None,
        _ => Some(visible(host)),
    }
}

fn field<const SIZE: usize>(record: &[u8], at: usize) -> Option<[u8; SIZE]> {
    record.get(at..at + SIZE)?.try_into().ok()
}

fn kind(record: &[u8]) -> i16 {
    field(record, 0).map_or(-1, i16::from_ne_bytes)
}

fn number(record: &[u8], at: usize) -> Option<i32> {
    field(record, at).map(i32::from_ne_bytes)
}

fn wide_number(record: &[u8], at: usize) -> Option<i64> {
    field(record, at).map(i64::from_ne_bytes)
}

/// A text ends at its first 0, or with its field.
fn text(record: &[u8], at: usize, length: usize) -> &[u8] {
    let field = record.get(at..at + length).unwrap_or_default();
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
