//! L5, composition: settings to a running server and back. The only module that knows both what a
//! config says and what the parts want.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use crate::cli::{self, Exit};
use crate::clock::Clock;
use crate::config::{Config, Loaded};
use crate::host;
use crate::manager::link::{Link, Word};
use crate::model::HostId;
use crate::model::server::{RestartedBy, Sandbox};
use crate::model::wire::Mode;
use crate::shutdown::Shutdown;
use crate::state_dir::{self, StateDir};
use crate::telemetry;
use crate::web::{self, Access, AccessToken, Auth, Web};

mod demo;
mod fault;
mod role;
mod sandbox;
mod settings;
mod sockets;
pub mod trust;
mod voice;

use role::role;
pub use sandbox::sandbox_settings;
pub use settings::{cluster_settings, context, host_settings, node_settings, telemetry_settings};
pub use sockets::{inherited, open};
use voice::Voice;

/// How long everything else has to end once viewers are gone; with their time less than a manager
/// waits.
const DRAIN: Duration = Duration::from_millis(500);

/// What to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// What the config says.
    Configured,
    /// Made-up hosts.
    Demo(cli::Demo),
}

/// How this process came to serve.
pub enum How {
    /// Somebody started it, and nobody starts it again.
    Alone,
    /// systemd or supervisord starts it again. Says whether the settings, read anew, are right.
    Service(Box<dyn Fn() -> Result<(), String> + Send>),
    /// The manager started it.
    Worker(Link),
}

impl How {
    /// Who starts the server again when it dies.
    fn restarted_by(&self) -> RestartedBy {
        let is_set = |name| std::env::var_os(name).is_some();
        match self {
            Self::Worker(_) => RestartedBy::Manager,
            Self::Service(_) if is_set("SUPERVISOR_ENABLED") => RestartedBy::Supervisord,
            Self::Service(_) if is_set("INVOCATION_ID") => RestartedBy::Systemd,
            Self::Service(_) | Self::Alone => RestartedBy::Nobody,
        }
    }
}

