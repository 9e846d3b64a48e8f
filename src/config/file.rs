//! Which config file is read, and its layer.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::check::{self, Layer};
use super::fault::{Fault, Origin};
use super::json;
use super::permissions;
use super::surroundings::{KeptFile, Surroundings};
use super::table::{KEYS, Key};

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
    if let Some(KeptFile(None)) = &surroundings.kept {
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
    let kept = surroundings.kept.as_ref().and_then(|kept| kept.0.as_ref());
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
    anchor_state_dir(&mut layer, &path);
    let warning = holds_secrets(KEYS, &layer).then(|| permissions::too_open(&path)).flatten();
    let kept = KeptFile(Some((shown.clone(), bytes)));
    ConfigFile { path: Some(shown), layer, warning, kept }
}

/// A relative folder in a file is meant from the file, wherever smonitor was started.
fn anchor_state_dir(layer: &mut Layer, file: &Path) {
    let folder = file.parent().unwrap_or(Path::new(""));
    if let Some(Value::String(text)) = layer.values.get_mut("state_dir")
        && let Some(joined) = folder.join(&*text).to_str()
    {
        *text = joined.to_owned();
    }
}

fn holds_secrets(table: &[Key], layer: &Layer) -> bool {
    table.iter().any(|key| key.secret && layer.origins.contains_key(key.path))
}

/// Reads one byte more than the largest config at most, so that a wrong name (a disk image, a
/// device that never ends) costs nothing.
fn read_capped(path: &Path) -> std::io::Result<Vec<u8>> {
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
        let root = json::parse(br#"{"peer": {"key": "hunter2"}}"#).unwrap();
        let mut faults = Vec::new();
        check::check_tree(TABLE, root, &|_| Origin::Default, &mut faults);
        let said = super::super::Faults(faults).to_string();
        assert!(said.contains("peer.key") && !said.contains("hunter2"), "{said}");
    }
}
