//! Interfaces of machines that are made by the test.

#![allow(clippy::disallowed_methods, reason = "how long a run takes is measured in real time")]

use std::fmt::Write as _;
use std::time::Duration;

use smonitor::clock::Clock;
use smonitor::host::Source as _;
use smonitor::model::network::{INTERFACES_MAX, InterfaceKind, LinkState};
use smonitor::model::{Bytes, BytesPerSecond, PerSecond, Reading, Reason};

use super::{LIFE, NetworkSource, names, network, row};
use crate::host_machine::Machine;

const TICK: Duration = Duration::from_secs(2);

/// `net/dev` of interfaces that received this many bytes and sent half of it.
fn write_dev(machine: &Machine, interfaces: &[(&str, u64)]) {
    let mut text = "Inter-| Receive\n face |bytes\n".to_owned();
    for (name, bytes) in interfaces {
        let sent = bytes / 2;
        writeln!(text, "{name:>6}: {bytes} 10 1 0 0 0 0 0 {sent} 5 0 0 0 0 0 0").unwrap();
    }
    machine.write("proc/net/dev", text);
}

fn write_card(machine: &Machine, name: &str, index: u32) {
    write_virtual(machine, name, index, index);
    machine.write(&format!("sys/class/net/{name}/device/uevent"), "DRIVER=e1000e\n");
}

fn write_virtual(machine: &Machine, name: &str, index: u32, below: u32) {
    let write = |file: &str, text: String| {
        machine.write(&format!("sys/class/net/{name}/{file}"), text + "\n");
    };
    write("type", "1".to_owned());
    write("flags", "0x1003".to_owned());
    write("ifindex", index.to_string());
    write("iflink", below.to_string());
    write("uevent", format!("INTERFACE={name}\nIFINDEX={index}"));
    write("address", format!("52:54:00:00:{:02x}:{:02x}", index >> 8, index & 255));
    write("operstate", "up".to_owned());
    write("mtu", "1500".to_owned());
    write("speed", "1000".to_owned());
    write("duplex", "full".to_owned());
}

fn two_cards() -> (Machine, NetworkSource) {
    let machine = Machine::empty();
    write_card(&machine, "eno1", 2);
    write_card(&machine, "eno2", 3);
    write_dev(&machine, &[("eno1", 1000), ("eno2", 500)]);
    let source = NetworkSource::new(machine.context());
    (machine, source)
}

#[test]
fn totals_are_over_real_ones_and_a_reset_is_measured_anew() {
    let (machine, mut source) = two_cards();
    let first = network(&mut source);
    assert_eq!(first.received_bytes_per_second, Reading::absent(Reason::Measuring));
    assert_eq!((first.received_bytes_total, first.sent_bytes_total), (Bytes(1500), Bytes(750)));
    machine.pass(TICK);
    write_dev(&machine, &[("eno1", 3000), ("eno2", 100)]);
    let second = network(&mut source);
    let received = row(&second, "eno1").received;
    assert_eq!(received.bytes_per_second, Reading::Present(BytesPerSecond(1000)));
    assert_eq!(received.packets_per_second, Reading::Present(PerSecond(0.0)));
    assert_eq!(row(&second, "eno2").received.bytes_per_second.reason(), Some(Reason::Measuring));
    assert_eq!(second.received_bytes_per_second, Reading::Present(BytesPerSecond(1000)));
    machine.pass(TICK);
    write_dev(&machine, &[("eno1", 3000), ("eno2", 200)]);
    let third = network(&mut source);
    assert_eq!(third.received_bytes_per_second, Reading::Present(BytesPerSecond(50)));
    // After a pause a rate would be an average over it.
    machine.pass(machine.context().rate_window + TICK);
    let late = network(&mut source);
    assert_eq!(late.received_bytes_per_second, Reading::absent(Reason::Measuring));
}

