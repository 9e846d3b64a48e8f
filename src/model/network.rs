//! Network interfaces and sockets. Sources: `/proc/net/dev`, `/sys/class/net`, `/proc/net/sockstat`,
//! `/proc/net/tcp`, and the kernel's list of addresses (getifaddrs(3)).

use serde::{Deserialize, Serialize};

use super::{BitsPerSecond, Bytes, BytesPerSecond, PerSecond, Reading, Text};

/// The most interfaces that are kept; real ones first.
pub const INTERFACES_MAX: usize = 512;

/// All interfaces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Network {
    /// Real ones first, then by name as people count.
    pub interfaces: Vec<Interface>,
    /// Interfaces beyond [`INTERFACES_MAX`], which have no row.
    pub left_out: u64,
    /// The address the machine is known by. Absent (`not_supported`) if no real interface has one.
    pub primary: Reading<PrimaryAddress>,
    /// Received by all real interfaces together.
    pub received_bytes_per_second: Reading<BytesPerSecond>,
    /// Sent by all real interfaces together.
    pub sent_bytes_per_second: Reading<BytesPerSecond>,
    /// Received by all real interfaces since boot.
    pub received_bytes_total: Bytes,
    /// Sent by all real interfaces since boot.
    pub sent_bytes_total: Bytes,
}

/// The address a machine is known by: of real interfaces that are up, a private IPv4 address first
/// (10/8, then 172.16/12, then 192.168/16), then any other IPv4, then a global IPv6 address; within
/// each the interface of the default route first, then the order of the rows. Link-local addresses
/// are none to be known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct PrimaryAddress {
    /// Which interface.
    pub interface: Text,
    /// The address, without a prefix length.
    pub address: Text,
    /// Hardware address, `aa:bb:cc:dd:ee:ff`.
    pub mac_address: Reading<Text>,
}

/// One interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Interface {
    /// Identity of the row: the interface's name.
    pub key: Text,
    /// What it is.
    pub kind: InterfaceKind,
    /// Whether it carries the machine's own traffic to others; see [`InterfaceKind`]. Totals are
    /// over these only, so that a packet through bridge and card counts once.
    pub real: bool,
    /// Whether it works (`operstate`, RFC 2863).
    pub state: LinkState,
    /// Hardware address, `aa:bb:cc:dd:ee:ff`.
    pub mac_address: Reading<Text>,
    /// Largest packet in bytes (`mtu`).
    pub mtu_bytes: Reading<Bytes>,
    /// Speed of the link. Absent where the driver does not know (virtual cards, link down).
    pub speed_bits_per_second: Reading<BitsPerSecond>,
    /// Whether both sides may send at once (`duplex`).
    pub full_duplex: Reading<bool>,
    /// All addresses, IPv4 first. At most 64.
    pub addresses: Reading<Vec<InterfaceAddress>>,
    /// What came in.
    pub received: Traffic,
    /// What went out.
    pub sent: Traffic,
}

/// An address of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct InterfaceAddress {
    /// IPv4 or IPv6.
    pub address: Text,
    /// Bits of the network, 0–32 or 0–128.
    pub prefix_length: u8,
}

/// One direction of an interface's traffic. Source: `/proc/net/dev`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Traffic {
    /// Since the interface appeared.
    pub bytes_total: Bytes,
    /// Since the interface appeared.
    pub packets_total: u64,
    /// Packets with errors, since the interface appeared.
    pub errors_total: u64,
    /// Packets dropped for want of room, since the interface appeared.
    pub dropped_total: u64,
    /// Over the time since the last sample.
    pub bytes_per_second: Reading<BytesPerSecond>,
    /// Over the time since the last sample.
    pub packets_per_second: Reading<PerSecond>,
    /// Over the time since the last sample.
    pub errors_per_second: Reading<PerSecond>,
    /// Over the time since the last sample.
    pub dropped_per_second: Reading<PerSecond>,
}

/// What an interface is, by what the kernel says of it and never by its name.
///
/// *Real* are those with a device below them (`/sys/class/net/<name>/device`: cards, the
/// hypervisor's cards, USB, wireless) that are not themselves below a bond, a team or another such
/// card (a cloud's fast path) nor a port of a switch chip, and bonds and teams that have such
/// members. On a machine without any (a container) real are the ends of pairs (`veth`), `macvlan`,
/// `ipvlan` and VLANs that have an address; where there are none of these either (a container that
/// nobody set up as root) taps that have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum InterfaceKind {
    /// A card: it has a device below it.
    Card,
    /// A card without wires (`phy80211` or `wireless`).
    Wireless,
    /// InfiniBand (type 32 of `if_arp.h`).
    Infiniband,
    /// Several cards as one: bond or team.
    Bond,
    /// A VLAN on top of another interface.
    Vlan,
    /// A bridge.
    Bridge,
    /// One end of a pair (`veth`), usually of a container. In a container a macvlan or ipvlan looks
    /// the same, because what it stands on is outside.
    Pair,
    /// A tunnel: tun, tap, WireGuard, VXLAN, GRE, IP in IP, PPP.
    Tunnel,
    /// The loopback.
    Loopback,
    /// Any other that has no device below it (`dummy`, `ifb`, macvlan …).
    Virtual,
}

/// Whether a link works (`operstate`, RFC 2863 IfOperStatus).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Ready to carry packets.
    Up,
    /// Not connected, or switched off.
    Down,
    /// Waits for what is below it.
    LowerLayerDown,
    /// Waits for something outside (a cable, authentication).
    Dormant,
    /// In some test mode.
    Testing,
    /// The driver does not say (loopback, tunnels): carries packets if it is switched on.
    Unknown,
}

/// Sockets of this network namespace. Source: `/proc/net/sockstat`, `/proc/net/tcp`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Sockets {
    /// TCP sockets by state, IPv4 and IPv6. Absent (`out_of_resources`) with so many sockets that
    /// walking over them would cost too much.
    pub tcp: Reading<TcpStates>,
    /// TCP sockets in use (`TCP: inuse` of sockstat and sockstat6).
    pub tcp_in_use: Reading<u64>,
    /// TCP sockets that no process holds any more (`orphan`).
    pub tcp_orphaned: Reading<u64>,
    /// TCP connections that wait for late packets (`tw`).
    pub tcp_time_wait: Reading<u64>,
    /// Memory of TCP buffers (`mem`, pages × page size).
    pub tcp_memory_bytes: Reading<Bytes>,
    /// UDP sockets in use, IPv4 and IPv6.
    pub udp_in_use: Reading<u64>,
}

/// Number of TCP sockets in each state (`net/tcp_states.h`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct TcpStates {
    /// State 1.
    pub established: u64,
    /// State 2.
    pub syn_sent: u64,
    /// States 3 and 12 (`NEW_SYN_RECV`).
    pub syn_received: u64,
    /// State 4.
    pub fin_wait_1: u64,
    /// State 5.
    pub fin_wait_2: u64,
    /// State 6.
    pub time_wait: u64,
    /// State 7.
    pub close: u64,
    /// State 8.
    pub close_wait: u64,
    /// State 9.
    pub last_ack: u64,
    /// State 10.
    pub listen: u64,
    /// State 11.
    pub closing: u64,
}
