//! Whether the processes of other users can be seen at all.
//!
//! `proc` can be mounted so that each user sees only his own (kernel document filesystems/proc.rst,
//! chapter 4, option `hidepid`). Whether that hits smonitor shows in process 1, which belongs to
//! the superuser: it cannot be read then.

use super::entry::Entry;
use crate::host::parse::{lines, words};
use crate::host::{Roots, files};

/// The mount of `proc`, and who is looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Visibility {
    hides: bool,
    uid: u32,
}

impl Visibility {
    pub(super) fn read(roots: &Roots) -> Self {
        let hides = files::read(&roots.proc("mounts"), files::LARGE)
            .is_ok_and(|mounts| hides_processes(&mounts));
        Self { hides, uid: rustix::process::geteuid().as_raw() }
    }
}

/// Whether processes of other users are among those that can be read.
pub(super) fn sees_other_users(visibility: &Visibility, entries: &[Entry]) -> bool {
    let first = entries.first().filter(|entry| entry.pid() == 1);
    let Some(first) = first else { return false };
    // In a container process 1 may be smonitor's own user's; then it proves nothing.
    let proves = visibility.uid == 0 || first.owner.present() != Some(&visibility.uid);
    !visibility.hides || proves
}

/// Whether the last `proc` mount in `mounts` has an option `hidepid` other than 0 (`off`).
#[must_use]
pub fn hides_processes(mounts: &[u8]) -> bool {
    let mut hides = false;
    for (_, line) in lines("mounts", mounts) {
        let mut words = words(line).skip(1);
        let fields = (words.next(), words.next(), words.next());
        let (Some(point), Some(b"proc"), Some(options)) = fields else { continue };
        if point != Roots::PROC_MOUNT_POINT.as_bytes() {
            continue;
        }
        let value =
            options.split(|&byte| byte == b',').find_map(|option| option.strip_prefix(b"hidepid="));
        hides = value.is_some_and(|value| !matches!(value, b"0" | b"off"));
    }
    hides
}

#[cfg(test)]
mod tests;
