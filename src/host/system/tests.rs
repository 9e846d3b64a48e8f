use super::*;

#[test]
fn os_release_is_read_as_a_shell_would() {
    let system = parse_os_release(
        b"# a comment\n\nPRETTY_NAME=\"Ubuntu \\\"24.04\\\" \\$1 \\x\"\nNAME='Red \\ Hat'\n\
          VERSION_ID=24.04 # not part of it\nVERSION_CODENAME=noble\nHOME_URL=x\nNONSENSE\n",
    );
    assert_eq!(system.pretty_name, "Ubuntu \"24.04\" $1 \\x");
    assert_eq!(system.name, "Red \\ Hat");
    assert_eq!(system.version, Reading::Present("24.04".to_owned()));
    assert_eq!(system.codename, Reading::Present("noble".to_owned()));
}

#[test]
fn the_rest_of_os_release_is_empty_where_it_is_silent() {
    let system =
        parse_os_release(b"ID=ubuntu\nID_LIKE=\"debian x\"\nVERSION='24.04 (a)'\nVARIANT=\n");
    let wanted = OsRelease {
        id: "ubuntu".to_owned(),
        id_like: "debian x".to_owned(),
        version: "24.04 (a)".to_owned(),
        ..OsRelease::default()
    };
    assert_eq!(system.release, wanted);
}

#[test]
fn what_os_release_does_not_say_has_its_default() {
    let empty = parse_os_release(b"");
    assert_eq!((empty.name.as_str(), empty.pretty_name.as_str()), ("Linux", "Linux"));
    assert_eq!(empty.version.reason(), Some(Reason::NotSupported));
    let rolling = parse_os_release(b"NAME=\"Arch Linux\"\nVERSION_ID=\"\"\n");
    assert_eq!(rolling.pretty_name, "Arch Linux");
    let short = parse_os_release(b"NAME=Alpine\nVERSION_ID=3.20\n");
    assert_eq!(short.pretty_name, "Alpine 3.20");
}

#[test]
fn a_hostile_os_release_does_no_harm() {
    let system = parse_os_release(b"NAME=\"a\x1b[31m\xff\nPRETTY_NAME='open\nVERSION_ID=\\");
    assert_eq!(system.name, "a␛[31m\u{fffd}");
    assert_eq!(system.pretty_name, "open");
    assert_eq!(system.version.reason(), Some(Reason::NotSupported));
}

#[test]
fn boot_time_and_uptime() {
    assert_eq!(parse_boot_time(b"cpu 1\nbtime 1700000000\n"), Ok(UnixMillis(1_700_000_000_000)));
    assert_eq!(parse_uptime(b"350735.47 234388.90\n"), Ok(Seconds(350_735.47)));
    for (error, wanted) in [
        (parse_boot_time(b"cpu 1\n").unwrap_err(), "stat: has no btime"),
        (
            parse_boot_time(b"x\nbtime 99999999999999999\n").unwrap_err(),
            "stat, line 2: wanted seconds since 1970, found \"99999999999999999\"",
        ),
        (parse_uptime(b"").unwrap_err(), "uptime, line 1: wanted a decimal number, found \"\""),
    ] {
        assert_eq!(error.to_string(), wanted);
    }
}

proptest::proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>, text in "((NAME|VERSION_ID|btime)[ =][\"'\\\\a-z0-9]{0,9}\n){0,5}") {
        for input in [&bytes[..], text.as_bytes()] {
            let system = parse_os_release(input);
            proptest::prop_assert!(!system.name.is_empty() && !system.pretty_name.is_empty());
            let _ = (parse_boot_time(input), parse_uptime(input));
        }
    }
}
