//! The made-up network: two cards as one, the card for administration, InfiniBand, and what
//! containers bring. Addresses are of the ranges that are kept for documentation, but for the one
//! the machine is known by, which is a private one as on most machines.

use super::moment::{Flow, Moment};
use crate::model::network::{
    Interface, InterfaceAddress, InterfaceKind, LinkState, Network, PrimaryAddress, Sockets,
    TcpStates, Traffic,
};
use crate::model::{BitsPerSecond, Bytes, BytesPerSecond, PerSecond, Reading, Reason, Text};

const GBIT: u64 = 1_000_000_000;

/// One interface before it is put into a row.
pub(super) struct Sketch {
    pub(super) name: &'static str,
    pub(super) kind: InterfaceKind,
    pub(super) real: bool,
    pub(super) state: LinkState,
    pub(super) mac: Reading<Text>,
    pub(super) mtu: u64,
    pub(super) gbit: Option<u64>,
    pub(super) addresses: Vec<(String, u8)>,
    pub(super) received: Flow,
    pub(super) sent: Flow,
    /// Packets dropped per second.
    pub(super) dropped: f64,
    /// Bytes of a packet, on average.
    pub(super) packet: f64,
}

pub(super) fn network(moment: Moment) -> Network {
    let primary = PrimaryAddress {
        interface: "bond0".into(),
        address: address(moment).into(),
        mac_address: mac(moment, 1),
    };
    of_sketches(moment, primary, sketches(moment))
}

/// The network of these interfaces.
pub(super) fn of_sketches(
    moment: Moment,
    primary: PrimaryAddress,
    sketches: Vec<Sketch>,
) -> Network {
    let interfaces: Vec<_> = sketches.into_iter().map(|sketch| row(moment, sketch)).collect();
    let real = || interfaces.iter().filter(|interface| interface.real);
    let rate = |of: fn(&Interface) -> Traffic| {
        let rates = real().filter_map(|one| of(one).bytes_per_second.present().map(|rate| rate.0));
        Reading::Present(BytesPerSecond(rates.sum()))
    };
    let total = |of: fn(&Interface) -> Traffic| Bytes(real().map(|i| of(i).bytes_total.0).sum());
    Network {
        left_out: 0,
        primary: Reading::Present(primary),
        received_bytes_per_second: rate(|interface| interface.received),
        sent_bytes_per_second: rate(|interface| interface.sent),
        received_bytes_total: total(|interface| interface.received),
        sent_bytes_total: total(|interface| interface.sent),
        interfaces,
    }
}

/// The number that tells the machines of a demo apart.
fn number(moment: Moment) -> u64 {
    10 + moment.seed % 100
}

fn address(moment: Moment) -> String {
    format!("10.20.0.{}", number(moment))
}

