//! The task of one host: asks it when that is due, keeps what it said, and tells what is to be shown.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::health::{Health, Now};
use super::shift::{self, Shown, Skew};
use super::who::{Met, Who};
use super::{HostSettings, Reach, SPREAD_AT_MOST, SPREAD_PER_HOST, Shared, site};
use crate::feed::{self, Demand};
use crate::model::cluster::{HostState, HostStatus, TroubleKind};
use crate::model::peer::{POLL_MAX_TOPICS, PollAnswer, PollHead, PollRequest};
use crate::model::wire::{HostRow, Topic};
use crate::model::{HostId, Reading, Reason, Section, Snapshot, Text};
use crate::peer::{Bounds, Client, DETAIL_MAX_BYTES, Failure, News, Replica, SUMMARY_MAX_BYTES};

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

    /// Renews its status; the same if nothing of it changed.
    fn restate(&mut self) {
        let (group, settings) = &self.shared.hosts[self.number];
        let version = self.head.as_ref().map(|head| head.version.clone());
        let status = HostStatus {
            name: settings.name.clone(),
            group: group.clone(),
            state: match settings.maintenance {
                Some(_) => HostState::Maintenance,
                None => self.health.state(),
            },
            state_since_ms: self.health.since(),
            trouble: self.health.trouble().cloned(),
            clock_ahead_ms: self.skew.told(),
            version: Reading::from_option(version, Reason::NotCollected),
            maintenance: settings.maintenance.clone(),
        };
        if *self.own_status != status {
            self.own_status = Arc::new(status);
        }
    }

    /// What is to be shown now: lines for the overview, and the hosts' own pages.
    pub(super) fn show(&mut self) -> Update {
        self.restate();
        let mut sources: Vec<(HostId, Arc<HostRow>, Option<HostStatus>)> = Vec::new();
        let me = self.settings().id.clone();
        let mut groups = Vec::new();
        if self.is_site() {
            for source in self.replica.rows() {
                let named = HostId::parse(&source.key).and_then(|there| there.behind(&me));
                // One that lies too deep has no name here.
                let Ok(key) = named else { continue };
                let status = site::status(&self.own_status, &source.status, self.skew);
                sources.push((key, source.clone(), Some(status)));
            }
            let theirs = self.replica.groups().iter();
            groups = theirs.map(|theirs| site::group(&self.own_status.name, theirs)).collect();
        } else {
            let source = match self.replica.rows().next() {
                Some(source) => source.clone(),
                None => self.blank_line(&me),
            };
            sources.push((me, source, None));
        }
        self.drop_lines_but(&sources.iter().map(|(key, ..)| key.clone()).collect());
        let mut rows = Vec::with_capacity(sources.len());
        for (key, source, status) in sources {
            rows.push(self.line(&key, source, status.as_ref()));
        }
        Update { number: self.number, rows, groups }
    }

    /// The line of a host of which nothing is known.
    fn blank_line(&self, host: &HostId) -> Arc<HostRow> {
        match self.lines.get(host) {
            // It was lost with everything that was known, or there never was anything.
            Some(line) => line.source.clone(),
            None => Arc::new(feed::line(&self.blank(host))),
        }
    }

    fn blank(&self, host: &HostId) -> Snapshot {
        let interval = self.shared.settings.interval.as_millis();
        let interval = u64::try_from(interval).unwrap_or(u64::MAX);
        let status = self.own_status.clone();
        let wall = self.shared.clock.wall();
        Snapshot { status, ..Snapshot::not_collected(host.clone(), wall, |_| interval) }
    }

    /// The line of a host: the same as before if nothing of it changed.
    fn line(
        &mut self,
        key: &HostId,
        source: Arc<HostRow>,
        status: Option<&HostStatus>,
    ) -> Arc<HostRow> {
        let skew = self.skew;
        let status = status.unwrap_or(&self.own_status);
        let before = self.lines.get(key);
        let is_same = before.is_some_and(|line| {
            Arc::ptr_eq(&line.source, &source) && line.skew == skew && line.shown.status == *status
        });
        if let Some(line) = before.filter(|_| is_same) {
            return line.shown.clone();
        }
        let is_other_status = before.is_none_or(|line| line.shown.status != *status);
        let is_site = key.site().is_some();
        let mut row = shift::row(&source, key, status, skew);
        if !is_site {
            row.address = Reading::Present(self.settings().address.clone());
        }
        let status = is_other_status.then(|| Arc::new(row.status.clone()));
        let shown = Arc::new(row);
        self.lines.insert(key.clone(), Line { source, skew, shown: shown.clone() });
        if let Some(status) = status {
            self.restate_page(key, status);
        }
        shown
    }

    /// Publishes the page of a host with another status, and announces one that is new.
    fn restate_page(&mut self, key: &HostId, status: Arc<HostStatus>) {
        if !self.shown.contains_key(key) {
            self.shared.publisher.add_host(key.clone());
            let blank = Shown::nothing(self.blank(key));
            self.shown.insert(key.clone(), blank);
        }
        if let Some(page) = self.shown.get_mut(key) {
            page.restate(status);
            self.shared.publisher.publish_host(&page.snapshot);
        }
    }

    fn drop_lines_but(&mut self, keys: &BTreeSet<HostId>) {
        let gone: Vec<HostId> =
            self.shown.keys().filter(|key| !keys.contains(*key)).cloned().collect();
        for key in gone {
            self.shown.remove(&key);
            self.lines.remove(&key);
            self.shared.publisher.remove_host(&key);
        }
    }

    /// Publishes what came of hosts somebody looks at.
    fn publish(&mut self, news: &News) {
        if !news.hosts.is_empty() {
            // A host of a site may be new here.
            self.show();
        }
        for there in &news.hosts {
            let Some(key) = self.name_here(there) else { continue };
            let wall = self.shared.clock.wall();
            if let (Some(source), Some(page)) =
                (self.replica.snapshot(there), self.shown.get_mut(&key))
            {
                let status = page.snapshot.status.clone();
                page.renew(source, status, self.skew, wall);
                self.shared.publisher.publish_host(&page.snapshot);
            }
        }
    }

    /// Publishes the pages of hosts anew though nothing in them is: somebody waits for one document, and
    /// gets what there is.
    fn touch(&mut self, hosts: &BTreeSet<HostId>) {
        for key in hosts {
            let Some(page) = self.shown.get_mut(key) else { continue };
            let demand = self.shared.publisher.demand();
            let waits = |topic: Topic| demand.borrow().of(&topic).once > 0;
            let mut snapshot = (*page.snapshot).clone();
            if waits(Topic::Processes(key.clone())) {
                snapshot.processes = Arc::new(Section::clone(&snapshot.processes));
            }
            if waits(Topic::Host(key.clone())) {
                snapshot.status = Arc::new(HostStatus::clone(&snapshot.status));
            }
            page.snapshot = Arc::new(snapshot);
            self.shared.publisher.publish_host(&page.snapshot);
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
