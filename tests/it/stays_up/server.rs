//! The program under test: started with a config and a state folder of its own, its processes found
//! and hurt, and ended whatever comes.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// Nothing that is waited for takes longer, unless it hangs.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// The executable: that of this build, or the one that a bench names.
pub(super) fn program() -> PathBuf {
    let named = std::env::var_os("SMONITOR_TEST_PROGRAM").map(PathBuf::from);
    named.unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_smonitor")))
}

/// What to start.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) program: PathBuf,
    /// `self` or `supervisor`.
    pub(super) manager: &'static str,
    pub(super) port: u16,
    /// What the worker does when SIGUSR1 comes.
    pub(super) fault: Option<&'static str>,
    /// Whether a shell starts it again and again, which is what there is without a manager.
    pub(super) in_a_loop: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self { program: program(), manager: "self", port: 0, fault: None, in_a_loop: false }
    }
}

/// A running smonitor.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
    folder: tempfile::TempDir,
    setup: Setup,
}

impl Server {
    pub(super) fn start(setup: &Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = json!({
            "server": { "host": "127.0.0.1", "port": setup.port },
            "state_dir": "state",
            // As where others can reach it: the worker needs its state folder for that.
            "auth": { "mode": "token" },
            // All viewers come from one address here.
            "limits": { "viewers_per_address": 2000 },
            "log": { "access": false },
            "manager": { "mode": setup.manager, "port": 0 },
        });
        fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        let child = spawn(setup, folder.path());
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { child, address, folder, setup: setup.clone() };
        server.address = server.read_address();
        server
    }

    /// Starts another one in the place of one that is dead: same port, same folder.
    pub(super) fn start_again(self) -> Self {
        let config = self.folder.path().join("config.json");
        let mut settings: Value = serde_json::from_slice(&fs::read(&config).unwrap()).unwrap();
        settings["server"]["port"] = self.address.port().into();
        fs::write(&config, settings.to_string()).unwrap();
        let mut next = self;
        next.child = spawn(&next.setup, next.folder.path());
        next
    }

    fn read_address(&mut self) -> SocketAddr {
        let found = self.until("says where it is", |server| {
            let text = server.log("out");
            let rest = text.split(" is at http://").nth(1)?;
            rest.split(['/', '\n']).next()?.parse().ok()
        });
        found.unwrap_or_else(|| panic!("it does not say where it is:\n{}", self.logs()))
    }

