//! The manager as a whole: the real program with its two processes.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use rustix::process::Signal;
use serde_json::Value;
use smonitor::model::server::{ManagerBody, RestartReason, WorkerState};

use crate::support::processes::{PATIENCE, is_alive, signal, until};

#[expect(clippy::disallowed_methods, reason = "the tests start the program itself")]
fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env_clear().env("XDG_STATE_HOME", folder).env("HOME", folder);
    command.env("SMONITOR_MANAGER_PORT", "0");
    command
}

/// A manager with its worker.
struct Managed {
    child: Child,
    folder: tempfile::TempDir,
    /// `127.0.0.1:PORT` of the server.
    address: String,
    log: Arc<Mutex<String>>,
}

impl Managed {
    fn start(config: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config.json"), config).unwrap();
        let mut command = command(Path::new(env!("CARGO_BIN_EXE_smonitor")), folder.path());
        command.args(arguments);
        Self::run(command, folder)
    }

    fn run(mut command: Command, folder: tempfile::TempDir) -> Self {
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mine = log.clone();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                mine.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        let mut first = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut first).unwrap();
        // A restarted worker may have something to say there as well.
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        let address = first.split(" is at http://").nth(1);
        let address = address.unwrap_or_else(|| panic!("{first}{}", log.lock().unwrap()));
        let managed =
            Self { child, folder, address: address.trim().trim_end_matches('/').to_owned(), log };
        until("the worker is up", || managed.worker());
        managed
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn said(&self, words: &str) -> bool {
        self.log.lock().unwrap().contains(words)
    }

    fn control(&self) -> String {
        let log = self.log.lock().unwrap();
        let address = log.split("the manager answers at http://").nth(1).expect("its port");
        address.split('/').next().unwrap().to_owned()
    }

    fn status(&self) -> ManagerBody {
        let (_, body) = ask(&self.control(), "GET / HTTP/1.1\r\naccept: application/json\r\n");
        serde_json::from_str(&body).unwrap()
    }

    /// The worker that serves now.
    fn worker(&self) -> Option<u32> {
        let worker = self.status().worker?;
        (worker.state == WorkerState::Up).then_some(worker.pid)
    }

    /// Waits for another worker than this one.
    fn after(&self, old: u32) -> u32 {
        until("another worker", || self.worker().filter(|pid| *pid != old))
    }

    fn site_name(&self) -> Option<String> {
        let (status, body) = ask(&self.address, "GET / HTTP/1.1\r\naccept: text/html\r\n");
        assert_eq!(status, 200, "{body}");
        socket_hello(&self.address).map(|hello| hello["site_name"].as_str().unwrap().to_owned())
    }

    fn end(mut self) -> std::process::ExitStatus {
        signal(self.pid(), Signal::TERM);
        until("its end", || self.child.try_wait().unwrap())
    }
}

impl Drop for Managed {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn ask(address: &str, head: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "{head}host: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text:?}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The first message of a socket.
fn socket_hello(address: &str) -> Option<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use futures_util::StreamExt as _;
        let (mut socket, _) =
            tokio_tungstenite::connect_async(format!("ws://{address}/ws")).await.ok()?;
        let message = socket.next().await?.ok()?;
        serde_json::from_str(message.to_text().ok()?).ok()
    })
}

fn config(name: &str) -> String {
    format!(
        r#"{{"server": {{"port": 0}}, "monitor": {{"site_name": "{name}"}}, "log": {{"access": false}}}}"#
    )
}

#[test]
fn a_worker_that_dies_is_replaced_and_the_port_stays() {
    let managed = Managed::start(&config("a"), &[]);
    let first = managed.worker().unwrap();
    signal(first, Signal::KILL);
    let second = managed.after(first);
    assert_eq!(ask(&managed.address, "GET /healthz HTTP/1.1\r\n").0, 200);
    let restarts = managed.status().restarts;
    assert_eq!(
        (restarts.len(), restarts[0].reason, restarts[0].pid),
        (1, RestartReason::Killed, first)
    );
    assert!(restarts[0].back_after_seconds.present().is_some());
    assert!(is_alive(second) && !is_alive(first));
    // The next manager knows of it.
    let kept = fs::read(managed.folder.path().join("smonitor/restarts.json")).unwrap();
    let kept: Vec<smonitor::model::server::Restart> = serde_json::from_slice(&kept).unwrap();
    assert_eq!(kept, restarts);
    assert_eq!(managed.end().code(), Some(0));
    assert!(!is_alive(second), "nothing is left behind");
}

