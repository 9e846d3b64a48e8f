//! Mounts that do not answer, and everything else that goes on.

#![allow(clippy::disallowed_methods, reason = "these tests let real time pass")]

use std::collections::BTreeSet;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use smonitor::clock::Clock;
use smonitor::feed::{self, Event, Subscription};
use smonitor::host::filesystem::FilesystemSource;
use smonitor::host::filesystem::watchers::{DEADLINE, THREADS_MAX};
use smonitor::host::{Context, Roots, Source, sources};
use smonitor::model::filesystem::{FilesystemMedium, Filesystems};
use smonitor::model::source::Remedy;
use smonitor::model::wire::Topic;
use smonitor::model::{Bytes, HostId, Reading, Reason};
use smonitor::node::{Node, Settings};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::fuse::{self, BLOCK_BYTES, BLOCKS, Server};
use super::private::{self, Place};
use super::{collect, row};
use crate::support::{Client, member};

const INTERVAL: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(30);

fn context() -> Context {
    let rate_window = Duration::from_secs(60);
    Context { roots: Roots::live(), clock: Clock::system(), rate_window }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Threads of this process that ask filesystems.
fn asking_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim() == "filesystem").count()
}

/// A viewer of everything, and what he noticed.
struct Viewer {
    host: Subscription,
    client: Client,
    point: String,
    /// When processors and memory were read.
    ticks: [BTreeSet<i64>; 2],
}

impl Viewer {
    async fn look(&mut self) {
        match timeout(PATIENCE, self.host.next()).await.expect("a frame in time") {
            Event::Frame(frame) => self.client.take(frame.json()),
            Event::Gone => panic!("gone"),
        }
        for (ticks, section) in self.ticks.iter_mut().zip(["cpu", "memory"]) {
            ticks.extend(self.client.document[section]["taken_at_ms"].as_i64());
            assert_eq!(self.client.document[section]["problem"], Value::Null);
        }
    }

    /// Looks until the row of the mount is as wanted, or gone.
    async fn until(&mut self, what: &str, wanted: impl Fn(Option<&Value>) -> bool) -> Value {
        let started = Instant::now();
        while !wanted(self.row()) {
            assert!(started.elapsed() < PATIENCE, "{what}: {:?}", self.row());
            self.look().await;
        }
        self.row().cloned().unwrap_or_default()
    }

    fn row(&self) -> Option<&Value> {
        let rows = self.client.document["filesystems"]["value"]["rows"].as_array()?;
        rows.iter().find(|row| row["mount_points"][0] == self.point.as_str())
    }

    fn section(&self) -> &Value {
        &self.client.document["filesystems"]
    }

    /// Asserts that processors and memory were read at their rhythm since the last call.
    fn kept_rhythm(&mut self, since: Instant) {
        let due = since.elapsed().as_millis() / INTERVAL.as_millis();
        for ticks in &mut self.ticks {
            let times: Vec<i64> = std::mem::take(ticks).into_iter().collect();
            let longest = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
            let read = times.len();
            // Other tests share the processors; a mount that hangs would take seconds.
            assert!(read as f64 >= due as f64 * 0.3, "{read} readings where {due} were due");
            assert!(longest < 4000, "{longest} ms without a reading");
        }
    }
}

fn watch(point: &Path) -> (Viewer, CancellationToken) {
    let id = HostId::parse("here").unwrap();
    let context = context();
    let settings = feed::Settings { fresh_for: INTERVAL, wait_at_most: PATIENCE };
    let (feed, publisher) = feed::new(settings, context.clock.clone());
    let settings = Settings {
        host: id.clone(),
        interval: INTERVAL,
        process_interval: INTERVAL,
        linger: Duration::ZERO,
        track_gpus: None,
    };
    let node = Node::new(
        settings,
        sources(&context, smonitor::host::Settings::default()),
        context,
        publisher,
    )
    .unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(node.run(stop.clone(), || {}));
    let host = feed.subscribe(&Topic::Host(id), member()).unwrap();
    let (client, ticks) = (Client::default(), Default::default());
    (Viewer { host, client, point: text(point).to_owned(), ticks }, stop)
}

