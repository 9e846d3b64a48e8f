//! What a host's task shows of what it learned: lines for the overview, and the hosts' own pages.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::shift::{self, Shown};
use super::super::site;
use super::{Line, Update, Watch};
use crate::feed;
use crate::model::cluster::{HostState, HostStatus};
use crate::model::wire::{HostRow, Topic};
use crate::model::{HostId, Reading, Reason, Section, Snapshot};
use crate::peer::News;

impl Watch {
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
    pub(in crate::cluster) fn show(&mut self) -> Update {
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
    pub(super) fn publish(&mut self, news: &News) {
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
    pub(super) fn touch(&mut self, hosts: &BTreeSet<HostId>) {
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
}
