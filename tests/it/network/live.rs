//! Network and sockets of this very machine, and of a namespace made for the test, in which nobody
//! else moves anything.
//!
//! A source reads the namespace its process is in. So the test runs itself again, in a new one.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "these tests make the interfaces they look at and let real time pass"
)]

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;
use smonitor::host::Source as _;
use smonitor::host::sockets::SocketsSource;
use smonitor::model::network::{InterfaceKind, LinkState};
use smonitor::model::{Reading, Reason};

use super::{NetworkSource, live_context, names, network, row, sockets};

/// Set in the process that is inside.
const INSIDE: &str = "SMONITOR_TEST_INSIDE_NAMESPACE";

const MEBIBYTES: u64 = 64;

/// Sends so much over the loopback.
fn transfer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let sender = std::thread::spawn(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let block = vec![7; 1 << 20];
        (0..MEBIBYTES).for_each(|_| stream.write_all(&block).unwrap());
    });
    let mut received = 0;
    let mut stream = listener.accept().unwrap().0;
    let mut block = vec![0; 1 << 20];
    loop {
        match stream.read(&mut block).unwrap() {
            0 => break,
            length => received += length as u64,
        }
    }
    sender.join().unwrap();
    assert_eq!(received, MEBIBYTES << 20);
}

/// How much the loopback counts for a transfer.
fn counted() -> u64 {
    let mut source = NetworkSource::new(live_context());
    let before = row(&network(&mut source), "lo").received.bytes_total.0;
    transfer();
    sleep(Duration::from_millis(20));
    let after = network(&mut source);
    let lo = row(&after, "lo");
    assert_eq!((lo.kind, lo.real), (InterfaceKind::Loopback, false));
    assert!(lo.received.bytes_per_second.present().unwrap().0 > 0);
    lo.received.bytes_total.0 - before
}

#[test]
fn a_transfer_raises_the_loopbacks_counter_by_its_size() {
    let counted = counted();
    // Others use this loopback as well; in the namespace below nobody does.
    assert!(counted >= MEBIBYTES << 20, "{counted}");
}

#[test]
fn this_machine_has_what_its_folder_has() {
    let mut source = NetworkSource::new(live_context());
    let ours = network(&mut source);
    assert_eq!(source.findings(), []);
    for interface in &ours.interfaces {
        let folder = std::path::Path::new("/sys/class/net").join(interface.key.as_str());
        // It may have gone meanwhile: others make interfaces too.
        let Ok(mtu) = std::fs::read_to_string(folder.join("mtu")) else { continue };
        assert_eq!(interface.mtu_bytes.present().unwrap().0.to_string(), mtu.trim());
        let is_card = matches!(
            interface.kind,
            InterfaceKind::Card | InterfaceKind::Wireless | InterfaceKind::Infiniband
        );
        assert_eq!(folder.join("device").exists(), is_card, "{}", interface.key);
    }
    assert!(row(&ours, "lo").addresses.present().is_some());
}

struct Namespace(String);

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.0]).status();
    }
}

/// Runs ip(8); what it says if it fails.
fn ip(arguments: &str) -> Result<(), String> {
    let output = Command::new("ip").args(arguments.split(' ')).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(error) }
}

#[test]
fn a_namespace_of_our_own() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    if Command::new("ip").arg("-V").output().is_err() {
        return println!("skipped: there is no ip(8) here (iproute2)");
    }
    let name = format!("smonitor-test-{}", std::process::id());
    if let Err(error) = ip(&format!("netns add {name}")) {
        return println!("skipped: no namespace can be made here: {error}");
    }
    let namespace = Namespace(name);
    let this = "network::live::a_namespace_of_our_own";
    let output = Command::new("ip")
        .args(["netns", "exec", &namespace.0])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", this, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

/// Everything that is done where nobody else is.
fn inside() {
    ip("link set lo up").unwrap();
    let counted = counted();
    let sent = MEBIBYTES << 20;
    println!("the loopback counted {counted} for {sent} bytes");
    assert!((sent..sent + sent / 20).contains(&counted), "{counted}");
    tcp_states_are_those_of_ss();
    kinds_are_what_the_rule_says();
    interfaces_come_and_go();
}

