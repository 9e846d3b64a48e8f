//! Which config file is read, and its layer.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::check::{self, Layer};
use super::fault::{Fault, Origin};
use super::json;
use super::permissions;
use super::surroundings::{KeptFile, Surroundings};
use super::table::{KEYS, Key, Kind};

/// The name that is looked for in the working directory.
pub(super) const USUAL_NAME: &str = "config.json";

/// What a config file said.
#[derive(Debug, Default)]
pub(super) struct ConfigFile {
    pub(super) path: Option<PathBuf>,
    pub(super) layer: Layer,
    pub(super) warning: Option<String>,
    /// What was read, to be used again.
    pub(super) kept: KeptFile,
}

/// Reads the file that was named by flag or variable, else `config.json` if it is there and
/// `look_around`.
pub(super) fn read(
    named: Option<&Path>,
    look_around: bool,
    surroundings: &Surroundings,
    faults: &mut Vec<Fault>,
) -> ConfigFile {
    if let Some(KeptFile { config: None, .. }) = &surroundings.kept {
        return ConfigFile::default();
    }
    let variable = || surroundings.variable("SMONITOR_CONFIG").map(PathBuf::from);
    let named = named.map(Path::to_owned).or_else(variable);
    let is_named = named.is_some();
    let shown = match named {
        Some(path) => path,
        None if look_around => PathBuf::from(USUAL_NAME),
        None => return ConfigFile::default(),
    };
    let path = surroundings.working_directory.join(&shown);
    let kept = surroundings.kept.as_ref().and_then(|kept| kept.config.as_ref());
    let whole = |message: String| Fault {
        path: None,
        origin: Some(Origin::File { path: shown.clone(), line: None }),
        message,
    };
    let bytes = match kept.map_or_else(|| read_capped(&path), |(_, bytes)| Ok(bytes.clone())) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_named => {
            return ConfigFile::default();
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            faults.push(whole(
                "there is no such file; check the name, or leave it out to run with defaults"
                    .to_owned(),
            ));
            return ConfigFile::default();
        }
        Err(error) => {
            faults.push(whole(format!("cannot be read: {error}")));
            return ConfigFile::default();
        }
    };
    let origin = |line| Origin::File { path: shown.clone(), line: (line > 0).then_some(line) };
    let root = match json::parse(&bytes) {
        Ok(root) => root,
        Err(malformed) => {
            faults.extend(malformed.into_iter().map(|what| Fault {
                path: None,
                origin: Some(origin(what.line.unwrap_or(0))),
                message: what.message,
            }));
            return ConfigFile::default();
        }
    };
    let mut layer = check::check_tree(KEYS, root, &origin, faults);
    anchor_paths(&mut layer, &path);
    let warning = holds_secrets(KEYS, &layer).then(|| permissions::too_open(&path)).flatten();
    let kept = KeptFile { config: Some((shown.clone(), bytes)), hosts: None };
    ConfigFile { path: Some(shown), layer, warning, kept }
}

/// Settings with a path that, in a file, begins at the file's folder.
const ANCHORED: [&str; 4] =
    ["/state_dir", "/monitor/hosts_file", "/server/tls/certificate", "/server/tls/key"];

/// A relative path in a file is meant from the file, wherever smonitor was started.
fn anchor_paths(layer: &mut Layer, file: &Path) {
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut all = Value::Object(std::mem::take(&mut layer.values));
    for pointer in ANCHORED {
        if let Some(Value::String(text)) = all.pointer_mut(pointer)
            && let Some(joined) = folder.join(&*text).to_str()
        {
            *text = joined.to_owned();
        }
    }
    if let Value::Object(values) = all {
        layer.values = values;
    }
}

fn holds_secrets(table: &[Key], layer: &Layer) -> bool {
    let said = |key: &&Key| layer.origins.contains_key(key.path);
    table.iter().filter(said).any(|key| {
        let pointer = format!("/{}", key.path.replace('.', "/"));
        let values = layer.values.get(key.path.split('.').next().unwrap_or_default());
        let below = pointer.match_indices('/').nth(1).map_or("", |(at, _)| &pointer[at..]);
        values.and_then(|values| values.pointer(below)).is_some_and(|value| is_secret(key, value))
    })
}

