//! A section: what one source said, how old that is, and what is wrong with the source now.

use serde::{Deserialize, Serialize};

use super::{Reading, Reason, UnixMillis};

/// The value of one source with its age. When the source fails or hangs, the last value stays and
/// `problem` says what is wrong: old data is never shown as new.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Section<T> {
    /// When the value was read; absent if it never was.
    pub taken_at_ms: Reading<UnixMillis>,
    /// How often the source is read while somebody looks, in milliseconds. Older than three of
    /// these is stale.
    pub interval_ms: u64,
    /// What is wrong with the source now; null if its last run went well.
    pub problem: Option<Problem>,
    /// The value.
    pub value: Reading<T>,
}

/// What is wrong with a source, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Problem {
    /// The kind of trouble; `not_responding` means stuck in the kernel.
    pub reason: Reason,
    /// When it began.
    pub since_ms: UnixMillis,
}

impl<T> Section<T> {
    /// A section nobody has read yet.
    #[must_use]
    pub fn not_collected(interval_ms: u64) -> Self {
        Self {
            taken_at_ms: Reading::absent(Reason::NotCollected),
            interval_ms,
            problem: None,
            value: Reading::absent(Reason::NotCollected),
        }
    }
}
