//! What the delivery layer needs to know; `serve` fills it from the configuration.

use std::time::Duration;

use super::origin::PublicUrl;
use super::tls::Tls;
use crate::model::server::{Guard, GuardState, RestartedBy, Sandbox};
use crate::model::wire::Mode;
use crate::model::{Cidr, HostId};
use crate::state_dir::StateDir;

/// How the delivery layer behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What serves; told to the page.
    pub mode: Mode,
    /// Title of the site.
    pub site_name: String,
    /// The program's version.
    pub version: String,
    /// Changes when a setting that reaches the page changes; an open page then reloads.
    pub config_revision: String,
    /// How often values are read while somebody looks; told to the page.
    pub interval: Duration,
    /// The only host, where there is one only.
    pub only_host: Option<HostId>,
    /// Another one after each start; tells an app that versions of topics count anew.
    pub instance: String,
    /// Fingerprint of the machine, if it can be told; see [`PollHead`](crate::model::peer::PollHead).
    pub machine: Option<String>,
    /// Where everything lies on the site.
    pub base_path: BasePath,
    /// Names this server answers to besides its addresses: the machine's names and
    /// `server.allowed_hosts`. A leading dot admits every name below: `.lab.example.org`.
    pub allowed_hosts: Vec<String>,
    /// Whether a reverse proxy stands in front.
    pub behind_proxy: bool,
    /// Proxies whose word on the client's address is believed, if `behind_proxy`.
    pub trusted_proxies: Vec<Cidr>,
    /// Who may connect; empty is everybody.
    pub allow: Vec<Cidr>,
    /// Which apps may ask.
    pub peers: Peers,
    /// What HTTPS is served with, if it is.
    pub tls: Option<Tls>,
    /// The address people use, where a proxy makes it another than the server's own.
    pub public_url: Option<PublicUrl>,
    /// What any one client, and all of them, may take.
    pub limits: Limits,
    /// Who starts the server again when it dies; told to admins.
    pub restarted_by: RestartedBy,
    /// What the kernel keeps the server from doing; told to admins.
    pub sandbox: Sandbox,
    /// Where the manager writes restarts down, for admins; `None` if nothing is kept.
    pub state_dir: Option<StateDir>,
    /// Whether each request gets a line in the log (target `access`).
    pub access_log: bool,
    /// How long things may take.
    pub times: Times,
}

/// Which apps may ask this node.
#[derive(Debug, Clone, Default)]
pub struct Peers {
    /// Where they may be; empty is everywhere.
    pub allow: Vec<Cidr>,
    /// Whether those on other machines may ask without TLS.
    pub allow_plain: bool,
}

/// What any one client, and all of them, may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Open sockets in all.
    pub viewers: usize,
    /// Open sockets per client address (IPv6: per /64).
    pub viewers_per_address: usize,
    /// Topics per socket.
    pub subscriptions_per_viewer: usize,
    /// Connections in all beyond the viewers' own: those that are asking something just now.
    pub spare_connections: usize,
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// A new socket gets its first WebSocket ping after this long, so that its round trip is soon
    /// known.
    pub first_ping_after: Duration,
    /// The server sends a WebSocket ping this often.
    pub ping_every: Duration,
    /// A socket that says nothing for this long, pongs included, is closed.
    pub silent_at_most: Duration,
    /// A frame that a viewer does not take within this time ends the socket.
    pub send_at_most: Duration,
    /// How long the other side may take to answer the close frame.
    pub closing_at_most: Duration,
    /// Request line and headers must be there within this time; also how long a connection may
    /// stay open between two requests.
    pub headers_at_most: Duration,
    /// A TLS connection must be agreed upon within this time.
    pub handshake_at_most: Duration,
    /// A request's body must be there within this time.
    pub body_at_most: Duration,
    /// At the end: how long requests and sockets may take to finish before they are cut.
    pub drain_at_most: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            viewers: 2000,
            viewers_per_address: 200,
            subscriptions_per_viewer: 64,
            spare_connections: 512,
        }
    }
}

impl Default for Times {
    fn default() -> Self {
        Self {
            first_ping_after: Duration::from_secs(1),
            ping_every: Duration::from_secs(20),
            silent_at_most: Duration::from_secs(60),
            send_at_most: Duration::from_secs(10),
            closing_at_most: Duration::from_millis(500),
            headers_at_most: Duration::from_secs(15),
            handshake_at_most: Duration::from_secs(10),
            body_at_most: Duration::from_secs(10),
            // The manager waits 3 s for all of the program.
            drain_at_most: Duration::from_secs(2),
        }
    }
}

