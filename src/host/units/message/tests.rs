use super::*;

/// The specification's form, byte by byte: `Hello` as number 1.
const HELLO: &[u8] = b"l\x01\x02\x01\0\0\0\0\x01\0\0\0\x6d\0\0\0\
    \x01\x01o\0\x15\0\0\0/org/freedesktop/DBus\0\0\0\
    \x02\x01s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0\
    \x03\x01s\0\x05\0\0\0Hello\0\0\0\
    \x06\x01s\0\x14\0\0\0org.freedesktop.DBus\0\0\0\0";

/// An answer to number 7, with the fields and the body in big-endian.
fn answer(kind: u8, fields: &[u8], body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![b'B', kind, 1, 1];
    bytes.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
    bytes.extend(9_u32.to_be_bytes());
    bytes.extend(u32::try_from(fields.len()).unwrap().to_be_bytes());
    bytes.extend(fields);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes.extend(body);
    bytes
}

const REPLY_TO_7: &[u8] = b"\x05\x01u\0\0\0\0\x07";

#[test]
fn a_call_is_written_as_the_specification_wants() {
    let hello = super::super::systemd::hello().encode(1);
    assert_eq!(hello, HELLO);
    assert_eq!(length(hello.first_chunk().unwrap()), Ok(hello.len()));
    let message = Message::parse(&hello).unwrap();
    assert_eq!((message.kind, message.reply_to, message.signature), (Kind::Other, 0, &b""[..]));
}

#[test]
fn an_answer_says_to_what_and_has_a_body() {
    let fields = [REPLY_TO_7, b"\x08\x01g\0\x01u\0\0", b"\x63\x01t\0\0\0\0\0\0\0\0\0\0\0\0\x01"];
    let bytes = answer(RETURN, &fields.concat(), b"\0\0\0\x2a");
    let message = Message::parse(&bytes).unwrap();
    assert_eq!((message.kind, message.reply_to), (Kind::Return, 7));
    assert_eq!(message.signature, b"u");
    let mut body = message.body;
    assert_eq!((body.u32(), body.is_empty()), (Ok(42), true));
}

#[test]
fn an_error_has_a_name() {
    let fields = [REPLY_TO_7, b"\x04\x01s\0\0\0\0\x03a.b\0"].concat();
    let bytes = answer(ERROR, &fields, b"");
    assert_eq!(Message::parse(&bytes).unwrap().kind, Kind::Error(b"a.b"));
    let nameless = Message::parse(&answer(ERROR, REPLY_TO_7, b"")).unwrap_err();
    assert_eq!(nameless.to_string(), "it has no name of the error");
}

#[test]
fn what_is_wrong_is_said() {
    for (bytes, wanted) in [
        (answer(RETURN, b"", b""), "it has no number of the call it answers"),
        (answer(0, REPLY_TO_7, b""), "it has no type"),
        (answer(RETURN, b"\x05\x01s\0\0\0\0\0\0", b""), "it has no field of the type it must have"),
        (answer(RETURN, b"\x63\x02as\0\0\0\0\0\0\0", b""), "it has no field of a basic type"),
        (answer(RETURN, b"\x63\x01a\0\0\0\0\0", b""), "it has no value of a basic type"),
        (answer(RETURN, b"\x05\x01u\0\0\0", b""), "it ends too early"),
        ([answer(RETURN, REPLY_TO_7, b""), vec![0]].concat(), "it ends too early"),
        (b"l\x02\x01".to_vec(), "it ends too early"),
        (b"x\x02\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(), "it has no order of bytes"),
        (b"l\x02\x01\x02\0\0\0\0\0\0\0\0\0\0\0\0".to_vec(), "it has no version 1"),
    ] {
        assert_eq!(Message::parse(&bytes).unwrap_err().to_string(), wanted, "{bytes:?}");
    }
}

#[test]
fn a_message_that_is_too_long_is_known_by_its_beginning() {
    let mut prefix = *b"l\x02\x01\x01\0\0\0\0\x01\0\0\0\0\0\0\0";
    assert_eq!(length(&prefix), Ok(16));
    prefix[4..8].copy_from_slice(&u32::try_from(LONGEST - 16).unwrap().to_le_bytes());
    assert_eq!(length(&prefix), Ok(LONGEST));
    prefix[12] = 1;
    assert_eq!(length(&prefix), Err(WireError::TooLong));
    prefix[4..16].fill(0xff);
    assert_eq!(length(&prefix), Err(WireError::TooLong));
}

proptest::proptest! {
    #[test]
    fn never_panics(kind: u8, fields: Vec<u8>, body: Vec<u8>, rubbish: Vec<u8>) {
        let _ = Message::parse(&rubbish);
        let bytes = answer(kind, &fields, &body);
        proptest::prop_assert_eq!(length(bytes.first_chunk().unwrap()), Ok(bytes.len()));
        if let Ok(message) = Message::parse(&bytes) {
            proptest::prop_assert!(message.kind == Kind::Other || message.reply_to != 0);
        }
    }
}
