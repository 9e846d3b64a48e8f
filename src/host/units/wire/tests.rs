use super::*;

#[test]
fn values_in_either_order_with_their_padding() {
    let little = b"\x07\0\0\0\x01\0\0\0\x02\0\0\0\0\0\0\0\x02\0\0\0hi\0\x01t\0";
    let big = b"\x07\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\x02hi\0\x01t\0";
    for (bytes, order) in [(little, Order::Little), (big, Order::Big)] {
        let mut reader = Reader::new(bytes, order);
        assert_eq!(reader.byte(), Ok(7));
        assert_eq!(reader.u32(), Ok(1));
        assert_eq!(reader.u64(), Ok(2));
        assert_eq!(reader.string(), Ok(&b"hi"[..]));
        assert_eq!(reader.signature(), Ok(&b"t"[..]));
        assert!(reader.is_empty());
        assert_eq!(reader.byte(), Err(WireError::Truncated));
    }
}

#[test]
fn no_length_is_believed() {
    for bytes in [&b"\xff\xff\xff\xff"[..], b"\x02\0\0\0hi", b"\x09\0\0\0hi\0", b"\0\0", b""] {
        assert_eq!(Reader::new(bytes, Order::Little).string(), Err(WireError::Truncated));
        assert!(Reader::new(bytes, Order::Little).array(8).is_err());
    }
    let mut unended = Reader::new(b"\x02\0\0\0hix", Order::Little);
    assert_eq!(unended.string(), Err(WireError::Missing("0 at the end of a text")));
    assert_eq!(Reader::new(b"\x09t\0", Order::Little).signature(), Err(WireError::Truncated));
}

#[test]
fn an_array_ends_where_it_says() {
    let bytes = b"\x08\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0";
    let mut reader = Reader::new(bytes, Order::Little);
    let mut array = reader.array(4).unwrap();
    assert_eq!((array.u32(), array.u32()), (Ok(1), Ok(2)));
    assert!(array.is_empty());
    assert_eq!(array.u32(), Err(WireError::Truncated));
    assert_eq!(reader.u32(), Ok(3));
}

#[test]
fn every_basic_type_is_passed_over() {
    for (kind, length) in
        [(b'y', 1), (b'q', 2), (b'n', 2), (b'b', 4), (b'i', 4), (b'u', 4), (b'h', 4), (b'x', 8)]
    {
        let mut reader = Reader::new(&[0; 16], Order::Little);
        reader.skip_basic(kind).unwrap();
        assert_eq!(reader.position(), length, "{}", char::from(kind));
    }
    for (kind, length) in [(b't', 8), (b'd', 8), (b's', 5), (b'o', 5), (b'g', 2)] {
        let mut reader = Reader::new(&[0; 16], Order::Little);
        reader.skip_basic(kind).unwrap();
        assert_eq!(reader.position(), length, "{}", char::from(kind));
    }
    for kind in b"av({r\0" {
        assert!(Reader::new(&[0; 16], Order::Little).skip_basic(*kind).is_err());
    }
}

proptest::proptest! {
    #[test]
    fn what_is_written_reads_back(byte: u8, number: u32, text in "[ -~é]{0,40}", list: Vec<u32>) {
        let mut writer = Writer::default();
        writer.byte(byte);
        writer.u32(number);
        writer.string(&text);
        writer.array(4, |writer| list.iter().for_each(|number| writer.u32(*number)));
        writer.signature("as");
        let bytes = writer.into_bytes();
        let mut reader = Reader::new(&bytes, Order::Little);
        proptest::prop_assert_eq!(reader.byte(), Ok(byte));
        proptest::prop_assert_eq!(reader.u32(), Ok(number));
        proptest::prop_assert_eq!(reader.string(), Ok(text.as_bytes()));
        let mut array = reader.array(4).unwrap();
        for number in list {
            proptest::prop_assert_eq!(array.u32(), Ok(number));
        }
        proptest::prop_assert!(array.is_empty());
        proptest::prop_assert_eq!(reader.signature(), Ok(&b"as"[..]));
        proptest::prop_assert!(reader.is_empty());
    }
}
