//! The arguments as people type them. Doc comments on them are the help text; they are short, so
//! that `-h` and `--help` are the same.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{Action, Cli, Form, Snapshot, SupervisorConf};
use crate::config::Overrides;

/// What stands above the options.
const ABOUT: &str = "\
A live, read-only monitor for shared servers.

Without a command, smonitor measures this machine and serves the page, by default at
http://127.0.0.1:8999 and for this machine only. Settings come from defaults, then the
config file, then SMONITOR_… environment variables, then the flags below;
docs/configuration.md lists all of them.";

/// What stands below them.
const EXIT_CODES: &str = "\
Exit codes: 0 all is well, 1 something went wrong (a sentence says what), 2 the arguments
make no sense, 3 another smonitor is running with the same state folder.";

/// What check-config answers.
const CHECK_CONFIG: &str = "\
Prints every fault with its place and ends with code 1, or prints every setting with its
value and where that came from.";

#[derive(Debug, Parser)]
#[command(
    name = "smonitor",
    version,
    about = ABOUT,
    after_help = EXIT_CODES,
    args_conflicts_with_subcommands = true,
    // The help is a promise that the README repeats: it must not depend on the terminal's width.
    term_width = 100
)]
pub(super) struct Arguments {
    #[command(flatten)]
    serve: Serve,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say whether the settings are right and what they are
    #[command(after_help = CHECK_CONFIG)]
    CheckConfig {
        #[command(flatten)]
        serve: Serve,
        #[command(flatten)]
        form: FormFlag,
    },
    /// Print one snapshot of this machine, or of a running smonitor, and end
    Snapshot {
        /// Ask the smonitor at this address instead, for example http://127.0.0.1:8999
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// File that holds the access token for it
        #[arg(long, value_name = "FILE", requires = "url")]
        token_file: Option<PathBuf>,
        #[command(flatten)]
        form: FormFlag,
    },
    /// Say what can be read on this machine, what not, and why
    Doctor {
        #[command(flatten)]
        serve: Serve,
        #[command(flatten)]
        form: FormFlag,
    },
    /// Print what this server's certificate is known by, for the apps that ask it
    Fingerprint {
        #[command(flatten)]
        serve: Serve,
    },
    /// Make keys for apps
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Write the two program files for supervisord
    SupervisorConf {
        /// Folder to write to
        #[arg(value_name = "FOLDER", default_value = "supervisor-conf")]
        folder: PathBuf,
        /// User the server is to run as; by default smonitor if you are root
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// Folder for their logs; by default /var/log if you are root, else FOLDER
        #[arg(long, value_name = "FOLDER")]
        log_dir: Option<PathBuf>,
        /// Send output to supervisord's own instead of files, for containers
        #[arg(long, conflicts_with = "log_dir")]
        log_to_stdout: bool,
        /// Replace files that somebody changed
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        serve: Serve,
    },
    /// Watch the server and restart it, as the second program under supervisord
    Manager {
        /// The server's name in supervisord; GROUP:NAME if it is in a group
        #[arg(long, value_name = "NAME", default_value = "smonitor")]
        program: String,
        #[command(flatten)]
        serve: Serve,
    },
    /// Serve made-up hosts, to look around; no config.json is looked for
    Demo {
        /// The same number shows the same hosts
        #[arg(long, value_name = "NUMBER", default_value_t = 1)]
        seed: u64,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum KeyCommand {
    /// Print a new key: for peer.keys of a node, and for that host in monitor.host_groups of the app
    New,
}

#[derive(Debug, Args)]
struct Serve {
    /// Measure this machine (node), or put several nodes together (app)
    #[arg(long)]
    mode: Option<Mode>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Common {
    /// Config file; without it ./config.json is used if it is there
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on; anything but loopback asks viewers for the access token
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// Port to listen on; 0 takes any free one and prints it
    #[arg(long)]
    port: Option<u16>,
    /// The only folder smonitor writes to
    #[arg(long, value_name = "FOLDER")]
    state_dir: Option<PathBuf>,
    /// Do not log requests
    #[arg(long, alias = "disable_log")]
    disable_log: bool,
    /// Least important messages to log
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<Level>,
}

#[derive(Debug, Args)]
struct FormFlag {
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Mode {
    Node,
    App,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl From<FormFlag> for Form {
    fn from(flag: FormFlag) -> Self {
        if flag.json { Self::Json } else { Self::Text }
    }
}

impl From<Common> for Overrides {
    fn from(common: Common) -> Self {
        Self {
            config: common.config,
            ignore_usual_file: false,
            mode: None,
            host: common.host,
            port: common.port,
            state_dir: common.state_dir,
            disable_log: common.disable_log,
            log_level: common.log_level.map(|level| match level {
                Level::Error => "error",
                Level::Warn => "warn",
                Level::Info => "info",
                Level::Debug => "debug",
                Level::Trace => "trace",
            }),
        }
    }
}

impl From<Serve> for Overrides {
    fn from(serve: Serve) -> Self {
        let mode = serve.mode.map(|mode| match mode {
            Mode::Node => "node",
            Mode::App => "app",
        });
        Self { mode, ..serve.common.into() }
    }
}

impl From<Arguments> for Cli {
    fn from(arguments: Arguments) -> Self {
        match arguments.command {
            None => Self { action: Action::Serve, overrides: arguments.serve.into() },
            Some(Command::CheckConfig { serve, form }) => {
                Self { action: Action::CheckConfig(form.into()), overrides: serve.into() }
            }
            Some(Command::Doctor { serve, form }) => {
                Self { action: Action::Doctor(form.into()), overrides: serve.into() }
            }
            Some(Command::Fingerprint { serve }) => {
                Self { action: Action::Fingerprint, overrides: serve.into() }
            }
            Some(Command::Key { command: KeyCommand::New }) => {
                Self { action: Action::NewKey, overrides: Overrides::default() }
            }
            Some(Command::Snapshot { url, token_file, form }) => Self {
                action: Action::Snapshot(Snapshot { url, token_file, form: form.into() }),
                overrides: Overrides::default(),
            },
            Some(Command::SupervisorConf {
                folder,
                user,
                log_dir,
                log_to_stdout,
                force,
                serve,
            }) => Self {
                action: Action::SupervisorConf(SupervisorConf {
                    folder,
                    user,
                    log_dir,
                    log_to_stdout,
                    force,
                }),
                overrides: serve.into(),
            },
            Some(Command::Manager { program, serve }) => {
                Self { action: Action::Manager { program }, overrides: serve.into() }
            }
            Some(Command::Demo { seed, common }) => Self {
                action: Action::Demo { seed },
                overrides: Overrides { ignore_usual_file: true, ..common.into() },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn clap_finds_no_contradiction() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn flags_that_are_not_given_say_nothing() {
        let cli = super::super::parse_from(["smonitor"]).unwrap();
        assert_eq!(cli, Cli { action: Action::Serve, overrides: Overrides::default() });
    }

    #[test]
    fn both_spellings_of_disable_log() {
        for flag in ["--disable-log", "--disable_log"] {
            let cli = super::super::parse_from(["smonitor", flag]).unwrap();
            assert!(cli.overrides.disable_log, "{flag}");
        }
    }

    #[test]
    fn the_demo_ignores_a_config_that_lies_about() {
        let cli = super::super::parse_from(["smonitor", "demo", "--port", "1"]).unwrap();
        assert_eq!(cli.action, Action::Demo { seed: 1 });
        assert_eq!(cli.overrides.port, Some(1));
        assert!(cli.overrides.ignore_usual_file);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "smonitor --port 70000",
            "smonitor --mode cluster",
            "smonitor --port 1 demo",
            "smonitor --token x",
            "smonitor reboot",
            "smonitor snapshot --token-file t",
        ] {
            let error = super::super::parse_from(line.split(' ')).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
