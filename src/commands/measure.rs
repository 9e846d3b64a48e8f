//! One look at this machine, through the same feed and node as a viewer's: what `snapshot` and
//! `doctor` print.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::feed::{self, Event, Feed, Overview, Refusal, Subscription};
use crate::host::{Context, Source};
use crate::model::process::ProcessRow;
use crate::model::source::SourceState;
use crate::model::wire::{HostDocument, ProcessesDocument, Topic};
use crate::model::{Audience, HostId, Reason, UnixMillis};
use crate::node::{Node, Settings};

/// A look at a machine takes two samples, half a second apart. A source that hangs is called stuck
/// after five seconds; this much later no more is waited for.
const PATIENCE: Duration = Duration::from_secs(8);

/// Everything there is to say about a host at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Everything but processes.
    pub host: HostDocument,
    /// The processes.
    pub processes: ProcessesDocument,
    /// When that was, by the clock of the machine that was looked at.
    pub at: UnixMillis,
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

/// Reads this machine, as `audience` may see it, until rates are there and every source has come
/// back or is known to hang.
///
/// # Errors
/// If nothing at all could be read. A source that fails or hangs says so inside.
pub async fn look(
    settings: Settings,
    sources: Vec<Box<dyn Source>>,
    context: Context,
    audience: Audience,
) -> Result<Look, LookError> {
    let local = Local::start(settings, sources, context, audience)?;
    let topics = [Topic::Host(local.host.clone()), Topic::Processes(local.host.clone())];
    let seen = settled(&local.feed, &topics, audience).await;
    let at = local.clock.wall();
    local.stop().await;
    let (host, processes) = seen?;
    Ok(Look { host, processes, at })
}

/// This machine, read again and again through the same feed and node as a viewer's.
pub struct Local {
    feed: Feed,
    clock: Clock,
    host: HostId,
    audience: Audience,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Local {
    /// Begins to read as `audience` may see it; what is read is what is asked for.
    ///
    /// # Errors
    /// If there is no thread for it.
    pub fn start(
        settings: Settings,
        sources: Vec<Box<dyn Source>>,
        context: Context,
        audience: Audience,
    ) -> Result<Self, LookError> {
        let feed_settings = feed::Settings { fresh_for: settings.interval, wait_at_most: PATIENCE };
        let clock = context.clock.clone();
        let (feed, publisher) = feed::new(feed_settings, clock.clone());
        let host = settings.host.clone();
        let node = Node::new(settings, sources, context, publisher)?;
        let stop = CancellationToken::new();
        let running = tokio::spawn(node.run(stop.clone(), || {}));
        Ok(Self { feed, clock, host, audience, stop, running })
    }

    /// The time of day.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        self.clock.wall()
    }

    /// The machine's line, as soon as its cards have been read or are known to hang.
    ///
    /// # Errors
    /// If nothing at all could be read.
    pub async fn overview(&self) -> Result<Overview, LookError> {
        let topic = Topic::Host(self.host.clone());
        let mut hosts = self.feed.subscribe(&topic, self.audience).map_err(refused)?;
        let cards_are_there = async {
            loop {
                let event = hosts.next().await;
                let host: HostDocument = newest(&self.feed, &topic, self.audience, &event).await?;
                if has_cards(&host) {
                    return Ok::<(), LookError>(());
                }
            }
        };
        if let Ok(result) = tokio::time::timeout(PATIENCE, cards_are_there).await {
            result?;
        }
        self.feed.overview(self.audience).await.map_err(refused)
    }

    /// Keeps everything read until it is dropped.
    ///
    /// # Errors
    /// If the machine is not there.
    pub fn watch(&self) -> Result<[Subscription; 2], LookError> {
        let watch = |topic| self.feed.subscribe(&topic, self.audience).map_err(refused);
        Ok([watch(Topic::Host(self.host.clone()))?, watch(Topic::Processes(self.host.clone()))?])
    }

    /// What is there now.
    ///
    /// # Errors
    /// If there is nothing.
    pub async fn look(&self) -> Result<Look, LookError> {
        let host = self.document(Topic::Host(self.host.clone())).await?;
        let processes = self.document(Topic::Processes(self.host.clone())).await?;
        Ok(Look { host, processes, at: self.clock.wall() })
    }

