//! L5, the small parent process: it owns the listening socket and starts the server, the *worker*,
//! again when that dies or hangs, so that no connection is refused meanwhile.
//!
//! It reads no machine, serves no page and keeps no values; what it does is little enough to be
//! right. [`policy`] decides and nothing else: events in, actions out, on a clock that is passed
//! in. [`link`] is what manager and worker say to each other, [`child`] are processes,
//! [`journal`] the list of restarts, [`control`] the port for status and restart.
//! docs/decisions/0012 has the reasons for the times.
//!
//! Knows nothing of settings: whoever composes it hands in closures.

use std::collections::HashSet;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle};

use crate::clock::Clock;
use crate::model::UnixMillis;
use crate::model::server::{ManagerBody, RestartReason};
use crate::shutdown::Shutdown;

pub mod child;
pub mod control;
pub mod datagram;
pub mod journal;
pub mod link;
pub mod notify;
pub mod policy;
pub mod status;
pub mod supervised;

use child::{Child, Program};
use journal::Journal;
use link::Word;
use notify::Notify;
use policy::{Action, Ended, Note, Outcome, Policy, Times, Turn};
use status::Who;

/// Words of workers that wait to be heard; a worker that talks more waits.
const WORDS_AT_MOST: usize = 64;
/// The last words of a worker that was reaped come at most so much later.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// So many starts in a row that never served make the manager try its own image instead; one is
/// enough after a restart that was asked for, when the program may be a new one.
const STARTS_BEFORE_FALLBACK: u32 = 2;

/// What is served with: settings that were found right.
pub struct Prepared {
    /// The address that the settings name.
    pub address: SocketAddr,
    /// Opened there; none if it is the address of before.
    pub listener: Option<TcpListener>,
    /// What the worker is given; opaque here.
    pub handover: Vec<u8>,
}

/// Settings that are being read on a thread of their own.
type Pending = JoinHandle<(Prepare, Result<Prepared, String>)>;

/// Reads the settings anew. It is told the address that the settings in use name.
pub type Prepare = Box<dyn Fn(SocketAddr) -> Result<Prepared, String> + Send>;

/// What a manager works with.
pub struct Parts {
    /// What workers are started from.
    pub program: Program,
    /// The open port.
    pub listener: TcpListener,
    /// The address that the settings name for it.
    pub address: SocketAddr,
    /// What the first worker is given.
    pub handover: Vec<u8>,
    /// Reads the settings anew, when SIGHUP came; none while it does.
    pub prepare: Option<Prepare>,
    /// A message for each SIGHUP.
    pub reload: mpsc::Receiver<()>,
    /// The list of restarts.
    pub journal: Journal,
    /// The port for status and restart, and its token.
    pub control: Option<(tokio::net::TcpListener, Option<control::Token>)>,
    /// systemd, if it wants to be told.
    pub notify: Notify,
    /// The time.
    pub clock: Clock,
    /// The wish to end.
    pub shutdown: Shutdown,
    /// This program's version.
    pub version: &'static str,
    /// The times of the rule.
    pub times: Times,
}