#[test]
fn a_worker_that_hangs_is_replaced() {
    let managed = Managed::start(&config("a"), &[]);
    let first = managed.worker().unwrap();
    signal(first, Signal::STOP);
    managed.after(first);
    assert!(!is_alive(first));
    assert_eq!(managed.status().restarts[0].reason, RestartReason::Silent);
}

#[test]
fn a_worker_does_not_outlive_its_manager() {
    let mut managed = Managed::start(&config("a"), &[]);
    let worker = managed.worker().unwrap();
    managed.child.kill().unwrap();
    managed.child.wait().unwrap();
    until("the worker's end", || (!is_alive(worker)).then_some(()));
    // Its last thread may take a moment longer than its first.
    until("the port is free again", || TcpListener::bind(&managed.address).ok());
}

#[test]
fn post_restart_needs_the_token_of_the_state_folder() {
    let managed = Managed::start(&config("a"), &[]);
    let first = managed.worker().unwrap();
    let token = fs::read_to_string(managed.folder.path().join("smonitor/manager-token")).unwrap();
    let restart = |token: &str| {
        let head = format!("POST /restart HTTP/1.1\r\nauthorization: Bearer {token}\r\n");
        ask(&managed.control(), &head).0
    };
    assert_eq!(restart("wrong"), 401);
    assert_eq!(ask(&managed.control(), "GET /restart HTTP/1.1\r\n").0, 405);
    assert_eq!(managed.worker(), Some(first));
    assert_eq!(restart(token.trim()), 202);
    managed.after(first);
    assert_eq!(managed.status().restarts[0].reason, RestartReason::Requested);
    let (_, line) = ask(&managed.control(), "GET / HTTP/1.1\r\n");
    assert!(line.contains("mode self") && line.contains("1 restarts"), "{line}");
}

