//! Real logins: an sshd of the test's own, in a mount namespace with an empty `/run` and an empty
//! `/var/log`, so that neither the machine's list of logins nor its history is written to.

#![allow(
    clippy::disallowed_methods,
    reason = "this test starts the processes it looks at and lets real time pass"
)]

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use smonitor::clock::Clock;
use smonitor::host::logins::{LoginSource, utmp};
use smonitor::host::{Collected, Context, Roots, Source as _};
use smonitor::model::login::{LoginOrigin, Logins};
use smonitor::model::{Reading, UnixMillis};

use super::host_machine::pause;

/// A process that ends with the test.
struct Guest(Child);

impl Drop for Guest {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// An sshd that lets in who has the key, and writes into a `utmp` that nobody else has.
struct Sshd {
    daemon: Guest,
    folder: tempfile::TempDir,
    port: u16,
}

impl Sshd {
    /// Or why it cannot be had here.
    fn start() -> Result<Self, String> {
        if !rustix::process::geteuid().is_root() {
            return Err("a mount namespace takes root".to_owned());
        }
        let program =
            ["/usr/sbin/sshd", "/usr/bin/sshd"].into_iter().find(|at| Path::new(at).exists());
        let Some(program) = program else {
            return Err("sshd is not installed".to_owned());
        };
        // sshd wants its files in a folder that nobody else may write to.
        let folder = tempfile::tempdir_in("/root").or_else(|_| tempfile::tempdir()).unwrap();
        let port =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        for name in ["host", "client"] {
            let mut command = Command::new("ssh-keygen");
            command.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(folder.path().join(name));
            match command.status() {
                Ok(status) => assert!(status.success(), "ssh-keygen: {status}"),
                Err(error) => return Err(format!("ssh-keygen: {error}")),
            }
        }
        let config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nPidFile none\n\
             AuthorizedKeysFile {folder}/client.pub\nUsePAM no\nStrictModes no\n\
             PermitRootLogin prohibit-password\nUseDNS no\nPrintMotd no\n",
            folder = folder.path().display()
        );
        fs::write(folder.path().join("config"), config).unwrap();
        let script = "mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/log && \
                      mkdir /run/sshd && : >/run/utmp && exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", script, "sh", program]);
        command.args(["-D", "-f"]).arg(folder.path().join("config"));
        command.arg("-E").arg(folder.path().join("log"));
        let daemon = match command.stdin(Stdio::null()).stdout(Stdio::null()).spawn() {
            Ok(child) => Guest(child),
            Err(error) => return Err(format!("unshare: {error}")),
        };
        let mut sshd = Self { daemon, folder, port };
        for _ in 0..1000 {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(sshd);
            }
            if let Ok(Some(status)) = sshd.daemon.0.try_wait() {
                let log = fs::read_to_string(sshd.folder.path().join("log")).unwrap_or_default();
                return Err(format!("no mounts or no sshd here: {status} {log}"));
            }
            pause();
        }
        panic!("sshd does not listen");
    }

    /// The machine as the daemon sees it: its `/run` is not ours.
    fn root(&self) -> PathBuf {
        format!("/proc/{}/root", self.daemon.0.id()).into()
    }

    fn log_in(&self, terminal: &str) -> Guest {
        let mut command = Command::new("ssh");
        command.args([terminal, "-F", "none", "-o", "StrictHostKeyChecking=no"]);
        command.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes"]);
        command.args([
            "-o",
            "LogLevel=ERROR",
            "-o",
            "IdentitiesOnly=yes",
            "-p",
            &self.port.to_string(),
        ]);
        command.arg("-i").arg(self.folder.path().join("client"));
        // It ends with its input, and so with the connection, also where no terminal hangs up.
        command.args(["root@127.0.0.1", "exec cat"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        Guest(command.spawn().unwrap())
    }
}

fn logins(source: &mut LoginSource) -> Logins {
    match source.collect() {
        Ok(Collected::Logins(logins)) => logins,
        other => panic!("{other:?}"),
    }
}

/// The logins as soon as there are this many.
fn wait_for(source: &mut LoginSource, count: usize) -> Logins {
    for _ in 0..1500 {
        let logins = logins(source);
        if logins.sessions.len() == count {
            return logins;
        }
        pause();
    }
    panic!("never {count} logins: {:?}", logins(source));
}

/// The parent of a process, by `PID/stat`.
fn parent(pid: u32) -> u32 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat[stat.rfind(')').unwrap()..].split(' ').nth(2).unwrap().parse().unwrap()
}