fn reason(row: Option<&Value>) -> Option<&str> {
    row?["problem"]["reason"].as_str()
}

/// The whole node on this machine, with a real mount whose program falls silent.
#[tokio::test]
async fn a_mount_that_hangs_delays_nothing_else_and_recovers() {
    const NAME: &str = "filesystem::hanging::a_mount_that_hangs_delays_nothing_else_and_recovers";
    if !private::mounts(NAME) || !fuse::is_there(NAME) {
        return;
    }
    let place = Place::new();
    let mut server = Server::start(place.path(), 1, "user_id=0,group_id=0");
    let (mut viewer, stop) = watch(&server.point(0));
    let well = viewer
        .until("it shows", |row| row.is_some_and(|row| row["space"]["total_bytes"].is_u64()))
        .await;
    assert_eq!(well["space"]["total_bytes"], BLOCKS * BLOCK_BYTES, "in the first snapshot");
    assert_eq!((&well["medium"], &well["problem"]), (&"fuse".into(), &Value::Null));

    let before = server.keep_silent()[0];
    let silent_since = Instant::now();
    viewer.ticks = Default::default();
    let stuck = viewer.until("it is told", |row| reason(row) == Some("not_responding")).await;
    assert_eq!((&stuck["space"], &stuck["inodes"]), (&well["space"], &well["inodes"]));
    let (taken, since) = (stuck["taken_at_ms"].as_i64(), stuck["problem"]["since_ms"].as_i64());
    assert!(taken.unwrap() <= since.unwrap(), "the values are from before it fell silent");
    let age = viewer.section()["taken_at_ms"].as_i64().unwrap() - since.unwrap();
    let deadline = i64::try_from(DEADLINE.as_millis()).unwrap();
    assert!((deadline..deadline + 6000).contains(&age), "told after {age} ms");
    assert_eq!(viewer.section()["problem"], Value::Null, "the source itself is well");
    let health = |viewer: &Viewer| {
        let sources = viewer.client.document["sources"].as_array().unwrap();
        sources.iter().find(|source| source["name"] == "filesystems").unwrap().clone()
    };
    assert_eq!(health(&viewer)["state"], "partial");
    let finding = health(&viewer)["findings"][0].clone();
    assert_eq!(finding["what"], viewer.point.as_str());
    assert_eq!(finding["remedy"], "repair_or_unmount");

    // One more run of the source, at least.
    let runs = viewer.section()["taken_at_ms"].as_i64();
    while viewer.section()["taken_at_ms"].as_i64() == runs {
        viewer.look().await;
    }
    assert_eq!(reason(viewer.row()), Some("not_responding"));
    viewer.kept_rhythm(silent_since);
    assert_eq!(server.asked()[0] - before, 1, "asked exactly once while it does not answer");
    let ill: Vec<_> = viewer.client.document["sources"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|source| source["state"] == "stuck" || source["state"] == "failing")
        .collect();
    assert!(ill.is_empty(), "no source waits for the mount: {ill:?}");

    server.answer();
    let again = viewer.until("it recovers", |row| reason(row).is_none()).await;
    assert!(again["taken_at_ms"].as_i64() > taken);

    // The second time it is unmounted while it hangs.
    let before = server.keep_silent()[0];
    while server.asked()[0] == before {
        viewer.look().await;
    }
    private::unmount(&server.point(0));
    viewer.until("the row goes with the mount", |row| row.is_none()).await;
    assert_eq!(asking_threads(), 1, "its thread is the kernel's until that lets it go");
    server.answer();
    let started = Instant::now();
    stop.cancel();
    while asking_threads() > 0 {
        assert!(started.elapsed() < PATIENCE, "threads end with the source");
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Stops a process, and waits until all its threads are: the signal alone only asks for it.
fn stop(pid: rustix::process::Pid) {
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    let is_stopped = |task: std::fs::DirEntry| {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap();
        stat.rsplit(") ").next().unwrap().starts_with('T')
    };
    let tasks = format!("/proc/{}/task", pid.as_raw_nonzero());
    while !std::fs::read_dir(&tasks).unwrap().map(Result::unwrap).all(is_stopped) {
        sleep(Duration::from_millis(1));
    }
}

/// A program that is stopped is as silent as one that hangs, and one that ends is told otherwise.
#[test]
fn a_program_that_is_stopped_and_one_that_has_ended() {
    const NAME: &str = "filesystem::hanging::a_program_that_is_stopped_and_one_that_has_ended";
    if !private::mounts(NAME) || !fuse::is_there(NAME) {
        return;
    }
    let place = Place::new();
    let server = Server::start(place.path(), 1, "user_id=0,group_id=0");
    let point = server.point(0);
    let mut source = FilesystemSource::new(context());
    stop(server.pid());
    let first = collect(&mut source);
    let shown = row(&first, text(&point)).unwrap();
    assert_eq!(shown.space.reason(), Some(Reason::NotCollected), "nothing is known yet: not 0");
    assert_eq!((shown.problem, source.findings()), (None, Vec::new()));
    sleep(DEADLINE);
    let second = collect(&mut source);
    let shown = row(&second, text(&point)).unwrap();
    assert_eq!(shown.space.reason(), Some(Reason::NotResponding));
    assert_eq!(shown.problem.map(|problem| problem.reason), Some(Reason::NotResponding));

    rustix::process::kill_process(server.pid(), rustix::process::Signal::CONT).unwrap();
    until("it goes on", &mut source, |filesystems| {
        row(filesystems, text(&point)).unwrap().space.present().is_some()
    });
    drop(server);
    until("it ends", &mut source, |filesystems| {
        row(filesystems, text(&point)).unwrap().space.reason() == Some(Reason::ReadFailed)
    });
    let findings = source.findings();
    assert_eq!((findings.len(), findings[0].remedy), (1, Remedy::RepairOrUnmount));
    private::unmount(&point);
    assert_eq!(row(&collect(&mut source), text(&point)), None);
    assert_eq!(source.findings(), []);
}

fn until(
    what: &str,
    source: &mut FilesystemSource,
    wanted: impl Fn(&Filesystems) -> bool,
) -> Filesystems {
    for _ in 0..100 {
        let filesystems = collect(source);
        if wanted(&filesystems) {
            return filesystems;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("{what}: {:#?}", collect(source));
}

#[test]
fn more_mounts_hang_than_there_are_threads() {
    const NAME: &str = "filesystem::hanging::more_mounts_hang_than_there_are_threads";
    const MANY: usize = 36;
    if !private::mounts(NAME) || !fuse::is_there(NAME) {
        return;
    }
    let place = Place::new();
    let mut server = Server::start(place.path(), MANY, "user_id=0,group_id=0");
    server.keep_silent();
    let mut source = FilesystemSource::new(context());
    let started = Instant::now();
    let mut slowest = Duration::ZERO;
    let mut told = [0, 0];
    while told != [THREADS_MAX, MANY - THREADS_MAX] {
        assert!(started.elapsed() < PATIENCE, "{told:?}");
        let begun = Instant::now();
        let filesystems = collect(&mut source);
        slowest = slowest.max(begun.elapsed());
        assert!(row(&filesystems, "/").unwrap().space.present().is_some(), "the rest goes on");
        assert_eq!(row(&filesystems, text(place.path())).unwrap().medium, FilesystemMedium::Memory);
        let count = |reason| {
            let rows = filesystems.rows.iter().filter(|row| row.medium == FilesystemMedium::Fuse);
            rows.filter(|row| row.space == Reading::absent(reason)).count()
        };
        told = [count(Reason::NotResponding), count(Reason::OutOfResources)];
        assert!(source.threads() <= THREADS_MAX);
        sleep(Duration::from_millis(200));
    }
    assert!(slowest < Duration::from_secs(1), "a run took {slowest:?}");
    let asked = server.asked();
    assert_eq!(asked.iter().sum::<usize>(), THREADS_MAX, "one thread, one question");
    assert_eq!(asked.iter().max(), Some(&1));
    assert_eq!(asking_threads(), THREADS_MAX);
    let findings = source.findings();
    assert_eq!(findings.len(), MANY);
    assert!(findings.iter().all(|finding| finding.remedy == Remedy::RepairOrUnmount));

    // Those that were never asked have their turn when the others come back.
    server.answer();
    until("all answer", &mut source, |filesystems| {
        let rows = filesystems.rows.iter().filter(|row| row.medium == FilesystemMedium::Fuse);
        rows.filter(|row| row.problem.is_none() && row.space.present().is_some()).count() == MANY
    });
    assert_eq!(source.findings(), []);
    until("a handful of threads is left", &mut source, |_| asking_threads() <= 4);
    drop(source);
    let started = Instant::now();
    while asking_threads() > 0 {
        assert!(started.elapsed() < PATIENCE, "threads end with the source");
        sleep(Duration::from_millis(20));
    }
}

/// What a user mounts for himself answers nobody else: its zeros are not shown as such.
#[test]
fn a_mount_of_another_user_is_closed_to_us() {
    const NAME: &str = "filesystem::hanging::a_mount_of_another_user_is_closed_to_us";
    if !private::mounts(NAME) || !fuse::is_there(NAME) {
        return;
    }
    let place = Place::new();
    let mut server = Server::start(place.path(), 1, "user_id=4242,group_id=4242");
    let mut source = FilesystemSource::new(context());
    let filesystems = collect(&mut source);
    let shown = row(&filesystems, text(&server.point(0))).unwrap();
    assert_eq!(shown.space.reason(), Some(Reason::PermissionDenied));
    assert_eq!(shown.problem.map(|problem| problem.reason), Some(Reason::PermissionDenied));
    let findings = source.findings();
    assert_eq!((findings.len(), findings[0].remedy), (1, Remedy::Nothing), "root cannot mend it");
    assert_eq!(server.asked(), [0]);
    private::unmount(&server.point(0));
    drop(server);

    let server = Server::start(place.path(), 1, "user_id=4242,group_id=4242,allow_other");
    let filesystems = collect(&mut source);
    let shown = row(&filesystems, text(&server.point(0))).unwrap();
    let space = *shown.space.present().expect("with allow_other it is open");
    assert_eq!(space.used_bytes, Bytes(BLOCKS / 2 * BLOCK_BYTES));
}

/// A disk below a mount that hangs: the way to it hangs, and so nobody walks it on the source's own
/// thread.
#[test]
fn a_disk_below_a_mount_that_hangs() {
    const NAME: &str = "filesystem::hanging::a_disk_below_a_mount_that_hangs";
    if !private::mounts(NAME) || !fuse::is_there(NAME) {
        return;
    }
    let place = Place::new();
    let server = Server::start(place.path(), 1, "user_id=0,group_id=0");
    let below = server.point(0);
    private::tmpfs(&below, "over", "size=1m");
    let mut source = FilesystemSource::new(context());
    let filesystems = collect(&mut source);
    let shown = row(&filesystems, text(&below)).unwrap();
    assert_eq!(shown.device.as_str(), "over", "the topmost answers");
    assert!(matches!(shown.space, Reading::Present(space) if space.total_bytes == Bytes(1 << 20)));
    assert!(!filesystems.rows.iter().any(|row| row.medium == FilesystemMedium::Fuse), "hidden");
    assert!(source.threads() > 0, "it was asked by a watcher");
}
