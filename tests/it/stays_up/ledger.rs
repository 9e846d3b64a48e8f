//! What happened to viewers and probes since a moment, and whether everybody is back.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// More of a kind are counted but not written down.
const EXAMPLES: usize = 5;

/// A moment, usually that of a failure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub(super) at: Instant,
    /// The same moment by the wall clock.
    pub(super) wall_ms: i64,
}

impl Mark {
    pub(super) fn now() -> Self {
        Self { at: Instant::now(), wall_ms: wall_ms() }
    }
}

pub(super) fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// How an attempt to connect ended badly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    /// The kernel said no: nobody listens. This must not happen.
    Refused,
    /// It was open, and then closed or reset before the answer: whoever had it died.
    Cut,
    /// An answer, and not the one that was wanted.
    Answered(u16),
    /// No answer in time.
    TimedOut,
}

/// What one viewer went through since the mark.
#[derive(Debug, Default, Clone)]
pub(super) struct Viewer {
    /// When the connection was opened that is open now.
    pub(super) opened: Option<Instant>,
    /// When the first values arrived that were taken after the mark and came over a connection
    /// opened after it; none again when that connection is lost.
    pub(super) live_since: Option<Instant>,
    /// When the last values arrived over the connection that is open now.
    pub(super) heard: Option<Instant>,
    pub(super) losses: u32,
    /// Of these, the ones that were noticed by silence alone.
    pub(super) silences: u32,
    pub(super) connections: u32,
}

#[derive(Debug, Default, Clone)]
struct Attempts {
    made: u32,
    refused: u32,
    cut: u32,
    answered: Vec<u16>,
    timed_out: u32,
}

impl Attempts {
    fn failed(&mut self, failed: Failed) {
        match failed {
            Failed::Refused => self.refused += 1,
            Failed::Cut => self.cut += 1,
            Failed::Answered(status) => self.answered.push(status),
            Failed::TimedOut => self.timed_out += 1,
        }
    }
}

#[derive(Debug, Default)]
struct Since {
    viewers: Vec<Viewer>,
    joining: Attempts,
    probing: Attempts,
    longest_answer: Duration,
    /// The oldest value that was shown as fresh.
    oldest_fresh_ms: i64,
    broken_rules: u32,
    examples: Vec<String>,
}

/// Everybody's records; shared by the threads of viewers and test.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) address: SocketAddr,
    /// What lets viewers in.
    pub(super) token: String,
    mark: Mutex<Mark>,
    since: Mutex<Since>,
}

impl Ledger {
    pub(super) fn new(address: SocketAddr, token: String, viewers: usize) -> Self {
        let since = Since { viewers: vec![Viewer::default(); viewers], ..Since::default() };
        Self { address, token, mark: Mutex::new(Mark::now()), since: Mutex::new(since) }
    }

    fn since(&self) -> MutexGuard<'_, Since> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn mark(&self) -> Mark {
        *self.mark.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything is counted anew from now on.
    pub(super) fn begin(&self) -> Mark {
        let mut since = self.since();
        let connected = since.viewers.iter().map(|viewer| Viewer {
            opened: viewer.opened,
            heard: viewer.heard,
            ..Viewer::default()
        });
        *since = Since { viewers: connected.collect(), ..Since::default() };
        let mark = Mark::now();
        *self.mark.lock().unwrap_or_else(PoisonError::into_inner) = mark;
        mark
    }

    pub(super) fn joins(&self) {
        self.since().joining.made += 1;
    }

    pub(super) fn join_failed(&self, failed: Failed) {
        self.since().joining.failed(failed);
    }

    pub(super) fn opened(&self, viewer: usize, at: Instant) {
        let viewer = &mut self.since().viewers[viewer];
        viewer.opened = Some(at);
        viewer.heard = None;
        viewer.connections += 1;
    }

    pub(super) fn lost(&self, viewer: usize, by_silence: bool) {
        let viewer = &mut self.since().viewers[viewer];
        viewer.losses += 1;
        viewer.silences += u32::from(by_silence);
        (viewer.opened, viewer.live_since, viewer.heard) = (None, None, None);
    }

    /// Values came that were taken at `taken_ms`.
    pub(super) fn values(&self, viewer: usize, taken_ms: i64) {
        let mark = self.mark();
        let viewer = &mut self.since().viewers[viewer];
        let now = Instant::now();
        viewer.heard = Some(now);
        let is_new = viewer.opened.is_some_and(|opened| opened >= mark.at);
        if is_new && taken_ms > mark.wall_ms && viewer.live_since.is_none() {
            viewer.live_since = Some(now);
        }
    }

    pub(super) fn shown_as_fresh(&self, age_ms: i64) {
        let mut since = self.since();
        since.oldest_fresh_ms = since.oldest_fresh_ms.max(age_ms);
    }

    /// A rule of the protocol was broken, or a viewer was lied to.
    pub(super) fn broken(&self, what: String) {
        let mut since = self.since();
        since.broken_rules += 1;
        if since.examples.len() < EXAMPLES {
            since.examples.push(what);
        }
    }

