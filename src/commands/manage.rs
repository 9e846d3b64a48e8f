//! Serving with a manager: puts together what the manager works with.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;

use crate::cli::{Cli, Exit};
use crate::clock::Clock;
use crate::config::{self, Config, Loaded, Surroundings};
use crate::host::Roots;
use crate::manager::child::Program;
use crate::manager::control::Token;
use crate::manager::journal::{Journal, Keep};
use crate::manager::notify::Notify;
use crate::manager::policy::{Outcome, Times};
use crate::manager::{self, Parts, Prepare, Prepared};
use crate::model::server::RESTARTS_FILE;
use crate::serve::{self, Error, What};
use crate::shutdown::Shutdown;
use crate::state_dir::{self, StateDir};
use crate::{telemetry, web};

/// Holds the secret that `POST /restart` asks for, anew with each manager.
const TOKEN_FILE: &str = "manager-token";

/// Runs a manager with these settings until told to stop.
#[must_use]
pub fn run(cli: &Cli, surroundings: &Surroundings, loaded: &Loaded) -> Exit {
    serve::say_notices(loaded);
    match try_run(cli, surroundings, loaded) {
        Ok(()) => Exit::Success,
        Err(error) => error.tell(),
    }
}

fn try_run(cli: &Cli, surroundings: &Surroundings, loaded: &Loaded) -> Result<(), Error> {
    let config = &loaded.config;
    serve::check_mode(config, What::Configured)?;
    serve::trust::certificate(config)?;
    telemetry::start(serve::telemetry_settings(config)).map_err(|error| error.to_string())?;
    let program = program()?;
    let inherited = serve::inherited()?;
    let state = State::open(config)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let outcome = runtime.block_on(async {
        let is_inherited = inherited.is_some();
        let listener = match inherited {
            Some(listener) => listener,
            None => serve::open(config)?,
        };
        let (say, reload) = mpsc::channel(1);
        let shutdown = Shutdown::new();
        let hang_up = move || {
            // Full: it has not yet come to the one before, and will read what is there then.
            let _ = say.try_send(());
        };
        let signals = shutdown.listen_to_signals(hang_up);
        signals.map_err(|error| format!("cannot listen to signals: {error}"))?;
        let notify = Notify::from_env(Clock::system());
        let parts = Parts {
            program,
            listener,
            address: address(config),
            handover: loaded.kept.to_bytes(),
            prepare: Some(prepare(cli, surroundings, loaded, is_inherited)),
            reload,
            journal: state.journal()?,
            control: control(config, state.token).await,
            notify,
            clock: Clock::system(),
            shutdown,
            version: env!("CARGO_PKG_VERSION"),
            times: Times::default(),
        };
        manager::run(parts).await.map_err(|error| format!("cannot listen to signals: {error}"))
    });
    // A journal that hangs must not keep the program from ending.
    runtime.shutdown_background();
    match outcome? {
        Outcome::Stopped => Ok(()),
        Outcome::GaveUp(message) => Err(Error::Other(message)),
    }
}

/// The executable as it was called, so that an upgraded one is taken; its file; then the running
/// image.
fn program() -> Result<Program, String> {
    let file = std::env::current_exe()
        .map_err(|error| format!("cannot find the program's own file: {error}"))?;
    let mut paths: Vec<PathBuf> = as_called(&file).into_iter().collect();
    if paths.first() != Some(&file) {
        paths.push(file);
    }
    paths.push(PathBuf::from(Roots::OWN_IMAGE));
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    Ok(Program { paths, arguments })
}

/// The path that this program was called by, if that leads to `file`. It may be a link, which an
/// upgrade turns to another file.
fn as_called(file: &Path) -> Option<PathBuf> {
    let called = PathBuf::from(std::env::args_os().next()?);
    let is_name = called.components().count() == 1 && called.file_name().is_some();
    let path = if is_name {
        let folders = std::env::var_os("PATH")?;
        std::env::split_paths(&folders)
            .map(|folder| folder.join(&called))
            .find(|at| at.is_file())?
    } else {
        std::path::absolute(&called).ok()?
    };
    let leads_to = std::fs::canonicalize(&path).ok()?;
    (leads_to == file).then_some(path)
}

/// The state folder, as far as there is one.
pub(super) struct State {
    folder: Option<StateDir>,
    pub(super) token: Option<Token>,
    _lock: Option<state_dir::Lock>,
}

