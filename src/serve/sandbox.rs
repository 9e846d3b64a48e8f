//! What is given up before anything is served, as far as this machine and the settings let it.

use crate::config::{Config, SandboxMode};
use crate::host::{self, Roots};
use crate::model::server::{GuardState, Sandbox};
use crate::model::wire;
use crate::sandbox::{self, Mode, Network, Settings};
use crate::state_dir::StateDir;

/// Enters the sandbox with this thread and all that it starts, and logs what is guarded and what is
/// not. To be called while the process has one thread and after its port was opened.
///
/// # Errors
/// If something is required that is missing, or the state folder cannot be made.
pub(super) fn enter_sandbox(config: &Config) -> Result<Sandbox, String> {
    // Only what exists can be left open for writing.
    if config.needs_token() {
        StateDir::open(&config.state_dir).map_err(|error| error.to_string())?;
    }
    let entered = sandbox::enter(&sandbox_settings(config)).map_err(|error| error.to_string())?;
    tell(config.sandbox.mode, &entered);
    Ok(entered)
}

/// What a server with these settings gives up on this machine.
#[must_use]
pub fn sandbox_settings(config: &Config) -> Settings {
    let roots = Roots::live();
    let folder = &config.state_dir;
    let engines = &config.containers.engines;
    let remote = engines.iter().find(|engine| engine.starts_with("tcp://"));
    let is_app = config.monitor.mode == wire::Mode::App;
    let network = match (host::name_service_needs_network(&roots), remote) {
        _ if is_app => {
            Network::Outgoing { why: "the hosts of monitor.host_groups are asked".to_owned() }
        }
        (None, None) => Network::None,
        (Some(why), _) => Network::Outgoing { why },
        (None, Some(engine)) => Network::Outgoing {
            why: format!("{engine} is asked for names of containers (containers.engines)"),
        },
    };
    let mut settings = Settings {
        mode: match config.sandbox.mode {
            SandboxMode::Auto => Mode::Auto,
            SandboxMode::Require => Mode::Require,
            SandboxMode::Off => Mode::Off,
        },
        writable: folder.is_dir().then(|| folder.clone()).into_iter().collect(),
        devices: host::gpu::device_files(&roots),
        network,
        without_landlock: None,
    };
    if settings.mode != Mode::Off && !still_sees_others(&settings, &roots) {
        settings.without_landlock = Some(
            "Landlock would hide the processes of other users, because proc is mounted with \
             hidepid (name a gid= there and run smonitor in that group)"
                .to_owned(),
        );
    }
    settings
}

/// Whether as many processes are seen in the sandbox as outside of it, but for those that come and go
/// meanwhile. Landlock takes the right to trace, and a mount of proc may show processes to nobody else.
fn still_sees_others(settings: &Settings, roots: &Roots) -> bool {
    let Some(outside) = host::processes_shown(roots) else { return true };
    let (settings, roots) = (settings.clone(), roots.clone());
    let settings = Settings { mode: Mode::Auto, ..settings };
    let tried = std::thread::Builder::new().name("sandbox-probe".to_owned()).spawn(move || {
        sandbox::enter(&settings).is_err()
            || host::processes_shown(&roots).is_none_or(|within| within > outside / 2)
    });
    // What cannot be tried is found out by entering.
    tried.ok().and_then(|thread| thread.join().ok()).unwrap_or(true)
}

fn tell(mode: SandboxMode, entered: &Sandbox) {
    if mode == SandboxMode::Off {
        tracing::warn!(
            "sandbox.mode is off: the kernel does not keep the server from starting programs, \
             writing files or connecting to other machines"
        );
        return;
    }
    let guards = sandbox::guards(entered);
    let said = guards.map(|(name, guard)| {
        let state = match guard.state {
            GuardState::On => "guarded",
            GuardState::Partial => "guarded in part",
            GuardState::NotSupported | GuardState::Off => "not guarded",
        };
        match &guard.note {
            None => format!("{name}: {state}"),
            Some(note) => format!("{name}: {state} ({note})"),
        }
    });
    tracing::info!("the kernel keeps this server to reading: {}", said.join("; "));
}
