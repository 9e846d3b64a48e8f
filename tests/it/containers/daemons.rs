//! Real engines of a test's own: a Docker, a Podman and an LXC with everything in a folder made for
//! it. What was started is ended by its number and what was mounted is unmounted, also when the test
//! fails. One test at a time has one: the others' load would be in its figures.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "starts the engines that are looked at, and says why it cannot"
)]

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process};

use super::engine::address;
use crate::host_machine::pause;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Where Debian has what takes root.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A place for containers that nobody else has, as long as it lives.
pub(super) struct Yard {
    pub(super) folder: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// Whether these programs are here and may be used. Says so where not; in CI it is a failure.
fn are_here(programs: &[&str]) -> bool {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: containers take root");
        return false;
    }
    let is_there = |program: &&str| PATH.split(':').any(|at| Path::new(at).join(program).exists());
    let missing: Vec<_> = programs.iter().filter(|program| !is_there(program)).collect();
    assert!(
        missing.is_empty() || std::env::var("CI").as_deref() != Ok("true"),
        "CI has everything installed, but not {missing:?}"
    );
    if !missing.is_empty() {
        println!("skipped: not installed: {missing:?}");
    }
    missing.is_empty()
}

impl Yard {
    fn new() -> Self {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        // Short: a socket's path has 108 bytes at most.
        Self { folder: tempfile::Builder::new().prefix("smon").tempdir().unwrap(), _turn: turn }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// A tree with nothing but busybox, as a tar file.
    fn image(&self) -> String {
        let bin = self.path("image/bin");
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(self.path("image/m")).unwrap();
        fs::copy("/bin/busybox", bin.join("busybox")).unwrap();
        for applet in ["sh", "sleep", "dd", "tail", "cat"] {
            std::os::unix::fs::symlink("busybox", bin.join(applet)).unwrap();
        }
        let tar = self.text("image.tar");
        done(Command::new("tar").args(["-C", &self.text("image"), "-cf", &tar, "."]));
        tar
    }
}

/// Unmounts what is mounted in the folder, the innermost first.
impl Drop for Yard {
    fn drop(&mut self) {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let points = mounts.lines().filter_map(|line| line.split(' ').nth(4));
        let mut points: Vec<_> =
            points.filter(|point| Path::new(point).starts_with(self.folder.path())).collect();
        points.sort_unstable();
        for point in points.into_iter().rev() {
            let _ = rustix::mount::unmount(point, rustix::mount::UnmountFlags::DETACH);
        }
    }
}

pub(super) fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).unwrap();
    let _ = kill_process(pid, signal);
}

