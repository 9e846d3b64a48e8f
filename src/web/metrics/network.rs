//! Network interfaces and sockets.

use super::Known;
use super::text::{Page, Sample};
use crate::model::network::{Interface, InterfaceKind, LinkState, TcpStates};

pub(super) const ORIGIN: &str = "section `network`: `net/dev` and the interfaces' own files; section \
     `sockets`: `net/sockstat`, `net/sockstat6`, `net/tcp`, `net/tcp6`";

metrics! {
    RECEIVED_BYTES: Counter "node_network_receive_bytes_total", ["device"], "Received.";
    RECEIVED_PACKETS: Counter "node_network_receive_packets_total", ["device"], "Packets received.";
    RECEIVED_ERRORS: Counter "node_network_receive_errs_total", ["device"],
        "Packets received with errors.";
    RECEIVED_DROPS: Counter "node_network_receive_drop_total", ["device"],
        "Packets that came and were dropped.";
    SENT_BYTES: Counter "node_network_transmit_bytes_total", ["device"], "Sent.";
    SENT_PACKETS: Counter "node_network_transmit_packets_total", ["device"], "Packets sent.";
    SENT_ERRORS: Counter "node_network_transmit_errs_total", ["device"],
        "Packets that could not be sent for errors.";
    SENT_DROPS: Counter "node_network_transmit_drop_total", ["device"],
        "Packets that were to be sent and were dropped.";
    UP: Gauge "node_network_up", ["device"], "Whether the link is up.";
    SPEED: Gauge "node_network_speed_bytes", ["device"], "Speed of the link in bytes per second.";
    MTU: Gauge "node_network_mtu_bytes", ["device"], "Largest packet.";
    INFO: Gauge "smonitor_network_info", ["device", "kind", "real"],
        "1, with what the interface is; real are those that carry the machine's own traffic to others.";
    TCP_STATES: Gauge "node_tcp_connection_states", ["state"], "TCP sockets in each state.";
    TCP_ORPHANS: Gauge "node_sockstat_TCP_orphan", [], "TCP sockets that no process holds any more.";
    TCP_TIME_WAIT: Gauge "node_sockstat_TCP_tw", [], "TCP connections that wait for late packets.";
    TCP_MEMORY: Gauge "node_sockstat_TCP_mem_bytes", [], "Memory of TCP buffers.";
    TCP_IN_USE: Gauge "smonitor_tcp_sockets_in_use", [], "TCP sockets in use, IPv4 and IPv6.";
    UDP_IN_USE: Gauge "smonitor_udp_sockets_in_use", [], "UDP sockets in use, IPv4 and IPv6.";
}

pub(super) fn write(page: &mut Page, known: Known<'_>) {
    if let Some(network) = known.fresh(&known.snapshot.network) {
        interfaces(page, &network.interfaces);
    }
    let Some(sockets) = known.fresh(&known.snapshot.sockets) else { return };
    page.family(&TCP_STATES, |samples| {
        if let Some(states) = sockets.tcp.present() {
            for (state, count) in by_state(states) {
                samples.add(&[state], count);
            }
        }
    });
    page.single(&TCP_ORPHANS, sockets.tcp_orphaned);
    page.single(&TCP_TIME_WAIT, sockets.tcp_time_wait);
    page.single(&TCP_MEMORY, sockets.tcp_memory_bytes);
    page.single(&TCP_IN_USE, sockets.tcp_in_use);
    page.single(&UDP_IN_USE, sockets.udp_in_use);
}

fn interfaces(page: &mut Page, interfaces: &[Interface]) {
    family(page, &RECEIVED_BYTES, interfaces, |one| one.received.bytes_total);
    family(page, &RECEIVED_PACKETS, interfaces, |one| one.received.packets_total);
    family(page, &RECEIVED_ERRORS, interfaces, |one| one.received.errors_total);
    family(page, &RECEIVED_DROPS, interfaces, |one| one.received.dropped_total);
    family(page, &SENT_BYTES, interfaces, |one| one.sent.bytes_total);
    family(page, &SENT_PACKETS, interfaces, |one| one.sent.packets_total);
    family(page, &SENT_ERRORS, interfaces, |one| one.sent.errors_total);
    family(page, &SENT_DROPS, interfaces, |one| one.sent.dropped_total);
    family(page, &UP, interfaces, |one| one.state == LinkState::Up);
    family(page, &SPEED, interfaces, |one| one.speed_bits_per_second);
    family(page, &MTU, interfaces, |one| one.mtu_bytes);
    page.family(&INFO, |samples| {
        for one in interfaces {
            let real = if one.real { "true" } else { "false" };
            samples.add(&[&one.key, kind(one.kind), real], true);
        }
    });
}

fn family<V: Sample>(
    page: &mut Page,
    metric: &'static super::Metric,
    interfaces: &[Interface],
    pick: impl Fn(&Interface) -> V,
) {
    page.family(metric, |samples| {
        for interface in interfaces {
            samples.add(&[&interface.key], pick(interface));
        }
    });
}

/// The states as node_exporter spells them.
fn by_state(states: &TcpStates) -> [(&'static str, u64); 11] {
    [
        ("established", states.established),
        ("syn_sent", states.syn_sent),
        ("syn_recv", states.syn_received),
        ("fin_wait1", states.fin_wait_1),
        ("fin_wait2", states.fin_wait_2),
        ("time_wait", states.time_wait),
        ("close", states.close),
        ("close_wait", states.close_wait),
        ("last_ack", states.last_ack),
        ("listen", states.listen),
        ("closing", states.closing),
    ]
}

fn kind(kind: InterfaceKind) -> &'static str {
    match kind {
        InterfaceKind::Card => "card",
        InterfaceKind::Wireless => "wireless",
        InterfaceKind::Infiniband => "infiniband",
        InterfaceKind::Bond => "bond",
        InterfaceKind::Vlan => "vlan",
        InterfaceKind::Bridge => "bridge",
        InterfaceKind::Pair => "pair",
        InterfaceKind::Tunnel => "tunnel",
        InterfaceKind::Loopback => "loopback",
        InterfaceKind::Virtual => "virtual",
    }
}
