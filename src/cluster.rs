//! L3, the app role: shows many machines as one cluster, by asking each of them.
//!
//! One task per host, with one question under way ([`watch`]); what they learn is gathered here and published
//! in batches. A host that hangs, lies or is gone costs itself and nobody else. Knows nothing of viewers, of
//! sockets, or of how a machine is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::feed::{Overview, Publisher};
use crate::model::wire::{HostRow, Topic};
use crate::model::{HostId, Text};
use crate::peer::{Client, Pool, Target};

mod health;
mod here;
mod shift;
mod site;
mod watch;
mod who;

pub use here::Here;

use watch::{Update, Watch};
use who::Instances;

/// After the first news of a batch, others are waited for this long.
const GATHER: Duration = Duration::from_millis(50);

/// Batches are at least so far apart while somebody looks.
const APART: Duration = Duration::from_millis(200);

/// The same while nobody looks.
const APART_UNSEEN: Duration = Duration::from_secs(1);

/// Who waits for one document has it within this, whatever the hosts do.
const ONCE_WITHIN: Duration = Duration::from_millis(500);

/// The loop turns at least this often, so that a watchdog sees it.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Updates that wait to be gathered.
const UPDATES: usize = 1024;

/// Hosts are asked for the first time within this, each at its own moment.
const SPREAD_AT_MOST: Duration = Duration::from_millis(200);

/// The part of that for each host.
const SPREAD_PER_HOST: Duration = Duration::from_micros(200);

/// How the cluster is watched.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its hosts, in the groups they are shown in.
    pub groups: Vec<Group>,
    /// Time between two questions to a host while somebody looks.
    pub interval: Duration,
    /// The same while nobody does.
    pub idle_interval: Duration,
    /// A host that has not answered for this long is down, or for four intervals if those are longer.
    pub down_after: Duration,
    /// How long somebody who has left counts as looking.
    pub linger: Duration,
    /// How long a connection may take.
    pub connect_within: Duration,
    /// Who answers with this as its instance is this app itself.
    pub instance: Text,
}

/// Hosts under a name.
#[derive(Debug, Clone)]
pub struct Group {
    /// Name to show.
    pub name: Text,
    /// Its hosts.
    pub hosts: Vec<HostSettings>,
}

/// One host.
#[derive(Debug, Clone)]
pub struct HostSettings {
    /// The name it goes by here.
    pub id: HostId,
    /// Name to show.
    pub name: Text,
    /// Address to show.
    pub address: Text,
    /// How it is asked.
    pub reach: Reach,
    /// Why it is in maintenance, if it is.
    pub maintenance: Option<Text>,
}

/// How a host is asked.
#[derive(Debug, Clone)]
pub enum Reach {
    /// Over the network.
    Node(Target),
    /// It is this machine.
    Here(Here),
}

/// What the tasks share.
struct Shared {
    settings: Settings,
    hosts: Vec<(Text, HostSettings)>,
    clock: Clock,
    publisher: Publisher,
    pool: Pool,
    instances: Mutex<Instances>,
}

/// An app, ready to run.
pub struct Cluster {
    shared: Arc<Shared>,
    watches: Vec<Watch>,
    board: Board,
}

impl Cluster {
    /// Lists the hosts; nobody is asked yet.
    ///
    /// # Errors
    /// If a key cannot be one, or the system has no cryptography.
    pub fn new(settings: Settings, clock: Clock, publisher: Publisher) -> Result<Self, String> {
        let pool = Pool::new(settings.connect_within, clock.clone())?;
        let hosts: Vec<(Text, HostSettings)> = settings
            .groups
            .iter()
            .flat_map(|group| group.hosts.iter().map(|host| (group.name.clone(), host.clone())))
            .collect();
        for (_, host) in &hosts {
            if let Reach::Node(target) = &host.reach {
                Client::new(pool.clone(), target.clone())?;
            }
        }
        let board = Board::new(hosts.iter().map(|(group, _)| group.clone()));
        let instances = Mutex::default();
        let shared = Arc::new(Shared { settings, hosts, clock, publisher, pool, instances });
        let mut cluster = Self { shared, watches: Vec::new(), board };
        for number in 0..cluster.shared.hosts.len() {
            let mut watch = Watch::new(cluster.shared.clone(), number);
            cluster.board.take(watch.show());
            cluster.watches.push(watch);
        }
        cluster.shared.publisher.publish_overview(cluster.board.overview());
        Ok(cluster)
    }

