//! Memory and swap. Source: `/proc/meminfo` (kernel document filesystems/proc.rst), rates from
//! `/proc/vmstat`.

use serde::{Deserialize, Serialize};

use super::pressure::Pressure;
use super::{Bytes, BytesPerSecond, Percent, Reading};

/// Main memory and swap. `used + (available − free) + free = total`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Memory {
    /// `MemTotal`: what the kernel can use.
    pub total_bytes: Bytes,
    /// `MemTotal − MemAvailable`: what cannot be had without swapping. On kernels before 3.14,
    /// which do not estimate `MemAvailable`: total − free − buffers − cached.
    pub used_bytes: Bytes,
    /// `used_bytes` of `total_bytes`, 0–100 %.
    pub used_percent: Reading<Percent>,
    /// `MemAvailable`: what new programs can have without swapping, by the kernel's estimate.
    pub available_bytes: Reading<Bytes>,
    /// `MemFree`: used for nothing at all.
    pub free_bytes: Bytes,
    /// `Buffers`: block device cache.
    pub buffers_bytes: Reading<Bytes>,
    /// `Cached + SReclaimable − Shmem`: page cache that can be dropped, as free(1) counts it less
    /// shared memory.
    pub cached_bytes: Reading<Bytes>,
    /// `Shmem`: shared memory and tmpfs.
    pub shared_bytes: Reading<Bytes>,
    /// `Dirty`: waits to be written to disk.
    pub dirty_bytes: Reading<Bytes>,
    /// `AnonHugePages`: huge pages that the kernel gave to programs by itself.
    pub transparent_huge_bytes: Reading<Bytes>,
    /// Huge pages that were set aside. Absent (`not_supported`) where there are none.
    pub huge_pages: Reading<HugePages>,
    /// Swap space. Absent (`not_supported`) where none is set up.
    pub swap: Reading<Swap>,
    /// Pressure on memory.
    pub pressure: Reading<Pressure>,
}

/// Huge pages that were set aside (`vm.nr_hugepages`), of the default size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct HugePages {
    /// `Hugepagesize`.
    pub page_bytes: Bytes,
    /// `HugePages_Total`, never 0.
    pub total: u64,
    /// `HugePages_Free`: not touched yet.
    pub free: u64,
    /// `HugePages_Rsvd`: promised to a program, counted in `free`.
    pub reserved: u64,
}

/// Swap space in use. `SwapTotal` is never 0 here: no swap at all is an absent reading.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Swap {
    /// `SwapTotal`.
    pub total_bytes: Bytes,
    /// `SwapTotal − SwapFree`.
    pub used_bytes: Bytes,
    /// `SwapFree`.
    pub free_bytes: Bytes,
    /// `used_bytes` of `total_bytes`, 0–100 %.
    pub used_percent: Reading<Percent>,
    /// Read back from swap (`pswpin` pages × page size), per second.
    pub in_bytes_per_second: Reading<BytesPerSecond>,
    /// Written to swap (`pswpout` pages × page size), per second.
    pub out_bytes_per_second: Reading<BytesPerSecond>,
}
