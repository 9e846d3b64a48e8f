//! Pressure stall information: the share of time in which work waited for a resource.
//! Source: `/proc/pressure/{cpu,memory,io}` (Linux ≥ 4.20, kernel document accounting/psi.rst).

use serde::{Deserialize, Serialize};

use super::{Percent, Reading, Seconds};

/// Pressure on one resource.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Pressure {
    /// At least one task waited.
    pub some: PressureLine,
    /// Every runnable task waited. Absent where the kernel does not say (CPU before 5.13).
    pub full: Reading<PressureLine>,
}

/// One line of a pressure file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct PressureLine {
    /// Share of the last 10 s, 0–100 %.
    pub average_10s_percent: Percent,
    /// Share of the last 60 s, 0–100 %.
    pub average_60s_percent: Percent,
    /// Share of the last 300 s, 0–100 %.
    pub average_300s_percent: Percent,
    /// Waiting time since boot.
    pub total_seconds: Seconds,
}
