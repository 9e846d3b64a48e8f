//! The node's promises: collects only for somebody, and no source can delay another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use smonitor::clock::Clock;
use smonitor::demo;
use smonitor::feed::{self, Event, Feed, Subscription};
use smonitor::host::{Collected, Context, Roots, Source};
use smonitor::model::gpu::{DriverState, Gpu, GpuState, Gpus};
use smonitor::model::wire::Topic;
use smonitor::model::{HostId, Percent, Reading, Reason};
use smonitor::node::{Node, Settings};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::{Client, NOON, member};

const INTERVAL: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(20);

/// A source that does as it is told.
struct Scripted {
    name: &'static str,
    runs: Arc<AtomicU64>,
    act: Box<dyn FnMut(u64) -> Result<Collected, Reason> + Send>,
}

impl Source for Scripted {
    fn name(&self) -> &'static str {
        self.name
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        let run = self.runs.fetch_add(1, Ordering::SeqCst) + 1;
        (self.act)(run)
    }
}

fn scripted(
    name: &'static str,
    act: impl FnMut(u64) -> Result<Collected, Reason> + Send + 'static,
) -> (Box<dyn Source>, Arc<AtomicU64>) {
    let runs = Arc::new(AtomicU64::new(0));
    (Box::new(Scripted { name, runs: runs.clone(), act: Box::new(act) }), runs)
}

fn cpu() -> Collected {
    Collected::Cpu(demo::machine(1, NOON).cpu)
}

fn memory() -> Collected {
    Collected::Memory(demo::machine(1, NOON).memory)
}

fn processes() -> Collected {
    Collected::Processes(demo::machine(1, NOON).processes)
}

fn id() -> HostId {
    HostId::parse("here").unwrap()
}

fn start(sources: Vec<Box<dyn Source>>, linger: Duration) -> (Feed, CancellationToken) {
    start_with(sources, INTERVAL, linger)
}

fn start_every(sources: Vec<Box<dyn Source>>, interval: Duration) -> (Feed, CancellationToken) {
    start_with(sources, interval, Duration::ZERO)
}

fn start_with(
    sources: Vec<Box<dyn Source>>,
    interval: Duration,
    linger: Duration,
) -> (Feed, CancellationToken) {
    start_tracking(sources, interval, linger, None)
}

fn start_tracking(
    sources: Vec<Box<dyn Source>>,
    interval: Duration,
    linger: Duration,
    track_gpus: Option<Duration>,
) -> (Feed, CancellationToken) {
    let clock = Clock::system();
    let settings = feed::Settings { fresh_for: interval, wait_at_most: PATIENCE };
    let (feed, publisher) = feed::new(settings, clock.clone());
    let context = Context { roots: Roots::live(), clock, rate_window: Duration::from_secs(60) };
    let settings =
        Settings { host: id(), interval, process_interval: interval, linger, track_gpus };
    let node = Node::new(settings, sources, context, publisher).unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(node.run(stop.clone(), || {}));
    (feed, stop)
}

async fn frame(subscription: &mut Subscription, client: &mut Client) {
    match timeout(PATIENCE, subscription.next()).await.expect("a frame in time") {
        Event::Frame(frame) => client.take(frame.json()),
        Event::Gone => panic!("gone"),
    }
}

