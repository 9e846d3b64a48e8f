//! One card: what it is and what it does now. All from NVML; each field names its call. A call that
//! the card does not support is tried once and is `not_supported` from then on.

use serde::{Deserialize, Serialize};

use super::health::{GpuHealth, GpuState};
use crate::model::{
    Bytes, BytesPerSecond, Celsius, Hertz, Joules, Percent, Problem, Reading, Text, UnixMillis,
    Watts,
};

/// One card.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Gpu {
    /// Identity of the row: the PCI address, which stays when a card is lost.
    pub key: Text,
    /// Its number for `nvidia-smi -i` and `CUDA_VISIBLE_DEVICES` (nvmlDeviceGetIndex).
    pub index: u32,
    /// Model, `NVIDIA A100-SXM4-80GB` (nvmlDeviceGetName).
    pub name: Reading<Text>,
    /// `GPU-…` (nvmlDeviceGetUUID).
    pub uuid: Reading<Text>,
    /// Serial number of the board (nvmlDeviceGetSerial).
    pub serial: Reading<Text>,
    /// PCI address, `00000000:3B:00.0` as nvidia-smi writes it (nvmlDeviceGetPciInfo_v3).
    pub pci_address: Text,
    /// Number of its device file, the N of `/dev/nvidiaN` (nvmlDeviceGetMinorNumber).
    pub minor: Reading<u32>,
    /// Version of its firmware (nvmlDeviceGetVbiosVersion).
    pub vbios_version: Reading<Text>,
    /// Family, `ampere` (nvmlDeviceGetArchitecture).
    pub architecture: Reading<Text>,
    /// What CUDA code it runs, `8.0` (nvmlDeviceGetCudaComputeCapability).
    pub compute_capability: Reading<Text>,
    /// Free, held, busy … decided here by the rules of docs/gpu.md.
    pub state: GpuState,
    /// Since when it is in that state; absent while that is not known for sure.
    pub state_since_ms: Reading<UnixMillis>,
    /// Since when it computes nothing (utilisation below 2 %). Absent (`not_supported`) while it does;
    /// `measuring` if smonitor has not watched it long enough to see the beginning.
    pub idle_since_ms: Reading<UnixMillis>,
    /// What is wrong with reading the card as a whole: `gone` when it fell off the bus.
    pub problem: Option<Problem>,
    /// What is wrong with the card itself.
    pub health: GpuHealth,
    /// Share of time it is busy.
    pub utilisation: GpuUtilisation,
    /// Memory on the card.
    pub memory: GpuMemory,
    /// How warm it is, and where it stops.
    pub temperature: GpuTemperature,
    /// Its fans, in order; empty if it has none that it controls (passive cards in servers).
    pub fans: Vec<GpuFan>,
    /// What it draws.
    pub power: GpuPower,
    /// How fast it runs.
    pub clocks: GpuClocks,
    /// 0 (fastest) to 15 (nvmlDeviceGetPerformanceState).
    pub performance_state: Reading<u8>,
    /// What holds its clocks back now; empty: nothing (nvmlDeviceGetCurrentClocksEventReasons).
    pub throttle: Reading<Vec<Throttle>>,
    /// Its connection to the machine.
    pub pcie: GpuPcie,
    /// Its links to other cards and switches; absent if it has none.
    pub nvlinks: Reading<Vec<NvLink>>,
    /// Memory error correction.
    pub ecc: GpuEcc,
    /// Pages taken out of use, cards before Ampere (nvmlDeviceGetRetiredPages).
    pub retired_pages: Reading<RetiredPages>,
    /// Rows replaced by spare ones, Ampere and newer (nvmlDeviceGetRemappedRows).
    pub row_remap: Reading<RowRemap>,
    /// Who may compute on it (nvmlDeviceGetComputeMode).
    pub compute_mode: Reading<ComputeMode>,
    /// Whether the driver stays loaded while nobody uses it (nvmlDeviceGetPersistenceMode).
    pub persistence: Reading<bool>,
    /// Whether it is divided into instances (nvmlDeviceGetMigMode).
    pub mig: Reading<bool>,
    /// Its instances, if it is divided.
    pub slices: Vec<DeviceSlice>,
    /// Whether it is passed through or shared between virtual machines
    /// (nvmlDeviceGetVirtualizationMode).
    pub virtualisation: Reading<Virtualisation>,
    /// Processes on it, also for those who may not see which.
    pub process_count: Reading<u32>,
}

