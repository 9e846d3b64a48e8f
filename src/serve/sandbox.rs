//! What is given up before anything is served, as far as this machine and the settings let it.

use std::net::IpAddr;

use crate::config::{Config, SandboxMode, TlsMode};
use crate::host::{self, Roots};
use crate::model::server::{GuardState, Sandbox};
use crate::sandbox::{self, Mode, Network, Settings};
use crate::state_dir::StateDir;

/// Enters the sandbox with this thread and all that it starts, and logs what is guarded and what is
/// not. To be called while the process has one thread and after its port was opened.
///
/// # Errors
/// If something is required that is missing, or the state folder cannot be made.
pub(super) fn enter_sandbox(config: &Config) -> Result<Sandbox, String> {
    // Only what exists can be left open for writing.
    if config.needs_token() || config.server.tls.mode == TlsMode::SelfSigned {
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
    let network = network(config, host::name_service_needs_network(&roots));
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

/// Which connections to other machines these settings need. Where the name service of this process asks
/// the network, for a reason, nothing is known of where to.
fn network(config: &Config, name_service: Option<String>) -> Network {
    if let Some(why) = name_service {
        return Network::Outgoing { why };
    }
    let is_app = config.monitor.mode == crate::model::wire::Mode::App;
    let groups = config.monitor.host_groups.iter().filter(|_| is_app);
    let nodes =
        groups.flat_map(|group| &group.hosts).map(|host| (host.address.as_str(), host.port));
    let engines: Vec<_> = config
        .containers
        .engines
        .iter()
        .filter_map(|engine| engine.strip_prefix("tcp://"))
        .collect();
    let asked = engines.iter().filter_map(|engine| {
        let (address, port) = engine.rsplit_once(':')?;
        Some((address.trim_matches(['[', ']']), port.parse().ok()?))
    });
    let targets: Vec<(&str, u16)> = nodes.chain(asked).collect();
    let why = match (is_app, engines.first()) {
        (false, None) => return Network::None,
        (true, None) => "to ask the hosts of monitor.host_groups".to_owned(),
        (false, Some(engine)) => {
            format!("to ask tcp://{engine} for names of containers (containers.engines)")
        }
        (true, Some(_)) => {
            "to ask the hosts of monitor.host_groups and containers.engines".to_owned()
        }
    };
    // A name of the own machine is in a file.
    let is_looked_up = |address: &str| {
        address.parse::<IpAddr>().is_err() && !address.eq_ignore_ascii_case("localhost")
    };
    Network::Only {
        names: targets.iter().any(|(address, _)| is_looked_up(address)),
        ports: targets.into_iter().map(|(_, port)| port).collect(),
        why,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Overrides, Surroundings};

    fn config(text: &str) -> Config {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), text).unwrap();
        let around = Surroundings {
            working_directory: folder.path().to_owned(),
            home: Some("/nowhere".into()),
            ..Surroundings::default()
        };
        config::load(&Overrides::default(), &around).unwrap().config
    }

    fn told(config: &Config) -> (Vec<u16>, bool) {
        match network(config, None) {
            Network::Only { ports, names, .. } => (ports.into_iter().collect(), names),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_what_is_asked_is_left_open() {
        let app = |hosts: &str| {
            config(&format!(
                r#"{{"monitor": {{"mode": "app", "host_groups": [{{"name": "a", "patterns": [{hosts}]}}]}}}}"#
            ))
        };
        assert_eq!(network(&config("{}"), None), Network::None);
        let idle = r#"{"monitor": {"host_groups": [{"name": "a", "patterns": ["x"]}]}}"#;
        assert_eq!(network(&config(idle), None), Network::None, "a node asks nobody");
        assert_eq!(told(&app(r#""10.0.0.1:9000", "[fd00::1]:9001""#)), (vec![9000, 9001], false));
        assert_eq!(told(&app(r#""localhost:9000""#)), (vec![9000], false));
        assert_eq!(told(&app(r#""gpu[1-9].lab", "10.0.0.1:22""#)), (vec![22, 8999], true));
        let engine = r#"{"containers": {"engines": ["tcp://[::1]:2375", "unix:///run/x"]}}"#;
        assert_eq!(told(&config(engine)), (vec![2375], false));
        let why = "somebody else decides".to_owned();
        assert_eq!(network(&app(r#""x""#), Some(why.clone())), Network::Outgoing { why });
    }
}
