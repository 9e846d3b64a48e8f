//! systemd: the shipped units, signs of life, and a port that systemd holds.
//!
//! A machine that runs systemd is started by `scripts/test-systemd-vm.sh`.

#![expect(clippy::print_stderr, reason = "says why it is skipped")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
const PROGRAM: &str = env!("CARGO_BIN_EXE_smonitor");

#[expect(clippy::disallowed_methods, reason = "systemd's tools and the program are what is tested")]
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    command
}

/// What a tool of systemd says; none, with a word why, where it is not installed.
fn tool(name: &str, arguments: &[&str], folder: &Path) -> Option<Output> {
    let mut command = command(name);
    // Units of users are looked for in folders that systemd would have made.
    command.args(arguments).env("XDG_RUNTIME_DIR", folder);
    match command.output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: there is no {name} here");
            None
        }
        Err(error) => panic!("{name}: {error}"),
    }
}

fn text(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(both).unwrap()
}

/// The units, with a program that is there.
fn units(folder: &Path) -> Vec<String> {
    let names = ["smonitor.service", "smonitor.socket", "user/smonitor.service"];
    let copy = |name: &str| {
        let unit = fs::read_to_string(Path::new("docs/systemd").join(name)).unwrap();
        let unit = unit.replace("/usr/local/bin/smonitor", PROGRAM);
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, unit.replace("%h/.local/bin/smonitor", PROGRAM)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    names.map(copy).to_vec()
}

#[test]
fn systemd_understands_every_line_of_the_units() {
    let folder = tempfile::tempdir().unwrap();
    let units = units(folder.path());
    for arguments in [vec!["verify", &units[0], &units[1]], vec!["verify", "--user", &units[2]]] {
        let Some(output) = tool("systemd-analyze", &arguments, folder.path()) else { return };
        let said = text(&output);
        // What it says of a unit names the unit; the rest is about this machine.
        assert!(output.status.success() && !said.contains("smonitor"), "{arguments:?}: {said}");
    }
}

#[test]
fn systemd_says_of_a_faulty_unit_that_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let unit = units(folder.path()).remove(0);
    let faulty = fs::read_to_string(&unit).unwrap().replace("WatchdogSec=10", "WatchdogSec=soon");
    fs::write(&unit, faulty).unwrap();
    let arguments = ["verify", unit.as_str()];
    let Some(output) = tool("systemd-analyze", &arguments, folder.path()) else { return };
    assert!(text(&output).contains("smonitor.service"), "{}", text(&output));
}

#[test]
fn the_service_may_do_little() {
    let folder = tempfile::tempdir().unwrap();
    let unit = units(folder.path()).remove(0);
    let arguments = ["security", "--offline=true", "--no-pager", &unit];
    let Some(output) = tool("systemd-analyze", &arguments, folder.path()) else { return };
    let said = text(&output);
    let line = said.lines().find(|line| line.contains("Overall exposure level")).unwrap();
    let figure = line.rsplit(": ").next().unwrap().split(' ').next().unwrap();
    assert!(figure.parse::<f64>().unwrap() < 5.0, "systemd calls less than 5 OK: {line}");
}

#[test]
fn the_service_sees_the_machine_as_it_is() {
    let unit = fs::read_to_string("docs/systemd/smonitor.service").unwrap();
    let settings = unit.lines().filter(|line| !line.starts_with('#'));
    let names: Vec<&str> = settings.filter_map(|line| Some(line.split_once('=')?.0)).collect();
    // Each gives the service a mount table, a host name, users or a network of its own.
    for hides in [
        "ProtectSystem",
        "ProtectHome",
        "PrivateTmp",
        "PrivateDevices",
        "PrivateMounts",
        "PrivateNetwork",
        "PrivateUsers",
        "ProtectKernelTunables",
        "ProtectKernelModules",
        "ProtectKernelLogs",
        "ProtectControlGroups",
        "ProtectHostname",
        "ProtectClock",
        "ProtectProc",
        "ProcSubset",
        "ReadOnlyPaths",
        "ReadWritePaths",
        "InaccessiblePaths",
        "TemporaryFileSystem",
        "BindPaths",
        "BindReadOnlyPaths",
        "RootDirectory",
        "DynamicUser",
    ] {
        assert!(!names.contains(&hides), "{hides}= hides or changes what smonitor shows");
    }
    assert!(names.contains(&"CapabilityBoundingSet"));
}

/// A service with somebody who listens as systemd does.
struct Service {
    child: Child,
    systemd: UnixDatagram,
    folder: tempfile::TempDir,
}

