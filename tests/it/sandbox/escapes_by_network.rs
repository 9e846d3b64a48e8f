//! Ways to connect to other machines.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener, UnixStream};

use rustix::io::Errno;
use rustix::net::{AddressFamily, Protocol, SendFlags, SocketFlags, SocketType, netlink};

use super::{assert_refused, has_all_guards, inside, on_a_thread, settings};
use smonitor::sandbox::{Network, Settings};

fn socket(family: AddressFamily, kind: SocketType, protocol: Option<Protocol>) -> io::Result<()> {
    rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, protocol)?;
    Ok(())
}

#[test]
fn no_socket_to_other_machines_is_opened() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    type Attempt = Box<dyn Fn() -> io::Result<()> + Sync>;
    let kinds: [(&str, bool, Attempt); 9] = [
        ("TCP", true, Box::new(move || TcpStream::connect(address).map(drop))),
        ("TCP by IPv6", false, Box::new(|| socket(AddressFamily::INET6, SocketType::STREAM, None))),
        ("listen", true, Box::new(|| TcpListener::bind("127.0.0.1:0").map(drop))),
        ("UDP", true, Box::new(|| UdpSocket::bind("127.0.0.1:0").map(drop))),
        (
            "raw",
            false,
            Box::new(|| {
                socket(AddressFamily::INET, SocketType::RAW, Some(rustix::net::ipproto::ICMP))
            }),
        ),
        ("packets", false, Box::new(|| socket(AddressFamily::PACKET, SocketType::DGRAM, None))),
        (
            "virtual machines",
            false,
            Box::new(|| socket(AddressFamily::VSOCK, SocketType::STREAM, None)),
        ),
        (
            "Bluetooth",
            false,
            Box::new(|| socket(AddressFamily::BLUETOOTH, SocketType::STREAM, None)),
        ),
        (
            "netlink to the kernel's log of processes",
            false,
            Box::new(|| socket(AddressFamily::NETLINK, SocketType::RAW, Some(netlink::AUDIT))),
        ),
    ];
    for (name, works_outside, attempt) in kinds {
        let outside = on_a_thread(&attempt);
        assert!(outside.is_ok() || !works_outside, "{name}, outside: {outside:?}");
        assert_refused(name, inside(&settings(&[]), &attempt));
    }
}

/// A TCP connection to a listener of its own.
fn connected() -> (TcpListener, TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    (listener, client, server)
}

/// Takes an open connection off its peer and turns it to somebody else.
fn turn(stream: &TcpStream, to: SocketAddr) -> io::Result<()> {
    rustix::net::connect_unspec(stream)?;
    Ok(rustix::net::connect(stream, &to)?)
}

