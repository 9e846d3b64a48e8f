//! From the config to the settings of each part that measures or logs.

use std::time::Duration;

use crate::clock::Clock;
use crate::config::{Config, LogFormat, LogLevel};
use crate::host::container::Engine;
use crate::host::{self, Context, Roots};
use crate::model::HostId;
use crate::{node, telemetry};

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
