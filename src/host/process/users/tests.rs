use super::*;
use crate::model::UnixMillis;

#[test]
fn passwd_is_read_by_its_manual_page() {
    let names = parse_passwd(
        b"root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:/bin/sh\n# a comment:x:5:5\n+::::::\n\
          +nis:x:7:7::/:/\nbad:x:-1:0::/:/\nhuge:x:99999999999:0::/:/\nshort:x\n\nme:x:1000",
    );
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_unstable();
    assert_eq!(names, [(0, "root".to_owned()), (1000, "me".to_owned())]);
}

#[test]
fn a_user_goes_by_number_until_a_name_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let etc = folder.path().join("etc");
    std::fs::create_dir(&etc).unwrap();
    std::fs::write(etc.join("passwd"), "me:x:1000:1000::/:/bin/sh\n").unwrap();
    let (clock, hands) = Clock::manual(UnixMillis(0));
    let mut users = Users::new(Roots::at(folder.path()));
    let settled = |users: &mut Users, uid| {
        let first = users.name(uid, &clock);
        users.wait(Duration::from_secs(10));
        users.update(clock.monotonic());
        (first.to_string(), users.name(uid, &clock).to_string())
    };
    assert_eq!(settled(&mut users, 1000), ("1000".to_owned(), "me".to_owned()));
    assert_eq!(settled(&mut users, 1001), ("1001".to_owned(), "1001".to_owned()));
    std::fs::write(etc.join("passwd"), "you:x:1000:1000::/:/bin/sh\n").unwrap();
    assert_eq!(settled(&mut users, 1000), ("me".to_owned(), "me".to_owned()), "still believed");
    hands.advance(LIFE);
    assert_eq!(settled(&mut users, 1000), ("me".to_owned(), "you".to_owned()));
}

#[test]
fn a_directory_that_does_not_answer_is_noticed_and_forgiven() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("etc")).unwrap();
    // Opening it blocks until somebody writes.
    let passwd = folder.path().join("etc/passwd");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &passwd, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let (clock, hands) = Clock::manual(UnixMillis(0));
    let mut users = Users::new(Roots::at(folder.path()));
    assert_eq!(&*users.name(1000, &clock), "1000");
    for (seconds, stuck) in [(0, false), (4, false), (1, true), (60, true)] {
        hands.advance(Duration::from_secs(seconds));
        users.update(clock.monotonic());
        assert_eq!(users.is_stuck(), stuck, "{:?}", clock.monotonic());
    }
    std::fs::write(passwd, "me:x:1000:1000::/:/bin/sh\n").unwrap();
    users.wait(Duration::from_secs(10));
    users.update(clock.monotonic());
    assert!(!users.is_stuck());
    assert_eq!(&*users.name(1000, &clock), "me");
}

proptest::proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>, text in "([a-z+#é]{0,4}:x?:[0-9]{0,11}:?\n){0,5}") {
        let _ = parse_passwd(&bytes);
        let _ = parse_passwd(text.as_bytes());
    }
}