/// Manages workers until told to end or no worker ever serves.
///
/// # Errors
/// If the kernel refuses a signal handler.
pub async fn run(mut parts: Parts) -> std::io::Result<Outcome> {
    let started_at = parts.clock.wall();
    let mut children = signal(SignalKind::child())?;
    let (words, mut heard) = mpsc::channel(WORDS_AT_MOST);
    let (restart, mut asked) = mpsc::channel(1);
    let policy = Policy::new(parts.times);
    let control = parts.control.take();
    let mut manager = Manager {
        handover: std::mem::take(&mut parts.handover),
        before: None,
        reading: None,
        starts: 0,
        never_up: 0,
        which: 0,
        words,
        talking: HashSet::new(),
        reaped: Vec::new(),
        policy,
        started_at,
        parts,
    };
    let (say, status) = watch::channel(manager.status());
    if let Some((listener, token)) = control {
        tokio::spawn(control::serve(control::Control { listener, token, status, restart }));
    }
    let mut woken_late = Duration::ZERO;
    loop {
        let outcome = manager.turn(std::mem::take(&mut woken_late));
        let mut wake_after = match outcome {
            Ok(wake_after) => wake_after,
            Err(outcome) => return Ok(outcome),
        };
        if !manager.reaped.is_empty() {
            wake_after = wake_after.min(LAST_WORDS);
        }
        say.send_replace(manager.status());
        let wake_at = manager.now() + wake_after;
        let stop = manager.parts.shutdown.clone();
        let is_stopping = manager.policy.is_stopping();
        tokio::select! {
            () = tokio::time::sleep(wake_after) => {}
            Some((pid, word)) = heard.recv() => match word {
                Some(word) => manager.hear(pid, word),
                None => _ = manager.talking.remove(&pid),
            },
            _ = children.recv() => manager.reap(),
            Some(()) = asked.recv() => manager.replace(RestartReason::Requested, "POST /restart"),
            Some(()) = manager.parts.reload.recv() => manager.reload(),
            Some(read) = finished(&mut manager.reading) => manager.reloaded(read),
            () = stop.wait(), if !is_stopping => manager.stop(),
        }
        woken_late = manager.now().saturating_sub(wake_at);
        manager.bury();
    }
}

/// What was served with before.
struct Before {
    handover: Vec<u8>,
    address: SocketAddr,
    /// None: the port is still the same.
    listener: Option<TcpListener>,
}

struct Manager {
    parts: Parts,
    policy: Policy,
    started_at: UnixMillis,
    handover: Vec<u8>,
    /// What was served with before the newest reload, until a worker serves with the new.
    before: Option<Before>,
    /// Settings that are being read.
    reading: Option<Pending>,
    starts: u64,
    /// Starts in a row that never served.
    never_up: u32,
    /// Which of the program's paths the next worker is started from.
    which: usize,
    /// None: this worker's end is closed, it has said everything.
    words: mpsc::Sender<(u32, Option<Word>)>,
    /// Workers whose end is open.
    talking: HashSet<u32>,
    /// Ended, with the time of that; their last words may still be on the way.
    reaped: Vec<(u32, Ended, Duration)>,
}

impl Manager {
    fn now(&self) -> Duration {
        self.parts.clock.monotonic()
    }

    /// Does what the policy says; how long to sleep then, or how everything ended.
    fn turn(&mut self, mut late: Duration) -> Result<Duration, Outcome> {
        loop {
            let Turn { actions, notes, wake_after } =
                self.policy.turn(self.now(), std::mem::take(&mut late));
            for note in notes {
                self.tell(&note);
            }
            self.parts.notify.alive();
            // Starting takes time: what comes next is asked anew.
            let mut is_settled = true;
            for action in actions {
                match action {
                    Action::Start => {
                        self.start();
                        is_settled = false;
                    }
                    Action::Terminate(pid) => child::terminate(pid),
                    Action::Kill(pid) => child::kill(pid),
                    Action::End(outcome) => return Err(outcome),
                }
            }
            if is_settled {
                // Whoever watches us hears from us at least once a second.
                let at_most = Duration::from_secs(1);
                return Ok(wake_after.map_or(at_most, |wake_after| wake_after.min(at_most)));
            }
        }
    }

    fn start(&mut self) {
        let start = self.starts;
        self.starts += 1;
        let last = self.parts.program.paths.len().saturating_sub(1);
        let mut which = self.which;
        let started = loop {
            let started = self.parts.program.start(which, start, &self.parts.listener);
            match started {
                Err(error) if which < last => {
                    let path = self.parts.program.paths[which].display();
                    which += 1;
                    let instead = self.instead(which);
                    tracing::warn!(%path, %error, "this program does not start; taking {instead}");
                }
                other => break other,
            }
        };
        match started {
            Ok(Child { pid, link }) => {
                tracing::debug!(pid, start, "a worker was started");
                self.policy.started(self.now(), pid);
                self.talking.insert(pid);
                self.listen(pid, link);
            }
            Err(error) => {
                tracing::error!(%error, "no worker can be started");
                self.policy.not_started(self.now(), &format!("no process can be started: {error}"));
            }
        }
    }