    /// Watches until `stop`. `beat` is called at every turn of the loop.
    pub async fn run(self, stop: CancellationToken, beat: impl Fn()) {
        let Self { shared, watches, mut board } = self;
        let (sender, mut updates) = mpsc::channel(UPDATES);
        // Dropped with everything that runs in it when this returns.
        let mut tasks = JoinSet::new();
        let mut numbers = BTreeMap::new();
        for (number, watch) in watches.into_iter().enumerate() {
            numbers.insert(tasks.spawn(watch.run(sender.clone())).id(), number);
        }
        let mut demand = shared.publisher.demand();
        let mut waiting: Option<Duration> = None;
        let mut asked: Option<Duration> = None;
        let mut published_at = Duration::ZERO;
        loop {
            beat();
            let now = shared.clock.monotonic();
            let looked = demand.borrow_and_update().of(&Topic::Overview);
            let apart =
                if looked.is_wanted(now, shared.settings.linger) { APART } else { APART_UNSEEN };
            asked = asked.or(Some(now)).filter(|_| looked.once > 0);
            let of_news = waiting.map(|since| (since + GATHER).max(published_at + apart));
            let of_once = asked.map(|since| since + ONCE_WITHIN);
            let due = of_news.into_iter().chain(of_once).min();
            if due.is_some_and(|due| due <= now) {
                shared.publisher.publish_overview(board.overview());
                (waiting, asked, published_at) = (None, None, now);
                continue;
            }
            let wake_after = due.map_or(HEARTBEAT, |due| due.saturating_sub(now)).min(HEARTBEAT);
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Some(update) = updates.recv() => {
                    let mut is_news = board.take(update);
                    while let Ok(update) = updates.try_recv() {
                        is_news |= board.take(update);
                    }
                    // Who waits for one document gets it though nothing is new in it.
                    if is_news || looked.once > 0 {
                        waiting = waiting.or(Some(now));
                    }
                }
                Ok(()) = demand.changed() => {}
                Some(Err(error)) = tasks.join_next() => {
                    tracing::error!(%error, "watching a host failed, which is a bug; it is begun anew");
                    if let Some(number) = numbers.remove(&error.id()) {
                        let watch = Watch::new(shared.clone(), number);
                        numbers.insert(tasks.spawn(watch.run(sender.clone())).id(), number);
                    }
                }
                () = tokio::time::sleep(wake_after) => {}
            }
        }
    }
}

/// The newest of every host.
struct Board {
    places: Vec<Place>,
}

struct Place {
    group: Text,
    groups: Vec<Text>,
    rows: Vec<Arc<HostRow>>,
}

impl Board {
    fn new(groups: impl Iterator<Item = Text>) -> Self {
        let place = |group| Place { group, groups: Vec::new(), rows: Vec::new() };
        Self { places: groups.map(place).collect() }
    }

    /// Takes in what a host's task says; says whether that is news.
    fn take(&mut self, update: Update) -> bool {
        let Some(place) = self.places.get_mut(update.number) else { return false };
        let is_news = place.groups != update.groups
            || place.rows.len() != update.rows.len()
            || place.rows.iter().zip(&update.rows).any(|(old, new)| !Arc::ptr_eq(old, new));
        place.groups = update.groups;
        place.rows = update.rows;
        is_news
    }

    fn overview(&self) -> Overview {
        let mut seen = BTreeSet::new();
        let mut groups = Vec::new();
        for place in &self.places {
            for group in std::iter::once(&place.group).chain(&place.groups) {
                if !group.is_empty() && seen.insert(group.clone()) {
                    groups.push(group.clone());
                }
            }
        }
        let rows = self.places.iter().flat_map(|place| place.rows.iter().cloned()).collect();
        Overview { groups: Arc::new(groups), rows }
    }
}
