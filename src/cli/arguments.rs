//! The arguments as people type them. Doc comments on them are the help text; they are short, so
//! that `-h` and `--help` are the same.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};

use super::{Action, Cli, Demo, Form, Free, Patience, Snapshot, SupervisorConf, Top, Who, Whom};
use crate::config::Overrides;
use crate::model::free::{self, FreeQuestion, Spread};

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

/// What free answers.
const FREE: &str = "\
Ends with code 0 if something fits and 1 if not. Sizes are in powers of 1024, as in nvidia-smi:
40G, 40GiB and 40960M are the same. Cards divided by MIG are left out.";

/// Whom commands ask.
const ASKED: &str = "\
Without --url the smonitor at SMONITOR_URL is asked; if that is not set, this machine is read.";

/// What the keys of top are.
const TOP: &str = "\
Keys: q ends, ? shows all keys. Without --url the smonitor at SMONITOR_URL is asked; if that is
not set, this machine is read. NO_COLOR=1 leaves colours out.";

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
    /// Say where graphics cards are free, on this machine or in a cluster
    #[command(after_help = format!("{FREE}\n{ASKED}"))]
    Free {
        /// How many cards
        #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = free::count)]
        gpus: u32,
        /// Memory that is free on each, for example 40G
        #[arg(long, value_name = "SIZE", value_parser = free::size)]
        memory: Option<u64>,
        /// A part of the model's name, for example A100
        #[arg(long, value_name = "NAME")]
        model: Option<String>,
        /// All on one host; this is the default
        #[arg(long, conflicts_with = "any_host")]
        same_host: bool,
        /// From several hosts together
        #[arg(long)]
        any_host: bool,
        /// Ask again every 5 s until something fits
        #[arg(long)]
        wait: bool,
        #[command(flatten)]
        whom: WhomFlags,
        #[command(flatten)]
        form: FormFlag,
    },
    /// Say who is on which graphics card
    #[command(after_help = ASKED)]
    Who {
        /// Only this user, by name, or by number if that has no name
        #[arg(value_name = "USER")]
        user: Option<String>,
        #[command(flatten)]
        whom: WhomFlags,
        #[command(flatten)]
        form: FormFlag,
    },
    /// Show this machine or a cluster live in the terminal
    #[command(after_help = TOP)]
    Top {
        #[command(flatten)]
        whom: WhomFlags,
        /// Time between two looks
        #[arg(long, value_name = "SECONDS", default_value_t = 2,
            value_parser = clap::value_parser!(u16).range(1..=3600))]
        interval: u16,
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
        /// A cluster of so many hosts, 1 to 4096; without it, one host
        #[arg(long, value_name = "NUMBER", value_parser = value_parser!(u32).range(1..=4096))]
        nodes: Option<u32>,
        /// Cards of each server of the cluster, 0 to 16
        #[arg(
            long,
            value_name = "NUMBER",
            default_value_t = 8,
            requires = "nodes",
            value_parser = value_parser!(u32).range(0..=16)
        )]
        gpus: u32,
        /// Hosts of the cluster fail and come back
        #[arg(long, requires = "nodes")]
        faults: bool,
        /// Have each host of the cluster answer as a node, too, from this loopback address and port on
        #[arg(long, value_name = "ADDRESS:PORT", requires = "nodes")]
        listen: Option<SocketAddr>,
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
    /// Measure this machine (node), or show several nodes as one cluster (app)
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
struct WhomFlags {
    /// Ask the smonitor at this address, for example http://127.0.0.1:8999
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// File that holds the access token for it
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl From<WhomFlags> for Whom {
    fn from(flags: WhomFlags) -> Self {
        Self { url: flags.url, token_file: flags.token_file }
    }
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
            Some(Command::Free {
                gpus,
                memory,
                model,
                same_host: _,
                any_host,
                wait,
                whom,
                form,
            }) => {
                let question = FreeQuestion {
                    gpus,
                    memory_bytes: memory.unwrap_or(0),
                    model: model.filter(|model| !model.trim().is_empty()).map(Into::into),
                    spread: if any_host { Spread::AnyHosts } else { Spread::OneHost },
                };
                let patience = if wait { Patience::Wait } else { Patience::None };
                let free = Free { question, patience, whom: whom.into(), form: form.into() };
                Self { action: Action::Free(free), overrides: Overrides::default() }
            }
            Some(Command::Who { user, whom, form }) => Self {
                action: Action::Who(Who { user, whom: whom.into(), form: form.into() }),
                overrides: Overrides::default(),
            },
            Some(Command::Top { whom, interval }) => Self {
                action: Action::Top(Top { whom: whom.into(), interval_seconds: interval }),
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
            Some(Command::Demo { seed, nodes, gpus, faults, listen, common }) => Self {
                action: Action::Demo(Demo { seed, nodes, gpus, faults, listen }),
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
        let one = Demo { seed: 1, nodes: None, gpus: 8, faults: false, listen: None };
        assert_eq!(cli.action, Action::Demo(one));
        assert_eq!(cli.overrides.port, Some(1));
        assert!(cli.overrides.ignore_usual_file);
    }

    #[test]
    fn a_cluster_has_a_size() {
        let line = "smonitor demo --nodes 40 --gpus 0 --faults --seed 7 --listen 127.0.0.1:9100";
        let cli = super::super::parse_from(line.split(' ')).unwrap();
        let listen = Some(SocketAddr::from(([127, 0, 0, 1], 9100)));
        let cluster = Demo { seed: 7, nodes: Some(40), gpus: 0, faults: true, listen };
        assert_eq!(cli.action, Action::Demo(cluster));
    }

    #[test]
    fn a_question_for_cards_is_taken_as_it_is_asked() {
        let line = "smonitor free --gpus 2 --memory 40G --model A100 --any-host --wait --json";
        let cli = super::super::parse_from(line.split(' ')).unwrap();
        let Action::Free(free) = cli.action else { panic!("{cli:?}") };
        let question = FreeQuestion {
            gpus: 2,
            memory_bytes: 40 << 30,
            model: Some("A100".into()),
            spread: Spread::AnyHosts,
        };
        assert_eq!(
            (free.question, free.patience, free.form),
            (question, Patience::Wait, Form::Json)
        );
        let cli = super::super::parse_from(["smonitor", "free"]).unwrap();
        let Action::Free(free) = cli.action else { panic!("{cli:?}") };
        assert_eq!((free.question, free.patience), (FreeQuestion::default(), Patience::None));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "smonitor --port 70000",
            "smonitor --mode cluster",
            "smonitor --port 1 demo",
            "smonitor --token x",
            "smonitor reboot",
            "smonitor demo --nodes 0",
            "smonitor demo --nodes 4097",
            "smonitor demo --nodes 4 --gpus 17",
            "smonitor demo --gpus 4",
            "smonitor demo --faults",
            "smonitor demo --listen 127.0.0.1:9100",
            "smonitor demo --nodes 2 --listen 9100",
            "smonitor snapshot --token-file t",
            "smonitor free --gpus 0",
            "smonitor free --memory 40",
            "smonitor free --memory forty",
            "smonitor free --same-host --any-host",
            "smonitor top --interval 0",
        ] {
            let error = super::super::parse_from(line.split(' ')).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
