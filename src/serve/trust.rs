//! Who may connect, which apps may ask, and the certificate: from the config to what `web` wants.

use std::path::Path;

use super::hostname;
use crate::config::{Config, TlsMode};
use crate::model::Secret;
use crate::state_dir::StateDir;
use crate::web::{self, Tls};

/// A larger file holds no certificate.
const FILE_MAX_BYTES: u64 = 1024 * 1024;

/// The part of the delivery layer's settings that says whom to trust; the rest is `base`'s. Makes a
/// certificate if the settings want one and there is none.
///
/// # Errors
/// If there is no certificate though there should be one; with the file.
pub(super) fn web_settings(config: &Config, base: web::Settings) -> Result<web::Settings, String> {
    Ok(web::Settings {
        allow: config.server.allow.clone(),
        peers: web::Peers {
            allow: config.peer.allow.clone(),
            allow_plain: config.peer.allow_plain,
        },
        tls: match config.server.tls.mode {
            TlsMode::Off => None,
            TlsMode::Files => given(config)?,
            TlsMode::SelfSigned => Some(self_signed(config)?),
        },
        ..base
    })
}

/// The certificate as it is now, without making one.
///
/// # Errors
/// What is wrong with it.
pub fn certificate(config: &Config) -> Result<Option<Tls>, String> {
    match config.server.tls.mode {
        TlsMode::Off => Ok(None),
        TlsMode::Files => given(config),
        // Looking must not make the folder.
        TlsMode::SelfSigned if !config.state_dir.is_dir() => Ok(None),
        TlsMode::SelfSigned => {
            let folder = StateDir::open(&config.state_dir).map_err(|error| error.to_string())?;
            Tls::kept(&folder).map_err(|error| error.to_string())
        }
    }
}

/// What apps may show, with their names.
pub(super) fn node_keys(config: &Config) -> Vec<(String, Secret)> {
    config.peer.keys.iter().map(|key| (key.name.clone(), key.key.clone())).collect()
}

/// What addresses of this server begin with.
pub(super) fn scheme(config: &Config) -> &'static str {
    if config.server.tls.mode == TlsMode::Off { "http" } else { "https" }
}

fn given(config: &Config) -> Result<Option<Tls>, String> {
    let tls = &config.server.tls;
    // That both are named was checked with the settings.
    let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) else { return Ok(None) };
    let pem = |path: &Path, name: &str| {
        read(path).map_err(|error| {
            format!("server.tls.{name}: {} cannot be read: {error}", path.display())
        })
    };
    Tls::from_pem(&pem(certificate, "certificate")?, &pem(key, "key")?).map(Some).map_err(|error| {
        let path = match error {
            web::tls::Error::Key(_) => ("key", key),
            _ => ("certificate", certificate),
        };
        format!("server.tls.{}: {}: {error}", path.0, path.1.display())
    })
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(FILE_MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn self_signed(config: &Config) -> Result<Tls, String> {
    let folder = StateDir::open(&config.state_dir).map_err(|error| error.to_string())?;
    Tls::self_signed(&folder, &names(config)).map_err(|error| error.to_string())
}

/// What this server may be called by people: a browser that was told to trust the certificate then asks
/// no further. Apps look at the fingerprint alone.
fn names(config: &Config) -> Vec<String> {
    let own = hostname().to_ascii_lowercase();
    let mut names = vec![own.clone(), format!("{own}.local")];
    names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    if !config.server.host.is_unspecified() {
        names.push(config.server.host.to_canonical().to_string());
    }
    names.extend(config.server.allowed_hosts.iter().filter(|name| !name.starts_with('.')).cloned());
    names.retain(|name| name.is_ascii() && !name.is_empty());
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}
