//! The last ten minutes of a host's load, so that a chart has a past when a page is opened.

use serde::{Deserialize, Serialize};

use super::{BytesPerSecond, HostId, Percent, Reading, Text, UnixMillis};

/// How far back, in milliseconds.
pub const RECENT_SPAN_MS: i64 = 10 * 60 * 1000;

/// The most points of a series; more often than every half second nothing is read.
pub const RECENT_MAX_POINTS: usize = 1300;

/// What was read within the last ten minutes. Where nobody looked there are no points: a gap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct RecentDocument {
    /// Which host.
    pub host: HostId,
    /// Processor time.
    pub cpu: RecentCpu,
    /// Memory.
    pub memory: RecentMemory,
    /// Network, real interfaces together.
    pub network: RecentNetwork,
    /// Disks together.
    pub disks: RecentDisks,
    /// Graphics cards, by index; empty where there is none.
    pub gpus: Vec<RecentGpu>,
}

/// Columns of equal length, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct RecentCpu {
    /// When each was read.
    pub times_ms: Vec<UnixMillis>,
    /// Everything but idle and iowait, 0–100 %.
    pub busy_percent: Vec<Reading<Percent>>,
    /// Idle with input/output outstanding, 0–100 %.
    pub iowait_percent: Vec<Reading<Percent>>,
}

/// Columns of equal length, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct RecentMemory {
    /// When each was read.
    pub times_ms: Vec<UnixMillis>,
    /// Memory in use, 0–100 %.
    pub used_percent: Vec<Reading<Percent>>,
    /// Swap in use, 0–100 %.
    pub swap_percent: Vec<Reading<Percent>>,
}

/// Columns of equal length, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct RecentNetwork {
    /// When each was read.
    pub times_ms: Vec<UnixMillis>,
    /// Received by all real interfaces.
    pub received_bytes_per_second: Vec<Reading<BytesPerSecond>>,
    /// Sent by all real interfaces.
    pub sent_bytes_per_second: Vec<Reading<BytesPerSecond>>,
}

/// Columns of equal length, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct RecentDisks {
    /// When each was read.
    pub times_ms: Vec<UnixMillis>,
    /// Read from all disks.
    pub read_bytes_per_second: Vec<Reading<BytesPerSecond>>,
    /// Written to all disks.
    pub written_bytes_per_second: Vec<Reading<BytesPerSecond>>,
}

/// One card. Columns of equal length, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct RecentGpu {
    /// The key of the card.
    pub key: Text,
    /// When each was read.
    pub times_ms: Vec<UnixMillis>,
    /// Share of time a kernel ran on it, 0–100 %.
    pub gpu_percent: Vec<Reading<Percent>>,
    /// Memory in use, 0–100 %.
    pub memory_percent: Vec<Reading<Percent>>,
}
