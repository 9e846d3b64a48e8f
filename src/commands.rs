//! L5, what the program can do: serve, and the commands that print once and end.

use std::future::Future;

use crate::cli::{self, Action, Cli, Exit};
use crate::config::{self, KeptFile, Loaded, ManagerMode, Surroundings};
use crate::manager::link::{Link, START_VARIABLE};
use crate::serve::How;
use crate::{host, serve};

mod ask;
pub mod check_config;
pub mod doctor;
pub mod free;
pub mod manage;
pub mod measure;
pub mod remedy;
mod remote;
pub mod snapshot;
pub mod supervise;
pub mod supervisor_conf;
pub mod text;
pub mod top;
pub mod trust;
pub mod who;
pub mod xid;

/// Does what the command line asks for.
#[must_use]
pub fn run(cli: &Cli) -> Exit {
    let mut surroundings = Surroundings::of_process();
    if let Action::CheckConfig(form) = &cli.action {
        return check_config::run(cli, *form, &surroundings);
    }
    if cli.action == Action::NewKey {
        return finish(Ok((trust::new_key(), Exit::Success)));
    }
    let link = match link(cli) {
        Ok(link) => link,
        Err(message) => {
            cli::complain(&format!("smonitor: {message}"));
            return Exit::Failure;
        }
    };
    surroundings.kept = link.as_ref().map(|link| KeptFile::from_bytes(&link.handover));
    let loaded = match config::load(&cli.overrides, &surroundings) {
        Ok(loaded) => loaded,
        Err(faults) => {
            cli::complain(&format!("smonitor: the settings have faults\n{faults}"));
            return Exit::Failure;
        }
    };
    match &cli.action {
        Action::Serve => match (link, loaded.config.manager.mode) {
            (Some(link), _) => serve::run(&loaded, serve::What::Configured, How::Worker(link)),
            (None, ManagerMode::Own) => manage::run(cli, &surroundings, &loaded),
            (None, ManagerMode::Supervisor) => {
                let check = manage::check(cli, &surroundings);
                serve::run(&loaded, serve::What::Configured, How::Service(check))
            }
        },
        Action::Demo(demo) => serve::run(&loaded, serve::What::Demo(*demo), How::Alone),
        Action::Snapshot(options) => finish(snapshot::run(&loaded, options)),
        Action::Free(options) => finish(free::run(&loaded, options)),
        Action::Who(options) => finish(who::run(&loaded, options)),
        Action::Top(options) => finish_quietly(top::run(&loaded, options)),
        Action::SupervisorConf(wanted) => {
            finish(supervisor_conf::run(wanted, &cli.overrides, &surroundings, &loaded))
        }
        Action::Manager { program } => supervise::run(program, &surroundings, &loaded),
        Action::Doctor(form) => finish(doctor::run(&loaded, *form)),
        Action::Fingerprint => finish(trust::fingerprint(&loaded.config)),
        Action::CheckConfig(_) | Action::NewKey => {
            unreachable!("handled above, before the settings must be right")
        }
    }
}

/// The link to the manager, if this process is a worker of one.
fn link(cli: &Cli) -> Result<Option<Link>, String> {
    let start = match cli.action {
        Action::Serve => std::env::var(START_VARIABLE).ok(),
        _ => None,
    };
    Link::take(start.as_deref())
        .map_err(|error| format!("the manager does not say what to serve: {error}"))
}

/// Runs a command that waits, on this thread alone.
///
/// # Errors
/// What the command says, or that there is no runtime.
fn wait_for<T>(command: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let result = runtime.block_on(command);
    // A source that hangs in the kernel must not keep a finished command from ending.
    runtime.shutdown_background();
    result
}

/// Prints what a command has to say.
fn finish(result: Result<(String, Exit), String>) -> Exit {
    match result {
        Ok((text, exit)) if text.is_empty() => exit,
        Ok((text, exit)) => match cli::print(&text) {
            Ok(()) => exit,
            Err(error) => {
                cli::complain(&format!("smonitor: standard output cannot be written: {error}"));
                Exit::Failure
            }
        },
        Err(message) => {
            cli::complain(&format!("smonitor: {message}"));
            Exit::Failure
        }
    }
}

/// The same for a command that said everything while it ran.
fn finish_quietly(result: Result<Exit, String>) -> Exit {
    result.unwrap_or_else(|message| {
        cli::complain(&format!("smonitor: {message}"));
        Exit::Failure
    })
}

/// The same for commands that read this machine: how and what.
fn local(loaded: &Loaded) -> (crate::node::Settings, host::Context) {
    // As serving does: a look must not find short what a server has enough of.
    host::raise_open_file_limit();
    let context = serve::context(&loaded.config);
    let settings = serve::node_settings(&loaded.config, serve::this_host());
    // Whoever looks once watches nothing in the background.
    (crate::node::Settings { track_gpus: None, ..settings }, context)
}
