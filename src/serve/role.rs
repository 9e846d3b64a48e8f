//! What fills the feed: a node, an app, or what is made up.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::settings::{cluster_settings, context, host_settings, node_settings};
use super::{What, demo, this_host};
use crate::cluster::{Cluster, Here};
use crate::config::Config;
use crate::demo::cluster::DemoCluster;
use crate::feed::{self, Feed};
use crate::host;
use crate::model::HostId;
use crate::model::wire::Mode;
use crate::node::Node;

/// How long a one-off reader waits for values.
const ONE_OFF_PATIENCE: Duration = Duration::from_secs(5);

/// What fills the feed.
pub(super) enum Role {
    /// It measures one machine.
    Node(Box<Node>),
    /// It asks many, and measures its own if that is one of them.
    App(Cluster, Option<Box<Node>>),
    /// It makes a cluster up.
    Demo(Box<DemoCluster>),
}

impl Role {
    /// Runs until `stop`. `beat` is called at every turn of its loop.
    pub(super) async fn run(self, stop: CancellationToken, beat: impl Fn()) {
        match self {
            Self::Node(node) => node.run(stop, beat).await,
            Self::Demo(cluster) => cluster.run(stop, beat).await,
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
    match what {
        What::Demo(wanted) => demo::role(config, wanted),
        What::Configured if config.monitor.mode == Mode::App => app(config, instance),
        What::Configured => {
            let (feed, node) = measuring(config)?;
            Ok((feed, Role::Node(Box::new(node))))
        }
    }
}

fn app(config: &Config, instance: &str) -> Result<(Feed, Role), String> {
    let mut own = None;
    let here = |_: &HostId| {
        if own.is_some() {
            return Err("monitor.host_groups: two hosts have the address of this app".to_owned());
        }
        let (feed, node) = measuring(config)?;
        own = Some(Box::new(node));
        Ok(Here { feed, host: this_host() })
    };
    let settings = cluster_settings(config, instance, here)?;
    let clock = context(config).clock;
    let (feed, publisher) = feed::new(feed_settings(config), clock.clone());
    let cluster = Cluster::new(settings, clock, publisher)?;
    Ok((feed, Role::App(cluster, own)))
}

/// How long values are news, and how long who asks once waits for some.
pub(super) fn feed_settings(config: &Config) -> feed::Settings {
    feed::Settings { fresh_for: config.monitor.interval, wait_at_most: ONE_OFF_PATIENCE }
}

/// The feed and the node that fills it.
fn measuring(config: &Config) -> Result<(Feed, Node), String> {
    let context = context(config);
    let sources = host::sources(&context, host_settings(config)?);
    let (feed, publisher) = feed::new(feed_settings(config), context.clock.clone());
    let node = Node::new(node_settings(config, this_host()), sources, context, publisher)
        .map_err(|error| format!("cannot start a thread to read the machine: {error}"))?;
    Ok((feed, node))
}
