//! The program as a whole on this very machine: serving, `snapshot`, `doctor`, stopping.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use smonitor::model::wire::{HostDocument, ProcessesDocument};

#[expect(clippy::disallowed_methods, reason = "the tests start the program itself")]
fn command(program: &Path, arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).env_clear();
    command.env("XDG_STATE_HOME", folder.join("state")).env("HOME", folder);
    command
}

fn smonitor(arguments: &[&str], folder: &Path) -> Command {
    command(Path::new(env!("CARGO_BIN_EXE_smonitor")), arguments, folder)
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A server in the background; ends with the test.
struct Running {
    child: Child,
    address: String,
    first_lines: Vec<String>,
}

impl Running {
    fn start(arguments: &[&str], folder: &Path) -> Self {
        Self::start_and_read(arguments, folder, 1)
    }

    fn start_and_read(arguments: &[&str], folder: &Path, count: usize) -> Self {
        let mut child = smonitor(arguments, folder)
            .args(["--port", "0", "--disable-log"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let first_lines: Vec<String> = lines.take(count).collect();
        let address = first_lines[0].split(" is at ").nth(1).expect("the address").to_owned();
        Self { child, address, first_lines }
    }

    fn end(mut self) -> std::process::ExitStatus {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn typed(output: &Output) -> (HostDocument, ProcessesDocument) {
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let host = serde_json::from_value(json["host"].clone()).unwrap();
    (host, serde_json::from_value(json["processes"].clone()).unwrap())
}

#[test]
fn a_snapshot_is_printed_once_with_rates_and_ends_with_0() {
    let folder = tempfile::tempdir().unwrap();
    let output = smonitor(&["snapshot", "--json"], folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let (host, processes) = typed(&output);
    assert!(host.cpu.value.present().unwrap().usage.present().is_some(), "rates are there");
    let commands = processes.processes.iter().filter_map(|row| row.command.present());
    let own = commands.filter(|command| command.ends_with("smonitor snapshot --json")).count();
    assert!(own >= 1, "it sees itself");

    let output = smonitor(&["snapshot"], folder.path()).output().unwrap();
    assert!(output.status.success());
    let text = stdout(&output);
    for expected in ["CPU ", "Memory ", "PID", "DISK"] {
        assert!(text.contains(expected), "{expected} is missing:\n{text}");
    }
    assert!(!folder.path().join("state").exists(), "looking leaves nothing behind");
}

#[test]
fn a_snapshot_of_a_running_server_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&["--mode", "node"], folder.path());
    let remote = ["snapshot", "--json", "--url", &server.address];
    let output = smonitor(&remote, folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (host, processes) = typed(&output);
    assert!(host.cpu.value.present().unwrap().usage.present().is_some(), "rates are there");
    let pid = server.child.id();
    assert!(processes.processes.iter().any(|row| row.pid == pid), "the server sees itself");
    assert_eq!(server.end().code(), Some(0), "SIGTERM ends it well");
}

#[test]
fn a_server_with_a_token_wants_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.json");
    fs::write(&config, r#"{"auth": {"mode": "token"}}"#).unwrap();
    let server = Running::start_and_read(&["--mode", "node"], folder.path(), 2);
    let link = server.first_lines[1].clone();
    let token = link.split("#token=").nth(1).expect("the link is printed").trim();

    let refused = ["snapshot", "--url", &server.address];
    let refused = smonitor(&refused, folder.path()).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--token-file"));

    let file = folder.path().join("token");
    fs::write(&file, token).unwrap();
    let allowed = ["snapshot", "--url", &server.address, "--token-file", file.to_str().unwrap()];
    assert!(smonitor(&allowed, folder.path()).output().unwrap().status.success());
    drop(server);

    // Only the fingerprint was kept, and nobody else can read it.
    for entry in walk(&folder.path().join("state")) {
        let kept = fs::read(&entry).unwrap();
        assert!(!kept.windows(token.len()).any(|part| part == token.as_bytes()), "{entry:?}");
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&entry).unwrap().permissions().mode() & 0o077, 0, "{entry:?}");
    }
    let again = Running::start_and_read(&["--mode", "node"], folder.path(), 2);
    assert!(!again.first_lines[1].contains("token="), "the link is shown once");
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (url, says) in [
        ("http://127.0.0.1:9", "cannot be reached"),
        ("gpu-01", "no address"),
        ("ftp://gpu-01/", "no address"),
    ] {
        let output = smonitor(&["snapshot", "--url", url], folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains(says), "{url}: {message}");
    }
}

#[test]
fn the_doctor_says_what_a_folder_that_cannot_be_used_costs() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state/smonitor");
    fs::create_dir_all(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
    let output = smonitor(&["doctor"], folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "it serves without: {}", stdout(&output));
    assert!(stdout(&output).contains("POST /restart is off"), "{}", stdout(&output));
    let token = smonitor(&["doctor"], folder.path()).env("SMONITOR_AUTH_MODE", "token").output();
    assert_eq!(token.unwrap().status.code(), Some(1), "it does not serve without");
}

#[test]
fn the_doctor_looks_at_every_source() {
    let folder = tempfile::tempdir().unwrap();
    let output = smonitor(&["doctor"], folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    for what in ["config", "state folder", "access", "system", "cpu", "memory", "processes"] {
        assert!(stdout(&output).contains(what), "{what} is missing:\n{}", stdout(&output));
    }
    assert!(!folder.path().join("state").exists(), "looking leaves nothing behind");
    let json = smonitor(&["doctor", "--json"], folder.path()).output().unwrap();
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(json["findings"].as_array().unwrap().iter().all(|f| f["status"].is_string()));
    assert_eq!(json["ok"], true);
    let states = json["sources"].as_array().unwrap().iter().map(|source| &source["state"]);
    assert!(states.clone().count() > 3 && states.clone().all(|state| state != "waiting"));
}

/// What the doctor says of one thing, as JSON, and how it ended, when it is run by this script.
/// `None` if this machine does not let it.
#[expect(clippy::print_stdout, reason = "says why it is skipped")]
fn doctor_in(script: &str, about: &str) -> Option<(Value, Option<i32>)> {
    let folder = tempfile::tempdir().unwrap();
    let doctor = format!("{} doctor --json", env!("CARGO_BIN_EXE_smonitor"));
    let script = script.replace("DOCTOR", &doctor);
    let mut shell = command(Path::new("/bin/sh"), &["-c", &script], folder.path());
    let output = shell.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").output().unwrap();
    let Ok(json) = serde_json::from_slice::<Value>(&output.stdout) else {
        println!("skipped: {script}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!rustix::process::geteuid().is_root(), "root may do all of this");
        return None;
    };
    let findings = json["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["what"] == about).cloned();
    Some((found.unwrap_or_default(), output.status.code()))
}

#[test]
fn the_doctor_tells_of_too_few_open_files() {
    let (found, exit) = doctor_in("ulimit -n 64; exec DOCTOR", "processes").unwrap();
    assert_eq!(exit, Some(0), "less than there could be is no failure: {found:#}");
    assert_eq!(found["status"], "limited", "{found:#}");
    let part = &found["parts"][0];
    assert!(part["what"].as_str().unwrap().starts_with("open files: kept for "), "{found:#}");
    assert!(part["mend"].as_str().unwrap().contains("ulimit -n"), "{found:#}");
    let (found, _) = doctor_in("exec DOCTOR", "processes").unwrap();
    assert_eq!(found["status"], "ok", "{found:#}");
}

#[test]
fn the_doctor_tells_that_a_container_is_not_all_of_the_machine() {
    let inside = "exec unshare --pid --fork --mount-proc DOCTOR";
    let Some((found, exit)) = doctor_in(inside, "container") else { return };
    assert_eq!((&found["status"], exit), (&"limited".into(), Some(0)), "{found:#}");
    assert!(found["mend"].as_str().unwrap().contains("--pid=host"), "{found:#}");
}

#[test]
fn the_doctor_tells_what_shows_hidden_processes() {
    for (hidepid, mends) in [(1, "gid="), (2, "gid="), (4, "cap_sys_ptrace")] {
        let script = format!(
            "exec unshare --mount --propagation private sh -c 'mount -t proc -o hidepid={hidepid} \
             proc /proc && exec setpriv --reuid 65534 --regid 65534 --clear-groups DOCTOR'"
        );
        let Some((found, exit)) = doctor_in(&script, "processes") else { return };
        assert_eq!((&found["status"], exit), (&"limited".into(), Some(0)), "{found:#}");
        let part = &found["parts"][0];
        assert!(part["what"].as_str().unwrap().ends_with("processes of other users"), "{found:#}");
        assert!(part["mend"].as_str().unwrap().contains(mends), "hidepid={hidepid}: {found:#}");
    }
}

/// As somebody without any rights: it runs, shows what it may, and says what it may not.
#[test]
fn an_unprivileged_user_gets_what_there_is() {
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;
    if !rustix::process::geteuid().is_root() {
        println!("this account is unprivileged; every other test shows the same");
        return;
    }
    let folder = tempfile::Builder::new().prefix("smonitor").tempdir_in("/tmp").unwrap();
    let program = folder.path().join("smonitor");
    fs::copy(env!("CARGO_BIN_EXE_smonitor"), &program).unwrap();
    std::os::unix::fs::chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = command(&program, arguments, folder.path());
        command.uid(NOBODY).gid(NOBODY).output().unwrap()
    };
    let output = run(&["snapshot", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (host, processes) = typed(&output);
    assert!(host.memory.value.present().is_some());
    let first = processes.processes.iter().find(|row| row.pid == 1).expect("process 1 is visible");
    assert_eq!(first.user.present().map(|user| user.as_str().to_owned()), Some("root".to_owned()));
    let output = run(&["doctor"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}

#[test]
fn a_port_that_is_taken_is_said_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = smonitor(&["--mode", "node", "--port", &port], folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains(&port) && message.contains("--port"), "{message}");
}

/// The access token is shown once: a start that comes to nothing must not use that up.
#[test]
fn a_start_that_fails_makes_no_access_token() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), r#"{"auth": {"mode": "token"}}"#).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = smonitor(&["--mode", "node", "--port", &port], folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let server = Running::start_and_read(&["--mode", "node"], folder.path(), 2);
    assert!(server.first_lines[1].contains("#token="), "{:?}", server.first_lines);
}

#[test]
fn two_servers_run_side_by_side_and_stop_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) =
        (Running::start(&[], folder.path()), Running::start(&["demo"], folder.path()));
    assert_ne!(first.address, second.address);
    std::thread::scope(|scope| {
        let ended = scope.spawn(|| (first.end().code(), second.end().code()));
        let patience = Duration::from_secs(10);
        let (sender, receiver) = std::sync::mpsc::channel();
        scope.spawn(move || sender.send(ended.join().unwrap()).unwrap());
        assert_eq!(receiver.recv_timeout(patience).unwrap(), (Some(0), Some(0)));
    });
}
