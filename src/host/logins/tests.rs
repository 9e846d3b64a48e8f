use super::*;
use std::fs::{self, File, FileTimes};
use std::time::{Duration, SystemTime};

use crate::clock::Clock;
use crate::host::Roots;

const NOW: i64 = 1_700_000_600_000;

/// A machine with the processes 1 and 10 to 19.
struct Machine {
    folder: tempfile::TempDir,
    source: LoginSource,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (clock, _) = Clock::manual(UnixMillis(NOW));
        let roots = Roots::at(folder.path());
        let context = Context { roots, clock, rate_window: Duration::from_secs(60) };
        let machine = Self { folder, source: LoginSource::new(context) };
        for pid in [1].into_iter().chain(10..20) {
            fs::create_dir_all(machine.path(&format!("proc/{pid}"))).unwrap();
        }
        machine
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), bytes).unwrap();
    }

    fn utmp(&self, records: &[(i32, &str, &str)]) {
        let all = records.iter().zip(1_700_000_000_i32..);
        let bytes = all.flat_map(|((pid, line, user), seconds)| {
            let mut bytes = vec![0; 384];
            let mut put =
                |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
            put(0, &7_i16.to_ne_bytes());
            put(4, &pid.to_ne_bytes());
            put(8, line.as_bytes());
            put(44, user.as_bytes());
            put(340, &seconds.to_ne_bytes());
            bytes
        });
        self.write("run/utmp", bytes.collect::<Vec<u8>>());
    }

    fn session(&self, id: &str, text: &str) {
        self.write(&format!("run/systemd/sessions/{id}"), text);
    }

    /// A terminal that was last typed at so many seconds ago.
    fn terminal(&self, line: &str, seconds_ago: i64) {
        self.write(&format!("dev/{line}"), "");
        let at = u64::try_from(NOW - seconds_ago * 1000).unwrap();
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(at);
        let file = File::options().write(true).open(self.path(&format!("dev/{line}"))).unwrap();
        file.set_times(FileTimes::new().set_accessed(at)).unwrap();
    }

    fn logins(&mut self) -> Result<Logins, Reason> {
        self.source.collect().map(|collected| match collected {
            Collected::Logins(logins) => logins,
            other => panic!("{other:?}"),
        })
    }

    fn users(&mut self) -> (LoginOrigin, Vec<String>) {
        let logins = self.logins().unwrap();
        (logins.origin, logins.sessions.iter().map(|login| login.user.to_string()).collect())
    }
}

#[test]
fn neither_is_not_supported_and_empty_is_nobody() {
    let mut machine = Machine::new();
    assert_eq!(machine.logins(), Err(Reason::NotSupported));
    fs::create_dir_all(machine.path("run/systemd/sessions")).unwrap();
    assert_eq!(machine.users(), (LoginOrigin::Logind, vec![]));
    machine.utmp(&[]);
    assert_eq!(machine.users(), (LoginOrigin::Utmp, vec![]));
    machine.session("1", "USER=carol\nLEADER=12\n");
    assert_eq!(machine.users(), (LoginOrigin::Logind, vec!["carol".to_owned()]));
}

#[test]
fn a_record_without_its_process_is_left_over() {
    let mut machine = Machine::new();
    machine.utmp(&[(10, "pts/0", "alice"), (99, "pts/1", "ghost"), (0, "pts/2", "unknown")]);
    assert_eq!(machine.users().1, ["alice", "unknown"]);
    // Where not even process 1 is visible, that means nothing.
    fs::remove_dir(machine.path("proc/1")).unwrap();
    assert_eq!(machine.users().1, ["alice", "ghost", "unknown"]);
}

