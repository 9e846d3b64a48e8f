//! What a demo is made of: a node with made-up sources, or a made-up cluster.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use super::role::{Role, feed_settings};
use super::{What, context, node_settings};
use crate::cli::{self, Demo};
use crate::clock::Clock;
use crate::config::Config;
use crate::demo;
use crate::demo::cluster::{DemoCluster, Settings, Size, World};
use crate::feed::{self, Feed, Publisher};
use crate::model::recent::RECENT_SPAN_MS;
use crate::model::{HostId, UnixMillis};
use crate::node::Node;
use crate::shutdown::Shutdown;
use crate::web::{self, Access, Auth, Web};

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
    if let Some(nodes) = demo.nodes {
        let world = Arc::new(world(config, demo, nodes));
        let cluster = DemoCluster::new(world, settings(config), context.clock, publisher);
        return Ok((feed, Role::Demo(Box::new(cluster))));
    }
    let (host, sources) = (demo::host_id(demo.seed), demo::sources(demo.seed, &context));
    remember(&publisher, demo.seed, context.clock.wall(), config.monitor.interval);
    let node = Node::new(node_settings(config, host), sources, context, publisher)
        .map_err(|error| format!("cannot start a thread to make a machine up: {error}"))?;
    Ok((feed, Role::Node(Box::new(node.with_judged_cards()))))
}

fn world(config: &Config, demo: Demo, nodes: u32) -> World {
    let size = Size { nodes, gpus: demo.gpus, faults: demo.faults };
    let interval = config.monitor.interval.as_millis();
    World::new(demo.seed, size, u64::try_from(interval).unwrap_or(u64::MAX))
}

fn settings(config: &Config) -> Settings {
    Settings {
        interval: config.monitor.interval,
        process_interval: config.monitor.process_interval,
        linger: config.monitor.linger,
    }
}

/// Opens a port for each made-up node, if they are to have some. To be called before the sandbox.
pub(super) fn listeners(what: What) -> Result<Vec<TcpListener>, String> {
    let What::Demo(Demo { nodes: Some(nodes), listen: Some(first), .. }) = what else {
        return Ok(Vec::new());
    };
    if !first.ip().is_loopback() {
        return Err(format!(
            "--listen {first}: made-up nodes answer everybody, so only on loopback"
        ));
    }
    let open = |number| {
        // Port 0 takes any free one, for each.
        let port = if first.port() == 0 { 0 } else { u32::from(first.port()) + number };
        let port = u16::try_from(port).map_err(|_| {
            format!("--listen {first}: there are not {nodes} ports from there on; begin lower")
        })?;
        let address = SocketAddr::new(first.ip(), port);
        TcpListener::bind(address).map_err(|error| {
            format!(
                "cannot listen on {address} as a made-up node: {error}; choose another --listen"
            )
        })
    };
    (0..nodes).map(open).collect()
}

/// Has each host of the cluster answer as a node, and prints where. Its page says that it is a demo.
pub(super) fn serve_nodes(
    config: &Config,
    demo: Demo,
    listeners: Vec<TcpListener>,
    site: &web::Settings,
    shutdown: &Shutdown,
) -> Result<(), String> {
    let Some(nodes) = demo.nodes.filter(|_| !listeners.is_empty()) else { return Ok(()) };
    let world = world(config, demo, nodes);
    let clock = Clock::system();
    let role = config.auth.role;
    let (access, _) = Access::open(Auth::Open { role }, None, clock.clone())
        .map_err(|error| error.to_string())?;
    let mut addresses = format!("# {}, for demonstration", in_words(demo));
    for ((number, id), listener) in world.ids().enumerate().zip(listeners) {
        let refused = |error| format!("cannot serve the made-up node {id}: {error}");
        let listener = web::adopt(listener).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let (feed, publisher) = feed::new(feed_settings(config), clock.clone());
        let alone = Arc::new(world.alone(number));
        let node = DemoCluster::new(alone, settings(config), clock.clone(), publisher);
        let settings = web::Settings { only_host: Some(id.clone()), ..site.clone() };
        let parts = web::Parts {
            feed,
            access: access.clone(),
            clock: clock.clone(),
            stop: shutdown.token(),
            tracker: shutdown.tracker(),
        };
        let web = Web::new(&listener, settings, parts).map_err(refused)?;
        shutdown.spawn(node.run(shutdown.token(), || ()));
        shutdown.spawn(web.serve(listener));
        addresses.push_str(&format!("\n{address}"));
    }
    cli::print(&addresses).map_err(|error| format!("standard output cannot be written: {error}"))
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
