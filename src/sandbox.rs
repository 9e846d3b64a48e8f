//! L1, what this process gives up once it has its settings: starting programs, system calls that a
//! monitor does not need, writing outside of the state folder, connecting to other machines. Knows
//! the kernel's guards, not what is guarded.
//!
//! [`enter`] binds the calling thread and every thread it starts from then on, and nothing takes it
//! back. So the program calls it while it has one thread. What is kept and what is refused, with
//! reasons, is one table: [`table`]. docs/decisions/0013 says why it is built like this.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::model::server::{Guard, GuardState, Sandbox};

mod capabilities;
mod files;
mod seccomp;
pub mod table;

/// What is to be given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How much of it must be.
    pub mode: Mode,
    /// Folders below which may be written. All exist.
    pub writable: Vec<PathBuf>,
    /// Device files of graphics cards: they are opened for reading and writing and sent the commands
    /// of their driver, which is how it is asked for values. All exist.
    pub devices: Vec<PathBuf>,
    /// Whether connections to other machines are made.
    pub network: Network,
    /// Why Landlock is left out where the kernel has it: it also keeps from looking at processes
    /// that only who may trace them sees.
    pub without_landlock: Option<String>,
}

impl Settings {
    /// Whether anything may be opened for writing.
    #[must_use]
    pub fn opens_for_writing(&self) -> bool {
        !(self.writable.is_empty() && self.devices.is_empty())
    }
}

/// How much must be given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What this kernel can guard.
    Auto,
    /// Everything, or nothing is served.
    Require,
    /// Nothing.
    Off,
}

/// Whether connections to other machines are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Network {
    /// None. Sockets that are open are served.
    None,
    /// TCP, to these ports of any machine.
    Only {
        /// Which.
        ports: BTreeSet<u16>,
        /// Whether names of machines are looked up, which takes datagrams, and TCP to port 53.
        names: bool,
        /// For what, to go on after "TCP to port 8999 only, ".
        why: String,
    },
    /// They are needed.
    Outgoing {
        /// For what, as a whole sentence for people.
        why: String,
    },
}

impl Network {
    /// The ports that TCP connections may be made to; none if they are not looked at.
    fn ports(&self) -> Option<BTreeSet<u16>> {
        /// The port of name servers.
        const DOMAIN: u16 = 53;
        match self {
            Self::None => Some(BTreeSet::new()),
            Self::Only { ports, names, .. } => {
                Some(ports.iter().copied().chain(names.then_some(DOMAIN)).collect())
            }
            Self::Outgoing { .. } => None,
        }
    }
}

/// Why the sandbox cannot be entered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something is required that is missing.
    #[error(
        "sandbox.mode is \"require\", and not everything is guarded here: {missing}; mend that, or \
         set sandbox.mode to \"auto\""
    )]
    Missing {
        /// What, each with its reason.
        missing: String,
    },
    /// What may be written cannot be found.
    #[error("cannot guard files: {} cannot be opened: {cause}", path.display())]
    Writable {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: std::io::Error,
    },
    /// The kernel has the guard and does not take what was asked of it.
    #[error(
        "the kernel refused the sandbox: {0}; set sandbox.mode to \"off\" to start without it, and \
         please report this"
    )]
    Refused(String),
}

/// Gives it up, for this thread and all it starts.
///
/// # Errors
/// If something is required and missing, or the kernel refuses what it has. Part of it may have been
/// given up then: end the thread.
pub fn enter(settings: &Settings) -> Result<Sandbox, Error> {
    if settings.mode == Mode::Off {
        let off = || Guard { state: GuardState::Off, note: None };
        return Ok(Sandbox { system_calls: off(), writing: off(), connecting: off() });
    }
    capabilities::drop_all_but_reading();
    let landlock = files::enter(settings)?;
    let seccomp = seccomp::enter(settings)?;
    let sandbox = assess(settings, &landlock, &seccomp);
    if settings.mode == Mode::Require {
        all_there(&sandbox)?;
    }
    Ok(sandbox)
}

/// What [`enter`] would achieve with the mode [`Mode::Auto`]: a thread enters, says so and ends.
///
/// # Errors
/// If there is no thread to try it with, or it is as for [`enter`].
pub fn probe(settings: &Settings) -> Result<Sandbox, Error> {
    let settings = Settings { mode: Mode::Auto, ..settings.clone() };
    let thread = std::thread::Builder::new().name("sandbox-probe".to_owned());
    let tried = thread.spawn(move || enter(&settings));
    let tried = tried.map_err(|error| Error::Refused(error.to_string()))?;
    tried.join().unwrap_or_else(|_| Err(Error::Refused("the try ended in a panic".to_owned())))
}

/// What became of Landlock.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Landlock {
    /// It is on.
    On {
        /// Whether it also refuses to connect over TCP (Linux 6.7).
        connecting: bool,
    },
    /// It is not.
    Missing {
        /// Why, and what would help.
        why: String,
    },
}