/// What every command makes: kind, and whether it is real where there is no card.
const MADE: [(&str, &str, InterfaceKind, bool); 13] = [
    ("link add v0 type veth peer name v1", "v0", InterfaceKind::Pair, true),
    ("link add d0 type dummy", "d0", InterfaceKind::Virtual, false),
    ("link add eth7 type dummy", "eth7", InterfaceKind::Virtual, false),
    ("link add wlo1 type bridge", "wlo1", InterfaceKind::Bridge, false),
    ("link add b0 type bond", "b0", InterfaceKind::Bond, false),
    ("link add link v0 name v0.5 type vlan id 5", "v0.5", InterfaceKind::Vlan, true),
    ("link add link v0 name mv0 type macvlan mode bridge", "mv0", InterfaceKind::Virtual, true),
    ("link add vx0 type vxlan id 5 dev v0 dstport 4789", "vx0", InterfaceKind::Tunnel, false),
    ("link add wg0 type wireguard", "wg0", InterfaceKind::Tunnel, false),
    ("link add ifb7 type ifb", "ifb7", InterfaceKind::Virtual, false),
    ("tuntap add dev enp0s3 mode tun", "enp0s3", InterfaceKind::Tunnel, false),
    ("tuntap add dev tap0 mode tap", "tap0", InterfaceKind::Tunnel, false),
    (
        "link add gre7 type gretap local 10.9.9.1 remote 10.9.9.2",
        "gre7",
        InterfaceKind::Tunnel,
        false,
    ),
];

fn kinds_are_what_the_rule_says() {
    let mut made = Vec::new();
    for (number, (command, name, kind, real)) in MADE.into_iter().enumerate() {
        if let Err(error) = ip(command) {
            println!("skipped: this kernel makes no such interface ({command}): {}", error.trim());
            continue;
        }
        ip(&format!("addr add 10.50.{number}.1/24 dev {name}")).unwrap();
        ip(&format!("addr add 2001:db8:{number}::1/64 dev {name}")).unwrap();
        ip(&format!("link set {name} up")).unwrap();
        made.push((name, kind, real));
    }
    assert!(made.len() >= 4, "a kernel that makes nothing");
    ip("link set v1 up").unwrap();
    // The kernel looks at links once in a while.
    sleep(Duration::from_millis(100));
    let mut source = NetworkSource::new(live_context());
    let all = network(&mut source);
    assert_eq!(source.findings(), []);
    for (name, kind, real) in &made {
        let interface = row(&all, name);
        assert_eq!((interface.kind, interface.real), (*kind, *real), "{name}");
    }
    println!("kinds are right: {:?}", made.iter().map(|(name, ..)| name).collect::<Vec<_>>());
    // The other end has no address, so it is no way out.
    assert!(!row(&all, "v1").real);
    let first = all.interfaces.iter().find(|one| one.real && one.state == LinkState::Up).unwrap();
    assert_eq!(all.primary.present().unwrap().interface, first.key);
    addresses_are_those_of_ip();
}

fn addresses_are_those_of_ip() {
    let output = Command::new("ip").args(["-j", "addr"]).output().unwrap();
    let Value::Array(theirs) = serde_json::from_slice(&output.stdout).unwrap() else {
        panic!("not a list")
    };
    let ours = network(&mut NetworkSource::new(live_context()));
    assert_eq!(ours.interfaces.len(), theirs.len());
    for interface in &theirs {
        let mine = row(&ours, interface["ifname"].as_str().unwrap());
        let theirs: BTreeMap<String, u64> = interface["addr_info"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                (one["local"].as_str().unwrap().to_owned(), one["prefixlen"].as_u64().unwrap())
            })
            .collect();
        let list = mine.addresses.present().unwrap();
        let mine_list: BTreeMap<String, u64> = list
            .iter()
            .map(|one| (one.address.to_string(), u64::from(one.prefix_length)))
            .collect();
        assert_eq!(mine_list, theirs, "{}", mine.key);
        let is_six: Vec<bool> = list.iter().map(|one| one.address.contains(':')).collect();
        assert!(is_six.is_sorted(), "IPv4 first: {list:?}");
        assert_eq!(mine.mtu_bytes.present().unwrap().0, interface["mtu"].as_u64().unwrap());
        let state = match interface["operstate"].as_str().unwrap() {
            "UP" => LinkState::Up,
            "DOWN" => LinkState::Down,
            "LOWERLAYERDOWN" => LinkState::LowerLayerDown,
            "UNKNOWN" => LinkState::Unknown,
            other => panic!("{other}"),
        };
        assert_eq!(mine.state, state, "{}", mine.key);
        if let Reading::Present(address) = &mine.mac_address {
            assert_eq!(interface["address"], address.as_str());
        }
    }
    println!("addresses of {} interfaces are those of ip(8)", theirs.len());
}

