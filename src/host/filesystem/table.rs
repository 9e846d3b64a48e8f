//! From mounts to filesystems: one entry per device, in the order in which they are shown. Knows
//! bytes and no file.
//!
//! What is one filesystem: on a block device, one major:minor, whatever it is called in each mount
//! (`/dev/root`, `/dev/sda1`). btrfs has a number without a device, the same for all its subvolumes
//! (the number that stat(2) gives for their files differs and is not used). Everything else without
//! a device is one filesystem if type, source and number agree: every dataset of ZFS has its own.

use std::collections::HashMap;

use super::kind::{self, Kind};
use super::mountinfo::{KernelTypes, Mount, unescape};
use super::tree::Tree;
use crate::host::parse::visible;
use crate::model::Text;
use crate::model::filesystem::{FILESYSTEMS_MAX, FilesystemMedium, FilesystemRole};

/// How many mount points of a filesystem are listed.
pub const MOUNT_POINTS_MAX: usize = 64;

/// At how many of its mount points a filesystem is asked if the first refuse.
const PLACES_MAX: usize = 4;

/// All filesystems that hold somebody's files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// In the order in which they are shown, at most [`FILESYSTEMS_MAX`].
    pub entries: Vec<Entry>,
    /// How many have no entry because there are too many.
    pub left_out: u64,
}

/// What the mount table says of one filesystem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Identity: `8:2`, or `0:45 nfs4 server:/export` where the number is nobody's for long.
    pub key: Text,
    /// What is mounted.
    pub device: Text,
    /// Its type.
    pub filesystem_type: Text,
    /// What the machine needs it for.
    pub role: FilesystemRole,
    /// Where its blocks are.
    pub medium: FilesystemMedium,
    /// Its mount points, shortest first.
    pub mount_points: Vec<Text>,
    /// Mount points beyond those.
    pub more_mount_points: u64,
    /// Whether nothing can be written anywhere.
    pub read_only: bool,
    /// Whether nothing could be written at one of the places where it is asked, though elsewhere.
    pub is_asked_read_only: bool,
    /// Whether asking it, or the way to it, may hang.
    pub may_hang: bool,
    /// Major and minor number, as every file of it has; `None` where files have others (btrfs).
    pub device_number: Option<(u32, u32)>,
    /// Where to ask it, best first.
    pub places: Vec<Place>,
}

/// A mount point to ask at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The path, as it is.
    pub path: Vec<u8>,
    /// The mount that must be found there.
    pub mount: u64,
}

/// What makes two mounts mounts of the same filesystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Identity<'a> {
    device: (u32, u32),
    /// Type and source, where the number alone does not tell.
    name: Option<(&'a [u8], &'a [u8])>,
}

impl<'a> Identity<'a> {
    fn of(mount: &Mount<'a>) -> Self {
        let by_number = mount.device.0 != 0 || mount.kind == b"btrfs";
        let name = (!by_number).then_some((mount.kind, mount.source));
        Self { device: mount.device, name }
    }
}

/// The mounts of one filesystem.
struct Group<'a> {
    first: &'a Mount<'a>,
    medium: FilesystemMedium,
    is_wanted: bool,
    is_writable: bool,
    /// Shortest first once all are there. With whether asking there may hang.
    points: Vec<(&'a Mount<'a>, bool)>,
}

