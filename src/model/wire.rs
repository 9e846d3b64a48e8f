//! What goes over the socket. docs/protocol.md says it in words; both change together.

use serde::{Deserialize, Serialize};

use super::clock_sync::ClockSync;
use super::cluster::{CardFacts, CardStatus, CardUser, HostStatus};
use super::container::Containers;
use super::cpu::Cpu;
use super::disk::Disks;
use super::filesystem::Filesystems;
use super::gpu::{DriverState, Gpus};
use super::login::Logins;
use super::memory::Memory;
use super::network::{Network, Sockets};
use super::numa::Numa;
use super::process::{ProcessRow, ProcessSummary};
use super::raid::Raid;
use super::sensor::Sensors;
use super::source::SourceHealth;
use super::system::System;
use super::unit::Units;
use super::zfs::Zfs;
use super::{
    Bytes, BytesPerSecond, Celsius, HostId, Percent, Reading, Role, Section, Text, UnixMillis,
    Watts,
};

/// Version of this contract. Raised when a client of the version before would go wrong.
pub const PROTOCOL_VERSION: u32 = 1;

/// The longest message a client may send, in bytes.
pub const CLIENT_MESSAGE_MAX_BYTES: usize = 4096;

/// Something a client can subscribe to. On the wire: `overview`, `host/<id>`,
/// `host/<id>/processes`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "api.ts", type = "string"))]
#[serde(try_from = "String", into = "String")]
pub enum Topic {
    /// A line per host.
    Overview,
    /// Everything about one host but its processes.
    Host(HostId),
    /// The process table of one host.
    Processes(HostId),
}

/// A text that names no topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a topic; topics are overview, host/<id> and host/<id>/processes")]
pub struct UnknownTopic;

impl TryFrom<String> for Topic {
    type Error = UnknownTopic;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl std::str::FromStr for Topic {
    type Err = UnknownTopic;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "overview" {
            return Ok(Self::Overview);
        }
        let rest = text.strip_prefix("host/").ok_or(UnknownTopic)?;
        match rest.strip_suffix("/processes") {
            Some(id) => HostId::parse(id).map(Self::Processes),
            None => HostId::parse(rest).map(Self::Host),
        }
        .map_err(|_| UnknownTopic)
    }
}

impl From<Topic> for String {
    fn from(topic: Topic) -> Self {
        topic.to_string()
    }
}

impl std::fmt::Display for Topic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Overview => f.write_str("overview"),
            Self::Host(id) => write!(f, "host/{id}"),
            Self::Processes(id) => write!(f, "host/{id}/processes"),
        }
    }
}

/// What a client says. Anything else is ignored and counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// Send this topic from now on, a full frame first.
    Subscribe {
        /// Which.
        topic: Topic,
    },
    /// Send it no more.
    Unsubscribe {
        /// Which.
        topic: Topic,
    },
    /// I missed something: send a full frame. Rate-limited.
    Resync {
        /// Which.
        topic: Topic,
    },
    /// Answer with `pong`, to measure the way there and back.
    Ping {
        /// Comes back in the `pong`.
        id: u32,
    },
}

/// What the server says. `Document` is the data of the topic: [`OverviewDocument`],
/// [`HostDocument`] or [`ProcessesDocument`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage<Document> {
    /// First message of every connection.
    Hello(Hello),
    /// The whole topic.
    Full {
        /// Which.
        topic: Topic,
        /// Number of this version of the topic.
        seq: u64,
        /// The server's clock when it was published.
        server_time_ms: UnixMillis,
        /// The topic's document.
        data: Document,
    },
    /// What changed between `seq − 1` and `seq`. See [`Patch`].
    Patch {
        /// Which.
        topic: Topic,
        /// Number of the version that this makes out of the one before.
        seq: u64,
        /// The server's clock when it was published.
        server_time_ms: UnixMillis,
        /// The changes.
        patch: Patch,
    },
    /// The topic is no more (a host was removed); the subscription has ended.
    Gone {
        /// Which.
        topic: Topic,
    },
    /// Something the client asked for was refused.
    Error {
        /// Why.
        code: ErrorCode,
        /// The topic it is about, if any.
        topic: Option<Topic>,
    },
    /// Answer to `ping`.
    Pong {
        /// The `id` of the `ping`.
        id: u32,
        /// The server's clock.
        server_time_ms: UnixMillis,
    },
}

/// Why the server refused something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// No access token, or a wrong one.
    Unauthorized,
    /// The role may not see it, or the request came from another site.
    Forbidden,
    /// There is no such host, topic or path.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// The request could not be understood.
    BadRequest,
    /// The body or message is larger than allowed.
    TooLarge,
    /// Too many requests, connections or subscriptions; try again later.
    TooMany,
    /// No data in time; try again later.
    Unavailable,
    /// A mistake of the server; its log has the details.
    Internal,
}

/// The first message: who answers, and what the page needs before anything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Hello {
    /// [`PROTOCOL_VERSION`] of the server.
    pub protocol: u32,
    /// The program's version.
    pub version: String,
    /// Fingerprint of the embedded page: another one than the page was loaded with means that a
    /// newer page is there.
    pub page: String,
    /// Fingerprint of the settings that reach the page: another one than before means reload.
    pub config_revision: String,
    /// The server's clock.
    pub server_time_ms: UnixMillis,
    /// What serves: `node`, `app` or `demo`.
    pub mode: Mode,
    /// The role of this connection.
    pub role: Role,
    /// Whether the viewer signed in (and so could sign out).
    pub signed_in: bool,
    /// Title of the site.
    pub site_name: String,
    /// The only host, where there is one host only.
    pub host: Option<HostId>,
    /// How often values are read while somebody looks, in milliseconds.
    pub interval_ms: u64,
}

