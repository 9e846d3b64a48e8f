//! L1, the state folder: the only place smonitor writes to. Small files, read and written whole.
//!
//! Knows nothing of what is in the files. Names are fixed words of the program, never anything
//! that came from outside.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file larger than this was not written by smonitor.
const FILE_MAX_BYTES: u64 = 1024 * 1024;

/// The file whose lock says who uses the folder; it holds the process number of that one.
const LOCK_FILE: &str = "lock";

/// An open state folder. Cheap to clone.
#[derive(Debug, Clone)]
pub struct StateDir(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    /// Makes names of temporary files unique within the process.
    counter: AtomicU64,
}

/// The folder is this process's, until this is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why the state folder does not work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be made.
    #[error(
        "cannot make the state folder {}: {cause}; make it yourself, owned by the user smonitor \
         runs as, or name another one (state_dir)", path.display()
    )]
    Make {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// It is something else.
    #[error(
        "the state folder {} is not a folder; move that file away or name another folder \
         (state_dir)", path.display()
    )]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// Others could put files there.
    #[error(
        "others can write to the state folder {} (mode {mode:03o}), so they could let themselves \
         in; run: chmod 700 {}", path.display(), path.display()
    )]
    WritableByOthers {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Another user's.
    #[error(
        "the state folder {} belongs to user {owner}, smonitor runs as user {user}; change the \
         owner or name another folder (state_dir)", path.display()
    )]
    OwnedByAnother {
        /// The folder.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who runs smonitor.
        user: u32,
    },
    /// Another smonitor uses it.
    #[error(
        "smonitor is already running{} with the state folder {}; to run another one beside it, \
         give it a folder of its own (state_dir) and a port of its own",
        owner.map_or_else(String::new, |pid| format!(" (process {pid})")), path.display()
    )]
    InUse {
        /// The folder.
        path: PathBuf,
        /// Process number of the other one, if it left one.
        owner: Option<u32>,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {cause}; it must be readable by the user smonitor runs as", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// A file cannot be written.
    #[error(
        "cannot write {}: {cause}; the state folder must be writable by the user smonitor runs \
         as, and its disk must not be full", path.display()
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
}

impl StateDir {
    /// Opens the folder, making it (mode 0700) if it is not there, and tries that it can be
    /// written to.
    ///
    /// # Errors
    /// If it cannot be used, or others could write to it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        make(path)?;
        check(path)?;
        let inner = Inner { path: path.to_owned(), counter: AtomicU64::new(0) };
        let state_dir = Self(Arc::new(inner));
        state_dir.try_writing()?;
        Ok(state_dir)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Takes the folder for this process alone, among those who take it. Ends with the [`Lock`] or
    /// the process, however that ends (flock(2)).
    ///
    /// # Errors
    /// [`Error::InUse`] if another process has it; or if the file cannot be written.
    pub fn lock(&self) -> Result<Lock, Error> {
        let path = self.file(LOCK_FILE);
        let failed = |cause| Error::Write { path: path.clone(), cause };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600)
            .open(&path)
            .map_err(failed)?;
        let alone = rustix::fs::FlockOperation::NonBlockingLockExclusive;
        match rustix::fs::flock(&file, alone) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut text = String::new();
                // Whose it is, is good to know and no more.
                let _ = (&file).take(32).read_to_string(&mut text);
                let owner = text.trim().parse().ok();
                return Err(Error::InUse { path: self.path().to_owned(), owner });
            }
            Err(error) => return Err(failed(error.into())),
        }
        file.set_len(0).map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Lock { _file: file })
    }

    /// A file's content; `None` if there is no such file.
    ///
    /// # Errors
    /// If it is there and cannot be read, or is no small regular file.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.file(name);
        let failed = |cause| Error::Read { path: path.clone(), cause };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut bytes = Vec::new();
        file.take(FILE_MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > FILE_MAX_BYTES {
            return Err(failed(io::Error::new(io::ErrorKind::InvalidData, "it is over 1 MiB")));
        }
        Ok(Some(bytes))
    }

    /// Replaces a file (mode 0600). After a crash or a power cut there is the old content or the
    /// new, never half of it.
    ///
    /// # Errors
    /// If it cannot be written; the old content is then still there.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.file(name);
        let temporary = self.temporary(name);
        let written = write_new(&temporary, bytes)
            .and_then(|()| give_to_owner(&temporary, &self.0.path))
            .and_then(|()| fs::rename(&temporary, &path))
            .and_then(|()| sync_folder(&self.0.path));
        written.map_err(|cause| {
            // Best effort: what matters is the error that is returned.
            let _ = fs::remove_file(&temporary);
            Error::Write { path, cause }
        })
    }

    /// Removes a file if it is there.
    ///
    /// # Errors
    /// If it is there and cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        let path = self.file(name);
        match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(cause) => Err(Error::Write { path, cause }),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
        let valid = !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_plain);
        assert!(valid, "names of state files are fixed words of the program, not {name:?}");
        self.0.path.join(name)
    }

    fn temporary(&self, name: &str) -> PathBuf {
        let number = self.0.counter.fetch_add(1, Ordering::Relaxed);
        self.0.path.join(format!(".{name}.{}.{number}.new", std::process::id()))
    }

    fn try_writing(&self) -> Result<(), Error> {
        let path = self.temporary("probe");
        let tried = write_new(&path, b"").and_then(|()| fs::remove_file(&path));
        tried.map_err(|cause| Error::Write { path: self.0.path.clone(), cause })
    }
}

