//! Looks for containers in a tree of control groups: folders whose path has the form of one. Reads no
//! file of a group.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::host::files;
use crate::host::place::{FoundContainer, container_of};
use crate::model::{Reason, Text};

/// The deepest group that is looked at. A pod in a node of kind in Docker is 8 deep.
pub const DEPTH_MAX: usize = 16;

/// The most groups that are looked at. A host has some hundred; whoever may make groups may make
/// any number.
pub const GROUPS_MAX: usize = 16_384;

/// The most groups below a container's own that are remembered. A system in a container has some
/// dozens.
pub const INNER_MAX: usize = 256;

/// A container's group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What its path says of it.
    pub found: FoundContainer,
    /// The tree it was found in.
    pub tree: PathBuf,
    /// Its path in every tree, without the slash it begins with.
    pub path: String,
    /// Number of its folder: a group that was removed and made again has another one.
    pub inode: u64,
    /// Paths of the groups below it.
    pub inner: Vec<String>,
    /// Whether there are more than [`INNER_MAX`] of these.
    pub inner_cut: bool,
}

impl Group {
    /// Whether it is the same folder still.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.tree, &self.path, self.inode) == (&other.tree, &other.path, other.inode)
    }
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walk {
    /// The containers by their keys.
    pub groups: BTreeMap<Text, Group>,
    /// How many groups were looked at.
    pub looked_at: usize,
    /// Whether there are more than [`GROUPS_MAX`] groups, or deeper ones than [`DEPTH_MAX`].
    pub cut: bool,
    /// Why a folder could not be listed, of the first.
    pub problem: Option<Reason>,
}

/// Walks over these trees, from the top down. Where two groups claim to be the same container it is
/// the one nearer to the top of the first tree: below it anybody may have been given a part.
#[must_use]
pub fn walk(trees: &[&Path]) -> Walk {
    let mut walk = Walk::default();
    for tree in trees {
        walk.tree(tree);
    }
    walk
}

impl Walk {
    fn tree(&mut self, tree: &Path) {
        let mut waiting = VecDeque::from([(String::new(), 0)]);
        while let Some((path, depth)) = waiting.pop_front() {
            self.looked_at += 1;
            let folder = tree.join(&path);
            let metadata = match fs::metadata(&folder) {
                Ok(metadata) => metadata,
                Err(error) => {
                    self.note(files::reason(&error));
                    continue;
                }
            };
            self.look(tree, &path, metadata.ino());
            // A folder counts those in it as links to itself. Filesystems that do not count say 1.
            if metadata.nlink() == 2 {
                continue;
            }
            let names = match names(&folder) {
                Ok(names) => names,
                Err(reason) => {
                    self.note(reason);
                    continue;
                }
            };
            if depth == DEPTH_MAX {
                self.cut |= !names.is_empty();
                continue;
            }
            for name in names {
                if waiting.len() + self.looked_at >= GROUPS_MAX {
                    self.cut = true;
                    break;
                }
                let path = if path.is_empty() { name } else { format!("{path}/{name}") };
                waiting.push_back((path, depth + 1));
            }
        }
    }

    /// Takes note of a group for every container it is in, from the innermost outwards.
    fn look(&mut self, tree: &Path, path: &str, inode: u64) {
        let absolute = format!("/{path}");
        let mut within = absolute.as_str();
        while let Some(found) = container_of(within) {
            let Some(own) = absolute.get(1..found.group_len) else { return };
            // Its own group always ends with a name.
            within = own.rfind('/').map_or("", |slash| &absolute[..=slash]);
            self.look_in(tree, path, own, inode, found);
        }
    }

    fn look_in(&mut self, tree: &Path, path: &str, own: &str, inode: u64, found: FoundContainer) {
        let key = found.container.key.clone();
        if let Some(group) = self.groups.get_mut(&key) {
            // Else it is another group of the same name, or the same in another tree.
            if group.tree == tree && group.path == own && path != own {
                group.inner_cut |= group.inner.len() == INNER_MAX;
                if !group.inner_cut {
                    group.inner.push(path.to_owned());
                }
            }
        } else if path == own {
            let (tree, path) = (tree.to_owned(), path.to_owned());
            let group = Group { found, tree, path, inode, inner: Vec::new(), inner_cut: false };
            self.groups.insert(key, group);
        }
    }

    /// A group that is gone is nothing to tell.
    fn note(&mut self, reason: Reason) {
        if reason != Reason::NotSupported {
            self.problem.get_or_insert(reason);
        }
    }
}

/// The names of folders in it, in order. A name that is not UTF-8 is no engine's.
fn names(folder: &Path) -> Result<Vec<String>, Reason> {
    let entries = fs::read_dir(folder).map_err(|error| files::reason(&error))?;
    let mut names = Vec::new();
    for entry in entries {
        if names.len() > GROUPS_MAX {
            break;
        }
        let entry = entry.map_err(|error| files::reason(&error))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir())
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests;
