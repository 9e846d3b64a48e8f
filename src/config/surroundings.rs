//! What the process was started with, as far as settings depend on it. Passed in, so that tests
//! need not change the environment of the test process.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::check::{self, Layer};
use super::fault::{Fault, Origin};
use super::nearest::nearest;
use super::table::{KEYS, Key, Kind, VARIABLE_PREFIX};
use crate::model::wire::Mode;

/// Environment variables, working directory and who we are.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// All environment variables.
    pub variables: Vec<(OsString, OsString)>,
    /// Where relative paths of flags and variables begin.
    pub working_directory: PathBuf,
    /// Home folder by the user database, for when `HOME` is not set.
    pub home: Option<PathBuf>,
    /// Whether we run as root.
    pub is_root: bool,
    /// The config file as it was read before, to be used instead of reading it.
    pub kept: Option<KeptFile>,
}

/// A config file as it was read, and the file of hosts that it names, so that what was found right can
/// be used again whatever happens to the files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptFile {
    /// Path and content; none if there was no file.
    pub config: Option<(PathBuf, Vec<u8>)>,
    /// Content of `monitor.hosts_file`, if that is set.
    pub hosts: Option<Vec<u8>>,
}

/// What separates the parts in [`KeptFile::to_bytes`]. It is in no path and no JSON; hosts come last.
const END: u8 = 0;

impl KeptFile {
    /// For another process: path of the config, a zero, its content, a zero, a 1 before the hosts if
    /// there are any, the hosts. Nothing where there was nothing.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        use std::os::unix::ffi::OsStrExt as _;
        let (path, content) = match &self.config {
            Some((path, content)) => (path.as_os_str().as_bytes(), content.as_slice()),
            None => (&[][..], &[][..]),
        };
        let hosts = self.hosts.as_ref().map(|hosts| [&[1], hosts.as_slice()].concat());
        match (&self.config, hosts) {
            (None, None) => Vec::new(),
            (_, hosts) => {
                [path, &[END], content, &[END], hosts.as_deref().unwrap_or_default()].concat()
            }
        }
    }

    /// Understands [`Self::to_bytes`], also of a version that kept the config alone.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        use std::os::unix::ffi::OsStringExt as _;
        let mut parts = bytes.splitn(3, |byte| *byte == END);
        let (path, content) = (parts.next().unwrap_or_default(), parts.next());
        let config = content
            .filter(|_| !path.is_empty())
            .map(|content| (PathBuf::from(OsString::from_vec(path.to_vec())), content.to_vec()));
        let hosts = parts.next().and_then(|rest| rest.strip_prefix(&[1])).map(<[u8]>::to_vec);
        Self { config, hosts }
    }
}

/// Names that begin like settings and are read by somebody else: the file's name by us before the
/// settings, the program's path by the browser tests, whom to ask by `free`, `who` and `top`.
const NOT_SETTINGS: [&str; 3] = ["SMONITOR_CONFIG", "SMONITOR_BIN", "SMONITOR_URL"];