/// A hardware address that no maker gives away.
fn mac(moment: Moment, card: u8) -> Reading<Text> {
    Reading::Present(format!("02:00:5e:10:{:02x}:{card:02x}", number(moment)).into())
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn sketches(moment: Moment) -> Vec<Sketch> {
    let own = number(moment);
    let received = moment.flow("bond0 received", 9.4e8);
    let sent = moment.flow("bond0 sent", 3.1e8);
    let bond = Sketch {
        name: "bond0",
        kind: InterfaceKind::Bond,
        real: true,
        state: LinkState::Up,
        mac: mac(moment, 1),
        mtu: 9000,
        gbit: Some(200),
        addresses: vec![(address(moment), 24), (format!("2001:db8:20::{own}"), 64)],
        received,
        sent,
        dropped: 0.0,
        packet: 5200.0,
    };
    let card = |name, share: f64, dropped| Sketch {
        name,
        kind: InterfaceKind::Card,
        real: false,
        gbit: Some(100),
        // A bond gives its members its own address.
        mac: mac(moment, 1),
        addresses: Vec::new(),
        received: received.scaled(share),
        sent: sent.scaled(share),
        dropped,
        ..bond
    };
    let slow = |name, kind, real, mac, addresses, mean: f64| Sketch {
        name,
        kind,
        real,
        mac,
        mtu: 1500,
        gbit: None,
        addresses,
        received: moment.flow(&format!("{name} received"), mean),
        sent: moment.flow(&format!("{name} sent"), mean * 0.7),
        packet: 420.0,
        ..bond
    };
    let pair = |name, number, mean| Sketch {
        gbit: Some(10),
        ..slow(name, InterfaceKind::Pair, false, mac(moment, number), Vec::new(), mean)
    };
    let administration = Sketch {
        gbit: Some(1),
        ..slow(
            "eno1",
            InterfaceKind::Card,
            true,
            mac(moment, 4),
            vec![(format!("192.0.2.{own}"), 24)],
            2.4e4,
        )
    };
    let infiniband = Sketch {
        mtu: 2044,
        gbit: Some(200),
        packet: 1900.0,
        ..slow(
            "ib0",
            InterfaceKind::Infiniband,
            true,
            // InfiniBand has twenty bytes.
            Reading::Present(
                format!("02:00:01:49:fe:80:00:00:00:00:00:00:02:00:5e:10:00:00:{own:02x}:05")
                    .into(),
            ),
            vec![(format!("198.51.100.{own}"), 24)],
            2.3e9,
        )
    };
    let containers = slow(
        "docker0",
        InterfaceKind::Bridge,
        false,
        mac(moment, 6),
        vec![("203.0.113.1".to_owned(), 24)],
        2.2e5,
    );
    let loopback = Sketch {
        state: LinkState::Unknown,
        mtu: 65_536,
        // Without the first numbers of a maker or owner: all zero.
        ..slow(
            "lo",
            InterfaceKind::Loopback,
            false,
            Reading::Present("00:00:00:00:00:00".into()),
            vec![("127.0.0.1".to_owned(), 8), ("::1".to_owned(), 128)],
            1.6e6,
        )
    };
    let cards = [card("enp129s0f0np0", 0.54, 0.0), card("enp129s0f1np1", 0.46, 0.4)];
    let pairs = [("veth2a91c04", 7, 9.0e4), ("veth71be03f", 8, 8.1e4), ("vethd04c8e2", 9, 4.9e4)]
        .map(|(name, number, mean)| pair(name, number, mean));
    let mut sketches = vec![bond, administration, infiniband, containers];
    sketches.extend(cards);
    sketches.push(loopback);
    sketches.extend(pairs);
    sketches
}

fn row(moment: Moment, sketch: Sketch) -> Interface {
    let dropped = moment.flow(&format!("{} dropped", sketch.name), sketch.dropped);
    let traffic = |flow: Flow, dropped: Flow| {
        let packets = flow.scaled(1.0 / sketch.packet);
        Traffic {
            bytes_total: Bytes(flow.count()),
            packets_total: packets.count(),
            errors_total: 0,
            dropped_total: dropped.count(),
            bytes_per_second: Reading::Present(flow.bytes_per_second()),
            packets_per_second: Reading::Present(packets.events_per_second()),
            errors_per_second: Reading::Present(PerSecond(0.0)),
            dropped_per_second: Reading::Present(dropped.events_per_second()),
        }
    };
    let speed = sketch.gbit.map(|gbit| BitsPerSecond(gbit * GBIT));
    Interface {
        key: sketch.name.into(),
        kind: sketch.kind,
        real: sketch.real,
        state: sketch.state,
        mac_address: sketch.mac,
        mtu_bytes: Reading::Present(Bytes(sketch.mtu)),
        full_duplex: Reading::from_option(speed.map(|_| true), Reason::NotSupported),
        speed_bits_per_second: Reading::from_option(speed, Reason::NotSupported),
        addresses: Reading::Present(
            sketch
                .addresses
                .into_iter()
                .map(|(address, prefix_length)| InterfaceAddress {
                    address: address.into(),
                    prefix_length,
                })
                .collect(),
        ),
        received: traffic(sketch.received, dropped),
        sent: traffic(sketch.sent, Flow::default()),
    }
}

pub(super) fn sockets(moment: Moment) -> Sockets {
    let count = |name: &str, seconds: f64, lowest: f64, highest: f64| {
        moment.between(name, seconds, lowest, highest).round() as u64
    };
    let tcp = TcpStates {
        established: count("established", 40.0, 410.0, 520.0),
        syn_sent: count("syn sent", 4.0, 0.0, 2.0),
        syn_received: 0,
        fin_wait_1: count("fin wait 1", 5.0, 0.0, 1.0),
        fin_wait_2: count("fin wait 2", 9.0, 0.0, 6.0),
        time_wait: count("time wait", 20.0, 30.0, 140.0),
        close: 0,
        close_wait: count("close wait", 300.0, 11.0, 15.0),
        last_ack: count("last ack", 5.0, 0.0, 1.0),
        listen: 46,
        closing: 0,
    };
    let in_use = tcp.established + tcp.close_wait + tcp.fin_wait_2 + tcp.listen;
    Sockets {
        tcp: Reading::Present(tcp),
        tcp_in_use: Reading::Present(in_use),
        tcp_orphaned: Reading::Present(tcp.fin_wait_1 + tcp.last_ack),
        tcp_time_wait: Reading::Present(tcp.time_wait),
        tcp_memory_bytes: Reading::Present(Bytes(count("tcp pages", 8.0, 900.0, 5200.0) * 4096)),
        udp_in_use: Reading::Present(count("udp", 120.0, 21.0, 26.0)),
    }
}
