//! `PID/stat` and `PID/statm` (kernel document filesystems/proc.rst, tables 1-3 and 1-4).

use crate::host::parse::{ParseError, Place, signed, unsigned};
use crate::model::process::ProcessState;

/// The flag of a kernel thread (`PF_KTHREAD`, since Linux 2.6.27).
const KERNEL_THREAD: u64 = 0x0020_0000;

/// What is used of `PID/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat<'a> {
    /// Process id.
    pub pid: u32,
    /// Short name, as it is: any bytes but 0.
    pub comm: &'a [u8],
    /// What it is doing.
    pub state: ProcessState,
    /// Process id of the parent.
    pub parent_pid: u32,
    /// Whether it is a thread of the kernel.
    pub kernel_thread: bool,
    /// User and system time, in ticks.
    pub cpu_ticks: u64,
    /// Nice value.
    pub nice: i32,
    /// Threads.
    pub threads: u32,
    /// When it started, in ticks since boot. With the pid, its identity.
    pub start_ticks: u64,
    /// Address space, in bytes.
    pub virtual_bytes: u64,
    /// Resident pages. Since 6.2 an estimate that may be off by some pages per processor.
    pub resident_pages: u64,
}

const FILE: &str = "PID/stat";

/// Parses `PID/stat`. The name may hold anything, blanks, line breaks and `)` included, so it ends
/// at the last `)`.
///
/// # Errors
/// If a field is missing or malformed.
pub fn parse_stat(bytes: &[u8]) -> Result<Stat<'_>, ParseError> {
    let place = Place { file: FILE, line: 1 };
    let open = bytes.iter().position(|&byte| byte == b'(');
    let close = bytes.iter().rposition(|&byte| byte == b')');
    let (Some(open), Some(close)) = (open, close) else {
        return Err(place.expected("a name in parentheses", bytes));
    };
    if close < open {
        return Err(place.expected("a name in parentheses", bytes));
    }
    let pid = pid(bytes[..open].trim_ascii_end(), place)?;
    let mut rest = Fields { place, rest: bytes[close + 1..].trim_ascii() };
    let state = state(rest.next()?);
    let parent_pid = pid_field(&mut rest)?;
    rest.skip(4)?; // pgrp, session, tty_nr, tpgid
    let flags = rest.unsigned()?;
    rest.skip(4)?; // minflt, cminflt, majflt, cmajflt
    let (user, system) = (rest.unsigned()?, rest.unsigned()?);
    rest.skip(3)?; // cutime, cstime, priority
    let nice = rest.signed()?;
    let threads = rest.signed()?;
    rest.skip(1)?; // itrealvalue
    let start_ticks = rest.unsigned()?;
    let virtual_bytes = rest.unsigned()?;
    let resident_pages = rest.signed()?;
    Ok(Stat {
        pid,
        comm: &bytes[open + 1..close],
        state,
        parent_pid,
        kernel_thread: flags & KERNEL_THREAD != 0,
        cpu_ticks: user.saturating_add(system),
        nice: i32::try_from(nice).unwrap_or_default(),
        threads: u32::try_from(threads).unwrap_or_default(),
        start_ticks,
        virtual_bytes,
        // The kernel's counters may be below zero for a moment.
        resident_pages: u64::try_from(resident_pages).unwrap_or_default(),
    })
}

/// Memory of a process in pages, exact at the time of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pages {
    /// Resident.
    pub resident: u64,
    /// Resident and backed by files or shared.
    pub shared: u64,
}

/// Second and third field of `/proc/PID/statm`.
///
/// # Errors
/// If there are fewer fields or they are no numbers.
pub fn parse_statm(bytes: &[u8]) -> Result<Pages, ParseError> {
    let place = Place { file: "PID/statm", line: 1 };
    let mut fields = Fields { place, rest: bytes.trim_ascii() };
    fields.skip(1)?;
    Ok(Pages { resident: fields.unsigned()?, shared: fields.unsigned()? })
}

/// The fields of a line, one after the other; this runs for every process at every tick.
struct Fields<'a> {
    place: Place,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn next(&mut self) -> Result<&'a [u8], ParseError> {
        if self.rest.is_empty() {
            return Err(self.place.expected("another field", b""));
        }
        let end = self.rest.iter().position(|&byte| byte == b' ').unwrap_or(self.rest.len());
        let (field, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        Ok(field)
    }

    fn skip(&mut self, count: usize) -> Result<(), ParseError> {
        (0..count).try_for_each(|_| self.next().map(|_| ()))
    }

    fn unsigned(&mut self) -> Result<u64, ParseError> {
        let place = self.place;
        self.next().and_then(|field| place.unsigned(field))
    }

    fn signed(&mut self) -> Result<i64, ParseError> {
        let field = self.next()?;
        signed(field).ok_or_else(|| self.place.expected("a whole number", field))
    }
}

