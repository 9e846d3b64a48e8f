//! Where the kernel's and the system's files are. The only place that knows `/proc`, `/sys`,
//! `/run`, `/etc` and `/dev`; a captured machine is a folder with the same inside.

use std::path::{Path, PathBuf};

/// The folders every source reads below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    root: PathBuf,
}

impl Roots {
    /// Where `proc` is mounted, as `mounts` says it.
    pub const PROC_MOUNT_POINT: &str = "/proc";

    /// This machine.
    #[must_use]
    pub fn live() -> Self {
        Self { root: PathBuf::from("/") }
    }

    /// A captured machine, or a host's root mounted into a container.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Whether these are the files of the running kernel.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.root == Path::new("/")
    }

    /// A path below `/proc`.
    #[must_use]
    pub fn proc(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join("proc").join(path)
    }

    /// A path below `/sys`.
    #[must_use]
    pub fn sys(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join("sys").join(path)
    }

    /// A path below `/dev`.
    #[must_use]
    pub fn dev(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join("dev").join(path)
    }

    /// A path below `/etc`.
    #[must_use]
    pub fn etc(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join("etc").join(path)
    }

    /// A path below `/usr/lib`, where os-release(5) has its second place.
    #[must_use]
    pub fn usr_lib(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join("usr/lib").join(path)
    }
}
