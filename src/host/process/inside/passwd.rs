//! The `passwd` of containers. What is in a container belongs to somebody else: no link of theirs is
//! followed, nothing but an ordinary file is opened, and no more than a cap is read.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::id_map::inner_id;
use super::rootfs::{self, RootFolder};
use crate::clock::Clock;
use crate::host::filesystem::mountinfo::{Mount, parse_mountinfo};
use crate::host::process::users::parse_passwd;
use crate::host::{Roots, files};
use crate::model::{Reason, Text};

/// How long what was read of a container is believed: less than an answer that was made from it, so
/// that a new answer is new.
const LIFE: Duration = Duration::from_secs(300);

/// Most containers whose names are remembered.
const MOST_CONTAINERS: usize = 256;

/// Most bytes of a container's `passwd`; a longer one is not believed.
const PASSWD_BYTES: usize = 1 << 20;

/// The longest name of a user in a container, in bytes; a longer one is there to do harm.
const NAME_BYTES: usize = 128;

/// A folder or file, to look at without opening it.
const LOOK: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// The same, unless it is a link.
const LOOK_HERE: OFlags = LOOK.union(OFlags::NOFOLLOW);

type Names = Result<Arc<HashMap<u32, String>>, Reason>;

/// Reads and remembers the names in containers.
#[derive(Debug)]
pub(super) struct Passwords {
    roots: Roots,
    clock: Clock,
    /// By what tells one root folder from another.
    known: HashMap<Vec<u8>, (Duration, Names)>,
    own_map: Vec<u8>,
    own_mounts: Vec<u8>,
}

impl Passwords {
    pub(super) fn new(roots: Roots, clock: Clock) -> Self {
        Self { roots, clock, known: HashMap::new(), own_map: Vec::new(), own_mounts: Vec::new() }
    }

    /// Reads anew what is the same for all processes.
    pub(super) fn begin(&mut self) {
        let own = |name: &str| files::read(&self.roots.proc("self").join(name), files::LARGE);
        // Without them more is asked, and less found.
        self.own_map = own("uid_map").unwrap_or_default();
        self.own_mounts = own("mountinfo").unwrap_or_default();
    }

    /// What the container of the process calls the user that is `uid` on this machine.
    pub(super) fn name(&mut self, pid: u32, uid: u32) -> Result<Text, Reason> {
        let folder = self.roots.proc(pid.to_string());
        let map = match files::read(&folder.join("uid_map"), files::SMALL) {
            // A kernel without namespaces of users; then we have none either.
            Err(Reason::NotSupported) => Vec::new(),
            read => read?,
        };
        // In our own namespace the map would be that to the one around it.
        let inner = if map == self.own_map { Some(uid) } else { inner_id(&map, uid) };
        let inner = inner.ok_or(Reason::NotSupported)?;
        let names = self.names_of(&folder)?;
        names.get(&inner).map(|name| Text::from(name.as_str())).ok_or(Reason::NotSupported)
    }

    fn names_of(&mut self, folder: &Path) -> Names {
        let bytes = files::read(&folder.join("mountinfo"), files::LARGE)?;
        let (mounts, _) = parse_mountinfo(&bytes);
        // One that was put into a folder by chroot(2) may have no mount there.
        let Some(root) = rootfs::root_mount(&mounts) else {
            return self.read_below(&folder.join("root"), b"").map(Arc::new);
        };
        let key = key(&root);
        let now = self.clock.monotonic();
        if let Some((read_at, names)) = self.known.get(&key)
            && now.saturating_sub(*read_at) < LIFE
        {
            return names.clone();
        }
        let names = self.read(&root, folder).map(Arc::new);
        self.known.retain(|_, (read_at, _)| now.saturating_sub(*read_at) < LIFE);
        if self.known.len() < MOST_CONTAINERS {
            self.known.insert(key, (now, names.clone()));
        }
        names
    }

