//! Tests in a mount namespace of their own, so that what they mount is seen by nobody else and gone
//! when they end, however they end.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests start processes and wait for them, and say why they do not run"
)]

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags};

const INSIDE: &str = "SMONITOR_TEST_IN_PRIVATE_MOUNTS";
const PATIENCE: Duration = Duration::from_secs(150);

/// Runs the test of this whole name again in a namespace of its own, and says whether this is that run:
/// the body of a test comes after `if !private::mounts("…") { return; }`.
pub(crate) fn mounts(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    if let Err(reason) = can() {
        eprintln!("skipped {test}: {reason}");
        return false;
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    // A group of its own: with the FUSE servers in it, no thread is held in the kernel any more.
    let mut run = Group(command.env(INSIDE, "1").process_group(0).spawn().unwrap());
    let started = Instant::now();
    let status = loop {
        match run.0.try_wait().unwrap() {
            Some(status) => break status,
            None if started.elapsed() > PATIENCE => panic!("{test} does not end"),
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    assert!(status.success(), "{test} failed in its own mount namespace, see above");
    false
}

fn can() -> Result<(), &'static str> {
    if !rustix::process::geteuid().is_root() {
        return Err("only root may mount");
    }
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "--propagation", "private", "mount", "-t", "tmpfs", "none", "/mnt"]);
    let done = unshare.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let works = done.is_ok_and(|status| status.success());
    if works { Ok(()) } else { Err("a mount namespace or a mount is not allowed here") }
}

/// Processes that end with the test.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.0.wait();
    }
}

/// A folder to mount in, on a tmpfs that is seen in this namespace only.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        tmpfs(folder.path(), "place", "size=8m");
        // New mounts below belong to this namespace alone.
        rustix::mount::mount_change(folder.path(), MountPropagationFlags::PRIVATE).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// A new folder in it.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let folder = self.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What is mounted below goes with it.
        let _ = rustix::mount::unmount(self.path(), UnmountFlags::DETACH);
    }
}

pub(crate) fn tmpfs(point: &Path, source: &str, options: &str) {
    let options = std::ffi::CString::new(options).unwrap();
    rustix::mount::mount(source, point, "tmpfs", MountFlags::empty(), &*options).unwrap();
}

pub(crate) fn unmount(point: &Path) {
    rustix::mount::unmount(point, UnmountFlags::DETACH).unwrap();
}