    /// Where the state is kept.
    pub(super) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn log(&self, which: &str) -> String {
        let bytes = fs::read(self.folder.path().join(which)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What lets viewers in.
    pub(super) fn token(&self) -> String {
        let found = self.until("gives its token", |server| {
            let text = server.log("out");
            let line = text.split("#token=").nth(1)?.split_once('\n')?.0;
            Some(line.trim().to_owned())
        });
        found.unwrap_or_else(|| panic!("there is no token:\n{}", self.logs()))
    }

    /// What was said on standard output and standard error.
    pub(super) fn logs(&self) -> String {
        format!("{}{}", self.log("out"), self.log("err"))
    }

    /// The process that was started: the manager.
    pub(super) fn manager(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Children of the manager, the oldest first, without those that have ended.
    fn children(&self) -> Vec<Pid> {
        let manager = self.manager().as_raw_nonzero().get();
        let running = |process: &Process| process.parent == manager && process.state != b'Z';
        let mut children: Vec<_> = processes().into_iter().filter(running).collect();
        children.sort_by_key(|process| process.started);
        children.into_iter().filter_map(|process| Pid::from_raw(process.pid)).collect()
    }

    /// The newest worker: the one before may still be on its way out. None between two.
    pub(super) fn worker_now(&self) -> Option<Pid> {
        self.children().pop()
    }

    /// The worker; waits for one.
    pub(super) fn worker(&self) -> Pid {
        let worker = self.until("has a worker", Self::worker_now);
        worker.unwrap_or_else(|| panic!("there is no worker:\n{}", self.logs()))
    }

    /// Asks until there is an answer; none after [`PATIENCE`].
    pub(super) fn until<T>(
        &self,
        what: &str,
        mut ask: impl FnMut(&Self) -> Option<T>,
    ) -> Option<T> {
        let started = Instant::now();
        loop {
            if let Some(found) = ask(self) {
                return Some(found);
            }
            if started.elapsed() > PATIENCE {
                println!("waited in vain: {what}");
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What the manager says of itself on its own port.
    pub(super) fn status(&self) -> Value {
        let (code, body) = self.ask_manager("GET", "/", &[("Accept", "application/json")]);
        assert_eq!(code, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// `POST /restart` with the token of the state folder.
    pub(super) fn restart(&self) {
        let token = fs::read_to_string(self.state().join("manager-token")).unwrap();
        let bearer = format!("Bearer {}", token.trim());
        let (code, body) = self.ask_manager("POST", "/restart", &[("Authorization", &bearer)]);
        assert_eq!(code, 202, "{body}");
    }

    fn ask_manager(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let mut stream = TcpStream::connect(self.control()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        write!(stream, "{request}Content-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// The manager's own port, as it says it.
    fn control(&self) -> SocketAddr {
        let logs = self.logs();
        let after = logs.split("anager").skip(1);
        let said = after.filter_map(|rest| rest.lines().next()?.split("http://").nth(1));
        let address = said.filter_map(|rest| rest.split(['/', ' ', '\n']).next()?.parse().ok());
        address.last().unwrap_or_else(|| panic!("the manager's port is not told:\n{logs}"))
    }

    /// Ends it as an administrator does, and says with which code.
    pub(super) fn end(mut self) -> Option<i32> {
        signal(self.manager(), Signal::TERM);
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it does not end:\n{}", self.logs());
    }

    /// Kills a shell that would start it for ever, and then what it started.
    pub(super) fn end_loop(mut self) {
        let worker = self.worker();
        self.kill_manager();
        signal(worker, Signal::KILL);
    }

    /// Kills the manager and takes it off the process table.
    pub(super) fn kill_manager(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("what the server said:\n{}", self.logs());
        }
        // Only a test that failed comes here with anything alive. A worker ends with its manager,
        // but that is what is tested here.
        let children = self.children();
        let _ = self.child.kill();
        let _ = self.child.wait();
        for child in children {
            let _ = kill_process(child, Signal::KILL);
        }
    }
}

fn spawn(setup: &Setup, folder: &Path) -> Child {
    let log = |name: &str| {
        let file = fs::OpenOptions::new().append(true).create(true).open(folder.join(name));
        Stdio::from(file.unwrap())
    };
    let mut command = if setup.in_a_loop {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "while true; do \"$0\" \"$@\"; done"]).arg(&setup.program);
        shell
    } else {
        Command::new(&setup.program)
    };
    command.args(["--config", "config.json"]).current_dir(folder).env_clear();
    command.env("HOME", folder).env("RUST_BACKTRACE", "0");
    if let Some(fault) = setup.fault {
        command.env("SMONITOR_INTERNAL_FAULT", fault);
    }
    command.stdin(Stdio::null()).stdout(log("out")).stderr(log("err")).spawn().unwrap()
}

pub(super) fn signal(to: Pid, signal: Signal) {
    kill_process(to, signal).unwrap();
}

/// Threads of a process in this state.
pub(super) fn threads_in(pid: i32, state: u8) -> usize {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let stats = threads.filter_map(|thread| parse(pid, &thread.path().join("stat")));
    stats.filter(|thread| thread.state == state).count()
}

/// A process as the kernel lists it.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) pid: i32,
    pub(super) parent: i32,
    /// `S`, `D`, `Z` …
    pub(super) state: u8,
    /// In ticks since the machine started.
    pub(super) started: u64,
}

fn processes() -> Vec<Process> {
    let folders = fs::read_dir("/proc").unwrap().flatten();
    let pids = folders.filter_map(|folder| folder.file_name().to_str()?.parse().ok());
    pids.filter_map(process).collect()
}

/// The process of this number, if there is one.
pub(super) fn process(pid: i32) -> Option<Process> {
    parse(pid, Path::new(&format!("/proc/{pid}/stat")))
}

fn parse(pid: i32, path: &Path) -> Option<Process> {
    let stat = fs::read_to_string(path).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    Some(Process {
        pid,
        state: fields.first()?.bytes().next()?,
        parent: fields.get(1)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}