impl State {
    /// A folder that cannot be used costs lock, list of restarts and `POST /restart`; the worker
    /// says whether it can do without.
    fn open(config: &Config) -> Result<Self, Error> {
        let folder = match StateDir::open(&config.state_dir) {
            Ok(folder) => folder,
            Err(error) => {
                tracing::warn!(
                    "{error}; without it a second smonitor is not noticed and restarts are not kept"
                );
                return Ok(Self { folder: None, token: None, _lock: None });
            }
        };
        let lock = folder.lock()?;
        Ok(Self::of(folder, Some(lock)))
    }

    /// For a manager beside a worker that has the lock.
    pub(super) fn beside_a_worker(folder: StateDir) -> Self {
        Self::of(folder, None)
    }

    fn of(folder: StateDir, lock: Option<state_dir::Lock>) -> Self {
        let token = web::AccessToken::random();
        let written = folder.write(TOKEN_FILE, format!("{}\n", token.reveal()).as_bytes());
        if let Err(error) = &written {
            tracing::warn!("{error}; POST /restart is off");
        }
        let token = written.is_ok().then(|| Token::new(token.reveal()));
        Self { token, folder: Some(folder), _lock: lock }
    }

    pub(super) fn journal(&self) -> Result<Journal, String> {
        let kept = match self.folder.as_ref().map(|folder| folder.read(RESTARTS_FILE)).transpose() {
            Ok(kept) => kept.flatten(),
            Err(error) => {
                tracing::warn!("{error}; the list of restarts begins anew");
                None
            }
        };
        let keep = self.folder.clone().map(|folder| -> Keep {
            Box::new(move |bytes| {
                if let Err(error) = folder.write(RESTARTS_FILE, bytes) {
                    tracing::warn!("{error}; this restart is not kept");
                }
            })
        });
        Journal::new(kept.as_deref(), keep)
            .map_err(|error| format!("cannot start a thread: {error}"))
    }
}

/// The manager's port; it does without, and says so, rather than not serve at all.
pub(super) async fn control(
    config: &Config,
    token: Option<Token>,
) -> Option<(tokio::net::TcpListener, Option<Token>)> {
    let address = SocketAddr::new(config.manager.host, config.manager.port);
    let listener = match tokio::net::TcpListener::bind(address).await {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(
                "the manager cannot listen on {address}: {error}; status and restart over HTTP are \
                 off (manager.port: another port, or 0 for any)"
            );
            return None;
        }
    };
    match listener.local_addr() {
        Ok(bound) => tracing::info!("the manager answers at http://{bound}/"),
        Err(error) => tracing::debug!(%error, "the manager's port has no address"),
    }
    Some((listener, token))
}

/// Reads the settings anew, only to see whether they are right.
pub(super) fn check(
    cli: &Cli,
    surroundings: &Surroundings,
) -> Box<dyn Fn() -> Result<(), String> + Send> {
    let overrides = cli.overrides.clone();
    let surroundings = surroundings.clone();
    Box::new(move || {
        let loaded = config::load(&overrides, &surroundings)
            .map_err(|faults| format!("the settings have faults\n{faults}"))?;
        serve::check_mode(&loaded.config, What::Configured)?;
        serve::trust::certificate(&loaded.config).map(drop)
    })
}

/// Reads the settings anew for SIGHUP: all that the worker uses may change; what this process
/// holds cannot.
fn prepare(cli: &Cli, surroundings: &Surroundings, loaded: &Loaded, is_inherited: bool) -> Prepare {
    let overrides = cli.overrides.clone();
    let surroundings = surroundings.clone();
    let held = loaded.config.clone();
    Box::new(move |current| {
        let loaded = config::load(&overrides, &surroundings)
            .map_err(|faults| format!("the settings have faults\n{faults}"))?;
        for warning in &loaded.warnings {
            tracing::warn!("{warning}");
        }
        let new = loaded.config;
        serve::check_mode(&new, What::Configured)?;
        serve::trust::certificate(&new)?;
        for (name, is_other) in [
            ("state_dir", new.state_dir != held.state_dir),
            ("manager", new.manager != held.manager),
        ] {
            if is_other {
                return Err(format!(
                    "{name} has changed, which needs smonitor itself to be restarted"
                ));
            }
        }
        let address = address(&new);
        let listener = match address == current {
            true => None,
            false if is_inherited => {
                return Err(
                    "the port was handed down by systemd; change it in the socket unit".to_owned()
                );
            }
            false => Some(serve::open(&new)?),
        };
        Ok(Prepared { address, listener, handover: loaded.kept.to_bytes() })
    })
}

fn address(config: &Config) -> SocketAddr {
    SocketAddr::new(config.server.host, config.server.port)
}
