//! The manager as a service of its own, beside the worker, under supervisord: it listens for the
//! worker's signs of life and has supervisord end it when there are none.
//!
//! [`watch`] decides, [`client`] asks supervisord in the words of [`xmlrpc`]. Status and
//! `POST /restart` are those of the built-in manager.

use std::collections::VecDeque;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use tokio::sync::{mpsc, watch as channel};
use tokio::task::JoinSet;

use super::control;
use super::datagram::{self, DATAGRAM_MAX_BYTES};
use super::journal::Journal;
use super::policy::Times;
use super::status::{self, Who};
use crate::clock::Clock;
use crate::model::UnixMillis;
use crate::model::server::{ManagerBody, RestartReason};
use crate::shutdown::Shutdown;

pub mod client;
pub mod watch;
pub mod xmlrpc;

use client::{Client, Error};
use watch::{Ask, Info, Note, State, Turn, Watch};
use xmlrpc::Argument;

/// How often it is checked that supervisord has not gone.
const LOOK_AROUND: Duration = Duration::from_secs(1);

/// Faults of supervisord (`Faults` of its `xmlrpc.py`).
const ALREADY_STARTED: i64 = 60;
/// The same.
const NOT_RUNNING: i64 = 70;

/// What it works with.
pub struct Parts {
    /// Where the worker's words arrive ([`datagram::listen`]).
    pub ear: UnixDatagram,
    /// How supervisord is asked.
    pub client: Client,
    /// The worker's name in supervisord.
    pub program: String,
    /// The list of restarts.
    pub journal: Journal,
    /// The port for status and restart, and its token.
    pub control: Option<(tokio::net::TcpListener, Option<control::Token>)>,
    /// The time.
    pub clock: Clock,
    /// The wish to end.
    pub shutdown: Shutdown,
    /// This program's version.
    pub version: &'static str,
    /// The times of the rule.
    pub times: Times,
}

/// Watches until told to end. The worker is not touched by that.
///
/// # Errors
/// If the worker cannot be listened to, or supervisord, who started this, is gone.
pub async fn run(mut parts: Parts) -> Result<(), String> {
    let ear = parts.ear.try_clone().and_then(tokio::net::UnixDatagram::from_std);
    let ear = ear.map_err(|error| format!("cannot listen to the worker: {error}"))?;
    let (restart, mut asked) = mpsc::channel(1);
    let control = parts.control.take();
    let mut manager = Manager {
        watch: Watch::new(parts.times),
        started_at: parts.clock.wall(),
        asks: VecDeque::new(),
        calls: JoinSet::new(),
        is_unreachable: false,
        parts,
    };
    let (say, status) = channel::channel(manager.status());
    if let Some((listener, token)) = control {
        tokio::spawn(control::serve(control::Control { listener, token, status, restart }));
    }
    let parent = rustix::process::getppid();
    let mut late = Duration::ZERO;
    let mut buffer = [0; DATAGRAM_MAX_BYTES];
    loop {
        // First what has been said: silence is not having heard, never not having listened.
        while let Ok(length) = ear.try_recv(&mut buffer) {
            manager.hear(&buffer[..length]);
        }
        let wake_after = manager.turn(std::mem::take(&mut late));
        say.send_replace(manager.status());
        let stop = manager.parts.shutdown.clone();
        let now = manager.now();
        tokio::select! {
            () = tokio::time::sleep(wake_after) => {
                late = manager.now().saturating_sub(now + wake_after);
            }
            readable = ear.readable() => {
                readable.map_err(|error| format!("cannot listen to the worker: {error}"))?;
            }
            Some(answered) = manager.calls.join_next() => match answered {
                Ok((ask, result)) => manager.answered(ask, result),
                Err(error) => tracing::error!(%error, "asking supervisord failed"),
            },
            Some(()) = asked.recv() => {
                let now = manager.now();
                manager.watch.wants_restart(now);
            }
            () = stop.wait() => return Ok(()),
        }
        if rustix::process::getppid() != parent {
            return Err("supervisord, which started this, is gone; the next one starts its own \
                        manager"
                .to_owned());
        }
    }
}

struct Manager {
    parts: Parts,
    watch: Watch,
    started_at: UnixMillis,
    /// What is still to be asked; one thing at a time, in this order.
    asks: VecDeque<Ask>,
    calls: JoinSet<(Ask, Result<Option<Info>, Error>)>,
    /// Told already.
    is_unreachable: bool,
}

impl Manager {
    fn now(&self) -> Duration {
        self.parts.clock.monotonic()
    }

    fn hear(&mut self, bytes: &[u8]) {
        if let Some((pid, word)) = datagram::parse(bytes) {
            let now = self.now();
            self.watch.heard(now, pid, word);
        }
    }