    fn read(&self, root: &Mount<'_>, folder: &Path) -> Result<HashMap<u32, String>, Reason> {
        let (own_mounts, _) = parse_mountinfo(&self.own_mounts);
        let found = match rootfs::find(root, &own_mounts) {
            // Its names are this machine's, and those are known not to have it.
            Some(RootFolder::Own) => return Err(Reason::NotSupported),
            Some(RootFolder::Layers(layers)) => self.read_layers(&layers),
            Some(RootFolder::Below { point, way }) => {
                self.read_below(&self.roots.mounted(&point), &way)
            }
            None => Err(Reason::NotSupported),
        };
        // The short way is closed in the sandbox and open outside of it.
        found.or_else(|reason| self.read_below(&folder.join("root"), b"").map_err(|_| reason))
    }

    /// The topmost layer that has the file is the one that counts.
    fn read_layers(&self, layers: &[Vec<u8>]) -> Result<HashMap<u32, String>, Reason> {
        for layer in layers {
            match self.read_below(&self.roots.mounted(layer), b"") {
                Err(Reason::NotSupported) => {}
                outcome => return outcome,
            }
        }
        Err(Reason::NotSupported)
    }

    /// The names in the container whose root folder is `way` below `folder`. No link is followed
    /// but in the path of `folder`. [`Reason::NotSupported`] if there is no such file,
    /// [`Reason::ReadFailed`] if there is something else in its place.
    fn read_below(&self, folder: &Path, way: &[u8]) -> Result<HashMap<u32, String>, Reason> {
        let start = rustix::fs::openat(CWD, folder, LOOK | OFlags::DIRECTORY, Mode::empty());
        let mut at = start.map_err(|error| files::reason(&error.into()))?;
        let names = way.split(|&byte| byte == b'/').filter(|name| !name.is_empty());
        for name in names.chain([&b"etc"[..]]) {
            at = enter(&at, name)?;
        }
        let file = rustix::fs::openat(&at, "passwd", LOOK_HERE, Mode::empty());
        let bytes = self.contents(&file.map_err(|error| files::reason(&error.into()))?)?;
        let mut names = parse_passwd(&bytes);
        names.retain(|_, name| name.len() <= NAME_BYTES);
        Ok(names)
    }

    /// What is in a file that so far was only looked at. Opening anything but an ordinary file may
    /// wait for ever or have an effect.
    fn contents(&self, file: &OwnedFd) -> Result<Vec<u8>, Reason> {
        let stat = rustix::fs::fstat(file).map_err(|error| files::reason(&error.into()))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Reason::ReadFailed);
        }
        let path: PathBuf = Roots::own_descriptor(file.as_raw_fd());
        let opened = File::open(path).map_err(|error| files::reason(&error))?;
        let mut bytes = Vec::new();
        let limit = PASSWD_BYTES as u64 + 1;
        opened.take(limit).read_to_end(&mut bytes).map_err(|error| files::reason(&error))?;
        if bytes.len() > PASSWD_BYTES { Err(Reason::OutOfResources) } else { Ok(bytes) }
    }
}

fn enter(folder: &OwnedFd, name: &[u8]) -> Result<OwnedFd, Reason> {
    if name == b".." {
        return Err(Reason::ReadFailed);
    }
    let flags = LOOK_HERE | OFlags::DIRECTORY;
    rustix::fs::openat(folder, OsStr::from_bytes(name), flags, Mode::empty()).map_err(|error| {
        match error {
            // A link, or something else that is no folder, is not the same as nothing.
            Errno::NOTDIR | Errno::LOOP => Reason::ReadFailed,
            other => files::reason(&other.into()),
        }
    })
}

/// What tells one root folder from another: the device, the folder, and the layers.
fn key(root: &Mount<'_>) -> Vec<u8> {
    let (major, minor) = root.device;
    let device = format!("{major}:{minor} ");
    [device.as_bytes(), root.root, b" ", root.super_options].concat()
}