    async fn document<D: serde::de::DeserializeOwned>(&self, topic: Topic) -> Result<D, LookError> {
        let document = self.feed.document(&topic, self.audience).await.map_err(refused)?;
        Ok(serde_json::from_slice(&document)?)
    }

    /// Ends it.
    pub async fn stop(self) {
        self.stop.cancel();
        self.running.await.ok();
    }
}

/// Whether the cards were read once, or are known to hang.
fn has_cards(document: &HostDocument) -> bool {
    let health = document.sources.iter().find(|health| health.name == "gpus");
    health.is_none_or(|health| health.state != SourceState::Waiting)
}

/// The topics' documents as soon as they are complete, or the newest when patience ends.
async fn settled(
    feed: &Feed,
    topics: &[Topic; 2],
    audience: Audience,
) -> Result<(HostDocument, ProcessesDocument), LookError> {
    let [host_topic, processes_topic] = topics;
    let mut hosts = feed.subscribe(host_topic, audience).map_err(refused)?;
    let mut tables = feed.subscribe(processes_topic, audience).map_err(refused)?;
    let (mut host, mut processes) = (None, None);
    let mut tables_with_rates = 0;
    let complete = async {
        loop {
            tokio::select! {
                event = hosts.next() => {
                    host = Some(newest::<HostDocument>(feed, host_topic, audience, &event).await?);
                }
                event = tables.next() => {
                    let table: ProcessesDocument =
                        newest(feed, processes_topic, audience, &event).await?;
                    tables_with_rates += usize::from(shares_are_there(&table));
                    processes = Some(table);
                }
            }
            let host_is_complete =
                host.as_ref().is_some_and(|host| has_rates(host) && has_ended(host));
            // What costs more to read of a process comes later. Some is always on its way where
            // processes come and go, so one more table is waited for and no more.
            let table_is_complete = processes.as_ref().is_some_and(|table| {
                table.summary.problem.is_some()
                    || tables_with_rates > 1
                    || (tables_with_rates > 0 && commands_are_there(table))
            });
            if host_is_complete && table_is_complete {
                return Ok::<(), LookError>(());
            }
        }
    };
    if let Ok(result) = tokio::time::timeout(PATIENCE, complete).await {
        result?;
    }
    Ok((host.ok_or(LookError::Nothing)?, processes.ok_or(LookError::Nothing)?))
}

/// What a topic says after this event.
async fn newest<D: serde::de::DeserializeOwned>(
    feed: &Feed,
    topic: &Topic,
    audience: Audience,
    event: &Event,
) -> Result<D, LookError> {
    if matches!(event, Event::Gone) {
        return Err(LookError::Nothing);
    }
    let document = feed.document(topic, audience).await.map_err(refused)?;
    Ok(serde_json::from_slice(&document)?)
}

fn refused(_: Refusal) -> LookError {
    LookError::Nothing
}

fn has_rates(document: &HostDocument) -> bool {
    let usage = document.cpu.value.as_ref().and_then(|cpu| cpu.usage);
    !matches!(usage.reason(), Some(Reason::Measuring | Reason::NotCollected))
}

/// Whether every source has come back once, or is known to hang.
fn has_ended(document: &HostDocument) -> bool {
    document.sources.iter().all(|health| health.state != SourceState::Waiting)
}

fn shares_are_there(document: &ProcessesDocument) -> bool {
    document.processes.iter().any(|row| row.cpu_percent.present().is_some())
}

fn commands_are_there(document: &ProcessesDocument) -> bool {
    let missing = |row: &ProcessRow| row.command.reason() == Some(Reason::NotCollected);
    !document.processes.iter().any(missing)
}

/// When the newest of a look at another machine was read, by that machine's clock.
#[must_use]
pub fn newest_reading(host: &HostDocument) -> UnixMillis {
    macro_rules! newest {
        ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
            [$( host.$key.taken_at_ms, )*]
        };
    }
    let taken = crate::host_sections!(newest);
    UnixMillis(taken.iter().filter_map(|at| at.present()).map(|at| at.0).max().unwrap_or_default())
}

/// Whether the look's rates are not there yet.
#[must_use]
pub fn is_measuring(look: &Look) -> bool {
    !has_rates(&look.host)
}
