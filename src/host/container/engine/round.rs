//! A round of questions to one engine: its version now and then, its list, and whatever of single
//! containers is not known yet or may have changed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::answer::{self, Details, Listed};
use super::{Answered, Engine, Told, Wanted, http};
use crate::clock::Clock;
use crate::host::files;
use crate::model::{Reading, Reason, Text};

/// Most bytes of a list: 4 KiB for each of a thousand containers.
const LIST_MAX: usize = 4 << 20;

/// Most bytes of what is told of one container, and of a version.
const ONE_MAX: usize = 512 << 10;

/// Most containers that are asked for by themselves in a round; the others come in the next ones.
const ASKED_MAX: usize = 32;

/// How long details are believed that nothing tells to have changed.
const DETAILS_LIFE: Duration = Duration::from_secs(60);

/// How long the version is believed.
const VERSION_LIFE: Duration = Duration::from_secs(60);

/// One engine's rounds, on a thread of their own.
pub(super) struct Rounds {
    engine: Engine,
    clock: Clock,
    runtime: Option<tokio::runtime::Runtime>,
    version: Option<(Duration, Text)>,
    known: HashMap<Text, Known>,
}

/// What is known of one container.
struct Known {
    inode: u64,
    at: Duration,
    listed: Listed,
    details: Result<Details, Reason>,
}

impl Rounds {
    pub(super) fn new(engine: Engine, clock: Clock) -> Self {
        Self { engine, clock, runtime: None, version: None, known: HashMap::new() }
    }

    /// Asks; takes as long as the engine does, up to the deadlines of its requests.
    pub(super) fn ask(&mut self, wanted: &Wanted) -> Result<Answered, Reason> {
        let runtime = match self.runtime.take() {
            Some(runtime) => runtime,
            None => tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .enable_time()
                .max_blocking_threads(1)
                .build()
                .map_err(|error| files::reason(&error))?,
        };
        let outcome = runtime.block_on(self.round(wanted));
        self.runtime = Some(runtime);
        outcome
    }

    async fn round(&mut self, wanted: &Wanted) -> Result<Answered, Reason> {
        let now = self.clock.monotonic();
        let is_fresh = |(at, _): &(Duration, Text)| now.saturating_sub(*at) < VERSION_LIFE;
        if !self.version.as_ref().is_some_and(is_fresh) {
            let bytes = http::get(&self.engine, "/version", ONE_MAX).await?;
            self.version = Some((now, answer::version(&bytes)?));
        }
        let bytes = http::get(&self.engine, "/containers/json", LIST_MAX).await?;
        let listed = answer::list(&bytes)?;
        self.known.retain(|id, _| wanted.contains_key(id));
        let mut containers = HashMap::new();
        let mut left = ASKED_MAX;
        for (id, listed) in listed {
            let Some(&inode) = wanted.get(&id) else { continue };
            if left > 0 && self.is_wanted(&id, inode, &listed, now) {
                left -= 1;
                self.ask_one(&id, inode, &listed, now).await?;
            }
            let known = self.known.get(&id).filter(|known| known.inode == inode);
            containers.insert(id, Arc::new(told(listed, known.map(|known| known.details))));
        }
        let version = self.version.as_ref().map(|(_, version)| version.clone());
        let version = Reading::from_option(version, Reason::NotCollected);
        Ok(Answered { version, containers })
    }

    fn is_wanted(&self, id: &Text, inode: u64, listed: &Listed, now: Duration) -> bool {
        self.known.get(id).is_none_or(|known| {
            let is_old = now.saturating_sub(known.at) >= DETAILS_LIFE;
            // Podman tells how a health check went here only.
            let has_check = known.details.is_ok_and(|details| details.health.is_some());
            let may_change = has_check && listed.health.is_none();
            known.inode != inode || is_old || may_change || known.listed != *listed
        })
    }

    async fn ask_one(
        &mut self,
        id: &Text,
        inode: u64,
        listed: &Listed,
        now: Duration,
    ) -> Result<(), Reason> {
        // The id is ours, of a control group: 64 digits and nothing else.
        let path = format!("/containers/{id}/json");
        let bytes = http::get(&self.engine, &path, ONE_MAX).await;
        let details = match bytes.and_then(|bytes| answer::details(&bytes)) {
            // It ended after it was listed.
            Err(Reason::NotSupported) => return Ok(()),
            // The engine's own trouble, which the next question would have too.
            Err(
                reason @ (Reason::NotResponding | Reason::NotInstalled | Reason::PermissionDenied),
            ) => return Err(reason),
            // This container's.
            details => details,
        };
        self.known.insert(id.clone(), Known { inode, at: now, listed: listed.clone(), details });
        Ok(())
    }
}

impl Drop for Rounds {
    fn drop(&mut self) {
        // A name that is being looked up may hang for long; nobody waits for it.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn told(listed: Listed, details: Option<Result<Details, Reason>>) -> Told {
    let details = details.unwrap_or(Err(Reason::NotCollected));
    Told {
        name: Reading::from_option(listed.name, Reason::Malformed),
        image: Reading::from_option(listed.image, Reason::Malformed),
        state: Reading::from_option(listed.state, Reason::Malformed),
        health: match listed.health {
            Some(health) => Reading::Present(health),
            None => details.and_then(|details| details.health.ok_or(Reason::NotSupported)).into(),
        },
        restarts: details.and_then(|details| details.restarts.ok_or(Reason::Malformed)).into(),
        labels: Reading::from_option(listed.labels, Reason::Malformed),
        started_at: details.and_then(|details| details.started_at.ok_or(Reason::Malformed)).into(),
    }
}
