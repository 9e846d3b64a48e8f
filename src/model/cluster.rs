//! What is said of a host from outside: how it is reached, its cards in short, and who is on them. The
//! words of the overview, of the finder and of the board of people.

use serde::{Deserialize, Serialize};

use super::gpu::{GpuState, Severity};
use super::place::ContainerRef;
use super::{Bytes, HostId, Reading, Text, UnixMillis};

/// The most rows of users on cards that one host has in the overview.
pub const CARD_USERS_MAX: usize = 256;

/// How a host is, seen from whoever shows it. On a node: of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct HostStatus {
    /// Name to show; the id where nobody gave another.
    pub name: Text,
    /// The group it stands in; empty where there are no groups.
    pub group: Text,
    /// Whether what is shown of it is true now.
    pub state: HostState,
    /// Since when, by the clock of whoever shows it.
    pub state_since_ms: Reading<UnixMillis>,
    /// What went wrong when news were last asked for; none while all is well.
    pub trouble: Option<HostTrouble>,
    /// How far its clock is ahead of ours, in milliseconds; only where that is more than a second or two.
    /// Times of its values are told by our clock.
    pub clock_ahead_ms: Option<i64>,
    /// Version of its smonitor.
    pub version: Reading<Text>,
    /// Why it is in maintenance, if it is.
    pub maintenance: Option<Text>,
}

/// Whether what is shown of a host is true now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum HostState {
    /// Its newest values are at most three intervals old.
    Up,
    /// They are older.
    Stale,
    /// It has given none for 60 s or four intervals, whichever is longer, or refuses; what is shown is the
    /// last that was known.
    Down,
    /// It was not heard of yet.
    Waiting,
    /// Somebody works on it: nothing about it is news.
    Maintenance,
}

/// Why there are no news of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct HostTrouble {
    /// What it is.
    pub kind: TroubleKind,
    /// Since when, by the clock of whoever shows it.
    pub since_ms: UnixMillis,
    /// A figure or name that belongs to it: the status of an answer, the host that answered instead.
    pub detail: Option<Text>,
}

/// What can go wrong between an app and a node. A closed list: label, log field and key of the page's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// Its name has no address.
    NameNotFound,
    /// Nothing listens there (connection refused).
    Refused,
    /// There is no way to it (no route, network down).
    Unreachable,
    /// It did not take the connection in time.
    ConnectTimeout,
    /// It took the request and did not answer in time.
    ReadTimeout,
    /// The connection broke while it answered.
    Broken,
    /// No encrypted connection could be made.
    TlsFailed,
    /// Its certificate is not the one that was agreed on.
    WrongCertificate,
    /// It wants a key, or another one (401).
    Unauthorized,
    /// The key may not do this, or our address may not (403).
    Forbidden,
    /// It answered with another status than 200; the detail has it.
    HttpStatus,
    /// What it answered is not what smonitor says.
    Malformed,
    /// It answered more than a node may.
    TooLarge,
    /// It speaks another version of the protocol; the detail has its version.
    OtherProtocol,
    /// The host that answers is another than the one that answered before; the detail has its name.
    OtherHost,
    /// The same machine answers under two names; the detail has the other name.
    Clone,
    /// It is to report by itself and does not.
    NoReport,
}

/// What stays the same of a card. Its place in the list is its place in the other lists of the host's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct CardFacts {
    /// Number, as in `nvidia-smi`.
    pub index: u32,
    /// Model, `NVIDIA A100-SXM4-80GB`.
    pub model: Reading<Text>,
    /// Memory.
    pub memory_total_bytes: Reading<Bytes>,
    /// Profiles of its MIG slices, in order; empty if it is not divided.
    pub slices: Vec<Reading<Text>>,
}

/// What seldom changes of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct CardStatus {
    /// Free, held, in use, faulty.
    pub state: GpuState,
    /// Since when, if that was seen.
    pub since_ms: Reading<UnixMillis>,
    /// Since when nothing computes on it, if nothing does and that was seen to begin.
    pub idle_since_ms: Reading<UnixMillis>,
    /// The worst of what is wrong with it.
    pub severity: Option<Severity>,
    /// The newest XID error that is held against it.
    pub xid: Option<u32>,
    /// States of its MIG slices, in order.
    pub slices: Vec<GpuState>,
}

