use super::*;

#[test]
fn load_averages_and_threads() {
    let load = parse_loadavg(b"0.04 10.20 120.13 3/721 12345\n").unwrap();
    assert_eq!((load.one, load.five, load.fifteen), (0.04, 10.2, 120.13));
    assert_eq!((load.runnable_threads, load.threads), (3, 721));
    for (bytes, error) in [
        (&b""[..], "loadavg, line 1: wanted a decimal number, found \"\""),
        (b"1 2 nan 1/2", "loadavg, line 1: wanted a decimal number, found \"nan\""),
        (b"1 2 3 4", "loadavg, line 1: wanted runnable/all threads, found \"4\""),
        (b"1 2 3 -1/4", "loadavg, line 1: wanted runnable/all threads, found \"-1/4\""),
    ] {
        assert_eq!(parse_loadavg(bytes).unwrap_err().to_string(), error);
    }
}

#[test]
fn a_processor_that_comes_online_is_being_measured() {
    let before = times::parse_stat(b"cpu  2 0 0 2\ncpu0 2 0 0 2\n").unwrap();
    let after = times::parse_stat(b"cpu  5 0 0 5\ncpu0 3 0 0 3\ncpu1 2 0 0 2\n").unwrap();
    let cores = per_core(Some(&before), &after);
    assert_eq!(cores[0].busy_percent, Reading::Present(crate::model::Percent(50.0)));
    assert_eq!(cores[1].busy_percent.reason(), Some(Reason::Measuring));
    assert!(per_core(None, &after).iter().all(|core| core.busy_percent.present().is_none()));
}

proptest::proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>, text in "([0-9.]{1,9} ){0,4}[0-9]{0,12}/[0-9]{0,12} .*") {
        let _ = (parse_loadavg(&bytes), parse_loadavg(text.as_bytes()));
        let _ = frequency::parse_kilohertz(&bytes);
    }
}
