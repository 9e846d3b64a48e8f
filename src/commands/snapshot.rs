//! `smonitor snapshot`: one look, at this machine or at a running smonitor, printed once.

use std::path::Path;
use std::time::Duration;

use crate::cli::{self, Exit, Form};
use crate::config::Loaded;
use crate::host;
use crate::model::wire::{HostDocument, OverviewDocument, ProcessesDocument};
use crate::model::{Audience, HostId};
use crate::serve;

use super::measure::{self, Look};
use super::{local, text, wait_for};

/// A remote smonitor that says nothing for this long is given up.
const REMOTE_PATIENCE: Duration = Duration::from_secs(10);

/// Rates of a first answer are absent; this much later a second one has them.
const BETWEEN_LOOKS: Duration = Duration::from_millis(700);

/// The largest answer that is read from a remote smonitor.
const REMOTE_MAX_BYTES: usize = 64 << 20;

/// Takes a look and renders it.
///
/// # Errors
/// What went wrong, where, and what to do, in a sentence.
pub(super) fn run(loaded: &Loaded, options: &cli::Snapshot) -> Result<(String, Exit), String> {
    let looked = match &options.url {
        Some(url) => wait_for(remote(url, options.token_file.as_deref()))?,
        None => {
            let (settings, context) = local(loaded);
            let audience = Audience::new(loaded.config.auth.role);
            let sources = host::sources(&context, serve::host_settings(&loaded.config)?);
            let look = measure::look(settings, sources, context, audience);
            wait_for(async { look.await.map_err(|error| error.to_string()) })?
        }
    };
    let rendered = match options.form {
        Form::Text => text::look(&looked, cli::terminal_width()),
        Form::Json => serde_json::to_string_pretty(&serde_json::json!({
            "host": looked.host,
            "processes": looked.processes,
        }))
        .map_err(|error| format!("the snapshot cannot be written as JSON: {error}"))?,
    };
    Ok((rendered, Exit::Success))
}

async fn remote(url: &str, token_file: Option<&Path>) -> Result<Look, String> {
    let remote = Remote::new(url, token_file)?;
    let overview: OverviewDocument = remote.get("api/v1/hosts").await?;
    let [host] = overview.hosts.as_slice() else {
        return Err(format!("{url} shows {} hosts; a snapshot is of one", overview.hosts.len()));
    };
    // What comes from elsewhere is checked before it becomes part of a path.
    let id =
        HostId::parse(&host.key).map_err(|error| format!("{url} names a host wrongly: {error}"))?;
    let mut look = remote.look(&id).await?;
    if measure::is_measuring(&look) {
        tokio::time::sleep(BETWEEN_LOOKS.max(Duration::from_millis(look.host.cpu.interval_ms)))
            .await;
        look = remote.look(&id).await?;
    }
    Ok(look)
}

/// A running smonitor elsewhere.
struct Remote {
    base: reqwest::Url,
    client: reqwest::Client,
    token: Option<String>,
}

impl Remote {
    fn new(url: &str, token_file: Option<&Path>) -> Result<Self, String> {
        let slashed = if url.ends_with('/') { url.to_owned() } else { format!("{url}/") };
        let base = reqwest::Url::parse(&slashed)
            .ok()
            .filter(|base| matches!(base.scheme(), "http" | "https") && base.has_host())
            .ok_or_else(|| format!("--url {url:?} is no address like http://gpu-01:8999/"))?;
        let token = token_file.map(read_token).transpose()?;
        serve::install_crypto();
        let mut builder = reqwest::Client::builder()
            .timeout(REMOTE_PATIENCE)
            .redirect(reqwest::redirect::Policy::none());
        if base.scheme() == "http" {
            // Nothing of TLS then, least of all the machine's certificates: a small one has none.
            builder = builder.tls_certs_only([]);
        }
        let client = builder.build().map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            format!(
                "cannot start a client: {}; https needs the certificates of the machine, usually the \
                 package ca-certificates",
                cause.unwrap_or_else(|| error.to_string())
            )
        })?;
        Ok(Self { base, client, token })
    }

    async fn look(&self, id: &HostId) -> Result<Look, String> {
        let host: HostDocument = self.get(&format!("api/v1/hosts/{id}")).await?;
        let processes: ProcessesDocument =
            self.get(&format!("api/v1/hosts/{id}/processes")).await?;
        let at = measure::newest_reading(&host);
        Ok(Look { host, processes, at })
    }

    async fn get<D: serde::de::DeserializeOwned>(&self, path: &str) -> Result<D, String> {
        let url = self.base.join(path).map_err(|error| format!("{path}: {error}"))?;
        let mut request = self.client.get(url.clone());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let mut answer = request.send().await.map_err(|error| describe(&url, &error))?;
        match answer.status().as_u16() {
            200 => {}
            401 => return Err(format!("{url} wants its access token: name it with --token-file")),
            status => return Err(format!("{url} answered {status}")),
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| describe(&url, &error))? {
            body.extend_from_slice(&chunk);
            if body.len() > REMOTE_MAX_BYTES {
                return Err(format!("{url} sends more than {REMOTE_MAX_BYTES} bytes"));
            }
        }
        serde_json::from_slice(&body)
            .map_err(|error| format!("{url} does not speak as this smonitor does: {error}"))
    }
}

fn describe(url: &reqwest::Url, error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "did not answer in time"
    } else if error.is_connect() {
        "cannot be reached"
    } else {
        "broke off"
    };
    format!("{url} {what}: {}", root_cause(error))
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

fn read_token(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("--token-file {}: {error}", path.display()))?;
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("--token-file {} does not hold an access token", path.display()));
    }
    Ok(token.to_owned())
}
