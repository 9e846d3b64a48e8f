//! What readers want. A role collects what is in demand and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::model::wire::Topic;

/// Demand for every topic that anybody wants or wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demand {
    topics: BTreeMap<Topic, TopicDemand>,
}

/// Demand for one topic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TopicDemand {
    /// Subscriptions that last.
    pub streams: usize,
    /// Readers who wait for one document.
    pub once: usize,
    /// When the last subscription ended, by the monotonic clock, while there is none.
    pub streams_ended_at: Option<Duration>,
}

/// What kind of reader a lease is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A subscription: collection lingers after its end, so that a reload finds it running.
    Stream,
    /// One document: collection does not linger.
    Once,
}

/// A reader's claim on a topic; dropping it gives the claim back.
pub(super) struct Lease {
    demand: Arc<watch::Sender<Demand>>,
    clock: Clock,
    topic: Topic,
    kind: Kind,
}

impl Demand {
    /// The demand for `topic`.
    #[must_use]
    pub fn of(&self, topic: &Topic) -> TopicDemand {
        self.topics.get(topic).copied().unwrap_or_default()
    }

    /// Every topic that anybody wants or wanted, with its demand.
    pub fn topics(&self) -> impl Iterator<Item = (&Topic, &TopicDemand)> {
        self.topics.iter()
    }
}

impl TopicDemand {
    /// Whether the topic is to be collected at `now`, if collection lingers for `linger` after the
    /// last subscription.
    #[must_use]
    pub fn is_wanted(&self, now: Duration, linger: Duration) -> bool {
        self.streams > 0
            || self.once > 0
            || self.streams_ended_at.is_some_and(|ended| now < ended.saturating_add(linger))
    }
}

impl Lease {
    pub(super) fn take(
        demand: Arc<watch::Sender<Demand>>,
        clock: Clock,
        topic: Topic,
        kind: Kind,
    ) -> Self {
        demand.send_modify(|all| {
            let of_topic = all.topics.entry(topic.clone()).or_default();
            match kind {
                Kind::Stream => {
                    of_topic.streams += 1;
                    of_topic.streams_ended_at = None;
                }
                Kind::Once => of_topic.once += 1,
            }
        });
        Self { demand, clock, topic, kind }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let now = self.clock.monotonic();
        self.demand.send_modify(|all| {
            let of_topic = all.topics.entry(self.topic.clone()).or_default();
            match self.kind {
                Kind::Stream => {
                    of_topic.streams = of_topic.streams.saturating_sub(1);
                    if of_topic.streams == 0 {
                        of_topic.streams_ended_at = Some(now);
                    }
                }
                Kind::Once => of_topic.once = of_topic.once.saturating_sub(1),
            }
        });
    }
}