fn make(path: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|cause| {
        if path.exists() && !path.is_dir() {
            Error::NotAFolder { path: path.to_owned() }
        } else {
            Error::Make { path: path.to_owned(), cause }
        }
    })
}

#[cfg(unix)]
fn check(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt as _;
    let path = path.to_owned();
    let metadata = match fs::metadata(&path) {
        Ok(metadata) => metadata,
        Err(cause) => return Err(Error::Make { path, cause }),
    };
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user && user != 0 {
        return Err(Error::OwnedByAnother { path, owner: metadata.uid(), user });
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o022 != 0 {
        return Err(Error::WritableByOthers { path, mode });
    }
    if mode & 0o055 != 0 {
        tracing::warn!(
            path = %path.display(), mode = format_args!("{mode:03o}"),
            "others can look into the state folder; run: chmod 700 {}", path.display()
        );
    }
    Ok(())
}

#[cfg(not(unix))]
fn check(_path: &Path) -> Result<(), Error> {
    Ok(())
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// What root writes into somebody's folder belongs to that somebody, who must be able to read it.
#[cfg(unix)]
fn give_to_owner(file: &Path, folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let folder = fs::metadata(folder)?;
    if folder.uid() == 0 {
        return Ok(());
    }
    std::os::unix::fs::lchown(file, Some(folder.uid()), Some(folder.gid()))
}

#[cfg(not(unix))]
fn give_to_owner(_file: &Path, _folder: &Path) -> io::Result<()> {
    Ok(())
}

/// A rename lasts over a power cut once the folder is on the disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn files_come_back_as_written_and_belong_to_us_alone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("deep/state");
        let state_dir = StateDir::open(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        assert_eq!(state_dir.read("sessions").unwrap(), None);
        state_dir.write("sessions", b"one").unwrap();
        state_dir.write("sessions", b"two").unwrap();
        assert_eq!(state_dir.read("sessions").unwrap().as_deref(), Some(&b"two"[..]));
        assert_eq!(mode(&path.join("sessions")), 0o600);
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1, "nothing temporary is left");
        state_dir.remove("sessions").unwrap();
        state_dir.remove("sessions").unwrap();
        assert_eq!(state_dir.read("sessions").unwrap(), None);
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        fs::set_permissions(parent.path(), fs::Permissions::from_mode(0o770)).unwrap();
        let error = StateDir::open(parent.path()).unwrap_err();
        assert!(matches!(error, Error::WritableByOthers { mode: 0o770, .. }));
        assert!(error.to_string().contains("chmod 700"), "{error}");
        fs::set_permissions(parent.path(), fs::Permissions::from_mode(0o755)).unwrap();
        StateDir::open(parent.path()).expect("readable is warned about, not refused");
    }

    #[test]
    fn what_root_writes_in_somebodys_folder_is_that_somebodys() {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: only root can give files away");
            return;
        }
        let parent = tempfile::tempdir().unwrap();
        std::os::unix::fs::chown(parent.path(), Some(12_345), Some(12_346)).unwrap();
        let state_dir = StateDir::open(parent.path()).unwrap();
        state_dir.write("restarts.json", b"[]").unwrap();
        let metadata = fs::metadata(parent.path().join("restarts.json")).unwrap();
        assert_eq!(
            (metadata.uid(), metadata.gid(), metadata.mode() & 0o777),
            (12_345, 12_346, 0o600)
        );
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(StateDir::open(&file).unwrap_err(), Error::NotAFolder { .. }));
        let error = StateDir::open(&file.join("below")).unwrap_err();
        assert!(error.to_string().contains("file/below"), "{error}");
    }

    #[test]
    fn an_oversized_or_odd_file_is_an_error_not_a_surprise() {
        let parent = tempfile::tempdir().unwrap();
        let state_dir = StateDir::open(&parent.path().join("state")).unwrap();
        fs::create_dir(state_dir.path().join("sessions")).unwrap();
        assert!(matches!(state_dir.read("sessions").unwrap_err(), Error::Read { .. }));
        assert!(matches!(state_dir.write("sessions", b"x").unwrap_err(), Error::Write { .. }));
        let large = File::create(state_dir.path().join("large")).unwrap();
        large.set_len(FILE_MAX_BYTES + 1).unwrap();
        assert!(matches!(state_dir.read("large").unwrap_err(), Error::Read { .. }));
    }

    #[test]
    fn one_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let state_dir = StateDir::open(&parent.path().join("state")).unwrap();
        let lock = state_dir.lock().unwrap();
        let again = StateDir::open(state_dir.path()).unwrap();
        match again.lock().unwrap_err() {
            Error::InUse { owner, .. } => assert_eq!(owner, Some(std::process::id())),
            other => panic!("{other}"),
        }
        drop(lock);
        again.lock().unwrap();
    }

    #[test]
    #[should_panic(expected = "fixed words")]
    fn names_from_outside_are_a_mistake_of_the_program() {
        let parent = tempfile::tempdir().unwrap();
        let state_dir = StateDir::open(&parent.path().join("state")).unwrap();
        let _ = state_dir.read("../passwd");
    }
}
