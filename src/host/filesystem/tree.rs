//! Mounts as a tree, to find those that can be reached and those behind something that may hang.

use std::collections::HashMap;

use super::mountinfo::Mount;

/// Mounts on top of each other at one place, and mounts within each other, beyond which a table is
/// not of this world. Keeps malformed ones (circles) from taking long.
const DEEPEST: usize = 128;

/// The place of the parent of a mount whose parent is not in the table.
const OUTSIDE: usize = usize::MAX;

/// Which mount is on which, and where.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    mounts: &'a [Mount<'a>],
    /// The mount each one is on. The first of all is its own parent, or has one outside.
    parents: Vec<usize>,
    children: HashMap<(usize, &'a [u8]), usize>,
}

impl<'a> Tree<'a> {
    /// Finds every mount's parent.
    #[must_use]
    pub(super) fn new(mounts: &'a [Mount<'a>]) -> Self {
        let numbers = mounts.iter().enumerate().map(|(index, mount)| (mount.id, index));
        let by_id: HashMap<u64, usize> = numbers.collect();
        let parent = |(index, mount): (usize, &Mount<'_>)| {
            let parent = by_id.get(&mount.parent).copied();
            parent.filter(|&parent| parent != index).unwrap_or(OUTSIDE)
        };
        let parents: Vec<usize> = mounts.iter().enumerate().map(parent).collect();
        let places = mounts.iter().zip(&parents).enumerate();
        let children =
            places.map(|(index, (mount, parent))| ((*parent, mount.point), index)).collect();
        Self { mounts, parents, children }
    }

    /// Whether a path that names the mount's place leads to it, and not to one that was mounted
    /// over it or over a folder on the way.
    #[must_use]
    pub(super) fn is_reached(&self, index: usize) -> bool {
        let point = self.mounts[index].point;
        let slashes = point.iter().enumerate().skip(1).filter(|(_, byte)| **byte == b'/');
        let folders = slashes.map(|(at, _)| &point[..at]);
        let root: Option<&[u8]> = (point != b"/").then_some(b"/");
        let mut at = OUTSIDE;
        let mut steps = 0;
        for place in root.into_iter().chain(folders).chain([point]) {
            while let Some(&above) = self.children.get(&(at, place)) {
                at = above;
                steps += 1;
                if steps > DEEPEST {
                    return false;
                }
            }
        }
        at == index
    }

    /// Whether one of the mounts that this one is within may hang: then so does the way to it.
    #[must_use]
    pub(super) fn is_behind(&self, index: usize, may_hang: impl Fn(&Mount<'_>) -> bool) -> bool {
        let mut at = index;
        for _ in 0..DEEPEST {
            at = self.parents[at];
            if at == OUTSIDE {
                return false;
            }
            if may_hang(&self.mounts[at]) {
                return true;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
