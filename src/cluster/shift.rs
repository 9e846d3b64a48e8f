//! From a host's clock and names to ours: times moved by how far its clock is off, keys and status replaced.
//! What did not change stays the same part, not an equal one.

use std::sync::Arc;

use crate::model::cluster::HostStatus;
use crate::model::wire::HostRow;
use crate::model::{HostId, Reading, Reason, Section, Snapshot, Text, UnixMillis};

/// A clock that is off by no more than this is right: the way of an answer takes its time, too.
const OFF_FROM_MS: i64 = 2000;

/// A clock that is off is taken to be off as before, unless that changed by more than this.
const SAME_WITHIN_MS: i64 = 750;

/// How far another clock is ahead of ours; 0 if it is right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Skew {
    ahead_ms: i64,
}

impl Skew {
    /// What holds after an answer that came at `ours` and was written at `theirs`.
    pub(super) fn learn(&mut self, theirs: UnixMillis, ours: UnixMillis) {
        let ahead = theirs.0.saturating_sub(ours.0);
        if ahead.saturating_abs() <= OFF_FROM_MS {
            self.ahead_ms = 0;
        } else if self.ahead_ms == 0
            || ahead.saturating_sub(self.ahead_ms).saturating_abs() > SAME_WITHIN_MS
        {
            self.ahead_ms = ahead / 100 * 100;
        }
    }

    /// What is to be said of it.
    pub(super) fn told(self) -> Option<i64> {
        (self.ahead_ms != 0).then_some(self.ahead_ms)
    }

    /// Their time by our clock.
    pub(super) fn ours(self, theirs: UnixMillis) -> UnixMillis {
        UnixMillis(theirs.0.saturating_sub(self.ahead_ms))
    }

    fn reading(self, reading: &mut Reading<UnixMillis>) {
        *reading = reading.map(|theirs| self.ours(theirs));
    }

    fn section<T: Clone>(self, section: &Section<T>) -> Section<T> {
        let mut shifted = section.clone();
        self.reading(&mut shifted.taken_at_ms);
        if let Some(problem) = &mut shifted.problem {
            problem.since_ms = self.ours(problem.since_ms);
        }
        shifted
    }
}

/// A line as we show it.
pub(super) fn row(source: &HostRow, key: &HostId, status: &HostStatus, skew: Skew) -> HostRow {
    let mut row =
        HostRow { key: Text::from(key.as_str()), status: status.clone(), ..source.clone() };
    if skew.told().is_some() {
        skew.reading(&mut row.taken_at_ms);
        skew.reading(&mut row.booted_at_ms);
        for card in &mut row.card_status {
            skew.reading(&mut card.since_ms);
            skew.reading(&mut card.idle_since_ms);
        }
        if let Reading::Present(users) = &mut row.users {
            for user in users {
                skew.reading(&mut user.since_ms);
            }
        }
    }
    row
}

/// What a snapshot was made of, and the snapshot as we show it.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) source: Snapshot,
    pub(super) skew: Skew,
    pub(super) snapshot: Arc<Snapshot>,
}

impl Shown {
    /// A snapshot of a host that was not heard of.
    pub(super) fn nothing(snapshot: Snapshot) -> Self {
        Self { source: snapshot.clone(), skew: Skew::default(), snapshot: Arc::new(snapshot) }
    }

    /// Takes a newer snapshot of the host in.
    pub(super) fn renew(
        &mut self,
        source: &Snapshot,
        status: Arc<HostStatus>,
        skew: Skew,
        now: UnixMillis,
    ) {
        fn part<T: Clone>(
            (old, new): (&Arc<Section<T>>, &Arc<Section<T>>),
            shown: &Arc<Section<T>>,
            (old_skew, skew): (Skew, Skew),
        ) -> Arc<Section<T>> {
            let is_same = Arc::ptr_eq(old, new) && old_skew == skew;
            // What was read once and is not asked for any more stays, and says how old it is.
            let is_nothing =
                new.problem.is_none() && new.value.reason() == Some(Reason::NotCollected);
            if is_same || is_nothing {
                shown.clone()
            } else if skew.told().is_none() {
                new.clone()
            } else {
                Arc::new(skew.section(new))
            }
        }
        let (old, shown, skews) = (&self.source, &self.snapshot, (self.skew, skew));
        macro_rules! build {
            ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
                Snapshot {
                    host: shown.host.clone(),
                    taken_at_ms: now,
                    status,
                    $( $key: part((&old.$key, &source.$key), &shown.$key, skews), )*
                    processes: part(
                        (&old.processes, &source.processes),
                        &shown.processes,
                        skews,
                    ),
                    sources: source.sources.clone(),
                }
            };
        }
        let snapshot = crate::host_sections!(build);
        *self = Self { source: source.clone(), skew, snapshot: Arc::new(snapshot) };
    }

    /// The same values with another status.
    pub(super) fn restate(&mut self, status: Arc<HostStatus>) {
        self.snapshot = Arc::new(Snapshot { status, ..(*self.snapshot).clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Problem;

    #[test]
    fn small_differences_are_the_way_and_large_ones_are_the_clock() {
        let mut skew = Skew::default();
        skew.learn(UnixMillis(101_900), UnixMillis(100_000));
        assert_eq!(skew.told(), None);
        skew.learn(UnixMillis(700_040), UnixMillis(100_000));
        assert_eq!(skew.told(), Some(600_000));
        skew.learn(UnixMillis(700_700), UnixMillis(100_000));
        assert_eq!(skew.told(), Some(600_000), "jitter is no news");
        assert_eq!(skew.ours(UnixMillis(650_000)), UnixMillis(50_000));
        skew.learn(UnixMillis(100_000), UnixMillis(700_000));
        assert_eq!(skew.told(), Some(-600_000));
        skew.learn(UnixMillis(i64::MIN), UnixMillis(i64::MAX));
        skew.learn(UnixMillis(i64::MAX), UnixMillis(i64::MIN));
        skew.ours(UnixMillis(i64::MIN));
        skew.learn(UnixMillis(5), UnixMillis(5));
        assert_eq!(skew.told(), None);
    }

    #[test]
    fn a_part_that_did_not_change_stays_the_same_part() {
        let host = HostId::parse("a").unwrap();
        let empty = Snapshot::not_collected(host, UnixMillis(0), |_| 2000);
        let mut source = empty.clone();
        let skew = Skew { ahead_ms: 600_000 };
        let problem = Problem { reason: Reason::ReadFailed, since_ms: UnixMillis(1_500_000) };
        source.cpu = Arc::new(Section {
            taken_at_ms: Reading::Present(UnixMillis(1_600_000)),
            problem: Some(problem),
            ..Section::not_collected(2000)
        });
        let mut shown = Shown::nothing(empty);
        let status = shown.snapshot.status.clone();
        shown.renew(&source, status.clone(), skew, UnixMillis(1));
        assert_eq!(shown.snapshot.cpu.taken_at_ms, Reading::Present(UnixMillis(1_000_000)));
        assert_eq!(shown.snapshot.cpu.problem.unwrap().since_ms, UnixMillis(900_000));
        let first = shown.snapshot.clone();
        shown.renew(&source, status, skew, UnixMillis(2));
        assert!(Arc::ptr_eq(&first.cpu, &shown.snapshot.cpu));
        assert!(Arc::ptr_eq(&first.processes, &shown.snapshot.processes));
    }
}
