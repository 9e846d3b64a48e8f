//! L5, composition: settings to a running server and back. The only module that knows both what a
//! config says and what the parts want.

use std::net::SocketAddr;
use std::time::Duration;

use crate::cli::{self, Exit};
use crate::clock::Clock;
use crate::config::{Config, Loaded, LogFormat, LogLevel};
use crate::feed::{self, Feed, Publisher};
use crate::host::{self, Context, Roots, Source};
use crate::model::recent::RECENT_SPAN_MS;
use crate::model::wire::Mode;
use crate::model::{HostId, UnixMillis};
use crate::node::{self, Node};
use crate::shutdown::Shutdown;
use crate::state_dir::StateDir;
use crate::web::{self, Access, AccessToken, Auth, Web};
use crate::{demo, telemetry};

mod fault;

/// A rate is made from two samples at most this far apart (or five intervals, if that is more).
const RATE_WINDOW: Duration = Duration::from_secs(60);

/// How long a one-off reader waits for values.
const ONE_OFF_PATIENCE: Duration = Duration::from_secs(5);

/// How long everything has to end after the wish to stop.
const DRAIN: Duration = Duration::from_secs(8);

/// What to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// What the config says.
    Configured,
    /// A made-up host.
    Demo {
        /// Which one.
        seed: u64,
    },
}

/// Serves until told to stop.
#[must_use]
pub fn run(loaded: &Loaded, what: What) -> Exit {
    for notice in &loaded.notices {
        cli::complain(&format!("smonitor: {notice}"));
    }
    for warning in &loaded.warnings {
        cli::complain(&format!("smonitor: warning: {warning}"));
    }
    match try_run(loaded, what) {
        Ok(()) => Exit::Success,
        Err(message) => {
            cli::complain(&format!("smonitor: {message}"));
            Exit::Failure
        }
    }
}

fn try_run(loaded: &Loaded, what: What) -> Result<(), String> {
    let config = &loaded.config;
    if what == What::Configured && config.monitor.mode == Mode::App {
        return Err("app mode is not built yet; start with --mode node".to_owned());
    }
    telemetry::start(telemetry_settings(config)).map_err(|error| error.to_string())?;
    host::raise_open_file_limit();
    install_crypto();
    // The loop and the sockets need little; more threads would only cost memory.
    let threads = std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(1, 4));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("smonitor")
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let result = runtime.block_on(serve(config, what));
    // A source that hangs in the kernel must not keep the program from ending.
    runtime.shutdown_background();
    result
}

async fn serve(config: &Config, what: What) -> Result<(), String> {
    let shutdown = Shutdown::new();
    shutdown.listen_to_signals().map_err(|error| format!("cannot listen to signals: {error}"))?;
    let address = SocketAddr::new(config.server.host, config.server.port);
    let listener = web::bind(address).map_err(|error| refused(address, &error))?;
    let bound = listener.local_addr().map_err(|error| refused(address, &error))?;
    let (feed, node) = measuring(config, what)?;
    let settings = web_settings(config, what)?;
    // Last: a token is shown once, so it must not be made by a start that then fails.
    let (access, fresh_token) = open_access(config)?;
    announce(config, what, bound, fresh_token)?;
    let measuring = shutdown.spawn(fault::around(node.run(shutdown.token(), || {})));
    let parts = web::Parts {
        feed,
        access,
        clock: Clock::system(),
        stop: shutdown.token(),
        tracker: shutdown.tracker(),
    };
    let web = Web::new(&listener, settings, parts).map_err(|error| refused(address, &error))?;
    web.serve(listener).await;

    shutdown.trigger();
    let left = shutdown.drained(DRAIN).await;
    if left > 0 {
        tracing::warn!(left, "not everything ended in time");
    }
    measuring.await.map_err(|error| format!("the measuring loop failed: {error}"))
}