    pub(super) fn probe_begins(&self) {
        self.since().probing.made += 1;
    }

    pub(super) fn probed(&self, started: Instant, outcome: Result<(), Failed>) {
        let started_since_mark = started >= self.mark().at;
        let mut since = self.since();
        if let Err(failed) = outcome {
            since.probing.failed(failed);
        } else if started_since_mark {
            since.longest_answer = since.longest_answer.max(started.elapsed());
        }
    }

    pub(super) fn all_live(&self) -> bool {
        self.since().viewers.iter().all(|viewer| viewer.live_since.is_some())
    }

    pub(super) fn outcome(&self) -> Outcome {
        let mark = self.mark();
        let since = self.since();
        let back = since.viewers.iter().filter_map(|viewer| viewer.live_since);
        let mut back: Vec<_> = back.map(|at| at.saturating_duration_since(mark.at)).collect();
        back.sort();
        let sum = |pick: fn(&Attempts) -> u32| pick(&since.joining) + pick(&since.probing);
        let mut answered = since.joining.answered.clone();
        answered.extend(&since.probing.answered);
        Outcome {
            viewers: since.viewers.len(),
            lost: since.viewers.iter().filter(|viewer| viewer.losses > 0).count(),
            lost_twice: since.viewers.iter().filter(|viewer| viewer.losses > 1).count(),
            by_silence: since.viewers.iter().filter(|viewer| viewer.silences > 0).count(),
            back,
            attempts: since.joining.made,
            probes: since.probing.made,
            refused: sum(|attempts| attempts.refused),
            cut: sum(|attempts| attempts.cut),
            timed_out: sum(|attempts| attempts.timed_out),
            answered,
            longest_answer: since.longest_answer,
            oldest_fresh_ms: since.oldest_fresh_ms,
            broken_rules: since.broken_rules,
            examples: since.examples.clone(),
            held: Duration::ZERO,
        }
    }
}

/// What a scenario came to.
#[derive(Clone)]
pub(super) struct Outcome {
    pub(super) viewers: usize,
    /// Viewers who lost their connection.
    pub(super) lost: usize,
    pub(super) lost_twice: usize,
    /// Viewers who noticed it by silence, because nobody told them.
    pub(super) by_silence: usize,
    /// How long after the mark each viewer who is back had fresh values for good; sorted.
    pub(super) back: Vec<Duration>,
    /// Connections that viewers tried to open.
    pub(super) attempts: u32,
    pub(super) probes: u32,
    pub(super) refused: u32,
    pub(super) cut: u32,
    pub(super) timed_out: u32,
    /// Answers that were not the wanted ones.
    pub(super) answered: Vec<u16>,
    pub(super) longest_answer: Duration,
    pub(super) oldest_fresh_ms: i64,
    pub(super) broken_rules: u32,
    pub(super) examples: Vec<String>,
    /// How long the scenario itself kept everybody from being back.
    pub(super) held: Duration,
}

impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outcome")
            .field("viewers", &self.viewers)
            .field("lost, once and again", &(self.lost, self.lost_twice))
            .field("of these by silence", &self.by_silence)
            .field("back", &self.back.len())
            .field("slowest", &self.slowest())
            .field("connections tried by viewers", &self.attempts)
            .field("probes", &self.probes)
            .field("refused", &self.refused)
            .field("cut", &self.cut)
            .field("timed out", &self.timed_out)
            .field("other answers", &self.answered)
            .field("longest answer", &self.longest_answer)
            .field("oldest value shown as fresh, in ms", &self.oldest_fresh_ms)
            .field("broken rules", &(self.broken_rules, &self.examples))
            .finish()
    }
}

impl Outcome {
    /// The same where only from `from` on somebody could have been back.
    pub(super) fn counted_from(self, mark: Mark, from: Instant) -> Self {
        Self { held: from - mark.at, ..self }
    }

    /// When the last viewer was back for good.
    pub(super) fn slowest(&self) -> Duration {
        let slowest = self.back.last();
        slowest.map_or(Duration::MAX, |slowest| slowest.saturating_sub(self.held))
    }

    pub(super) fn median(&self) -> Duration {
        let median = self.back.get(self.back.len() / 2);
        median.map_or(Duration::MAX, |median| median.saturating_sub(self.held))
    }

    /// One line of the table that scripts/bench/stays_up.sh gathers.
    pub(super) fn line(&self, scenario: &str) -> String {
        let seconds = |duration: Duration| match duration {
            Duration::MAX => "never".to_owned(),
            duration => format!("{:.2} s", duration.as_secs_f64()),
        };
        let mut line = format!("| {scenario} | {}/{} ", self.back.len(), self.viewers);
        let _ = write!(line, "| {} | {} ", self.refused, self.cut);
        let _ = write!(line, "| {} | {} ", seconds(self.slowest()), seconds(self.median()));
        let _ = write!(line, "| {} ", seconds(self.longest_answer));
        let _ = write!(line, "| {:.1} s |", self.oldest_fresh_ms as f64 / 1000.0);
        line
    }
}
