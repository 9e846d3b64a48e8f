//! How smonitor's own sources are doing.

use serde::{Deserialize, Serialize};

use super::{Problem, Reading, Seconds, UnixMillis};

/// One source's health: a reading of smonitor itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct SourceHealth {
    /// The source's name, for example `cpu`.
    pub name: String,
    /// What is wrong with it now; null if its last run went well.
    pub problem: Option<Problem>,
    /// How long the last finished run took.
    pub duration_seconds: Reading<Seconds>,
    /// When it was last started.
    pub started_at_ms: Reading<UnixMillis>,
    /// Finished runs since smonitor started, failed ones included.
    pub runs: u64,
    /// Failed runs, panics included.
    pub failures: u64,
    /// Ticks at which it was not started because an earlier run had not returned.
    pub skipped: u64,
}
