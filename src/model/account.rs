//! Accounts of users. Source: `/etc/shadow` (shadow(5)), field 8.

use serde::{Deserialize, Serialize};

use super::UnixMillis;

/// When an account ends. Absent around this means unknown: the file may not be read, or does not
/// have the user (a directory server's users).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AccountEnd {
    /// Never: the field is empty.
    Never,
    /// At 00:00 UTC of the day in the field; whoever shows it says UTC, or the day of an account is
    /// off by one in half of the world.
    At {
        /// That moment.
        at_ms: UnixMillis,
        /// Whether it is past.
        expired: bool,
    },
}
