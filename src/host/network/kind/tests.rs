use super::InterfaceKind::{
    Bond, Bridge, Card, Infiniband, Loopback, Pair, Tunnel, Virtual, Vlan, Wireless,
};
use super::*;

fn ethernet() -> Link {
    Link {
        hardware_type: Some(1),
        flags: 0x1003,
        index: Some(2),
        below: Some(2),
        address: b"52:54:00:12:34:56".to_vec(),
        ..Link::default()
    }
}

fn card() -> Link {
    Link { has_device: true, ..ethernet() }
}

fn typed(device_type: &str) -> Link {
    Link { device_type: Some(device_type.to_owned()), ..ethernet() }
}

fn of_type(hardware_type: u32) -> Link {
    Link { hardware_type: Some(hardware_type), ..ethernet() }
}

fn pair() -> Link {
    Link { below: Some(35), ..ethernet() }
}

fn below(master: &str, link: Link) -> Link {
    Link { master: Some(master.as_bytes().to_vec()), ..link }
}

fn bond() -> Link {
    Link { is_bond: true, stands_on_another: true, ..typed("bond") }
}

fn tap() -> Link {
    Link { tun_flags: Some(0x1002), ..ethernet() }
}

#[test]
fn a_kind_follows_from_what_the_kernel_says() {
    for (link, wanted) in [
        (Link { flags: 0x9, ..of_type(772) }, Loopback),
        (card(), Card),
        (Link { is_wireless: true, has_device: true, ..typed("wlan") }, Wireless),
        (Link { has_device: true, ..of_type(32) }, Infiniband),
        (bond(), Bond),
        (Link { is_bridge: true, ..typed("bridge") }, Bridge),
        (Link { below: Some(1), stands_on_another: true, ..typed("vlan") }, Vlan),
        (pair(), Pair),
        // macvlan, ipvlan, with the lower one in the same namespace.
        (Link { stands_on_another: true, ..pair() }, Virtual),
        // dummy, ifb.
        (ethernet(), Virtual),
        (typed("wireguard"), Tunnel),
        (typed("vxlan"), Tunnel),
        (of_type(65534), Tunnel),
        (of_type(776), Tunnel),
        (of_type(512), Tunnel),
        // gretap.
        (Link { below: Some(0), ..ethernet() }, Tunnel),
        (tap(), Tunnel),
        (Link { tun_flags: Some(0x1001), ..of_type(65534) }, Tunnel),
        // can, netlink monitors.
        (of_type(280), Virtual),
        (Link::default(), Virtual),
    ] {
        assert_eq!(kind(&link), wanted, "{link:?}");
    }
}

fn judged(links: &[(&str, Link)]) -> Vec<(String, InterfaceKind, bool)> {
    judged_with(links, &[])
}

fn judged_with(
    links: &[(&str, Link)],
    with_address: &[&str],
) -> Vec<(String, InterfaceKind, bool)> {
    let candidates: Vec<Candidate<'_>> = links
        .iter()
        .map(|(name, link)| Candidate {
            name: name.as_bytes(),
            link,
            has_address: with_address.contains(name),
        })
        .collect();
    let names = links.iter().map(|(name, _)| (*name).to_owned());
    names.zip(judge(&candidates)).map(|(name, (kind, real))| (name, kind, real)).collect()
}

fn real(links: &[(&str, Link)], with_address: &[&str]) -> Vec<String> {
    let judged = judged_with(links, with_address);
    judged.into_iter().filter(|(.., real)| *real).map(|(name, ..)| name).collect()
}

#[test]
fn names_mean_nothing() {
    let links = [
        // Somebody called the card so.
        ("docker0", card()),
        ("eth0", Link { is_bridge: true, ..typed("bridge") }),
        ("enp0s3", pair()),
        ("wlp2s0", tap()),
    ];
    assert_eq!(real(&links, &["docker0", "eth0", "enp0s3", "wlp2s0"]), ["docker0"]);
}

#[test]
fn a_card_below_a_bond_counts_once_and_one_below_a_bridge_too() {
    let links = [
        ("bond0", bond()),
        ("eno1", below("bond0", card())),
        ("eno2", below("bond0", card())),
        ("eno3", below("br0", card())),
        ("br0", Link { is_bridge: true, ..typed("bridge") }),
        ("bond0.5", Link { below: Some(9), ..typed("vlan") }),
        ("bond1", bond()),
        ("dummy0", below("bond1", ethernet())),
    ];
    assert_eq!(real(&links, &["br0", "bond0.5", "dummy0", "bond1"]), ["bond0", "eno3"]);
}

#[test]
fn a_team_is_known_by_its_members_and_a_switch_is_no_team() {
    let address = |address: &[u8], link| Link { address: address.to_vec(), ..link };
    let team = Link { stands_on_another: true, ..ethernet() };
    let of_team = [("team0", team.clone()), ("eno1", below("team0", card()))];
    assert_eq!(
        judged(&of_team),
        [("team0".to_owned(), Bond, true), ("eno1".to_owned(), Card, false)]
    );
    // Open vSwitch: its data path has an address of its own, and counts nothing.
    let path = address(b"9a:00:00:00:00:01", team.clone());
    let of_switch = [("ovs-system", path), ("eno1", below("ovs-system", card()))];
    assert_eq!(real(&of_switch, &[]), ["eno1"]);
    // A VRF says that it is a master.
    let vrf = Link { flags: 0x480, ..team };
    assert_eq!(real(&[("vrf0", vrf), ("eno1", below("vrf0", card()))], &[]), ["eno1"]);
}

#[test]
fn a_card_below_a_card_and_a_port_of_a_switch_chip_count_once() {
    // What a cloud gives a fast machine: the same traffic by two ways, counted in the upper one.
    let links = [("eth0", card()), ("enP1s1", below("eth0", card()))];
    assert_eq!(real(&links, &[]), ["eth0"]);
    let links =
        [("eth0", card()), ("lan1", Link { has_device: true, below: Some(2), ..typed("dsa") })];
    assert_eq!(real(&links, &[]), ["eth0"]);
}

#[test]
fn in_a_container_what_has_an_address_leads_out() {
    let lo = || ("lo", Link { flags: 0x9, ..of_type(772) });
    let bridge = || ("docker0", Link { is_bridge: true, ..typed("bridge") });
    let links = [lo(), ("eth0", pair()), bridge(), ("veth1", pair()), ("tun0", tap())];
    assert_eq!(real(&links, &["lo", "eth0", "docker0", "tun0"]), ["eth0"]);
    let macvlan = Link { stands_on_another: true, ..pair() };
    assert_eq!(real(&[lo(), ("net1", macvlan), ("d0", ethernet())], &["net1", "d0"]), ["net1"]);
    // Without root there is only a tap, and what is no tap is no way out.
    let tun = Link { tun_flags: Some(0x1001), ..of_type(65534) };
    assert_eq!(real(&[lo(), ("tap0", tap()), ("tun0", tun)], &["tap0", "tun0"]), ["tap0"]);
    assert_eq!(real(&[lo(), ("eth0", pair())], &["lo"]), [""; 0]);
    assert_eq!(real(&[], &[]), [""; 0]);
}

#[test]
fn a_master_that_is_not_there_is_passed_over() {
    assert_eq!(real(&[("eno1", below("bond0", card()))], &[]), ["eno1"]);
    assert_eq!(real(&[("eno1", below("eno1", card()))], &[]).len(), 1, "its own master");
}
