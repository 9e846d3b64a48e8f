//! The task of one host: asks it when that is due, keeps what it said, and tells what is to be shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::health::{Health, Now};
use super::shift::{Shown, Skew};
use super::who::{Met, Who};
use super::{HostSettings, Reach, SPREAD_AT_MOST, SPREAD_PER_HOST, Shared};
use crate::feed::Demand;
use crate::model::cluster::{HostState, HostStatus, TroubleKind};
use crate::model::peer::{POLL_MAX_TOPICS, PollAnswer, PollHead, PollRequest};
use crate::model::wire::{HostRow, Topic};
use crate::model::{HostId, Text};
use crate::peer::{Bounds, Client, DETAIL_MAX_BYTES, Failure, News, Replica, SUMMARY_MAX_BYTES};

mod show;

/// An answer may take at least this long.
const READ_AT_LEAST: Duration = Duration::from_secs(1);

/// Who waited for one document, a script or an app above, may come again: hosts are asked as if somebody looked
/// for so many intervals.
const LOOKS_AGAIN: u32 = 3;

/// What a host's task has to say.
pub(super) struct Update {
    /// Which host.
    pub(super) number: usize,
    /// Its line, or those of its hosts.
    pub(super) rows: Vec<Arc<HostRow>>,
    /// Its groups, if it has hosts of its own.
    pub(super) groups: Vec<Text>,
}

/// What is wanted of a host at a moment.
struct Wants {
    /// How often its summary is.
    pace: Duration,
    /// Topics, by the names they have there; the overview first.
    topics: Vec<Topic>,
    /// Hosts here whose readers wait for one document.
    once: BTreeSet<HostId>,
    /// Whether somebody looks at this host itself.
    is_open: bool,
}

/// How the host is asked.
enum Asking {
    Node(Client),
    Here(super::Here),
    Never(Failure),
}

pub(super) struct Watch {
    shared: Arc<Shared>,
    number: usize,
    asking: Asking,
    demand: watch::Receiver<Demand>,
    /// When each topic was last answered.
    answered: BTreeMap<Topic, Duration>,
    /// When the last try ended.
    tried_at: Option<Duration>,
    /// Somebody looked, and may again.
    looked_until: Duration,
    was_open: bool,
    is_hurried: bool,
    who: Who,
    head: Option<PollHead>,
    replica: Replica,
    health: Health,
    skew: Skew,
    own_status: Arc<HostStatus>,
    lines: BTreeMap<HostId, Line>,
    shown: BTreeMap<HostId, Shown>,
}

/// A line and what it was made of.
struct Line {
    source: Arc<HostRow>,
    skew: Skew,
    shown: Arc<HostRow>,
}

impl Watch {
    pub(super) fn new(shared: Arc<Shared>, number: usize) -> Self {
        let (group, settings) = &shared.hosts[number];
        let asking = match &settings.reach {
            Reach::Here(here) => Asking::Here(here.clone()),
            Reach::Node(target) => match Client::new(shared.pool.clone(), target.clone()) {
                Ok(client) => Asking::Node(client),
                // It was made once already; see `Cluster::new`.
                Err(message) => Asking::Never(Failure::with(TroubleKind::Unauthorized, message)),
            },
        };
        let own_status = HostStatus::waiting(settings.name.clone(), group.clone());
        Self {
            number,
            asking,
            demand: shared.publisher.demand(),
            answered: BTreeMap::new(),
            tried_at: None,
            looked_until: Duration::ZERO,
            was_open: false,
            is_hurried: false,
            who: Who::default(),
            head: None,
            replica: Replica::default(),
            health: Health::new(shared.settings.down_after),
            skew: Skew::default(),
            own_status: Arc::new(own_status),
            lines: BTreeMap::new(),
            shown: BTreeMap::new(),
            shared,
        }
    }

    fn settings(&self) -> &HostSettings {
        &self.shared.hosts[self.number].1
    }

    fn now(&self) -> Now {
        let clock = &self.shared.clock;
        Now { monotonic: clock.monotonic(), wall: clock.wall() }
    }

