//! What a demo is made of: a node with made-up sources, or a made-up cluster.

use std::sync::Arc;
use std::time::Duration;

use super::role::{Role, feed_settings};
use super::{context, node_settings};
use crate::cli::Demo;
use crate::config::Config;
use crate::demo;
use crate::demo::cluster::{DemoCluster, Settings, Size, World};
use crate::feed::{self, Feed, Publisher};
use crate::model::recent::RECENT_SPAN_MS;
use crate::model::{HostId, UnixMillis};
use crate::node::Node;

/// What is shown, in words.
pub(super) fn in_words(demo: Demo) -> String {
    match demo.nodes {
        None => "a made-up machine".to_owned(),
        Some(1) => "a made-up cluster of one host".to_owned(),
        Some(nodes) => format!("a made-up cluster of {nodes} hosts"),
    }
}

/// The only host, if it is one alone.
pub(super) fn only_host(demo: Demo) -> Option<HostId> {
    demo.nodes.is_none().then(|| demo::host_id(demo.seed))
}

/// The feed and what fills it.
pub(super) fn role(config: &Config, demo: Demo) -> Result<(Feed, Role), String> {
    let context = context(config);
    let (feed, publisher) = feed::new(feed_settings(config), context.clock.clone());
    let monitor = &config.monitor;
    if let Some(nodes) = demo.nodes {
        let size = Size { nodes, gpus: demo.gpus, faults: demo.faults };
        let interval_ms = u64::try_from(monitor.interval.as_millis()).unwrap_or(u64::MAX);
        let world = Arc::new(World::new(demo.seed, size, interval_ms));
        let settings = Settings {
            interval: monitor.interval,
            process_interval: monitor.process_interval,
            linger: monitor.linger,
        };
        let cluster = DemoCluster::new(world, settings, context.clock, publisher);
        return Ok((feed, Role::Demo(Box::new(cluster))));
    }
    let (host, sources) = (demo::host_id(demo.seed), demo::sources(demo.seed, &context));
    remember(&publisher, demo.seed, context.clock.wall(), monitor.interval);
    let node = Node::new(node_settings(config, host), sources, context, publisher)
        .map_err(|error| format!("cannot start a thread to make a machine up: {error}"))?;
    Ok((feed, Role::Node(Box::new(node.with_judged_cards()))))
}

/// A made-up machine has a made-up past: the charts are full at once.
fn remember(publisher: &Publisher, seed: u64, now: UnixMillis, interval: Duration) {
    publisher.add_host(demo::host_id(seed));
    let step = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX);
    let first = now.0.saturating_sub(RECENT_SPAN_MS);
    let mut at = first;
    while at < now.0 {
        publisher.remember(&demo::snapshot(seed, UnixMillis(at)));
        at = at.saturating_add(step);
    }
}
