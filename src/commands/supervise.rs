//! `smonitor manager`: puts together what the manager beside supervisord works with.

use std::ffi::OsStr;

use super::manage::{State, control};
use crate::cli::Exit;
use crate::clock::Clock;
use crate::config::{Loaded, ManagerMode, Surroundings};
use crate::manager::datagram;
use crate::manager::link::SOCKET_FILE;
use crate::manager::policy::Times;
use crate::manager::supervised::client::{Address, Client, Login};
use crate::manager::supervised::{self, Parts};
use crate::serve::{self, Error};
use crate::shutdown::Shutdown;
use crate::state_dir::StateDir;
use crate::telemetry;

/// Set by supervisord for each of its programs.
const URL_VARIABLE: &str = "SUPERVISOR_SERVER_URL";
/// Where programs of supervisord look for its user name, by convention of its own library.
const USER_VARIABLE: &str = "SUPERVISOR_USERNAME";
/// The same for the password.
const PASSWORD_VARIABLE: &str = "SUPERVISOR_PASSWORD";

/// Watches the worker that supervisord runs as `program`, until told to stop.
#[must_use]
pub fn run(program: &str, surroundings: &Surroundings, loaded: &Loaded) -> Exit {
    serve::say_notices(loaded);
    match try_run(program, surroundings, loaded) {
        Ok(()) => Exit::Success,
        Err(error) => error.tell(),
    }
}

fn try_run(program: &str, surroundings: &Surroundings, loaded: &Loaded) -> Result<(), Error> {
    let config = &loaded.config;
    if config.manager.mode != ManagerMode::Supervisor {
        return Err(Error::Other(
            "the manager is built in: smonitor restarts itself. \"smonitor manager\" is the second \
             program under supervisord (smonitor supervisor-conf), for manager.mode \"supervisor\""
                .to_owned(),
        ));
    }
    let client = client(surroundings)?;
    telemetry::start(serve::telemetry_settings(config)).map_err(|error| error.to_string())?;
    let folder = StateDir::open(&config.state_dir)?;
    let path = config.state_dir.join(SOCKET_FILE);
    let ear = datagram::listen(&path).map_err(|error| match error {
        datagram::Error::Taken(_) => Error::AlreadyRunning(error.to_string()),
        other => Error::Other(other.to_string()),
    })?;
    let state = State::beside_a_worker(folder);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let outcome = runtime.block_on(async {
        let shutdown = Shutdown::new();
        let hang_up = || tracing::info!("SIGHUP came and is ignored: restart the programs instead");
        let signals = shutdown.listen_to_signals(hang_up);
        signals.map_err(|error| format!("cannot listen to signals: {error}"))?;
        tracing::info!("watching {program} of the supervisord at {}", client.address());
        let parts = Parts {
            ear,
            client,
            program: program.to_owned(),
            journal: state.journal()?,
            control: control(config, state.token).await,
            clock: Clock::system(),
            shutdown,
            version: env!("CARGO_PKG_VERSION"),
            times: Times::default(),
        };
        supervised::run(parts).await
    });
    runtime.shutdown_background();
    // The next manager would replace it as well; it is tidier gone.
    let _ = std::fs::remove_file(&path);
    Ok(outcome?)
}

fn client(surroundings: &Surroundings) -> Result<Client, String> {
    let variable = |name: &str| {
        let found = surroundings.variables.iter().find(|(key, _)| key == OsStr::new(name));
        found.and_then(|(_, value)| value.to_str()).filter(|value| !value.is_empty())
    };
    let url = variable(URL_VARIABLE).ok_or_else(|| {
        format!(
            "{URL_VARIABLE} is not set: \"smonitor manager\" is to be started by supervisord, whose \
             settings need a section [unix_http_server] (smonitor supervisor-conf writes the rest)"
        )
    })?;
    let address = Address::parse(url).map_err(|error| format!("{URL_VARIABLE}: {error}"))?;
    let login = variable(USER_VARIABLE).map(|user| Login {
        user: user.to_owned(),
        password: variable(PASSWORD_VARIABLE).unwrap_or_default().to_owned(),
    });
    Ok(Client::new(address, login))
}