#[test]
fn a_counter_of_32_bits_wraps_on_a_board_and_nowhere_else() {
    for (machine_name, wanted) in [
        ("armv7l", Reading::Present(BytesPerSecond(1500))),
        ("aarch64", Reading::absent(Reason::Measuring)),
    ] {
        let (machine, _) = two_cards();
        machine.write("proc/sys/kernel/arch", format!("{machine_name}\n"));
        let mut source = NetworkSource::new(machine.context());
        write_dev(&machine, &[("eno1", u64::from(u32::MAX) - 999), ("eno2", 0)]);
        network(&mut source);
        machine.pass(TICK);
        write_dev(&machine, &[("eno1", 2000), ("eno2", 0)]);
        let second = network(&mut source);
        assert_eq!(row(&second, "eno1").received.bytes_per_second, wanted, "{machine_name}");
    }
}

#[test]
fn an_interface_that_was_replaced_starts_anew() {
    let (machine, mut source) = two_cards();
    network(&mut source);
    machine.pass(TICK);
    // Another one of the same name, which has counted more than the one before.
    machine.remove("sys/class/net/eno2");
    write_virtual(&machine, "eno2", 9, 10);
    write_dev(&machine, &[("eno1", 2000), ("eno2", 9000)]);
    let second = network(&mut source);
    let replaced = row(&second, "eno2");
    assert_eq!(replaced.received.bytes_per_second, Reading::absent(Reason::Measuring));
    assert_eq!(replaced.mac_address, Reading::Present("52:54:00:00:00:09".into()));
    assert_eq!((replaced.kind, replaced.real), (InterfaceKind::Pair, false));
    assert_eq!(second.received_bytes_total, Bytes(2000));
    assert_eq!(
        row(&second, "eno1").received.bytes_per_second,
        Reading::Present(BytesPerSecond(500))
    );
}

#[test]
fn interfaces_come_and_go() {
    let (machine, mut source) = two_cards();
    assert_eq!(names(&network(&mut source)), ["eno1", "eno2"]);
    machine.pass(TICK);
    write_card(&machine, "eno10", 11);
    machine.remove("sys/class/net/eno1");
    write_dev(&machine, &[("eno2", 600), ("eno10", 7)]);
    machine.write("addresses", "eno10 10.0.0.7/8\n");
    let second = network(&mut source);
    assert_eq!(names(&second), ["eno2", "eno10"]);
    assert_eq!(row(&second, "eno10").mac_address, Reading::Present("52:54:00:00:00:0b".into()));
    assert_eq!(row(&second, "eno10").addresses.present().unwrap().len(), 1, "read at once");
    assert_eq!(second.received_bytes_per_second, Reading::Present(BytesPerSecond(50)));
    machine.pass(TICK);
    machine.remove("sys/class/net/eno2");
    machine.remove("sys/class/net/eno10");
    write_dev(&machine, &[]);
    let none = network(&mut source);
    assert_eq!(names(&none), [""; 0]);
    assert_eq!(none.received_bytes_per_second, Reading::absent(Reason::NotSupported));
    assert_eq!(none.primary, Reading::absent(Reason::NotSupported));
}

#[test]
fn attributes_and_addresses_are_read_every_ten_seconds() {
    let (machine, mut source) = two_cards();
    machine.write("addresses", "eno2 192.168.1.2/24\n");
    assert_eq!(network(&mut source).primary.present().unwrap().address.as_str(), "192.168.1.2");
    machine.write("sys/class/net/eno2/operstate", "down\n");
    machine.write("sys/class/net/eno2/speed", "-1\n");
    machine.write("addresses", "eno1 10.1.1.1/8\neno2 192.168.1.2/24\n");
    machine.pass(LIFE - Duration::from_secs(1));
    let before = network(&mut source);
    assert_eq!(row(&before, "eno2").state, LinkState::Up);
    assert_eq!(before.primary.present().unwrap().address.as_str(), "192.168.1.2");
    machine.pass(Duration::from_secs(1));
    let after = network(&mut source);
    assert_eq!(row(&after, "eno2").state, LinkState::Down);
    assert_eq!(row(&after, "eno2").speed_bits_per_second, Reading::absent(Reason::NotSupported));
    let primary = after.primary.present().unwrap();
    assert_eq!((primary.interface.as_str(), primary.address.as_str()), ("eno1", "10.1.1.1"));
    // One that is down is not known by its address.
    machine.write("sys/class/net/eno1/operstate", "down\n");
    machine.pass(LIFE);
    assert_eq!(network(&mut source).primary, Reading::absent(Reason::NotSupported));
}