/// Share of time, 0–100 %, over the driver's last sample period (1 s at most).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct GpuUtilisation {
    /// A kernel ran on it (nvmlDeviceGetUtilizationRates, `gpu`). Says nothing of how much of the
    /// card that kernel used.
    pub gpu_percent: Reading<Percent>,
    /// Its memory was read or written (`memory`).
    pub memory_percent: Reading<Percent>,
    /// Video encoder (nvmlDeviceGetEncoderUtilization).
    pub encoder_percent: Reading<Percent>,
    /// Video decoder (nvmlDeviceGetDecoderUtilization).
    pub decoder_percent: Reading<Percent>,
    /// JPEG engine (nvmlDeviceGetJpgUtilization).
    pub jpeg_percent: Reading<Percent>,
    /// Optical flow engine (nvmlDeviceGetOfaUtilization).
    pub ofa_percent: Reading<Percent>,
}

/// Memory on the card (nvmlDeviceGetMemoryInfo_v2, else nvmlDeviceGetMemoryInfo).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct GpuMemory {
    /// All of it. Absent (`not_supported`) where it is the machine's (unified memory).
    pub total_bytes: Reading<Bytes>,
    /// Used by processes and their contexts, without what is reserved.
    pub used_bytes: Reading<Bytes>,
    /// Kept by driver and firmware; old drivers count it as used.
    pub reserved_bytes: Reading<Bytes>,
    /// Free.
    pub free_bytes: Reading<Bytes>,
    /// Used of all, 0–100 %.
    pub used_percent: Reading<Percent>,
    /// The window through which the machine sees it (nvmlDeviceGetBAR1MemoryInfo).
    pub bar1_total_bytes: Reading<Bytes>,
    /// Used of that window.
    pub bar1_used_bytes: Reading<Bytes>,
}

/// Temperatures (nvmlDeviceGetTemperature, nvmlDeviceGetTemperatureThreshold).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct GpuTemperature {
    /// The chip.
    pub gpu_celsius: Reading<Celsius>,
    /// The memory (NVML field 82).
    pub memory_celsius: Reading<Celsius>,
    /// From here on it runs slower to protect itself.
    pub slowdown_celsius: Reading<Celsius>,
    /// From here on it switches itself off.
    pub shutdown_celsius: Reading<Celsius>,
    /// As warm as its maker lets it run.
    pub maximum_celsius: Reading<Celsius>,
    /// As warm as its memory may be.
    pub memory_maximum_celsius: Reading<Celsius>,
}

/// A fan.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct GpuFan {
    /// How fast it is meant to turn, of its most; may exceed 100 (nvmlDeviceGetFanSpeed_v2).
    pub speed_percent: Reading<Percent>,
}

/// Power.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct GpuPower {
    /// Drawn by the whole board (nvmlDeviceGetPowerUsage).
    pub draw_watts: Reading<Watts>,
    /// The most it may draw now (nvmlDeviceGetEnforcedPowerLimit).
    pub limit_watts: Reading<Watts>,
    /// The limit it is delivered with (nvmlDeviceGetPowerManagementDefaultLimit).
    pub default_limit_watts: Reading<Watts>,
    /// The least and the most that the limit can be set to
    /// (nvmlDeviceGetPowerManagementLimitConstraints).
    pub least_limit_watts: Reading<Watts>,
    /// See `least_limit_watts`.
    pub most_limit_watts: Reading<Watts>,
    /// Used since the driver was loaded (nvmlDeviceGetTotalEnergyConsumption).
    pub energy_joules: Reading<Joules>,
}

/// Clocks (nvmlDeviceGetClockInfo, nvmlDeviceGetMaxClockInfo).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct GpuClocks {
    /// Graphics.
    pub graphics: GpuClock,
    /// Streaming multiprocessors.
    pub sm: GpuClock,
    /// Memory.
    pub memory: GpuClock,
    /// Video engines.
    pub video: GpuClock,
}

/// A clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct GpuClock {
    /// Now.
    pub now_hertz: Reading<Hertz>,
    /// At most.
    pub most_hertz: Reading<Hertz>,
}

/// What holds clocks back. Values of nvmlClocksEventReasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum Throttle {
    /// Nothing runs, so it need not be fast.
    Idle,
    /// Somebody set the clocks.
    ApplicationsClocks,
    /// It would draw more than its power limit.
    PowerCap,
    /// Hardware slows it down: too warm, too much power, or told from outside.
    HardwareSlowdown,
    /// It keeps step with other cards (sync boost).
    SyncBoost,
    /// Software slows it down: it is too warm.
    SoftwareThermal,
    /// Hardware slows it down: it is too warm.
    HardwareThermal,
    /// Hardware slows it down: the power supply told it to.
    PowerBrake,
    /// The clocks of the display.
    DisplayClock,
    /// A reason this version does not know.
    Other,
}