/// What became of seccomp.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seccomp {
    /// The filters are in.
    On,
    /// They are not.
    Missing {
        /// Why, and what would help.
        why: String,
    },
}

/// What is guarded by what was found.
fn assess(settings: &Settings, landlock: &Landlock, seccomp: &Seccomp) -> Sandbox {
    let on = || Guard { state: GuardState::On, note: None };
    let noted = |state, note: String| Guard { state, note: Some(note) };
    let system_calls = match seccomp {
        Seccomp::On => on(),
        Seccomp::Missing { why } => noted(GuardState::NotSupported, why.clone()),
    };
    let writing = match (landlock, seccomp) {
        (Landlock::On { .. }, Seccomp::On) => on(),
        (Landlock::On { .. }, Seccomp::Missing { why }) => {
            noted(GuardState::Partial, format!("{why}; modes, owners and times can be changed"))
        }
        (Landlock::Missing { why }, Seccomp::On) if !settings.opens_for_writing() => noted(
            GuardState::Partial,
            format!(
                "{why}; no file can be opened for writing, made, moved or removed, but a socket \
                 could be made"
            ),
        ),
        (Landlock::Missing { why }, Seccomp::On) => noted(
            GuardState::Partial,
            format!(
                "{why}; modes, owners and times cannot be changed, everything else its user may \
                 write to is open"
            ),
        ),
        (Landlock::Missing { why }, Seccomp::Missing { .. }) => {
            noted(GuardState::NotSupported, why.clone())
        }
    };
    let connecting = match (&settings.network, landlock, seccomp) {
        (Network::Outgoing { why }, _, _) => noted(GuardState::Partial, why.clone()),
        (Network::Only { ports, names, why }, landlock, seccomp) => {
            narrowed(&only(ports, why), *names, landlock, seccomp)
        }
        (Network::None, Landlock::On { connecting: true }, Seccomp::On) => on(),
        (Network::None, landlock, Seccomp::On) => {
            let why = match landlock {
                Landlock::Missing { why } => why,
                Landlock::On { .. } => "this kernel's Landlock does not know TCP (Linux 6.7 does)",
            };
            noted(
                GuardState::Partial,
                format!(
                    "{why}; no socket to other machines can be opened, but one that is open could be \
                     turned to another machine"
                ),
            )
        }
        (Network::None, Landlock::On { connecting: true }, Seccomp::Missing { why }) => {
            noted(GuardState::Partial, format!("{why}; TCP is refused, other protocols are not"))
        }
        (Network::None, _, Seccomp::Missing { why }) => {
            noted(GuardState::NotSupported, why.clone())
        }
    };
    Sandbox { system_calls, writing, connecting }
}

/// What is left open of TCP, as words.
fn only(ports: &BTreeSet<u16>, why: &str) -> String {
    let shown: Vec<_> = ports.iter().take(8).map(u16::to_string).collect();
    let more = if ports.len() > shown.len() { " and more" } else { "" };
    let noun = if ports.len() == 1 { "port" } else { "ports" };
    format!("TCP to {noun} {}{more} only, {why}", shown.join(", "))
}

/// How it is with connecting where some of it is needed.
fn narrowed(only: &str, names: bool, landlock: &Landlock, seccomp: &Seccomp) -> Guard {
    let noted = |state, note: String| Guard { state, note: Some(note) };
    match (landlock, seccomp) {
        (Landlock::On { connecting: true }, Seccomp::On) if !names => {
            noted(GuardState::On, only.to_owned())
        }
        (Landlock::On { connecting: true }, Seccomp::On) => noted(
            GuardState::Partial,
            format!("{only}; datagrams (UDP) are not guarded, because names are looked up"),
        ),
        (Landlock::On { connecting: true }, Seccomp::Missing { why }) => {
            noted(GuardState::Partial, format!("{only}; {why}, so other protocols are not guarded"))
        }
        (Landlock::On { connecting: false }, Seccomp::On) => noted(
            GuardState::Partial,
            "TCP to any port is left open: this kernel's Landlock does not know TCP (Linux 6.7 does)"
                .to_owned(),
        ),
        (Landlock::Missing { why }, Seccomp::On) => {
            noted(GuardState::Partial, format!("TCP to any port is left open: {why}"))
        }
        (_, Seccomp::Missing { why }) => noted(GuardState::NotSupported, why.clone()),
    }
}

/// The guards with the names they have in messages.
#[must_use]
pub fn guards(sandbox: &Sandbox) -> [(&'static str, &Guard); 3] {
    [
        ("system calls", &sandbox.system_calls),
        ("writing", &sandbox.writing),
        ("connecting", &sandbox.connecting),
    ]
}

fn all_there(sandbox: &Sandbox) -> Result<(), Error> {
    let missing: Vec<String> = guards(sandbox)
        .into_iter()
        .filter(|(_, guard)| guard.state != GuardState::On)
        .map(|(name, guard)| format!("{name} ({})", guard.note.as_deref().unwrap_or("not guarded")))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::Missing { missing: missing.join(", ") })
}

#[cfg(test)]
mod tests;
