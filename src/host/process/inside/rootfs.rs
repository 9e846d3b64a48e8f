//! Where this machine has the root folder of a process, by what `mountinfo` says of its mounts and
//! of ours. Pure: nothing is opened here.

use std::borrow::Cow;

use crate::host::filesystem::mountinfo::{Mount, unescape};

/// Most layers of a root folder that are looked at; overlayfs allows 500.
const MOST_LAYERS: usize = 512;

/// Where a root folder is. Paths are as they are on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootFolder {
    /// It is our own.
    Own,
    /// Layers upon one another, the topmost first. The engine that made them may have put links
    /// into their paths.
    Layers(Vec<Vec<u8>>),
    /// A folder below a mount of ours: that mount's point, and the names on the way from there.
    Below {
        /// Where we have it mounted.
        point: Vec<u8>,
        /// The rest of the way, with `/` in between; may be empty.
        way: Vec<u8>,
    },
}

/// The mount that is the root of whoever has these mounts: of several upon one another the last.
#[must_use]
pub fn root_mount<'a>(mounts: &[Mount<'a>]) -> Option<Mount<'a>> {
    mounts.iter().rev().find(|mount| mount.is_at_root()).copied()
}

/// Where the root folder `theirs` is on this machine; `None` where none of our mounts leads there.
#[must_use]
pub fn find(theirs: &Mount<'_>, ours: &[Mount<'_>]) -> Option<RootFolder> {
    let is_same = |own: Mount<'_>| own.device == theirs.device && own.root == theirs.root;
    if root_mount(ours).is_some_and(is_same) {
        return Some(RootFolder::Own);
    }
    if theirs.kind == b"overlay" {
        let layers = layers(theirs.super_options);
        return (!layers.is_empty()).then_some(RootFolder::Layers(layers));
    }
    let way = |own: &Mount<'_>| rest_of(theirs.root, own.root).map(<[u8]>::to_vec);
    let same_device = ours.iter().filter(|own| own.device == theirs.device);
    let leading = same_device.filter_map(|own| Some((own, way(own)?)));
    // Of two at one point the later hides the other.
    let visible = leading.filter(|(own, _)| {
        let last = ours.iter().rev().find(|other| other.point == own.point);
        last.is_some_and(|last| last.id == own.id)
    });
    let (own, way) = visible.min_by_key(|(_, way)| way.len())?;
    let point = unescape(own.point).into_owned();
    Some(RootFolder::Below { point, way: unescape(&way).into_owned() })
}

/// What of the folder `path` is below the folder `above`, without a slash before it.
fn rest_of<'a>(path: &'a [u8], above: &[u8]) -> Option<&'a [u8]> {
    let rest = path.strip_prefix(above.strip_suffix(b"/").unwrap_or(above))?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(b"/") }
}

/// The layers of an overlay by its options, the topmost first (kernel document
/// filesystems/overlayfs.rst). Those that cannot be told are left out only below all that can.
fn layers(options: &[u8]) -> Vec<Vec<u8>> {
    let mut upper = None;
    let mut lower = Vec::new();
    for option in options.split(|&byte| byte == b',') {
        let Some(equals) = option.iter().position(|&byte| byte == b'=') else { continue };
        let value = unescape(&option[equals + 1..]);
        match &option[..equals] {
            b"upperdir" => upper = Some(without_backslashes(&value)),
            b"lowerdir" => lower.extend(split(&value)),
            // One each, since Linux 6.5.
            b"lowerdir+" => lower.push(value.into_owned()),
            _ => {}
        }
    }
    // Engines that run out of room for options write the lower layers relative to the folder that
    // has all layers, in which the upper one is two steps down.
    let all = upper.as_deref().and_then(parent).and_then(parent).map(<[u8]>::to_vec);
    let absolute = |layer: Vec<u8>| match &all {
        _ if layer.starts_with(b"/") => Some(layer),
        Some(all) if all.starts_with(b"/") => Some([all, &b"/"[..], &layer].concat()),
        _ => None,
    };
    upper.into_iter().chain(lower).take(MOST_LAYERS).map_while(absolute).collect()
}

fn parent(path: &[u8]) -> Option<&[u8]> {
    let slash = path.iter().rposition(|&byte| byte == b'/')?;
    Some(&path[..slash])
}

/// The folders of `lowerdir=`: a colon parts them, two colons come before those that have data of
/// files only, and a backslash takes a colon its meaning.
fn split(value: &[u8]) -> Vec<Vec<u8>> {
    let mut folders = vec![Vec::new()];
    let mut rest = value.iter();
    while let Some(&byte) = rest.next() {
        match byte {
            b'\\' => {
                if let (Some(&next), Some(last)) = (rest.next(), folders.last_mut()) {
                    last.push(next);
                }
            }
            b':' => folders.push(Vec::new()),
            other => {
                if let Some(last) = folders.last_mut() {
                    last.push(other);
                }
            }
        }
    }
    // What comes after an empty one has no names, only data.
    folders.into_iter().take_while(|folder| !folder.is_empty()).collect()
}

fn without_backslashes(value: &Cow<'_, [u8]>) -> Vec<u8> {
    let mut plain = Vec::with_capacity(value.len());
    let mut rest = value.iter();
    while let Some(&byte) = rest.next() {
        if byte == b'\\' {
            plain.extend(rest.next());
        } else {
            plain.push(byte);
        }
    }
    plain
}

#[cfg(test)]
mod tests;