/// The connection to the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct GpuPcie {
    /// Generation now; goes down when idle (nvmlDeviceGetCurrPcieLinkGeneration).
    pub generation: Reading<u32>,
    /// Generation at most, of card and slot together (nvmlDeviceGetMaxPcieLinkGeneration).
    pub most_generation: Reading<u32>,
    /// Lanes now (nvmlDeviceGetCurrPcieLinkWidth).
    pub width: Reading<u32>,
    /// Lanes at most (nvmlDeviceGetMaxPcieLinkWidth).
    pub most_width: Reading<u32>,
    /// Packets that had to be sent again since the driver was loaded
    /// (nvmlDeviceGetPcieReplayCounter).
    pub replays: Reading<u64>,
    /// Received by the card: from NVML's counters (fields 197 and 198) where the driver has them, else
    /// nvmlDeviceGetPcieThroughput, asked of one card and direction at a time, in turn, because each
    /// question takes the driver 20 ms.
    pub received_bytes_per_second: Reading<BytesPerSecond>,
    /// Sent by the card.
    pub sent_bytes_per_second: Reading<BytesPerSecond>,
}

/// A link to another card or a switch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct NvLink {
    /// Its number on the card.
    pub link: u32,
    /// Whether it works (nvmlDeviceGetNvLinkState).
    pub active: Reading<bool>,
    /// Generation of the link, 4 for NVLink 4.0 (nvmlDeviceGetNvLinkVersion).
    pub version: Reading<u32>,
    /// Speed of one direction (NVML field 90 and following).
    pub speed_bytes_per_second: Reading<BytesPerSecond>,
    /// Where it leads, a PCI address (nvmlDeviceGetNvLinkRemotePciInfo_v2).
    pub remote: Reading<Text>,
    /// Messages sent again, recoveries, checksum errors since the driver was loaded
    /// (nvmlDeviceGetNvLinkErrorCounter).
    pub errors: Reading<u64>,
}

/// Memory error correction (nvmlDeviceGetEccMode, nvmlDeviceGetTotalEccErrors).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct GpuEcc {
    /// Whether it is on.
    pub enabled: Reading<bool>,
    /// Whether it will be on after the next restart.
    pub enabled_after_restart: Reading<bool>,
    /// Errors since the driver was loaded.
    pub since_load: EccCounts,
    /// Errors in the card's life.
    pub lifetime: EccCounts,
}

/// Counts of memory errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct EccCounts {
    /// Corrected: nothing was lost.
    pub corrected: Reading<u64>,
    /// Not corrected: a program was given wrong data and ended.
    pub uncorrected: Reading<u64>,
}

/// Pages taken out of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct RetiredPages {
    /// Because of several correctable errors.
    pub corrected: u64,
    /// Because of an uncorrectable one.
    pub uncorrected: u64,
    /// Whether more will be after a restart (nvmlDeviceGetRetiredPagesPendingStatus).
    pub pending: bool,
}

/// Rows of memory replaced by spare ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct RowRemap {
    /// Because of correctable errors.
    pub corrected: u32,
    /// Because of uncorrectable ones.
    pub uncorrected: u32,
    /// Whether a row will be replaced at the next reset of the card.
    pub pending: bool,
    /// Whether a row could not be replaced: the card has to be.
    pub failed: bool,
}

/// Who may compute on a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum ComputeMode {
    /// Any number of processes.
    Default,
    /// Nobody.
    Prohibited,
    /// One process at a time.
    ExclusiveProcess,
    /// One thread at a time; long gone from drivers.
    ExclusiveThread,
}

/// How a card is shared with virtual machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum Virtualisation {
    /// It is this machine's.
    None,
    /// This is a virtual machine, and the card is passed through to it.
    PassThrough,
    /// This is a virtual machine with a share of a card.
    Vgpu,
    /// This machine gives shares of the card to virtual machines.
    Host,
}

/// An instance of a card that is divided (MIG).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct DeviceSlice {
    /// Identity: `<index of the card>:<number of the instance>`, as nvidia-smi counts.
    pub key: Text,
    /// `MIG-…`, what `CUDA_VISIBLE_DEVICES` takes (nvmlDeviceGetUUID).
    pub uuid: Reading<Text>,
    /// Its size, `1g.10gb`.
    pub profile: Reading<Text>,
    /// The GPU instance it belongs to (nvmlDeviceGetGpuInstanceId).
    pub gpu_instance: Reading<u32>,
    /// The compute instance (nvmlDeviceGetComputeInstanceId).
    pub compute_instance: Reading<u32>,
    /// Free, held or busy. An instance has no utilisation: with a process on it, it is busy.
    pub state: GpuState,
    /// Its memory.
    pub memory: GpuMemory,
    /// Processes on it.
    pub process_count: Reading<u32>,
}
