//! The bytes of the mount table, only when it may have changed.
//!
//! A machine with thousands of mounts has megabytes of it. The kernel tells a reader who keeps the
//! file open whether any mount came, went or changed since he was told last (poll(2) with `POLLPRI`,
//! proc_pid_mounts(5)); that costs one system call however many mounts there are. He is not told when
//! a filesystem changes its own options, as ext4 does when it stops writing after an error; so once in
//! [`AT_LEAST_EVERY`] the table is read anyway.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::host::files;
use crate::model::Reason;

/// Most bytes of a table. A mount of a container is a line of up to 4 KiB.
const MOST_BYTES: usize = 32 << 20;

/// A table is not believed for longer.
pub const AT_LEAST_EVERY: Duration = Duration::from_secs(60);

/// How much is asked for at once. The kernel gives about a page.
const STEP: usize = 64 << 10;

const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// A mount table that is read again and again.
#[derive(Debug)]
pub struct MountTable {
    path: PathBuf,
    /// Whether the kernel tells of changes: not those of an ordinary file.
    tells: bool,
    file: Option<File>,
    read_at: Duration,
}

impl MountTable {
    /// Nothing is opened yet. `tells`: the file is the kernel's own.
    #[must_use]
    pub fn new(path: PathBuf, tells: bool) -> Self {
        Self { path, tells, file: None, read_at: Duration::ZERO }
    }

    /// The whole table; `None` if it is as it was at the last call. `now` is monotonic.
    ///
    /// # Errors
    /// As [`files::read`] says.
    pub fn read_if_changed(&mut self, now: Duration) -> Result<Option<Vec<u8>>, Reason> {
        if !self.tells {
            return files::read(&self.path, MOST_BYTES).map(Some);
        }
        // After an error the next call opens it again.
        let file = match self.file.take() {
            Some(file) => {
                // Asked before it is read: what changes while it is read is told the next time.
                let is_old = now.saturating_sub(self.read_at) >= AT_LEAST_EVERY;
                if !has_changed(&file)? && !is_old {
                    self.file = Some(file);
                    return Ok(None);
                }
                file
            }
            None => File::open(&self.path).map_err(|error| files::reason(&error))?,
        };
        let bytes = read(&file)?;
        self.file = Some(file);
        self.read_at = now;
        Ok(Some(bytes))
    }

    /// Makes the next call read it whether or not it has changed.
    pub fn forget(&mut self) {
        self.file = None;
    }
}

fn has_changed(file: &File) -> Result<bool, Reason> {
    let flags = PollFlags::PRI | PollFlags::ERR;
    let mut polled = [PollFd::new(file, flags)];
    poll(&mut polled, Some(&AT_ONCE)).map_err(|error| files::reason(&error.into()))?;
    Ok(polled[0].revents().intersects(flags))
}

fn read(file: &File) -> Result<Vec<u8>, Reason> {
    let mut bytes = Vec::new();
    loop {
        let length = bytes.len();
        if length > MOST_BYTES {
            return Err(Reason::OutOfResources);
        }
        bytes.resize(length + STEP, 0);
        let count = match file.read_at(&mut bytes[length..], length as u64) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                bytes.truncate(length);
                continue;
            }
            Err(error) => return Err(files::reason(&error)),
        };
        bytes.truncate(length + count);
        if count == 0 {
            return Ok(bytes);
        }
    }
}