#[test]
fn the_way_out_decides_between_two_addresses() {
    let (machine, mut source) = two_cards();
    machine.write("addresses", "eno1 10.1.0.1/16\neno2 10.2.0.1/16\n");
    let heading = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n";
    let route = format!("{heading}eno2\t00000000\t0100020A\t0003\t0\t0\t100\t00000000\n");
    machine.write("proc/net/route", route);
    assert_eq!(network(&mut source).primary.present().unwrap().address.as_str(), "10.2.0.1");
    machine.write("proc/net/route", format!("{heading}rubbish\n"));
    machine.pass(LIFE);
    assert_eq!(network(&mut source).primary.present().unwrap().address.as_str(), "10.1.0.1");
}

#[test]
fn sysfs_of_another_namespace_is_not_believed() {
    // A container with the host's /sys: its eth0 is not the host's.
    let machine = Machine::empty();
    write_card(&machine, "eth0", 2);
    write_card(&machine, "eth1", 3);
    write_dev(&machine, &[("eth0", 1000)]);
    let mut source = NetworkSource::new(machine.context());
    let foreign = network(&mut source);
    let eth0 = row(&foreign, "eth0");
    assert_eq!(eth0.mac_address, Reading::absent(Reason::NotSupported));
    assert_eq!((eth0.kind, eth0.real), (InterfaceKind::Virtual, false));
    assert_eq!(eth0.received.bytes_total, Bytes(1000));
    let what: Vec<_> = source.findings().iter().map(|finding| finding.what.to_string()).collect();
    assert_eq!(what, ["sys/class/net"]);
}

#[test]
fn an_interface_between_the_two_lists_does_not_spoil_the_others() {
    let (machine, mut source) = two_cards();
    network(&mut source);
    machine.pass(TICK);
    // It is in the one and not yet in the other.
    write_card(&machine, "eno3", 4);
    write_dev(&machine, &[("eno1", 3000), ("eno2", 500)]);
    let second = network(&mut source);
    assert_eq!(
        row(&second, "eno1").received.bytes_per_second,
        Reading::Present(BytesPerSecond(1000))
    );
    assert!(row(&second, "eno1").mac_address.present().is_some());
    assert_eq!(source.findings(), []);
}

#[test]
fn without_the_one_file_there_is_nothing() {
    let (machine, mut source) = two_cards();
    machine.remove("proc/net/dev");
    assert_eq!(source.collect(), Err(Reason::NotSupported));
    machine.write("proc/net/dev", "a\nb\neno1: x\n");
    assert_eq!(source.collect(), Err(Reason::Malformed));
}

#[test]
fn two_thousand_interfaces() {
    let machine = Machine::empty();
    let names: Vec<String> = (0..2000).map(|number| format!("veth{number}")).collect();
    for (name, index) in names.iter().zip(10..) {
        write_virtual(&machine, name, index, index + 1);
    }
    write_card(&machine, "wlo1", 2);
    let mut interfaces: Vec<(&str, u64)> =
        names.iter().map(|name| (name.as_str(), 1 << 40)).collect();
    interfaces.push(("wlo1", 77));
    write_dev(&machine, &interfaces);
    let mut source = NetworkSource::new(machine.context());
    let begun = Clock::system();
    let first = network(&mut source);
    let first_took = begun.monotonic();
    assert_eq!(first.interfaces.len(), INTERFACES_MAX);
    assert_eq!(first.left_out, 2001 - INTERFACES_MAX as u64);
    assert_eq!(super::names(&first)[..3], ["wlo1", "veth0", "veth1"]);
    assert_eq!(first.received_bytes_total, Bytes(77));
    let took = |ticks: u32, source: &mut NetworkSource| {
        let begun = Clock::system();
        for _ in 0..ticks {
            machine.pass(TICK);
            network(source);
        }
        begun.monotonic() / ticks
    };
    let tick = took(5, &mut source);
    println!("2,000 interfaces: the first tick {first_took:.1?}, each of the others {tick:.1?}");
    // Every one with a row gets its turn: the last of them within so many ticks.
    machine.write(&format!("sys/class/net/{}/mtu", super::names(&first)[511]), "9000\n");
    took(25, &mut source);
    let last = &network(&mut source).interfaces[511];
    assert_eq!(last.mtu_bytes, Reading::Present(Bytes(9000)));
}
