//! From the config to the settings of each part that measures or logs.

use std::net::IpAddr;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::{Config, LogFormat, LogLevel};
use crate::host::container::Engine;
use crate::host::{self, Context, Roots};
use crate::model::{HostId, Text};
use crate::{cluster, node, peer, telemetry};

/// A rate is made from two samples at most this far apart (or five intervals, if that is more).
const RATE_WINDOW: Duration = Duration::from_secs(60);

/// How often graphics cards are read while nobody looks.
const TRACK_GPUS: Duration = Duration::from_secs(15);

/// How this config has a machine measured under the name `host`.
#[must_use]
pub fn node_settings(config: &Config, host: HostId) -> node::Settings {
    node::Settings {
        host,
        interval: config.monitor.interval,
        process_interval: config.monitor.process_interval,
        linger: config.monitor.linger,
        track_gpus: config.gpu.track_states.then_some(TRACK_GPUS),
    }
}

/// How long a connection to a node may take.
const CONNECT_WITHIN: Duration = Duration::from_millis(200);

/// Which hosts this config has an app show. `here` is what measures this machine, for the host that is the app
/// itself, and is made at most once.
///
/// # Errors
/// If `here` cannot be made.
pub fn cluster_settings(
    config: &Config,
    instance: &str,
    mut here: impl FnMut(&HostId) -> Result<cluster::Here, String>,
) -> Result<cluster::Settings, String> {
    let mut groups = Vec::new();
    for group in &config.monitor.host_groups {
        let mut hosts = Vec::new();
        for host in &group.hosts {
            let target = peer::Target {
                address: host.address.clone(),
                port: host.port,
                key: host.key.clone(),
                pin: host.fingerprint,
            };
            let reach = if is_own_address(config, &target) {
                cluster::Reach::Here(here(&host.id)?)
            } else {
                cluster::Reach::Node(target)
            };
            hosts.push(cluster::HostSettings {
                id: host.id.clone(),
                name: host.display_name.as_deref().unwrap_or(&host.name).into(),
                address: host.address.as_str().into(),
                reach,
                maintenance: host.maintenance.as_deref().map(Text::from),
            });
        }
        groups.push(cluster::Group { name: group.name.as_str().into(), hosts });
    }
    let interval = config.monitor.interval;
    Ok(cluster::Settings {
        groups,
        interval,
        idle_interval: config.monitor.idle_interval.max(interval),
        down_after: config.monitor.down_after,
        linger: config.monitor.linger,
        connect_within: CONNECT_WITHIN,
        instance: Text::from(instance),
    })
}

/// Whether this is where the app itself listens: then it is the machine that it runs on.
fn is_own_address(config: &Config, target: &peer::Target) -> bool {
    let server = &config.server;
    let listens = server.host.to_canonical();
    let is_own = match target.address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(address) => address == listens || (listens.is_unspecified() && address.is_loopback()),
        Err(_) => {
            let is_local = target.address.eq_ignore_ascii_case("localhost");
            is_local && (listens.is_unspecified() || listens.is_loopback())
        }
    };
    is_own && target.port == server.port
}

/// What this config says of sources.
///
/// # Errors
/// If an engine has an address that cannot be one.
pub fn host_settings(config: &Config) -> Result<host::Settings, String> {
    let engines = config.containers.engines.iter();
    let engines: Result<_, _> = engines.map(|address| Engine::parse(address)).collect();
    Ok(host::Settings {
        gpu: host::gpu::Settings { library: config.gpu.library.clone(), wake: config.gpu.wake },
        container: host::container::Settings {
            engines: engines.map_err(|error| format!("containers.engines: {error}"))?,
        },
    })
}

/// What the sources of this machine are made with.
#[must_use]
pub fn context(config: &Config) -> Context {
    let slowest = config.monitor.interval.max(config.monitor.process_interval);
    Context {
        roots: Roots::live(),
        clock: Clock::system(),
        rate_window: RATE_WINDOW.max(slowest.saturating_mul(5)),
    }
}

/// How this config has things logged.
#[must_use]
pub fn telemetry_settings(config: &Config) -> telemetry::Settings {
    use tracing_subscriber::filter::LevelFilter;
    telemetry::Settings {
        level: match config.log.level {
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Trace => LevelFilter::TRACE,
        },
        format: match config.log.format {
            LogFormat::Text => telemetry::Format::Text,
            LogFormat::Json => telemetry::Format::Json,
        },
        access: config.log.access,
    }
}
