//! Who is there and what `PID/stat` says of each, as cheaply as it can be had: one system call per
//! process and tick, on a descriptor that is kept.

use std::fmt::Write as _;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rustix::fs::{CWD, Mode, OFlags, RawDir, SeekFrom};
use rustix::io::Errno;

use super::stat::{Stat, parse_stat};
use crate::host::{Roots, files};
use crate::model::Reason;

/// Most descriptors that are kept; more processes than that are opened and closed at every tick.
pub const MOST_KEPT: usize = 8192;

/// Longer than any `PID/stat`: 64 bytes of name and 52 numbers of at most 20 digits.
const STAT_BYTES: usize = 2048;

/// Room for about 1,300 directory entries per system call.
const LISTING_BYTES: usize = 32 << 10;

/// The flags a file is opened with to be read.
const READ: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC);

/// A process's `stat` file, kept open or not.
#[derive(Debug, Default)]
pub struct StatFile(Option<OwnedFd>);

/// Reads the list of processes and their `stat` files.
#[derive(Debug)]
pub struct Reader {
    folder: std::path::PathBuf,
    root: Option<OwnedFd>,
    keep: bool,
    /// As many as may be kept, and as many as are to be kept now that others needed some.
    limit: usize,
    most_kept: usize,
    kept: usize,
    has_warned: bool,
    listing: Vec<MaybeUninit<u8>>,
    path: String,
    buffer: Vec<u8>,
}

impl Reader {
    /// Nothing is opened yet. Keeps at most half of the open files that this process may have now
    /// (see [`crate::host::raise_open_file_limit`]) and no more than [`MOST_KEPT`].
    #[must_use]
    pub fn new(roots: &Roots) -> Self {
        let folder = roots.proc("");
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let limit = (limit / 2).min(MOST_KEPT);
        Self {
            keep: files::is_procfs(&folder),
            folder,
            root: None,
            limit,
            most_kept: limit,
            kept: 0,
            has_warned: false,
            listing: vec![MaybeUninit::uninit(); LISTING_BYTES],
            path: String::new(),
            buffer: vec![0; STAT_BYTES],
        }
    }

    /// How many descriptors are kept now.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// How many descriptors are kept, if more would be but for the limit of open files. Then the
    /// other processes cost three system calls at every tick instead of one.
    #[must_use]
    pub fn keeps_too_few(&self, processes: usize) -> Option<usize> {
        let wanted = processes.min(MOST_KEPT);
        (self.keep && self.kept < wanted && self.most_kept < wanted).then_some(self.kept)
    }

    /// Fills `pids` with the ids of all processes, ascending.
    ///
    /// # Errors
    /// Why the folder of processes could not be listed.
    pub fn list(&mut self, pids: &mut Vec<u32>) -> Result<(), Reason> {
        pids.clear();
        let root = self.take_root()?;
        rustix::fs::seek(&root, SeekFrom::Start(0)).map_err(failed)?;
        let mut entries = RawDir::new(&root, &mut self.listing);
        while let Some(entry) = entries.next() {
            let name = entry.map_err(failed)?;
            let pid = crate::host::parse::unsigned(name.file_name().to_bytes());
            pids.extend(pid.and_then(|pid| u32::try_from(pid).ok()));
        }
        self.root = Some(root);
        // The kernel lists them in order; a captured machine does not.
        if !pids.is_sorted() {
            pids.sort_unstable();
        }
        Ok(())
    }

    /// Begins a tick, in which [`Reader::read`] may be called.
    ///
    /// # Errors
    /// Why the folder of processes could not be opened.
    pub fn begin(&mut self) -> Result<(), Reason> {
        // After a shortage, back to the old number bit by bit.
        self.most_kept = (self.most_kept + MOST_KEPT / 256).min(self.limit);
        self.root = Some(self.take_root()?);
        Ok(())
    }

    fn take_root(&mut self) -> Result<OwnedFd, Reason> {
        match self.root.take() {
            Some(root) => Ok(root),
            None => rustix::fs::openat(CWD, &self.folder, READ | OFlags::DIRECTORY, Mode::empty())
                .map_err(failed),
        }
    }

    /// What `stat` of the process says now.
    ///
    /// # Errors
    /// [`Reason::Gone`] if the process is no more; else why it could not be read.
    pub fn read(&mut self, pid: u32, file: &mut StatFile) -> Result<Stat<'_>, Reason> {
        let length = match &file.0 {
            Some(descriptor) => match rustix::io::pread(descriptor, &mut self.buffer[..], 0) {
                Ok(length) => length,
                Err(Errno::SRCH) => {
                    // That process is gone; the number may have been given to another.
                    self.close(file);
                    self.open_and_read(pid, file)?
                }
                Err(error) => return Err(failed(error)),
            },
            None => self.open_and_read(pid, file)?,
        };
        match length {
            0 => Err(Reason::Gone),
            length => Ok(parse_stat(&self.buffer[..length])?),
        }
    }

    /// Closes what is kept of a process.
    pub fn close(&mut self, file: &mut StatFile) {
        if file.0.take().is_some() {
            self.kept -= 1;
        }
    }

    /// Closes what is kept of a process if more than `most` are kept.
    pub fn close_beyond(&mut self, most: usize, file: &mut StatFile) {
        if self.kept > most {
            self.close(file);
        }
    }

    /// Keeps at most a half of the descriptors from now on: the process has run out of them. The
    /// caller closes the others with [`Reader::close_beyond`] that number.
    pub fn keep_fewer(&mut self) -> usize {
        self.most_kept = self.kept / 2;
        if !std::mem::replace(&mut self.has_warned, true) {
            tracing::warn!("out of file descriptors: fewer are kept open for the process table");
        }
        self.most_kept
    }

    fn open_and_read(&mut self, pid: u32, file: &mut StatFile) -> Result<usize, Reason> {
        self.path.clear();
        write!(self.path, "{pid}/stat").expect("writing to a String cannot fail");
        let root = self.root.as_ref().ok_or(Reason::ReadFailed)?;
        let opened = rustix::fs::openat(root, self.path.as_str(), READ, Mode::empty());
        let descriptor = opened.map_err(failed)?;
        let length = rustix::io::pread(&descriptor, &mut self.buffer[..], 0).map_err(failed)?;
        if self.keep && self.kept < self.most_kept {
            file.0 = Some(descriptor);
            self.kept += 1;
        }
        Ok(length)
    }
}

/// Below the folder of processes, what is not there is gone.
fn failed(error: Errno) -> Reason {
    match files::reason(&error.into()) {
        Reason::NotSupported => Reason::Gone,
        reason => reason,
    }
}
