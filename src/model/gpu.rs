//! Graphics cards. Source: NVML (the NVIDIA Management Library), `/sys/bus/pci` for cards that no
//! driver serves, `/proc` for the processes on them.
//!
//! What a card is and does stands in [`card`], how it is in [`health`], who is on it in [`process`].

use serde::{Deserialize, Serialize};

use super::{Reading, Text};

pub mod card;
pub mod health;
pub mod process;

pub use card::{
    ComputeMode, DeviceSlice, EccCounts, Gpu, GpuClock, GpuClocks, GpuEcc, GpuFan, GpuMemory,
    GpuPcie, GpuPower, GpuTemperature, GpuUtilisation, NvLink, RetiredPages, RowRemap, Throttle,
    Virtualisation,
};
pub use health::{
    DeviceHolder, GpuEvent, GpuFinding, GpuHealth, GpuState, Severity, XidAction, XidClass,
};
pub use process::{GpuProcess, GpuProcessKind, GpuUser};

/// The most cards that are kept.
pub const GPUS_MAX: usize = 64;

/// The most processes on cards that are kept.
pub const GPU_PROCESSES_MAX: usize = 4096;

/// The most events that are kept, newest first.
pub const GPU_EVENTS_MAX: usize = 100;

/// All cards of this machine. The section is absent with `not_supported` where there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Gpus {
    /// Whether the driver serves the cards; if not, they are known by what the PCI bus says.
    pub driver: DriverState,
    /// Version of the driver, `570.86.15` (nvmlSystemGetDriverVersion).
    pub driver_version: Reading<Text>,
    /// Version of the library, `12.570.86.15` (nvmlSystemGetNVMLVersion).
    pub nvml_version: Reading<Text>,
    /// The newest CUDA that the driver can run, `12.8` (nvmlSystemGetCudaDriverVersion_v2).
    pub cuda_version: Reading<Text>,
    /// By index: the order of PCI addresses, which is that of `nvidia-smi` and of
    /// `CUDA_VISIBLE_DEVICES` with `CUDA_DEVICE_ORDER=PCI_BUS_ID`.
    pub cards: Vec<Gpu>,
    /// Processes on the cards, by card, then process id.
    pub processes: Vec<GpuProcess>,
    /// Who is on the cards: a row a user, most memory first.
    pub people: Vec<GpuUser>,
    /// Errors that the driver reported since smonitor watches, newest first.
    pub events: Vec<GpuEvent>,
    /// Cards and processes beyond the caps, which have no row.
    pub left_out: u64,
}

/// Whether the driver serves the cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum DriverState {
    /// It does.
    Running,
    /// Its library (`libnvidia-ml.so.1`) is not installed.
    LibraryMissing,
    /// The library is there, the kernel module is not loaded (NVML_ERROR_DRIVER_NOT_LOADED).
    NotLoaded,
    /// Library and kernel module are of different versions, as after an upgrade without a restart
    /// (NVML_ERROR_LIB_RM_VERSION_MISMATCH).
    VersionMismatch,
    /// smonitor's user may not open the devices (NVML_ERROR_NO_PERMISSION).
    Forbidden,
    /// Every card is switched off by runtime power management, and `gpu.wake` is false: to ask the
    /// driver would wake them.
    Asleep,
    /// It fails otherwise; the log has the code.
    Failing,
}
