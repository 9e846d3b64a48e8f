//! L1, the command line: raw arguments to typed ones, and the only place that writes to standard
//! output and error for commands. Must not know what a command does.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;

pub use crate::config::Overrides;

mod arguments;
mod output;

pub use output::{complain, print, terminal_width};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Success,
    /// Something went wrong, and a sentence on standard error says what.
    Failure,
    /// The arguments made no sense.
    Usage,
    /// Another smonitor is running with the same state folder.
    AlreadyRunning,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Success => Self::SUCCESS,
            Exit::Failure => Self::from(1),
            Exit::Usage => Self::from(2),
            Exit::AlreadyRunning => Self::from(3),
        }
    }
}

/// What the command line asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cli {
    /// What to do.
    pub action: Action,
    /// Settings from flags, the strongest layer of [`crate::config::load`].
    pub overrides: Overrides,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Serve until told to stop.
    Serve,
    /// Say whether the settings are right and what they are.
    CheckConfig(Form),
    /// Print one snapshot and end.
    Snapshot(Snapshot),
    /// Say what can be read here, what not, and why.
    Doctor(Form),
    /// Print the fingerprint of the certificate.
    Fingerprint,
    /// Print a new key of an app.
    NewKey,
    /// Write program files for supervisord.
    SupervisorConf(SupervisorConf),
    /// Watch a worker that supervisord runs as this program.
    Manager {
        /// The program's name in supervisord, with its group if it is in one.
        program: String,
    },
    /// Serve made-up hosts.
    Demo {
        /// The same seed shows the same hosts.
        seed: u64,
    },
}

/// What to write for supervisord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupervisorConf {
    /// Where to.
    pub folder: PathBuf,
    /// As whom the server is to run; none: root's supervisord runs it as a user of its own, and
    /// others' as themselves.
    pub user: Option<String>,
    /// Where the programs' output goes; none: the usual place.
    pub log_dir: Option<PathBuf>,
    /// Output goes to supervisord's own, not to files.
    pub log_to_stdout: bool,
    /// Replace files that somebody changed.
    pub force: bool,
}

/// How a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Lines to read.
    Text,
    /// JSON.
    Json,
}

/// Where a snapshot comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// A running smonitor to ask; none: read this machine.
    pub url: Option<String>,
    /// File with the access token for it.
    pub token_file: Option<PathBuf>,
    /// How to print it.
    pub form: Form,
}

/// Takes the arguments of the process. Ends it for `--help` and `--version` (code 0) and for
/// arguments that make no sense (code 2).
#[must_use]
pub fn parse() -> Cli {
    arguments::Arguments::parse().into()
}

/// Takes these arguments, the program's name first.
///
/// # Errors
/// What clap says, which for `--help` and `--version` is no mistake.
pub fn parse_from<I, T>(arguments: I) -> Result<Cli, clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<std::ffi::OsString> + Clone,
{
    arguments::Arguments::try_parse_from(arguments).map(Cli::from)
}