/// Groups what can be reached of `mounts`. A mount that another one hides is left out, and so is a
/// filesystem of which nothing else can be reached: nobody gets to its files, and asking at its
/// path would ask the other one.
#[must_use]
pub fn build(mounts: &[Mount<'_>], types: &KernelTypes) -> Table {
    let tree = Tree::new(mounts);
    let something_may_hang = mounts.iter().any(kind::may_hang);
    let mut numbers: HashMap<Identity<'_>, usize> = HashMap::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (index, mount) in mounts.iter().enumerate() {
        let Some(kind) = kind::of(mount, types) else { continue };
        if !tree.is_reached(index) {
            continue;
        }
        let may_hang =
            kind.may_hang || (something_may_hang && tree.is_behind(index, kind::may_hang));
        let number = *numbers.entry(Identity::of(mount)).or_insert_with(|| {
            groups.push(Group::new(mount, kind));
            groups.len() - 1
        });
        groups[number].add(mount, kind, may_hang);
    }
    groups.retain(|group| group.is_wanted);
    for group in &mut groups {
        group.points.sort_by_key(|(mount, _)| (mount.point.len(), mount.point));
    }
    let left_out = groups.len().saturating_sub(FILESYSTEMS_MAX);
    if left_out > 0 {
        // Few look at row 500: the machine's own disks must be among those that are kept.
        groups.sort_by_key(|group| (group.worth(), group.first_point()));
        groups.truncate(FILESYSTEMS_MAX);
    }
    let mut entries: Vec<Entry> = groups.iter().map(Group::to_entry).collect();
    entries.sort_by(Entry::order);
    Table { entries, left_out: left_out as u64 }
}

impl<'a> Group<'a> {
    fn new(first: &'a Mount<'a>, kind: Kind) -> Self {
        let medium = kind.medium;
        Self { first, medium, is_wanted: false, is_writable: false, points: Vec::new() }
    }

    fn add(&mut self, mount: &'a Mount<'a>, kind: Kind, may_hang: bool) {
        self.is_wanted |= kind.is_wanted;
        self.is_writable |= !mount.is_read_only();
        self.points.push((mount, may_hang));
    }

    fn first_point(&self) -> &'a [u8] {
        self.points.first().map_or(b"", |(mount, _)| mount.point)
    }

    /// Who stays if there are too many: the least first.
    fn worth(&self) -> (FilesystemRole, u8) {
        let medium = match self.medium {
            FilesystemMedium::Local => 0,
            FilesystemMedium::Network => 1,
            FilesystemMedium::Fuse => 2,
            FilesystemMedium::Memory => 3,
        };
        (self.role(), medium)
    }

    fn to_entry(&self) -> Entry {
        let shown = |mount: &Mount<'_>| Text::from(visible(&unescape(mount.point)));
        let listed = self.points.iter().take(MOUNT_POINTS_MAX);
        let may_hang = self.points.iter().all(|(_, may_hang)| *may_hang);
        let asked: Vec<_> =
            self.points.iter().filter(|(_, behind)| *behind == may_hang).take(PLACES_MAX).collect();
        let place = |(mount, _): &(&Mount<'_>, bool)| Place {
            path: unescape(mount.point).into_owned(),
            mount: mount.id,
        };
        Entry {
            key: self.key(),
            device: visible(&unescape(self.first.source)).into(),
            filesystem_type: visible(&unescape(self.first.kind)).into(),
            role: self.role(),
            medium: self.medium,
            mount_points: listed.map(|(mount, _)| shown(mount)).collect(),
            more_mount_points: self.points.len().saturating_sub(MOUNT_POINTS_MAX) as u64,
            read_only: !self.is_writable,
            may_hang,
            device_number: (self.first.kind != b"btrfs").then_some(self.first.device),
            is_asked_read_only: asked.iter().any(|(mount, _)| mount.is_read_only()),
            places: asked.into_iter().map(place).collect(),
        }
    }

    fn key(&self) -> Text {
        let (major, minor) = self.first.device;
        match Identity::of(self.first).name {
            None => format!("{major}:{minor}"),
            Some((kind, source)) => {
                format!("{major}:{minor} {} {}", visible(kind), visible(source))
            }
        }
        .into()
    }

    fn role(&self) -> FilesystemRole {
        let is_at =
            |found: fn(&[u8]) -> bool| self.points.iter().any(|(mount, _)| found(mount.point));
        if is_at(|point| point == b"/") {
            FilesystemRole::System
        } else if is_at(is_boot) {
            FilesystemRole::Boot
        } else {
            FilesystemRole::Other
        }
    }
}

fn is_boot(point: &[u8]) -> bool {
    let below = |folder: &[u8]| {
        point.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    below(b"/boot") || below(b"/efi")
}

impl Entry {
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        (self.role, self.mount_points.first(), &self.key).cmp(&(
            other.role,
            other.mount_points.first(),
            &other.key,
        ))
    }
}

#[cfg(test)]
mod tests;
