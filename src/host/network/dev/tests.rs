use super::*;

const HEADING: &str = "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n";

fn parsed(lines: &str) -> Result<Vec<(String, Counters, Counters)>, ParseError> {
    let file = format!("{HEADING}{lines}");
    let lines = parse(file.as_bytes())?;
    let owned = |line: &Line<'_>| {
        (String::from_utf8_lossy(line.name).into_owned(), line.received, line.sent)
    };
    Ok(lines.iter().map(owned).collect())
}

#[test]
fn each_number_has_its_place() {
    let received = Counters { bytes: 1, packets: 2, errors: 3, dropped: 4 };
    let sent = Counters { bytes: 11, packets: 12, errors: 13, dropped: 14 };
    let modern = "    lo: 1 2 3 4 5 6 7 8 11 12 13 14 15 16 17 18\n";
    assert_eq!(parsed(modern).unwrap(), [("lo".to_owned(), received, sent)]);
    // Before Linux 2.6.39 there was no blank after a colon that a wide number followed.
    let old = "eth0:1 2 3 4 5 6 7 8 11 12 13 14 15 16 17 18\n";
    assert_eq!(parsed(old).unwrap(), [("eth0".to_owned(), received, sent)]);
    assert_eq!(parsed("").unwrap(), []);
    assert_eq!(parse(b"").unwrap(), []);
}

#[test]
fn names_are_whatever_the_kernel_allows() {
    for name in ["a|b", "|face", "br-0123456789ab", "é", "wlp0s20f3", "0"] {
        let line = format!("{name:>6}: {}\n", "0 ".repeat(16));
        assert_eq!(parsed(&line).unwrap()[0].0, name);
    }
}

#[test]
fn errors_name_the_token() {
    for (lines, error) in [
        ("eth0 1 2 3\n", "net/dev, line 3: wanted a name and a colon, found \"eth0 1 2 3\""),
        ("eth0: 1 2 x 4\n", "net/dev, line 3: wanted a whole number, found \"x\""),
        ("eth0: 1 2 3 4 5 6 7 8 9\n", "net/dev, line 3: wanted a whole number, found \"\""),
    ] {
        assert_eq!(parsed(lines).unwrap_err().to_string(), error);
    }
}

const SECOND: Duration = Duration::from_secs(1);
const TOP: u64 = u32::MAX as u64;

#[test]
fn a_reset_is_no_rate_and_a_wrap_of_32_bits_is_one() {
    assert_eq!(rate(10, 30, Width::Bits64, SECOND * 2), Some(10.0));
    assert_eq!(rate(30, 10, Width::Bits64, SECOND), None);
    assert_eq!(rate(TOP - 9, 10, Width::Bits64, SECOND), None, "it may not wrap here");
    assert_eq!(rate(TOP - 9, 10, Width::Bits32, SECOND), Some(20.0));
    assert_eq!(rate(1000, 10, Width::Bits32, SECOND), None, "nearly once around is a reset");
    assert_eq!(rate(TOP + 5, 10, Width::Bits32, SECOND), None, "it has more than 32 bits");
}

#[test]
fn each_counter_is_absent_by_itself() {
    let earlier = Counters { bytes: 1000, packets: 10, errors: 5, dropped: 0 };
    let later = Counters { bytes: 3001, packets: 15, errors: 0, dropped: 1 };
    let traffic = traffic(&later, Some((&earlier, SECOND * 2)), Width::Bits64);
    assert_eq!(traffic.bytes_total, Bytes(3001));
    assert_eq!(traffic.bytes_per_second, Reading::Present(BytesPerSecond(1001)));
    assert_eq!(traffic.packets_per_second, Reading::Present(PerSecond(2.5)));
    assert_eq!(traffic.errors_per_second, Reading::absent(Reason::Measuring));
    assert_eq!(traffic.dropped_per_second, Reading::Present(PerSecond(0.5)));
    let first = super::traffic(&later, None, Width::Bits64);
    assert_eq!(first.bytes_per_second, Reading::absent(Reason::Measuring));
}

proptest::proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>, text in "(.*\n){2}( {0,3}[a-z]{1,3}:( {1,3}[0-9]{1,21}){14,17}\n){0,3}") {
        for input in [&bytes[..], text.as_bytes()] {
            let _ = parse(input);
        }
    }

    #[test]
    fn a_rate_is_never_negative(earlier: u64, later: u64, millis in 0_u64..100_000) {
        for width in [Width::Bits32, Width::Bits64] {
            let rate = rate(earlier, later, width, Duration::from_millis(millis));
            proptest::prop_assert!(rate.is_none_or(|rate| rate >= 0.0 && rate.is_finite()));
        }
    }
}
