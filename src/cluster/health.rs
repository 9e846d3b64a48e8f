//! Whether what is shown of a host is true now, from when it answered and when it did not. Pure: it is told
//! the time.

use std::time::Duration;

use crate::model::cluster::{HostState, HostTrouble, TroubleKind};
use crate::model::{Reading, Reason, UnixMillis};
use crate::peer::Failure;

/// The most turns between two tries.
const TURNS_MAX: u32 = 20;

/// A moment on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Now {
    pub(super) monotonic: Duration,
    pub(super) wall: UnixMillis,
}

/// How a host is reached.
#[derive(Debug)]
pub(super) struct Health {
    /// A host that has given nothing for this long is down, or for four intervals if those are longer.
    down_after: Duration,
    /// When it last answered well.
    answered: Option<Duration>,
    /// Tries in a row that went wrong.
    failures: u32,
    trouble: Option<HostTrouble>,
    state: HostState,
    since: Reading<UnixMillis>,
}

impl Health {
    pub(super) fn new(down_after: Duration) -> Self {
        Self {
            down_after,
            answered: None,
            failures: 0,
            trouble: None,
            state: HostState::Waiting,
            since: Reading::absent(Reason::Measuring),
        }
    }

    pub(super) fn state(&self) -> HostState {
        self.state
    }

    pub(super) fn since(&self) -> Reading<UnixMillis> {
        self.since
    }

    pub(super) fn trouble(&self) -> Option<&HostTrouble> {
        self.trouble.as_ref()
    }

    pub(super) fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// It answered well. What is there to be said all the same is `note`.
    pub(super) fn answered(&mut self, now: Now, note: Option<Failure>) {
        self.answered = Some(now.monotonic);
        self.failures = 0;
        match note {
            None => self.trouble = None,
            Some(note) => self.note(now, note),
        }
    }

    /// It did not.
    pub(super) fn failed(&mut self, now: Now, failure: Failure) {
        self.failures = self.failures.saturating_add(1);
        self.note(now, failure);
    }

    /// The same trouble lasts, another one begins.
    fn note(&mut self, now: Now, Failure { kind, detail }: Failure) {
        let earlier = self.trouble.as_ref().filter(|trouble| trouble.kind == kind);
        let since_ms = earlier.map_or(now.wall, |trouble| trouble.since_ms);
        self.trouble = Some(HostTrouble { kind, since_ms, detail });
    }

    /// Moves on to what holds now, if it is asked every `pace`. Says whether that is another state.
    pub(super) fn turn(&mut self, now: Now, pace: Duration) -> bool {
        let state = self.judged(now.monotonic, pace);
        // That it is asked less often makes it no better: only an answer does.
        let is_lost = matches!(self.state, HostState::Stale | HostState::Down);
        let gets_better = is_lost && self.failures > 0 && state < self.state;
        if state == self.state || gets_better {
            return false;
        }
        self.state = state;
        self.since = Reading::Present(now.wall);
        true
    }

    fn judged(&self, now: Duration, pace: Duration) -> HostState {
        match self.answered {
            None if self.failures == 0 => HostState::Waiting,
            // Nothing is there to be shown, and something is wrong.
            None => HostState::Down,
            // Whoever is not asked owes nothing.
            Some(_) if self.failures == 0 => HostState::Up,
            Some(answered) => {
                let age = now.saturating_sub(answered);
                if age > self.down_after(pace) {
                    HostState::Down
                } else if age <= pace.saturating_mul(3) {
                    HostState::Up
                } else if self.refuses() {
                    HostState::Down
                } else {
                    HostState::Stale
                }
            }
        }
    }

    /// Whether it said no, rather than nothing. A restart takes less than three intervals, so it is not taken
    /// for one.
    fn refuses(&self) -> bool {
        self.trouble.as_ref().is_some_and(|trouble| {
            matches!(
                trouble.kind,
                TroubleKind::Refused | TroubleKind::Unauthorized | TroubleKind::Forbidden
            )
        })
    }

    /// After how long without an answer it is down, if it is asked every `pace`.
    pub(super) fn down_after(&self, pace: Duration) -> Duration {
        self.down_after.max(pace.saturating_mul(4))
    }

    /// When the state may become another one without anything happening.
    pub(super) fn next_change(&self, now: Duration, pace: Duration) -> Option<Duration> {
        let answered = self.answered.filter(|_| self.failures > 0)?;
        let moment = Duration::from_millis(1);
        [pace.saturating_mul(3), self.down_after(pace)]
            .into_iter()
            .map(|after| answered.saturating_add(after).saturating_add(moment))
            .filter(|at| *at > now)
            .min()
    }

