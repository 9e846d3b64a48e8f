//! Where the kernel's and the system's files are. The only place that knows `/proc`, `/sys`,
//! `/run`, `/etc` and `/dev`; a captured machine is a folder with the same inside.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// The folders every source reads below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    root: PathBuf,
}

impl Roots {
    /// Where `proc` is mounted, as `mounts` says it.
    pub const PROC_MOUNT_POINT: &str = "/proc";

    /// How the names of loop devices begin, as `mountinfo` says them.
    pub const LOOP_DEVICES: &str = "/dev/loop";

    /// The executable that runs, also after its file was replaced or removed.
    pub const OWN_IMAGE: &str = "/proc/self/exe";

    /// What a descriptor of this process refers to, to be opened once more.
    #[must_use]
    pub fn own_descriptor(descriptor: std::os::fd::RawFd) -> PathBuf {
        Path::new("/proc/self/fd").join(descriptor.to_string())
    }

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

    /// A path below `/run`. Systems so old that `/var/run` is no link to it are not looked at.
    #[must_use]
    pub fn run(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join("run").join(path)
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

    /// The folder of the devices on the PCI bus, one folder each.
    #[must_use]
    pub fn pci_devices(&self) -> PathBuf {
        self.sys("bus/pci/devices")
    }

    /// The number of NVIDIA's card whose device file a link in `/proc/PID/fd` says is open.
    #[must_use]
    pub fn nvidia_minor(target: &Path) -> Option<u32> {
        let digits = target.to_str()?.strip_prefix("/dev/nvidia")?;
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten()
    }

    /// What is at `point`, a path as `mountinfo` says it.
    #[must_use]
    pub fn mounted(&self, point: &[u8]) -> PathBuf {
        let relative = point.strip_prefix(b"/").unwrap_or(point);
        if relative.is_empty() {
            self.root.clone()
        } else {
            self.root.join(OsStr::from_bytes(relative))
        }
    }

    /// Where a captured machine has what statfs(2) said of its mounts.
    #[must_use]
    pub fn captured_statfs(&self) -> PathBuf {
        self.root.join("statfs")
    }

    /// Whether a tmpfs mounted at `point` is the kernel's or the system's own, where no user's file
    /// ever is: below `/proc`, `/sys`, `/dev` and `/run`, and those folders themselves. `/run`, which
    /// can run full, and shared memory (`/dev/shm`, `/run/shm`) are not.
    #[must_use]
    pub fn is_kept_by_the_system(point: &[u8]) -> bool {
        const OWN: [&[u8]; 4] = [b"/proc", b"/sys", b"/dev", b"/run"];
        let is_below = |folder: &&[u8]| {
            point
                .strip_prefix(*folder)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        let is_shown = matches!(point, b"/run" | b"/run/shm" | b"/dev/shm");
        !is_shown && OWN.iter().any(is_below)
    }

    /// Whether a container engine mounts a single file of its own there, in every container.
    #[must_use]
    pub fn is_file_of_an_engine(point: &[u8]) -> bool {
        matches!(
            point,
            b"/etc/hosts"
                | b"/etc/hostname"
                | b"/etc/resolv.conf"
                | b"/run/.containerenv"
                | b"/dev/termination-log"
        )
    }

    /// A path below `/usr/lib`, where os-release(5) has its second place.
    #[must_use]
    pub fn usr_lib(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join("usr/lib").join(path)
    }
    /// A file of a captured machine that stands for what a running kernel tells by a system call
    /// only. A running machine has no such file.
    #[must_use]
    pub fn captured(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}
