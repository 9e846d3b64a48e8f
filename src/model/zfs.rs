//! ZFS pools. Source: the module's `/proc/spl/kstat/zfs`; no program is run.

use serde::{Deserialize, Serialize};

use super::filesystem::Space;
use super::{Bytes, BytesPerSecond, Reading, Text};

/// The most pools that are kept.
pub const POOLS_MAX: usize = 128;

/// All imported pools, and the cache they share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Zfs {
    /// By name.
    pub pools: Vec<ZfsPool>,
    /// The adaptive replacement cache, which counts as used memory and is given back when needed.
    pub cache: Reading<ZfsCache>,
}

/// One pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct ZfsPool {
    /// Identity of the row: the pool's name.
    pub key: Text,
    /// How it is (`<pool>/state`, OpenZFS 0.8 and later).
    pub state: Reading<ZfsState>,
    /// Space that datasets can use, redundancy taken off: used by the mounted datasets plus what
    /// the pool still has, from statfs(2). Absent (`not_supported`) where none is mounted.
    pub space: Reading<Space>,
    /// Read by all datasets together (`<pool>/objset-*`, `nread`).
    pub read_bytes_per_second: Reading<BytesPerSecond>,
    /// Written by all datasets together (`nwritten`).
    pub written_bytes_per_second: Reading<BytesPerSecond>,
}

/// State of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum ZfsState {
    /// All devices work.
    Online,
    /// A device does not work; the data are complete.
    Degraded,
    /// A device that is needed does not work.
    Faulted,
    /// Taken offline.
    Offline,
    /// Its devices were removed.
    Removed,
    /// Its devices cannot be opened.
    Unavailable,
    /// Input/output has stopped until somebody repairs it (`SUSPENDED`).
    Suspended,
}

/// The adaptive replacement cache (`arcstats`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct ZfsCache {
    /// `size`.
    pub size_bytes: Bytes,
    /// `c`: the size it aims at.
    pub target_bytes: Bytes,
    /// `c_max`.
    pub limit_bytes: Bytes,
    /// `hits`, since the module was loaded.
    pub hits_total: u64,
    /// `misses`, since the module was loaded.
    pub misses_total: u64,
}
