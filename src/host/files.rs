//! Bounded reads of small kernel and system files. Knows limits and errors, not meanings.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::parse::visible;
use crate::model::Reason;

/// Most bytes of a file of one or a few lines.
pub const SMALL: usize = 64 << 10;

/// Most bytes of a file that grows with the machine: `/proc/stat` has a number per interrupt and a
/// line per processor, `/proc/cpuinfo` about 1.5 KiB per processor.
pub const LARGE: usize = 8 << 20;

/// Room for what is in almost every file of the kernel: it writes a page at a time.
const ROOM: usize = 4096;

/// The type number that statfs(2) gives for proc (`PROC_SUPER_MAGIC`).
const PROC_MAGIC: i128 = 0x9fa0;

/// Why a file could not be read, as the rest of the product says it.
#[must_use]
pub fn reason(error: &io::Error) -> Reason {
    match Errno::from_io_error(error) {
        Some(Errno::NOENT | Errno::NOTDIR | Errno::OPNOTSUPP | Errno::NODEV | Errno::NXIO) => {
            Reason::NotSupported
        }
        Some(Errno::ACCESS | Errno::PERM) => Reason::PermissionDenied,
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => Reason::OutOfResources,
        Some(Errno::SRCH) => Reason::Gone,
        _ => Reason::ReadFailed,
    }
}

/// A path as findings name it.
#[must_use]
pub fn named(path: &Path) -> String {
    visible(path.as_os_str().as_encoded_bytes())
}

/// The whole file.
///
/// # Errors
/// What [`reason`] says; [`Reason::OutOfResources`] if it is longer than `cap` bytes.
pub fn read(path: &Path, cap: usize) -> Result<Vec<u8>, Reason> {
    let bytes = read_up_to(path, cap + 1)?;
    if bytes.len() > cap { Err(too_long(path, cap)) } else { Ok(bytes) }
}

/// The first `limit` bytes of the file, or all of it if it is shorter.
///
/// # Errors
/// What [`reason`] says.
pub fn read_up_to(path: &Path, limit: usize) -> Result<Vec<u8>, Reason> {
    // Without room to begin with, the standard library asks for 32 bytes, and then for twice as
    // many each time: seven reads for the `stat` of a process, and a value in pieces of different
    // moments.
    let mut bytes = Vec::with_capacity(ROOM.min(limit));
    File::open(path)
        .and_then(|file| file.take(limit as u64).read_to_end(&mut bytes))
        .map_err(|error| reason(&error))?;
    Ok(bytes)
}

fn too_long(path: &Path, cap: usize) -> Reason {
    tracing::debug!(path = %path.display(), cap, "file is longer than smonitor reads");
    Reason::OutOfResources
}

/// Whether files below `folder` are made anew by the kernel at every read from the start, so that
/// a descriptor may be kept. Not so for a captured machine, whose files are ordinary ones that
/// may be replaced.
#[must_use]
pub fn is_procfs(folder: &Path) -> bool {
    rustix::fs::statfs(folder).is_ok_and(|filesystem| i128::from(filesystem.f_type) == PROC_MAGIC)
}

/// A file that is read again and again: its descriptor (on procfs) and its buffer are kept.
#[derive(Debug)]
pub struct Kept {
    path: PathBuf,
    cap: usize,
    keep: bool,
    file: Option<File>,
    buffer: Vec<u8>,
}

impl Kept {
    /// A file of at most `cap` bytes; nothing is opened yet.
    #[must_use]
    pub fn new(path: PathBuf, cap: usize) -> Self {
        let keep = path.parent().is_some_and(is_procfs);
        Self { path, cap, keep, file: None, buffer: Vec::new() }
    }

    /// What the file says now.
    ///
    /// # Errors
    /// As for [`read`].
    pub fn read(&mut self) -> Result<&[u8], Reason> {
        let file = match self.file.take() {
            Some(file) => file,
            None => File::open(&self.path).map_err(|error| reason(&error))?,
        };
        let length = self.fill(&file)?;
        if self.keep {
            self.file = Some(file);
        }
        Ok(&self.buffer[..length])
    }

    fn fill(&mut self, file: &File) -> Result<usize, Reason> {
        let mut length = 0;
        loop {
            if length == self.buffer.len() {
                if length > self.cap {
                    return Err(too_long(&self.path, self.cap));
                }
                self.buffer.resize((length * 2).max(4096).min(self.cap + 1), 0);
            }
            match file.read_at(&mut self.buffer[length..], length as u64) {
                Ok(0) => return Ok(length),
                Ok(count) => length += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(reason(&error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_reason() {
        for (errno, wanted) in [
            (Errno::NOENT, Reason::NotSupported),
            (Errno::OPNOTSUPP, Reason::NotSupported),
            (Errno::ACCESS, Reason::PermissionDenied),
            (Errno::PERM, Reason::PermissionDenied),
            (Errno::MFILE, Reason::OutOfResources),
            (Errno::NFILE, Reason::OutOfResources),
            (Errno::NOMEM, Reason::OutOfResources),
            (Errno::SRCH, Reason::Gone),
            (Errno::IO, Reason::ReadFailed),
            (Errno::ISDIR, Reason::ReadFailed),
        ] {
            assert_eq!(reason(&io::Error::from(errno)), wanted, "{errno}");
        }
        assert_eq!(reason(&io::Error::other("no number")), Reason::ReadFailed);
    }

    #[test]
    fn a_file_at_the_cap_is_read_and_a_longer_one_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (length, cap, fits) in [(0, 10, true), (10, 10, true), (11, 10, false)] {
            std::fs::write(&path, vec![b'x'; length]).unwrap();
            let wanted = if fits { Ok(vec![b'x'; length]) } else { Err(Reason::OutOfResources) };
            assert_eq!(read(&path, cap), wanted);
            assert_eq!(Kept::new(path.clone(), cap).read().map(<[u8]>::to_vec), wanted);
        }
        assert_eq!(read_up_to(&path, 3).unwrap(), b"xxx");
    }

    #[test]
    fn an_ordinary_file_that_is_replaced_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "a longer first").unwrap();
        let mut kept = Kept::new(path.clone(), 100);
        assert_eq!(kept.read().unwrap(), b"a longer first");
        std::fs::write(folder.path().join("other"), "second").unwrap();
        std::fs::rename(folder.path().join("other"), &path).unwrap();
        assert_eq!(kept.read().unwrap(), b"second");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(kept.read(), Err(Reason::NotSupported));
    }
}