#[test]
fn a_session_that_both_know_is_told_once() {
    let mut machine = Machine::new();
    machine.utmp(&[(10, "pts/0", "alice"), (11, "tty1", "bob"), (12, "pts/1", "root")]);
    machine.session("1", "USER=alice\nLEADER=10\nREALTIME=1699999990000000\n");
    machine.session("2", "USER=bob\nLEADER=18\nTTY=tty1\n");
    // For root, sshd writes the process of the shell, logind that of sshd.
    machine.session("c3", "USER=root\nLEADER=17\n");
    machine.write("proc/12/cgroup", "0::/user.slice/user-0.slice/session-c3.scope\n");
    assert_eq!(
        machine.users(),
        (LoginOrigin::Utmp, ["alice", "bob", "root"].map(str::to_owned).to_vec())
    );
    // An editor's session has no terminal and no record.
    machine.session("4", "USER=dave\nREMOTE_HOST=10.0.0.9\nLEADER=16\nREALTIME=1700000001500000\n");
    let logins = machine.logins().unwrap();
    let users: Vec<_> = logins.sessions.iter().map(|login| login.user.as_str()).collect();
    assert_eq!(users, ["alice", "bob", "dave", "root"]);
    let dave = &logins.sessions[2];
    assert_eq!(dave.key.as_str(), "session 4");
    assert_eq!(dave.terminal.reason(), Some(Reason::NotSupported));
    assert_eq!(dave.idle_seconds.reason(), Some(Reason::NotSupported));
    assert_eq!(dave.from, Reading::Present("10.0.0.9".into()));
    assert_eq!(dave.pid, Reading::Present(16));
}

#[test]
fn idle_is_the_time_since_the_terminal_was_read() {
    let mut machine = Machine::new();
    machine.utmp(&[
        (10, "pts/0", "a"),
        (11, "tty1", "b"),
        (12, "pts/9", "c"),
        (13, ":0", "d"),
        (14, "../dev/pts/0", "e"),
    ]);
    machine.terminal("pts/0", 90);
    machine.terminal("tty1", -5);
    let idle: Vec<_> =
        machine.logins().unwrap().sessions.iter().map(|login| login.idle_seconds).collect();
    let absent = Reading::absent(Reason::NotSupported);
    let wanted =
        [Reading::Present(Seconds(90.0)), Reading::Present(Seconds(0.0)), absent, absent, absent];
    assert_eq!(idle, wanted);
}

#[test]
fn only_names_of_terminals_are_looked_up() {
    for good in ["pts/0", "tty1", "ttyS0", "console", "hvc0"] {
        assert!(is_terminal(good.as_bytes()), "{good}");
    }
    for bad in ["", "/etc", "..", "pts/..", "pts//0", "pts/", ":0", "a b", "pts/\u{e9}"] {
        assert!(!is_terminal(bad.as_bytes()), "{bad}");
    }
}

#[test]
fn utmp_that_cannot_be_read_is_told_while_logind_stands_in() {
    let mut machine = Machine::new();
    machine.write("run/utmp", [0xff; 4000]);
    assert_eq!(machine.logins(), Err(Reason::Malformed));
    assert_eq!(machine.source.findings(), []);
    machine.session("1", "USER=alice\n");
    assert_eq!(machine.users(), (LoginOrigin::Logind, vec!["alice".to_owned()]));
    let findings = machine.source.findings();
    assert_eq!(findings.len(), 1);
    assert!(findings[0].what.ends_with("run/utmp"));
    assert_eq!(
        findings[0].problem,
        Problem { reason: Reason::Malformed, since_ms: UnixMillis(NOW) }
    );
    machine.utmp(&[(10, "pts/0", "bob")]);
    machine.logins().unwrap();
    assert_eq!(machine.source.findings(), []);
}

#[test]
fn rows_are_in_order_have_one_key_each_and_are_bounded() {
    let mut machine = Machine::new();
    let lines: Vec<String> = (0..LOGINS_MAX + 3).map(|number| format!("pts/{number}")).collect();
    let mut records: Vec<_> = lines.iter().map(|line| (10, line.as_str(), "a")).collect();
    machine.utmp(&records);
    let logins = machine.logins().unwrap();
    assert_eq!((logins.sessions.len(), logins.left_out), (LOGINS_MAX, 3));
    assert!(logins.sessions.is_sorted_by_key(|login| login.login_at_ms.present().unwrap().0));
    records.truncate(2);
    machine.utmp(&records);
    let twice = fs::read(machine.path("run/utmp")).unwrap().repeat(2);
    machine.write("run/utmp", twice);
    assert_eq!(machine.logins().unwrap().sessions.len(), 2);
}
