//! A worker that is killed and does not go, because the kernel holds one of its threads: here one
//! that asks a FUSE server which never answers. Its connections stay open and silent.

use rustix::process::Signal;

use super::fleet::Fleet;
use super::server::{Server, Setup, process, signal, threads_in};
use super::{VIEWERS, alone, keeps_the_promise, promise};
use crate::filesystem::fuse;
use crate::filesystem::private::{self, Place};

#[test]
fn a_worker_that_the_kernel_holds_is_replaced() {
    const NAME: &str = "stays_up::stuck::a_worker_that_the_kernel_holds_is_replaced";
    let _alone = alone();
    if !private::mounts(NAME) || !fuse::is_there(NAME) {
        return;
    }
    let place = Place::new();
    let mut files = fuse::Server::start(place.path(), 1, "user_id=0,group_id=0");
    let server = Server::start(&Setup::default());
    let fleet = Fleet::start(&server, VIEWERS);
    let worker = server.worker();
    let pid = worker.as_raw_nonzero().get();
    let before = files.keep_silent()[0];
    let asks = server.until("asks", |_| (files.asked()[0] > before).then_some(()));
    assert!(asks.is_some(), "it does not ask the silent mount");
    fleet.mark();
    signal(worker, Signal::KILL);
    let outcome = fleet.until_live(promise());
    keeps_the_promise("SIGKILL, a thread stuck in the kernel", &outcome);
    assert_eq!(outcome.by_silence, VIEWERS, "their sockets were closed: {outcome:?}");
    assert_ne!(server.worker(), worker, "the same worker serves");
    assert_eq!(threads_in(pid, b'D'), 1, "the old one is not held, so nothing was shown");

    let told = |words: &'static str| {
        let told = server.until(words, |server| server.logs().contains(words).then_some(()));
        assert!(told.is_some(), "{words}:\n{}", server.logs());
    };
    told("a killed worker is still there");
    drop(files);
    told("the killed worker is gone after all");
    assert!(process(pid).is_none(), "it was not reaped");
    drop(fleet);
    assert_eq!(server.end(), Some(0));
}