#[test]
fn somebody_logs_in_and_out_by_ssh() {
    let sshd = match Sshd::start() {
        Ok(sshd) => sshd,
        Err(why) => {
            println!("skipped: {why}");
            return;
        }
    };
    let clock = Clock::system();
    let roots = Roots::at(&sshd.root());
    let context = Context { roots, clock: clock.clone(), rate_window: std::time::Duration::ZERO };
    let mut source = LoginSource::new(context);
    let before = logins(&mut source);
    assert_eq!(before, Logins { origin: LoginOrigin::Utmp, sessions: vec![], left_out: 0 });

    let begun = clock.wall();
    let session = sshd.log_in("-tt");
    let found = wait_for(&mut source, 1);
    let login = &found.sessions[0];
    assert_eq!(login.user.as_str(), "root");
    let terminal = login.terminal.present().unwrap().to_string();
    assert!(terminal.starts_with("pts/"), "{terminal}");
    assert_eq!(login.from, Reading::Present("127.0.0.1".into()));
    let since = *login.login_at_ms.present().unwrap();
    assert!(begun <= since && since <= clock.wall(), "{begun:?} {since:?}");
    let pid = *login.pid.present().unwrap();
    assert!(Path::new(&format!("/proc/{pid}")).exists());
    // The kernel rounds to eight seconds.
    let idle = login.idle_seconds.present().unwrap().0;
    let at_most = clock.wall().since(begun) as f64 / 1000.0 + 8.0;
    assert!((0.0..=at_most).contains(&idle), "{idle} s of at most {at_most} s");

    let who = Command::new("who").arg(sshd.root().join("run/utmp")).output();
    match who.map(|output| String::from_utf8(output.stdout).unwrap()) {
        Ok(text) => {
            let words: Vec<_> = text.split_whitespace().collect();
            assert_eq!(words[..2], ["root", &terminal]);
            assert_eq!(words.last(), Some(&"(127.0.0.1)"));
        }
        Err(error) => println!("not compared with who: {error}"),
    }

    // A second one, and one without a terminal, of which only logind would know.
    let second = sshd.log_in("-tt");
    let silent = sshd.log_in("-T");
    let both = wait_for(&mut source, 2);
    assert_ne!(both.sessions[0].terminal, both.sessions[1].terminal);
    assert_ne!(both.sessions[0].key, both.sessions[1].key);
    assert_eq!(both.sessions[0].key, login.key);
    drop(session);
    let left = wait_for(&mut source, 1);
    assert_eq!(left.sessions[0].key, both.sessions[1].key);

    // Its sshd is killed and leaves its record.
    let pid = *left.sessions[0].pid.present().unwrap();
    let victim = parent(pid);
    assert_eq!(parent(victim), sshd.daemon.0.id(), "the one of this session");
    let victim = rustix::process::Pid::from_raw(victim.cast_signed()).unwrap();
    rustix::process::kill_process(victim, rustix::process::Signal::KILL).unwrap();
    wait_for(&mut source, 0);
    let records = utmp::parse(&fs::read(sshd.root().join("run/utmp")).unwrap()).unwrap();
    assert_eq!(records.len(), 1, "the record outlived the session");
    assert!(records[0].login_at > UnixMillis(0));
    drop((second, silent));
}
