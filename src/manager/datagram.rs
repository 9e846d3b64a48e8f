//! Signs of life between two services: the worker's voice and the manager's ear, where the manager
//! is not the worker's parent.
//!
//! A datagram is one line of [`super::link`] with the worker's process number behind the first word.
//! The socket is in the state folder, which only its owner can enter. Either side may come and go:
//! what is said while nobody listens is lost, except that a manager that comes later is told first
//! that the worker is up.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::link::{LINE_MAX_BYTES, Word};

/// A longer datagram is none of ours: a line, a number of ten digits and two separators.
pub const DATAGRAM_MAX_BYTES: usize = LINE_MAX_BYTES + 12;

/// The worker's end. Make it before the sandbox is entered; after that it only connects and sends.
#[derive(Debug)]
pub struct DatagramVoice {
    path: PathBuf,
    pid: u32,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    socket: io::Result<UnixDatagram>,
    is_connected: bool,
    /// The newest [`Word::Up`].
    up: Option<Word>,
    /// The manager has not been told of it.
    owes_up: bool,
}

/// Why the manager cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another manager does.
    #[error("another smonitor manager listens at {} already", .0.display())]
    Taken(PathBuf),
    /// A file of somebody else is there.
    #[error("{} is not a socket; move it away", .0.display())]
    InTheWay(PathBuf),
    /// The system does not let it.
    #[error("cannot listen at {}: {cause}{}", path.display(), advice(path))]
    Listen {
        /// The socket.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
}

fn advice(path: &Path) -> &'static str {
    // sun_path of unix(7) holds 107 bytes and a zero.
    if path.as_os_str().len() > 107 {
        "; its path is too long for a socket: choose a state folder with a shorter path (state_dir)"
    } else {
        ""
    }
}

impl DatagramVoice {
    /// A voice to whoever listens at `path`, now or later.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let socket = UnixDatagram::unbound().and_then(|socket| {
            socket.set_nonblocking(true)?;
            Ok(socket)
        });
        let state = State { socket, is_connected: false, up: None, owes_up: false };
        Self { path: path.into(), pid: std::process::id(), state: Mutex::new(state) }
    }

    /// Says it, or loses it if nobody listens or the listener is busy. Never waits.
    pub fn say(&self, word: &Word) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(word, Word::Up { .. }) {
            state.up = Some(word.clone());
            state.owes_up = true;
        }
        // Once more if the manager that was connected is gone: there may be a new one.
        for _ in 0..2 {
            if !state.connect(&self.path) {
                return;
            }
            match self.tell(&mut state, word) {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                    state.is_connected = false;
                }
                _ => return,
            }
        }
    }

    fn tell(&self, state: &mut State, word: &Word) -> io::Result<()> {
        let Ok(socket) = &state.socket else { return Ok(()) };
        if let Some(up) = state.up.as_ref().filter(|_| state.owes_up) {
            socket.send(datagram(self.pid, up).as_bytes())?;
            state.owes_up = false;
        }
        if !matches!(word, Word::Up { .. }) {
            socket.send(datagram(self.pid, word).as_bytes())?;
        }
        Ok(())
    }
}

impl State {
    fn connect(&mut self, path: &Path) -> bool {
        if !self.is_connected {
            let Ok(socket) = &self.socket else { return false };
            self.is_connected = socket.connect(path).is_ok();
            self.owes_up = self.up.is_some();
        }
        self.is_connected
    }
}

fn datagram(pid: u32, word: &Word) -> String {
    let line = word.line();
    let first = line.trim_end().split(' ').next().unwrap_or_default();
    format!("{first} {pid}{}", &line[first.len()..])
}

/// Understands a datagram: who says it and what; none if it means nothing here.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<(u32, Word)> {
    let line = std::str::from_utf8(bytes).ok()?;
    let line = line.strip_suffix('\n').unwrap_or(line);
    let mut parts = line.splitn(3, ' ');
    let (word, pid) = (parts.next()?, parts.next()?);
    let is_number = !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit());
    let pid = pid.parse().ok().filter(|pid| is_number && *pid > 0)?;
    let word = match parts.next() {
        Some(rest) => Word::parse(&format!("{word} {rest}"))?,
        None => Word::parse(word)?,
    };
    Some((pid, word))
}

