//! Arrays of the multiple-device driver (MD RAID). Source: `/proc/mdstat` (md(4)).

use serde::{Deserialize, Serialize};

use super::{Bytes, BytesPerSecond, Percent, Reading, Seconds, Text};

/// The most arrays that are kept.
pub const ARRAYS_MAX: usize = 128;

/// All arrays. Empty where the driver is loaded and there is none. A container, which holds the
/// members of arrays with metadata of a BIOS, is no array and left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Raid {
    /// By name.
    pub arrays: Vec<RaidArray>,
}

/// One array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct RaidArray {
    /// Identity of the row: the kernel's name, `md0`.
    pub key: Text,
    /// `raid1`, `raid6`, `linear` …; absent while the array is inactive.
    pub level: Reading<Text>,
    /// How it is, decided here.
    pub state: RaidState,
    /// Its size; absent while it is not started, when the kernel only knows that of its members.
    pub size_bytes: Reading<Bytes>,
    /// Members it should have (`[2/1]`, the first number); absent for levels without redundancy.
    pub devices_wanted: Reading<u32>,
    /// Members that work (`[2/1]`, the second number).
    pub devices_working: Reading<u32>,
    /// Its members, in the kernel's order.
    pub members: Vec<RaidMember>,
    /// A rebuild, check or reshape that is going on or waits its turn.
    pub action: Option<RaidAction>,
}

/// How an array is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum RaidState {
    /// All members work.
    Clean,
    /// All members work and are being compared or rearranged.
    Working,
    /// A member is missing and being rebuilt.
    Recovering,
    /// A member is missing: the next failure may lose data.
    Degraded,
    /// Not started, or fewer members than it needs.
    Inactive,
}

/// One member of an array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct RaidMember {
    /// The kernel's name of the device, `sda1`.
    pub device: Text,
    /// What it does in the array.
    pub state: RaidMemberState,
}

/// What a member does in its array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum RaidMemberState {
    /// Works.
    Active,
    /// Waits to replace a failed one (`(S)`).
    Spare,
    /// Failed (`(F)`).
    Failed,
    /// Keeps the journal (`(J)`).
    Journal,
    /// Is going to replace another (`(R)`).
    Replacement,
}

/// Something that an array is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct RaidAction {
    /// What: `recovery`, `resync`, `reshape`, `check`, `repair`.
    pub kind: Text,
    /// How far; absent while it waits (`DELAYED`, `PENDING`).
    pub done_percent: Reading<Percent>,
    /// How fast.
    pub speed_bytes_per_second: Reading<BytesPerSecond>,
    /// How long it will take, by the kernel's estimate.
    pub remaining_seconds: Reading<Seconds>,
}
