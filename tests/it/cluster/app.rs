//! An app for tests, with what it shows.

use std::net::SocketAddr;
use std::time::Duration;

use smonitor::clock::Clock;
use smonitor::cluster::{Cluster, Group, HostSettings, Reach, Settings};
use smonitor::feed::{self, Event, Feed, Subscription};
use smonitor::model::wire::{HostRow, Mode, Topic};
use smonitor::model::{Audience, HostId, Role};
use smonitor::peer::Target;
use smonitor::web::{self, Auth};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::node::{INTERVAL, Running, serve};

/// Nothing in these tests takes longer, unless it never happens.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct App {
    pub(super) feed: Feed,
    _stop: DropGuard,
}

pub(super) fn host(name: &str, address: SocketAddr) -> HostSettings {
    HostSettings {
        id: HostId::parse(name).unwrap(),
        name: name.into(),
        address: address.ip().to_string().as_str().into(),
        reach: Reach::Node(Target {
            address: address.ip().to_string(),
            port: address.port(),
            key: None,
            pin: None,
        }),
        maintenance: None,
    }
}

impl App {
    /// An app that shows these hosts in one group.
    pub(super) fn of(hosts: Vec<HostSettings>) -> Self {
        smonitor::serve::install_crypto();
        let clock = Clock::system();
        let times = feed::Settings { fresh_for: INTERVAL, wait_at_most: Duration::from_secs(5) };
        let (feed, publisher) = feed::new(times, clock.clone());
        let settings = Settings {
            groups: vec![Group { name: "all".into(), hosts }],
            interval: INTERVAL,
            idle_interval: Duration::from_secs(3),
            down_after: Duration::from_secs(60),
            linger: Duration::ZERO,
            connect_within: Duration::from_millis(500),
            instance: "this app".into(),
        };
        let cluster = Cluster::new(settings, clock, publisher).unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(cluster.run(stop.clone(), || {}));
        Self { feed, _stop: stop.drop_guard() }
    }

    /// The same, with a page and a peer's interface.
    pub(super) fn serve(&self, at: &str) -> Running {
        let settings = web::Settings::new(Mode::App, "0.0.0-test");
        serve(at, self.feed.clone(), Auth::Open { role: Role::Member }, settings)
    }

    pub(super) fn look(&self, topic: &str) -> Subscription {
        let topic: Topic = topic.parse().unwrap();
        self.feed.subscribe(&topic, Audience::new(Role::Member)).unwrap()
    }

    /// The line of a host, without making anybody look.
    pub(super) async fn row(&self, name: &str) -> Option<HostRow> {
        let overview = self.feed.overview(Audience::new(Role::Member)).await.unwrap();
        overview.rows.iter().find(|row| &*row.key == name).map(|row| (**row).clone())
    }

    /// Looks at the overview until a host's line is as wanted.
    pub(super) async fn until(&self, name: &str, holds: impl Fn(&HostRow) -> bool) -> HostRow {
        let mut looking = self.look("overview");
        let waiting = async {
            loop {
                if let Some(row) = self.row(name).await
                    && holds(&row)
                {
                    return row;
                }
                assert!(matches!(looking.next().await, Event::Frame(_)));
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(row) => row,
            Err(_) => panic!("{name} never became so: {:?}", self.row(name).await),
        }
    }
}
