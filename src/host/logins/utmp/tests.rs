use super::*;

/// A record as a program leaves it.
fn record(layout: Layout, kind: i16, pid: i32, line: &str, user: &[u8], host: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; layout.size];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, &kind.to_ne_bytes());
    put(4, &pid.to_ne_bytes());
    put(8, line.as_bytes());
    put(44, user);
    put(76, host);
    if layout == WIDE {
        put(344, &1_700_000_000_i64.to_ne_bytes());
        put(352, &123_456_i64.to_ne_bytes());
    } else {
        put(340, &1_700_000_000_i32.to_ne_bytes());
        put(344, &123_456_i32.to_ne_bytes());
    }
    bytes
}

fn alice(layout: Layout) -> Vec<u8> {
    record(layout, USER_PROCESS, 4242, "pts/0", b"alice", b"10.0.0.5")
}

/// Every kind of record there is but a user's.
fn bookkeeping(layout: Layout) -> Vec<u8> {
    let kinds = (0..=LAST_TYPE).filter(|kind| *kind != USER_PROCESS);
    kinds.flat_map(|kind| record(layout, kind, 1, "~", b"reboot", b"6.1.0-18-amd64")).collect()
}

fn wanted() -> Record {
    Record {
        user: "alice".to_owned(),
        line: b"pts/0".to_vec(),
        from: Some("10.0.0.5".to_owned()),
        login_at: UnixMillis(1_700_000_000_123),
        pid: Some(4242),
    }
}

#[test]
fn both_layouts_are_told_apart() {
    for layout in [COMPACT, WIDE] {
        for copies in 1..60 {
            let bytes = alice(layout).repeat(copies);
            assert_eq!(parse(&bytes), Ok(vec![wanted(); copies]), "{copies} of {layout:?}");
        }
        let bytes = [bookkeeping(layout), alice(layout), bookkeeping(layout)].concat();
        assert_eq!(parse(&bytes), Ok(vec![wanted()]), "{layout:?}");
    }
}

#[test]
fn a_real_record() {
    // Taken from what OpenSSH 9.2 wrote on x86-64; only what is not zero.
    let mut bytes = vec![0; 384];
    for (at, value) in [
        (0, &b"\x07\0\0\0\xdf\x5e\0\0pts/0"[..]),
        (40, b"ts/0root"),
        (76, b"127.0.0.1"),
        (340, b"\x73\xeb\x00\x6b\x48\xbf\x03\x00\x7f\0\0\x01"),
    ] {
        bytes[at..at + value.len()].copy_from_slice(value);
    }
    if cfg!(target_endian = "big") {
        println!("skipped: the record is of a little-endian machine");
        return;
    }
    let root = Record {
        user: "root".to_owned(),
        line: b"pts/0".to_vec(),
        from: Some("127.0.0.1".to_owned()),
        login_at: UnixMillis(1_795_222_387_245),
        pid: Some(24_287),
    };
    assert_eq!(parse(&bytes), Ok(vec![root.clone()]));
    // Without a name the address is told.
    bytes[76..85].fill(0);
    assert_eq!(parse(&bytes), Ok(vec![root]));
}

#[test]
fn a_file_that_ends_in_the_middle() {
    for layout in LAYOUTS {
        let whole = alice(layout).repeat(3);
        for length in layout.size * 2 + 1..whole.len() {
            assert_eq!(parse(&whole[..length]), Ok(vec![wanted(); 2]), "{length} of {layout:?}");
        }
    }
    assert_eq!(parse(b""), Ok(Vec::new()));
    let error = parse(&alice(COMPACT)[..100]).unwrap_err();
    assert_eq!(error.to_string(), "utmp: has no record of a known layout");
}

#[test]
fn rubbish_is_an_error_and_a_single_bad_record_is_left_out() {
    assert!(parse(&[0xff; 4000]).is_err());
    assert!(parse(&b"root:x:0:0:root:/root:/bin/bash\n".repeat(100)).is_err());
    let mut bytes = alice(COMPACT).repeat(3);
    bytes[384..388].copy_from_slice(&[0xff; 4]);
    assert_eq!(parse(&bytes), Ok(vec![wanted(); 2]));
}

#[test]
fn hostile_texts_are_visible_and_end_with_their_field() {
    let user = b"a\x1b]0;x\x07\xff\xe2\x80\xae23456789012345678901234567890123456789";
    let bytes = record(COMPACT, USER_PROCESS, 1, "pts/0", &user[..32], &[b'h'; 256]);
    let records = parse(&bytes).unwrap();
    assert_eq!(records[0].user, "a␛]0;x␇\u{fffd}\u{fffd}234567890123456789012");
    assert_eq!(records[0].from.as_ref().map(String::len), Some(256));
    assert_eq!(records[0].line, b"pts/0");
    assert_eq!(parse(&record(COMPACT, USER_PROCESS, 1, "pts/0", b"", b"")), Ok(Vec::new()));
}

#[test]
fn what_is_at_the_machine_itself_comes_from_nowhere() {
    for host in [&b""[..], b":0", b":pts/3:S.0", b"tmux(1234).%0", b"pts/7"] {
        let bytes = record(COMPACT, USER_PROCESS, 1, "pts/7", b"alice", host);
        assert_eq!(parse(&bytes).unwrap()[0].from, None, "{}", visible(host));
    }
    for (address, text) in [
        ([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "2001:db8::1"),
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7], "192.0.2.7"),
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "::1"),
        ([192, 0, 2, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "192.0.2.7"),
    ] {
        for layout in [COMPACT, WIDE] {
            let mut bytes = record(layout, USER_PROCESS, 1, "pts/7", b"alice", b"");
            bytes[layout.address..layout.address + 16].copy_from_slice(&address);
            assert_eq!(parse(&bytes).unwrap()[0].from.as_deref(), Some(text));
        }
    }
}

#[test]
fn times_go_on_after_2038_and_a_pid_may_be_missing() {
    let mut bytes = alice(COMPACT);
    bytes[340..344].copy_from_slice(&4_000_000_000_u32.to_ne_bytes());
    bytes[4..8].fill(0);
    let records = parse(&bytes).unwrap();
    assert_eq!(records[0].login_at, UnixMillis(4_000_000_000_123));
    assert_eq!(records[0].pid, None);
}

proptest::proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>, noise in proptest::collection::vec(proptest::num::u8::ANY, 0..2000)) {
        for input in [&bytes, &noise] {
            for record in parse(input).into_iter().flatten() {
                proptest::prop_assert!(!record.user.is_empty() && record.pid != Some(0));
            }
        }
    }

    /// Noise in any field of one record takes nothing from the others.
    #[test]
    fn a_bad_neighbour_harms_nobody(wide: bool, at in 0_usize..384, noise: [u8; 16]) {
        let layout = if wide { WIDE } else { COMPACT };
        let mut bytes = alice(layout).repeat(5);
        let at = 2 * layout.size + at;
        bytes[at..at + 16].copy_from_slice(&noise);
        let records = parse(&bytes).unwrap();
        proptest::prop_assert!(records.iter().filter(|record| **record == wanted()).count() >= 3);
    }
}