#[tokio::test]
async fn nothing_is_collected_unless_somebody_looks() {
    let (source, runs) = scripted("cpu", |_| Ok(cpu()));
    let (table, table_runs) = scripted("processes", |_| Ok(processes()));
    let (feed, _stop) = start(vec![source, table], Duration::ZERO);
    tokio::time::sleep(INTERVAL * 10).await;
    assert_eq!(runs.load(Ordering::SeqCst), 0, "nobody looks, nothing runs");

    let mut viewer = feed.subscribe(&Topic::Host(id()), member()).unwrap();
    let mut client = Client::default();
    for _ in 0..5 {
        frame(&mut viewer, &mut client).await;
    }
    assert!(runs.load(Ordering::SeqCst) >= 5);
    assert_eq!(table_runs.load(Ordering::SeqCst), 0, "nobody looks at the processes");

    drop(viewer);
    tokio::time::sleep(INTERVAL * 5).await;
    let after = runs.load(Ordering::SeqCst);
    tokio::time::sleep(INTERVAL * 20).await;
    assert_eq!(runs.load(Ordering::SeqCst), after, "the last one has left");

    feed.document(&Topic::Host(id()), member()).await.unwrap();
    tokio::time::sleep(INTERVAL * 2).await;
    let read = runs.load(Ordering::SeqCst);
    // Once; on a machine out of breath the answer may take longer than the (very short) interval.
    assert!((after + 1..=after + 3).contains(&read), "one read collects: {after}, then {read}");
    tokio::time::sleep(INTERVAL * 10).await;
    assert_eq!(runs.load(Ordering::SeqCst), read, "and keeps nothing running");
}

/// One card with a job on it.
fn gpus(percent: f64) -> Collected {
    let mut card =
        Gpu { key: "0000:01:00.0".into(), process_count: Reading::Present(1), ..Gpu::default() };
    card.utilisation.gpu_percent = Reading::Present(Percent(percent));
    Collected::Gpus(Gpus {
        driver: DriverState::Running,
        driver_version: Reading::default(),
        nvml_version: Reading::default(),
        cuda_version: Reading::default(),
        cards: vec![card],
        processes: Vec::new(),
        people: Vec::new(),
        events: Vec::new(),
        left_out: 0,
    })
}

#[tokio::test]
async fn cards_are_watched_while_nobody_looks_and_whoever_comes_knows_since_when_they_idle() {
    // The first two readings find it at work, all later ones idle.
    let (cards, card_runs) = scripted("gpus", |run| Ok(gpus(if run <= 2 { 90.0 } else { 0.0 })));
    let (others, other_runs) = scripted("cpu", |_| Ok(cpu()));
    let hour = Duration::from_secs(3600);
    let (feed, _stop) =
        start_tracking(vec![cards, others], hour, Duration::ZERO, Some(INTERVAL * 2));
    while card_runs.load(Ordering::SeqCst) < 6 {
        tokio::time::sleep(INTERVAL).await;
    }
    assert_eq!(other_runs.load(Ordering::SeqCst), 0, "nothing else is watched");

    let before = card_runs.load(Ordering::SeqCst);
    let mut viewer = feed.subscribe(&Topic::Host(id()), member()).unwrap();
    let mut client = Client::default();
    frame(&mut viewer, &mut client).await;
    assert!(card_runs.load(Ordering::SeqCst) > before, "who comes gets fresh values");
    let card = client.document["gpus"]["value"]["cards"][0].clone();
    let taken = client.document["gpus"]["taken_at_ms"].as_i64().unwrap();
    let idle_since = card["idle_since_ms"].as_i64().expect("seen by nobody but the node");
    assert!(idle_since < taken, "{idle_since} is before {taken}");
    assert_eq!(card["state"], "busy", "held takes ten minutes");
}

#[tokio::test]
async fn without_cards_nothing_is_watched() {
    let (cards, runs) = scripted("gpus", |_| Err(Reason::NotSupported));
    let interval = Some(INTERVAL);
    let (_feed, _stop) = start_tracking(vec![cards], INTERVAL, Duration::ZERO, interval);
    while runs.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(INTERVAL).await;
    }
    tokio::time::sleep(INTERVAL * 20).await;
    assert_eq!(runs.load(Ordering::SeqCst), 1, "one try at start");

    let (cards, runs) = scripted("gpus", |_| Ok(gpus(0.0)));
    let (_feed, _stop) = start_tracking(vec![cards], INTERVAL, Duration::ZERO, None);
    tokio::time::sleep(INTERVAL * 20).await;
    assert_eq!(runs.load(Ordering::SeqCst), 0, "nor where it is switched off");
}

