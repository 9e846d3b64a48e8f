use super::*;

fn landlock(connecting: Option<bool>) -> Landlock {
    match connecting {
        Some(connecting) => Landlock::On { connecting },
        None => Landlock::Missing { why: "no Landlock".to_owned() },
    }
}

fn seccomp(is_on: bool) -> Seccomp {
    if is_on { Seccomp::On } else { Seccomp::Missing { why: "no seccomp".to_owned() } }
}

#[test]
fn what_is_guarded_follows_from_what_was_found() {
    use GuardState::{NotSupported, On, Partial};
    for (files, calls, wanted) in [
        (Some(true), true, [On, On, On]),
        (Some(false), true, [On, On, Partial]),
        (None, true, [On, Partial, Partial]),
        (Some(true), false, [NotSupported, Partial, Partial]),
        (Some(false), false, [NotSupported, Partial, NotSupported]),
        (None, false, [NotSupported, NotSupported, NotSupported]),
    ] {
        for writable in [Vec::new(), vec![PathBuf::from("state")]] {
            let settings = Settings {
                mode: Mode::Auto,
                writable,
                devices: Vec::new(),
                network: Network::None,
                without_landlock: None,
            };
            let found = assess(&settings, &landlock(files), &seccomp(calls));
            assert_eq!(guards(&found).map(|(_, guard)| guard.state), wanted, "{files:?} {calls}");
            for (name, guard) in guards(&found) {
                assert_eq!(guard.note.is_none(), guard.state == On, "{name} {files:?} {calls}");
            }
            assert_eq!(all_there(&found).is_ok(), wanted == [On, On, On]);
        }
    }
}

#[test]
fn what_is_left_open_is_said() {
    let settings = |writable: &[&str], network| Settings {
        mode: Mode::Require,
        writable: writable.iter().map(PathBuf::from).collect(),
        devices: Vec::new(),
        network,
        without_landlock: None,
    };
    let found = assess(&settings(&[], Network::None), &landlock(None), &seccomp(true));
    assert!(found.writing.note.unwrap().contains("a socket could be made"));
    let found = assess(&settings(&["state"], Network::None), &landlock(None), &seccomp(true));
    assert!(found.writing.note.unwrap().contains("everything else its user may write to is open"));
    let why = "names come from afar".to_owned();
    let outgoing = settings(&[], Network::Outgoing { why: why.clone() });
    let found = assess(&outgoing, &landlock(Some(true)), &seccomp(true));
    assert_eq!(found.connecting, Guard { state: GuardState::Partial, note: Some(why) });
    let message = all_there(&found).unwrap_err().to_string();
    assert!(message.contains("connecting (names come from afar)"), "{message}");
}

#[test]
fn what_is_left_of_connecting_is_said() {
    use GuardState::{NotSupported, On, Partial};
    let settings = |names| Settings {
        mode: Mode::Require,
        writable: vec![PathBuf::from("state")],
        devices: Vec::new(),
        network: Network::Only {
            ports: [8999, 9000].into(),
            names,
            why: "to ask the hosts of monitor.host_groups".to_owned(),
        },
        without_landlock: None,
    };
    for (files, calls, wanted, words) in [
        (Some(true), true, On, "TCP to ports 8999, 9000 only, to ask the hosts"),
        (Some(false), true, Partial, "TCP to any port is left open: this kernel's"),
        (None, true, Partial, "TCP to any port is left open: no Landlock"),
        (Some(true), false, Partial, "other protocols are not guarded"),
        (Some(false), false, NotSupported, "no seccomp"),
        (None, false, NotSupported, "no seccomp"),
    ] {
        let found = assess(&settings(false), &landlock(files), &seccomp(calls)).connecting;
        assert_eq!(found.state, wanted, "{files:?} {calls}");
        assert!(found.note.as_ref().is_some_and(|note| note.contains(words)), "{found:?}");
    }
    let found = assess(&settings(false), &landlock(Some(true)), &seccomp(true));
    assert!(all_there(&found).is_ok(), "an app can have all of it required");
    let found = assess(&settings(true), &landlock(Some(true)), &seccomp(true));
    assert_eq!(found.connecting.state, Partial);
    assert!(all_there(&found).unwrap_err().to_string().contains("names are looked up"));
}
