//! All layers together: read, checked, merged, typed.

use std::path::{Path, PathBuf};

use figment::value::{Dict, Map};
use figment::{Error, Figment, Metadata, Profile, Provider};
use serde::Serialize;
use serde_json::Value;

use super::check::{self, Layer};
use super::fault::{Fault, Faults, Origin};
use super::surroundings::{KeptFile, Surroundings};
use super::table::{KEYS, Key, Stage};
use super::{Config, Extracted, file, hosts, permissions, rules};

/// More faults than this are counted, not listed.
const MOST_FAULTS: usize = 50;

/// What the command line said. None: nothing, so that lower layers count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--config`: the file to read. It must be there.
    pub config: Option<PathBuf>,
    /// Do not look for `config.json` in the working directory.
    pub ignore_usual_file: bool,
    /// `--mode`.
    pub mode: Option<&'static str>,
    /// `--host`.
    pub host: Option<String>,
    /// `--port`.
    pub port: Option<u16>,
    /// `--state-dir`.
    pub state_dir: Option<PathBuf>,
    /// `--disable-log`.
    pub disable_log: bool,
    /// `--log-level`.
    pub log_level: Option<&'static str>,
}

/// Settings that are right, and what is to be said about them.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The file that was read, as it was named.
    pub file: Option<PathBuf>,
    /// The same with its content.
    pub kept: KeptFile,
    /// Good to know, a sentence each.
    pub notices: Vec<String>,
    /// To be thought about, a sentence each.
    pub warnings: Vec<String>,
    /// Every setting with its value and where it came from, in the order of the table.
    pub effective: Vec<Effective>,
}

/// A setting as it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effective {
    /// Its path.
    pub path: &'static str,
    /// Its value; `"***"` if it is a secret.
    pub value: Value,
    /// Where the value came from.
    pub origin: Origin,
}

/// Reads, checks and merges all settings.
///
/// # Errors
/// Everything that is wrong with them, wherever it was said: also what a stronger layer hides, for
/// it would come out on the day that the flag is left away.
pub fn load(overrides: &Overrides, surroundings: &Surroundings) -> Result<Loaded, Faults> {
    let mut faults = Vec::new();
    let look_around = !overrides.ignore_usual_file;
    let named = overrides.config.as_deref();
    let mut file = file::read(named, look_around, surroundings, &mut faults);
    let layers = [
        defaults(),
        file.layer,
        surroundings.layer(&mut faults),
        flags(overrides, surroundings, &mut faults),
    ];
    let merged = merge(&layers);
    let config = merged
        .extract()
        .map_err(|error| not_typed(&error))
        .and_then(|extracted| finish(extracted, surroundings));
    let config = match config {
        Ok(mut config) => {
            let kept = surroundings.kept.as_ref();
            file.kept.hosts = hosts_file(&config, kept, &mut faults);
            config.monitor.host_groups = groups(&merged, &config, &file.kept, &mut faults);
            faults.extend(rules::faults(&config));
            Some(config)
        }
        Err(fault) => {
            faults.push(fault);
            None
        }
    };
    match config {
        Some(config) if faults.is_empty() => Ok(Loaded {
            notices: notices(look_around, file.path.as_deref(), &layers),
            warnings: file
                .warning
                .into_iter()
                .chain(permissions::too_open_in(&config.state_dir))
                .chain(rules::warnings(&config))
                .chain(hosts::warnings(&config.monitor.host_groups))
                .collect(),
            effective: effective(&layers, &config),
            file: file.path,
            kept: file.kept,
            config,
        }),
        _ => Err(Faults(cut(faults))),
    }
}

/// The content of the file of hosts, if one is named: as it was before, or as it is.
fn hosts_file(
    config: &Config,
    kept: Option<&KeptFile>,
    faults: &mut Vec<Fault>,
) -> Option<Vec<u8>> {
    let path = config.monitor.hosts_file.as_deref()?;
    if let Some(hosts) = kept.and_then(|kept| kept.hosts.as_ref()) {
        return Some(hosts.clone());
    }
    match file::read_capped(path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            faults.push(Fault {
                path: Some("monitor.hosts_file".to_owned()),
                origin: Some(Origin::File { path: path.to_owned(), line: None }),
                message: format!("cannot be read: {error}"),
            });
            None
        }
    }
}

/// The nodes of an app, one by one.
fn groups(
    merged: &Figment,
    config: &Config,
    kept: &KeptFile,
    faults: &mut Vec<Fault>,
) -> Vec<hosts::HostGroup> {
    let written = merged.extract_inner("monitor.host_groups").unwrap_or_else(|error| {
        faults.push(not_typed(&error));
        Vec::new()
    });
    let file = config.monitor.hosts_file.as_deref().zip(kept.hosts.as_deref());
    let file = file.map(|(path, bytes)| hosts::HostsFile { path, bytes });
    hosts::expand(written, file, faults)
}

/// The first layer: what the table says.
fn defaults() -> Layer {
    let mut layer = Layer::default();
    for key in KEYS {
        // A default that is not JSON would be missed by the extraction, and a test parses them all.
        if let Some(value) = key.default.and_then(|text| serde_json::from_str(text).ok()) {
            layer.insert(key, value, Origin::Default);
        }
    }
    layer
}

