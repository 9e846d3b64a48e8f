//! Parsers of `mountinfo` (proc_pid_mountinfo(5)) and `filesystems` (proc_filesystems(5)).

use std::borrow::Cow;
use std::collections::HashSet;

use crate::host::parse::{ParseError, Place, lines, unsigned, words};

/// One line of `mountinfo`: a mount. Paths and names are as the kernel writes them, escaped; see
/// [`unescape`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mount<'a> {
    /// Number of the mount, unique while it exists.
    pub id: u64,
    /// Number of the mount it is mounted on.
    pub parent: u64,
    /// Major and minor number of the device of its files.
    pub device: (u32, u32),
    /// Which folder of its filesystem is mounted: `/`, or another for a bind mount and the like.
    pub root: &'a [u8],
    /// Where it is mounted, as seen from the reader's root.
    pub point: &'a [u8],
    /// Options of this mount.
    pub options: &'a [u8],
    /// Type of the filesystem: `ext4`, `fuse.sshfs`.
    pub kind: &'a [u8],
    /// What is mounted, as whoever mounted it said it. Can be empty.
    pub source: &'a [u8],
    /// Options of the filesystem, the same for every mount of it.
    pub super_options: &'a [u8],
}

impl Mount<'_> {
    /// Whether nothing can be written through this mount.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        has_option(self.options, b"ro") || self.is_filesystem_read_only()
    }

    /// Whether nothing can be written through any mount of this filesystem.
    #[must_use]
    pub fn is_filesystem_read_only(&self) -> bool {
        // ext4 says the second when it stopped after an error.
        has_option(self.super_options, b"ro") || has_option(self.super_options, b"emergency_ro")
    }

    /// Whether it is mounted at `/`.
    #[must_use]
    pub fn is_at_root(&self) -> bool {
        self.point == b"/"
    }
}

fn has_option(options: &[u8], wanted: &[u8]) -> bool {
    // `ro` and `rw` come first, but nobody promises it.
    options.split(|&byte| byte == b',').any(|option| option == wanted)
}

/// Parses `mountinfo`. A line without the documented form is left out, so that it does not cost the
/// others; the first such line is told beside the mounts.
#[must_use]
pub fn parse_mountinfo(bytes: &[u8]) -> (Vec<Mount<'_>>, Option<ParseError>) {
    let mut malformed = None;
    let mut mounts = Vec::new();
    for (place, line) in lines("mountinfo", bytes) {
        if line.is_empty() {
            continue;
        }
        match parse_line(place, line) {
            Ok(mount) => mounts.push(mount),
            Err(error) => {
                malformed.get_or_insert(error);
            }
        }
    }
    (mounts, malformed)
}

/// Fields are parted by exactly one blank: a source that is the empty text is two blanks in a row.
fn parse_line(place: Place, line: &[u8]) -> Result<Mount<'_>, ParseError> {
    let mut fields = line.split(|&byte| byte == b' ');
    let mut next = |wanted| fields.next().ok_or_else(|| place.expected(wanted, line));
    let id = place.unsigned(next("a mount id")?)?;
    let parent = place.unsigned(next("a parent id")?)?;
    let numbers = next("major:minor")?;
    let device = device(numbers).ok_or_else(|| place.expected("major:minor", numbers))?;
    let root = next("a root")?;
    let point = next("a mount point")?;
    if !point.starts_with(b"/") {
        return Err(place.expected("an absolute mount point", point));
    }
    let options = next("mount options")?;
    // Any number of optional fields, ended by a hyphen.
    while next("a hyphen")? != b"-" {}
    Ok(Mount {
        id,
        parent,
        device,
        root,
        point,
        options,
        kind: next("a filesystem type")?,
        source: next("a mount source")?,
        super_options: next("filesystem options")?,
    })
}

fn device(numbers: &[u8]) -> Option<(u32, u32)> {
    let colon = numbers.iter().position(|&byte| byte == b':')?;
    let number = |digits| unsigned(digits).and_then(|number| u32::try_from(number).ok());
    Some((number(&numbers[..colon])?, number(&numbers[colon + 1..])?))
}

/// The bytes behind the kernel's escapes: a blank, a tab, a line break, a backslash and `#` are
/// written as a backslash and three octal digits.
#[must_use]
pub fn unescape(escaped: &[u8]) -> Cow<'_, [u8]> {
    if !escaped.contains(&b'\\') {
        return Cow::Borrowed(escaped);
    }
    let mut plain = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'\\'
            && let Some((digits, after)) = after.split_first_chunk::<3>()
            && let Some(value) = octal(*digits)
        {
            plain.push(value);
            rest = after;
        } else {
            plain.push(byte);
            rest = after;
        }
    }
    Cow::Owned(plain)
}

fn octal(digits: [u8; 3]) -> Option<u8> {
    let value = digits.iter().try_fold(0_u16, |value, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 8).then(|| value * 8 + u16::from(digit))
    })?;
    u8::try_from(value).ok()
}

/// The types of filesystem this kernel knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KernelTypes {
    with_device: HashSet<Vec<u8>>,
    without_device: HashSet<Vec<u8>>,
}

impl KernelTypes {
    /// Whether this type lives on a block device; `None` if the kernel does not say.
    #[must_use]
    pub fn has_device(&self, kind: &[u8]) -> Option<bool> {
        if self.without_device.contains(kind) {
            return Some(false);
        }
        self.with_device.contains(kind).then_some(true)
    }
}

/// Parses `filesystems`: a type a line, with `nodev` before those that need no block device.
#[must_use]
pub fn parse_filesystems(bytes: &[u8]) -> KernelTypes {
    let mut types = KernelTypes::default();
    for (_, line) in lines("filesystems", bytes) {
        let mut words = words(line);
        match (words.next(), words.next()) {
            (Some(b"nodev"), Some(kind)) => types.without_device.insert(kind.to_vec()),
            (Some(kind), None) => types.with_device.insert(kind.to_vec()),
            _ => continue,
        };
    }
    types
}

#[cfg(test)]
mod tests;
