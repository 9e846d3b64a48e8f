//! Ways for a worker to die, or to live on and do nothing.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};

use super::fleet::Fleet;
use super::server::{PATIENCE, Server, Setup, process, signal};
use super::{VIEWERS, alone, has_wounds, keeps_the_promise, promise};

/// The worker gets a signal. Gives the server with its second worker.
fn hurt(scenario: &str, fault: Option<&'static str>, with: Signal) -> String {
    let _alone = alone();
    let server = Server::start(&Setup { fault, ..Setup::default() });
    let fleet = Fleet::start(&server, VIEWERS);
    let worker = server.worker();
    fleet.mark();
    signal(worker, with);
    let outcome = fleet.until_live(promise());
    keeps_the_promise(scenario, &outcome);
    assert_ne!(server.worker(), worker, "the same worker serves");
    let status = server.status();
    assert_eq!(status["restarts_total"], 1, "{status}");
    assert_eq!(status["restarts"][0]["pid"], worker.as_raw_nonzero().get(), "{status}");
    drop(fleet);
    assert_eq!(server.end(), Some(0));
    status["restarts"][0]["reason"].as_str().unwrap().to_owned()
}

#[test]
fn a_worker_that_is_killed_is_replaced() {
    assert_eq!(hurt("SIGKILL", None, Signal::KILL), "killed");
}

#[test]
fn a_worker_that_is_stopped_is_replaced() {
    assert_eq!(hurt("SIGSTOP", None, Signal::STOP), "silent");
}

#[test]
fn a_worker_whose_loop_panics_is_replaced() {
    if has_wounds("a_worker_whose_loop_panics_is_replaced") {
        assert_eq!(hurt("panic in the measuring task", Some("panic"), Signal::USR1), "exited");
    }
}

#[test]
fn a_worker_that_is_deadlocked_is_replaced() {
    if has_wounds("a_worker_that_is_deadlocked_is_replaced") {
        assert_eq!(hurt("deadlock of all threads", Some("deadlock"), Signal::USR1), "silent");
    }
}

#[test]
fn a_worker_without_memory_is_replaced() {
    let _alone = alone();
    let server = Server::start(&Setup::default());
    let fleet = Fleet::start(&server, VIEWERS);
    let worker = server.worker();
    let mark = fleet.mark();
    let (crowd, died) = starve(&server, worker);
    let outcome = fleet.until_live(PATIENCE).counted_from(mark, died);
    keeps_the_promise("out of memory", &outcome);
    assert_ne!(server.worker(), worker, "the same worker serves");
    let restart = &server.status()["restarts"][0];
    let detail = restart["detail"].as_str().unwrap();
    assert!(detail.contains("SIGABRT"), "it died of something else: {restart}");
    drop((crowd, fleet));
    assert_eq!(server.end(), Some(0));
}

/// Allows the worker no more memory than it has, and lets clients come until it needs more. Gives
/// their connections and when it died.
fn starve(server: &Server, worker: Pid) -> (Vec<TcpStream>, Instant) {
    /// As many as a server takes beside its viewers, and more.
    const CROWD: usize = 2500;
    let pid = worker.as_raw_nonzero().get();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let data = status.split("VmData:").nth(1).unwrap().split_whitespace().next().unwrap();
    let has = data.parse::<u64>().unwrap() * 1024;
    // Not the address space: malloc reserves far more of that than it uses.
    let limit = Rlimit { current: Some(has), maximum: Some(has) };
    prlimit(Some(worker), Resource::Data, limit).unwrap();
    let is_alive = || process(pid).is_some_and(|process| process.state != b'Z');
    let mut crowd = Vec::new();
    let started = Instant::now();
    while is_alive() {
        assert!(started.elapsed() < PATIENCE, "it lives on without memory:\n{}", server.logs());
        if crowd.len() == CROWD {
            std::thread::sleep(Duration::from_millis(5));
            continue;
        }
        // The one that is waited for may be the one that dies.
        let Ok(mut client) = TcpStream::connect(server.address) else { continue };
        // Half a request with a long head has to be kept until the rest comes.
        let head = format!("GET /healthz HTTP/1.1\r\nX-Long: {}", "x".repeat(12_000));
        let _ = client.write_all(head.as_bytes());
        crowd.push(client);
    }
    (crowd, Instant::now())
}

/// What holding the socket buys: the same death where a shell starts the program again at once.
/// Several times, for what is refused depends on who comes in the moment when nobody listens.
#[test]
#[ignore = "a figure to compare with, for scripts/bench/stays_up.sh"]
fn baseline_without_a_manager() {
    const DEATHS: u32 = 8;
    let _alone = alone();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let setup =
        Setup { manager: "supervisor", port: free.port(), in_a_loop: true, ..Setup::default() };
    let server = Server::start(&setup);
    let mut refused = 0;
    for death in 1..=DEATHS {
        let fleet = Fleet::start(&server, VIEWERS);
        let worker = server.worker();
        fleet.mark();
        signal(worker, Signal::KILL);
        let outcome = fleet.until_live(promise());
        println!("{}", outcome.line(&format!("SIGKILL {death}, shell loop, no manager")));
        assert_ne!(server.worker(), worker);
        refused += outcome.refused;
    }
    assert!(refused > 0, "if nothing is refused here, nothing refused elsewhere says nothing");
    server.end_loop();
}

/// The same program, stopped: nobody notices, so nobody starts another.
#[test]
#[ignore = "a figure to compare with, for scripts/bench/stays_up.sh"]
fn baseline_stopped_without_a_manager() {
    let _alone = alone();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let setup =
        Setup { manager: "supervisor", port: free.port(), in_a_loop: true, ..Setup::default() };
    let server = Server::start(&setup);
    let fleet = Fleet::start(&server, VIEWERS);
    fleet.mark();
    signal(server.worker(), Signal::STOP);
    let outcome = fleet.until_live(Duration::from_secs(15));
    println!("{}", outcome.line("SIGSTOP, shell loop, no manager (15 s)"));
    assert_eq!(outcome.back.len(), 0, "{outcome:?}");
    drop(fleet);
    server.end_loop();
}