/// What serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Measures the machine it runs on.
    Node,
    /// Assembles a cluster of nodes.
    App,
    /// Made-up data.
    Demo,
}

/// Changes of a document. `replace` holds top-level keys with their new values, whole. `tables`
/// holds, per top-level key that is a list of rows with a `key`, the rows that changed (the key
/// and the changed fields, or a whole row if the key is new) and the keys that are gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Patch {
    /// Top-level keys to replace.
    #[cfg_attr(test, ts(type = "Record<string, unknown>"))]
    pub replace: serde_json::Map<String, serde_json::Value>,
    /// Tables to change.
    pub tables: std::collections::BTreeMap<String, TablePatch>,
}

/// Changes of one table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct TablePatch {
    /// Changed rows (key and changed fields) and new rows (whole).
    #[cfg_attr(test, ts(type = "Array<{ key: string } & Record<string, unknown>>"))]
    pub changed: Vec<serde_json::Value>,
    /// Keys of rows that are gone.
    pub dropped: Vec<String>,
}

/// Topic `overview`: a line per host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct OverviewDocument {
    /// Names of groups in the order they are to be shown in; empty where there are none.
    pub groups: Vec<Text>,
    /// Table: the hosts this viewer may see, by key, which is the host id.
    pub hosts: Vec<HostRow>,
}

crate::table_row! {
    /// A host in a line. The lists that begin with `card_` go by `cards`: the same place is the same card.
    /// They stand apart so that what seldom changes is not sent with what always does.
    pub struct HostRow, change HostChange {
        /// How it is reached, and what it is called.
        pub status: HostStatus,
        /// When its values were taken.
        pub taken_at_ms: Reading<UnixMillis>,
        /// Host name as the kernel says it.
        pub hostname: Reading<String>,
        /// Distribution, in one line.
        pub operating_system: Reading<String>,
        /// Where to reach it: the address in the settings of the app, else its own primary one.
        pub address: Reading<Text>,
        /// When it was started.
        pub booted_at_ms: Reading<UnixMillis>,
        /// Logical processors.
        pub cpu_threads: Reading<u32>,
        /// Processor time in use, all processors, 0–100 %.
        pub cpu_percent: Reading<Percent>,
        /// Memory in all.
        pub memory_total_bytes: Reading<Bytes>,
        /// Memory in use, 0–100 %.
        pub memory_percent: Reading<Percent>,
        /// The fullest of its filesystems, 0–100 % of what users can have.
        pub disk_percent: Reading<Percent>,
        /// Bytes received over all real interfaces.
        pub received_bytes_per_second: Reading<BytesPerSecond>,
        /// The same, sent.
        pub sent_bytes_per_second: Reading<BytesPerSecond>,
        /// Whether the cards' driver serves them.
        pub driver: Reading<DriverState>,
        /// Its cards; absent with `not_supported` where there is none.
        pub cards: Reading<Vec<CardFacts>>,
        /// How they are.
        pub card_status: Vec<CardStatus>,
        /// Time in use, 0–100 %, to the nearest whole.
        pub card_percent: Vec<Reading<Percent>>,
        /// Memory in use.
        pub card_memory_bytes: Vec<Reading<Bytes>>,
        /// Temperature, to the nearest degree.
        pub card_celsius: Vec<Reading<Celsius>>,
        /// Power drawn, to the nearest watt.
        pub card_watts: Vec<Reading<Watts>>,
        /// Who is on them, by card, then memory; at most [`CARD_USERS_MAX`](super::cluster::CARD_USERS_MAX).
        /// Absent where there are no cards, and for guests.
        pub users: Reading<Vec<CardUser>>,
    }
}

macro_rules! define_host_document {
    ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
        /// Topic `host/<id>`: everything about a host but its processes. Every key is replaced whole.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
        #[cfg_attr(test, ts(export_to = "api.ts"))]
        pub struct HostDocument {
            /// Which host.
            pub host: HostId,
            /// How it is reached, and what it is called.
            pub status: HostStatus,
            $( $(#[$doc])* pub $key: Section<$type>, )*
            /// How smonitor's sources are doing.
            pub sources: Vec<SourceHealth>,
        }
    };
}
crate::host_sections!(define_host_document);

/// Topic `host/<id>/processes`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct ProcessesDocument {
    /// Which host.
    pub host: HostId,
    /// Counts over all processes, with age and trouble of the whole table.
    pub summary: Section<ProcessSummary>,
    /// Table: all processes, in no promised order. Empty while `summary` is absent.
    pub processes: Vec<ProcessRow>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_read_back_as_written() {
        let id = HostId::parse("gpu-01").unwrap();
        for topic in [Topic::Overview, Topic::Host(id.clone()), Topic::Processes(id)] {
            assert_eq!(topic.to_string().parse(), Ok(topic));
        }
        for bad in ["", "host/", "host//processes", "host/A", "overview/", "host/a/b", "events"] {
            assert_eq!(bad.parse::<Topic>(), Err(UnknownTopic), "{bad}");
        }
    }

    #[test]
    fn client_messages_have_the_documented_form() {
        let parsed: ClientMessage =
            serde_json::from_str(r#"{"type":"subscribe","topic":"host/a"}"#).unwrap();
        assert_eq!(
            parsed,
            ClientMessage::Subscribe { topic: Topic::Host(HostId::parse("a").unwrap()) }
        );
        assert!(serde_json::from_str::<ClientMessage>(r#"{"type":"reboot"}"#).is_err());
    }
}
