//! Asks a filesystem how full it is: statfs(2), or what it said when the machine was captured.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, StatVfs, StatVfsMountFlags, Statx, StatxFlags};
use rustix::io::Errno;

use super::mountinfo::unescape;
use super::table::{Entry, Place};
use crate::host::Roots;
use crate::host::parse::{ParseError, lines};
use crate::model::filesystem::{Inodes, Space};
use crate::model::{Bytes, Percent, Reading, Reason};

/// What statfs(2) says, by the names of statvfs(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// `f_frsize`: bytes of what the next three count.
    pub block_size: u64,
    /// `f_blocks`.
    pub blocks: u64,
    /// `f_bfree`.
    pub free: u64,
    /// `f_bavail`: free for users other than root.
    pub available: u64,
    /// `f_files`.
    pub files: u64,
    /// `f_ffree`.
    pub free_files: u64,
    /// `ST_RDONLY`: nothing can be written here. A disk that fails becomes so without a change of
    /// the mount table.
    pub is_read_only: bool,
}

impl Numbers {
    /// Space, as df(1) counts it. A filesystem of no blocks has not said its size.
    #[must_use]
    pub fn space(&self) -> Reading<Space> {
        if self.blocks == 0 {
            return Reading::absent(Reason::NotSupported);
        }
        let bytes = |blocks: u64| Bytes(blocks.saturating_mul(self.block_size));
        let used = bytes(self.blocks.saturating_sub(self.free));
        // Beyond what is reserved for root some count below zero.
        let is_negative = self.available > i64::MAX.unsigned_abs();
        let available = bytes(if is_negative { 0 } else { self.available });
        let for_users = Bytes(used.0.saturating_add(available.0));
        Reading::Present(Space {
            total_bytes: bytes(self.blocks),
            used_bytes: used,
            available_bytes: available,
            used_percent: Reading::from_option(
                Percent::of_bytes(used, for_users),
                Reason::NotSupported,
            ),
        })
    }

    /// Index nodes, if the filesystem has a limit of them.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a percentage needs no more than 53 bits")]
    pub fn inodes(&self) -> Reading<Inodes> {
        if self.files == 0 {
            return Reading::absent(Reason::NotSupported);
        }
        let used = self.files.saturating_sub(self.free_files);
        let percent = Percent::of(used as f64, self.files as f64);
        Reading::Present(Inodes {
            total: self.files,
            used,
            free: self.free_files,
            used_percent: Reading::from_option(percent, Reason::NotSupported),
        })
    }
}

impl From<StatVfs> for Numbers {
    fn from(told: StatVfs) -> Self {
        Self {
            block_size: told.f_frsize,
            blocks: told.f_blocks,
            free: told.f_bfree,
            available: told.f_bavail,
            files: told.f_files,
            free_files: told.f_ffree,
            is_read_only: told.f_flag.contains(StatVfsMountFlags::RDONLY),
        }
    }
}

/// How to know that a path leads to the mount that was meant, and not to one that came over it or
/// to the folder below one that went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Proof {
    /// The number of the mount, if the table is that of our own mounts.
    mount: Option<u64>,
    /// The number of the device, if all its files have it.
    device: Option<(u32, u32)>,
}

impl Proof {
    /// Whether what was found is what was meant, as far as it can be told.
    fn accepts(self, found: &Statx) -> bool {
        // Linux before 5.8 does not tell the mount.
        let mount = self.mount.filter(|_| found.stx_mask & StatxFlags::MNT_ID.bits() != 0);
        match (mount, self.device) {
            (Some(mount), _) => found.stx_mnt_id == mount,
            (None, Some(device)) => (found.stx_dev_major, found.stx_dev_minor) == device,
            (None, None) => true,
        }
    }
}

/// A path to a filesystem.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Way {
    path: PathBuf,
    proof: Proof,
}

/// A filesystem and where to ask it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    ways: Vec<Way>,
}

impl Target {
    /// The filesystem of `entry`, of the machine whose root is at `roots`.
    #[must_use]
    pub fn new(entry: &Entry, roots: &Roots) -> Self {
        let proof = |place: &Place| Proof {
            // Below another root the same mounts have other numbers.
            mount: roots.is_live().then_some(place.mount),
            device: entry.device_number,
        };
        let way = |place: &Place| Way { path: roots.mounted(&place.path), proof: proof(place) };
        Self { ways: entry.places.iter().map(way).collect() }
    }

