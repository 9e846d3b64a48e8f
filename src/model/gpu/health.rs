//! How a card is: its state, and what is wrong with it. Decided by `assess`, never by the page.

use serde::{Deserialize, Serialize};

use super::card::Throttle;
use crate::model::{Bytes, Celsius, Percent, Reading, Text, UnixMillis};

/// What a card is to somebody who looks for one. Tried in this order: unknown, fault, free, held,
/// busy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum GpuState {
    /// It cannot be told: no driver, no permission, or the driver does not answer.
    #[default]
    Unknown,
    /// It is broken: see its findings.
    Fault,
    /// No process, below 2 % of memory and of utilisation, for 30 s after it was seen in use.
    Free,
    /// Memory or a process on it, and below 2 % of utilisation for 10 min.
    Held,
    /// Everything else.
    Busy,
}

/// What is wrong with a card.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct GpuHealth {
    /// The worst of the findings; null if there is none.
    pub severity: Option<Severity>,
    /// Worst first.
    pub findings: Vec<GpuFinding>,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// It works, and somebody should look.
    Warning,
    /// Do not use it.
    Critical,
}

/// Something that is wrong with a card. The page and the terminal have a sentence for each, with what
/// to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum GpuFinding {
    /// It fell off the bus (NVML_ERROR_GPU_IS_LOST): reset the machine, look at power and seating.
    Lost {
        /// Since when.
        since_ms: UnixMillis,
    },
    /// The driver reported an error (XID) within the last 24 h.
    Xid {
        /// Its number, as in `dmesg`.
        code: u32,
        /// What it is about.
        class: XidClass,
        /// What to do.
        action: XidAction,
        /// How bad.
        severity: Severity,
        /// When it came last.
        at_ms: UnixMillis,
        /// How often it came.
        count: u32,
    },
    /// Memory errors that could not be corrected, since the driver was loaded.
    UncorrectedMemoryErrors {
        /// How many.
        count: u64,
    },
    /// A row of memory could not be replaced: the card has to be.
    RowRemapFailed,
    /// Rows or pages of memory will be replaced once the card is reset.
    MemoryRepairPending,
    /// It is warm: close to or beyond where it slows down.
    Hot {
        /// How warm.
        celsius: Celsius,
        /// Where it slows down.
        slowdown_celsius: Celsius,
        /// Warning within 10 °C, critical within 3 °C.
        severity: Severity,
    },
    /// Its clocks were held back for a good part of the last minutes in which it computed.
    Throttled {
        /// By what.
        reason: Throttle,
        /// For how much of the time it computed, 0–100 %.
        share_percent: Percent,
        /// Over how long that was measured.
        over_ms: u64,
        /// Heat and power brake are warnings, the power limit is information.
        severity: Severity,
    },
    /// Its link to the machine has fewer lanes, or under load a lower generation, than it could have.
    LinkBelowMaximum {
        /// Generation now.
        generation: u32,
        /// Generation at most.
        most_generation: u32,
        /// Lanes now.
        width: u32,
        /// Lanes at most.
        most_width: u32,
    },
    /// Links to other cards do not work though others of this card do.
    NvLinkDown {
        /// Which.
        links: Vec<u32>,
    },
    /// Errors on links to other cards, more since smonitor watches.
    NvLinkErrors {
        /// Which.
        links: Vec<u32>,
        /// How many more.
        count: u64,
    },
    /// Memory is used and nobody to be seen uses it.
    GhostMemory {
        /// How much.
        bytes: Bytes,
        /// Who has the card's device file open; absent where smonitor may not look.
        holders: Reading<Vec<DeviceHolder>>,
    },
}

impl GpuFinding {
    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Lost { .. } | Self::UncorrectedMemoryErrors { .. } | Self::RowRemapFailed => {
                Severity::Critical
            }
            Self::Xid { severity, .. }
            | Self::Hot { severity, .. }
            | Self::Throttled { severity, .. } => *severity,
            Self::MemoryRepairPending
            | Self::LinkBelowMaximum { .. }
            | Self::NvLinkDown { .. }
            | Self::NvLinkErrors { .. }
            | Self::GhostMemory { .. } => Severity::Warning,
        }
    }
}

/// A process that has a card's device file open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct DeviceHolder {
    /// Its number.
    pub pid: u32,
    /// The kernel's short name.
    pub name: Text,
    /// Whose it is.
    pub user: Reading<Text>,
}

/// An error that the driver reported (nvmlEventSetWait_v2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct GpuEvent {
    /// When smonitor heard of it.
    pub at_ms: UnixMillis,
    /// Which card.
    pub gpu: u32,
    /// Number of the XID error.
    pub code: u32,
    /// What it is about.
    pub class: XidClass,
    /// What to do.
    pub action: XidAction,
}

/// What an XID error is about, after NVIDIA's catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum XidClass {
    /// A program did something wrong; the card is fine.
    Program,
    /// The driver or its firmware.
    Driver,
    /// Memory of the card.
    Memory,
    /// The connection to the machine.
    Bus,
    /// A link to other cards.
    NvLink,
    /// The card itself.
    Hardware,
    /// Heat or power.
    Thermal,
    /// A number this version does not know.
    Unknown,
}

/// What to do about an XID error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum XidAction {
    /// Look into the program that ran.
    CheckProgram,
    /// Nothing; watch whether it comes again.
    Watch,
    /// End what runs on the card and reset it (`nvidia-smi -r -i N`).
    ResetCard,
    /// Restart the machine.
    RestartMachine,
    /// Check cables, seating and power of the card, then restart.
    CheckHardware,
    /// Have the card replaced.
    Replace,
    /// Look it up: the log of the kernel has the details.
    LookUp,
}