impl Settings {
    /// Settings of a node with one host and everything else as by default.
    #[must_use]
    pub fn new(mode: Mode, version: &str) -> Self {
        Self {
            mode,
            site_name: "smonitor".to_owned(),
            version: version.to_owned(),
            config_revision: String::new(),
            interval: Duration::from_secs(2),
            only_host: None,
            instance: new_instance(),
            machine: None,
            base_path: BasePath::default(),
            allowed_hosts: Vec::new(),
            behind_proxy: false,
            trusted_proxies: Vec::new(),
            allow: Vec::new(),
            peers: Peers::default(),
            tls: None,
            public_url: None,
            limits: Limits::default(),
            restarted_by: RestartedBy::Nobody,
            sandbox: unguarded(),
            state_dir: None,
            access_log: true,
            times: Times::default(),
        }
    }

    /// Proxies whose word counts: none unless one stands in front.
    pub(super) fn believed_proxies(&self) -> &[Cidr] {
        if self.behind_proxy { &self.trusted_proxies } else { &[] }
    }
}

/// A word that no other start has.
fn new_instance() -> String {
    format!("{:016x}", rand::random::<u64>())
}

/// What holds where nobody has asked the kernel for anything.
fn unguarded() -> Sandbox {
    let off = Guard { state: GuardState::Off, note: None };
    Sandbox { system_calls: off.clone(), writing: off.clone(), connecting: off }
}

/// The part of every path that comes before the server's own: `/` or `/name/`, always with a slash
/// at both ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasePath(String);

/// A text that cannot be a base path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a base path is made of letters, digits and '-', '.', '_', '~', '/', without '//' or '..'; \
     for example /monitor"
)]
pub struct InvalidBasePath;

impl Default for BasePath {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl BasePath {
    /// Takes `/monitor`, `monitor/` and the like; an empty text is `/`.
    ///
    /// # Errors
    /// If it has characters that would need escaping, or empty or dotted parts.
    pub fn parse(text: &str) -> Result<Self, InvalidBasePath> {
        if text.is_empty() || text == "/" {
            return Ok(Self::default());
        }
        let inner = text.strip_prefix('/').unwrap_or(text);
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        let part_fits = |part: &str| {
            !part.is_empty() && part != "." && part != ".." && part.chars().all(is_plain)
        };
        if inner.split('/').all(part_fits) {
            Ok(Self(format!("/{inner}/")))
        } else {
            Err(InvalidBasePath)
        }
    }

    /// With a slash at both ends.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path below the base, with its leading slash; `None` if `path` is not below.
    pub(super) fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        let without_slash = &self.0[..self.0.len() - 1];
        path.strip_prefix(without_slash).filter(|rest| rest.starts_with('/'))
    }

    /// Whether `path` is the base but for its last slash.
    pub(super) fn is_bare(&self, path: &str) -> bool {
        self.0.len() > 1 && path.len() + 1 == self.0.len() && self.0.starts_with(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_paths_get_a_slash_at_both_ends() {
        for (text, base) in
            [("", "/"), ("/", "/"), ("gpu", "/gpu/"), ("/gpu/", "/gpu/"), ("/a/b-c", "/a/b-c/")]
        {
            assert_eq!(BasePath::parse(text).unwrap().as_str(), base, "{text}");
        }
        for bad in ["//", "/a//b", "/../x", "/a b", "/a\"b", "/é", "/a?b", "/%2e"] {
            assert_eq!(BasePath::parse(bad), Err(InvalidBasePath), "{bad}");
        }
    }

    #[test]
    fn only_what_lies_below_the_base_is_found() {
        let base = BasePath::parse("/gpu").unwrap();
        assert_eq!(base.strip("/gpu/ws"), Some("/ws"));
        assert_eq!(base.strip("/gpu/"), Some("/"));
        for outside in ["/gpu", "/gpux/ws", "/", "/ws"] {
            assert_eq!(base.strip(outside), None, "{outside}");
        }
        assert!(base.is_bare("/gpu") && !base.is_bare("/gp") && !base.is_bare("/gpu/"));
        let root = BasePath::default();
        assert_eq!(root.strip("/ws"), Some("/ws"));
        assert!(!root.is_bare("") && !root.is_bare("/"));
    }
}
