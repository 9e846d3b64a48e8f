//! L1, settings: defaults < file < environment < flags, checked against one table of keys
//! ([`table`]). Must not know what a setting does: `serve` turns them into each part's own
//! `Settings`, and nobody below `serve` and `commands` names this module.
//!
//! [`load`] finds every fault at once and says where each was made. It touches the file system
//! only to read the config file and the permissions of what holds secrets.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::model::wire::Mode;
use crate::model::{Cidr, Role, Secret};

mod check;
mod fault;
mod file;
mod hosts;
mod json;
mod load;
mod nearest;
mod permissions;
mod rules;
mod surroundings;
pub mod table;

pub use fault::{Fault, Faults, Origin};
pub use hosts::{GroupHost, HostGroup};
pub use load::{Effective, Loaded, Overrides, load};
pub use surroundings::{KeptFile, Surroundings};

/// All settings, checked. Same names as in the config file.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where and how to serve.
    pub server: Server,
    /// What to measure and how often.
    pub monitor: Monitor,
    /// How graphics cards are read.
    pub gpu: Gpu,
    /// How containers are read.
    pub containers: Containers,
    /// Who may look.
    pub auth: Auth,
    /// Which apps may ask this node.
    pub peer: Peer,
    /// The only folder that is written to; absolute.
    pub state_dir: PathBuf,
    /// What is logged.
    pub log: Log,
    /// Caps.
    pub limits: Limits,
    /// What the kernel keeps the server from doing.
    pub sandbox: Sandbox,
    /// Who restarts a server that died.
    pub manager: Manager,
    /// Checked, not used yet.
    pub history: History,
}

/// Where and how to serve.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Server {
    /// Address to listen on.
    #[serde(deserialize_with = "listen_address")]
    pub host: IpAddr,
    /// Port to listen on; 0 is any free one.
    pub port: u16,
    /// A reverse proxy publishes this server.
    pub behind_proxy: bool,
    /// Where forwarded headers are believed from.
    pub trusted_proxies: Vec<Cidr>,
    /// Path below which everything is served; begins and ends with `/`.
    pub base_path: String,
    /// More names that are accepted in `Host` and `Origin`, in lower case.
    #[serde(deserialize_with = "lower_case")]
    pub allowed_hosts: Vec<String>,
    /// Address under which people reach this server; ends with `/`.
    #[serde(deserialize_with = "with_final_slash")]
    pub public_url: Option<String>,
    /// Who may connect; empty is everybody.
    pub allow: Vec<Cidr>,
    /// Whether HTTPS is served too.
    pub tls: Tls,
}

/// HTTPS on the server's port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tls {
    /// With which certificate, if any.
    pub mode: TlsMode,
    /// File with the certificate, in PEM; absolute. Set with [`TlsMode::Files`].
    pub certificate: Option<PathBuf>,
    /// File with its key, in PEM; absolute. Set with [`TlsMode::Files`].
    pub key: Option<PathBuf>,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsMode {
    /// There is none: HTTP only.
    Off,
    /// One that smonitor makes for itself.
    SelfSigned,
    /// From files.
    Files,
}

impl TlsMode {
    /// The word used in the config.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::SelfSigned => "self_signed",
            Self::Files => "files",
        }
    }
}

/// What to measure and how often.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Monitor {
    /// What serves; never [`Mode::Demo`].
    pub mode: Mode,
    /// Title of the page.
    pub site_name: String,
    /// How often values are read while somebody looks.
    #[serde(deserialize_with = "seconds")]
    pub interval: Duration,
    /// The same for the process table.
    #[serde(deserialize_with = "seconds")]
    pub process_interval: Duration,
    /// How long reading goes on after the last viewer has left.
    #[serde(deserialize_with = "seconds")]
    pub linger: Duration,
    /// The nodes of an app, those of the file among them. What is written in the config is expanded.
    #[serde(skip)]
    pub host_groups: Vec<HostGroup>,
    /// A file with more of them; absolute.
    pub hosts_file: Option<PathBuf>,
    /// How often an app asks its nodes while nobody looks.
    #[serde(deserialize_with = "seconds")]
    pub idle_interval: Duration,
    /// After how long without an answer a node is down, at the least.
    #[serde(deserialize_with = "seconds")]
    pub down_after: Duration,
}

/// Which apps may ask this node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Peer {
    /// Where they may be; empty is everywhere.
    pub allow: Vec<Cidr>,
    /// Whether those on other machines may ask without TLS.
    pub allow_plain: bool,
    /// What they may show besides the access token.
    pub keys: Vec<PeerKey>,
}

