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
    /// The kernel's own figures, for `/metrics` only: they are not on the wire.
    #[serde(skip)]
    #[cfg_attr(test, ts(skip))]
    pub meminfo: Meminfo,
}

/// The lines of `/proc/meminfo` that are known, in the kernel's order: `"its key" => "the same as
/// part of a metric's name"`. A figure in kB is kept in bytes, and its metric's name says so.
#[macro_export]
macro_rules! meminfo_fields {
    ($with:ident) => {
        $with! {
            "MemTotal" => "MemTotal_bytes",
            "MemFree" => "MemFree_bytes",
            "MemAvailable" => "MemAvailable_bytes",
            "Buffers" => "Buffers_bytes",
            "Cached" => "Cached_bytes",
            "SwapCached" => "SwapCached_bytes",
            "Active" => "Active_bytes",
            "Inactive" => "Inactive_bytes",
            "Active(anon)" => "Active_anon_bytes",
            "Inactive(anon)" => "Inactive_anon_bytes",
            "Active(file)" => "Active_file_bytes",
            "Inactive(file)" => "Inactive_file_bytes",
            "Unevictable" => "Unevictable_bytes",
            "Mlocked" => "Mlocked_bytes",
            "SwapTotal" => "SwapTotal_bytes",
            "SwapFree" => "SwapFree_bytes",
            "Zswap" => "Zswap_bytes",
            "Zswapped" => "Zswapped_bytes",
            "Dirty" => "Dirty_bytes",
            "Writeback" => "Writeback_bytes",
            "AnonPages" => "AnonPages_bytes",
            "Mapped" => "Mapped_bytes",
            "Shmem" => "Shmem_bytes",
            "KReclaimable" => "KReclaimable_bytes",
            "Slab" => "Slab_bytes",
            "SReclaimable" => "SReclaimable_bytes",
            "SUnreclaim" => "SUnreclaim_bytes",
            "KernelStack" => "KernelStack_bytes",
            "PageTables" => "PageTables_bytes",
            "SecPageTables" => "SecPageTables_bytes",
            "NFS_Unstable" => "NFS_Unstable_bytes",
            "Bounce" => "Bounce_bytes",
            "WritebackTmp" => "WritebackTmp_bytes",
            "CommitLimit" => "CommitLimit_bytes",
            "Committed_AS" => "Committed_AS_bytes",
            "VmallocTotal" => "VmallocTotal_bytes",
            "VmallocUsed" => "VmallocUsed_bytes",
            "VmallocChunk" => "VmallocChunk_bytes",
            "Percpu" => "Percpu_bytes",
            "HardwareCorrupted" => "HardwareCorrupted_bytes",
            "AnonHugePages" => "AnonHugePages_bytes",
            "ShmemHugePages" => "ShmemHugePages_bytes",
            "ShmemPmdMapped" => "ShmemPmdMapped_bytes",
            "FileHugePages" => "FileHugePages_bytes",
            "FilePmdMapped" => "FilePmdMapped_bytes",
            "CmaTotal" => "CmaTotal_bytes",
            "CmaFree" => "CmaFree_bytes",
            "Unaccepted" => "Unaccepted_bytes",
            "Balloon" => "Balloon_bytes",
            "HugePages_Total" => "HugePages_Total",
            "HugePages_Free" => "HugePages_Free",
            "HugePages_Rsvd" => "HugePages_Rsvd",
            "HugePages_Surp" => "HugePages_Surp",
            "Hugepagesize" => "Hugepagesize_bytes",
            "Hugetlb" => "Hugetlb_bytes",
            "DirectMap4k" => "DirectMap4k_bytes",
            "DirectMap2M" => "DirectMap2M_bytes",
            "DirectMap1G" => "DirectMap1G_bytes",
        }
    };
}

macro_rules! define_keys {
    ($( $key:literal => $name:literal, )*) => {
        /// The keys of [`meminfo_fields`](crate::meminfo_fields), in the same order.
        pub const MEMINFO_KEYS: &[&str] = &[$( $key ),*];
    };
}
meminfo_fields!(define_keys);

/// The figures of `/proc/meminfo` as the kernel gives them, kB as bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meminfo {
    /// By place in [`MEMINFO_KEYS`]; `None` is a line that this kernel does not have. Empty if
    /// nothing was read.
    pub values: Vec<Option<u64>>,
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
