//! The manager itself dies: nothing may be left that keeps the next one from starting.

use std::time::{Duration, Instant};

use super::fleet::Fleet;
use super::server::{Server, Setup, process};
use super::{VIEWERS, alone, promise};

#[test]
fn a_worker_ends_with_its_manager_and_the_port_is_free() {
    let _alone = alone();
    let mut server = Server::start(&Setup::default());
    let fleet = Fleet::start(&server, VIEWERS);
    let worker = server.worker().as_raw_nonzero().get();
    let mark = fleet.mark();
    server.kill_manager();
    while process(worker).is_some_and(|process| process.state != b'Z') {
        let since = mark.at.elapsed();
        assert!(since < Duration::from_secs(2), "the worker lives on without its manager");
        std::thread::sleep(Duration::from_millis(1));
    }
    let worker_gone = mark.at.elapsed();
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
