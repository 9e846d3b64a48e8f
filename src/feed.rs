//! L2, publish and subscribe: snapshots in, frames out.
//!
//! A role publishes immutable snapshots; a viewer's session pulls frames. Between them stands one
//! [`Version`](version::Version) per topic, the newest only. A frame is encoded when the first
//! viewer of its (topic, audience) asks for it, once, and shared by all; nobody asking means no
//! encoding. A viewer who was at `seq − 1` gets a patch, every other one the newest full, so a
//! slow viewer skips versions, memory is bounded and nobody storms.
//!
//! Knows nothing of sockets, of sources, or of how often anything is read.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::model::recent::RecentDocument;
use crate::model::wire::{HostRow, Topic};
use crate::model::{Audience, HostId, Section, Snapshot, Text, UnixMillis};

mod demand;
mod encode;
mod hide;
mod line;
mod recent;
mod version;

pub use demand::{Demand, TopicDemand};
pub use line::line;
pub use version::{DEFLATE_FROM_BYTES, Frame};

use demand::{Kind, Lease};
use recent::Recent;
use version::{Content, Version};

/// How long a new viewer waits for new values before being shown old ones.
const FIRST_FRAME_WITHIN: Duration = Duration::from_secs(1);

/// How long a one-off reader of a whole host waits for sources that are slower than the first ones.
const STRAGGLERS_WITHIN: Duration = Duration::from_secs(2);

/// How long an app that asks waits for new values. Less than it waits for an answer, also where it stands two
/// levels above; what came later it gets the next time.
const POLL_WITHIN: Duration = Duration::from_millis(800);

/// How the feed behaves.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// A document older than this, and than the interval of its own source, is collected anew before
    /// a new reader gets it.
    pub fresh_for: Duration,
    /// How long a one-off reader waits for that.
    pub wait_at_most: Duration,
}

/// Why a topic is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such host.
    #[error("there is no such host")]
    NotFound,
    /// The audience may not see it.
    #[error("this role may not see it")]
    Forbidden,
    /// No values came in time.
    #[error("no values came in time")]
    Unavailable,
}

/// The readers' side. Cheap to clone.
#[derive(Clone)]
pub struct Feed(Arc<Shared>);

/// The role's side: there is one per feed.
pub struct Publisher(Arc<Shared>);

struct Shared {
    settings: Settings,
    clock: Clock,
    channels: Mutex<Channels>,
    demand: Arc<watch::Sender<Demand>>,
    encodings: Arc<AtomicU64>,
}

#[derive(Default)]
struct Channels {
    hosts: BTreeMap<HostId, Host>,
    topics: BTreeMap<Topic, watch::Sender<Option<Arc<Version>>>>,
}

#[derive(Default)]
struct Host {
    snapshot: Option<Arc<Snapshot>>,
    /// Its line in the overview, where hosts are published one by one.
    line: Option<Arc<HostRow>>,
    recent: Recent,
}

/// A line per host, and the groups they stand in.
#[derive(Debug, Clone, Default)]
pub struct Overview {
    /// Names of groups, in the order they are to be shown in.
    pub groups: Arc<Vec<Text>>,
    /// By key. What did not change since the overview before is the same row, not an equal one.
    pub rows: Vec<Arc<HostRow>>,
}

/// What a subscription yields.
#[derive(Debug, Clone)]
pub enum Event {
    /// Send this.
    Frame(Frame),
    /// The topic is no more; nothing follows.
    Gone,
}

/// A viewer's place in a topic. Dropping it ends it.
pub struct Subscription {
    audience: Audience,
    receiver: watch::Receiver<Option<Arc<Version>>>,
    last_seq: Option<u64>,
    _lease: Lease,
}

/// A new feed: the readers' side and the role's.
#[must_use]
pub fn new(settings: Settings, clock: Clock) -> (Feed, Publisher) {
    let mut channels = Channels::default();
    channels.topics.insert(Topic::Overview, watch::Sender::new(None));
    let shared = Arc::new(Shared {
        settings,
        clock,
        channels: Mutex::new(channels),
        demand: Arc::new(watch::Sender::new(Demand::default())),
        encodings: Arc::new(AtomicU64::new(0)),
    });
    (Feed(shared.clone()), Publisher(shared))
}