/// The feed and the node that fills it.
fn measuring(config: &Config, what: What) -> Result<(Feed, Node), String> {
    let context = context(config);
    let (host, sources): (HostId, Vec<Box<dyn Source>>) = match what {
        What::Configured => (this_host(), host::sources(&context)),
        What::Demo { seed } => (demo::host_id(seed), demo::sources(seed, &context)),
    };
    let settings =
        feed::Settings { fresh_for: config.monitor.interval, wait_at_most: ONE_OFF_PATIENCE };
    let (feed, publisher) = feed::new(settings, context.clock.clone());
    if let What::Demo { seed } = what {
        remember_demo(&publisher, seed, context.clock.wall(), config.monitor.interval);
    }
    let node = Node::new(node_settings(config, host), sources, context, publisher)
        .map_err(|error| format!("cannot start a thread to read the machine: {error}"))?;
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

fn open_access(config: &Config) -> Result<(Access, Option<AccessToken>), String> {
    let role = config.auth.role;
    let (auth, state_dir) = if config.needs_token() {
        let folder = StateDir::open(&config.state_dir).map_err(|error| error.to_string())?;
        (Auth::Token { role }, Some(folder))
    } else {
        (Auth::Open { role }, None)
    };
    Access::open(auth, state_dir, Clock::system()).map_err(|error| error.to_string())
}

/// Says where the page is, and the access token the only time it is ever seen.
fn announce(
    config: &Config,
    what: What,
    bound: SocketAddr,
    fresh_token: Option<AccessToken>,
) -> Result<(), String> {
    let base = config.server.public_url.clone().unwrap_or_else(|| {
        let host = if bound.ip().is_unspecified() {
            this_host().to_string()
        } else {
            SocketAddr::new(bound.ip(), 0).to_string().trim_end_matches(":0").to_owned()
        };
        format!("http://{host}:{}{}", bound.port(), config.server.base_path)
    });
    let mut text = match what {
        What::Configured => format!("smonitor {} is at {base}", env!("CARGO_PKG_VERSION")),
        What::Demo { .. } => format!("a made-up machine, for demonstration, is at {base}"),
    };
    if let Some(token) = fresh_token {
        text.push_str(&format!(
            "\nfirst visit: {}\n\
             This link lets in whoever has it and is shown this once; only a fingerprint is kept.",
            token.link(&base)
        ));
    } else if config.needs_token() {
        text.push_str(&format!(
            "\nwho comes needs the access link of the first start; for a new one delete {} and restart",
            config.state_dir.join(web::TOKEN_FILE).display()
        ));
    }
    cli::print(&text).map_err(|error| format!("standard output cannot be written: {error}"))
}

fn refused(address: SocketAddr, error: &std::io::Error) -> String {
    let advice = match error.kind() {
        std::io::ErrorKind::AddrInUse => "; something else listens there: choose another --port",
        std::io::ErrorKind::PermissionDenied => {
            "; ports below 1024 need root: choose another --port"
        }
        std::io::ErrorKind::AddrNotAvailable => {
            "; this machine has no such address: choose another --host"
        }
        _ => "",
    };
    format!("cannot listen on {address}: {error}{advice}")
}

fn web_settings(config: &Config, what: What) -> Result<web::Settings, String> {
    let server = &config.server;
    let (mode, host) = match what {
        What::Configured => (config.monitor.mode, this_host()),
        What::Demo { seed } => (Mode::Demo, demo::host_id(seed)),
    };
    let mut allowed_hosts = server.allowed_hosts.clone();
    // The machine's own name, also as multicast DNS says it. A full domain name is nobody's to
    // know but the administrator's: server.allowed_hosts.
    let own = hostname().to_ascii_lowercase();
    allowed_hosts.push(format!("{own}.local"));
    allowed_hosts.push(own);
    let public_url = server.public_url.as_deref().map(web::PublicUrl::parse).transpose();
    Ok(web::Settings {
        site_name: config.monitor.site_name.clone(),
        config_revision: config.revision(),
        interval: config.monitor.interval,
        only_host: Some(host),
        base_path: web::BasePath::parse(&server.base_path).map_err(|error| error.to_string())?,
        allowed_hosts,
        behind_proxy: server.behind_proxy,
        trusted_proxies: server.trusted_proxies.clone(),
        public_url: public_url.map_err(|error| error.to_string())?,
        limits: web::Limits {
            viewers: config.limits.viewers,
            viewers_per_address: config.limits.viewers_per_address,
            subscriptions_per_viewer: config.limits.subscriptions_per_viewer,
            ..web::Limits::default()
        },
        access_log: config.log.access,
        ..web::Settings::new(mode, env!("CARGO_PKG_VERSION"))
    })
}

/// How this config has a machine measured under the name `host`.
#[must_use]
pub fn node_settings(config: &Config, host: HostId) -> node::Settings {
    node::Settings {
        host,
        interval: config.monitor.interval,
        process_interval: config.monitor.process_interval,
        linger: config.monitor.linger,
    }
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

/// The name this machine goes by.
#[must_use]
pub fn this_host() -> HostId {
    HostId::from_hostname(&hostname())
}

/// Chooses the cryptography of TLS connections. Doing it twice is fine: the first choice stays.
pub fn install_crypto() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn telemetry_settings(config: &Config) -> telemetry::Settings {
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

fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
