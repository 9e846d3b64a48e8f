use super::*;

const FOUR: &[u8] = b"sockets: used 289\nTCP: inuse 23 orphan 1 tw 12 alloc 30 mem 5\n\
    UDP: inuse 9 mem 4\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n";
const SIX: &[u8] =
    b"TCP6: inuse 4\nUDP6: inuse 3\nUDPLITE6: inuse 0\nRAW6: inuse 1\nFRAG6: inuse 0 memory 0\n";

#[test]
fn the_fields_mean_what_the_model_says() {
    let four = parse_sockstat(FOUR).unwrap();
    let wanted = Sockstat {
        tcp_in_use: Some(23),
        tcp_orphaned: Some(1),
        tcp_time_wait: Some(12),
        tcp_memory_pages: Some(5),
        udp_in_use: Some(9),
    };
    assert_eq!(four, wanted);
    assert_eq!(four.tcp_sockets(), 35);
    let six = parse_sockstat(SIX).unwrap();
    let wanted = Sockstat { tcp_in_use: Some(4), udp_in_use: Some(3), ..Default::default() };
    assert_eq!(six, wanted);
}

#[test]
fn what_is_missing_is_missing_and_what_is_no_number_an_error() {
    assert_eq!(parse_sockstat(b"").unwrap(), Sockstat::default());
    assert_eq!(parse_sockstat(b"TCP: inuse").unwrap(), Sockstat::default());
    let error = parse_sockstat(b"TCP: inuse -3 tw 2").unwrap_err();
    assert_eq!(error.to_string(), "sockstat, line 1: wanted a whole number, found \"-3\"");
}

#[test]
fn a_page_with_room_for_another_line_is_the_last() {
    let page = rustix::param::page_size();
    assert!(is_last(150));
    // As many lines of 150 bytes as there is room for.
    assert!(!is_last(page / 150 * 150));
    assert!(!is_last(page));
}

proptest::proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>, text in "((TCP6?|UDP6?): ?(inuse [0-9]{0,21} ?)?(tw .?)?\n){0,4}") {
        for input in [&bytes[..], text.as_bytes()] {
            if let Ok(stat) = parse_sockstat(input) {
                stat.tcp_sockets();
            }
        }
    }
}
