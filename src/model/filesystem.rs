//! Filesystems: one row per device, with all the places it is mounted at. Sources:
//! `/proc/self/mountinfo` (proc_pid_mountinfo(5)) and statfs(2).

use serde::{Deserialize, Serialize};

use super::{Bytes, Percent, Problem, Reading, Text, UnixMillis};

/// The most rows that are kept; the machine's own filesystems come first.
pub const FILESYSTEMS_MAX: usize = 512;

/// All mounted filesystems that hold somebody's files. Kernel interfaces (proc, sysfs, cgroup …),
/// loop-mounted images and read-only optical discs are left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Filesystems {
    /// One per device: system first, then boot, then the others by first mount point.
    pub rows: Vec<Filesystem>,
    /// Filesystems beyond [`FILESYSTEMS_MAX`], which have no row.
    pub left_out: u64,
}

/// One filesystem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Filesystem {
    /// Identity of the row: the same key in the next snapshot is the same filesystem.
    pub key: Text,
    /// What is mounted, as the mount table says it: `/dev/sda2`, `server:/export`, `tank/home`.
    pub device: Text,
    /// Type as the mount table says it: `ext4`, `nfs4`, `fuse.sshfs`.
    pub filesystem_type: Text,
    /// What the machine needs it for.
    pub role: FilesystemRole,
    /// Where its blocks are.
    pub medium: FilesystemMedium,
    /// All mount points, shortest first; bind mounts included, each place once. At most 64.
    pub mount_points: Vec<Text>,
    /// Mount points beyond those listed.
    pub more_mount_points: u64,
    /// Whether every mount of it is read-only, or the filesystem itself is.
    pub read_only: bool,
    /// Space. The last known while `problem` says that it does not answer.
    pub space: Reading<Space>,
    /// Index nodes, that is how many files there can be. Absent (`not_supported`) where the
    /// filesystem has no such limit (btrfs, vfat, many network filesystems).
    pub inodes: Reading<Inodes>,
    /// When space and index nodes were read; absent if they never were.
    pub taken_at_ms: Reading<UnixMillis>,
    /// What is wrong with this filesystem now; `not_responding`: statfs(2) has not returned since.
    pub problem: Option<Problem>,
}

/// What the machine needs a filesystem for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum FilesystemRole {
    /// Mounted at `/`.
    System,
    /// Mounted at or below `/boot` or `/efi`.
    Boot,
    /// Everything else.
    Other,
}

/// Where a filesystem's blocks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum FilesystemMedium {
    /// On a block device of this machine, or in a pool of such.
    Local,
    /// On another machine: its server may stop answering.
    Network,
    /// Answered by a program of this machine (FUSE), which may stop answering.
    Fuse,
    /// In main memory (tmpfs, ramfs).
    Memory,
}

/// Space of a filesystem, as df(1) counts it. Source: statfs(2).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Space {
    /// `f_blocks × f_frsize`.
    pub total_bytes: Bytes,
    /// `(f_blocks − f_bfree) × f_frsize`.
    pub used_bytes: Bytes,
    /// `f_bavail × f_frsize`: what a user other than root can still write.
    pub available_bytes: Bytes,
    /// used of used + available, as df(1) does: 100 % is when users can write no more.
    pub used_percent: Reading<Percent>,
}

/// Index nodes of a filesystem. Source: statfs(2).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Inodes {
    /// `f_files`.
    pub total: u64,
    /// `f_files − f_ffree`.
    pub used: u64,
    /// `f_ffree`.
    pub free: u64,
    /// used of total.
    pub used_percent: Reading<Percent>,
}
