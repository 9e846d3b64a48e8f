//! What an interface is, and which of them are real: the rule of [`InterfaceKind`], by what the
//! kernel says and never by a name. Pure.

use std::collections::HashMap;

use super::attributes::{IFF_LOOPBACK, IFF_MASTER};
use crate::model::network::InterfaceKind;

/// What the kernel says of an interface, as far as it decides what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Link {
    /// `type`: a number of `if_arp.h`.
    pub hardware_type: Option<u32>,
    /// `DEVTYPE` of `uevent`.
    pub device_type: Option<String>,
    /// `flags`, of `if.h`.
    pub flags: u32,
    /// `ifindex`.
    pub index: Option<i64>,
    /// `iflink`: the index of what is below it or at its other end, its own if there is nothing,
    /// 0 for tunnels that may use any.
    pub below: Option<i64>,
    /// `address`, as it stands there.
    pub address: Vec<u8>,
    /// There is a `device`.
    pub has_device: bool,
    /// There is `phy80211` or `wireless`.
    pub is_wireless: bool,
    /// There is a folder `bridge`.
    pub is_bridge: bool,
    /// There is a folder `bonding`.
    pub is_bond: bool,
    /// `tun_flags`, of `if_tun.h`.
    pub tun_flags: Option<i64>,
    /// There is a `lower_…`: it stands on another interface of this namespace.
    pub stands_on_another: bool,
    /// The name of the interface it is a member of.
    pub master: Option<Vec<u8>>,
}

/// `if_arp.h`.
mod hardware {
    pub(super) const ETHERNET: u32 = 1;
    pub(super) const INFINIBAND: u32 = 32;
    pub(super) const LOOPBACK: u32 = 772;
    /// PPP, IP in IP, IPv6 in IPv6, IPv6 in IPv4, GRE, GRE over IPv6, and "none" (tun, WireGuard,
    /// IPsec).
    pub(super) const TUNNELS: [u32; 7] = [512, 768, 769, 776, 778, 823, 0xfffe];
}

/// Device types of tunnels that look like Ethernet.
const TUNNELS: [&str; 7] = ["vxlan", "geneve", "wireguard", "ppp", "gtp", "bareudp", "l2tpeth"];

/// What it is, looked at alone. A team cannot be seen so; see [`judge`].
///
/// A macvlan or ipvlan whose lower interface is in another namespace looks like the end of a pair,
/// in everything that the kernel shows here, and is taken for one.
pub(super) fn kind(link: &Link) -> InterfaceKind {
    let device_type = link.device_type.as_deref();
    let hardware_type = link.hardware_type.unwrap_or_default();
    if link.flags & IFF_LOOPBACK != 0 || hardware_type == hardware::LOOPBACK {
        InterfaceKind::Loopback
    } else if link.is_bond || device_type == Some("bond") {
        InterfaceKind::Bond
    } else if link.is_bridge || device_type == Some("bridge") {
        InterfaceKind::Bridge
    } else if device_type == Some("vlan") {
        InterfaceKind::Vlan
    } else if link.tun_flags.is_some() {
        InterfaceKind::Tunnel
    } else if hardware_type == hardware::INFINIBAND {
        InterfaceKind::Infiniband
    } else if link.is_wireless {
        InterfaceKind::Wireless
    } else if link.has_device {
        InterfaceKind::Card
    } else if hardware::TUNNELS.contains(&hardware_type)
        || device_type.is_some_and(|device_type| TUNNELS.contains(&device_type))
        || link.below == Some(0)
    {
        InterfaceKind::Tunnel
    } else if hardware_type == hardware::ETHERNET
        && device_type.is_none()
        && !link.stands_on_another
        && is_linked(link)
    {
        InterfaceKind::Pair
    } else {
        InterfaceKind::Virtual
    }
}

/// Whether something other than itself is below it or at its other end.
fn is_linked(link: &Link) -> bool {
    link.below.is_some_and(|below| below != 0 && Some(below) != link.index)
}

/// One interface, for [`judge`].
pub(super) struct Candidate<'a> {
    pub(super) name: &'a [u8],
    pub(super) link: &'a Link,
    /// Whether it has an address that is valid beyond its link.
    pub(super) has_address: bool,
}

/// What each interface is and whether it is real, in the same order.
pub(super) fn judge(all: &[Candidate<'_>]) -> Vec<(InterfaceKind, bool)> {
    let mut kinds: Vec<_> = all.iter().map(|candidate| kind(candidate.link)).collect();
    // Every member with its master, by their places.
    let mut members = Vec::new();
    let is_card = |place: usize| {
        use InterfaceKind::{Card, Infiniband, Wireless};
        let link = all[place].link;
        // A port of a switch inside: everything goes through the card of the switch as well.
        let is_port = link.device_type.as_deref() == Some("dsa");
        link.has_device && !is_port && matches!(kinds[place], Card | Infiniband | Wireless)
    };
    let cards: Vec<bool> = (0..all.len()).map(is_card).collect();
    let places: HashMap<&[u8], usize> =
        all.iter().enumerate().map(|(place, candidate)| (candidate.name, place)).collect();
    for (place, candidate) in all.iter().enumerate() {
        let master = candidate.link.master.as_deref();
        let Some(&above) = master.and_then(|master| places.get(master)) else { continue };
        if is_team(all[above].link, candidate.link) {
            kinds[above] = InterfaceKind::Bond;
        }
        members.push((place, above));
    }
    let mut real = cards.clone();
    for &(place, above) in &members {
        // A card below a card: Azure and net_failover count the fast path in the upper one too.
        if cards[place] && (kinds[above] == InterfaceKind::Bond || cards[above]) {
            real[place] = false;
            real[above] = true;
        }
    }
    if !real.contains(&true) {
        real = without_cards(all, &kinds);
    }
    kinds.into_iter().zip(real).collect()
}

/// A team shows as little as a dummy, but for its members. Open vSwitch's data path has members as
/// well, and an address of its own, where a team and its members share one. A team that is not
/// recognised does no harm: its cards count instead.
fn is_team(above: &Link, member: &Link) -> bool {
    kind(above) == InterfaceKind::Virtual
        && above.device_type.is_none()
        && above.flags & IFF_MASTER == 0
        && above.stands_on_another
        && above.address == member.address
}

/// Which are real on a machine without any card.
fn without_cards(all: &[Candidate<'_>], kinds: &[InterfaceKind]) -> Vec<bool> {
    let with_address = |is_way_out: fn(InterfaceKind, &Link) -> bool| -> Vec<bool> {
        let all = all.iter().zip(kinds);
        let is_real = |(candidate, kind): (&Candidate<'_>, &InterfaceKind)| {
            candidate.has_address && is_way_out(*kind, candidate.link)
        };
        all.map(is_real).collect()
    };
    let real = with_address(|kind, link| match kind {
        InterfaceKind::Pair | InterfaceKind::Vlan => true,
        // macvlan, ipvlan.
        InterfaceKind::Virtual => is_linked(link),
        _ => false,
    });
    if real.contains(&true) {
        return real;
    }
    // IFF_TAP: what containers have that no root set up.
    with_address(|_, link| link.tun_flags.is_some_and(|flags| flags & 2 != 0))
}

#[cfg(test)]
mod tests;
