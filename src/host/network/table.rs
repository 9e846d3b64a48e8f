//! The interfaces there are, from tick to tick: which are new, which are others of the same name,
//! and the two newest counts of each.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::DirEntryExt as _;
use std::path::Path;
use std::time::Duration;

use super::addresses::Found;
use super::attributes::{self, Attributes};
use super::dev::{self, Counters};
use crate::host::files;
use crate::host::parse::visible;
use crate::model::network::InterfaceAddress;
use crate::model::{Reason, Text};

/// The interfaces of `class/net` with their inodes.
pub(super) type Listing = HashMap<Vec<u8>, u64>;

/// An interface as it is known since an earlier tick.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) key: Text,
    pub(super) inode: u64,
    pub(super) attributes: Attributes,
    pub(super) found: Vec<Found>,
    pub(super) shown: Vec<InterfaceAddress>,
    pub(super) received: Counters,
    pub(super) sent: Counters,
    /// Counters of the tick before, if it was there then.
    pub(super) before: Option<(Counters, Counters)>,
    pub(super) is_listed: bool,
}

/// The interfaces of `class/net`.
pub(super) fn list(folder: &Path) -> Result<Listing, Reason> {
    let entries = fs::read_dir(folder).map_err(|error| files::reason(&error))?;
    // Links, or in a captured machine folders. The bonding driver has a file there.
    let is_interface =
        |entry: &fs::DirEntry| entry.file_type().is_ok_and(|file_type| !file_type.is_file());
    let entries = entries.filter_map(Result::ok).filter(is_interface);
    Ok(entries.map(|entry| (entry.file_name().into_vec(), entry.ino())).collect())
}

/// Whether the folder and `net/dev` have the same interfaces.
pub(super) fn is_same(listing: &Listing, lines: &[dev::Line<'_>]) -> bool {
    listing.len() == lines.len() && lines.iter().all(|line| listing.contains_key(line.name))
}

/// Takes the counters in; reads attributes of interfaces that are new and forgets those that are
/// gone. Whether there were any.
pub(super) fn update(
    known: &mut HashMap<Vec<u8>, Known>,
    lines: &[dev::Line<'_>],
    listing: &Listing,
    folder: Result<&Path, Reason>,
    now: Duration,
) -> bool {
    let mut changed = false;
    for line in lines {
        let inode = listing.get(line.name).copied();
        // One that is not in the listing has just come or goes.
        let is_same = |known: &&mut Known| inode.is_none_or(|inode| inode == known.inode);
        if let Some(known) = known.get_mut(line.name).filter(is_same) {
            known.before = Some((known.received, known.sent));
            (known.received, known.sent) = (line.received, line.sent);
            known.is_listed = true;
            continue;
        }
        changed = true;
        let attributes = match folder {
            Ok(folder) => attributes::read(&folder.join(OsStr::from_bytes(line.name)), now),
            Err(reason) => Attributes::absent(now, reason),
        };
        let new = Known {
            key: Text::from(visible(line.name)),
            inode: inode.unwrap_or_default(),
            attributes,
            found: Vec::new(),
            shown: Vec::new(),
            received: line.received,
            sent: line.sent,
            before: None,
            is_listed: true,
        };
        known.insert(line.name.to_vec(), new);
    }
    let count = known.len();
    known.retain(|_, known| std::mem::take(&mut known.is_listed));
    changed || known.len() != count
}