    /// Hands over, and listens for as long as the worker's end is open.
    fn listen(&self, pid: u32, link: std::os::unix::net::UnixStream) {
        let link = match UnixStream::from_std(link) {
            Ok(link) => link,
            // It will be found silent.
            Err(error) => return tracing::error!(pid, %error, "the worker cannot be heard"),
        };
        let words = self.words.clone();
        let mut bytes = Vec::new();
        if let Err(error) = link::write_handover(&mut bytes, &self.handover) {
            return tracing::error!(pid, %error, "the worker cannot be given its settings");
        }
        tokio::spawn(async move {
            let (reading, mut writing) = link.into_split();
            // The worker may be gone already; reaping tells.
            let handing = async { writing.write_all(&bytes).await };
            let listening = hear_all(pid, reading, words);
            let (handed, ()) = tokio::join!(handing, listening);
            if let Err(error) = handed {
                tracing::debug!(pid, %error, "the worker did not take its settings");
            }
            drop(writing);
        });
    }

    fn hear(&mut self, pid: u32, word: Word) {
        let now = self.now();
        match word {
            Word::Beat => self.policy.beat(now, pid),
            Word::Failed { message } => self.policy.complained(pid, &message),
            Word::Up { version } => {
                self.never_up = 0;
                self.before = None;
                self.policy.up(now, pid, &version);
                self.tell_ready();
            }
        }
    }

    fn tell_ready(&self) {
        self.parts.notify.ready(&control::in_a_line(&self.status()));
    }

    fn reap(&mut self) {
        let now = self.now();
        self.reaped.extend(child::reap().into_iter().map(|(pid, ended)| (pid, ended, now)));
    }

    /// Tells the policy of those who are gone and have said everything.
    fn bury(&mut self) {
        let now = self.now();
        let waits = |pid: &u32, at: &Duration| {
            self.talking.contains(pid) && now.saturating_sub(*at) < LAST_WORDS
        };
        let gone = self.reaped.extract_if(.., |(pid, _, at)| !waits(pid, at));
        for (pid, ended, _) in gone.collect::<Vec<_>>() {
            self.talking.remove(&pid);
            self.policy.ended(now, pid, &ended);
        }
    }

    fn replace(&mut self, reason: RestartReason, detail: &str) {
        // A new file may have come.
        self.which = 0;
        self.never_up = STARTS_BEFORE_FALLBACK - 1;
        self.policy.replace(self.now(), reason, detail);
    }

    /// Reads the settings anew, aside: they may be on a file server that does not answer.
    fn reload(&mut self) {
        if self.policy.is_stopping() {
            return;
        }
        self.parts.notify.reloading();
        match self.parts.prepare.take() {
            Some(prepare) => {
                let address = self.parts.address;
                self.reading = Some(tokio::task::spawn_blocking(move || {
                    let prepared = prepare(address);
                    (prepare, prepared)
                }));
            }
            None => tracing::warn!("the settings are still being read since the last SIGHUP"),
        }
    }

    fn reloaded(&mut self, read: Result<(Prepare, Result<Prepared, String>), JoinError>) {
        let prepared = match read {
            Ok((prepare, prepared)) => {
                self.parts.prepare = Some(prepare);
                prepared
            }
            Err(error) => Err(format!("reading them failed, which is a bug: {error}")),
        };
        match prepared {
            Ok(prepared) => {
                tracing::info!("the settings were read anew");
                self.take_over(prepared);
                self.replace(RestartReason::Reloaded, "SIGHUP: the settings were read anew");
            }
            Err(message) => {
                tracing::error!(
                    "the settings were read anew and are not used; the old ones stay: {message}"
                );
                self.tell_ready();
            }
        }
    }