fn interfaces_come_and_go() {
    let mut source = NetworkSource::new(live_context());
    network(&mut source);
    ip("link add come type veth peer name go").unwrap();
    ip("addr add 10.77.0.1/24 dev come").unwrap();
    ip("link set come up").unwrap();
    ip("link set go up").unwrap();
    sleep(Duration::from_millis(20));
    let with = network(&mut source);
    assert_eq!(row(&with, "come").received.bytes_per_second, Reading::absent(Reason::Measuring));
    assert_eq!(row(&with, "come").addresses.present().unwrap()[0].address.as_str(), "10.77.0.1");
    sleep(Duration::from_millis(20));
    assert!(row(&network(&mut source), "come").received.bytes_per_second.present().is_some());
    // Another one of the same name between two looks.
    ip("link del come").unwrap();
    ip("link add come type bridge").unwrap();
    sleep(Duration::from_millis(20));
    let other = network(&mut source);
    assert_eq!(row(&other, "come").kind, InterfaceKind::Bridge);
    assert_eq!(row(&other, "come").received.bytes_per_second, Reading::absent(Reason::Measuring));
    assert!(!names(&other).contains(&"go"));
    ip("link del come").unwrap();
    assert!(!names(&network(&mut source)).contains(&"come"));
    // Many times, while it is read: nothing is lost of the others.
    let churn = std::thread::spawn(|| {
        for _ in 0..100 {
            ip("link add churn type veth peer name nruhc").unwrap();
            ip("link del churn").unwrap();
        }
    });
    let mut rounds = 0;
    while !churn.is_finished() {
        sleep(Duration::from_millis(1));
        let all = network(&mut source);
        assert!(row(&all, "lo").received.bytes_per_second.present().is_some());
        assert!(row(&all, "v0").mac_address.present().is_some());
        assert_eq!(source.findings(), []);
        rounds += 1;
    }
    churn.join().unwrap();
    println!("an interface came and went 100 times during {rounds} looks");
}

fn tcp_states_are_those_of_ss() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let pair = || {
        let ours = TcpStream::connect(address).unwrap();
        (ours, listener.accept().unwrap().0)
    };
    let established: Vec<_> = (0..7).map(|_| pair()).collect();
    // One end is closed: close_wait here, fin_wait_2 there.
    let waiting: Vec<TcpStream> = (0..5).map(|_| pair().1).collect();
    for _ in 0..3 {
        let (ours, mut theirs) = pair();
        drop(ours);
        assert_eq!(theirs.read(&mut [0]).unwrap(), 0, "the other end is closed");
    }
    let second = TcpListener::bind("[::1]:0");
    sleep(Duration::from_millis(50));
    let ours = sockets(SocketsSource::new(live_context()).collect());
    let states = *ours.tcp.present().unwrap();
    let listening = 1 + u64::from(second.is_ok());
    assert_eq!(states.listen, listening);
    assert_eq!((states.established, states.close_wait), (14, 5));
    assert_eq!(states.fin_wait_2, 5);
    // Those of the transfer before may still be there.
    assert!(states.time_wait >= 3);
    let Ok(output) = Command::new("ss").arg("-Htan").output() else {
        return println!("skipped: there is no ss(8) here (iproute2)");
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let count = |word: &str| {
        text.lines().filter(|line| line.split_whitespace().next() == Some(word)).count() as u64
    };
    assert_eq!(states.listen, count("LISTEN"));
    assert_eq!(states.established, count("ESTAB"));
    assert_eq!(states.close_wait, count("CLOSE-WAIT"));
    assert_eq!(states.fin_wait_2, count("FIN-WAIT-2"));
    assert_eq!(states.time_wait, count("TIME-WAIT"));
    println!("TCP states are those of ss(8): {states:?}");
    drop((established, waiting, second));
}
