use super::*;

fn found(text: &str) -> Found {
    parse_address(text.as_bytes()).unwrap()
}

#[test]
fn a_list_is_ipv4_first_and_link_local_last() {
    let file = "eth0 fe80::1/64\neth0 2001:db8::5/64\neth0 10.1.2.3/8\nlo 127.0.0.1/8\neth0 192.168.0.9/24\n";
    let all = by_name(parse(file.as_bytes()).unwrap());
    let list: Vec<String> =
        all[&b"eth0"[..]].iter().map(|found| found.address.to_string()).collect();
    assert_eq!(list, ["10.1.2.3", "192.168.0.9", "2001:db8::5", "fe80::1"]);
    assert_eq!(
        shown(&all[&b"lo"[..]][0]),
        InterfaceAddress { address: "127.0.0.1".into(), prefix_length: 8 }
    );
    let many: String = (0..100).map(|number| format!("eth0 10.0.0.{number}/32\n")).collect();
    assert_eq!(by_name(parse(many.as_bytes()).unwrap())[&b"eth0"[..]].len(), ADDRESSES_MAX);
}

#[test]
fn errors_name_the_token() {
    for bad in ["10.0.0.1", "10.0.0.1/33", "::1/129", "10.0.0/8", "/8", "10.0.0.1/x"] {
        let error = parse(format!("\neth0 {bad}\n").as_bytes()).unwrap_err().to_string();
        let wanted = format!("addresses, line 2: wanted address/prefix, found {bad:?}");
        assert_eq!(error, wanted);
    }
}

/// The primary address of interfaces `(name, leads out, addresses)`.
fn primary_of(interfaces: &[(&str, bool, &[&str])]) -> Option<String> {
    let interfaces: Vec<_> = interfaces
        .iter()
        .map(|(name, leads_out, list)| {
            let list: Vec<Found> = list.iter().map(|text| found(text)).collect();
            (Text::from(*name), *leads_out, list)
        })
        .collect();
    let mac_address = Reading::Present(Text::from("52:54:00:12:34:56"));
    let choices = interfaces.iter().map(|(name, leads_out, addresses)| Choice {
        name,
        mac_address: &mac_address,
        addresses,
        leads_out: *leads_out,
    });
    primary(choices).map(|primary| {
        assert_eq!(primary.mac_address, mac_address);
        format!("{} {}", primary.interface, primary.address)
    })
}

#[test]
fn the_primary_address_is_private_first() {
    let all: &[&str] = &[
        "8.8.4.4/24",
        "192.168.1.1/24",
        "172.16.0.1/12",
        "10.0.0.1/8",
        "2001:db8::1/64",
        "fe80::1/64",
    ];
    for (count, wanted) in [(6, "10.0.0.1"), (3, "172.16.0.1"), (2, "192.168.1.1"), (1, "8.8.4.4")]
    {
        assert_eq!(primary_of(&[("eth0", false, &all[..count])]), Some(format!("eth0 {wanted}")));
    }
    assert_eq!(primary_of(&[("eth0", false, &all[4..])]).as_deref(), Some("eth0 2001:db8::1"));
    // 172.32 is not private.
    let public: &[&str] = &["172.32.0.1/16", "192.168.1.1/24"];
    assert_eq!(primary_of(&[("eth0", false, public)]).as_deref(), Some("eth0 192.168.1.1"));
}

#[test]
fn of_two_as_good_the_default_routes_is_first_then_the_upper_row() {
    let interfaces: [(&str, bool, &[&str]); 3] = [
        ("eth0", false, &["10.1.0.1/16"]),
        ("eth1", true, &["10.2.0.1/16", "10.3.0.1/16"]),
        ("eth2", false, &["10.4.0.1/16"]),
    ];
    assert_eq!(primary_of(&interfaces).as_deref(), Some("eth1 10.2.0.1"));
    assert_eq!(primary_of(&interfaces[..1]).as_deref(), Some("eth0 10.1.0.1"));
    // A better class wins over the way out.
    let interfaces: [(&str, bool, &[&str]); 2] =
        [("eth0", true, &["192.168.0.2/24"]), ("ib0", false, &["10.9.0.1/16"])];
    assert_eq!(primary_of(&interfaces).as_deref(), Some("ib0 10.9.0.1"));
}

#[test]
fn what_nobody_else_can_use_is_no_primary_address() {
    // A card of a service processor has such a one.
    let local: &[&str] = &["169.254.3.1/16", "fe80::1/64", "::1/128", "127.0.0.1/8", "0.0.0.0/0"];
    assert_eq!(primary_of(&[("usb0", true, local)]), None);
    assert_eq!(primary_of(&[]), None);
}

#[test]
fn this_machine_has_a_loopback() {
    let all = read(&Roots::live()).unwrap();
    let loopback = found("127.0.0.1/8");
    assert!(all.values().any(|list| list.contains(&loopback)), "{all:?}");
}

proptest::proptest! {
    #[test]
    fn never_panics(bytes: Vec<u8>, text in "([a-z]{1,3} [0-9a-f:.]{0,12}/[0-9]{0,4}\n){0,4}") {
        for input in [&bytes[..], text.as_bytes()] {
            if let Ok(all) = parse(input) {
                for (_, found) in &all {
                    let most = if found.address.is_ipv4() { 32 } else { 128 };
                    proptest::prop_assert!(found.prefix_length <= most);
                }
                by_name(all);
            }
        }
    }
}
