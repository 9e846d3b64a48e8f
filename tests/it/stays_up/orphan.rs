//! The manager itself dies or stands still: nothing may be left that keeps the next one from
//! starting, and nobody may be punished for what the manager slept through.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::fleet::Fleet;
use super::server::{Server, Setup, process, signal};
use super::{VIEWERS, alone, promise};

/// How long the worker lived on after its manager was killed.
fn outlives(worker: Pid, since: Instant) -> Duration {
    let pid = worker.as_raw_nonzero().get();
    while process(pid).is_some_and(|process| process.state != b'Z') {
        if since.elapsed() > Duration::from_secs(3) {
            signal(worker, Signal::KILL);
            panic!("the worker lives on without its manager");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    since.elapsed()
}

#[test]
fn a_worker_ends_with_its_manager_and_the_port_is_free() {
    let _alone = alone();
    let mut server = Server::start(&Setup::default());
    let fleet = Fleet::start(&server, VIEWERS);
    let worker = server.worker();
    let mark = fleet.mark();
    server.kill_manager();
    let worker_gone = outlives(worker, mark.at);
    let started = Instant::now();
    let next = server.start_again();
    let outcome = fleet.until_live(promise()).counted_from(mark, started);
    println!("{} worker gone after {worker_gone:?}", outcome.line("SIGKILL of the manager"));
    // Nobody held the port meanwhile, so some were refused: that is what a manager is for.
    assert_eq!((outcome.lost, outcome.back.len()), (VIEWERS, VIEWERS), "{outcome:?}");
    assert_eq!(outcome.broken_rules, 0, "{outcome:?}");
    assert!(outcome.slowest() <= promise(), "{outcome:?}");
    drop(fleet);
    assert_eq!(next.end(), Some(0));
}

/// A worker that cannot do anything by itself must not keep the port from the next one either.
#[test]
fn a_worker_that_is_stopped_ends_with_its_manager() {
    let _alone = alone();
    let mut server = Server::start(&Setup::default());
    let worker = server.worker();
    signal(worker, Signal::STOP);
    server.kill_manager();
    outlives(worker, Instant::now());
    let next = server.start_again();
    assert_ne!(next.worker(), worker);
    drop(Fleet::start(&next, 1));
    assert_eq!(next.end(), Some(0));
}

/// A machine that sleeps, or a container that is frozen: both stand still, then both go on.
#[test]
fn standing_still_together_is_nobodys_fault() {
    /// Longer than the worker may be silent.
    const STILL: Duration = Duration::from_secs(4);
    let _alone = alone();
    let server = Server::start(&Setup::default());
    let fleet = Fleet::start(&server, VIEWERS);
    let (manager, worker) = (server.manager(), server.worker());
    fleet.mark();
    signal(manager, Signal::STOP);
    std::thread::sleep(STILL);
    signal(manager, Signal::CONT);
    std::thread::sleep(Duration::from_secs(1));
    let outcome = fleet.outcome();
    assert_eq!(
        (outcome.lost, outcome.refused),
        (0, 0),
        "the manager's sleep was felt: {outcome:?}"
    );
    signal(manager, Signal::STOP);
    signal(worker, Signal::STOP);
    std::thread::sleep(STILL);
    // The manager wakes first, and finds a worker that was silent for long.
    signal(manager, Signal::CONT);
    std::thread::sleep(Duration::from_millis(100));
    signal(worker, Signal::CONT);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(server.worker(), worker, "it was killed for what the machine did");
    let status = server.status();
    assert_eq!(status["restarts_total"], 0, "{status}");
    drop(fleet);
    assert_eq!(server.end(), Some(0));
}
