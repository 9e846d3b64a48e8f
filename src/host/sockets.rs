//! Sockets of this network namespace, from `net/sockstat`, `net/tcp` and their twins for IPv6.
//!
//! The kernel keeps no count of TCP sockets by state, so they have to be walked over: about 150
//! bytes of text for each. They are counted as they are read and never kept, and with more than
//! [`WALK_MAX`] not walked over at all.
//!
//! What costs is not the text but the kernel's hash table, which is walked over whole, once for each
//! file, and has a place for every 64 or 128 KiB of memory up to half a million, used or not: 2 ms for
//! 262,144. Asking once more at the end of a file would walk over it again; see [`is_last`].

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::files::{self, Kept};
use super::missing::Missing;
use super::parse::{ParseError, lines, words};
use super::{Collected, Context, Source, network};
use crate::model::network::{Sockets, TcpStates};
use crate::model::source::{Remedy, SourceFinding};
use crate::model::{Bytes, Reason};

pub mod tcp;

use tcp::Counter;

/// With more TCP sockets than this they are not counted by state.
pub const WALK_MAX: u64 = 50_000;

/// How much of a file is held at once.
const CHUNK: usize = 64 << 10;

/// Longer than any line of `net/tcp` (150 bytes) or `net/tcp6` (about 180).
const LONGEST_LINE: usize = 512;

/// Most bytes of a file that are walked over, should there be no count: [`WALK_MAX`] sockets twice.
const WALK_BYTES: usize = 16 << 20;

/// The source `sockets`.
#[derive(Debug)]
pub struct SocketsSource {
    context: Context,
    four: Kept,
    six: Kept,
    page_size: u64,
    missing: Missing,
}

impl SocketsSource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        let kept = |file| Kept::new(network::namespace(&context.roots, file), files::SMALL);
        Self {
            four: kept("sockstat"),
            six: kept("sockstat6"),
            page_size: rustix::param::page_size() as u64,
            missing: Missing::new("sockets"),
            context,
        }
    }

    /// Every TCP socket by its state.
    fn walk(&self) -> Result<TcpStates, Reason> {
        let path = |file| network::namespace(&self.context.roots, file);
        let four = count(&path("tcp"))?;
        match count(&path("tcp6")) {
            Ok(six) => Ok(four.plus(&six)),
            // A machine without IPv6.
            Err(Reason::NotSupported) => Ok(four.states()),
            Err(reason) => Err(reason),
        }
    }
}

impl Source for SocketsSource {
    fn name(&self) -> &'static str {
        "sockets"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        let four = self.four.read().and_then(|bytes| Ok(parse_sockstat(bytes)?));
        let six = self.six.read().and_then(|bytes| Ok(parse_sockstat(bytes)?));
        self.missing.begin(self.context.clock.wall());
        let count = four.as_ref().map_or(0, Sockstat::tcp_sockets)
            + six.as_ref().map_or(0, Sockstat::tcp_sockets);
        let tcp = if count > WALK_MAX {
            let what = format!("net/tcp ({count} TCP sockets)");
            // It is our own bound: no limit of the system has to be raised.
            self.missing.note_with("tcp", what, Reason::OutOfResources, Remedy::Nothing);
            Err(Reason::OutOfResources)
        } else {
            self.walk()
        };
        if let (Err(reason), Err(_)) = (&four, &tcp) {
            return Err(*reason);
        }
        let both = |pick: fn(&Sockstat) -> Option<u64>| {
            four.as_ref().map_err(|reason| *reason).and_then(|four| {
                let four = pick(four).ok_or(Reason::NotSupported)?;
                Ok(four.saturating_add(six.as_ref().ok().and_then(pick).unwrap_or(0)))
            })
        };
        // These count IPv6 as well, and are in the older file only.
        let one = |pick: fn(&Sockstat) -> Option<u64>| {
            four.as_ref()
                .map_err(|reason| *reason)
                .and_then(|four| pick(four).ok_or(Reason::NotSupported))
        };
        let page_size = self.page_size;
        let memory = one(|stat| stat.tcp_memory_pages);
        Ok(Collected::Sockets(Sockets {
            tcp: tcp.into(),
            tcp_in_use: both(|stat| stat.tcp_in_use).into(),
            tcp_orphaned: one(|stat| stat.tcp_orphaned).into(),
            tcp_time_wait: one(|stat| stat.tcp_time_wait).into(),
            tcp_memory_bytes: memory.map(|pages| Bytes(pages.saturating_mul(page_size))).into(),
            udp_in_use: both(|stat| stat.udp_in_use).into(),
        }))
    }

    fn findings(&self) -> Vec<SourceFinding> {
        self.missing.findings()
    }
}

/// What `sockstat` or `sockstat6` says, as far as it is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sockstat {
    /// `TCP: inuse` or `TCP6: inuse`.
    pub tcp_in_use: Option<u64>,
    /// `TCP: orphan`.
    pub tcp_orphaned: Option<u64>,
    /// `TCP: tw`.
    pub tcp_time_wait: Option<u64>,
    /// `TCP: mem`.
    pub tcp_memory_pages: Option<u64>,
    /// `UDP: inuse` or `UDP6: inuse`.
    pub udp_in_use: Option<u64>,
}

impl Sockstat {
    fn tcp_sockets(&self) -> u64 {
        let counts = [self.tcp_in_use, self.tcp_time_wait];
        counts.into_iter().flatten().fold(0, u64::saturating_add)
    }
}

/// Parses `sockstat` or `sockstat6`: lines `TCP: inuse 1 orphan 0 …`.
///
/// # Errors
/// If a value is no number. Unknown lines and keys are passed over.
pub fn parse_sockstat(bytes: &[u8]) -> Result<Sockstat, ParseError> {
    let mut stat = Sockstat::default();
    for (place, line) in lines("sockstat", bytes) {
        let mut words = words(line);
        let protocol = words.next();
        while let (Some(key), Some(value)) = (words.next(), words.next()) {
            let slot = match (protocol, key) {
                (Some(b"TCP:" | b"TCP6:"), b"inuse") => &mut stat.tcp_in_use,
                (Some(b"TCP:"), b"orphan") => &mut stat.tcp_orphaned,
                (Some(b"TCP:"), b"tw") => &mut stat.tcp_time_wait,
                (Some(b"TCP:"), b"mem") => &mut stat.tcp_memory_pages,
                (Some(b"UDP:" | b"UDP6:"), b"inuse") => &mut stat.udp_in_use,
                _ => continue,
            };
            *slot = Some(place.unsigned(value)?);
        }
    }
    Ok(stat)
}

/// Counts the sockets of `net/tcp` or `net/tcp6`, a piece at a time.
fn count(path: &Path) -> Result<Counter, Reason> {
    let mut file = File::open(path).map_err(|error| files::reason(&error))?;
    let mut buffer = vec![0; CHUNK];
    let mut counter = Counter::default();
    let mut total = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                counter.take(&buffer[..length])?;
                total += length;
                if is_last(length) {
                    break;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(files::reason(&error)),
        }
        if total > WALK_BYTES {
            return Err(Reason::OutOfResources);
        }
    }
    counter.finish()?;
    Ok(counter)
}

/// Whether a piece of this length was the last of its file. The kernel writes a page at a time
/// (`seq_read_iter` in fs/seq_file.c) and ends a page only where the next line does not fit, so one
/// with room for another line was ended by the end of the file.
fn is_last(length: usize) -> bool {
    length + LONGEST_LINE < rustix::param::page_size()
}

#[cfg(test)]
mod tests;