/// The last layer: what the command line says.
fn flags(overrides: &Overrides, surroundings: &Surroundings, faults: &mut Vec<Fault>) -> Layer {
    let mut layer = Layer::default();
    let state_dir = overrides.state_dir.as_ref().and_then(|path| {
        let absolute = surroundings.working_directory.join(path);
        if absolute.to_str().is_none() {
            faults.push(Fault {
                path: Some("state_dir".to_owned()),
                origin: Some(Origin::Flag { name: "--state-dir" }),
                message: "wanted a path in UTF-8".to_owned(),
            });
        }
        absolute.to_str().map(Value::from)
    });
    let said = [
        ("monitor.mode", "--mode", overrides.mode.map(Value::from)),
        ("server.host", "--host", overrides.host.clone().map(Value::from)),
        ("server.port", "--port", overrides.port.map(Value::from)),
        ("state_dir", "--state-dir", state_dir),
        ("log.access", "--disable-log", overrides.disable_log.then_some(Value::Bool(false))),
        ("log.level", "--log-level", overrides.log_level.map(Value::from)),
    ];
    for (path, name, value) in said {
        let key = KEYS.iter().find(|key| key.path == path);
        if let (Some(key), Some(value)) = (key, value) {
            check::check_value(key, value, Origin::Flag { name }, &mut layer, faults);
        }
    }
    layer
}

impl Provider for &Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named("settings")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let value = figment::value::Value::serialize(&self.values)?;
        Ok(Profile::Default.collect(value.into_dict().unwrap_or_default()))
    }
}

fn merge(layers: &[Layer]) -> Figment {
    layers.iter().fold(Figment::new(), |merged, layer| merged.merge(layer))
}

/// Cannot happen while the table and the types agree, and a test says whether they do.
fn not_typed(error: &Error) -> Fault {
    Fault {
        path: Some(error.path.join(".")),
        origin: None,
        message: format!("smonitor's table of settings and its types disagree: {error}"),
    }
}

fn finish(extracted: Extracted, surroundings: &Surroundings) -> Result<Config, Fault> {
    let state_dir = match extracted.state_dir {
        Some(path) => Some(surroundings.working_directory.join(path)),
        None => surroundings.default_state_dir(extracted.monitor.mode),
    };
    let anchored =
        |path: Option<PathBuf>| path.map(|path| surroundings.working_directory.join(path));
    let Extracted { mut server, mut monitor, .. } = extracted;
    server.tls.certificate = anchored(server.tls.certificate);
    server.tls.key = anchored(server.tls.key);
    monitor.hosts_file = anchored(monitor.hosts_file);
    Ok(Config {
        state_dir: state_dir.ok_or_else(|| Fault {
            path: Some("state_dir".to_owned()),
            origin: None,
            message: "there is no home folder to put it in; name a folder with --state-dir"
                .to_owned(),
        })?,
        server,
        monitor,
        peer: extracted.peer,
        gpu: extracted.gpu,
        containers: extracted.containers,
        auth: extracted.auth,
        log: extracted.log,
        limits: extracted.limits,
        sandbox: extracted.sandbox,
        manager: extracted.manager,
        history: extracted.history,
    })
}

fn notices(look_around: bool, file: Option<&Path>, layers: &[Layer]) -> Vec<String> {
    let mut notices = Vec::new();
    if look_around && file.is_none() {
        notices.push(format!(
            "No {} here, so defaults apply; config_node.json and config_app.json are examples to start from.",
            file::USUAL_NAME
        ));
    }
    let is_said = |key: &&Key| layers.iter().skip(1).any(|l| l.origins.contains_key(key.path));
    let later: Vec<_> = KEYS
        .iter()
        .filter(|key| key.stage == Stage::Later)
        .filter(is_said)
        .map(|key| key.path)
        .collect();
    if !later.is_empty() {
        notices.push(format!("Checked, but not used by this version: {}.", later.join(", ")));
    }
    notices
}

fn effective(layers: &[Layer], config: &Config) -> Vec<Effective> {
    let strongest = |key: &Key| {
        let said = layers.iter().rev().find_map(|layer| {
            let pointer = format!("/{}", key.path.replace('.', "/"));
            let value = layer.values.get(first(key.path))?;
            let value = match pointer.get(1 + first(key.path).len()..) {
                Some(rest) if !rest.is_empty() => value.pointer(rest)?,
                _ => value,
            };
            Some((value.clone(), layer.origins.get(key.path)?.clone()))
        });
        said.unwrap_or((Value::Null, Origin::Default))
    };
    KEYS.iter()
        .map(|key| {
            let (value, origin) = strongest(key);
            let value = match key.path {
                "state_dir" => Value::from(config.state_dir.to_string_lossy()),
                _ => file::masked(key, value),
            };
            Effective { path: key.path, value, origin }
        })
        .collect()
}

fn first(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}

fn cut(mut faults: Vec<Fault>) -> Vec<Fault> {
    let more = faults.len().saturating_sub(MOST_FAULTS);
    if more > 0 {
        faults.truncate(MOST_FAULTS);
        faults.push(Fault { path: None, origin: None, message: format!("and {more} more") });
    }
    faults
}