impl Shared {
    fn channels(&self) -> MutexGuard<'_, Channels> {
        // A panic while holding the lock leaves a map that is still whole.
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Publisher {
    /// Announces a host; its topics can be subscribed to from now on.
    pub fn add_host(&self, host: HostId) {
        let mut channels = self.0.channels();
        for topic in [Topic::Host(host.clone()), Topic::Processes(host.clone())] {
            channels.topics.entry(topic).or_insert_with(|| watch::Sender::new(None));
        }
        channels.hosts.entry(host).or_default();
    }

    /// Takes a host away; its viewers are told that it is gone.
    pub fn remove_host(&self, host: &HostId) {
        let mut channels = self.0.channels();
        let had_line = channels.hosts.remove(host).is_some_and(|host| host.line.is_some());
        channels.topics.remove(&Topic::Host(host.clone()));
        channels.topics.remove(&Topic::Processes(host.clone()));
        // Where the role publishes the overview, it does that.
        if had_line {
            self.publish_lines(&channels);
        }
    }

    /// Publishes a snapshot of a host that was added, and its line in the overview. A topic moves on only
    /// if something in it was read anew.
    pub fn publish(&self, snapshot: &Arc<Snapshot>) {
        let mut channels = self.0.channels();
        if self.advance_host(&mut channels, snapshot) {
            if let Some(host) = channels.hosts.get_mut(&snapshot.host) {
                host.line = Some(Arc::new(line(snapshot)));
            }
            self.publish_lines(&channels);
        }
    }

    /// Publishes a snapshot of a host that was added, for a role that publishes the overview by itself.
    pub fn publish_host(&self, snapshot: &Arc<Snapshot>) {
        self.advance_host(&mut self.0.channels(), snapshot);
    }

    /// Publishes the overview whole.
    pub fn publish_overview(&self, overview: Overview) {
        self.advance(&self.0.channels(), &Topic::Overview, Content::Overview(Arc::new(overview)));
    }

    /// Whether anything but processes was read anew.
    fn advance_host(&self, channels: &mut Channels, snapshot: &Arc<Snapshot>) -> bool {
        let Some(host) = channels.hosts.get_mut(&snapshot.host) else { return false };
        host.recent.push(snapshot);
        let earlier = host.snapshot.replace(snapshot.clone());
        let earlier = earlier.as_deref();
        let is_news = !earlier.is_some_and(|earlier| same_host_values(earlier, snapshot));
        if is_news {
            let topic = Topic::Host(snapshot.host.clone());
            self.advance(channels, &topic, Content::Host(snapshot.clone()));
        }
        if !earlier.is_some_and(|earlier| Arc::ptr_eq(&earlier.processes, &snapshot.processes)) {
            let topic = Topic::Processes(snapshot.host.clone());
            self.advance(channels, &topic, Content::Processes(snapshot.clone()));
        }
        is_news
    }

    /// Adds to what is known of a host's last ten minutes, without telling anybody.
    pub fn remember(&self, snapshot: &Snapshot) {
        if let Some(host) = self.0.channels().hosts.get_mut(&snapshot.host) {
            host.recent.push(snapshot);
        }
    }

    /// What readers want, for the role to follow.
    #[must_use]
    pub fn demand(&self) -> watch::Receiver<Demand> {
        self.0.demand.subscribe()
    }

    /// The overview of hosts that are published one by one.
    fn publish_lines(&self, channels: &Channels) {
        let rows: Vec<_> = channels.hosts.values().filter_map(|host| host.line.clone()).collect();
        let overview = Overview { groups: Arc::default(), rows };
        self.advance(channels, &Topic::Overview, Content::Overview(Arc::new(overview)));
    }

    fn advance(&self, channels: &Channels, topic: &Topic, content: Content) {
        let Some(channel) = channels.topics.get(topic) else { return };
        let next = channel.borrow().as_ref().map_or_else(
            || {
                Version::first(
                    topic.clone(),
                    content.clone(),
                    self.0.clock.wall(),
                    self.0.clock.monotonic(),
                    self.0.encodings.clone(),
                )
            },
            |version| version.next(content.clone(), self.0.clock.wall(), self.0.clock.monotonic()),
        );
        channel.send_replace(Some(Arc::new(next)));
    }
}

/// Whether nothing of the host's own topic was read anew.
fn same_host_values(earlier: &Snapshot, now: &Snapshot) -> bool {
    macro_rules! compare {
        ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
            $( Arc::ptr_eq(&earlier.$key, &now.$key) && )* true
        };
    }
    crate::host_sections!(compare)
        && Arc::ptr_eq(&earlier.sources, &now.sources)
        && Arc::ptr_eq(&earlier.status, &now.status)
}