/// Whether there is a secret in a setting's value.
fn is_secret(key: &Key, value: &Value) -> bool {
    match (key.kind, value) {
        (Kind::Records(keys), Value::Array(records)) => records.iter().any(|record| {
            let inner = |key: &Key| record.get(key.path).is_some_and(|value| is_secret(key, value));
            keys.iter().any(inner)
        }),
        _ => key.secret && !value.is_null(),
    }
}

/// A setting's value with `***` for every secret in it.
pub(super) fn masked(key: &Key, value: Value) -> Value {
    match (key.kind, value) {
        (Kind::Records(keys), Value::Array(records)) => {
            let mask = |mut record: Value| {
                for key in keys {
                    if let Some(value) = record.get_mut(key.path) {
                        *value = masked(key, value.take());
                    }
                }
                record
            };
            Value::Array(records.into_iter().map(mask).collect())
        }
        (_, value) if key.secret && !value.is_null() => Value::from("***"),
        (_, value) => value,
    }
}

/// Reads one byte more than the largest config at most, so that a wrong name (a disk image, a
/// device that never ends) costs nothing.
pub(super) fn read_capped(path: &Path) -> std::io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    let mut bytes = Vec::new();
    file.take(json::MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_with_secrets_needs_to_be_private() {
        const TABLE: &[Key] = &[
            Key { path: "peer.key", secret: true, ..KEYS[0] },
            Key { path: "server.host", ..KEYS[0] },
        ];
        let origin = |_| Origin::Default;
        for (text, secret) in
            [(r#"{"server": {"host": "::1"}}"#, false), (r#"{"peer": {"key": "::1"}}"#, true)]
        {
            let root = json::parse(text.as_bytes()).unwrap();
            let layer = check::check_tree(TABLE, root, &origin, &mut Vec::new());
            assert_eq!(holds_secrets(TABLE, &layer), secret, "{text}");
        }
    }

    #[test]
    fn a_wrong_secret_is_not_repeated() {
        const TABLE: &[Key] = &[Key { path: "peer.key", secret: true, ..KEYS[0] }];
        let list = r#"{"peer": {"keys": "hunter2"}}"#;
        let short = r#"{"peer": {"keys": [{"name": "a", "key": "hunter2"}]}}"#;
        for (table, text) in
            [(TABLE, r#"{"peer": {"key": "hunter2"}}"#), (KEYS, list), (KEYS, short)]
        {
            let root = json::parse(text.as_bytes()).unwrap();
            let mut faults = Vec::new();
            check::check_tree(table, root, &|_| Origin::Default, &mut faults);
            let said = super::super::Faults(faults).to_string();
            assert!(said.contains("peer.key") && !said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn secrets_are_found_and_masked_wherever_they_are() {
        let key = |path| KEYS.iter().find(|key| key.path == path).unwrap();
        let text = r#"{"monitor": {"host_groups": [{"name": "a", "hosts": [
            {"name": "x", "key": "smk_hunter2-hunter2"}, {"name": "y"}]}]}}"#;
        let layer = |text: &str| {
            let mut faults = Vec::new();
            let root = json::parse(text.as_bytes()).unwrap();
            let layer = check::check_tree(KEYS, root, &|_| Origin::Default, &mut faults);
            assert_eq!(faults, []);
            layer
        };
        let with = layer(text);
        assert!(holds_secrets(KEYS, &with));
        assert!(!holds_secrets(KEYS, &layer(&text.replace("key", "address"))));
        let value = with.values["monitor"]["host_groups"].clone();
        let shown = masked(key("monitor.host_groups"), value).to_string();
        assert!(!shown.contains("hunter2") && shown.contains(r#""key":"***""#), "{shown}");
        assert!(shown.contains(r#""key":null"#), "what is not there is not hidden: {shown}");
    }
}