impl Service {
    fn start(mode: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let systemd = UnixDatagram::bind(&path).unwrap();
        systemd.set_read_timeout(Some(PATIENCE)).unwrap();
        let service = Self { child: Self::run(&folder, mode, &path), systemd, folder };
        service.configure(r#"{"server": {"port": 0}}"#);
        service
    }

    fn run(folder: &tempfile::TempDir, mode: &str, socket: &Path) -> Child {
        let mut command = command(PROGRAM);
        command.args(["--port", "0"]).current_dir(folder.path()).env_clear();
        command.env("XDG_STATE_HOME", folder.path()).env("HOME", folder.path());
        command.env("SMONITOR_MANAGER_PORT", "0").env("SMONITOR_MANAGER_MODE", mode);
        command.env("NOTIFY_SOCKET", socket).env("WATCHDOG_USEC", "500000");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    fn configure(&self, config: &str) {
        fs::write(self.folder.path().join("config.json"), config).unwrap();
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// The next thing said but signs of life; those are counted.
    fn next(&self) -> (String, u32) {
        let mut signs = 0;
        let mut buffer = [0; 4096];
        loop {
            let length = self.systemd.recv(&mut buffer).unwrap();
            match std::str::from_utf8(&buffer[..length]).unwrap() {
                "WATCHDOG=1\n" => signs += 1,
                other => return (other.to_owned(), signs),
            }
        }
    }

    fn sign(&self) {
        let mut buffer = [0; 4096];
        let length = self.systemd.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"WATCHDOG=1\n");
    }

    fn ends_well(mut self) {
        self.signal(Signal::TERM);
        assert!(self.next().0.starts_with("STOPPING=1\nSTATUS="));
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn the_manager_tells_systemd_how_it_is() {
    let service = Service::start("self");
    let (ready, _) = service.next();
    assert!(
        ready.starts_with("READY=1\nSTATUS=smonitor manager ") && ready.contains(" up, "),
        "{ready}"
    );
    for _ in 0..5 {
        service.sign();
    }
    for (config, wanted) in [
        (r#"{"server": {"port": "broken"}}"#, "what was right stays"),
        (r#"{"monitor": {"site_name": "another"}}"#, "what is new is taken"),
    ] {
        service.configure(config);
        service.signal(Signal::HUP);
        let (reloading, _) = service.next();
        assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{wanted}: {reloading}");
        let (ready, _) = service.next();
        assert!(ready.starts_with("READY=1\n"), "{wanted}: {ready}");
    }
    service.ends_well();
}

#[test]
fn a_server_without_a_manager_tells_systemd_itself() {
    let service = Service::start("supervisor");
    assert!(service.next().0.starts_with("READY=1\nSTATUS="));
    for _ in 0..5 {
        service.sign();
    }
    // A stopped one is silent, which is what systemd's watchdog is for.
    service.signal(Signal::STOP);
    service.systemd.set_read_timeout(Some(Duration::from_millis(1500))).unwrap();
    let mut buffer = [0; 100];
    let mut late = 0;
    while service.systemd.recv(&mut buffer).is_ok() {
        late += 1;
    }
    assert!(late < 3, "{late} signs of life of a stopped process");
    service.systemd.set_read_timeout(Some(PATIENCE)).unwrap();
    service.signal(Signal::CONT);
    service.sign();
    service.ends_well();
}

#[test]
fn connections_from_before_the_start_are_answered() {
    for mode in ["self", "supervisor"] {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let mut activate = command("systemd-socket-activate");
        activate.args(["-l", &address, "--setenv=SMONITOR_MANAGER_PORT=0"]);
        activate.arg(format!("--setenv=SMONITOR_MANAGER_MODE={mode}"));
        activate.args([PROGRAM, "--state-dir"]).arg(folder.path().join("state"));
        // The settings name another port: the one that was handed down counts.
        activate.args(["--port", "1"]).current_dir(folder.path());
        activate.stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = match activate.spawn() {
            Ok(child) => child,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                println!("skipped: there is no systemd-socket-activate here");
                return;
            }
            Err(error) => panic!("{error}"),
        };
        // Nothing of smonitor runs yet: the first connection has it started.
        let mut streams: Vec<TcpStream> = Vec::new();
        while streams.len() < 3 {
            match TcpStream::connect(&address) {
                Ok(stream) => streams.push(stream),
                Err(_) => assert!(server.try_wait().unwrap().is_none(), "it has ended"),
            }
        }
        for stream in &mut streams {
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            write!(stream, "GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")
                .unwrap();
        }
        for stream in &mut streams {
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 "), "{mode}: {answer}");
        }
        let pid = Pid::from_raw(i32::try_from(server.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        assert_eq!(server.wait().unwrap().code(), Some(0));
    }
}