    /// Serves with these settings from the next worker on, and keeps what was served with last.
    fn take_over(&mut self, Prepared { address, listener, handover }: Prepared) {
        let listener = listener.map(|new| std::mem::replace(&mut self.parts.listener, new));
        let handover = std::mem::replace(&mut self.handover, handover);
        let address = std::mem::replace(&mut self.parts.address, address);
        match &mut self.before {
            None => self.before = Some(Before { handover, address, listener }),
            // Nobody has served with the settings in between; their port may be the first change.
            Some(before) if before.listener.is_none() => before.listener = listener,
            Some(_) => {}
        }
    }

    fn stop(&mut self) {
        self.parts.notify.stopping("smonitor ends");
        self.policy.stop(self.now());
    }

    fn tell(&mut self, note: &Note) {
        match note {
            Note::Lost(lost) => {
                let lived = lost.lived.as_secs_f64();
                let wanted =
                    matches!(lost.reason, RestartReason::Requested | RestartReason::Reloaded);
                if wanted {
                    tracing::info!(pid = lost.pid, lived, "restarting the worker: {}", lost.detail);
                } else {
                    tracing::error!(pid = lost.pid, lived, "the worker is lost: {}", lost.detail);
                }
                self.parts.journal.lost(self.parts.clock.wall(), lost);
                if !lost.was_up && !wanted {
                    self.try_something_else();
                }
            }
            Note::Back { after, version } => {
                tracing::info!(version, seconds = after.as_secs_f64(), "it serves again");
                self.parts.journal.back(*after, version);
            }
            Note::NotReaped { pid } => tracing::error!(
                pid,
                "a killed worker is still there: the kernel holds a thread of it (a file server or \
                 a driver that does not answer); another one serves meanwhile"
            ),
            Note::Reaped { pid } => tracing::info!(pid, "the killed worker is gone after all"),
        }
    }

    /// A worker never served: with the settings of before, then with the program of before.
    fn try_something_else(&mut self) {
        if let Some(before) = self.before.take() {
            tracing::error!("no worker serves with the new settings; going back to the old ones");
            self.handover = before.handover;
            self.parts.address = before.address;
            if let Some(listener) = before.listener {
                self.parts.listener = listener;
            }
            return;
        }
        self.never_up += 1;
        let last = self.parts.program.paths.len().saturating_sub(1);
        if self.never_up >= STARTS_BEFORE_FALLBACK && self.which < last {
            self.which = last;
            tracing::error!("the program does not come up; taking {}", self.instead(last));
        }
    }

    /// What path number `which` is, in words.
    fn instead(&self, which: usize) -> &'static str {
        if which + 1 == self.parts.program.paths.len() {
            "the manager's own image"
        } else {
            "the file that the manager was started from"
        }
    }

    fn status(&self) -> ManagerBody {
        let who = Who { mode: "self", version: self.parts.version, started_at: self.started_at };
        let seen = self.policy.seen(self.now());
        status::body(who, seen, &self.parts.journal, &self.parts.clock)
    }
}

/// What a task brings; never, if there is none.
async fn finished<T>(task: &mut Option<JoinHandle<T>>) -> Option<Result<T, JoinError>> {
    let result = match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    };
    *task = None;
    Some(result)
}

/// Passes on what a worker says, line by line.
async fn hear_all(
    pid: u32,
    reading: impl tokio::io::AsyncRead + Unpin,
    words: mpsc::Sender<(u32, Option<Word>)>,
) {
    let mut lines = BufReader::new(reading);
    loop {
        let mut line = Vec::new();
        let longest = u64::try_from(link::LINE_MAX_BYTES + 1).unwrap_or(u64::MAX);
        match (&mut lines).take(longest).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line);
        if let Some(word) = Word::parse(text.trim_end_matches('\n'))
            && words.send((pid, Some(word))).await.is_err()
        {
            return;
        }
    }
    // The manager has ended if it does not take this.
    let _ = words.send((pid, None)).await;
}
