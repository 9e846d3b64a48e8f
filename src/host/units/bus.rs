//! A connection to a D-Bus socket: EXTERNAL authentication, calls, answers. Nothing waits for ever:
//! a bus that is silent for two seconds, or not done after four, is `not_responding`.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, sockopt};

use super::message::{self, Call, Kind, Message, PREFIX};
use super::systemd;
use super::wire::WireError;
use crate::clock::Clock;
use crate::host::files;
use crate::host::parse::visible;
use crate::model::Reason;

/// The longest silence.
const PATIENCE: Duration = Duration::from_secs(2);

/// The longest conversation. Less than the deadline of a source.
const LONGEST_TALK: Duration = Duration::from_secs(4);

/// Messages for others than us that are passed over while waiting for an answer. A bus sends one,
/// `NameAcquired`.
const MOST_UNASKED: usize = 64;

/// Calls that are sent before their answers are waited for. A bus allows 128 to be open.
const AT_ONCE: usize = 32;

/// The longest line of the authentication.
const LONGEST_LINE: usize = 512;

/// An open connection.
#[derive(Debug)]
pub(super) struct Bus {
    stream: UnixStream,
    clock: Clock,
    deadline: Duration,
    serial: u32,
    buffer: Vec<u8>,
}

impl Bus {
    /// Connects to whoever listens at `path` and says who we are.
    ///
    /// # Errors
    /// `not_installed` if nobody listens there, else why not.
    pub(super) fn connect(path: &Path, clock: &Clock) -> Result<Self, Reason> {
        let stream = open(path).map_err(|error| {
            tracing::debug!(path = %path.display(), %error, "no connection");
            match error {
                Errno::NOENT | Errno::NOTDIR | Errno::CONNREFUSED => Reason::NotInstalled,
                Errno::AGAIN => Reason::NotResponding,
                error => files::reason(&error.into()),
            }
        })?;
        let deadline = clock.monotonic() + LONGEST_TALK;
        let (serial, buffer) = (0, Vec::new());
        let mut bus = Self { stream, clock: clock.clone(), deadline, serial, buffer };
        bus.authenticate()?;
        Ok(bus)
    }

    /// Who we are is known to the other side by the socket; it has to be said nevertheless.
    ///
    /// That messages begin is said before the answer is there, as systemd's own programs do: where
    /// systemd itself listens it takes everything that is there once it knows, and a first message
    /// that came along would lie unread until the next one.
    fn authenticate(&mut self) -> Result<(), Reason> {
        let uid = rustix::process::geteuid().as_raw().to_string();
        let hex: String = uid.bytes().map(|byte| format!("{byte:02x}")).collect();
        self.write(format!("\0AUTH EXTERNAL {hex}\r\nBEGIN\r\n").as_bytes())?;
        let line = self.read_line()?;
        match line.split(|&byte| byte == b' ').next() {
            Some(b"OK") => Ok(()),
            Some(b"REJECTED") => Err(Reason::PermissionDenied),
            _ => {
                tracing::debug!(line = visible(&line), "no authentication");
                Err(Reason::Malformed)
            }
        }
    }

    /// Nothing follows the line until we have answered, so it may be read with what comes.
    fn read_line(&mut self) -> Result<Vec<u8>, Reason> {
        self.buffer.clear();
        loop {
            if let Some(line) = self.buffer.strip_suffix(b"\r\n") {
                return Ok(line.to_vec());
            }
            if self.buffer.len() >= LONGEST_LINE {
                return Err(Reason::Malformed);
            }
            self.read_some(LONGEST_LINE - self.buffer.len())?;
        }
    }