/// Variables that control smonitor's own processes and builds.
const INTERNAL_PREFIX: &str = "SMONITOR_INTERNAL_";

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let uid = rustix::process::geteuid().as_raw();
        let home = || {
            use uzers::os::unix::UserExt as _;
            uzers::get_user_by_uid(uid).map(|user| user.home_dir().to_owned())
        };
        Self {
            variables: std::env::vars_os().collect(),
            working_directory: std::env::current_dir().unwrap_or_default(),
            // The user database may be asked over the network: only if need be.
            home: if std::env::var_os("HOME").is_none() { home() } else { None },
            is_root: uid == 0,
            kept: None,
        }
    }

    /// A variable that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<&OsString> {
        let found = self.variables.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value).filter(|value| !value.is_empty())
    }

    /// Where state goes if no setting says so. An app and a node of one user on one machine, as where an app
    /// shows the machine that it runs on beside a node that others ask, do not get in each other's way.
    pub(super) fn default_state_dir(&self, mode: Mode) -> Option<PathBuf> {
        let name = match mode {
            Mode::App => "smonitor-app",
            Mode::Node | Mode::Demo => "smonitor",
        };
        let absolute = |name| {
            let path = PathBuf::from(self.variable(name)?);
            // The XDG specification wants relative paths ignored.
            path.is_absolute().then_some(path)
        };
        if let Some(base) = absolute("XDG_STATE_HOME") {
            return Some(base.join(name));
        }
        if self.is_root {
            return Some(Path::new("/var/lib").join(name));
        }
        let home = absolute("HOME").or_else(|| self.home.clone())?;
        Some(home.join(".local/state").join(name))
    }

    /// The layer that the variables make.
    pub(super) fn layer(&self, faults: &mut Vec<Fault>) -> Layer {
        let mut layer = Layer::default();
        let mut ours: Vec<_> = self
            .variables
            .iter()
            .filter_map(|(name, value)| Some((name.to_str()?, value)))
            .filter(|(name, value)| is_meant_for_us(name, value))
            .collect();
        // The order of the environment is arbitrary; that of messages should not be.
        ours.sort();
        for (name, value) in ours {
            let origin = Origin::Environment { name: name.to_owned() };
            let Some(key) = KEYS.iter().find(|key| key.variable() == name) else {
                faults.push(unknown(name, origin));
                continue;
            };
            match value.to_str() {
                Some(text) => {
                    check::check_value(key, parse(key, text), origin, &mut layer, faults);
                }
                None => faults.push(Fault {
                    path: Some(key.path.to_owned()),
                    origin: Some(origin),
                    message: "is not UTF-8 text".to_owned(),
                }),
            }
        }
        layer
    }
}

fn is_meant_for_us(name: &str, value: &OsString) -> bool {
    let ours = name.starts_with(VARIABLE_PREFIX)
        && !name.starts_with(INTERNAL_PREFIX)
        && !NOT_SETTINGS.contains(&name);
    ours && !is_service_link(name, value)
}

/// Kubernetes and old Docker describe a service called "smonitor" by variables of this form to
/// every container of its namespace; they are no settings of ours.
fn is_service_link(name: &str, value: &OsString) -> bool {
    let value = value.to_string_lossy();
    name.starts_with("SMONITOR_SERVICE_")
        || (name.starts_with("SMONITOR_PORT")
            && (value.contains("://") || name.strip_prefix("SMONITOR_PORT_").is_some()))
}

fn unknown(name: &str, origin: Origin) -> Fault {
    let known: Vec<_> = KEYS.iter().map(Key::variable).collect();
    // A last word alone is enough to know what was meant: SMONITOR_PORT.
    let short = name.strip_prefix(VARIABLE_PREFIX).unwrap_or(name);
    let by_last_word = || known.iter().find(|known| known.ends_with(&format!("_{short}")));
    let meant = nearest(name, known.iter().map(String::as_str))
        .or_else(|| by_last_word().map(String::as_str));
    let message = match meant {
        Some(meant) => format!("there is no such setting; did you mean {meant}?"),
        None => "there is no such setting; docs/configuration.md lists all".to_owned(),
    };
    Fault { path: None, origin: Some(origin), message }
}

/// A variable's text as the kind of its setting wants it. What does not parse stays text, so that
/// the check says what was wanted.
fn parse(key: &Key, text: &str) -> Value {
    let trimmed = text.trim();
    if trimmed.is_empty() && key.nullable {
        return Value::Null;
    }
    let as_text = || Value::String(text.to_owned());
    match key.kind {
        Kind::Boolean => match trimmed.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Value::Bool(true),
            "false" | "no" | "off" | "0" => Value::Bool(false),
            _ => as_text(),
        },
        Kind::Integer { .. } => trimmed.parse::<u64>().map_or_else(|_| as_text(), Value::from),
        Kind::Seconds { .. } => {
            let number = trimmed.parse().ok().and_then(serde_json::Number::from_f64);
            number.map_or_else(as_text, Value::Number)
        }
        Kind::Choice(_) | Kind::Text(_) => as_text(),
        Kind::List(_) => {
            let elements = trimmed.split(',').map(str::trim).filter(|part| !part.is_empty());
            Value::Array(elements.map(|part| Value::String(part.to_owned())).collect())
        }
        Kind::Records(_) => serde_json::from_str(trimmed).unwrap_or_else(|_| as_text()),
    }
}
