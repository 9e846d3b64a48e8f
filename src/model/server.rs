//! How this very server runs: who restarts it, what it gave up, who is connected.

use serde::{Deserialize, Serialize};

use super::{Reading, Role, Seconds, Text, UnixMillis};

/// Restarts that are kept, the newest ones.
pub const RESTARTS_MAX: usize = 100;
/// File in the state folder with the restarts: a JSON array of [`Restart`], newest first, at most
/// [`RESTARTS_MAX`]. The manager writes it, the worker and the next manager read it.
pub const RESTARTS_FILE: &str = "restarts.json";
/// Viewers that are listed, those connected longest first.
pub const VIEWERS_LISTED_MAX: usize = 500;

/// `GET /api/v1/server`, for admins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct ServerBody {
    /// Version of the program that answers.
    pub version: String,
    /// Its process number.
    pub pid: u32,
    /// When it started: the worker, so that a restart shows.
    pub started_at_ms: UnixMillis,
    /// The server's clock.
    pub server_time_ms: UnixMillis,
    /// Who starts it again when it dies.
    pub restarted_by: RestartedBy,
    /// What the kernel keeps it from doing.
    pub sandbox: Sandbox,
    /// The newest restarts, newest first, at most [`RESTARTS_MAX`]. Absent (`not_collected`) where
    /// nobody writes them down: smonitor runs without a manager, or without a state folder.
    pub restarts: Reading<Vec<Restart>>,
    /// Open WebSocket connections, oldest first.
    pub viewers: Vec<Viewer>,
    /// Connections beyond [`VIEWERS_LISTED_MAX`].
    pub viewers_left_out: u64,
}

/// Who starts a server again that died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum RestartedBy {
    /// smonitor's own manager, the parent process.
    Manager,
    /// supervisord.
    Supervisord,
    /// systemd.
    Systemd,
    /// Nobody that smonitor knows of.
    Nobody,
}

/// One restart of the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Restart {
    /// When the manager saw that the old one is gone, or decided to end it. Wall clock.
    pub at_ms: UnixMillis,
    /// Why.
    pub reason: RestartReason,
    /// The same with its details, for people. English: `killed by signal 9 (SIGKILL)`.
    pub detail: Text,
    /// Process number of the old one.
    pub pid: u32,
    /// How long the old one had lived.
    pub lived_seconds: Seconds,
    /// How long nobody served: from `at_ms` until the next one did. Absent (`measuring`) while the
    /// next one has not come up, `not_collected` where that is not watched.
    pub back_after_seconds: Reading<Seconds>,
    /// Version of the next one; absent (`measuring`) until it came up.
    pub version: Reading<String>,
}

/// Why a server was restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum RestartReason {
    /// It ended by itself, with an exit code.
    Exited,
    /// A signal ended it: a crash, the kernel for want of memory, somebody's `kill`.
    Killed,
    /// It gave no sign of life: stopped, deadlocked, or stuck in the kernel.
    Silent,
    /// It had been started and did not come up in time.
    NotUp,
    /// Somebody asked for it: `POST /restart`.
    Requested,
    /// The settings were read anew: SIGHUP.
    Reloaded,
}

/// What the kernel keeps the server from doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Sandbox {
    /// Starting programs, and every system call that a monitor does not need (seccomp).
    pub system_calls: Guard,
    /// Writing to files outside of the state folder (Landlock).
    pub writing: Guard,
    /// Connecting to other machines.
    pub connecting: Guard,
}

/// One thing the kernel guards, or does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Guard {
    /// Whether it is on.
    pub state: GuardState,
    /// Why it is not, or what it leaves open; null if there is nothing to say. English.
    pub note: Option<String>,
}

/// Whether the kernel guards something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum GuardState {
    /// It does.
    On,
    /// In part; the note says what is left open.
    Partial,
    /// This kernel cannot.
    NotSupported,
    /// The settings say not to.
    Off,
}

/// One open WebSocket connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Viewer {
    /// Counts up from 1 since the server started.
    pub key: String,
    /// Where it comes from; the client's own address if a trusted proxy forwards it.
    pub address: String,
    /// What it may see.
    pub role: Role,
    /// What the client calls itself (`User-Agent`), cut to 200 characters; absent (`not_supported`)
    /// if it does not.
    pub user_agent: Reading<Text>,
    /// Since when it is connected.
    pub since_ms: UnixMillis,
    /// What it looks at.
    pub topics: Vec<String>,
    /// The newest time from a WebSocket ping to its answer; absent (`measuring`) before the first.
    pub round_trip_ms: Reading<u32>,
    /// Bytes of messages sent to it since it connected, after compression, without framing.
    pub sent_bytes: u64,
}

/// `GET /` of the manager's own port, asked for `application/json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct ManagerBody {
    /// `self` or `supervisor`: who starts the worker.
    pub mode: String,
    /// Version of the manager; after an upgrade the worker may be newer.
    pub version: String,
    /// Process number of the manager.
    pub pid: u32,
    /// When it started.
    pub started_at_ms: UnixMillis,
    /// The process that serves; null between two of them.
    pub worker: Option<WorkerBody>,
    /// Restarts since the manager started.
    pub restarts_total: u64,
    /// The newest ones, newest first, at most [`RESTARTS_MAX`]; older managers' too.
    pub restarts: Vec<Restart>,
}

/// The process that serves, as its manager sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct WorkerBody {
    /// Its process number.
    pub pid: u32,
    /// How it is.
    pub state: WorkerState,
    /// When it was started.
    pub started_at_ms: UnixMillis,
    /// Its version; absent (`measuring`) before it is up.
    pub version: Reading<String>,
    /// How long ago it gave a sign of life; absent (`measuring`) before the first.
    pub silent_seconds: Reading<Seconds>,
}

/// How the process that serves is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    /// Started, not serving yet.
    Starting,
    /// Serving.
    Up,
    /// Told to end.
    Stopping,
}
