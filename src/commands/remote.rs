//! A running smonitor elsewhere, asked over its REST API. Must not know what is made of its answers.

use std::path::Path;
use std::time::Duration;

use crate::model::HostId;
use crate::model::wire::{HostDocument, ProcessesDocument};
use crate::serve;

/// One that says nothing for this long is given up.
const REMOTE_PATIENCE: Duration = Duration::from_secs(10);

/// The largest answer that is read.
const REMOTE_MAX_BYTES: usize = 64 << 20;

/// A running smonitor elsewhere.
pub(super) struct Remote {
    base: reqwest::Url,
    client: reqwest::Client,
    token: Option<String>,
}

impl Remote {
    /// The smonitor at this address.
    ///
    /// # Errors
    /// If that is no address, the token cannot be read, or there is no client.
    pub(super) fn new(url: &str, token_file: Option<&Path>) -> Result<Self, String> {
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

    /// Everything but processes of a host.
    ///
    /// # Errors
    /// As for [`Remote::get`].
    pub(super) async fn host(&self, id: &HostId) -> Result<HostDocument, String> {
        self.get(&format!("api/v1/hosts/{id}"), &[]).await
    }

    /// The processes of a host.
    ///
    /// # Errors
    /// As for [`Remote::get`].
    pub(super) async fn processes(&self, id: &HostId) -> Result<ProcessesDocument, String> {
        self.get(&format!("api/v1/hosts/{id}/processes"), &[]).await
    }

    /// The same, and nothing where the role may not see them.
    ///
    /// # Errors
    /// As for [`Remote::get`], for other reasons than that.
    pub(super) async fn processes_if_allowed(
        &self,
        id: &HostId,
    ) -> Result<Option<ProcessesDocument>, String> {
        match self.ask(&format!("api/v1/hosts/{id}/processes"), &[]).await {
            Ok(document) => Ok(Some(document)),
            Err(Failed { status: Some(403), .. }) => Ok(None),
            Err(failed) => Err(failed.words),
        }
    }

    /// The JSON document at a path, with these parameters.
    ///
    /// # Errors
    /// What went wrong, where, and what to do, in a sentence.
    pub(super) async fn get<D: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        parameters: &[(&str, String)],
    ) -> Result<D, String> {
        self.ask(path, parameters).await.map_err(|failed| failed.words)
    }

    async fn ask<D: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        parameters: &[(&str, String)],
    ) -> Result<D, Failed> {
        let mut url = self.base.join(path).map_err(|error| format!("{path}: {error}"))?;
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        let mut request = self.client.get(url.clone());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let mut answer = request.send().await.map_err(|error| describe(&url, &error))?;
        let status = answer.status().as_u16();
        let words = match status {
            200 => None,
            401 => Some(format!("{url} wants its access token: name it with --token-file")),
            403 => Some(format!("{url} is not for the role that you have there (403)")),
            status => Some(format!("{url} answered {status}")),
        };
        if let Some(words) = words {
            return Err(Failed { status: Some(status), words });
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| describe(&url, &error))? {
            body.extend_from_slice(&chunk);
            if body.len() > REMOTE_MAX_BYTES {
                return Err(format!("{url} sends more than {REMOTE_MAX_BYTES} bytes").into());
            }
        }
        Ok(serde_json::from_slice(&body)
            .map_err(|error| format!("{url} does not speak as this smonitor does: {error}"))?)
    }
}

/// Why there is no answer.
struct Failed {
    /// The status of the answer that is none.
    status: Option<u16>,
    words: String,
}

impl From<String> for Failed {
    fn from(words: String) -> Self {
        Self { status: None, words }
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