#[test]
fn hang_up_reads_the_settings_anew_and_refuses_bad_ones() {
    let managed = Managed::start(&config("before"), &[]);
    let file = managed.folder.path().join("config.json");
    let first = managed.worker().unwrap();
    assert_eq!(managed.site_name().as_deref(), Some("before"));

    fs::write(&file, r#"{"server": {"prot": 1}}"#).unwrap();
    signal(managed.pid(), Signal::HUP);
    until("the refusal", || managed.said("the old ones stay").then_some(()));
    assert!(managed.said("server.prot"), "it says what is wrong");
    assert_eq!(managed.worker(), Some(first), "a bad file changes nothing");

    // Not even when the worker dies then.
    signal(first, Signal::KILL);
    let second = managed.after(first);
    assert_eq!(managed.site_name().as_deref(), Some("before"));

    fs::write(&file, config("after")).unwrap();
    signal(managed.pid(), Signal::HUP);
    let third = managed.after(second);
    assert_eq!(managed.site_name().as_deref(), Some("after"));
    assert_eq!(managed.status().restarts[0].reason, RestartReason::Reloaded);

    // What the manager itself holds cannot change.
    fs::write(&file, r#"{"server": {"port": 0}, "state_dir": "elsewhere"}"#).unwrap();
    signal(managed.pid(), Signal::HUP);
    until("the refusal", || managed.said("state_dir has changed").then_some(()));
    assert_eq!(managed.worker(), Some(third));
}

#[test]
fn hang_up_moves_to_another_port_or_stays() {
    let managed = Managed::start(&config("a"), &[]);
    let file = managed.folder.path().join("config.json");
    let first = managed.worker().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    fs::write(&file, format!(r#"{{"server": {{"port": {port}}}}}"#)).unwrap();
    signal(managed.pid(), Signal::HUP);
    until("the refusal", || managed.said("cannot listen on").then_some(()));
    assert_eq!(managed.worker(), Some(first));
    drop(taken);
    signal(managed.pid(), Signal::HUP);
    managed.after(first);
    assert_eq!(ask(&format!("127.0.0.1:{port}"), "GET /healthz HTTP/1.1\r\n").0, 200);
    until("the old port is closed", || TcpStream::connect(&managed.address).is_err().then_some(()));
}

#[test]
fn settings_that_no_worker_serves_with_are_taken_back() {
    let managed = Managed::start(&config("before"), &[]);
    let first = managed.worker().unwrap();
    // Right by all checks, and yet: the folder's permissions are looked at when it is opened.
    let folder = managed.folder.path().join("smonitor");
    let with_mode = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    with_mode(0o777);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let port = free.port();
    let text = format!(r#"{{"server": {{"port": {port}}}, "auth": {{"mode": "token"}}}}"#);
    fs::write(managed.folder.path().join("config.json"), text).unwrap();
    signal(managed.pid(), Signal::HUP);
    until("going back", || managed.said("going back to the old ones").then_some(()));
    let second = managed.after(first);
    assert_eq!(managed.site_name().as_deref(), Some("before"));
    assert!(TcpStream::connect(free).is_err(), "the new port is given up too");

    // Once what was wrong is right, the same settings are taken, with their port.
    with_mode(0o700);
    signal(managed.pid(), Signal::HUP);
    managed.after(second);
    assert_eq!(ask(&free.to_string(), "GET /healthz HTTP/1.1\r\n").0, 200);
}

#[test]
fn a_second_copy_says_so_and_ends_with_its_own_code() {
    let managed = Managed::start(&config("a"), &[]);
    let mut second = command(Path::new(env!("CARGO_BIN_EXE_smonitor")), managed.folder.path());
    let output = second.output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stderr).unwrap();
    let sentence = format!("smonitor is already running (process {})", managed.pid());
    assert!(said.contains(&sentence) && said.contains("state_dir"), "{said}");
    assert!(output.stdout.is_empty());
    // A lock goes with its process, so a crash leaves nothing to clean up.
    let folder = managed.folder.path().to_owned();
    let mut managed = managed;
    managed.child.kill().unwrap();
    managed.child.wait().unwrap();
    let mut third = command(Path::new(env!("CARGO_BIN_EXE_smonitor")), &folder).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(third.stdout.take().unwrap()).read_line(&mut line).unwrap();
    third.kill().unwrap();
    third.wait().unwrap();
    assert!(line.contains(" is at http://"), "{line}");
}

#[test]
fn a_first_start_that_cannot_be_is_one_sentence_and_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut busy = command(Path::new(env!("CARGO_BIN_EXE_smonitor")), folder.path());
    let output = busy.args(["--port", &port]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("something else listens there"));

    // What only the worker finds out comes through it, once.
    let shut = folder.path().join("shut");
    fs::create_dir(&shut).unwrap();
    fs::set_permissions(&shut, fs::Permissions::from_mode(0o777)).unwrap();
    let mut no_folder = command(Path::new(env!("CARGO_BIN_EXE_smonitor")), folder.path());
    let arguments = ["--port", "0", "--state-dir", shut.to_str().unwrap()];
    let output = no_folder.args(arguments).env("SMONITOR_AUTH_MODE", "token").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.matches("smonitor: others can write to the state folder").count(), 1, "{said}");
}

#[test]
fn a_control_port_that_is_taken_costs_nothing_else() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(Path::new(env!("CARGO_BIN_EXE_smonitor")), folder.path());
    command.args(["--port", "0"]).env("SMONITOR_MANAGER_PORT", port);
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split(" is at http://").nth(1).unwrap().trim().trim_end_matches('/');
    assert_eq!(ask(address, "GET /healthz HTTP/1.1\r\n").0, 200);
    signal(child.id(), Signal::TERM);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("manager.port"));
}

/// As process 1 of a container nobody else reaps what is left behind.
#[test]
fn as_process_1_it_reaps_what_others_leave_behind() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), config("a")).unwrap();
    let mut command = command(&PathBuf::from("unshare"), folder.path());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.args(["--pid", "--fork", "--kill-child", env!("CARGO_BIN_EXE_smonitor")]);
    if !rustix::process::geteuid().is_root() {
        return eprintln!("skipped: a pid namespace needs root");
    }
    let mut managed = Managed::run(command, folder);
    let children = |pid: u32| -> Vec<u32> {
        let list =
            fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        list.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
    };
    let manager = until("the manager", || children(managed.pid()).first().copied());
    let worker = until("the worker", || children(manager).first().copied());
    // Orphans: a shell in that namespace that leaves a child behind.
    let mut shell = shell("sleep 0.2 & sleep 0.1 & exit 0", manager);
    assert!(shell.status().unwrap().success());
    until("the orphans belong to process 1", || (children(manager).len() >= 2).then_some(()));
    until("and are reaped", || (children(manager) == [worker]).then_some(()));
    // And as process 1 it ends when it is told to: the kernel gives it no default for signals.
    signal(manager, Signal::TERM);
    let status = until("its end", || managed.child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
}

#[expect(clippy::disallowed_methods, reason = "the tests prepare the machine")]
fn shell(script: &str, pid_namespace_of: u32) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["--pid", "--target", &pid_namespace_of.to_string(), "sh", "-c", script]);
    command
}
