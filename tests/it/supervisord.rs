//! The generated files, run by a real supervisord.

#![expect(clippy::print_stderr, reason = "says why it is skipped, and how long things took")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use smonitor::model::server::{ManagerBody, RestartReason, WorkerState};

use crate::support::processes::{PATIENCE, is_alive, signal, until};

/// A user without rights that every system has.
const NOBODY: u32 = 65_534;

#[expect(clippy::disallowed_methods, reason = "supervisord and its programs are what is tested")]
fn command(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.stdin(Stdio::null());
    command
}

fn is_missing() -> bool {
    let is_there = command("supervisord").arg("--version").stdout(Stdio::null()).status();
    let is_missing = !is_there.is_ok_and(|status| status.success());
    if is_missing {
        eprintln!("skipped: there is no supervisord here");
    }
    is_missing
}

/// How supervisord is to be asked.
enum Server {
    Socket,
    /// A loopback port, with a name and a password.
    Port,
}

struct Supervised {
    supervisord: Child,
    folder: tempfile::TempDir,
    _bin: tempfile::TempDir,
    url: Vec<String>,
}

impl Supervised {
    /// Names have spaces, percent signs and what begins comments wherever they may.
    fn start(server: &Server, user: Option<&str>) -> Self {
        let bin =
            tempfile::Builder::new().prefix("a b%h #").tempdir_in(env!("CARGO_TARGET_TMPDIR"));
        let bin = bin.unwrap();
        let program = bin.path().join("smonitor");
        fs::hard_link(env!("CARGO_BIN_EXE_smonitor"), &program).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["logs 5%", "state 5% ;"] {
            fs::create_dir(at(name)).unwrap();
        }
        open_to_all(&[bin.path(), folder.path()]);
        if user.is_some() {
            chown(at("state 5% ;"), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        fs::write(
            at("con fig%.json"),
            r#"{"server": {"port": 0}, "manager": {"port": 0}, "sandbox": {"mode": "off"}}"#,
        )
        .unwrap();
        let mut write = command(&program);
        write.arg("supervisor-conf").arg(at("conf")).env_clear();
        write.arg("--config").arg(at("con fig%.json")).arg("--log-dir").arg(at("logs 5%"));
        write.arg("--state-dir").arg(at("state 5% ;"));
        // Without it root's programs would want a user of their own.
        write.arg("--user").arg(user.map_or_else(own_name, ToOwned::to_owned));
        let output = write.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

        let (section, url) = match server {
            Server::Socket => {
                let socket = at("s.sock");
                let section = format!("[unix_http_server]\nfile={}\n", socket.display());
                (section, vec![format!("unix://{}", socket.display())])
            }
            Server::Port => {
                let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
                let manager = at("conf/smonitor-manager.conf");
                let text = fs::read_to_string(&manager).unwrap();
                let mode = "SMONITOR_MANAGER_MODE=\"supervisor\"";
                let with =
                    format!("{mode},SUPERVISOR_USERNAME=\"ops\",SUPERVISOR_PASSWORD=\"a:b c\"");
                fs::write(&manager, text.replace(mode, &with)).unwrap();
                let section = format!(
                    "[inet_http_server]\nport=127.0.0.1:{port}\nusername=ops\npassword=a:b c\n"
                );
                let url = format!("http://127.0.0.1:{port}");
                (section, [&url, "-u", "ops", "-p", "a:b c"].map(ToString::to_string).to_vec())
            }
        };
        let factory = "supervisor.rpcinterface:make_main_rpcinterface";
        fs::write(
            at("s.conf"),
            format!(
                "[supervisord]\nnodaemon=true\nlogfile={0}/supervisord.log\npidfile={0}/pid\n\
                 childlogdir={0}\n{section}\
                 [rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = {factory}\n\
                 [include]\nfiles = conf/*.conf\n",
                folder.path().display()
            ),
        )
        .unwrap();
        let mut supervisord = command("supervisord");
        supervisord.arg("-c").arg(at("s.conf")).stdout(Stdio::null()).stderr(Stdio::null());
        supervisord.current_dir(folder.path()).env_remove("SMONITOR_MANAGER_PORT");
        let supervisord = supervisord.spawn().unwrap();
        Self { supervisord, folder, _bin: bin, url }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.at("logs 5%/smonitor-manager.log")).unwrap_or_default()
    }

    fn everything(&self) -> String {
        let worker = fs::read_to_string(self.at("logs 5%/smonitor.log")).unwrap_or_default();
        let own = fs::read_to_string(self.at("supervisord.log")).unwrap_or_default();
        format!("supervisord:\n{own}\nmanager:\n{}\nworker:\n{worker}", self.log())
    }

    fn ctl(&self, words: &[&str]) -> String {
        let mut ctl = command("supervisorctl");
        ctl.arg("-s").args(&self.url).args(words).current_dir(self.folder.path());
        String::from_utf8(ctl.output().unwrap().stdout).unwrap()
    }

    fn state(&self, program: &str) -> String {
        self.ctl(&["status", program]).split_whitespace().nth(1).unwrap_or_default().to_owned()
    }

    fn pid(&self, program: &str) -> Option<u32> {
        self.ctl(&["pid", program]).trim().parse().ok().filter(|pid| *pid > 0)
    }

    /// Asks the newest manager.
    fn ask(&self, head: &str) -> Option<(u16, String)> {
        let log = self.log();
        let address = log.rsplit("the manager answers at http://").next()?.split('/').next()?;
        let mut stream = TcpStream::connect(address).ok()?;
        write!(stream, "{head}host: {address}\r\nconnection: close\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    fn status(&self) -> Option<ManagerBody> {
        let (_, body) = self.ask("GET / HTTP/1.1\r\naccept: application/json\r\n")?;
        serde_json::from_str(&body).ok()
    }

    fn worker(&self) -> Option<u32> {
        let worker = self.status()?.worker?;
        (worker.state == WorkerState::Up).then_some(worker.pid)
    }

    #[expect(clippy::disallowed_methods, reason = "waiting for another process")]
    fn after(&self, old: u32, what: &str) -> u32 {
        let begun = Instant::now();
        let pid = until(what, || {
            let pid = self.worker().filter(|pid| *pid != old);
            let is_late = begun.elapsed() > PATIENCE - Duration::from_secs(1);
            assert!(!is_late, "never: {what}\n{}", self.everything());
            pid
        });
        assert_eq!(self.pid("smonitor"), Some(pid), "supervisord knows it by the same number");
        eprintln!("{what}: {:.1} s", begun.elapsed().as_secs_f64());
        pid
    }

    fn newest(&self) -> RestartReason {
        self.status().unwrap().restarts[0].reason
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        let programs = ["smonitor", "smonitor-manager"].map(|program| self.pid(program));
        self.supervisord.kill().ok();
        self.supervisord.wait().ok();
        for pid in programs.into_iter().flatten() {
            kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).ok();
        }
    }
}

fn own_name() -> String {
    uzers::get_current_username().unwrap().into_string().unwrap()
}

fn open_to_all(folders: &[&Path]) {
    use std::os::unix::fs::PermissionsExt as _;
    for folder in folders {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn supervisord_keeps_it_running() {
    if is_missing() {
        return;
    }
    let mut all = Supervised::start(&Server::Socket, None);
    let first = all.after(0, "the first worker");
    assert_eq!(all.status().unwrap().mode, "supervisor");

    signal(first, Signal::KILL);
    let second = all.after(first, "another one after SIGKILL");
    assert_eq!(all.newest(), RestartReason::Exited);

    signal(second, Signal::STOP);
    let third = all.after(second, "another one after SIGSTOP");
    assert_eq!(all.newest(), RestartReason::Silent);

    let refused = all.ask("POST /restart HTTP/1.1\r\ncontent-length: 0\r\n").unwrap();
    assert_eq!(refused.0, 401, "{}", refused.1);
    let token = fs::read_to_string(all.at("state 5% ;/manager-token")).unwrap();
    let restart = format!(
        "POST /restart HTTP/1.1\r\ncontent-length: 0\r\nauthorization: Bearer {}\r\n",
        token.trim()
    );
    assert_eq!(all.ask(&restart).unwrap().0, 202);
    let fourth = all.after(third, "another one after POST /restart");
    assert_eq!(all.newest(), RestartReason::Requested);

    all.ctl(&["restart", "smonitor"]);
    let fifth = all.after(fourth, "another one after supervisorctl restart");
    until("a status without holes", || {
        let restarts = all.status()?.restarts;
        restarts.iter().all(|restart| restart.version.present().is_some()).then_some(())
    });

    all.ctl(&["stop", "smonitor"]);
    until("it is left alone", || {
        all.log().contains("smonitor was stopped; it is left alone").then_some(())
    });
    assert_eq!(all.state("smonitor"), "STOPPED");
    assert!(all.status().unwrap().worker.is_none());
    assert_eq!(all.ask(&restart).unwrap().0, 202);
    until("nothing to restart", || {
        all.log().contains("supervisorctl start smonitor").then_some(())
    });
    assert_eq!(all.state("smonitor"), "STOPPED");
    let restarts = all.status().unwrap().restarts_total;
    all.ctl(&["start", "smonitor"]);
    let sixth = all.after(fifth, "another one after supervisorctl start");
    assert_eq!(all.status().unwrap().restarts_total, restarts, "that was no restart");

    let manager = all.pid("smonitor-manager").unwrap();
    signal(manager, Signal::KILL);
    let next = until("another manager", || {
        all.status().map(|status| status.pid).filter(|pid| *pid != manager)
    });
    until("it finds the same worker", || all.worker().filter(|pid| *pid == sixth));
    assert_eq!(all.status().unwrap().restarts.len(), usize::try_from(restarts).unwrap());
    signal(sixth, Signal::STOP);
    let seventh = all.after(sixth, "another one after SIGSTOP, by the next manager");

    all.supervisord.kill().unwrap();
    all.supervisord.wait().unwrap();
    until("no manager without supervisord", || (!is_alive(next)).then_some(()));
    assert!(is_alive(seventh), "nobody told the worker to end");
    signal(seventh, Signal::KILL);
}

#[test]
fn a_worker_of_another_user_and_a_supervisord_with_a_password() {
    if is_missing() {
        return;
    }
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root's supervisord can run programs as others");
        return;
    }
    let all = Supervised::start(&Server::Port, Some("nobody"));
    let first = all.after(0, "the first worker");
    assert_eq!(fs::metadata(format!("/proc/{first}")).unwrap().uid(), NOBODY);
    signal(first, Signal::STOP);
    all.after(first, "another one after SIGSTOP");
    assert_eq!(all.newest(), RestartReason::Silent);
    let kept =
        until("the list in the folder", || fs::metadata(all.at("state 5% ;/restarts.json")).ok());
    assert_eq!(kept.uid(), NOBODY, "the worker must be able to read it");
}
