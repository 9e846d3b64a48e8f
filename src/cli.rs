//! L1, the command line: raw arguments to typed ones, and the only place that writes to standard
//! output and error for commands. Must not know what a command does.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;

pub use crate::config::Overrides;
use crate::model::free::FreeQuestion;

mod arguments;
mod output;

pub use output::{Progress, complain, is_terminal, print, terminal_width};

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
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Success => Self::SUCCESS,
            Exit::Failure => Self::from(1),
            Exit::Usage => Self::from(2),
            Exit::AlreadyRunning => Self::from(3),
            // 128 and the number of the signal, as a shell says it.
            Exit::Interrupted => Self::from(130),
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
    /// Say where cards are free.
    Free(Free),
    /// Say who is on which card.
    Who(Who),
    /// Show live values in the terminal.
    Top(Top),
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
    Demo(Demo),
}

/// Which made-up hosts to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demo {
    /// The same seed shows the same hosts.
    pub seed: u64,
    /// A cluster of so many hosts; none: one host, as a node serves itself.
    pub nodes: Option<u32>,
    /// Cards of a server that has cards.
    pub gpus: u32,
    /// Whether hosts fail.
    pub faults: bool,
    /// Where the first of the hosts is to answer as a node; the others at the ports that follow.
    pub listen: Option<SocketAddr>,
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

/// Whom a command asks: a running smonitor, or this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whom {
    /// The address of a running smonitor; none: what `SMONITOR_URL` says, else this machine is read.
    pub url: Option<String>,
    /// File with the access token for it.
    pub token_file: Option<PathBuf>,
}

/// Where cards are free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Free {
    /// Which cards.
    pub question: FreeQuestion,
    /// Where nothing fits, whether to say so or to ask again until something does.
    pub patience: Patience,
    /// Whom to ask.
    pub whom: Whom,
    /// How to print it.
    pub form: Form,
}

/// What a command does where there is nothing yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Says so and ends.
    None,
    /// Asks again until there is something.
    Wait,
}

/// Who is on which card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// Only this user.
    pub user: Option<String>,
    /// Whom to ask.
    pub whom: Whom,
    /// How to print it.
    pub form: Form,
}

/// Live values in the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Top {
    /// Whom to ask.
    pub whom: Whom,
    /// Seconds between two looks.
    pub interval_seconds: u16,
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