/// Serves until told to stop.
#[must_use]
pub fn run(loaded: &Loaded, what: What, how: How) -> Exit {
    let voice = match Voice::new(&how, &loaded.config) {
        Ok(voice) => voice,
        Err(message) => return fail(&message),
    };
    let is_worker = matches!(how, How::Worker(_));
    if !is_worker {
        say_notices(loaded);
    }
    match try_run(&loaded.config, what, how, &voice) {
        Ok(()) => Exit::Success,
        Err(error) => {
            voice.say(&Word::Failed { message: error.to_string() });
            // A worker's manager tells it, once for all tries.
            if is_worker { error.exit() } else { error.tell() }
        }
    }
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another one has the state folder.
    #[error("{0}")]
    AlreadyRunning(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl From<String> for Error {
    fn from(message: String) -> Self {
        Self::Other(message)
    }
}

impl From<state_dir::Error> for Error {
    fn from(error: state_dir::Error) -> Self {
        match error {
            state_dir::Error::InUse { .. } => Self::AlreadyRunning(error.to_string()),
            other => Self::Other(other.to_string()),
        }
    }
}

impl Error {
    fn exit(&self) -> Exit {
        match self {
            Self::AlreadyRunning(_) => Exit::AlreadyRunning,
            Self::Other(_) => Exit::Failure,
        }
    }

    /// Says it to whoever started the program.
    #[must_use]
    pub fn tell(&self) -> Exit {
        cli::complain(&format!("smonitor: {self}"));
        self.exit()
    }
}

/// What is to be said about settings that are right.
pub fn say_notices(loaded: &Loaded) {
    for notice in &loaded.notices {
        cli::complain(&format!("smonitor: {notice}"));
    }
    for warning in &loaded.warnings {
        cli::complain(&format!("smonitor: warning: {warning}"));
    }
}

fn fail(message: &str) -> Exit {
    cli::complain(&format!("smonitor: {message}"));
    Exit::Failure
}

fn try_run(config: &Config, what: What, how: How, voice: &Voice) -> Result<(), Error> {
    check_mode(config, what)?;
    telemetry::start(telemetry_settings(config)).map_err(|error| error.to_string())?;
    host::raise_open_file_limit();
    install_crypto();
    let inherited = inherited()?;
    // Two services must not use one folder; a worker's manager holds the lock for it.
    let _lock = match how {
        How::Service(_) => lock(config)?,
        How::Alone | How::Worker(_) => None,
    };
    // Sockets cannot be opened any more in the sandbox, and threads started before are not in it.
    let listener = match inherited {
        Some(listener) => listener,
        None => sockets::open_before_anything_runs(config)?,
    };
    let bound =
        listener.local_addr().map_err(|error| format!("the port has no address: {error}"))?;
    // Who may look depends on where it really listens.
    let config = &sockets::bound_to(config, bound);
    let made_up_nodes = demo::listeners(what)?;
    if matches!(how, How::Worker(_)) {
        end_with_manager();
    }
    let sandbox = sandbox::enter_sandbox(config)?;
    let restarted_by = how.restarted_by();
    let mut check_settings = None;
    let is_first = match how {
        How::Worker(link) => {
            let is_first = link.start == 0;
            let noticed = link.watch(|| {
                // Whoever comes next needs the port; nothing here may take its time, or need
                // what may be locked for ever.
                let _ = rustix::process::kill_process(
                    rustix::process::getpid(),
                    rustix::process::Signal::KILL,
                );
            });
            noticed.map_err(|error| format!("cannot watch the manager: {error}"))?;
            is_first
        }
        How::Service(check) => {
            check_settings = Some(check);
            true
        }
        How::Alone => true,
    };
    let about = About { listener, made_up_nodes, sandbox, is_first, restarted_by, check_settings };
    // The loop and the sockets need little; more threads would only cost memory.
    let threads = std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(1, 4));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("smonitor")
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let result = runtime.block_on(serve(config, what, voice, about));
    // A source that hangs in the kernel must not keep the program from ending.
    runtime.shutdown_background();
    Ok(result?)
}

/// Has the kernel kill this process when its manager ends. It notices that by itself, but not while
/// it is stopped. Meant is the end of the thread that started it: the one that the manager runs on.
fn end_with_manager() {
    let kill = Some(rustix::process::Signal::KILL);
    if let Err(error) = rustix::process::set_parent_process_death_signal(kill) {
        tracing::debug!(%error, "the kernel will not tell of the manager's end");
    }
}

/// Whether there is something to do.
///
/// # Errors
/// If there is not.
pub fn check_mode(config: &Config, what: What) -> Result<(), String> {
    let is_app = what == What::Configured && config.monitor.mode == Mode::App;
    if is_app && config.monitor.host_groups.iter().all(|group| group.hosts.is_empty()) {
        return Err("app mode shows the hosts of monitor.host_groups, and there are none; name \
                    them, or start with --mode node"
            .to_owned());
    }
    Ok(())
}

/// Takes the state folder for this process alone. A folder that cannot be used costs only that.
fn lock(config: &Config) -> Result<Option<state_dir::Lock>, Error> {
    match StateDir::open(&config.state_dir).and_then(|folder| folder.lock()) {
        Ok(lock) => Ok(Some(lock)),
        Err(error @ state_dir::Error::InUse { .. }) => Err(error.into()),
        Err(error) => {
            tracing::warn!("{error}; without it a second smonitor is not noticed");
            Ok(None)
        }
    }
}

/// What is known before the runtime starts.
struct About {
    listener: TcpListener,
    /// Of a demo whose hosts answer as nodes, in their order.
    made_up_nodes: Vec<TcpListener>,
    sandbox: Sandbox,
    is_first: bool,
    restarted_by: RestartedBy,
    check_settings: Option<Box<dyn Fn() -> Result<(), String> + Send>>,
}

/// SIGTERM and SIGINT end the server. SIGHUP is the manager's, or ends the server if the settings
/// are right: who starts it again starts it with them.
fn listen_to_signals(
    shutdown: &Shutdown,
    check_settings: Option<Box<dyn Fn() -> Result<(), String> + Send>>,
) -> Result<(), String> {
    let stop = shutdown.clone();
    let hang_up = move || match check_settings.as_ref().map(|check| check()) {
        None => tracing::info!("SIGHUP came and is ignored here"),
        Some(Ok(())) => {
            tracing::info!("SIGHUP came and the settings are right: ending, to be started anew");
            stop.trigger();
        }
        Some(Err(message)) => {
            tracing::error!("SIGHUP came and the settings are not used: {message}");
        }
    };
    let listening = shutdown.listen_to_signals(hang_up);
    listening.map_err(|error| format!("cannot listen to signals: {error}"))
}

async fn serve(config: &Config, what: What, voice: &Voice, about: About) -> Result<(), String> {
    let About { listener, made_up_nodes, sandbox, is_first, restarted_by, check_settings } = about;
    let shutdown = Shutdown::new();
    listen_to_signals(&shutdown, check_settings)?;
    let bound = SocketAddr::new(config.server.host, config.server.port);
    let listener = web::adopt(listener).map_err(|error| sockets::refused(bound, &error))?;
    let settings = web_settings(config, what)?;
    let (feed, role) = role(config, what, &settings.instance)?;
    let settings = web::Settings {
        restarted_by,
        sandbox,
        // Only for what a manager wrote down there.
        state_dir: match restarted_by {
            RestartedBy::Nobody => None,
            _ => StateDir::open(&config.state_dir).ok(),
        },
        ..settings
    };
    // Last: a token is shown once, so it must not be made by a start that then fails.
    let (access, fresh_token) = open_access(config)?;
    access.set_node_keys(&trust::node_keys(config));
    if is_first || fresh_token.is_some() {
        announce(config, what, bound, fresh_token)?;
    }
    if let What::Demo(demo) = what {
        demo::serve_nodes(config, demo, made_up_nodes, &settings, &shutdown)?;
    }
    let beat = voice.beating(Clock::system());
    let mut measuring = shutdown.spawn(fault::around(role.run(shutdown.token(), beat)));
    let parts = web::Parts {
        feed,
        access,
        clock: Clock::system(),
        stop: shutdown.token(),
        tracker: shutdown.tracker(),
    };
    let web =
        Web::new(&listener, settings, parts).map_err(|error| sockets::refused(bound, &error))?;
    voice.say(&Word::Up { version: env!("CARGO_PKG_VERSION").to_owned() });
    let mut serving = std::pin::pin!(web.serve(listener));
    tokio::select! {
        () = &mut serving => {}
        ended = &mut measuring => match ended {
            Ok(()) => serving.await,
            // Without it there is nothing to serve: better gone and started again.
            Err(error) => return Err(format!("the measuring loop failed, which is a bug: {error}")),
        }
    }

    voice.stopping();
    let left = shutdown.drained(DRAIN).await;
    if left > 0 {
        tracing::warn!(left, "not everything ended in time");
    }
    Ok(())
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
        let scheme = trust::scheme(config);
        format!("{scheme}://{host}:{}{}", bound.port(), config.server.base_path)
    });
    let mut text = match what {
        What::Configured => format!("smonitor {} is at {base}", env!("CARGO_PKG_VERSION")),
        What::Demo(demo) => format!("{}, for demonstration, is at {base}", demo::in_words(demo)),
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

fn web_settings(config: &Config, what: What) -> Result<web::Settings, String> {
    let server = &config.server;
    let (mode, host) = match what {
        What::Configured if config.monitor.mode == Mode::App => (Mode::App, None),
        What::Configured => (config.monitor.mode, Some(this_host())),
        What::Demo(demo) => (Mode::Demo, demo::only_host(demo)),
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
        only_host: host,
        machine: host::machine_fingerprint(&host::Roots::live()),
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
        ..trust::web_settings(config, web::Settings::new(mode, env!("CARGO_PKG_VERSION")))?
    })
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

fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