    /// Asks; may take as long as the kernel does.
    ///
    /// # Errors
    /// [`Reason::Gone`] if it is not mounted there any more, [`Reason::PermissionDenied`] if it or
    /// the way to it is closed (FUSE mounts of another user are, for root too),
    /// [`Reason::NotSupported`] if it does not know the question, [`Reason::OutOfResources`] without
    /// descriptors or memory, else [`Reason::ReadFailed`].
    pub fn ask(&self) -> Result<Numbers, Reason> {
        let mut outcome = Err(Reason::Gone);
        for way in &self.ways {
            outcome = ask_at(&way.path, way.proof).map_err(reason);
            // The way to another of its mount points may be open.
            if !matches!(outcome, Err(Reason::Gone | Reason::PermissionDenied)) {
                break;
            }
        }
        outcome
    }
}

/// Opening with `O_PATH` asks the filesystem nothing, and mounts nothing where autofs waits.
fn ask_at(path: &Path, proof: Proof) -> Result<Numbers, Errno> {
    let file = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    match rustix::fs::statx(&file, c"", flags, StatxFlags::MNT_ID) {
        Ok(found) if !proof.accepts(&found) => return Err(Errno::NOENT),
        Ok(_) => {}
        // A FUSE mount of another user. Its statfs(2) would say 0 of everything.
        Err(Errno::ACCESS) => return Err(Errno::ACCESS),
        // Linux before 4.11, or a container engine that forbids what it does not know.
        Err(Errno::NOSYS | Errno::PERM) => {}
        Err(error) => return Err(error),
    }
    match rustix::fs::fstatvfs(&file) {
        // Linux before 3.12 wants a path.
        Err(Errno::BADF) => rustix::fs::statvfs(path),
        told => told,
    }
    .map(Numbers::from)
}

fn reason(error: Errno) -> Reason {
    match error {
        Errno::NOENT | Errno::NOTDIR => Reason::Gone,
        Errno::ACCESS | Errno::PERM => Reason::PermissionDenied,
        Errno::NOSYS | Errno::OPNOTSUPP => Reason::NotSupported,
        Errno::MFILE | Errno::NFILE | Errno::NOMEM => Reason::OutOfResources,
        // A server that is gone (ETIMEDOUT, ESTALE, EHOSTDOWN), a program that ended (ENOTCONN), a
        // disk that fails (EIO).
        _ => Reason::ReadFailed,
    }
}

/// What statfs(2) said when a machine was captured, by mount point.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured(HashMap<Vec<u8>, Numbers>);

impl Captured {
    /// What the filesystem said.
    ///
    /// # Errors
    /// [`Reason::NotSupported`] if nothing was captured.
    pub fn ask(&self, entry: &Entry) -> Result<Numbers, Reason> {
        let told = entry.places.iter().find_map(|place| self.0.get(&place.path));
        told.copied().ok_or(Reason::NotSupported)
    }
}

/// Parses the file `statfs` of a captured machine, which is ours and no kernel's: a line for a mount
/// point, escaped as in `mountinfo`, with `f_frsize f_blocks f_bfree f_bavail f_files f_ffree`.
///
/// # Errors
/// If a line has fewer fields, or one is no number.
pub fn parse_captured(bytes: &[u8]) -> Result<Captured, ParseError> {
    let mut captured = Captured::default();
    for (place, line) in lines("statfs", bytes) {
        let mut fields = line.split(|&byte| byte == b' ');
        let Some(point) = fields.next().filter(|point| !point.is_empty()) else { continue };
        let mut number = || place.unsigned(fields.next().unwrap_or_default());
        let numbers = Numbers {
            block_size: number()?,
            blocks: number()?,
            free: number()?,
            available: number()?,
            files: number()?,
            free_files: number()?,
            is_read_only: false,
        };
        captured.0.insert(unescape(point).into_owned(), numbers);
    }
    Ok(captured)
}

#[cfg(test)]
mod tests;