#[tokio::test]
async fn cards_that_cannot_be_read_any_more_are_unknown_and_keep_their_values() {
    let (cards, _) = scripted("gpus", |run| match run {
        1..=3 => Ok(gpus(90.0)),
        _ => Err(Reason::ReadFailed),
    });
    let (feed, _stop) = start(vec![cards], Duration::ZERO);
    let mut viewer = feed.subscribe(&Topic::Host(id()), member()).unwrap();
    let mut client = Client::default();
    let card = |client: &Client| client.document["gpus"]["value"]["cards"][0].clone();
    frame(&mut viewer, &mut client).await;
    assert_eq!(card(&client)["state"], "busy");
    while client.document["gpus"]["problem"]["reason"] != "read_failed" {
        frame(&mut viewer, &mut client).await;
    }
    let card = card(&client);
    assert_eq!(card["state"], "unknown");
    assert_eq!(card["utilisation"]["gpu_percent"], 90.0, "as it was read last");
    assert_eq!(card["idle_since_ms"]["absent"], "read_failed");
}

#[tokio::test]
async fn sources_that_panic_fail_or_hang_do_not_delay_the_others() {
    let released = Arc::new(AtomicBool::new(false));
    let (good, good_runs) = scripted("cpu", |_| Ok(cpu()));
    let (shaky, _) = scripted("memory", |run| match run % 4 {
        0 => panic!("a source may panic"),
        1 => Err(Reason::ReadFailed),
        _ => Ok(memory()),
    });
    let (hanging, hanging_runs) = scripted("processes", {
        let released = released.clone();
        move |run| {
            while run > 3 && !released.load(Ordering::SeqCst) {
                std::thread::yield_now();
                std::thread::park_timeout(Duration::from_millis(5));
            }
            Ok(processes())
        }
    });
    let (feed, _stop) = start(vec![good, shaky, hanging], Duration::ZERO);
    let mut viewer = feed.subscribe(&Topic::Host(id()), member()).unwrap();
    let _processes = feed.subscribe(&Topic::Processes(id()), member()).unwrap();
    let mut client = Client::default();
    let mut seen_failing = false;
    while good_runs.load(Ordering::SeqCst) < 100 {
        frame(&mut viewer, &mut client).await;
        seen_failing |= client.document["memory"]["problem"]["reason"] == "read_failed";
        assert_eq!(client.document["cpu"]["problem"], Value::Null);
    }
    assert!(seen_failing, "a failing source says so");
    assert!(client.document["memory"]["value"]["total_bytes"].is_u64(), "and keeps its last value");
    assert_eq!(hanging_runs.load(Ordering::SeqCst), 4, "a hanging source is not called again");

    released.store(true, Ordering::SeqCst);
    while hanging_runs.load(Ordering::SeqCst) < 10 {
        frame(&mut viewer, &mut client).await;
    }
}

#[tokio::test]
async fn a_hanging_source_is_shown_as_stuck_with_its_age_and_recovers() {
    let released = Arc::new(AtomicBool::new(false));
    let (good, _) = scripted("cpu", |_| Ok(cpu()));
    let (hanging, _) = scripted("memory", {
        let released = released.clone();
        move |run| {
            while run > 1 && !released.load(Ordering::SeqCst) {
                std::thread::park_timeout(Duration::from_millis(5));
            }
            Ok(memory())
        }
    });
    let (feed, _stop) = start(vec![good, hanging], Duration::ZERO);
    let mut viewer = feed.subscribe(&Topic::Host(id()), member()).unwrap();
    let mut client = Client::default();
    while client.document["memory"]["problem"]["reason"] != "not_responding" {
        frame(&mut viewer, &mut client).await;
    }
    let memory = client.document["memory"].clone();
    assert!(memory["value"]["total_bytes"].is_u64(), "the last value stays");
    let (taken, since) = (&memory["taken_at_ms"], &memory["problem"]["since_ms"]);
    assert!(taken.as_i64().unwrap() <= since.as_i64().unwrap(), "stuck since after the last value");
    let health = &client.document["sources"][1];
    assert_eq!((&health["name"], health["skipped"].as_u64() > Some(0)), (&"memory".into(), true));

    released.store(true, Ordering::SeqCst);
    while client.document["memory"]["problem"] != Value::Null {
        frame(&mut viewer, &mut client).await;
    }
}

