//! What several tests need: snapshots of the demo machine, and a client's rules for frames.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use smonitor::clock::Clock;
use smonitor::commands::measure::Look;
use smonitor::model::wire::{Patch, ServerMessage, Topic};
use smonitor::model::{Audience, HostId, Reading, Role, Section, Snapshot, UnixMillis};
use smonitor::{demo, feed};

pub(crate) mod nvml;
pub(crate) mod processes;

/// 2026-11-20T12:00:00Z.
pub(crate) const NOON: UnixMillis = UnixMillis(1_795_176_000_000);

pub(crate) fn member() -> Audience {
    Audience::new(Role::Member)
}

pub(crate) fn section<T>(value: T, at: UnixMillis) -> Arc<Section<T>> {
    Arc::new(Section {
        taken_at_ms: Reading::Present(at),
        interval_ms: 2000,
        problem: None,
        value: Reading::Present(value),
    })
}

/// The demo machine of `seed` at `at`, as the host `id`.
pub(crate) fn snapshot(id: &HostId, seed: u64, at: UnixMillis) -> Snapshot {
    Snapshot { host: id.clone(), ..demo::snapshot(seed, at) }
}

/// The demo machine as `snapshot` and `doctor` look at it, with all rates.
pub(crate) fn demo_look(seed: u64, at: UnixMillis) -> Look {
    let (clock, _) = Clock::manual(at);
    let hour = Duration::from_secs(3600);
    let (feed, publisher) =
        feed::new(feed::Settings { fresh_for: hour, wait_at_most: hour }, clock);
    let host = demo::host_id(seed);
    publisher.add_host(host.clone());
    publisher.publish(&Arc::new(demo::snapshot(seed, at)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let read = |topic| runtime.block_on(feed.document(&topic, Audience::new(Role::Admin))).unwrap();
    Look {
        host: serde_json::from_slice(&read(Topic::Host(host.clone()))).unwrap(),
        processes: serde_json::from_slice(&read(Topic::Processes(host))).unwrap(),
        at,
    }
}

/// A client that follows docs/protocol.md to the letter.
#[derive(Debug, Default)]
pub(crate) struct Client {
    pub(crate) seq: Option<u64>,
    pub(crate) document: Value,
    pub(crate) fulls: u32,
    pub(crate) patches: u32,
}

impl Client {
    /// Takes a frame in; a patch that does not continue is a fault of the server here.
    pub(crate) fn take(&mut self, json: &[u8]) {
        match serde_json::from_slice::<ServerMessage<Value>>(json).unwrap() {
            ServerMessage::Full { seq, data, .. } => {
                self.document = data;
                self.seq = Some(seq);
                self.fulls += 1;
            }
            ServerMessage::Patch { seq, patch, .. } => {
                assert_eq!(self.seq, Some(seq - 1), "a patch must continue what was sent");
                apply(&mut self.document, patch);
                self.seq = Some(seq);
                self.patches += 1;
            }
            other => panic!("not a frame: {other:?}"),
        }
    }

    /// The document with its tables sorted by key, to compare: row order is not promised.
    pub(crate) fn sorted(&self) -> Value {
        sorted(self.document.clone())
    }
}

pub(crate) fn sorted(mut document: Value) -> Value {
    for value in document.as_object_mut().unwrap().values_mut() {
        if let Value::Array(rows) = value {
            rows.sort_by_key(|row| row["key"].as_str().map(ToOwned::to_owned));
        }
    }
    document
}

fn apply(document: &mut Value, patch: Patch) {
    for (key, value) in patch.replace {
        assert!(document.get(&key).is_some(), "a patch replaces only what is there: {key}");
        document[key] = value;
    }
    for (table, changes) in patch.tables {
        let rows = document[&table].as_array_mut().unwrap();
        rows.retain(|row| !changes.dropped.iter().any(|key| row["key"] == key.as_str()));
        for change in changes.changed {
            let known = rows.iter_mut().find(|row| row["key"] == change["key"]);
            match known {
                Some(row) => {
                    for (field, value) in change.as_object().unwrap() {
                        row[field] = value.clone();
                    }
                }
                None => rows.push(change),
            }
        }
    }
}
