//! `smonitor snapshot`: one look, at this machine or at a running smonitor, printed once.

use std::path::Path;
use std::time::Duration;

use crate::cli::{self, Exit, Form};
use crate::config::Loaded;
use crate::host;
use crate::model::wire::OverviewDocument;
use crate::model::{Audience, HostId};
use crate::serve;

use super::measure::{self, Look};
use super::remote::Remote;
use super::{local, text, wait_for};

/// Rates of a first answer are absent; this much later a second one has them.
const BETWEEN_LOOKS: Duration = Duration::from_millis(700);

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
    let overview: OverviewDocument = remote.get("api/v1/hosts", &[]).await?;
    let [host] = overview.hosts.as_slice() else {
        return Err(format!("{url} shows {} hosts; a snapshot is of one", overview.hosts.len()));
    };
    // What comes from elsewhere is checked before it becomes part of a path.
    let id =
        HostId::parse(&host.key).map_err(|error| format!("{url} names a host wrongly: {error}"))?;
    let mut look = look_at(&remote, &id).await?;
    if measure::is_measuring(&look) {
        tokio::time::sleep(BETWEEN_LOOKS.max(Duration::from_millis(look.host.cpu.interval_ms)))
            .await;
        look = look_at(&remote, &id).await?;
    }
    Ok(look)
}

async fn look_at(remote: &Remote, id: &HostId) -> Result<Look, String> {
    let host = remote.host(id).await?;
    let processes = remote.processes(id).await?;
    let at = measure::newest_reading(&host);
    Ok(Look { host, processes, at })
}
