//! Tells systemd how the service is: ready, alive, reloading, stopping, and a line for
//! `systemctl status`. Without systemd it tells nobody. sd_notify(3) describes the protocol.
//!
//! The words are those of the crate `sd-notify`; sending is ours, because the crate's waits while
//! systemd does not listen, and who keeps a server alive must not wait for anybody.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sd_notify::NotifyState;

use crate::clock::Clock;

/// A line for people is cut here.
const STATUS_MAX_CHARS: usize = 300;

/// A service manager that wants to know how we are, or nobody.
#[derive(Debug)]
pub struct Notify {
    listener: Option<Listener>,
    watchdog: Option<Duration>,
    clock: Clock,
    /// When to say next that all is well, in nanoseconds of the clock.
    next_alive: AtomicU64,
}

#[derive(Debug)]
struct Listener {
    socket: UnixDatagram,
    address: SocketAddr,
}

impl Notify {
    /// Whoever the environment names (`NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`).
    #[must_use]
    pub fn from_env(clock: Clock) -> Self {
        let variable = |name| std::env::var_os(name);
        let text = |name| variable(name).and_then(|value| value.into_string().ok());
        Self::new(
            variable("NOTIFY_SOCKET").as_deref(),
            text("WATCHDOG_USEC").as_deref(),
            text("WATCHDOG_PID").as_deref(),
            clock,
        )
    }

    /// The same with the variables' values.
    #[must_use]
    pub fn new(
        socket: Option<&OsStr>,
        usec: Option<&str>,
        pid: Option<&str>,
        clock: Clock,
    ) -> Self {
        let listener = socket.filter(|name| !name.is_empty()).and_then(|name| {
            // Whoever waits for READY in vain says so; nothing of smonitor depends on it.
            Listener::new(name)
                .inspect_err(|error| tracing::warn!(%error, "cannot talk to the service manager"))
                .ok()
        });
        let is_for_us = pid.is_none_or(|pid| pid.parse() == Ok(std::process::id()));
        let interval = usec.and_then(|usec| usec.parse().ok()).map(Duration::from_micros);
        let watchdog = interval.filter(|interval| is_for_us && !interval.is_zero());
        let watchdog = watchdog.filter(|_| listener.is_some());
        Self { listener, watchdog, clock, next_alive: AtomicU64::new(0) }
    }

    /// How often it is told that all is well: half of what the service manager allows. None if it
    /// does not care.
    #[must_use]
    pub fn alive_every(&self) -> Option<Duration> {
        self.watchdog.map(|interval| interval / 2)
    }

    /// It serves, or does again after a reload. `status` is for people.
    pub fn ready(&self, status: &str) {
        let status = one_line(status);
        self.say(&[NotifyState::Ready, NotifyState::Status(&status)]);
    }

    /// A line for people.
    pub fn status(&self, status: &str) {
        self.say(&[NotifyState::Status(&one_line(status))]);
    }

    /// All is well. Call it often: it is passed on every [`alive_every`](Self::alive_every).
    pub fn alive(&self) {
        let Some(every) = self.alive_every() else { return };
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let now = nanos(self.clock.monotonic());
        if now >= self.next_alive.load(Ordering::Relaxed) {
            // A little early rather than a little late: callers come when they come.
            let next = now.saturating_add(nanos(every) / 10 * 8);
            self.next_alive.store(next, Ordering::Relaxed);
            self.say(&[NotifyState::Watchdog]);
        }
    }

    /// The settings are being read anew; [`ready`](Self::ready) ends that.
    pub fn reloading(&self) {
        // systemd 253 and newer compare the time with that of their request.
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.say(&[NotifyState::Reloading, now]),
            Err(_) => self.say(&[NotifyState::Reloading]),
        }
    }

    /// It is about to end.
    pub fn stopping(&self, status: &str) {
        let status = one_line(status);
        self.say(&[NotifyState::Stopping, NotifyState::Status(&status)]);
    }

    fn say(&self, states: &[NotifyState<'_>]) {
        let Some(Listener { socket, address }) = &self.listener else { return };
        let text: String = states.iter().map(|state| format!("{state}\n")).collect();
        // systemd that is too busy to listen is told the next time.
        if let Err(error) = socket.send_to_addr(text.as_bytes(), address) {
            tracing::debug!(%error, "the service manager does not listen");
        }
    }
}

