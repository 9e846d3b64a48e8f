use super::*;

#[test]
fn numbers_are_decimal_or_hexadecimal() {
    for (bytes, wanted) in [
        (&b"1\n"[..], Some(1)),
        (b"0x1003\n", Some(0x1003)),
        (b"0x1\n", Some(1)),
        (b"-1\n", Some(-1)),
        (b"0x\n", None),
        (b"0x-1\n", None),
        (b"0x+1\n", None),
        (b"0xffffffffffffffff\n", None),
        (b"\n", None),
        (b"up\n", None),
    ] {
        assert_eq!(parse_number(bytes), wanted, "{bytes:?}");
    }
}

#[test]
fn a_speed_is_known_or_not() {
    let speed = |bits| Reading::Present(BitsPerSecond(bits));
    assert_eq!(parse_speed(b"1000\n"), speed(1_000_000_000));
    assert_eq!(parse_speed(b"400000\n"), speed(400_000_000_000));
    // A card without a cable; the same on kernels that print it without its sign.
    for unknown in [&b"-1\n"[..], b"4294967295\n", b"0\n"] {
        assert_eq!(parse_speed(unknown), Reading::absent(Reason::NotSupported));
    }
    assert_eq!(parse_speed(b"fast\n"), Reading::absent(Reason::Malformed));
    assert_eq!(parse_speed(b"9223372036854775807"), Reading::absent(Reason::Malformed));
}

#[test]
fn states_are_those_of_rfc_2863() {
    for (word, wanted) in [
        ("up", LinkState::Up),
        ("down", LinkState::Down),
        ("notpresent", LinkState::Down),
        ("lowerlayerdown", LinkState::LowerLayerDown),
        ("dormant", LinkState::Dormant),
        ("testing", LinkState::Testing),
        ("unknown", LinkState::Unknown),
        ("new in some later kernel", LinkState::Unknown),
    ] {
        assert_eq!(parse_state(format!("{word}\n").as_bytes()), wanted);
    }
    assert_eq!(parse_duplex(b"full\n"), Reading::Present(true));
    assert_eq!(parse_duplex(b"half\n"), Reading::Present(false));
    assert_eq!(parse_duplex(b"unknown\n"), Reading::absent(Reason::NotSupported));
    assert_eq!(parse_duplex(b"\n"), Reading::absent(Reason::Malformed));
}

#[test]
fn a_link_whose_driver_says_nothing_carries_packets_if_it_is_on() {
    let with = |state, flags| {
        let link = Link { flags, ..Link::default() };
        Attributes { state, link, ..Attributes::absent(Duration::ZERO, Reason::NotSupported) }
    };
    assert!(with(LinkState::Up, 0).is_up());
    assert!(with(LinkState::Unknown, IFF_UP).is_up());
    assert!(!with(LinkState::Unknown, 0).is_up());
    assert!(!with(LinkState::Down, IFF_UP).is_up());
    assert!(!with(LinkState::Dormant, IFF_UP).is_up());
}

#[test]
fn a_hardware_address_is_one_or_there_is_none() {
    let address = |text: &str| parse_hardware_address(format!("{text}\n").as_bytes());
    let infiniband = "80:00:02:08:fe:80:00:00:00:00:00:00:24:8a:07:03:00:4b:f5:40";
    for (text, wanted) in [
        ("52:54:00:12:34:56", "52:54:00:12:34:56"),
        ("AA:bb:CC:dd:EE:ff", "aa:bb:cc:dd:ee:ff"),
        (infiniband, infiniband),
        ("02:00:00:ff:fe:00:00:01", "02:00:00:ff:fe:00:00:01"),
    ] {
        assert_eq!(address(text), Reading::Present(Text::from(wanted)));
    }
    // Of a loopback, of tun, of tunnels: what stands there is an IP address.
    for none in
        ["00:00:00:00:00:00", "", "0a:00:00:01", "fe:80:00:00:00:00:00:00:00:00:00:00:00:00:00:01"]
    {
        assert_eq!(address(none), Reading::absent(Reason::NotSupported), "{none}");
    }
    for bad in ["5254:00:12:34:56", "52:54:00:12:34:5g", "::::::", "52-54-00-12-34-56"] {
        assert_eq!(address(bad), Reading::absent(Reason::Malformed), "{bad}");
    }
}

#[test]
fn a_device_type_is_the_drivers_word() {
    assert_eq!(
        parse_device_type(b"DEVTYPE=wlan\nINTERFACE=wlo1\nIFINDEX=3\n").as_deref(),
        Some("wlan")
    );
    // An interface may be called anything.
    assert_eq!(parse_device_type(b"INTERFACE=DEVTYPE=vlan\nIFINDEX=3\n"), None);
    assert_eq!(parse_device_type(b""), None);
    assert_eq!(parse_device_type(b"DEVTYPE=\xff"), None);
}

proptest::proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>, text in "-?(0x)?[0-9a-f:]{0,24}\n?") {
        for input in [&bytes[..], text.as_bytes()] {
            let _ = (parse_number(input), parse_device_type(input), parse_state(input));
            let _ = (parse_speed(input), parse_duplex(input));
            if let Reading::Present(address) = parse_hardware_address(input) {
                proptest::prop_assert!(address.bytes().all(|byte| b"0123456789abcdef:".contains(&byte)));
            }
        }
    }
}
