use super::*;

const SSH: &str = "# This is private data. Do not parse.\nUID=1000\nUSER=alice\nACTIVE=1\n\
    IS_DISPLAY=0\nSTATE=active\nREMOTE=1\nTYPE=tty\nORIGINAL_TYPE=tty\nCLASS=user\n\
    SCOPE=session-3.scope\nFIFO=/x/3.ref\nTTY=pts/0\nTTY_VALIDITY=from-utmp\n\
    REMOTE_HOST=10.0.0.5\nSERVICE=sshd\nLEADER=4242\nAUDIT=3\nREALTIME=1700000000123456\n\
    MONOTONIC=5\n";

fn parse(text: &str) -> Option<Session> {
    parse_session(text.as_bytes())
}

fn with(from: &str, to: &str) -> Option<Session> {
    assert!(SSH.contains(from), "{from}");
    parse(&SSH.replace(from, to))
}

#[test]
fn a_login_by_ssh() {
    let wanted = Session {
        user: "alice".to_owned(),
        line: Some(b"pts/0".to_vec()),
        from: Some("10.0.0.5".to_owned()),
        login_at: Some(UnixMillis(1_700_000_000_123)),
        pid: Some(4242),
    };
    assert_eq!(parse(SSH), Some(wanted));
}

#[test]
fn only_people_who_are_there() {
    for class in ["user", "user-early", "user-light", "user-incomplete", "\"user\""] {
        assert!(with("CLASS=user\n", &format!("CLASS={class}\n")).is_some(), "{class}");
    }
    for class in ["greeter", "manager", "manager-early", "background", "lock-screen", "users"] {
        assert_eq!(with("CLASS=user\n", &format!("CLASS={class}\n")), None, "{class}");
    }
    assert_eq!(with("STATE=active", "STATE=closing"), None);
    assert!(with("STATE=active", "STATE=online").is_some());
    assert!(with("CLASS=user\n", "").is_some(), "there were none before systemd 30");
    assert_eq!(parse("STATE=active\nCLASS=user\n"), None, "nobody");
    assert_eq!(parse(""), None);
}

#[test]
fn what_is_missing_is_absent() {
    let bare = parse("UID=1000\n").unwrap();
    let nothing =
        Session { user: "1000".to_owned(), line: None, from: None, login_at: None, pid: None };
    assert_eq!(bare, nothing);
    for (from, to) in [
        ("REALTIME=1700000000123456", "REALTIME=99999999999999999999"),
        ("REALTIME=1700000000123456", "REALTIME="),
        ("REALTIME=1700000000123456", "REALTIME=-1"),
    ] {
        assert_eq!(with(from, to).unwrap().login_at, None);
    }
    for leader in ["LEADER=0", "LEADER=99999999999", "LEADER=x", "LEADER"] {
        assert_eq!(with("LEADER=4242", leader).unwrap().pid, None, "{leader}");
    }
    assert_eq!(with("REMOTE=1", "REMOTE=0").unwrap().from, None);
}

#[test]
fn hostile_values_do_no_harm() {
    let session = parse("USER=\"a\x1b[2J b\"\nREMOTE_HOST='x\u{202e}y'\nTTY=../../etc\n").unwrap();
    assert_eq!(session.user, "a␛[2J b");
    assert_eq!(session.from.as_deref(), Some("x\u{fffd}y"));
}

#[test]
fn a_process_knows_its_session() {
    for (cgroup, wanted) in [
        ("0::/user.slice/user-1000.slice/session-3.scope\n", Some("3")),
        ("0::/user.slice/user-1000.slice/session-c12.scope/deeper\n", Some("c12")),
        (
            "12:pids:/user.slice/user-0.slice/session-7.scope\n\
             1:name=systemd:/user.slice/user-0.slice/session-7.scope\n",
            Some("7"),
        ),
        ("0::/system.slice/ssh.service\n", None),
        ("0::/user.slice/session-3.scopes\n", None),
        ("", None),
    ] {
        assert_eq!(session_of(cgroup.as_bytes()), wanted.map(str::as_bytes), "{cgroup}");
    }
}

#[test]
fn a_folder_has_sessions_and_other_things() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
    write("3", SSH.as_bytes());
    write("4", b"\xff\xfe");
    write("5", &[b'x'; files::SMALL + 1]);
    write(".#3abc", SSH.as_bytes());
    std::fs::create_dir(folder.path().join("6")).unwrap();
    // Opening a pipe waits for whoever writes into it.
    let pipe = folder.path().join("3.ref");
    let mode = rustix::fs::Mode::RUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    std::fs::rename(&pipe, folder.path().join("7")).unwrap();
    let sessions = read(folder.path()).unwrap();
    assert_eq!(sessions, [(b"3".to_vec(), parse(SSH).unwrap())]);
    assert_eq!(read(&folder.path().join("8")), Err(Reason::NotSupported));
}

proptest::proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>, text in "((USER|TTY|LEADER|REALTIME|CLASS)=[\"'\\\\a-z0-9-]{0,9}\n){0,6}") {
        for input in [&bytes[..], text.as_bytes()] {
            let session = parse_session(input);
            proptest::prop_assert!(session.is_none_or(|session| !session.user.is_empty()));
            let _ = session_of(input);
        }
    }
}