impl Listener {
    fn new(name: &OsStr) -> io::Result<Self> {
        let address = match name.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            [b'/', ..] => SocketAddr::from_pathname(name)?,
            _ => {
                return Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    "an unknown kind of socket",
                ));
            }
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, address })
    }
}

fn one_line(text: &str) -> String {
    text.chars().take(STATUS_MAX_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UnixMillis;

    fn heard(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 4096];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    #[test]
    fn systemd_hears_every_word() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let systemd = UnixDatagram::bind(&path).unwrap();
        let (clock, hands) = Clock::manual(UnixMillis(0));
        let notify = Notify::new(Some(path.as_os_str()), Some("10000000"), None, clock);
        assert_eq!(notify.alive_every(), Some(Duration::from_secs(5)));
        notify.ready("serving\nMAINPID=1");
        assert_eq!(heard(&systemd), "READY=1\nSTATUS=serving MAINPID=1\n");
        for pause in [0, 1, 2, 1, 2] {
            hands.advance(Duration::from_secs(pause));
            notify.alive();
        }
        assert_eq!(heard(&systemd), "WATCHDOG=1\n", "at once");
        assert_eq!(heard(&systemd), "WATCHDOG=1\n", "after 4 s and not before");
        notify.reloading();
        let words = heard(&systemd);
        let usec = words.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
        assert!(usec.trim_end().parse::<u64>().unwrap() > 0, "{words}");
        notify.status(&"x".repeat(1000));
        assert_eq!(heard(&systemd).len(), "STATUS=\n".len() + STATUS_MAX_CHARS);
        notify.stopping("bye");
        assert_eq!(heard(&systemd), "STOPPING=1\nSTATUS=bye\n");
    }

    #[test]
    fn an_address_without_a_file_is_understood() {
        let name = format!("smonitor-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let systemd = UnixDatagram::bind_addr(&address).unwrap();
        let notify =
            Notify::new(Some(OsStr::new(&format!("@{name}"))), None, None, Clock::system());
        notify.ready("");
        assert_eq!(heard(&systemd), "READY=1\nSTATUS=\n");
        notify.alive();
        systemd.set_nonblocking(true).unwrap();
        assert!(systemd.recv(&mut [0; 100]).is_err(), "nobody asked for signs of life");
    }

    #[test]
    fn a_systemd_that_hangs_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let _systemd = UnixDatagram::bind(&path).unwrap();
        let notify = Notify::new(Some(path.as_os_str()), None, None, Clock::system());
        for _ in 0..5000 {
            notify.ready("still here");
        }
    }

    #[test]
    fn a_watchdog_of_somebody_else_is_not_fed() {
        let me = std::process::id().to_string();
        let socket = Some(OsStr::new("/nowhere/notify"));
        let notify = |socket, usec, pid| Notify::new(socket, usec, pid, Clock::system());
        let every = |socket, usec, pid| notify(socket, usec, pid).alive_every();
        assert_eq!(every(socket, Some("4000000"), Some(&me)), Some(Duration::from_secs(2)));
        assert_eq!(every(socket, Some("4000000"), Some("1")), None);
        assert_eq!(every(socket, Some("0"), None), None);
        assert_eq!(every(socket, Some("soon"), None), None);
        assert_eq!(every(None, Some("4000000"), None), None);
        assert_eq!(every(Some(OsStr::new("vsock:1:2")), Some("4000000"), None), None);
        // Nobody there: nothing happens.
        notify(socket, None, None).ready("");
    }
}
