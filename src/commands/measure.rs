//! One look at this machine, through the same feed and node as a viewer's: what `snapshot` and
//! `doctor` print.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::feed::{self, Event, Feed, Refusal};
use crate::host::{Context, Source};
use crate::model::wire::{HostDocument, ProcessesDocument, Topic};
use crate::model::{Audience, Reason};
use crate::node::{Node, Settings};

/// A look at a machine takes two samples, half a second apart; this much later something hangs.
const PATIENCE: Duration = Duration::from_secs(8);

/// Everything there is to say about a host at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Everything but processes.
    pub host: HostDocument,
    /// The processes.
    pub processes: ProcessesDocument,
}

/// Why there is no look.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// No thread.
    #[error("cannot start a thread to read the machine: {0}")]
    Thread(#[from] std::io::Error),
    /// Nothing came.
    #[error("nothing could be read within {} seconds", PATIENCE.as_secs())]
    Nothing,
    /// What came is not what was agreed on.
    #[error("a document could not be understood: {0}")]
    Document(#[from] serde_json::Error),
}

/// Reads this machine until rates are there, as `audience` may see it.
///
/// # Errors
/// If nothing at all could be read. A source that fails or hangs says so inside.
pub async fn look(
    settings: Settings,
    sources: Vec<Box<dyn Source>>,
    context: Context,
    audience: Audience,
) -> Result<Look, LookError> {
    let feed_settings = feed::Settings { fresh_for: settings.interval, wait_at_most: PATIENCE };
    let (feed, publisher) = feed::new(feed_settings, context.clock.clone());
    let host = settings.host.clone();
    let node = Node::new(settings, sources, context, publisher)?;
    let stop = CancellationToken::new();
    let running = tokio::spawn(node.run(stop.clone(), || {}));
    let topics = (Topic::Host(host.clone()), Topic::Processes(host));
    let (host, processes) = tokio::join!(
        settled::<HostDocument>(&feed, &topics.0, audience, has_rates),
        settled::<ProcessesDocument>(&feed, &topics.1, audience, |document| {
            document.processes.iter().any(|row| row.cpu_percent.present().is_some())
        }),
    );
    stop.cancel();
    running.await.ok();
    Ok(Look { host: host?, processes: processes? })
}

/// The topic's document as soon as it is complete, or the newest when patience ends.
async fn settled<D: serde::de::DeserializeOwned>(
    feed: &Feed,
    topic: &Topic,
    audience: Audience,
    complete: impl Fn(&D) -> bool,
) -> Result<D, LookError> {
    let newest = async || -> Result<D, LookError> {
        let document = feed.document(topic, audience).await.map_err(refused)?;
        Ok(serde_json::from_slice(&document)?)
    };
    let until_complete = async {
        let mut subscription = feed.subscribe(topic, audience).map_err(refused)?;
        loop {
            if let Event::Gone = subscription.next().await {
                return Err(LookError::Nothing);
            }
            let document = newest().await?;
            if complete(&document) {
                return Ok(document);
            }
        }
    };
    match tokio::time::timeout(PATIENCE, until_complete).await {
        Ok(result) => result,
        Err(_) => newest().await,
    }
}

fn refused(_: Refusal) -> LookError {
    LookError::Nothing
}

fn has_rates(document: &HostDocument) -> bool {
    let usage = document.cpu.value.as_ref().and_then(|cpu| cpu.usage);
    !matches!(usage.reason(), Some(Reason::Measuring | Reason::NotCollected))
}

/// Whether the look's rates are not there yet.
#[must_use]
pub fn is_measuring(look: &Look) -> bool {
    !has_rates(&look.host)
}