#[tokio::test]
async fn the_loop_beats_even_when_nobody_looks() {
    let (publisher, context) = {
        let clock = Clock::system();
        let settings = feed::Settings { fresh_for: INTERVAL, wait_at_most: PATIENCE };
        let (_feed, publisher) = feed::new(settings, clock.clone());
        let rate_window = Duration::from_secs(60);
        (publisher, Context { roots: Roots::live(), clock, rate_window })
    };
    let settings = Settings {
        host: id(),
        interval: INTERVAL,
        process_interval: INTERVAL,
        linger: INTERVAL,
        track_gpus: None,
    };
    let node = Node::new(settings, Vec::new(), context, publisher).unwrap();
    let (beat, mut beats) = tokio::sync::mpsc::channel(100);
    let stop = CancellationToken::new();
    let running = tokio::spawn(node.run(stop.clone(), move || {
        beat.try_send(()).ok();
    }));
    for _ in 0..3 {
        timeout(Duration::from_secs(3), beats.recv()).await.expect("a beat a second");
    }
    stop.cancel();
    timeout(PATIENCE, running).await.expect("it stops when told").unwrap();
}

/// A source that is slower than the others of its tick: whoever asks for the whole host once gets its
/// values of this collection, not of the one before.
#[tokio::test]
async fn one_question_gets_slow_values_too() {
    let (quick, quick_runs) = scripted("cpu", |_| Ok(cpu()));
    let (slow, slow_runs) = scripted("memory", |_| {
        std::thread::park_timeout(Duration::from_millis(400));
        Ok(memory())
    });
    let (table, table_runs) = scripted("processes", |_| Ok(processes()));
    let (feed, _stop) = start_every(vec![quick, slow, table], Duration::from_secs(2));
    let here = id();
    let asked = timeout(Duration::from_secs(5), feed.snapshot(&here, member()));
    let host = asked.await.expect("in time").unwrap();
    assert!(host.memory.value.present().is_some() && host.cpu.value.present().is_some());
    // The second sample comes half a second after the first and may have begun.
    assert!(slow_runs.load(Ordering::SeqCst) <= 2, "collected for this one question");
    assert!(quick_runs.load(Ordering::SeqCst) <= 2, "collected for this one question");
    assert_eq!(table_runs.load(Ordering::SeqCst), 0, "no process table for this");
}

/// The demo knows since when its cards are what they are, which watching for a moment does not tell.
#[tokio::test]
async fn the_cards_of_a_demo_are_as_it_says() {
    let clock = Clock::system();
    let settings = feed::Settings { fresh_for: INTERVAL, wait_at_most: PATIENCE };
    let (feed, publisher) = feed::new(settings, clock.clone());
    let context = Context { roots: Roots::live(), clock, rate_window: Duration::from_secs(60) };
    let settings = Settings {
        host: id(),
        interval: INTERVAL,
        process_interval: INTERVAL,
        linger: INTERVAL,
        track_gpus: None,
    };
    let sources = demo::sources(7, &context);
    let node = Node::new(settings, sources, context, publisher).unwrap().with_judged_cards();
    let stop = CancellationToken::new();
    let _running = tokio::spawn(node.run(stop.clone(), || {}));
    let (here, stop) = (id(), stop.drop_guard());
    let asked = timeout(Duration::from_secs(5), feed.snapshot(&here, member()));
    let host = asked.await.expect("in time").unwrap();
    let gpus = host.gpus.value.present().unwrap();
    let held = gpus.cards.iter().filter(|card| card.state == GpuState::Held);
    assert!(held.clone().count() > 0, "held at once: {:?}", gpus.cards);
    assert!(held.clone().all(|card| card.idle_since_ms.present().is_some()));
    drop(stop);
}
