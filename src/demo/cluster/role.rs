//! Publishes a made-up cluster as an app would: the overview while anybody looks, a host's details while
//! somebody looks at it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::World;
use crate::clock::Clock;
use crate::feed::{Demand, Publisher};
use crate::model::recent::RECENT_SPAN_MS;
use crate::model::wire::{HostRow, Topic};
use crate::model::{Snapshot, UnixMillis};

/// The loop turns at least this often, so that a watchdog can tell that it lives.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// How often a made-up cluster is published.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Time between readings while somebody looks.
    pub interval: Duration,
    /// The same for process tables.
    pub process_interval: Duration,
    /// How long it goes on after the last viewer has left.
    pub linger: Duration,
}

/// A made-up cluster, ready to run.
pub struct DemoCluster {
    world: Arc<World>,
    settings: Settings,
    clock: Clock,
    publisher: Publisher,
    demand: watch::Receiver<Demand>,
    /// Of each host: its own topic and that of its processes.
    topics: Vec<[Topic; 2]>,
    rows: Vec<Arc<HostRow>>,
    /// When the overview was published last, while somebody looks.
    overview_at: Option<Duration>,
    /// By number, hosts that somebody looks at.
    looked_at: BTreeMap<usize, Looked>,
    /// By number, until when the past of a host is in the feed. One time a host at most.
    remembered: BTreeMap<usize, UnixMillis>,
}

/// What was published of a host that somebody looks at.
struct Looked {
    snapshot: Arc<Snapshot>,
    at: Duration,
    processes_at: Option<Duration>,
}

impl DemoCluster {
    /// Announces the hosts.
    #[must_use]
    pub fn new(world: Arc<World>, settings: Settings, clock: Clock, publisher: Publisher) -> Self {
        let topics = world.ids().map(|id| [Topic::Host(id.clone()), Topic::Processes(id.clone())]);
        let topics: Vec<_> = topics.collect();
        for id in world.ids() {
            publisher.add_host(id.clone());
        }
        Self {
            demand: publisher.demand(),
            world,
            settings,
            clock,
            publisher,
            topics,
            rows: Vec::new(),
            overview_at: None,
            looked_at: BTreeMap::new(),
            remembered: BTreeMap::new(),
        }
    }

    /// Publishes until `stop`. `beat` is called at every turn of the loop.
    pub async fn run(mut self, stop: CancellationToken, beat: impl Fn()) {
        loop {
            beat();
            let wake_after = self.turn().unwrap_or(HEARTBEAT).min(HEARTBEAT);
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Ok(()) = self.demand.changed() => {}
                () = tokio::time::sleep(wake_after) => {}
            }
        }
    }

    /// Publishes what is due and says when to come back.
    fn turn(&mut self) -> Option<Duration> {
        let now = self.clock.monotonic();
        let demand = self.demand.borrow_and_update().clone();
        let linger = self.settings.linger;
        let wanted = |topic: &Topic| demand.of(topic).is_wanted(now, linger);
        let hosts: Vec<(usize, bool)> = self
            .topics
            .iter()
            .enumerate()
            .filter_map(|(number, [host, processes])| {
                let processes = wanted(processes);
                (processes || wanted(host)).then_some((number, processes))
            })
            .collect();
        self.looked_at.retain(|number, _| hosts.iter().any(|(wanted, _)| wanted == number));
        if hosts.is_empty() && !wanted(&Topic::Overview) {
            self.overview_at = None;
            return None;
        }
        let at = self.clock.wall();
        let mut next = self.publish_overview(now, at);
        for (number, with_processes) in hosts {
            next = next.min(self.publish_host(number, with_processes, now, at));
        }
        Some(next)
    }

    /// Publishes the overview if it is due, and says after which time it is.
    fn publish_overview(&mut self, now: Duration, at: UnixMillis) -> Duration {
        let interval = self.settings.interval;
        if let Some(left) = left(self.overview_at, interval, now) {
            return left;
        }
        let overview = self.world.overview(at, &self.rows);
        self.rows.clone_from(&overview.rows);
        self.publisher.publish_overview(overview);
        self.overview_at = Some(now);
        interval
    }

    /// The same for a host.
    fn publish_host(
        &mut self,
        number: usize,
        with_processes: bool,
        now: Duration,
        at: UnixMillis,
    ) -> Duration {
        let Settings { interval, process_interval, .. } = self.settings;
        let earlier = self.looked_at.get(&number);
        let due = left(earlier.map(|looked| looked.at), interval, now);
        let processes_at = earlier.and_then(|looked| looked.processes_at);
        let processes_due =
            if with_processes { left(processes_at, process_interval, now) } else { Some(interval) };
        if let (Some(due), Some(processes_due)) = (due, processes_due) {
            return due.min(processes_due);
        }
        if earlier.is_none() {
            self.remember(number, at);
        }
        let mut snapshot = self.world.snapshot(number, at);
        let earlier = self.looked_at.get(&number);
        // Who comes first finds the table, too: an empty one would pass for news.
        if let Some(earlier) = earlier.filter(|_| processes_due.is_some()) {
            // Nobody looks at them, or not yet again.
            snapshot.processes = earlier.snapshot.processes.clone();
        }
        let snapshot = Arc::new(snapshot);
        self.publisher.publish_host(&snapshot);
        self.remembered.insert(number, at);
        let has_news = processes_due.is_none() || earlier.is_none();
        let processes_at = if has_news { Some(now) } else { processes_at };
        self.looked_at.insert(number, Looked { snapshot, at: now, processes_at });
        interval.min(process_interval)
    }

    /// A made-up host has a made-up past: the charts are full at once.
    fn remember(&self, number: usize, now: UnixMillis) {
        let step = i64::try_from(self.settings.interval.as_millis()).unwrap_or(i64::MAX).max(1);
        let known = self.remembered.get(&number).map_or(i64::MIN, |until| until.0);
        let mut at = now.0.saturating_sub(RECENT_SPAN_MS).max(known.saturating_add(step));
        while at < now.0 {
            self.publisher.remember(&self.world.past(number, UnixMillis(at)));
            at = at.saturating_add(step);
        }
    }
}

/// How long it is until something is due that was done at `last`; none if it is due now.
fn left(last: Option<Duration>, interval: Duration, now: Duration) -> Option<Duration> {
    let left = last?.saturating_add(interval).saturating_sub(now);
    (!left.is_zero()).then_some(left)
}
