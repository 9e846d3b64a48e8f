//! Memory nodes. Source: `/sys/devices/system/node` (kernel document admin-guide/mm/numaperf.rst).

use serde::{Deserialize, Serialize};

use super::{Bytes, PerSecond, Percent, Reading, Text};

/// All memory nodes, by number. A machine with one node has one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Numa {
    /// By number.
    pub nodes: Vec<NumaNode>,
}

/// One memory node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct NumaNode {
    /// Identity of the row: the kernel's number, in decimal.
    pub key: Text,
    /// Its logical processors, `0-31,64-95` (`cpulist`); empty for a node with memory only.
    pub cpus: Text,
    /// `MemTotal` of the node.
    pub total_bytes: Reading<Bytes>,
    /// `MemFree` of the node.
    pub free_bytes: Reading<Bytes>,
    /// `MemTotal − MemFree`; page cache counts as used here, because no file tells otherwise.
    pub used_percent: Reading<Percent>,
    /// Pages that a process got from here though it wanted another node (`numastat`, `numa_miss`).
    pub misses_per_second: Reading<PerSecond>,
    /// Distances to all nodes by number, 10 is itself (`distance`).
    pub distances: Vec<u32>,
}