/// Opens the manager's end, non-blocking. A socket that a dead manager left is replaced. Where root
/// listens in somebody's state folder, that somebody may speak.
///
/// # Errors
/// If another manager listens there, or the system does not let us.
pub fn listen(path: &Path) -> Result<UnixDatagram, Error> {
    let failed = |cause| Error::Listen { path: path.to_owned(), cause };
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(Error::InTheWay(path.to_owned()));
        }
        Ok(_) => {
            let is_taken = UnixDatagram::unbound().and_then(|probe| probe.connect(path)).is_ok();
            if is_taken {
                return Err(Error::Taken(path.to_owned()));
            }
            std::fs::remove_file(path).map_err(failed)?;
        }
        Err(_) => {}
    }
    let socket = UnixDatagram::bind(path).map_err(failed)?;
    socket.set_nonblocking(true).map_err(failed)?;
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(path, private).map_err(failed)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let owner = std::fs::metadata(folder).map_err(failed)?;
    if owner.uid() != rustix::process::geteuid().as_raw() {
        let (user, group) = (Some(owner.uid()), Some(owner.gid()));
        std::os::unix::fs::lchown(path, user, group).map_err(failed)?;
    }
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn up() -> Word {
        Word::Up { version: "1.2.3".to_owned() }
    }

    fn heard(ear: &UnixDatagram) -> Vec<(u32, Word)> {
        let mut buffer = [0; DATAGRAM_MAX_BYTES];
        let mut all = Vec::new();
        while let Ok(length) = ear.recv(&mut buffer) {
            all.push(parse(&buffer[..length]).expect("a word"));
        }
        all
    }

    #[test]
    fn what_is_said_is_heard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a %s.sock");
        let ear = listen(&path).unwrap();
        let voice = DatagramVoice::new(&path);
        let failed = Word::Failed { message: "no port at all".to_owned() };
        for word in [&up(), &Word::Beat, &failed] {
            voice.say(word);
        }
        let me = std::process::id();
        assert_eq!(heard(&ear), [(me, up()), (me, Word::Beat), (me, failed)]);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn managers_come_and_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let voice = DatagramVoice::new(&path);
        voice.say(&up());
        voice.say(&Word::Beat);
        let me = std::process::id();
        for _ in 0..2 {
            // The one before left its socket behind.
            let ear = listen(&path).unwrap();
            voice.say(&Word::Beat);
            voice.say(&Word::Beat);
            assert_eq!(heard(&ear), [(me, up()), (me, Word::Beat), (me, Word::Beat)]);
        }
        voice.say(&Word::Beat);
    }

    #[test]
    fn a_manager_that_does_not_listen_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let ear = listen(&path).unwrap();
        let voice = DatagramVoice::new(&path);
        for _ in 0..5000 {
            voice.say(&Word::Beat);
        }
        voice.say(&up());
        assert!(heard(&ear).len() < 5000);
        voice.say(&Word::Beat);
        let words: Vec<_> = heard(&ear).into_iter().map(|(_, word)| word).collect();
        assert_eq!(words, [up(), Word::Beat], "that it is up is told later");
    }

    #[test]
    fn there_is_one_manager() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let _ear = listen(&path).unwrap();
        assert!(matches!(listen(&path), Err(Error::Taken(_))));
        let file = folder.path().join("file");
        std::fs::write(&file, "somebody's").unwrap();
        assert!(matches!(listen(&file), Err(Error::InTheWay(_))));
        assert!(file.exists());
        let long = folder.path().join("x".repeat(120));
        let error = listen(&long).unwrap_err().to_string();
        assert!(error.contains("shorter path"), "{error}");
    }

    #[test]
    fn what_means_nothing_is_nothing() {
        for bytes in [
            &b""[..],
            b"beat",
            b"beat ",
            b"beat x",
            b"beat +1",
            b"beat 0",
            b"beat 99999999999",
            b"up 1",
            b"up 1 ",
            b"sing 1",
            b"\xff",
        ] {
            assert_eq!(parse(bytes), None, "{bytes:?}");
        }
        assert_eq!(parse(b"up 7 a b\n"), Some((7, Word::Up { version: "a b".to_owned() })));
    }

    proptest! {
        #[test]
        fn rubbish_is_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn words_survive(pid in 1_u32.., message in "[ -~é]{0,30}") {
            let word = Word::Failed { message };
            prop_assert_eq!(parse(datagram(pid, &word).as_bytes()), Some((pid, word)));
        }
    }
}