/// Whether every source of the host's own topic has either said something not longer ago than it is
/// read, or is known to have nothing to say.
fn is_complete(snapshot: &Snapshot, fresh_for: Duration, now: UnixMillis) -> bool {
    fn is_settled<T>(section: &Section<T>, fresh_for: Duration, now: UnixMillis) -> bool {
        let fresh_for = fresh_for.max(Duration::from_millis(section.interval_ms));
        let age = section.taken_at_ms.present().map(|taken| now.since(*taken));
        // An age below zero: the clock was set back, and nobody knows how old the value is.
        let is_fresh = |age| u128::try_from(age).is_ok_and(|age: u128| age < fresh_for.as_millis());
        section.problem.is_some() || age.is_some_and(is_fresh)
    }
    let is_read = |name: &str| snapshot.sources.iter().any(|source| source.name == name);
    macro_rules! check {
        ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
            $( (!is_read(stringify!($key)) || is_settled(&snapshot.$key, fresh_for, now)) && )* true
        };
    }
    crate::host_sections!(check)
}

impl Feed {
    /// Subscribes an audience to a topic. The first frame is a full one: at once if fresh values
    /// are there, else with the next collection, which the subscription sets going.
    ///
    /// # Errors
    /// If the topic does not exist or the audience may not see it.
    pub fn subscribe(&self, topic: &Topic, audience: Audience) -> Result<Subscription, Refusal> {
        let mut receiver = self.receiver(topic, audience)?;
        if self.is_fresh(&receiver) {
            receiver.mark_changed();
        } else {
            receiver.mark_unchanged();
        }
        Ok(Subscription {
            audience,
            receiver,
            last_seq: None,
            _lease: self.lease(topic, Kind::Stream),
        })
    }

    /// The topic's document for one-off readers: the newest if it is fresh, else the next, which
    /// this call sets going. Does not keep collection running.
    ///
    /// # Errors
    /// If the topic does not exist, the audience may not see it, or there are no values at all
    /// and none came in time.
    pub async fn document(&self, topic: &Topic, audience: Audience) -> Result<Bytes, Refusal> {
        let patience = self.0.settings.wait_at_most;
        Ok(self.fresh(topic, audience, patience).await?.document(audience))
    }

    /// The newest version if it is fresh, else the next, which this sets going.
    async fn fresh(
        &self,
        topic: &Topic,
        audience: Audience,
        patience: Duration,
    ) -> Result<Arc<Version>, Refusal> {
        let mut receiver = self.receiver(topic, audience)?;
        if !self.is_fresh(&receiver) {
            receiver.mark_unchanged();
            let _lease = self.lease(topic, Kind::Once);
            match tokio::time::timeout(patience, receiver.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(Refusal::NotFound),
                // Old values say how old they are; better than none.
                Err(_) => {}
            }
        }
        let version = receiver.borrow().clone();
        version.ok_or(Refusal::Unavailable)
    }

    /// What brings a reader who has version `last_seq` of a topic up to date: nothing if that is the newest,
    /// a patch if it is the one before, else all of it. Collects as [`Feed::document`] does, but does not wait
    /// for long.
    ///
    /// # Errors
    /// As for [`Feed::document`].
    pub async fn poll(
        &self,
        topic: &Topic,
        audience: Audience,
        last_seq: Option<u64>,
    ) -> Result<Option<Frame>, Refusal> {
        let patience = self.0.settings.wait_at_most.min(POLL_WITHIN);
        let version = self.fresh(topic, audience, patience).await?;
        Ok((last_seq != Some(version.seq)).then(|| version.frame(audience, last_seq)))
    }

    /// The overview, for a one-off reader who makes something else of it than a document. Collects as
    /// [`Feed::document`] does.
    ///
    /// # Errors
    /// As for [`Feed::document`].
    pub async fn overview(&self, audience: Audience) -> Result<Overview, Refusal> {
        let patience = self.0.settings.wait_at_most;
        let version = self.fresh(&Topic::Overview, audience, patience).await?;
        let overview = version.overview().ok_or(Refusal::Unavailable)?;
        Ok(hide::overview(overview, audience))
    }