    /// How long to wait for the next try after one that ended just now: 1, 2, 4, 8, 16, then 20 turns.
    pub(super) fn wait(&self, pace: Duration) -> Duration {
        let doubled = self.failures.checked_sub(1).map_or(1, |n| 1_u32 << n.min(5));
        pace.saturating_mul(doubled.min(TURNS_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Duration = Duration::from_secs(2);

    fn at(seconds: u64) -> Now {
        let wall = UnixMillis(1_000_000 + i64::try_from(seconds * 1000).unwrap());
        Now { monotonic: Duration::from_secs(100 + seconds), wall }
    }

    fn state_at(health: &mut Health, seconds: u64) -> HostState {
        health.turn(at(seconds), PACE);
        health.state()
    }

    #[test]
    fn a_host_goes_from_up_to_stale_to_down_and_back_at_once() {
        let mut health = Health::new(Duration::from_secs(60));
        assert_eq!(state_at(&mut health, 0), HostState::Waiting);
        assert_eq!(health.since().reason(), Some(Reason::Measuring));
        health.answered(at(0), None);
        assert_eq!(state_at(&mut health, 0), HostState::Up);
        // Not asked: nothing is wrong with it.
        assert_eq!(state_at(&mut health, 500), HostState::Up);
        health.answered(at(500), None);
        health.failed(at(504), TroubleKind::ReadTimeout.into());
        assert_eq!(state_at(&mut health, 506), HostState::Up);
        assert_eq!(
            health.next_change(at(506).monotonic, PACE),
            Some(Duration::from_millis(606_001))
        );
        assert_eq!(state_at(&mut health, 507), HostState::Stale);
        assert_eq!(health.since(), Reading::Present(at(507).wall));
        health.failed(at(520), TroubleKind::ReadTimeout.into());
        assert_eq!(health.trouble().unwrap().since_ms, at(504).wall, "the same trouble lasts");
        assert_eq!(state_at(&mut health, 560), HostState::Stale);
        assert_eq!(state_at(&mut health, 561), HostState::Down);
        assert_eq!(health.next_change(at(561).monotonic, PACE), None);
        health.failed(at(570), TroubleKind::Refused.into());
        assert_eq!(health.trouble().unwrap().since_ms, at(570).wall, "another trouble");
        health.answered(at(600), None);
        assert_eq!(state_at(&mut health, 600), HostState::Up);
        assert_eq!(health.trouble(), None);
        assert_eq!(health.wait(PACE), PACE);
    }

    #[test]
    fn who_says_no_is_down_sooner_but_a_restart_is_no_news() {
        for kind in [TroubleKind::Refused, TroubleKind::Unauthorized, TroubleKind::Forbidden] {
            let mut health = Health::new(Duration::from_secs(60));
            health.answered(at(0), None);
            health.failed(at(1), kind.into());
            assert_eq!(state_at(&mut health, 6), HostState::Up, "{kind:?}");
            assert_eq!(state_at(&mut health, 7), HostState::Down, "{kind:?}");
        }
    }

    #[test]
    fn a_host_that_was_never_heard_is_down_once_it_failed() {
        let mut health = Health::new(Duration::from_secs(60));
        health.failed(at(0), TroubleKind::ConnectTimeout.into());
        assert_eq!(state_at(&mut health, 0), HostState::Down);
    }

    #[test]
    fn a_slow_pace_takes_longer_to_be_missed() {
        let pace = Duration::from_secs(20);
        let mut health = Health::new(Duration::from_secs(60));
        health.answered(at(0), None);
        health.failed(at(20), TroubleKind::Broken.into());
        health.turn(at(60), pace);
        assert_eq!(health.state(), HostState::Up);
        health.turn(at(80), pace);
        assert_eq!(health.state(), HostState::Stale, "80 s is four intervals, not more");
        health.turn(at(81), pace);
        assert_eq!(health.state(), HostState::Down);
    }

    #[test]
    fn a_slower_pace_makes_a_lost_host_no_better() {
        let mut health = Health::new(Duration::from_secs(60));
        health.answered(at(0), None);
        health.failed(at(4), TroubleKind::ReadTimeout.into());
        assert_eq!(state_at(&mut health, 10), HostState::Stale);
        health.turn(at(11), Duration::from_secs(15));
        assert_eq!(health.state(), HostState::Stale);
    }

    #[test]
    fn tries_become_rarer_up_to_twenty_turns() {
        let mut health = Health::new(Duration::from_secs(60));
        let mut waits = Vec::new();
        for second in 0..8 {
            health.failed(at(second), TroubleKind::Refused.into());
            waits.push(health.wait(PACE).as_secs() / 2);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 20, 20, 20]);
    }

    #[test]
    fn a_note_is_no_failure() {
        let mut health = Health::new(Duration::from_secs(60));
        health.answered(at(0), Some(Failure::with(TroubleKind::Clone, "gpu-2")));
        assert_eq!(state_at(&mut health, 0), HostState::Up);
        assert_eq!(health.trouble().unwrap().kind, TroubleKind::Clone);
        assert!(!health.is_failing());
    }
}
