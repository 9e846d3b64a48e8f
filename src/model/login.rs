//! Who is logged in. Sources: `/run/utmp` (utmp(5)), else logind's `/run/systemd/sessions`.

use serde::{Deserialize, Serialize};

use super::{Reading, Seconds, Text, UnixMillis};

/// The most rows that are kept.
pub const LOGINS_MAX: usize = 1024;

/// Sessions of people. Empty where the list could be read and nobody is logged in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Logins {
    /// Where the list comes from.
    pub origin: LoginOrigin,
    /// By login time, earliest first.
    pub sessions: Vec<Login>,
    /// Sessions beyond [`LOGINS_MAX`], which have no row.
    pub left_out: u64,
}

/// Where a list of sessions comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum LoginOrigin {
    /// `/run/utmp`; then those sessions of logind that it does not know (without a terminal).
    Utmp,
    /// `/run/systemd/sessions`.
    Logind,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Login {
    /// Identity of the row.
    pub key: Text,
    /// Who.
    pub user: Text,
    /// The terminal, `pts/3`, `tty1`; absent for a session without one.
    pub terminal: Reading<Text>,
    /// Where from: host name or address; absent for a login at the machine itself.
    pub from: Reading<Text>,
    /// Since when.
    pub login_at_ms: Reading<UnixMillis>,
    /// The session's first process.
    pub pid: Reading<u32>,
    /// How long nothing was typed (the terminal's access time).
    pub idle_seconds: Reading<Seconds>,
}
