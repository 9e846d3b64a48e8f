//! The program as it is called: arguments, exit codes, what is on which stream, signals.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

fn smonitor(arguments: &[&str], folder: &Path) -> Output {
    command(arguments, folder).output().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the tests start the program itself")]
fn command(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smonitor"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).env_clear();
    // Never the state of the machine that runs the tests.
    command.env("XDG_STATE_HOME", folder.join("state")).env("HOME", folder);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The block of a README that repeats the help.
fn help_block(readme: &str) -> String {
    let readme = fs::read_to_string(readme).unwrap();
    let block = readme.split("```text\n").nth(1).expect("a text block");
    block.split("```").next().unwrap().to_owned()
}

#[test]
fn the_readmes_repeat_the_help() {
    let folder = tempfile::tempdir().unwrap();
    let output = smonitor(&["--help"], folder.path());
    assert_eq!(output.status.code(), Some(0));
    let help = text(&output.stdout);
    assert_eq!(help_block("README.md"), help, "copy `smonitor --help` into README.md");
    assert_eq!(help_block("README.zh-CN.md"), help, "copy `smonitor --help` into README.zh-CN.md");
    assert_eq!(text(&smonitor(&["-h"], folder.path()).stdout), help);
}

#[test]
fn the_help_does_not_depend_on_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let narrow = command(&["--help"], folder.path()).env("COLUMNS", "40").output().unwrap();
    assert_eq!(narrow.stdout, smonitor(&["--help"], folder.path()).stdout);
}

#[test]
fn the_version_is_that_of_the_package() {
    let folder = tempfile::tempdir().unwrap();
    let output = smonitor(&["--version"], folder.path());
    assert_eq!(text(&output.stdout), format!("smonitor {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn arguments_that_make_no_sense_end_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let output = smonitor(&["--prot", "80"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(text(&output.stderr).contains("--port"), "{}", text(&output.stderr));
}

#[test]
fn check_config_says_ok_and_where_values_come_from() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), r#"{"server": {"port": 9000}}"#).unwrap();
    let output = smonitor(&["check-config", "--log-level", "debug"], folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let out = text(&output.stdout);
    assert!(out.starts_with("ok\n"), "{out}");
    let line = |path: &str| {
        let line = out.lines().find(|line| line.starts_with(path)).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("server.port "), "server.port 9000 config.json:1");
    assert_eq!(line("log.level "), "log.level \"debug\" flag --log-level");
    assert_eq!(line("monitor.mode "), "monitor.mode \"node\" default");
}

#[test]
fn check_config_tells_all_faults_and_ends_with_1() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), "{\n \"server\": {\"port\": -1},\n \"x\": 1\n}")
        .unwrap();
    let output = smonitor(&["check-config"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    let out = text(&output.stdout);
    assert!(out.contains("config.json:2") && out.contains("config.json:3"), "{out}");
    assert!(out.ends_with("2 faults\n"), "{out}");

    let output = smonitor(&["check-config", "--json"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["ok"], false);
    assert_eq!(answer["faults"][0]["path"], "server.port");
    assert_eq!(answer["faults"][0]["origin"]["line"], 2);
}

#[test]
fn check_config_answers_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let output = smonitor(&["check-config", "--json"], folder.path());
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["ok"], true);
    let settings = answer["settings"].as_array().unwrap();
    assert_eq!(settings.len(), smonitor::config::table::KEYS.len());
    assert!(settings.iter().all(|one| one["origin"]["from"] == "default"), "{settings:?}");
}

#[test]
fn it_does_not_run_with_wrong_settings() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), r#"{"server": {"prot": 1}}"#).unwrap();
    let output = smonitor(&[], folder.path());
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("did you mean server.port?"), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_named_file_that_is_not_there_ends_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let output = smonitor(&["--config", "gone.json"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("gone.json: there is no such file"));
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(&["check-config"], folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn a_full_disk_is_told() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(full) = full else { return };
    let folder = tempfile::tempdir().unwrap();
    let output = command(&["check-config"], folder.path()).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cannot be written"), "{}", text(&output.stderr));
}

/// A running `smonitor demo`. Killed if a test fails.
struct Running {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Running {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = command(&["demo", "--port", "0"], folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim_end().trim_end_matches('/').rsplit(':').next().unwrap();
        let port = port.parse().unwrap_or_else(|_| panic!("no port in {line:?}"));
        Self { child, port, _folder: folder }
    }

    fn send(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let request = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.starts_with("HTTP/1.1 200")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ends here only if it did not end by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn signals_that_ask_to_end_end_it_well() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut running = Running::start();
        assert!(running.answers());
        running.send(signal);
        assert_eq!(running.child.wait().unwrap().code(), Some(0), "{signal:?}");
    }
}

#[test]
fn without_a_terminal_a_hang_up_is_ignored() {
    let mut running = Running::start();
    running.send(Signal::HUP);
    // Several round trips: had the signal been taken for a wish to stop, the door would close.
    assert!((0..20).all(|_| running.answers()));
    assert!(running.child.try_wait().unwrap().is_none());
    running.send(Signal::TERM);
    assert_eq!(running.child.wait().unwrap().code(), Some(0));
}