fn pid(field: &[u8], place: Place) -> Result<u32, ParseError> {
    unsigned(field)
        .and_then(|pid| u32::try_from(pid).ok())
        .ok_or_else(|| place.expected("a process id", field))
}

fn pid_field(fields: &mut Fields<'_>) -> Result<u32, ParseError> {
    let place = fields.place;
    pid(fields.next()?, place)
}

fn state(field: &[u8]) -> ProcessState {
    match field {
        b"R" => ProcessState::Running,
        b"S" => ProcessState::Sleeping,
        b"D" => ProcessState::Uninterruptible,
        b"T" => ProcessState::Stopped,
        b"t" => ProcessState::Traced,
        b"Z" => ProcessState::Zombie,
        b"I" => ProcessState::Idle,
        b"X" | b"x" => ProcessState::Dead,
        _ => ProcessState::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NGINX: &[u8] = b"812 (nginx) S 1 812 812 0 -1 4194624 1312 0 12 0 250 75 0 0 20 5 3 0 \
        1409 56827904 1834 18446744073709551615 1 1 0 0 0 0 0 16781312 0 0 0 0 17 1 0 0 0 0 0\n";

    #[test]
    fn fields_are_at_their_places() {
        assert_eq!(
            parse_stat(NGINX).unwrap(),
            Stat {
                pid: 812,
                comm: b"nginx",
                state: ProcessState::Sleeping,
                parent_pid: 1,
                kernel_thread: false,
                cpu_ticks: 325,
                nice: 5,
                threads: 3,
                start_ticks: 1409,
                virtual_bytes: 56_827_904,
                resident_pages: 1834,
            }
        );
    }

    #[test]
    fn a_name_may_hold_anything() {
        for name in ["a) R 1 (b", ")", "", "x\ny z", "((", "\u{1b}[31m", ") S 1 1 1"] {
            let line = String::from_utf8_lossy(NGINX).replace("nginx", name);
            let stat = parse_stat(line.as_bytes()).unwrap();
            assert_eq!((stat.comm, stat.start_ticks), (name.as_bytes(), 1409), "{name:?}");
        }
    }

    #[test]
    fn every_state_has_its_letter() {
        for (letter, state) in [
            ('R', ProcessState::Running),
            ('D', ProcessState::Uninterruptible),
            ('T', ProcessState::Stopped),
            ('t', ProcessState::Traced),
            ('Z', ProcessState::Zombie),
            ('I', ProcessState::Idle),
            ('X', ProcessState::Dead),
            ('x', ProcessState::Dead),
            ('P', ProcessState::Other),
        ] {
            let line = String::from_utf8_lossy(NGINX).replace(") S", &format!(") {letter}"));
            assert_eq!(parse_stat(line.as_bytes()).unwrap().state, state);
        }
    }

    #[test]
    fn kernel_threads_have_a_flag_and_memory_is_never_negative() {
        let line =
            String::from_utf8_lossy(NGINX).replace("4194624", "69238880").replace(" 1834 ", " -3 ");
        let stat = parse_stat(line.as_bytes()).unwrap();
        assert!(stat.kernel_thread);
        assert_eq!(stat.resident_pages, 0);
    }

    #[test]
    fn short_and_strange_lines_are_errors_that_say_why() {
        let complete = NGINX.windows(6).position(|window| window == b" 1834 ").unwrap();
        for length in 0..=complete {
            assert!(parse_stat(&NGINX[..length]).is_err(), "{length}");
        }
        let line = String::from_utf8_lossy(NGINX).replace("1409", "14x9");
        assert_eq!(
            parse_stat(line.as_bytes()).unwrap_err().to_string(),
            "PID/stat, line 1: wanted a whole number, found \"14x9\""
        );
        assert!(parse_stat(b")(").is_err());
        assert_eq!(
            parse_statm(b"13874 1834 1512 287 0 704 0\n"),
            Ok(Pages { resident: 1834, shared: 1512 })
        );
        assert!(parse_statm(b"13874 1834").is_err());
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>, tail in "\\(.*\\) [RSDZ]( -?[0-9]{1,20}){0,24}") {
            let _ = parse_stat(&bytes);
            let _ = parse_statm(&bytes);
            let mut line = bytes;
            line.extend(tail.as_bytes());
            let _ = parse_stat(&line);
        }
    }
}