    /// Asks for as long as somebody takes what it learns.
    pub(super) async fn run(mut self, updates: mpsc::Sender<Update>) {
        loop {
            let now = self.now();
            let wants = self.wants(now.monotonic);
            let is_new_state = self.health.turn(now, wants.pace);
            if is_new_state {
                self.tell_of_state();
            }
            let due = self.due(&wants);
            if due > now.monotonic {
                let waits_in_vain = self.health.is_failing() && !wants.once.is_empty();
                if waits_in_vain {
                    self.touch(&wants.once);
                }
                if (is_new_state || waits_in_vain) && updates.send(self.show()).await.is_err() {
                    return;
                }
                let change = self.health.next_change(now.monotonic, wants.pace);
                let until = change.map_or(due, |change| change.min(due));
                tokio::select! {
                    changed = self.demand.changed() => if changed.is_err() { return },
                    () = tokio::time::sleep(until.saturating_sub(now.monotonic)) => {}
                }
                continue;
            }
            self.spread(now.monotonic).await;
            let news = self.ask(&wants).await;
            self.publish(&news);
            self.touch(&wants.once.difference(&self.named_here(&news)).cloned().collect());
            if updates.send(self.show()).await.is_err() {
                return;
            }
        }
    }

    /// When nobody looked for a while, all hosts are due at the same moment: each waits a moment of its own.
    async fn spread(&self, now: Duration) {
        let interval = self.shared.settings.interval;
        let is_fresh = self
            .tried_at
            .is_some_and(|tried| now.saturating_sub(tried) < interval.saturating_mul(2));
        let hosts = u32::try_from(self.shared.hosts.len()).unwrap_or(u32::MAX);
        let spread = SPREAD_PER_HOST.saturating_mul(hosts).min(SPREAD_AT_MOST);
        if !is_fresh && !self.is_hurried && hosts > 1 {
            let number = u32::try_from(self.number).unwrap_or(u32::MAX);
            tokio::time::sleep(spread.saturating_mul(number) / hosts).await;
        }
    }

    /// What is wanted now.
    fn wants(&mut self, now: Duration) -> Wants {
        let is_site = self.is_site();
        let settings = &self.shared.settings;
        let demand = self.demand.borrow_and_update();
        let overview = demand.of(&Topic::Overview);
        if overview.once > 0 {
            self.looked_until = now.saturating_add(settings.interval.saturating_mul(LOOKS_AGAIN));
        }
        let mut topics = BTreeSet::new();
        let mut once = BTreeSet::new();
        let mut is_open = false;
        let me = &self.shared.hosts[self.number].1.id;
        let mut want = |topic: &Topic| {
            let wanted = demand.of(topic);
            let (Topic::Host(here) | Topic::Processes(here)) = topic else { return };
            if !wanted.is_wanted(now, settings.linger) {
                return;
            }
            is_open = true;
            if wanted.once > 0 {
                once.insert(here.clone());
            }
            if let Some(there) = self.head.as_ref().and_then(|head| name_there(me, here, head)) {
                topics.insert(match topic {
                    Topic::Processes(_) => Topic::Processes(there),
                    _ => Topic::Host(there),
                });
            }
        };
        if is_site {
            for (topic, _) in demand.topics() {
                want(topic);
            }
        } else {
            want(&Topic::Host(me.clone()));
            want(&Topic::Processes(me.clone()));
        }
        let looked = is_open || overview.is_wanted(now, settings.linger) || now < self.looked_until;
        let pace = if looked { settings.interval } else { settings.idle_interval };
        // Those that waited longest come first, if there are too many.
        let mut details: Vec<Topic> = topics.into_iter().collect();
        details.sort_by_key(|topic| self.answered.get(topic).copied());
        details.truncate(POLL_MAX_TOPICS - 1);
        drop(demand);
        if is_open && !self.was_open {
            let is_long_ago = self
                .tried_at
                .is_none_or(|tried| now.saturating_sub(tried) >= self.shared.settings.interval);
            self.is_hurried = is_long_ago;
        }
        self.was_open = is_open;
        let topics = std::iter::once(Topic::Overview).chain(details).collect();
        Wants { pace, topics, once, is_open }
    }

    /// When it is to be asked next.
    fn due(&self, wants: &Wants) -> Duration {
        let Some(tried) = self.tried_at else { return Duration::ZERO };
        if self.health.is_failing() {
            return if self.is_hurried && wants.is_open {
                Duration::ZERO
            } else {
                tried.saturating_add(self.health.wait(wants.pace))
            };
        }
        let due = |topic: &Topic| {
            let interval = match topic {
                Topic::Overview => wants.pace,
                _ => self.shared.settings.interval,
            };
            self.answered.get(topic).map_or(Duration::ZERO, |at| at.saturating_add(interval))
        };
        wants.topics.iter().map(due).min().unwrap_or_default()
    }

