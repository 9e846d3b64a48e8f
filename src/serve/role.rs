//! What fills the feed: a node, an app, or what is made up.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::settings::{cluster_settings, context, host_settings, node_settings};
use super::{What, this_host};
use crate::cluster::{Cluster, Here};
use crate::config::Config;
use crate::demo;
use crate::feed::{self, Feed, Publisher};
use crate::host::{self, Source};
use crate::model::recent::RECENT_SPAN_MS;
use crate::model::wire::Mode;
use crate::model::{HostId, UnixMillis};
use crate::node::Node;

/// How long a one-off reader waits for values.
const ONE_OFF_PATIENCE: Duration = Duration::from_secs(5);

/// What fills the feed.
pub(super) enum Role {
    /// It measures one machine.
    Node(Box<Node>),
    /// It asks many, and measures its own if that is one of them.
    App(Cluster, Option<Box<Node>>),
}

impl Role {
    /// Runs until `stop`. `beat` is called at every turn of its loop.
    pub(super) async fn run(self, stop: CancellationToken, beat: impl Fn()) {
        match self {
            Self::Node(node) => node.run(stop, beat).await,
            Self::App(cluster, None) => cluster.run(stop, beat).await,
            Self::App(cluster, Some(node)) => {
                let own = node.run(stop.clone(), || {});
                tokio::join!(cluster.run(stop, beat), own);
            }
        }
    }
}

/// The feed, and the role that fills it. `instance` is what this server answers apps with.
pub(super) fn role(config: &Config, what: What, instance: &str) -> Result<(Feed, Role), String> {
    if what == What::Configured && config.monitor.mode == Mode::App {
        return app(config, instance);
    }
    let (feed, node) = measuring(config, what)?;
    Ok((feed, Role::Node(Box::new(node))))
}

fn app(config: &Config, instance: &str) -> Result<(Feed, Role), String> {
    let mut own = None;
    let here = |_: &HostId| {
        if own.is_some() {
            return Err("monitor.host_groups: two hosts have the address of this app".to_owned());
        }
        let (feed, node) = measuring(config, What::Configured)?;
        own = Some(Box::new(node));
        Ok(Here { feed, host: this_host() })
    };
    let settings = cluster_settings(config, instance, here)?;
    let clock = context(config).clock;
    let (feed, publisher) = feed::new(feed_settings(config), clock.clone());
    let cluster = Cluster::new(settings, clock, publisher)?;
    Ok((feed, Role::App(cluster, own)))
}

fn feed_settings(config: &Config) -> feed::Settings {
    feed::Settings { fresh_for: config.monitor.interval, wait_at_most: ONE_OFF_PATIENCE }
}

/// The feed and the node that fills it.
fn measuring(config: &Config, what: What) -> Result<(Feed, Node), String> {
    let context = context(config);
    let (host, sources): (HostId, Vec<Box<dyn Source>>) = match what {
        What::Configured => (this_host(), host::sources(&context, host_settings(config)?)),
        What::Demo { seed } => (demo::host_id(seed), demo::sources(seed, &context)),
    };
    let (feed, publisher) = feed::new(feed_settings(config), context.clock.clone());
    if let What::Demo { seed } = what {
        remember_demo(&publisher, seed, context.clock.wall(), config.monitor.interval);
    }
    let node = Node::new(node_settings(config, host), sources, context, publisher)
        .map_err(|error| format!("cannot start a thread to read the machine: {error}"))?;
    let node = match what {
        What::Configured => node,
        What::Demo { .. } => node.with_judged_cards(),
    };
    Ok((feed, node))
}

/// A made-up machine has a made-up past: the charts are full at once.
fn remember_demo(publisher: &Publisher, seed: u64, now: UnixMillis, interval: Duration) {
    publisher.add_host(demo::host_id(seed));
    let step = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX);
    let first = now.0.saturating_sub(RECENT_SPAN_MS);
    let mut at = first;
    while at < now.0 {
        publisher.remember(&demo::snapshot(seed, UnixMillis(at)));
        at = at.saturating_add(step);
    }
}
