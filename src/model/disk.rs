//! Block devices and what they do. Source: `/proc/diskstats` (kernel document
//! admin-guide/iostats.rst) and `/sys/block`.

use serde::{Deserialize, Serialize};

use super::pressure::Pressure;
use super::{Bytes, BytesPerSecond, PerSecond, Percent, Reading, Seconds, Text};

/// The most rows that are kept, by name.
pub const DISKS_MAX: usize = 512;

/// All block devices but partitions, loop devices, RAM disks, floppies and optical drives. What is
/// made and not set up has no row either: an array that was not started, an `nbd` or `zram` of no
/// size. A disk behind several controllers is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Disks {
    /// By kind, then by name as people count (`sda`, `sdb`, `nvme2n1`, `nvme10n1`).
    pub rows: Vec<Disk>,
    /// Devices beyond [`DISKS_MAX`], which have no row.
    pub left_out: u64,
    /// Read from all devices of kind `disk` together, those without a row included; what lies on top
    /// of them is not counted twice.
    pub read_bytes_per_second: Reading<BytesPerSecond>,
    /// Written to all devices of kind `disk` together.
    pub written_bytes_per_second: Reading<BytesPerSecond>,
    /// Pressure on input/output: time that tasks waited for it.
    pub pressure: Reading<Pressure>,
}

/// One block device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Disk {
    /// Identity of the row: the kernel's name, `nvme0n1`.
    pub key: Text,
    /// The name people gave it: that of the mapping or array (`vg0-home`, `md/data`); else the kernel's.
    pub name: Text,
    /// What it is.
    pub kind: DiskKind,
    /// Maker and model.
    pub model: Reading<Text>,
    /// Whether it turns. Absent for what is not a disk.
    pub rotational: Reading<bool>,
    /// Its size.
    pub size_bytes: Reading<Bytes>,
    /// Read since boot.
    pub read_bytes_total: Bytes,
    /// Written since boot.
    pub written_bytes_total: Bytes,
    /// Finished reads since boot.
    pub reads_total: u64,
    /// Finished writes since boot.
    pub writes_total: u64,
    /// Time spent on reads since boot, waiting in the queue included. Starts over after 49.7 days, as
    /// the two below; absent (`not_supported`) where the kernel counts requests of this device and no
    /// times (arrays and mappings of old kernels).
    pub read_seconds_total: Reading<Seconds>,
    /// Time spent on writes since boot, waiting in the queue included.
    pub write_seconds_total: Reading<Seconds>,
    /// Time with anything in flight since boot.
    pub busy_seconds_total: Reading<Seconds>,
    /// What it does now.
    pub activity: Reading<DiskActivity>,
}

/// What a block device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum DiskKind {
    /// A disk, real or the hypervisor's.
    Disk,
    /// An MD array (`md…`).
    Raid,
    /// A mapping (`dm-…`): logical volume, encryption, multipath.
    Mapped,
    /// A network block device (`nbd…`, `rbd…`, `drbd…`).
    Network,
    /// Compressed memory (`zram…`).
    Memory,
    /// Anything else.
    Other,
}

/// What a block device does, over the time since the last sample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct DiskActivity {
    /// Read, sectors of 512 bytes.
    pub read_bytes_per_second: BytesPerSecond,
    /// Written.
    pub written_bytes_per_second: BytesPerSecond,
    /// Finished reads.
    pub reads_per_second: PerSecond,
    /// Finished writes.
    pub writes_per_second: PerSecond,
    /// Mean time a finished read took, queue included; absent (`measuring`) if none finished.
    pub read_latency_seconds: Reading<Seconds>,
    /// Mean time a finished write took, queue included; absent (`measuring`) if none finished.
    pub write_latency_seconds: Reading<Seconds>,
    /// Share of time with anything in flight, 0–100 %. A device that works on many requests at
    /// once can be far from its limit at 100 %. Absent (`not_supported`), as the latencies and the
    /// queue, where no times are counted.
    pub busy_percent: Reading<Percent>,
    /// Requests in flight or waiting, mean.
    pub queue_length: Reading<f64>,
}
