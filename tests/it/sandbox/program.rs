//! The program itself: every thread of what serves is in the sandbox, and it serves as before.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::modes::{LANDLOCK, take_away};
use super::{has_all_guards, on_a_thread};

fn smonitor(folder: &Path, config: &str) -> Command {
    started_as(folder, config, &["--port", "0"])
}

/// With arguments before those that all take.
fn started_as(folder: &Path, config: &str, arguments: &[&str]) -> Command {
    let file = folder.join("config.json");
    fs::write(&file, config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_smonitor"));
    command.args(arguments).arg("--config").arg(file).arg("--state-dir");
    command.arg(folder.join("state")).current_dir(folder).stdin(Stdio::null()).env_clear();
    command.env("HOME", folder).env("SMONITOR_MANAGER_PORT", "0");
    command
}

/// A server in the background; ends with the test.
struct Running {
    child: Child,
    address: String,
    token: Option<String>,
}

impl Running {
    fn start(mut command: Command, lines: usize) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let said = out.take(lines).collect::<Vec<_>>().join("\n");
        let address = said.split("http://").nth(1).unwrap_or_else(|| {
            let mut why = String::new();
            child.stderr.take().unwrap().read_to_string(&mut why).unwrap();
            panic!("it does not serve: {why}")
        });
        let address = address.split('/').next().unwrap().to_owned();
        let token = said.split("#token=").nth(1).map(|rest| rest.trim().to_owned());
        Self { child, address, token }
    }

    /// Asks and gives back the whole answer.
    fn ask(&self, request: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let (address, length) = (&self.address, body.len());
        let text = format!(
            "{request} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: \
             {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Ends it by SIGTERM; the exit code and what it had to say.
    fn end(mut self) -> (Option<i32>, String) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code(), log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The status of every thread of every process that the program is, but for its manager.
fn threads_of_the_server(running: &Running) -> Vec<String> {
    let first = running.child.id();
    let children = fs::read_to_string(format!("/proc/{first}/task/{first}/children"));
    let children = children.unwrap_or_default();
    let server = children.split_whitespace().next().map_or(first, |pid| pid.parse().unwrap());
    let tasks = fs::read_dir(format!("/proc/{server}/task")).unwrap();
    let status = |path: &Path| fs::read_to_string(path.join("status")).ok();
    tasks.filter_map(|task| status(&task.unwrap().path())).collect()
}

const LOCAL: &str = r#"{"monitor": {"mode": "node"}}"#;

#[test]
fn every_thread_that_serves_is_in_the_sandbox_and_it_serves() {
    let folder = tempfile::tempdir().unwrap();
    let config = r#"{"monitor": {"mode": "node"}, "auth": {"mode": "token"}}"#;
    let server = Running::start(smonitor(folder.path(), config), 2);
    let token = server.token.clone().expect("the link of the first start");
    let body = format!(r#"{{"token": "{token}"}}"#);
    let json = "content-type: application/json\r\nx-requested-with: smonitor\r\n";
    let session = server.ask("POST /api/v1/session", json, &body);
    assert!(session.starts_with("HTTP/1.1 200"), "{session}");
    assert!(folder.path().join("state/sessions").exists(), "a session is kept");

    let bearer = format!("authorization: Bearer {token}\r\n");
    let metrics = server.ask("GET /metrics", &bearer, "");
    assert!(metrics.contains("node_memory_MemTotal_bytes"), "{metrics}");
    let page = server.ask("GET /", &bearer, "");
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");

    let threads = threads_of_the_server(&server);
    assert!(threads.len() > 10, "the sources have begun: {}", threads.len());
    for status in threads {
        assert!(status.contains("Seccomp:\t2"), "{status}");
        assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    }
    let (code, log) = server.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("system calls: guarded"), "{log}");
    if has_all_guards("what the log says") {
        assert!(log.contains("writing: guarded; connecting: guarded"), "{log}");
    }
}

#[test]
fn the_demo_is_in_the_sandbox_too() {
    let folder = tempfile::tempdir().unwrap();
    let command = started_as(folder.path(), "{}", &["demo", "--port", "0"]);
    let server = Running::start(command, 1);
    assert!(server.ask("GET /", "", "").starts_with("HTTP/1.1 200"));
    assert!(threads_of_the_server(&server).iter().all(|one| one.contains("Seccomp:\t2")));
    assert_eq!(server.end().0, Some(0));
    assert!(!folder.path().join("state").exists(), "it writes nothing");
}

#[test]
fn off_is_warned_about() {
    let folder = tempfile::tempdir().unwrap();
    let config = r#"{"monitor": {"mode": "node"}, "sandbox": {"mode": "off"}}"#;
    let server = Running::start(smonitor(folder.path(), config), 1);
    assert!(server.ask("GET /", "", "").starts_with("HTTP/1.1 200"));
    assert!(threads_of_the_server(&server).iter().all(|one| !one.contains("Seccomp:\t2")));
    let (code, log) = server.end();
    assert_eq!(code, Some(0));
    assert!(log.contains("WARN") && log.contains("sandbox.mode is off"), "{log}");
}

/// Runs it to its end, on a kernel without Landlock.
fn without_landlock(command: &mut Command) -> Output {
    on_a_thread(|| {
        take_away(&LANDLOCK, libc::ENOSYS);
        command.output().unwrap()
    })
}

#[test]
fn what_is_required_and_missing_keeps_it_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let config = r#"{"monitor": {"mode": "node"}, "sandbox": {"mode": "require"}}"#;
    let begun = Instant::now();
    let output = without_landlock(&mut smonitor(folder.path(), config));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("sandbox.mode is \"require\""), "{complaint}");
    assert!(complaint.contains("writing (") && complaint.contains("5.13"), "{complaint}");
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn the_doctor_says_what_this_kernel_guards() {
    let folder = tempfile::tempdir().unwrap();
    let doctor = |arguments: &[&str]| started_as(folder.path(), LOCAL, arguments);
    let output = doctor(&["doctor", "--json"]).output().unwrap();
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let guards = |found: &serde_json::Value| -> Vec<serde_json::Value> {
        let all = found["findings"].as_array().unwrap().iter();
        all.filter(|one| one["what"].as_str().unwrap().starts_with("guard: ")).cloned().collect()
    };
    assert_eq!(guards(&found).len(), 3, "{found:#}");
    if has_all_guards("what the doctor says") {
        assert!(guards(&found).iter().all(|one| one["status"] == "ok"), "{found:#}");
    }
    let output = without_landlock(&mut doctor(&["doctor", "--json"]));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let writing = guards(&found).swap_remove(1);
    assert_eq!(writing["status"], "limited", "{found:#}");
    assert!(writing["says"].as_str().unwrap().contains("Landlock"), "{writing}");
    assert!(writing["mend"].as_str().unwrap().contains("5.13"), "{writing}");
    let output = without_landlock(&mut doctor(&["doctor"]));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("limited  guard: writing"), "{text}");
}