    /// Does what the watch says, and says how long to sleep then.
    fn turn(&mut self, late: Duration) -> Duration {
        let Turn { asks, notes, wake_after } = self.watch.turn(self.now(), late);
        for note in notes {
            self.tell(note);
        }
        self.asks.extend(asks);
        if self.calls.is_empty()
            && let Some(ask) = self.asks.pop_front()
        {
            let client = self.parts.client.clone();
            let program = self.parts.program.clone();
            self.calls.spawn(async move { (ask, put(ask, &client, &program).await) });
        }
        wake_after.min(LOOK_AROUND)
    }

    fn answered(&mut self, ask: Ask, result: Result<Option<Info>, Error>) {
        let now = self.now();
        match result {
            Ok(info) => {
                if std::mem::take(&mut self.is_unreachable) {
                    tracing::info!("supervisord answers again");
                }
                if ask == Ask::Info {
                    self.watch.info(now, info);
                }
            }
            // It ended, or was started, between question and order.
            Err(Error::Fault { code: NOT_RUNNING | ALREADY_STARTED, text }) if ask != Ask::Info => {
                tracing::debug!("{ask:?}: {text}");
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_unreachable, true) {
                    let address = self.parts.client.address();
                    tracing::error!(
                        "{error}; asked at {address} for the program \"{}\"; meanwhile a worker that \
                         hangs is not restarted",
                        self.parts.program
                    );
                }
                if ask == Ask::Info {
                    self.watch.info(now, None);
                }
            }
        }
    }

    fn tell(&mut self, note: Note) {
        let program = &self.parts.program;
        match note {
            Note::Lost { at, lost } => {
                let lived = lost.lived.as_secs_f64();
                if lost.reason == RestartReason::Requested {
                    tracing::info!(pid = lost.pid, lived, "restarting the worker: {}", lost.detail);
                } else {
                    tracing::error!(pid = lost.pid, lived, "the worker is lost: {}", lost.detail);
                }
                let wall = before(self.parts.clock.wall(), self.now().saturating_sub(at));
                self.parts.journal.lost(wall, &lost);
            }
            Note::Back { after, version } => {
                tracing::info!(version, seconds = after.as_secs_f64(), "it serves again");
                self.parts.journal.back(after, &version);
            }
            Note::NotReaped { pid } => tracing::error!(
                pid,
                "a killed worker is still there: the kernel holds a thread of it (a file server or \
                 a driver that does not answer); supervisord starts no other one meanwhile"
            ),
            Note::NeverHeard { pid } => tracing::warn!(
                pid,
                "{program} runs and gives no sign of life here, so it is not watched: both programs \
                 need the same state_dir, and {program} needs manager.mode \"supervisor\""
            ),
            Note::Complains { message } => tracing::error!("{program} cannot start: {message}"),
            Note::LeftAlone(state) => {
                tracing::info!("{program} {}; it is left alone", words(state));
            }
            Note::NothingToRestart(state) => tracing::warn!(
                "POST /restart came, but {program} {}; run: supervisorctl start {program}",
                words(state)
            ),
        }
    }

    fn status(&self) -> ManagerBody {
        let who =
            Who { mode: "supervisor", version: self.parts.version, started_at: self.started_at };
        let seen = self.watch.seen(self.now());
        status::body(who, seen, &self.parts.journal, &self.parts.clock)
    }
}

fn words(state: State) -> &'static str {
    match state {
        State::Stopped => "was stopped",
        State::Exited => "has ended, and supervisord is not to start it again",
        State::Fatal => "ended too soon too often, and supervisord has given up; its log says why",
        State::Starting | State::Running => "runs",
        State::Backoff => "is about to be started again by supervisord",
        State::Stopping => "is being stopped",
        State::Unknown => "is in a state that supervisord does not know",
    }
}

fn before(wall: UnixMillis, ago: Duration) -> UnixMillis {
    UnixMillis(wall.0.saturating_sub(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX)))
}

async fn put(ask: Ask, client: &Client, program: &str) -> Result<Option<Info>, Error> {
    let name = Argument::Text(program);
    let (method, arguments) = match ask {
        Ask::Info => ("supervisor.getProcessInfo", vec![name]),
        Ask::Terminate => ("supervisor.signalProcess", vec![name, Argument::Text("TERM")]),
        Ask::Kill => ("supervisor.signalProcess", vec![name, Argument::Text("KILL")]),
        // Without waiting until it is up: that is seen here.
        Ask::Start => ("supervisor.startProcess", vec![name, Argument::Truth(false)]),
    };
    let answer = client.call(method, &arguments).await?;
    Ok(if ask == Ask::Info { Info::from_answer(&answer) } else { None })
}