    async fn ask(&mut self, wants: &Wants) -> News {
        self.is_hurried = false;
        let question = self.replica.question(&wants.topics);
        let is_summary = wants.topics.len() == 1 && !self.is_site();
        let bounds = Bounds {
            read_within: self.shared.settings.interval.max(READ_AT_LEAST),
            max_bytes: if is_summary { SUMMARY_MAX_BYTES } else { DETAIL_MAX_BYTES },
        };
        let answer = match &mut self.asking {
            Asking::Node(client) => client.ask(&question, bounds).await,
            Asking::Here(here) => here.ask(&question, &self.shared.clock).await,
            Asking::Never(failure) => Err(failure.clone()),
        };
        let now = self.now();
        self.tried_at = Some(now.monotonic);
        let news = match answer.and_then(|answer| self.take(&answer, &question, now, wants.pace)) {
            Ok((news, note)) => {
                let topics = wants.topics.iter();
                self.answered = topics.map(|topic| (topic.clone(), now.monotonic)).collect();
                self.health.answered(now, note);
                news
            }
            Err(failure) => {
                self.health.failed(now, failure);
                News::default()
            }
        };
        if self.health.turn(now, wants.pace) {
            self.tell_of_state();
        }
        let wanted: BTreeSet<&HostId> = wants.topics.iter().filter_map(host_of).collect();
        self.replica.keep_details(|host| wanted.contains(host));
        news
    }

    /// Takes an answer in, if it is this host's.
    fn take(
        &mut self,
        answer: &PollAnswer,
        question: &PollRequest,
        now: Now,
        pace: Duration,
    ) -> Result<(News, Option<Failure>), Failure> {
        let head = &answer.head;
        if head.instance == self.shared.settings.instance {
            return Err(Failure::with(TroubleKind::Clone, "this app itself"));
        }
        match self.who.meet(head, now.monotonic, self.health.down_after(pace)) {
            Met::Same => {}
            Met::Stranger(name) => return Err(Failure::with(TroubleKind::OtherHost, name)),
            Met::Successor(name) => {
                let host = &self.settings().id;
                tracing::warn!(%host, answers = name, "another host has taken its place");
                self.replica.forget();
                self.answered.clear();
            }
        }
        let news = self.replica.take(answer, question)?;
        if head.host.is_some() && self.replica.hosts() > 1 {
            self.replica.forget();
            return Err(Failure::with(TroubleKind::Malformed, "several hosts of one"));
        }
        self.skew.learn(head.server_time_ms, now.wall);
        let instances = &self.shared.instances;
        let mut instances = instances.lock().unwrap_or_else(PoisonError::into_inner);
        let twin = instances.answered(self.number, &self.settings().name, &head.instance);
        drop(instances);
        self.head = Some(head.clone());
        Ok((news, twin.map(|twin| Failure::with(TroubleKind::Clone, &*twin))))
    }

    /// Whether it is an app with hosts of its own.
    fn is_site(&self) -> bool {
        self.head.as_ref().is_some_and(|head| head.host.is_none()) && self.replica.hosts() > 0
    }

    fn tell_of_state(&self) {
        let (host, state) = (&self.settings().id, self.health.state());
        match self.health.trouble() {
            Some(trouble) if state != HostState::Up => {
                let detail = trouble.detail.as_deref().unwrap_or_default();
                tracing::info!(%host, ?state, trouble = trouble.kind.as_str(), detail, "host");
            }
            _ => tracing::info!(%host, ?state, "host"),
        }
    }

    fn name_here(&self, there: &HostId) -> Option<HostId> {
        let me = &self.settings().id;
        if self.is_site() { there.behind(me).ok() } else { Some(me.clone()) }
    }

    fn named_here(&self, news: &News) -> BTreeSet<HostId> {
        news.hosts.iter().filter_map(|there| self.name_here(there)).collect()
    }
}

/// What a host is called by whoever answers with this head.
fn name_there(me: &HostId, here: &HostId, head: &PollHead) -> Option<HostId> {
    match &head.host {
        Some(host) => (here == me).then(|| host.clone()),
        None => here.site().filter(|(site, _)| site == me).map(|(_, there)| there),
    }
}

fn host_of(topic: &Topic) -> Option<&HostId> {
    match topic {
        Topic::Overview => None,
        Topic::Host(host) | Topic::Processes(host) => Some(host),
    }
}
