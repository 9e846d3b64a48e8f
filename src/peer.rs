//! L2, the asking side between an app and a node: puts questions to one node and keeps what it answered.
//!
//! Whatever comes from a node is hostile: how much, how long, how slow, and what it says. What goes wrong is
//! one of a closed list ([`TroubleKind`]); nothing of it ends a task. Knows nothing of roles, of groups, or
//! of when to ask.

use crate::model::Text;
use crate::model::cluster::TroubleKind;

mod body;
mod client;
mod lookup;
mod pin;
mod replica;
mod table;
mod tidy;

pub use client::{Bounds, Client, Pool, Target};
pub use replica::{News, Replica};
pub use tidy::clip;

/// The most an answer with a node's summary may have, in bytes, unpacked.
pub const SUMMARY_MAX_BYTES: usize = 2 << 20;

/// The same for an answer with details, or with a whole site.
pub const DETAIL_MAX_BYTES: usize = 32 << 20;

/// The most hosts that a site may have.
pub const SITE_MAX_HOSTS: usize = 4096;

/// Why a node gave no news.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", kind.as_str(), detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default())]
pub struct Failure {
    /// What it is.
    pub kind: TroubleKind,
    /// A figure or name that belongs to it.
    pub detail: Option<Text>,
}

impl Failure {
    /// With a figure or name that belongs to it.
    #[must_use]
    pub fn with(kind: TroubleKind, detail: impl AsRef<str>) -> Self {
        Self { kind, detail: Some(clip(detail.as_ref(), 120)) }
    }
}

impl From<TroubleKind> for Failure {
    fn from(kind: TroubleKind) -> Self {
        Self { kind, detail: None }
    }
}
