//! The one table of settings. The checker, the names of environment variables, the configuration
//! page of the docs and `check-config` are all made from it; nothing else lists settings.

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Where it is: `server.port`. Inside [`Kind::Records`] only the last name.
    pub path: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What it is if nobody says, as JSON. None: it must be given (only inside records).
    pub default: Option<&'static str>,
    /// Whether null is allowed, and what null stands for is said in the description.
    pub nullable: bool,
    /// Never shown, and its file should be readable by its owner only.
    pub secret: bool,
    /// What becomes of it in this version.
    pub stage: Stage,
    /// One sentence for the docs.
    pub english: &'static str,
    /// The same sentence in Chinese.
    pub chinese: &'static str,
}

/// Whether a setting does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It does.
    Used,
    /// It is checked and then ignored: its feature is not built yet.
    Later,
}

/// What a setting may be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// true or false.
    Boolean,
    /// A whole number in a closed range.
    Integer {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// A number of seconds in a closed range; fractions are fine.
    Seconds {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A text of this form.
    Text(Form),
    /// A list of texts of this form.
    List(Form),
    /// A list of objects with these settings.
    Records(&'static [Key]),
}

/// The form of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An address to listen on: IPv4, IPv6 or `localhost`.
    ListenAddress,
    /// A host name or an IP address, without port.
    HostName,
    /// The same, or a domain with a leading dot for every name below it.
    Domain,
    /// A range of addresses: `10.0.0.0/8`, or one address.
    Network,
    /// `/` or `/something/`.
    BasePath,
    /// `http://…` or `https://…`.
    Url,
    /// 1 to 100 characters to show.
    Title,
    /// A path of the file system.
    Path,
    /// Where a container engine listens: `unix:///path` or `tcp://host:port`.
    Engine,
    /// A title that may stand for many: `gpu[01-16]`.
    NamePattern,
    /// A host name or IP address that may stand for many, without port.
    AddressPattern,
    /// The same with or without port: `gpu[01-16].lab:8999`.
    NodePattern,
    /// SHA-256 of a certificate, as 64 hexadecimal digits.
    Fingerprint,
    /// What a node is shown to let an app in: 16 to 200 visible characters.
    NodeKey,
}

mod keys;

pub use keys::KEYS;

impl Key {
    /// The environment variable that sets it: `SMONITOR_SERVER_BEHIND_PROXY`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("{}{}", VARIABLE_PREFIX, self.path.replace('.', "_").to_ascii_uppercase())
    }

    /// Whether a value of it may hold a secret anywhere.
    #[must_use]
    pub fn holds_secrets(&self) -> bool {
        self.secret
            || matches!(self.kind, Kind::Records(keys) if keys.iter().any(Self::holds_secrets))
    }

    /// What is wanted of a value, to go on after "wanted".
    #[must_use]
    pub fn wanted(&self) -> String {
        let wanted = self.kind.wanted();
        if self.nullable { format!("{wanted}, or null") } else { wanted }
    }
}

/// What the names of our environment variables begin with.
pub const VARIABLE_PREFIX: &str = "SMONITOR_";

impl Kind {
    fn wanted(self) -> String {
        match self {
            Self::Boolean => "true or false".to_owned(),
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Seconds { min, max } => format!("a number of seconds from {min} to {max}"),
            Self::Choice(words) => one_of(words),
            Self::Text(form) => form.one().to_owned(),
            Self::List(form) => format!("a list of {}", form.many()),
            Self::Records(keys) => {
                let names: Vec<_> = keys.iter().map(|key| key.path).collect();
                format!("a list of objects with {}", names.join(", "))
            }
        }
    }
}

fn one_of(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

impl Form {
    pub(super) fn one(self) -> &'static str {
        match self {
            Self::ListenAddress => "an IP address of this machine, or \"localhost\"",
            Self::HostName => "a host name or an IP address, without scheme and port",
            Self::Domain => {
                "a host name, an IP address or a domain like \".example.org\", without scheme and port"
            }
            Self::Network => "an IP address or a range like \"10.0.0.0/8\"",
            Self::BasePath => "a path like \"/\" or \"/monitor/\" that begins and ends with /",
            Self::Url => "an address like \"https://monitor.example.org/\"",
            Self::Title => "1 to 100 characters without line breaks",
            Self::Path => "a path written out (~ and $ are not expanded)",
            Self::Engine => {
                "an address like \"unix:///run/docker.sock\" or \"tcp://127.0.0.1:2375\""
            }
            Self::NamePattern => "1 to 100 characters like \"gpu-01\" or \"gpu[01-16]\"",
            Self::AddressPattern => {
                "a host name or an IP address like \"gpu-01.lab\" or \"gpu[01-16].lab\", without scheme and port"
            }
            Self::NodePattern => {
                "a node like \"gpu-01\", \"gpu[01-16].lab:8999\" or \"[fd00::1]:8999\""
            }
            Self::Fingerprint => {
                "the fingerprint of a certificate as smonitor fingerprint prints it, \"SHA256:AB:CD:…\""
            }
            Self::NodeKey => "a key as smonitor key new prints it, 16 to 200 visible characters",
        }
    }

    fn many(self) -> &'static str {
        match self {
            Self::ListenAddress => "IP addresses of this machine",
            Self::HostName => "host names or IP addresses, without scheme and port",
            Self::Domain => {
                "host names, IP addresses or domains like \".example.org\", without scheme and port"
            }
            Self::Network => "IP addresses or ranges like \"10.0.0.0/8\"",
            Self::BasePath => "paths that begin and end with /",
            Self::Url => "addresses like \"https://monitor.example.org/\"",
            Self::Title => "texts of 1 to 100 characters without line breaks",
            Self::Path => "paths written out",
            Self::Engine => "addresses like \"unix:///run/docker.sock\"",
            Self::NamePattern => "texts like \"gpu[01-16]\"",
            Self::AddressPattern => "addresses like \"gpu[01-16].lab\", without scheme and port",
            Self::NodePattern => "nodes like \"gpu[01-16].lab:8999\"",
            Self::Fingerprint => "fingerprints like \"SHA256:AB:CD:…\"",
            Self::NodeKey => "keys as smonitor key new prints them",
        }
    }
}

#[cfg(test)]
mod tests;