/// One user on one card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct CardUser {
    /// Number of the card.
    pub gpu: u32,
    /// Name of the user; absent if the number has none.
    pub user: Reading<Text>,
    /// Number of the user.
    pub user_id: Reading<u32>,
    /// Memory of the card that the user's processes hold.
    pub memory_bytes: Reading<Bytes>,
    /// Processes of the user on the card.
    pub processes: u32,
    /// Start of the oldest of them.
    pub since_ms: Reading<UnixMillis>,
    /// Name of the one that holds most memory.
    pub process: Reading<Text>,
    /// Container of that one, if it is in one.
    pub container: Option<ContainerRef>,
}

/// `GET /api/v1/gpus/free`: where the cards that were asked for are free. Query: `gpus` (how many on one
/// host, default 1), `memory_bytes` (free on each), `model` (part of its name, letters of any case),
/// `same_host` (default true; false: from several hosts together).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct FreeBody {
    /// The server's clock.
    pub server_time_ms: UnixMillis,
    /// Cards that are free, of all that fit the model and the memory.
    pub free: u64,
    /// Cards that fit the model and the memory, free or not, on hosts that are up.
    pub fitting: u64,
    /// Hosts that have enough, best first: those that waste least, then those idle for longest. With
    /// `same_host=false` hosts that have enough together: all their cards to take are as many as were asked
    /// for.
    pub offers: Vec<Offer>,
    /// Where there is no offer: where most of what fits is free, if any is; if nothing that is free has the
    /// memory, where most memory is. Its cards are all that are free there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub nearest: Option<Offer>,
}

/// Free cards on one host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Offer {
    /// Which host.
    pub host: HostId,
    /// Its name to show.
    pub name: Text,
    /// What to call it for `ssh`: its address in the settings, else the host name it tells. Only characters
    /// that mean nothing to a shell; empty if there is no such name.
    pub address: Text,
    /// Model of the cards.
    pub model: Reading<Text>,
    /// Numbers of the cards to take, as many as were asked for (`CUDA_VISIBLE_DEVICES` with
    /// `CUDA_DEVICE_ORDER=PCI_BUS_ID`).
    pub gpus: Vec<u32>,
    /// How many of that model are free there.
    pub free: u32,
    /// The least free memory of those to take.
    pub memory_free_bytes: Reading<Bytes>,
    /// Since when the last of them has been idle, if that was seen.
    pub idle_since_ms: Reading<UnixMillis>,
}

/// `GET /api/v1/users`: who is on which card. Query: `user` (only this one).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct UsersBody {
    /// The server's clock.
    pub server_time_ms: UnixMillis,
    /// Users, most cards first, then most memory. The same name on two hosts is one user; a number without a
    /// name is one user of its host.
    pub users: Vec<UserOnCards>,
}

/// A user and the cards used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct UserOnCards {
    /// Name; absent if the number has none.
    pub user: Reading<Text>,
    /// Memory held, of all cards; absent if that of one is.
    pub memory_bytes: Reading<Bytes>,
    /// The cards, by host, then number.
    pub cards: Vec<HeldCard>,
}

/// A card that a user is on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct HeldCard {
    /// Which host.
    pub host: HostId,
    /// How the card is; unknown where there are no news of the host.
    pub state: GpuState,
    /// Since when nothing computes on it, if nothing does and that was seen to begin.
    pub idle_since_ms: Reading<UnixMillis>,
    /// What the user does there.
    #[serde(flatten)]
    pub user: CardUser,
}

impl HostStatus {
    /// A host that tells of itself.
    #[must_use]
    pub fn own(host: &HostId, version: &str) -> Self {
        Self {
            state: HostState::Up,
            version: Reading::Present(version.into()),
            ..Self::waiting(host.as_str().into(), Text::default())
        }
    }

    /// A host that was not heard of yet.
    #[must_use]
    pub fn waiting(name: Text, group: Text) -> Self {
        Self {
            name,
            group,
            state: HostState::Waiting,
            state_since_ms: Reading::absent(super::Reason::Measuring),
            trouble: None,
            clock_ahead_ms: None,
            version: Reading::absent(super::Reason::NotCollected),
            maintenance: None,
        }
    }
}

impl HostState {
    /// Whether what is shown is how it is now.
    #[must_use]
    pub fn is_current(self) -> bool {
        self == Self::Up
    }
}

impl TroubleKind {
    /// The word used on the wire, in logs and as a label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NameNotFound => "name_not_found",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::ConnectTimeout => "connect_timeout",
            Self::ReadTimeout => "read_timeout",
            Self::Broken => "broken",
            Self::TlsFailed => "tls_failed",
            Self::WrongCertificate => "wrong_certificate",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::HttpStatus => "http_status",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::OtherProtocol => "other_protocol",
            Self::OtherHost => "other_host",
            Self::Clone => "clone",
            Self::NoReport => "no_report",
        }
    }
}
