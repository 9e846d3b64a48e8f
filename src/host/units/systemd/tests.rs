use super::super::message::Kind;
use super::super::wire::{Order, Reader};
use super::*;

fn answer<'a>(signature: &'a [u8], body: &'a [u8]) -> Message<'a> {
    let body = Reader::new(body, Order::Little);
    Message { kind: Kind::Return, reply_to: 1, signature, body }
}

/// A list of these units: name, active state, object path.
fn list(units: &[(&str, &str, &str)]) -> Vec<u8> {
    let mut out = Writer::default();
    out.array(8, |out| {
        for (name, active, path) in units {
            out.align(8);
            for text in [name, "A description", "loaded", active, "failed", "", path] {
                out.string(text);
            }
            out.u32(0);
            out.string("");
            out.string("/");
        }
    });
    out.into_bytes()
}

const LIST: &[u8] = b"a(ssssssouso)";

#[test]
fn failed_units_and_no_others() {
    let path = "/org/freedesktop/systemd1/unit/a_2eservice";
    let body = list(&[
        ("a.service", "failed", path),
        ("b.service", "active", path),
        ("c.mount", "failed", "x"),
    ]);
    let units = failed_units(&answer(LIST, &body)).unwrap();
    let wanted = Unit {
        name: b"a.service",
        description: b"A description",
        sub_state: b"failed",
        path: Some(path),
    };
    assert_eq!(units, [wanted, Unit { name: b"c.mount", path: None, ..wanted }]);
    assert_eq!(failed_units(&answer(LIST, &list(&[]))), Ok(Vec::new()));
}

#[test]
fn another_answer_is_no_list() {
    let body = list(&[("a.service", "failed", "/a")]);
    assert!(failed_units(&answer(b"as", &body)).is_err());
    assert_eq!(failed_units(&answer(LIST, &body[..body.len() - 1])), Err(WireError::Truncated));
    assert_eq!(failed_units(&answer(LIST, b"")), Err(WireError::Truncated));
}

#[test]
fn a_point_in_time_is_in_microseconds_and_0_is_none() {
    let body = |micros: u64| [&b"\x01t\0\0\0\0\0\0"[..], &micros.to_le_bytes()].concat();
    for (micros, wanted) in [
        (1_700_000_000_123_456, Ok(Some(UnixMillis(1_700_000_000_123)))),
        (0, Ok(None)),
        (u64::MAX, Err(WireError::Missing("point in time"))),
    ] {
        assert_eq!(since(&answer(b"v", &body(micros))), wanted);
    }
    assert!(since(&answer(b"t", &body(1))).is_err());
    assert!(since(&answer(b"v", b"\x01u\0\x01\0\0\0")).is_err());
    assert_eq!(since(&answer(b"v", b"\x01t\0\0")), Err(WireError::Truncated));
}

#[test]
fn only_object_paths_are_sent_back() {
    for good in ["/org/freedesktop/systemd1/unit/a_2eservice", "/a"] {
        assert_eq!(object_path(good.as_bytes()), Some(good));
    }
    for bad in ["", "/", "a", "//a", "/a/", "/a-b", "/a.b", "/\u{e9}", "/a\0b"] {
        assert_eq!(object_path(bad.as_bytes()), None, "{bad:?}");
    }
    assert_eq!(object_path(&[b"/"[..].to_vec(), vec![b'a'; 2000]].concat()), None);
    assert_eq!(object_path(b"/\xff"), None);
}

proptest::proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>, at: usize, noise: u8) {
        let mut body = list(&[("a.service", "failed", "/a"), ("b.service", "failed", "/b")]);
        let at = at % body.len();
        body[at] = noise;
        for body in [&bytes[..], &body] {
            let _ = failed_units(&answer(LIST, body));
            let _ = since(&answer(b"v", body));
        }
    }
}
