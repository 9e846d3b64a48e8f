//! Workers that cannot start: everybody waits, nobody is refused, and all are back once they can.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::fleet::Fleet;
use super::server::{Server, Setup, signal};
use super::{VIEWERS, alone, keeps_the_promise, promise};

/// How long no worker can start. The waits between two starts add up to 3.75 s before the fifth.
const BROKEN: Duration = Duration::from_secs(6);

#[test]
fn workers_that_cannot_start_are_tried_again_with_waits() {
    let _alone = alone();
    let server = Server::start(&Setup::default());
    let fleet = Fleet::start(&server, VIEWERS);
    let worker = server.worker();
    // A worker refuses a state folder that others can write to.
    set_permissions(server.state(), Permissions::from_mode(0o770)).unwrap();
    let mark = fleet.mark();
    signal(worker, Signal::KILL);
    std::thread::sleep(BROKEN);
    let status = server.status();
    // The worker that was killed, and those that did not come up.
    let starts = status["restarts_total"].as_u64().unwrap() - 1;
    assert!((3..=6).contains(&starts), "{starts} starts: {status}");
    let detail = status["restarts"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("others can write to the state folder"), "{status}");
    set_permissions(server.state(), Permissions::from_mode(0o700)).unwrap();
    let repaired = Instant::now();
    let outcome = fleet.until_live(BROKEN + promise()).counted_from(mark, repaired);
    keeps_the_promise(&format!("no start for {} s, then mended", BROKEN.as_secs()), &outcome);
    assert!(outcome.back[0] > BROKEN, "somebody was back before it was mended: {outcome:?}");
    drop(fleet);
    assert_eq!(server.end(), Some(0));
}
