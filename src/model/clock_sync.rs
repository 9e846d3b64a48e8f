//! Whether the machine's clock is kept right. Source: adjtimex(2).

use serde::{Deserialize, Serialize};

use super::{Reading, Seconds};

/// The kernel's view of its clock.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct ClockSync {
    /// Whether a time service keeps it right (`STA_UNSYNC` not set).
    pub synchronised: bool,
    /// What is still to be corrected; negative: the clock is ahead (`offset`).
    pub offset_seconds: Seconds,
    /// Estimated error (`esterror`). Absent while not synchronised.
    pub estimated_error_seconds: Reading<Seconds>,
    /// Largest possible error (`maxerror`). Absent while not synchronised.
    pub maximum_error_seconds: Reading<Seconds>,
}
