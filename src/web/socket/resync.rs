//! How often a topic may start anew: full frames are the dear ones.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::wire::Topic;

/// Two fulls of one topic are at least this far apart.
pub(super) const APART: Duration = Duration::from_secs(1);

/// When topics started, and which are to start anew. One per socket; no larger than its
/// subscriptions.
#[derive(Debug, Default)]
pub(super) struct Resyncs {
    topics: BTreeMap<Topic, Times>,
}

#[derive(Debug, Clone, Copy)]
struct Times {
    started: Duration,
    due: Option<Duration>,
}

impl Resyncs {
    /// The topic starts now.
    pub(super) fn started(&mut self, topic: Topic, now: Duration) {
        self.topics.insert(topic, Times { started: now, due: None });
    }

    pub(super) fn forget(&mut self, topic: &Topic) {
        self.topics.remove(topic);
    }

    /// The topic is to start anew as soon as it may; asking again changes nothing.
    pub(super) fn ask(&mut self, topic: &Topic) {
        if let Some(times) = self.topics.get_mut(topic) {
            times.due = Some(times.started.saturating_add(APART));
        }
    }

    /// When the next topic is due.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.topics.values().filter_map(|times| times.due).min()
    }

    /// A topic that is due by now.
    pub(super) fn take_due(&mut self, now: Duration) -> Option<Topic> {
        let due = |times: &Times| times.due.is_some_and(|due| due <= now);
        let (topic, times) = self.topics.iter_mut().find(|(_, times)| due(times))?;
        times.due = None;
        Some(topic.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_askings_are_one_and_none_is_forgotten() {
        let at = Duration::from_millis;
        let mut resyncs = Resyncs::default();
        resyncs.ask(&Topic::Overview);
        assert_eq!(resyncs.next_due(), None, "nobody subscribed");
        resyncs.started(Topic::Overview, at(5000));
        resyncs.ask(&Topic::Overview);
        resyncs.ask(&Topic::Overview);
        assert_eq!(resyncs.next_due(), Some(at(6000)));
        assert_eq!(resyncs.take_due(at(5999)), None);
        assert_eq!(resyncs.take_due(at(6000)), Some(Topic::Overview));
        assert_eq!(resyncs.take_due(at(6000)), None, "once");
        resyncs.started(Topic::Overview, at(6000));
        resyncs.ask(&Topic::Overview);
        assert_eq!(resyncs.take_due(at(9000)), Some(Topic::Overview), "at once when long ago");
        resyncs.ask(&Topic::Overview);
        resyncs.forget(&Topic::Overview);
        assert_eq!(resyncs.next_due(), None);
    }
}
