//! What manager and worker say to each other, both ends of it.
//!
//! The worker's standard input is one end of a pair of sockets.
//!
//! | direction | what | meaning |
//! |---|---|---|
//! | manager → worker | a length (4 bytes, little endian) and so many bytes | the *handover*: the config file as the manager last found it right. Opaque to the manager |
//! | manager → worker | end of file | the manager is gone: the worker ends at once, for whoever comes next needs the port |
//! | worker → manager | `up VERSION` | it serves |
//! | worker → manager | `beat` | its loop has turned, once a second at least |
//! | worker → manager | `failed MESSAGE` | it cannot start, and why |
//!
//! Lines end with a line feed. Unknown lines are ignored: after an upgrade the worker may be newer
//! than its manager. The listening sockets come as systemd hands them down: descriptors from 3 on,
//! counted by `LISTEN_FDS`.
//!
//! Under supervisord, where the worker is no child of the manager, it says the same in datagrams
//! to the socket [`SOCKET_FILE`] of the state folder, each line with its process number behind the
//! first word: `up PID VERSION`, `beat PID`.

use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;

/// Set for a worker: the number of its start, 0 for the first.
pub const START_VARIABLE: &str = "SMONITOR_INTERNAL_WORKER_START";
/// The socket for signs of life, in the state folder, where manager and worker are two services.
pub const SOCKET_FILE: &str = "manager.sock";

/// A longer handover was not made by a manager.
const HANDOVER_MAX_BYTES: usize = 16 * 1024 * 1024;
/// A longer line is cut by the sender.
pub const LINE_MAX_BYTES: usize = 1000;

/// What a worker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// It serves.
    Up {
        /// Its version.
        version: String,
    },
    /// Its loop has turned.
    Beat,
    /// It cannot start.
    Failed {
        /// Why, for people.
        message: String,
    },
}

impl Word {
    /// The line that says it, with its line feed.
    #[must_use]
    pub fn line(&self) -> String {
        let line = match self {
            Self::Up { version } => format!("up {version}"),
            Self::Beat => "beat".to_owned(),
            Self::Failed { message } => format!("failed {message}"),
        };
        let one_line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut end = one_line.len().min(LINE_MAX_BYTES);
        while !one_line.is_char_boundary(end) {
            end -= 1;
        }
        format!("{}\n", &one_line[..end])
    }

    /// Understands a line, without its line feed; none if it means nothing here.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "up" if !rest.is_empty() => Some(Self::Up { version: rest.to_owned() }),
            "beat" => Some(Self::Beat),
            "failed" => Some(Self::Failed { message: rest.to_owned() }),
            _ => None,
        }
    }
}

/// The worker's end.
#[derive(Debug)]
pub struct Link {
    stream: UnixStream,
    /// Which start this is, 0 for the first.
    pub start: u64,
    /// What the manager handed over.
    pub handover: Vec<u8>,
}

/// What the worker says through.
#[derive(Debug)]
pub struct Voice(UnixStream);

impl Link {
    /// Takes the link that this process was started with; none if no manager started it.
    ///
    /// # Errors
    /// If it was started by a manager and the handover does not come.
    pub fn take(start: Option<&str>) -> io::Result<Option<Self>> {
        let Some(start) = start.and_then(|text| text.parse().ok()) else { return Ok(None) };
        let mut stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        let handover = read_handover(&mut stream)?;
        Ok(Some(Self { stream, start, handover }))
    }

    /// A voice to the manager. What it says while the manager does not listen is lost: the worker
    /// never waits for its manager.
    ///
    /// # Errors
    /// If the descriptor cannot be doubled.
    pub fn voice(&self) -> io::Result<Voice> {
        let stream = self.stream.try_clone()?;
        Ok(Voice(stream))
    }

    /// Waits, on a thread of its own, until the manager is gone, and calls `gone` then: also
    /// while everything else of the worker is deadlocked.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn watch(self, gone: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let mut stream = self.stream;
        let wait = move || {
            let mut ignored = [0; 64];
            loop {
                match stream.read(&mut ignored) {
                    Ok(0) => break,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => break,
                    Ok(_) => {}
                }
            }
            gone();
        };
        std::thread::Builder::new().name("manager".to_owned()).spawn(wait).map(|_| ())
    }
}

impl Voice {
    /// Says it, or loses it if the manager is too busy to listen.
    pub fn say(&self, word: &Word) {
        use rustix::net::{SendFlags, send};
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        // A line is far smaller than the buffer: it goes whole or not at all. That the manager is
        // gone is noticed by `watch`.
        let _ = send(&self.0, word.line().as_bytes(), flags);
    }
}

fn read_handover(stream: &mut impl io::Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > HANDOVER_MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the handover is too long"));
    }
    let mut handover = vec![0; length];
    stream.read_exact(&mut handover)?;
    Ok(handover)
}

/// Writes a handover; the manager's side.
///
/// # Errors
/// If the worker is gone or the handover is too long.
pub fn write_handover(stream: &mut impl io::Write, handover: &[u8]) -> io::Result<()> {
    let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "the handover is too long");
    if handover.len() > HANDOVER_MAX_BYTES {
        return Err(too_long());
    }
    let length = u32::try_from(handover.len()).map_err(|_| too_long())?;
    stream.write_all(&length.to_le_bytes())?;
    stream.write_all(handover)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_is_said_is_understood() {
        for word in [
            Word::Up { version: "1.2.3".to_owned() },
            Word::Beat,
            Word::Failed { message: "no port".to_owned() },
        ] {
            let line = word.line();
            assert_eq!(Word::parse(line.strip_suffix('\n').unwrap()), Some(word));
        }
    }

    #[test]
    fn a_message_stays_one_line_of_bounded_length() {
        let word = Word::Failed { message: format!("a\nb\0{}", "é".repeat(2000)) };
        let line = word.line();
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.starts_with("failed a b ") && line.len() <= LINE_MAX_BYTES + 1);
    }

    #[test]
    fn words_of_a_newer_worker_mean_nothing() {
        for line in ["", "up", "up ", "beats", "sing a song"] {
            assert_eq!(Word::parse(line), None, "{line}");
        }
    }

    #[test]
    fn a_handover_arrives_whole_or_not_at_all() {
        let (mut manager, mut worker) = UnixStream::pair().unwrap();
        write_handover(&mut manager, b"settings").unwrap();
        assert_eq!(read_handover(&mut worker).unwrap(), b"settings");
        manager.write_all(&[9, 0, 0, 0, 1]).unwrap();
        drop(manager);
        assert_eq!(read_handover(&mut worker).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        let far_too_long = u32::MAX.to_le_bytes();
        assert!(read_handover(&mut far_too_long.as_slice()).is_err());
    }

    #[test]
    fn the_end_of_the_manager_is_noticed() {
        let (manager, worker) = UnixStream::pair().unwrap();
        let link = Link { stream: worker, start: 0, handover: Vec::new() };
        let (said, heard) = std::sync::mpsc::channel();
        link.watch(move || said.send(()).unwrap()).unwrap();
        assert!(heard.recv_timeout(std::time::Duration::from_millis(50)).is_err());
        drop(manager);
        heard.recv_timeout(std::time::Duration::from_secs(10)).unwrap();
    }
}
