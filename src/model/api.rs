//! Bodies of the REST API that are not documents of a topic.

use serde::{Deserialize, Serialize};

use super::wire::ErrorCode;
use super::{Role, UnixMillis};

/// Every refusal of the API has this body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
}

/// What went wrong: a code for programs, a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct ErrorDetail {
    /// For programs.
    pub code: ErrorCode,
    /// For people: what, where, and what to do. English.
    pub message: String,
}

/// `GET /healthz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct HealthBody {
    /// Always `ok`: an answer at all is the sign of life.
    pub status: String,
    /// The program's version.
    pub version: String,
    /// The server's clock.
    pub server_time_ms: UnixMillis,
}

/// `POST /api/v1/session`: sign in with the access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct SignIn {
    /// The access token of the link that smonitor printed at its first start.
    pub token: String,
}

/// `GET /api/v1/session`: who the server takes the caller for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct SessionBody {
    /// What the caller may see; null if nothing before signing in.
    pub role: Option<Role>,
    /// Whether the caller holds a session (and so could sign out).
    pub signed_in: bool,
}
