//! Services of systemd that failed. Source: its D-Bus socket; no program is run.

use serde::{Deserialize, Serialize};

use super::{Reading, Text, UnixMillis};

/// The most rows that are kept.
pub const UNITS_MAX: usize = 256;

/// Failed units. Empty if all is well. Absent (`not_installed`) where systemd does not run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Units {
    /// By name.
    pub failed: Vec<FailedUnit>,
    /// Units beyond [`UNITS_MAX`], which have no row.
    pub left_out: u64,
}

/// One failed unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct FailedUnit {
    /// Identity of the row: its name, `nfs-server.service`.
    pub key: Text,
    /// What it is, in its own words (`Description=`).
    pub description: Text,
    /// What it did last (`SubState`, usually `failed`).
    pub sub_state: Text,
    /// Since when (`StateChangeTimestamp`).
    pub since_ms: Reading<UnixMillis>,
}
