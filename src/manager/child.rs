//! Workers as processes: starting, asking, killing, reaping.

use std::ffi::OsString;
use std::io;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use command_fds::{CommandFdExt as _, FdMapping};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};

use super::link::START_VARIABLE;
use super::policy::Ended;

/// The first descriptor that is handed down, by systemd's convention.
const FIRST_LISTENER: i32 = 3;

/// What a worker is started from.
#[derive(Debug, Clone)]
pub struct Program {
    /// Where the executable may be, best first. The first is the path that the manager was started
    /// by, so that an upgraded file is taken; the last the manager's own image, which cannot go.
    pub paths: Vec<PathBuf>,
    /// Its arguments: the manager's own.
    pub arguments: Vec<OsString>,
}

/// A worker that was started.
#[derive(Debug)]
pub struct Child {
    /// Its process number.
    pub pid: u32,
    /// The manager's end of the link.
    pub link: UnixStream,
}

impl Program {
    /// Starts a worker from path number `which`, its start number `start` since the manager began.
    ///
    /// # Errors
    /// If the file is no program that runs here, or the system has no process to give.
    pub fn start(&self, which: usize, start: u64, listener: &TcpListener) -> io::Result<Child> {
        let path = self.paths.get(which).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let listener = OwnedFd::from(listener.try_clone()?);
        let mut command = Self::command(path);
        command
            .arg0("smonitor: worker")
            .args(&self.arguments)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .env(START_VARIABLE, start.to_string())
            .env("LISTEN_FDS", "1")
            .env_remove("LISTEN_PID")
            .env_remove("LISTEN_FDNAMES")
            // The manager speaks for both.
            .env_remove("NOTIFY_SOCKET")
            .env_remove("WATCHDOG_USEC")
            .env_remove("WATCHDOG_PID")
            // Ctrl-C at a terminal is for the manager, which then lets the worker finish.
            .process_group(0);
        let mapping = FdMapping { parent_fd: listener, child_fd: FIRST_LISTENER };
        command.fd_mappings(vec![mapping]).map_err(io::Error::other)?;
        // The handle is dropped: reaping is done for all children at once (`reap`).
        let child = command.spawn()?;
        Ok(Child { pid: child.id(), link: ours })
    }

    #[expect(clippy::disallowed_methods, reason = "the manager starts its worker")]
    fn command(path: &PathBuf) -> Command {
        Command::new(path)
    }
}

/// Asks a process to end.
pub fn terminate(pid: u32) {
    signal(pid, Signal::TERM);
}

/// Ends a process.
pub fn kill(pid: u32) {
    signal(pid, Signal::KILL);
}

fn signal(pid: u32, signal: Signal) {
    let Some(to) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return };
    // It is a child that was not reaped, so the number is still its own; it may have ended.
    if let Err(error) = kill_process(to, signal) {
        tracing::debug!(pid, %error, "the worker took no signal");
    }
}

/// Takes every child that has ended: workers, and as process 1 of a container whatever else was
/// left behind there.
#[must_use]
pub fn reap() -> Vec<(u32, Ended)> {
    let mut ended = Vec::new();
    // Ends with "no child" or when no child has ended.
    while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
        let how = match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Ended::Code(code),
            (None, Some(signal)) => Ended::Signal(signal),
            // Stopped or continued: not asked for.
            (None, None) => continue,
        };
        ended.push((u32::try_from(pid.as_raw_nonzero().get()).unwrap_or_default(), how));
    }
    ended
}