    /// What is known of a host, for a one-off reader who makes something else of it than a document:
    /// the newest if every part of it is fresh, else what this call sets going. Without processes.
    /// Waits for slow sources a little longer, not for those that hang. Does not keep collection
    /// running.
    ///
    /// # Errors
    /// If there is no such host for this audience, or there are no values at all and none came in
    /// time.
    pub async fn snapshot(&self, host: &HostId, audience: Audience) -> Result<Snapshot, Refusal> {
        let topic = Topic::Host(host.clone());
        let mut receiver = self.receiver(&topic, audience)?;
        if !(self.is_fresh(&receiver) && self.is_complete(&mut receiver)) {
            let _lease = self.lease(&topic, Kind::Once);
            // The first news brings all that is read quickly.
            let first = tokio::time::timeout(self.0.settings.wait_at_most, receiver.changed());
            if matches!(first.await, Ok(Err(_))) {
                return Err(Refusal::NotFound);
            }
            let rest = async {
                while !self.is_complete(&mut receiver) && receiver.changed().await.is_ok() {}
            };
            // Old values say how old they are; better than none.
            tokio::time::timeout(STRAGGLERS_WITHIN, rest).await.ok();
        }
        let version = receiver.borrow().clone().ok_or(Refusal::Unavailable)?;
        let snapshot = version.host().ok_or(Refusal::Unavailable)?;
        Ok(hide::without_processes(snapshot, audience))
    }

    /// What was read of a host within the last ten minutes. Collects nothing.
    ///
    /// # Errors
    /// If there is no such host, or the audience may not see it.
    pub fn recent(&self, host: &HostId, audience: Audience) -> Result<RecentDocument, Refusal> {
        let channels = self.0.channels();
        let known = channels.hosts.get(host).filter(|_| audience.sees_host(host));
        known.map(|known| known.recent.document(host)).ok_or(Refusal::NotFound)
    }

    /// The hosts there are, whether or not anything is known of them yet.
    #[must_use]
    pub fn hosts(&self) -> Vec<HostId> {
        self.0.channels().hosts.keys().cloned().collect()
    }

    /// Documents and patches encoded since the start; a figure of smonitor itself.
    #[must_use]
    pub fn encodings(&self) -> u64 {
        self.0.encodings.load(Ordering::Relaxed)
    }

    fn receiver(
        &self,
        topic: &Topic,
        audience: Audience,
    ) -> Result<watch::Receiver<Option<Arc<Version>>>, Refusal> {
        let allowed = match topic {
            Topic::Overview => true,
            Topic::Host(id) => audience.sees_host(id),
            // A host that may not be seen does not exist, for this audience.
            Topic::Processes(id) if !audience.sees_host(id) => false,
            Topic::Processes(_) if !audience.sees_processes() => return Err(Refusal::Forbidden),
            Topic::Processes(_) => true,
        };
        let channels = self.0.channels();
        let channel = channels.topics.get(topic).filter(|_| allowed).ok_or(Refusal::NotFound)?;
        Ok(channel.subscribe())
    }

    fn lease(&self, topic: &Topic, kind: Kind) -> Lease {
        Lease::take(self.0.demand.clone(), self.0.clock.clone(), topic.clone(), kind)
    }

    /// Whether the newest version of a host's topic has all that can be had. Marks it as seen.
    fn is_complete(&self, receiver: &mut watch::Receiver<Option<Arc<Version>>>) -> bool {
        let version = receiver.borrow_and_update();
        let snapshot = version.as_ref().and_then(|version| version.host());
        snapshot.is_some_and(|snapshot| {
            is_complete(snapshot, self.0.settings.fresh_for, self.0.clock.wall())
        })
    }

    fn is_fresh(&self, receiver: &watch::Receiver<Option<Arc<Version>>>) -> bool {
        let now = self.0.clock.monotonic();
        receiver.borrow().as_ref().is_some_and(|version| {
            // What is read more slowly, as the process table may be, stays fresh for longer.
            let fresh_for = self.0.settings.fresh_for.max(version.interval());
            !version.is_blank() && now.saturating_sub(version.published_at) < fresh_for
        })
    }
}

impl Subscription {
    /// Waits for something to send. After [`Event::Gone`] it never returns anything else.
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Event {
        loop {
            let changed = self.receiver.changed();
            let changed = if self.last_seq.is_none() {
                // New values are on their way. If they do not come, what is there is shown: it
                // says how old it is.
                tokio::time::timeout(FIRST_FRAME_WITHIN, changed).await.unwrap_or(Ok(()))
            } else {
                changed.await
            };
            if changed.is_err() {
                return Event::Gone;
            }
            let version = self.receiver.borrow_and_update().clone();
            if let Some(version) = version {
                let frame = version.frame(self.audience, self.last_seq);
                self.last_seq = Some(version.seq);
                return Event::Frame(frame);
            }
        }
    }
}