    /// Takes a name on a bus. Not wanted where systemd itself listens.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn hello(&mut self) -> Result<(), Reason> {
        self.ask(&systemd::hello(), |_| Ok(()))
    }

    /// Calls and takes the answer apart.
    ///
    /// # Errors
    /// Why there is none, or what it says.
    pub(super) fn ask<T>(
        &mut self,
        call: &Call<'_>,
        take: impl Fn(&Message<'_>) -> Result<T, WireError>,
    ) -> Result<T, Reason> {
        let mut answers = self.ask_all(std::slice::from_ref(call), take)?;
        answers.pop().unwrap_or(Err(Reason::ReadFailed))
    }

    /// Calls all, many at once, and takes the answers apart.
    ///
    /// # Errors
    /// Why the connection failed. What a single answer says is inside.
    pub(super) fn ask_all<T>(
        &mut self,
        calls: &[Call<'_>],
        take: impl Fn(&Message<'_>) -> Result<T, WireError>,
    ) -> Result<Vec<Result<T, Reason>>, Reason> {
        let mut all = Vec::with_capacity(calls.len());
        for calls in calls.chunks(AT_ONCE) {
            let first = self.serial + 1;
            let mut frames = Vec::new();
            for call in calls {
                self.serial += 1;
                frames.append(&mut call.encode(self.serial));
            }
            self.write(&frames)?;
            let mut answers: Vec<Option<Result<T, Reason>>> = calls.iter().map(|_| None).collect();
            let mut unasked = 0;
            while answers.iter().any(Option::is_none) {
                let message = self.read_message()?;
                let number = message.reply_to.checked_sub(first).map(|number| number as usize);
                let slot = number.and_then(|number| answers.get_mut(number));
                match (slot.filter(|slot| slot.is_none()), message.kind) {
                    (Some(slot), Kind::Return) => *slot = Some(take(&message).map_err(malformed)),
                    (Some(slot), Kind::Error(name)) => *slot = Some(Err(said(name))),
                    _ if unasked < MOST_UNASKED => unasked += 1,
                    _ => return Err(Reason::Malformed),
                }
            }
            all.extend(answers.into_iter().flatten());
        }
        Ok(all)
    }

    fn read_message(&mut self) -> Result<Message<'_>, Reason> {
        self.buffer.clear();
        while self.buffer.len() < PREFIX {
            self.read_some(PREFIX - self.buffer.len())?;
        }
        let prefix = self.buffer.first_chunk().ok_or(Reason::Malformed)?;
        let length = message::length(prefix).map_err(malformed)?;
        while self.buffer.len() < length {
            self.read_some(length - self.buffer.len())?;
        }
        Message::parse(&self.buffer).map_err(malformed)
    }

    /// Adds at least one and at most `limit` bytes to the buffer, which grows with what comes and
    /// not with what is announced.
    fn read_some(&mut self, limit: usize) -> Result<(), Reason> {
        const STEP: usize = 64 << 10;
        let patience = self.patience()?;
        self.stream.set_read_timeout(Some(patience)).map_err(failed)?;
        let length = self.buffer.len();
        self.buffer.resize(length + limit.min(STEP), 0);
        let count = loop {
            match self.stream.read(&mut self.buffer[length..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other.map_err(failed)?,
            }
        };
        self.buffer.truncate(length + count);
        if count == 0 { Err(closed()) } else { Ok(()) }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        let patience = self.patience()?;
        self.stream.set_write_timeout(Some(patience)).map_err(failed)?;
        self.stream.write_all(bytes).map_err(failed)
    }

    fn patience(&self) -> Result<Duration, Reason> {
        let left = self.deadline.saturating_sub(self.clock.monotonic()).min(PATIENCE);
        if left.is_zero() { Err(Reason::NotResponding) } else { Ok(left) }
    }
}

/// Where as many wait to be let in as there is room for, connecting waits too; so the limit has to
/// be there before, which the standard library does not offer.
fn open(path: &Path) -> Result<UnixStream, Errno> {
    let address = SocketAddrUnix::new(path)?;
    let socket = rustix::net::socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, Some(PATIENCE))?;
    rustix::net::connect(&socket, &address)?;
    Ok(socket.into())
}

fn malformed(error: WireError) -> Reason {
    tracing::debug!(%error, "a message is malformed");
    match error {
        WireError::TooLong => Reason::OutOfResources,
        WireError::Truncated | WireError::Missing(_) => Reason::Malformed,
    }
}

fn failed(error: std::io::Error) -> Reason {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Reason::NotResponding,
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => closed(),
        _ => files::reason(&error),
    }
}

/// The other side ended the connection: it is being restarted, or does not want us.
fn closed() -> Reason {
    tracing::debug!("the connection was closed");
    Reason::ReadFailed
}

/// What an error of this name means.
fn said(name: &[u8]) -> Reason {
    tracing::debug!(name = visible(name), "an error came back");
    let rest = name.strip_prefix(b"org.freedesktop.DBus.Error.").unwrap_or_default();
    match rest {
        b"NameHasNoOwner" | b"ServiceUnknown" => Reason::NotInstalled,
        b"AccessDenied" | b"AuthFailed" | b"InteractiveAuthorizationRequired" => {
            Reason::PermissionDenied
        }
        b"NoReply" | b"Timeout" | b"TimedOut" => Reason::NotResponding,
        b"LimitsExceeded" | b"NoMemory" => Reason::OutOfResources,
        b"UnknownMethod" | b"UnknownInterface" | b"UnknownProperty" | b"NotSupported" => {
            Reason::NotSupported
        }
        b"UnknownObject" => Reason::Gone,
        _ if name == b"org.freedesktop.systemd1.NoSuchUnit" => Reason::Gone,
        _ => Reason::ReadFailed,
    }
}
