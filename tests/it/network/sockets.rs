//! Sockets: machines out of files, and sockets that the test opens.

#![allow(clippy::disallowed_methods, reason = "how long a run takes is measured in real time")]

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};

use smonitor::clock::Clock;
use smonitor::host::Source as _;
use smonitor::host::sockets::{SocketsSource, WALK_MAX};
use smonitor::model::network::TcpStates;
use smonitor::model::source::Remedy;
use smonitor::model::{Bytes, Reading, Reason};

use super::{live_context, sockets};
use crate::host_machine::Machine;

const STAT: &str =
    "sockets: used 9\nTCP: inuse 3 orphan 1 tw 2 alloc 4 mem 5\nUDP: inuse 7 mem 2\n";

fn tcp(states: &[u8]) -> String {
    let lines = states.iter().enumerate().map(|(number, state)| {
        format!("{number:>4}: 0100007F:1F90 0100007F:D9A2 {state:02X} 00000000:00000000\n")
    });
    "  sl  local_address rem_address   st\n".to_owned() + &lines.collect::<String>()
}

#[test]
fn both_families_are_one_count() {
    let machine = Machine::empty();
    machine.write("proc/net/sockstat", STAT);
    machine.write("proc/net/sockstat6", "TCP6: inuse 2\nUDP6: inuse 1\n");
    machine.write("proc/net/tcp", tcp(&[10, 1, 1, 6]));
    machine.write("proc/net/tcp6", tcp(&[10, 12, 3, 8]));
    let both = sockets(SocketsSource::new(machine.context()).collect());
    let states = TcpStates {
        listen: 2,
        established: 2,
        time_wait: 1,
        syn_received: 2,
        close_wait: 1,
        ..TcpStates::default()
    };
    assert_eq!(both.tcp, Reading::Present(states));
    assert_eq!(both.tcp_in_use, Reading::Present(5));
    assert_eq!(both.udp_in_use, Reading::Present(8));
    assert_eq!(both.tcp_orphaned, Reading::Present(1));
    assert_eq!(both.tcp_time_wait, Reading::Present(2));
    let page = rustix::param::page_size() as u64;
    assert_eq!(both.tcp_memory_bytes, Reading::Present(Bytes(5 * page)));
    // Without IPv6 there are no such files.
    machine.remove("proc/net/sockstat6");
    machine.remove("proc/net/tcp6");
    let four = sockets(SocketsSource::new(machine.context()).collect());
    assert_eq!(four.tcp.present().unwrap().listen, 1);
    assert_eq!(four.tcp_in_use, Reading::Present(3));
    machine.write("proc/net/tcp", "heading\nrubbish\n");
    let bad = sockets(SocketsSource::new(machine.context()).collect());
    assert_eq!(bad.tcp, Reading::absent(Reason::Malformed));
    assert_eq!(bad.tcp_in_use, Reading::Present(3));
    machine.remove("proc/net/sockstat");
    assert!(SocketsSource::new(machine.context()).collect().is_err());
}

#[test]
fn too_many_are_not_walked_over() {
    let machine = Machine::empty();
    machine.write("proc/net/tcp", tcp(&[10]));
    let mut source = SocketsSource::new(machine.context());
    let stat = |in_use: u64| format!("TCP: inuse {in_use} orphan 0 tw 20000 alloc 1 mem 1\n");
    machine.write("proc/net/sockstat", stat(WALK_MAX - 20_000));
    assert!(sockets(source.collect()).tcp.present().is_some());
    assert_eq!(source.findings(), []);
    machine.write("proc/net/sockstat", stat(WALK_MAX - 19_999));
    let many = sockets(source.collect());
    assert_eq!(many.tcp, Reading::absent(Reason::OutOfResources));
    assert_eq!(many.tcp_in_use, Reading::Present(WALK_MAX - 19_999));
    let [finding] = &source.findings()[..] else { panic!("one finding") };
    assert_eq!(finding.what.as_str(), "net/tcp (50001 TCP sockets)");
    assert_eq!((finding.problem.reason, finding.remedy), (Reason::OutOfResources, Remedy::Nothing));
    machine.write("proc/net/sockstat", stat(1));
    sockets(source.collect());
    assert_eq!(source.findings(), []);
}

#[test]
fn fifty_thousand_are_counted_in_a_moment() {
    let machine = Machine::empty();
    machine.write("proc/net/sockstat", STAT);
    let line = tcp(&[1]).lines().nth(1).unwrap().to_owned() + &" ".repeat(80) + "\n";
    machine.write("proc/net/tcp", "heading\n".to_owned() + &line.repeat(50_000));
    let mut source = SocketsSource::new(machine.context());
    let begun = Clock::system();
    let all = sockets(source.collect());
    println!("50,000 sockets: {:.1?}", begun.monotonic());
    assert_eq!(all.tcp.present().unwrap().established, 50_000);
}

fn live() -> TcpStates {
    *sockets(SocketsSource::new(live_context()).collect()).tcp.present().unwrap()
}

/// What `count` was and what it came to be, within which others may have opened and closed some.
fn grows_by(least: u64, count: fn(&TcpStates) -> u64, act: impl FnOnce() -> Vec<TcpStream>) {
    let before = count(&live());
    let streams = act();
    let after = count(&live());
    // Others on this machine may close theirs meanwhile: there are many of ours.
    assert!(after + 20 >= before + least, "{before} before, {after} after {least} of ours");
    drop(streams);
}

#[test]
fn states_are_those_that_the_test_opened() {
    const COUNT: u64 = 100;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let pair = || {
        let ours = TcpStream::connect(address).unwrap();
        (ours, listener.accept().unwrap().0)
    };
    grows_by(
        2 * COUNT,
        |states| states.established,
        || (0..COUNT).flat_map(|_| <[_; 2]>::from(pair())).collect(),
    );
    // The one end says that it is done; the other does not.
    grows_by(
        COUNT,
        |states| states.close_wait,
        || {
            (0..COUNT)
                .map(|_| pair())
                .map(|(ours, theirs)| {
                    drop(ours);
                    theirs
                })
                .collect()
        },
    );
    grows_by(
        COUNT,
        |states| states.time_wait,
        || {
            for _ in 0..COUNT {
                let (ours, mut theirs) = pair();
                drop(ours);
                assert_eq!(theirs.read(&mut [0]).unwrap(), 0);
            }
            Vec::new()
        },
    );
    let before = live().listen;
    let listeners: Vec<TcpListener> = (0..COUNT)
        .map(|_| {
            TcpListener::bind("[::1]:0").or_else(|_| TcpListener::bind("127.0.0.1:0")).unwrap()
        })
        .collect();
    let after = live().listen;
    assert!(after + 20 >= before + COUNT, "{before} before, {after} after");
    drop(listeners);
}