/// Runs it and gives back what it said; it has to go well.
pub(super) fn done(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = run(command);
    assert!(status.success(), "{command:?}: {status} {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap().trim().to_owned()
}

fn run(command: &mut Command) -> Output {
    command.env("PATH", PATH).stdin(Stdio::null()).output().unwrap()
}

/// A program that runs until it is ended.
struct Daemon(Child);

impl Daemon {
    fn start(command: &mut Command, log: &Path) -> Self {
        let log = fs::File::create(log).unwrap();
        let command = command.env("PATH", PATH).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log).process_group(0);
        Self(command.spawn().unwrap())
    }

    /// Waits until it answers.
    fn ready(&mut self, log: &Path, is_ready: impl Fn() -> bool) {
        for _ in 0..3000 {
            if is_ready() {
                return;
            }
            if let Some(status) = self.0.try_wait().unwrap() {
                panic!("{status}: {}", fs::read_to_string(log).unwrap());
            }
            pause();
        }
        panic!("it never got ready: {}", fs::read_to_string(log).unwrap());
    }

    fn end(&mut self) {
        // It may have been stopped by the test.
        signal(self.0.id(), Signal::CONT);
        signal(self.0.id(), Signal::TERM);
        for _ in 0..500 {
            if self.0.try_wait().is_ok_and(|status| status.is_some()) {
                return;
            }
            pause();
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Docker.
pub(super) struct Docker {
    daemon: Daemon,
    pub(super) yard: Yard,
    pub(super) port: u16,
}

impl Docker {
    pub(super) fn start() -> Option<Self> {
        let needed = ["dockerd", "docker", "containerd", "runc", "busybox", "tar"];
        if !are_here(&needed) {
            return None;
        }
        let yard = Yard::new();
        let port =
            std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new("dockerd");
        command.args(["--iptables=false", "--bridge=none", "--storage-driver=vfs", "--tls=false"]);
        command.args(["--data-root", &yard.text("data"), "--exec-root", &yard.text("exec")]);
        command.args(["--pidfile", &yard.text("d.pid"), "-H", &address(&yard.path("d.sock"))]);
        command.args(["-H", &format!("tcp://127.0.0.1:{port}")]);
        let log = yard.path("log");
        let mut docker = Self { daemon: Daemon::start(&mut command, &log), yard, port };
        let socket = address(&docker.yard.path("d.sock"));
        docker.daemon.ready(&log, || {
            let mut probe = Command::new("docker");
            run(probe.args(["-H", &socket, "version"])).status.success()
        });
        let image = docker.yard.image();
        docker.cli(&["import", &image, "t:1"]);
        Some(docker)
    }

    pub(super) fn address(&self) -> String {
        address(&self.yard.path("d.sock"))
    }

    pub(super) fn pid(&self) -> u32 {
        self.daemon.0.id()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(["-H", &self.address()]).args(arguments);
        command
    }

    pub(super) fn cli(&self, arguments: &[&str]) -> String {
        done(&mut self.command(arguments))
    }

    /// Starts a container that does this; gives back its whole id.
    pub(super) fn start_container(&self, options: &[&str], script: &str) -> String {
        let first = ["run", "-d", "--network", "none"];
        self.cli(&[&first, options, &["t:1", "/bin/sh", "-c", script]].concat())
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        signal(self.pid(), Signal::CONT);
        let all = run(&mut self.command(&["ps", "-aq", "--no-trunc"]));
        let all = String::from_utf8_lossy(&all.stdout).into_owned();
        let ids: Vec<&str> = all.split_whitespace().collect();
        if !ids.is_empty() {
            run(&mut self.command(&[&["rm", "-f"], &ids[..]].concat()));
        }
        self.daemon.end();
    }
}

/// Podman, as a service.
pub(super) struct Podman {
    daemon: Daemon,
    yard: Yard,
}

impl Podman {
    pub(super) fn start() -> Option<Self> {
        if !are_here(&["podman", "conmon", "runc", "busybox", "tar"]) {
            return None;
        }
        let yard = Yard::new();
        // Its defaults want more open files than a test may have.
        let config = "[containers]\ndefault_ulimits=[\"nofile=1024:1024\",\"nproc=1024:1024\"]\n\
                      [engine]\nruntime=\"runc\"\ncgroup_manager=\"cgroupfs\"\nevents_logger=\"file\"\n";
        fs::write(yard.path("containers.conf"), config).unwrap();
        let log = yard.path("log");
        let socket = yard.path("p.sock");
        let mut command = podman(&yard);
        command.args(["system", "service", "--time=0", &address(&socket)]);
        let mut started = Self { daemon: Daemon::start(&mut command, &log), yard };
        started.daemon.ready(&log, || socket.exists());
        let image = started.yard.image();
        started.cli(&["import", &image, "t:1"]);
        Some(started)
    }

    pub(super) fn address(&self) -> String {
        address(&self.yard.path("p.sock"))
    }

    pub(super) fn cli(&self, arguments: &[&str]) -> String {
        done(podman(&self.yard).args(arguments))
    }
}

fn podman(yard: &Yard) -> Command {
    let mut command = Command::new("podman");
    command.args(["--root", &yard.text("root"), "--runroot", &yard.text("run")]);
    command.args(["--tmpdir", &yard.text("tmp"), "--storage-driver", "vfs"]);
    command.env("CONTAINERS_CONF", yard.path("containers.conf"));
    command
}

impl Drop for Podman {
    fn drop(&mut self) {
        run(podman(&self.yard).args(["rm", "-fa", "-t", "0"]));
        self.daemon.end();
    }
}

/// A container of LXC, which has no engine.
pub(super) struct Lxc {
    yard: Yard,
    pub(super) name: String,
}

impl Lxc {
    pub(super) fn start(name: &str) -> Option<Self> {
        let template = Path::new("/usr/share/lxc/templates/lxc-busybox").exists();
        let programs = ["lxc-create", "lxc-start", "lxc-stop", "lxc-freeze", "busybox"];
        if !are_here(&programs) || !template {
            assert!(std::env::var("CI").as_deref() != Ok("true") || template, "lxc-templates");
            return None;
        }
        let lxc = Self { yard: Yard::new(), name: name.to_owned() };
        let config = "lxc.net.0.type = empty\nlxc.apparmor.profile = unconfined\n";
        fs::write(lxc.yard.path("lxc.conf"), config).unwrap();
        fs::create_dir(lxc.yard.path("lxc")).unwrap();
        lxc.run("lxc-create", &["-f", &lxc.yard.text("lxc.conf"), "-t", "busybox"]);
        lxc.run("lxc-start", &["-d"]);
        Some(lxc)
    }

    fn command(&self, program: &str, more: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(["-P", &self.yard.text("lxc"), "-n", &self.name]).args(more);
        command
    }

    pub(super) fn run(&self, program: &str, more: &[&str]) -> String {
        done(&mut self.command(program, more))
    }
}

impl Drop for Lxc {
    fn drop(&mut self) {
        run(&mut self.command("lxc-stop", &["-k"]));
    }
}
