//! Which mounts hold somebody's files, and where their blocks are. Knows names of filesystems and
//! of places, and no file.
//!
//! A type that needs a block device is real. One that needs none is an interface of the kernel,
//! unless it is in the lists here: network filesystems, FUSE, memory, pools. Of those that are
//! real, what tells nobody anything is left out:
//!
//! * images: squashfs and its like, everything on a loop device, optical discs that are read-only;
//! * overlays, except the root of a container: their space is that of the filesystem below;
//! * tmpfs where no user's file ever is: read-only ones (masks of container engines), and those
//!   below `/proc`, `/sys`, `/dev` and `/run`. `/dev/shm`, `/run` itself and `/run/shm` are shown,
//!   `/run/user/1000`, `/run/lock` and credentials of services are not. Neither are those of single
//!   containers and pods, of which a host has hundreds;
//! * storage of container engines that is a dataset or a device per layer, and the files that they
//!   mount into every container (`/etc/hosts` …), which are on a disk of the machine around it;
//! * FUSE mounts that are a door and not a store: `fuse.portal`, `fuse.lxcfs`, `fuse.gvfsd-fuse`
//!   and the others of the list. What lies behind has no size of its own, and the doors of another
//!   user stay shut for root too;
//! * snapshots of ZFS: they appear when somebody looks into them and would never expire if asked.
//!
//! autofs is never asked: looking could mount something.

use super::mountinfo::{KernelTypes, Mount};
use crate::host::Roots;
use crate::model::filesystem::FilesystemMedium as Medium;

/// What a mount of a real filesystem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Where its blocks are.
    pub medium: Medium,
    /// Whether statfs(2) may wait for somebody else for ever: a server, a program, a pool.
    pub may_hang: bool,
    /// Whether this mount is where somebody's files are. A filesystem with no such mount has no
    /// row; one that has, lists all its mounts.
    pub is_wanted: bool,
}

/// Places below which container engines keep what belongs to one container or layer.
const ENGINE_PLACES: [&[u8]; 6] = [
    b"/var/lib/docker/containers/",
    b"/var/lib/docker/zfs/",
    b"/var/lib/docker/devicemapper/",
    b"/var/lib/containers/storage/overlay-containers/",
    b"/var/lib/containers/storage/zfs/",
    b"/var/lib/kubelet/pods/",
];

/// What this mount is, or `None` if it is no real filesystem.
#[must_use]
pub fn of(mount: &Mount<'_>, types: &KernelTypes) -> Option<Kind> {
    let (medium, may_hang) = by_type(mount, types)?;
    let is_wanted = mount.is_at_root()
        || match medium {
            Medium::Memory => is_useful_memory(mount),
            Medium::Local => !is_image(mount) && !is_of_an_engine(mount),
            Medium::Fuse => !is_of_an_application(mount),
            Medium::Network => true,
        };
    Some(Kind { medium, may_hang, is_wanted })
}

/// Whether walking a path through this mount may wait for somebody else.
#[must_use]
pub fn may_hang(mount: &Mount<'_>) -> bool {
    let (base, _) = split(mount.kind);
    is_network(base) || matches!(base, b"fuse" | b"fuseblk" | b"autofs") || is_pool(base)
}

fn by_type(mount: &Mount<'_>, types: &KernelTypes) -> Option<(Medium, bool)> {
    let (base, subtype) = split(mount.kind);
    match base {
        b"autofs" => None,
        b"fuse" if is_door(subtype) => None,
        b"fuse" if is_overlay(subtype) && !mount.is_at_root() => None,
        b"fuse" | b"fuseblk" => Some((Medium::Fuse, true)),
        b"tmpfs" | b"ramfs" | b"rootfs" => Some((Medium::Memory, false)),
        b"overlay" | b"overlayfs" | b"aufs" if !mount.is_at_root() => None,
        b"overlay" | b"overlayfs" | b"aufs" => Some((Medium::Local, false)),
        b"zfs" if mount.source.contains(&b'@') => None,
        _ if is_pool(base) => Some((Medium::Local, true)),
        _ if is_network(base) => Some((Medium::Network, true)),
        // On flash memory without a block device.
        b"ubifs" | b"jffs2" | b"yaffs2" => Some((Medium::Local, false)),
        b"btrfs" => Some((Medium::Local, false)),
        _ => {
            let has_device = types.has_device(base).unwrap_or(mount.device.0 != 0);
            if has_device { Some((Medium::Local, false)) } else { None }
        }
    }
}

/// `fuse.sshfs` is the filesystem `fuse` and the program `sshfs`.
fn split(kind: &[u8]) -> (&[u8], &[u8]) {
    match kind.iter().position(|&byte| byte == b'.') {
        Some(dot) => (&kind[..dot], &kind[dot + 1..]),
        None => (kind, b""),
    }
}

fn is_network(base: &[u8]) -> bool {
    matches!(
        base,
        b"nfs"
            | b"nfs4"
            | b"cifs"
            | b"smb3"
            | b"smbfs"
            | b"ncpfs"
            | b"afs"
            | b"auristorfs"
            | b"coda"
            | b"ceph"
            | b"glusterfs"
            | b"lustre"
            | b"beegfs"
            | b"gpfs"
            | b"orangefs"
            | b"pvfs2"
            | b"panfs"
            | b"wekafs"
            // Folders of the machine below this virtual one.
            | b"9p"
            | b"virtiofs"
            | b"vboxsf"
            | b"vmhgfs"
            | b"prl_fs"
    )
}

/// On devices of this machine, but an answer can wait for a suspended pool or a lock of a cluster.
fn is_pool(base: &[u8]) -> bool {
    matches!(base, b"zfs" | b"gfs2" | b"ocfs2")
}

fn is_door(program: &[u8]) -> bool {
    matches!(
        program,
        b"portal"
            | b"lxcfs"
            | b"gvfsd-fuse"
            | b"gvfs-fuse-daemon"
            | b"kio-fuse"
            | b"xrdp-chansrv"
            | b"vmware-vmblock"
            | b"revokefs-fuse"
            | b"rofiles-fuse"
            | b"squashfuse"
            | b"squashfuse_ll"
            | b"snapfuse"
            | b"fuseiso"
    )
}

fn is_overlay(program: &[u8]) -> bool {
    program == b"fuse-overlayfs"
}

fn is_image(mount: &Mount<'_>) -> bool {
    let disc = matches!(mount.kind, b"iso9660" | b"udf") && mount.is_filesystem_read_only();
    disc || matches!(mount.kind, b"squashfs" | b"erofs" | b"cramfs" | b"romfs")
        || mount.device.0 == LOOP_MAJOR
        || mount.source.starts_with(Roots::LOOP_DEVICES.as_bytes())
}

/// Block major number of loop devices (kernel document admin-guide/devices.txt). Their partitions
/// have another one.
const LOOP_MAJOR: u32 = 7;

fn is_of_an_engine(mount: &Mount<'_>) -> bool {
    Roots::is_file_of_an_engine(mount.point)
        || ENGINE_PLACES.iter().any(|place| mount.point.starts_with(place))
}

/// An application that is its own read-only image mounts itself there while it runs.
fn is_of_an_application(mount: &Mount<'_>) -> bool {
    mount.point.starts_with(b"/tmp/.mount_")
}

fn is_useful_memory(mount: &Mount<'_>) -> bool {
    // ramfs has no limit and tells no size.
    mount.kind == b"tmpfs"
        && !mount.is_filesystem_read_only()
        && !is_of_an_engine(mount)
        && !Roots::is_kept_by_the_system(mount.point)
}

#[cfg(test)]
mod tests;
