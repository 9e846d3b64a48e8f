//! Whether the processes of other users can be seen at all.
//!
//! `proc` can be mounted so that each user sees only his own (kernel document filesystems/proc.rst,
//! chapter 4, option `hidepid`). Whether that hits smonitor shows in process 1, which belongs to
//! the superuser: it cannot be read then.

use super::entry::Entry;
use crate::host::parse::{lines, words};
use crate::host::{Roots, files};

/// From whom a mount of `proc` hides the processes of other users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hiding {
    /// From nobody.
    #[default]
    Nothing,
    /// From everybody who is neither the superuser nor in the group of the option `gid`
    /// (`hidepid` 1 and 2).
    FromGroups,
    /// From everybody who may not trace them, whatever the group (`hidepid` 4).
    FromWhoMayNotTrace,
}

/// The mount of `proc`, and who is looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Visibility {
    pub(super) hiding: Hiding,
    uid: u32,
}

impl Visibility {
    pub(super) fn read(roots: &Roots) -> Self {
        let mounts = files::read(&roots.proc("mounts"), files::LARGE);
        let hiding = mounts.map_or(Hiding::Nothing, |mounts| hiding(&mounts));
        Self { hiding, uid: rustix::process::geteuid().as_raw() }
    }
}

/// Whether processes of other users are among those that can be read.
pub(super) fn sees_other_users(visibility: &Visibility, entries: &[Entry]) -> bool {
    let first = entries.first().filter(|entry| entry.pid() == 1);
    let Some(first) = first else { return false };
    // In a container process 1 may be smonitor's own user's; then it proves nothing.
    let proves = visibility.uid == 0 || first.owner.present() != Some(&visibility.uid);
    visibility.hiding == Hiding::Nothing || proves
}

/// What the last `proc` mount in `mounts` hides: its option `hidepid`, as a number or as a word.
#[must_use]
pub fn hiding(mounts: &[u8]) -> Hiding {
    let mut hiding = Hiding::Nothing;
    for (_, line) in lines("mounts", mounts) {
        let mut words = words(line).skip(1);
        let fields = (words.next(), words.next(), words.next());
        let (Some(point), Some(b"proc"), Some(options)) = fields else { continue };
        if point != Roots::PROC_MOUNT_POINT.as_bytes() {
            continue;
        }
        let value =
            options.split(|&byte| byte == b',').find_map(|option| option.strip_prefix(b"hidepid="));
        hiding = match value {
            None | Some(b"0" | b"off") => Hiding::Nothing,
            Some(b"4" | b"ptraceable") => Hiding::FromWhoMayNotTrace,
            Some(_) => Hiding::FromGroups,
        };
    }
    hiding
}

/// How many processes can be read, where a mount of `proc` hides some from some; `None` where none
/// does.
#[must_use]
pub fn processes_shown(roots: &Roots) -> Option<usize> {
    if Visibility::read(roots).hiding == Hiding::Nothing {
        return None;
    }
    let entries = std::fs::read_dir(roots.proc("")).ok()?.flatten();
    let numbers = entries.filter(|entry| {
        let name = entry.file_name();
        name.as_encoded_bytes().iter().all(u8::is_ascii_digit)
    });
    Some(
        numbers
            .filter(|entry| files::read(&entry.path().join("stat"), files::SMALL).is_ok())
            .count(),
    )
}

/// Whether only the processes of a pid namespace can be seen, as in a container: then this is not
/// all of the machine. `None` where that cannot be told.
#[must_use]
pub fn in_pid_namespace(roots: &Roots) -> Option<bool> {
    /// `PROC_PID_INIT_INO` of the kernel: the number of the namespace every machine starts with.
    const FIRST: &str = "pid:[4026531836]";
    let namespace = std::fs::read_link(roots.proc("self/ns/pid")).ok()?;
    Some(namespace.as_os_str() != FIRST)
}

#[cfg(test)]
mod tests;