/// A key that lets an app ask.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PeerKey {
    /// Whose it is.
    pub name: String,
    /// The key.
    pub key: Secret,
}

/// How graphics cards are read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Gpu {
    /// Whether they are read while nobody looks, so that it is known since when they idle.
    pub track_states: bool,
    /// Whether sleeping ones are woken.
    pub wake: bool,
    /// Where the driver's library is, if the loader does not find it.
    pub library: Option<PathBuf>,
}

/// How containers are read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Containers {
    /// Addresses of the engines that are asked for names.
    pub engines: Vec<String>,
}

/// Who may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Auth {
    /// When the access token is asked for.
    pub mode: AuthMode,
    /// Role of whoever holds the token, or of everybody where none is needed.
    pub role: Role,
}

/// When the access token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMode {
    /// Wherever somebody else could reach the server.
    Auto,
    /// Always.
    Token,
    /// Never.
    None,
}

/// What is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Log {
    /// Whether each request is.
    pub access: bool,
    /// The least important messages that are.
    pub level: LogLevel,
    /// Form of the lines.
    pub format: LogFormat,
}

/// How important a message is, most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something is not as it should be.
    Warn,
    /// What an administrator wants to know.
    Info,
    /// What somebody looking for a mistake wants to know.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The word used in the config.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Lines to read.
    Text,
    /// One JSON object a line.
    Json,
}

/// Caps, each at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Limits {
    /// Open WebSocket connections.
    pub viewers: usize,
    /// The same for one client address.
    pub viewers_per_address: usize,
    /// Topics per connection.
    pub subscriptions_per_viewer: usize,
}

/// What the kernel keeps the server from doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Sandbox {
    /// How much of it must be.
    pub mode: SandboxMode,
}

/// How much of the sandbox must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SandboxMode {
    /// What this kernel can.
    Auto,
    /// All of it, or no start.
    Require,
    /// Nothing.
    Off,
}

/// Who restarts a server that died.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Manager {
    /// smonitor itself or a supervisor.
    pub mode: ManagerMode,
    /// Address the manager listens on.
    #[serde(deserialize_with = "listen_address")]
    pub host: IpAddr,
    /// Port the manager listens on.
    pub port: u16,
}

/// Who restarts a server that died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ManagerMode {
    /// smonitor.
    #[serde(rename = "self")]
    Own,
    /// supervisord or systemd.
    Supervisor,
}

/// Kept values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct History {
    /// Whether values are kept.
    pub enabled: bool,
}

impl Config {
    /// Whether somebody on another machine could reach this server.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.server.behind_proxy || !self.server.host.to_canonical().is_loopback()
    }

    /// Whether the access token is asked for.
    #[must_use]
    pub fn needs_token(&self) -> bool {
        match self.auth.mode {
            AuthMode::Auto => self.is_published(),
            AuthMode::Token => true,
            AuthMode::None => false,
        }
    }

    /// Fingerprint of the settings that reach the page: another one means that the page should
    /// load itself anew. 12 hexadecimal digits.
    #[must_use]
    pub fn revision(&self) -> String {
        use sha2::{Digest as _, Sha256};
        use std::fmt::Write as _;
        let monitor = &self.monitor;
        let shown = format!(
            "{:?}",
            (
                monitor.mode,
                &monitor.site_name,
                monitor.interval,
                monitor.process_interval,
                &self.server.base_path,
                self.auth.role,
                self.needs_token(),
            )
        );
        Sha256::digest(shown).iter().take(6).fold(String::new(), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

/// The parts that come out of the merged layers as they are; the state folder may depend on more.
#[derive(Debug, Deserialize)]
struct Extracted {
    server: Server,
    monitor: Monitor,
    gpu: Gpu,
    containers: Containers,
    auth: Auth,
    peer: Peer,
    state_dir: Option<PathBuf>,
    log: Log,
    limits: Limits,
    sandbox: Sandbox,
    manager: Manager,
    history: History,
}

fn listen_address<'de, D: serde::Deserializer<'de>>(from: D) -> Result<IpAddr, D::Error> {
    let text = String::deserialize(from)?;
    check::listen_address(&text).ok_or_else(|| serde::de::Error::custom("not an address"))
}

fn seconds<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    Duration::try_from_secs_f64(f64::deserialize(from)?).map_err(serde::de::Error::custom)
}

fn lower_case<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(Vec::<String>::deserialize(from)?.iter().map(|name| name.to_ascii_lowercase()).collect())
}

fn with_final_slash<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let url = Option::<String>::deserialize(from)?;
    Ok(url.map(|url| if url.ends_with('/') { url } else { format!("{url}/") }))
}