/// The same without connect(2): TCP Fast Open.
fn turn_fast(stream: &TcpStream, to: SocketAddr) -> io::Result<()> {
    const FAST_OPEN: SendFlags = SendFlags::from_bits_retain(libc::MSG_FASTOPEN as u32);
    rustix::net::connect_unspec(stream)?;
    match rustix::net::sendto(stream, b"out", FAST_OPEN, &to) {
        // It has begun.
        Ok(_) | Err(Errno::INPROGRESS) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[test]
fn a_viewers_connection_is_not_turned_to_another_machine() {
    if !has_all_guards("a_viewers_connection_is_not_turned_to_another_machine") {
        return;
    }
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = elsewhere.local_addr().unwrap();
    for (name, way) in [
        ("connect", turn as fn(&TcpStream, SocketAddr) -> io::Result<()>),
        ("fast open", turn_fast),
    ] {
        let (_listener, client, server) = connected();
        on_a_thread(|| way(&server, to)).unwrap_or_else(|error| panic!("{name}, outside: {error}"));
        drop((client, server));
        let (_listener, _client, server) = connected();
        assert_refused(name, inside(&settings(&[]), || way(&server, to)));
    }
    // The port itself, too.
    let (listener, _client, _server) = connected();
    let stream = TcpStream::from(std::os::fd::OwnedFd::from(listener));
    assert_refused("the port", inside(&settings(&[]), || turn(&stream, to)));
}

#[test]
fn where_names_of_users_need_it_connecting_is_left_open() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let outgoing =
        Settings { network: Network::Outgoing { why: "a test".to_owned() }, ..settings(&[]) };
    inside(&outgoing, || {
        TcpStream::connect(address).unwrap();
        UdpSocket::bind("127.0.0.1:0").unwrap();
    });
    let packets = || socket(AddressFamily::PACKET, SocketType::DGRAM, None);
    assert_refused("packets", inside(&outgoing, packets));
}

#[test]
fn abstract_sockets_of_others_are_not_reached() {
    if !has_all_guards("abstract_sockets_of_others_are_not_reached") {
        return;
    }
    let name = format!("smonitor-test-{}", std::process::id());
    let address = UnixAddr::from_abstract_name(name.as_bytes()).unwrap();
    let _listener = UnixListener::bind_addr(&address).unwrap();
    let connect = || UnixStream::connect_addr(&address).map(drop);
    on_a_thread(connect).unwrap();
    // Landlock knows this since Linux 6.12.
    match inside(&settings(&[]), connect) {
        Ok(()) if !kernel_is_at_least(6, 12) => eprintln!("not shown here: abstract sockets"),
        result => assert_refused("an abstract socket", result),
    }
}

pub(super) fn kernel_is_at_least(major: u32, minor: u32) -> bool {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy().into_owned();
    let mut parts = release.split(['.', '-']).map_while(|part| part.parse::<u32>().ok());
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (major, minor)
}

fn only(ports: &[u16], names: bool) -> Settings {
    let why = "to test it".to_owned();
    let network = Network::Only { ports: ports.iter().copied().collect(), names, why };
    Settings { network, ..settings(&[]) }
}

#[test]
fn an_app_reaches_its_ports_and_no_other() {
    if !has_all_guards("an_app_reaches_its_ports_and_no_other") {
        return;
    }
    for host in ["127.0.0.1", "[::1]"] {
        let Ok(node) = TcpListener::bind(format!("{host}:0")) else {
            eprintln!("not shown here: {host}");
            continue;
        };
        let elsewhere = TcpListener::bind(format!("{host}:0")).unwrap();
        let node = node.local_addr().unwrap();
        let to = elsewhere.local_addr().unwrap();
        on_a_thread(|| TcpStream::connect(to)).unwrap();
        let (asked, other) = inside(&only(&[node.port()], false), || {
            (TcpStream::connect(node), TcpStream::connect(to))
        });
        asked.unwrap();
        assert_refused("another port", other);
        // Not by an open connection either, nor without connect(2).
        for (name, way) in [
            ("connect", turn as fn(&TcpStream, SocketAddr) -> io::Result<()>),
            ("fast open", turn_fast),
        ] {
            let (_listener, _client, server) = connected();
            let is_same_family = server.local_addr().unwrap().is_ipv4() == to.is_ipv4();
            if is_same_family {
                assert_refused(name, inside(&only(&[node.port()], true), || way(&server, to)));
            }
        }
    }
}

#[test]
fn an_app_opens_tcp_and_nothing_beside_it() {
    if !has_all_guards("an_app_opens_tcp_and_nothing_beside_it") {
        return;
    }
    use AddressFamily as Family;
    use rustix::net::ipproto::{ICMP, MPTCP, SCTP, TCP, UDP};
    let open = |family, kind, protocol| move || socket(family, kind, protocol);
    for family in [Family::INET, Family::INET6] {
        for (name, kind, protocol) in [
            ("raw", SocketType::RAW, Some(UDP)),
            ("ping", SocketType::DGRAM, Some(ICMP)),
            ("SCTP", SocketType::STREAM, Some(SCTP)),
            ("Multipath TCP", SocketType::STREAM, Some(MPTCP)),
            ("packets in order", SocketType::SEQPACKET, None),
            ("reliable datagrams", SocketType::RDM, None),
        ] {
            for names in [false, true] {
                let attempt = open(family, kind, protocol);
                assert_refused(name, inside(&only(&[8999], names), attempt));
            }
        }
        for (kind, protocol) in [(SocketType::STREAM, None), (SocketType::STREAM, Some(TCP))] {
            inside(&only(&[8999], false), open(family, kind, protocol)).unwrap();
        }
        // Datagrams are for looking up names.
        for protocol in [None, Some(UDP)] {
            let attempt = open(family, SocketType::DGRAM, protocol);
            assert_refused("UDP", inside(&only(&[8999], false), attempt));
            inside(&only(&[8999], true), attempt).unwrap();
        }
    }
    let listen = || TcpListener::bind("127.0.0.1:0");
    on_a_thread(listen).unwrap();
    assert_refused("listen", inside(&only(&[8999], true), listen));
    let packets = || socket(AddressFamily::PACKET, SocketType::DGRAM, None);
    assert_refused("packets", inside(&only(&[8999], true), packets));
}

#[test]
fn an_app_looks_names_up() {
    use std::net::ToSocketAddrs as _;
    for names in [false, true] {
        let found = inside(&only(&[8999], names), || ("localhost", 8999).to_socket_addrs());
        let found: Vec<_> = found.unwrap().collect();
        assert!(found.iter().all(|address| address.ip().is_loopback()), "{found:?}");
        assert!(!found.is_empty());
    }
}
