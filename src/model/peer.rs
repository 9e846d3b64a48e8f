//! What an app and its nodes say to each other. docs/protocol.md says it in words; both change together.
//!
//! An app asks with `POST /api/v1/peer/poll` for topics, each with the version it has; the answer holds the
//! frames that bring it up to date, the same that a page would get over its socket, and nothing for what
//! did not change. An app can be asked as a node is: the rows of its overview are then those of its hosts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::wire::{ErrorCode, Mode, Topic};
use super::{HostId, Text, UnixMillis};

/// Version of what app and node say to each other. Raised when the older one of two would go wrong.
pub const PEER_PROTOCOL: u32 = 1;

/// The most topics in one question.
pub const POLL_MAX_TOPICS: usize = 64;

/// The longest question, in bytes.
pub const POLL_MAX_BYTES: usize = 16 << 10;

/// The question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct PollRequest {
    /// [`PEER_PROTOCOL`] of who asks.
    pub protocol: u32,
    /// What is wanted.
    pub topics: Vec<PollTopic>,
}

/// A topic that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct PollTopic {
    /// Which.
    #[cfg_attr(test, schema(value_type = String))]
    pub topic: Topic,
    /// The version of it that who asks has, of the same `instance`; null: none.
    pub seq: Option<u64>,
}

/// The answer, but for its frames: they follow as `frames`, each a `full`, `patch` or `error` of the socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct PollHead {
    /// [`PEER_PROTOCOL`] of who answers.
    pub protocol: u32,
    /// Its smonitor's version.
    pub version: Text,
    /// Another one after each start: versions of topics count anew then.
    pub instance: Text,
    /// Fingerprint of the machine, the same for as long as its system is not installed anew; none if it
    /// cannot be told. Two that have the same are copies of one another.
    pub machine: Option<Text>,
    /// What answers: a node, or an app that has nodes of its own.
    pub mode: Mode,
    /// The host that it is, if it is one.
    pub host: Option<HostId>,
    /// Its clock.
    pub server_time_ms: UnixMillis,
}

/// The answer as it is read.
#[derive(Debug, Clone, Deserialize)]
pub struct PollAnswer {
    /// What comes first.
    #[serde(flatten)]
    pub head: PollHead,
    /// The frames, each still to be read.
    pub frames: Vec<Box<RawValue>>,
}

/// What every version of the answer says.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct AnyPollHead {
    /// The protocol of who answers.
    pub protocol: u32,
}

/// The envelope of a frame, its content still to be read.
#[derive(Debug, Clone, Deserialize)]
pub struct PeerFrame<'a> {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: FrameKind,
    /// What it is about.
    pub topic: Topic,
    /// The version that it makes.
    #[serde(default)]
    pub seq: u64,
    /// The sender's clock when it was published.
    #[serde(default)]
    pub server_time_ms: UnixMillis,
    /// The document, of a `full`.
    #[serde(borrow, default)]
    pub data: Option<&'a RawValue>,
    /// The changes, of a `patch`.
    #[serde(borrow, default)]
    pub patch: Option<&'a RawValue>,
    /// Why not, of an `error`.
    #[serde(default)]
    pub code: Option<ErrorCode>,
}

/// The changes of a frame, each still to be read.
#[derive(Debug, Clone, Deserialize)]
pub struct PeerPatch<'a> {
    /// Top-level keys to replace.
    #[serde(borrow, default)]
    pub replace: BTreeMap<String, &'a RawValue>,
    /// Tables to change.
    #[serde(borrow, default)]
    pub tables: BTreeMap<String, PeerTable<'a>>,
}

/// The changes of one table, its rows still to be read.
#[derive(Debug, Clone, Deserialize)]
pub struct PeerTable<'a> {
    /// Changed rows and new ones.
    #[serde(borrow, default)]
    pub changed: Vec<&'a RawValue>,
    /// Keys of rows that are gone.
    #[serde(default)]
    pub dropped: Vec<Text>,
}

/// The key of a row that is still to be read.
#[derive(Debug, Clone, Deserialize)]
pub struct RowKey {
    /// The key.
    pub key: Text,
}

/// Kinds of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameKind {
    /// The whole document.
    Full,
    /// What changed since the version before.
    Patch,
    /// There is none.
    Error,
}
