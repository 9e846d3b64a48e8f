//! The feed's promises: a patch stream equals the documents, once per audience, newest wins, and
//! nobody asking means nothing wanted.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use smonitor::clock::{Clock, Manual};
use smonitor::feed::{self, Event, Feed, Publisher, Refusal, Settings, Subscription};
use smonitor::model::network::Sockets;
use smonitor::model::process::Process;
use smonitor::model::source::{Remedy, SourceHealth, SourceState};
use smonitor::model::unit::{FailedUnit, Units};
use smonitor::model::wire::{HostDocument, OverviewDocument, ProcessesDocument, Topic};
use smonitor::model::{
    Audience, HostId, Problem, Reading, Reason, Role, Section, Snapshot, UnixMillis,
};

use crate::support::{Client, NOON, member, section, snapshot, sorted};

const SECRET: &str = "mysql --password=hunter2";

struct Rig {
    feed: Feed,
    publisher: Publisher,
    hands: Arc<Manual>,
    host: HostId,
}

fn rig() -> Rig {
    let (clock, hands) = Clock::manual(NOON);
    let settings =
        Settings { fresh_for: Duration::from_secs(2), wait_at_most: Duration::from_secs(5) };
    let (feed, publisher) = feed::new(settings, clock);
    let host = HostId::parse("gpu-01").unwrap();
    publisher.add_host(host.clone());
    Rig { feed, publisher, hands, host }
}

impl Rig {
    fn topics(&self) -> [Topic; 3] {
        [Topic::Overview, Topic::Host(self.host.clone()), Topic::Processes(self.host.clone())]
    }

    fn processes(&self) -> Topic {
        Topic::Processes(self.host.clone())
    }

    fn publish_demo(&self, seconds: i64) -> Arc<Snapshot> {
        let snapshot = Arc::new(snapshot(&self.host, 3, UnixMillis(NOON.0 + seconds * 1000)));
        self.publisher.publish(&snapshot);
        snapshot
    }
}

async fn next_json(subscription: &mut Subscription) -> Vec<u8> {
    match subscription.next().await {
        Event::Frame(frame) => frame.json().to_vec(),
        Event::Gone => panic!("gone"),
    }
}

#[tokio::test]
async fn a_patch_stream_equals_the_documents_for_every_topic_and_audience() {
    let rig = rig();
    rig.publish_demo(0);
    for topic in rig.topics() {
        for role in Role::ALL {
            let audience = Audience::new(role);
            let Ok(mut subscription) = rig.feed.subscribe(&topic, audience) else {
                assert_eq!((&topic, role), (&rig.processes(), Role::Guest));
                continue;
            };
            let mut client = Client::default();
            client.take(&next_json(&mut subscription).await);
            for step in 1..40_i64 {
                rig.publish_demo(step * step * 7 % 4000);
                client.take(&next_json(&mut subscription).await);
                let document = rig.feed.document(&topic, audience).await.unwrap();
                let document: Value = serde_json::from_slice(&document).unwrap();
                assert!(client.sorted() == sorted(document), "{topic} as {role:?}, step {step}");
            }
            assert_eq!((client.fulls, client.patches), (1, 39), "{topic} as {role:?}");
        }
    }
}

#[tokio::test]
async fn documents_have_the_documented_types() {
    let rig = rig();
    let snapshot = rig.publish_demo(0);
    let [overview, host, processes] = rig.topics();
    let read = async |topic: &Topic| rig.feed.document(topic, member()).await.unwrap();
    let overview: OverviewDocument = serde_json::from_slice(&read(&overview).await).unwrap();
    assert_eq!(&*overview.hosts[0].key, "gpu-01");
    let host: HostDocument = serde_json::from_slice(&read(&host).await).unwrap();
    // What is for metrics only is not in it.
    let wire = |section: serde_json::Result<Value>| section.unwrap();
    assert_eq!(wire(serde_json::to_value(&host.cpu)), wire(serde_json::to_value(&*snapshot.cpu)));
    let memory = wire(serde_json::to_value(&host.memory));
    assert_eq!(memory, wire(serde_json::to_value(&*snapshot.memory)));
    let skipped = host.cpu.value.present().map(|cpu| cpu.seconds_total.len());
    assert_eq!(skipped, Some(0));
    let processes: ProcessesDocument = serde_json::from_slice(&read(&processes).await).unwrap();
    let rows = &snapshot.processes.value.present().unwrap().rows;
    assert!(processes.processes.iter().eq(rows.iter().map(|process| &process.row)));
}

/// What is read at its own pace comes in a snapshot in which nothing else is new.
#[tokio::test]
async fn every_section_by_itself_is_news() {
    let rig = rig();
    let mut snapshot = (*rig.publish_demo(0)).clone();
    let topic = Topic::Host(rig.host.clone());
    let mut viewer = rig.feed.subscribe(&topic, member()).unwrap();
    let mut client = Client::default();
    client.take(&next_json(&mut viewer).await);
    macro_rules! renew_each {
        ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
            $(
                Arc::make_mut(&mut snapshot.$key).taken_at_ms = Reading::Present(UnixMillis(7));
                rig.publisher.publish(&Arc::new(snapshot.clone()));
                let news = tokio::time::timeout(Duration::from_secs(5), next_json(&mut viewer));
                client.take(&news.await.expect(stringify!($key)));
                assert_eq!(client.sorted()[stringify!($key)]["taken_at_ms"], 7);
            )*
        };
    }
    smonitor::host_sections!(renew_each);
    rig.publisher.publish(&Arc::new(snapshot));
    let news = tokio::time::timeout(Duration::from_millis(50), next_json(&mut viewer));
    assert!(news.await.is_err(), "nothing new is no news");
}

#[tokio::test]
async fn frames_are_encoded_once_per_audience_however_many_look() {
    let rig = rig();
    rig.publish_demo(0);
    let topic = rig.processes();
    let mut viewers: Vec<Subscription> = (0..200)
        .map(|number| {
            let role = if number % 2 == 0 { Role::Member } else { Role::Admin };
            rig.feed.subscribe(&topic, Audience::new(role)).unwrap()
        })
        .collect();
    for tick in 0..5 {
        let before = rig.feed.encodings();
        for viewer in &mut viewers {
            next_json(viewer).await;
        }
        assert_eq!(rig.feed.encodings() - before, 2, "tick {tick}: one per audience");
        rig.publish_demo(10 + tick);
    }
    let before = rig.feed.encodings();
    for tick in 0..100 {
        rig.publish_demo(100 + tick);
    }
    assert_eq!(rig.feed.encodings(), before, "nobody pulls, nothing is encoded");
}

#[tokio::test]
async fn a_slow_viewer_skips_to_the_newest_full() {
    let rig = rig();
    rig.publish_demo(0);
    let mut slow = rig.feed.subscribe(&rig.processes(), member()).unwrap();
    let mut client = Client::default();
    client.take(&next_json(&mut slow).await);
    for step in 1..50 {
        rig.publish_demo(step);
    }
    client.take(&next_json(&mut slow).await);
    assert_eq!((client.fulls, client.patches, client.seq), (2, 0, Some(50)));
    rig.publish_demo(51);
    client.take(&next_json(&mut slow).await);
    assert_eq!((client.fulls, client.patches), (2, 1));
}

#[tokio::test]
async fn what_a_role_may_not_see_is_not_in_the_bytes() {
    let rig = rig();
    let mut host = snapshot(&rig.host, 3, NOON);
    let mut table = host.processes.value.present().unwrap().clone();
    let Process { row, full_command } = &mut table.rows[40];
    row.command = Reading::Present("mysql --password=***".into());
    *full_command = Some(SECRET.into());
    host.processes = section(table, NOON);
    rig.publisher.publish(&Arc::new(host));

    let bytes = async |role| {
        let document = rig.feed.document(&rig.processes(), Audience::new(role)).await;
        document.map(|document| String::from_utf8(document.to_vec()).unwrap())
    };
    assert_eq!(bytes(Role::Guest).await, Err(Refusal::Forbidden));
    assert!(!bytes(Role::Member).await.unwrap().contains("hunter2"));
    assert!(bytes(Role::Admin).await.unwrap().contains(SECRET));

    // Nor in a patch, when the secret arrives or changes later.
    for role in [Role::Member, Role::Admin] {
        let mut viewer = rig.feed.subscribe(&rig.processes(), Audience::new(role)).unwrap();
        next_json(&mut viewer).await;
        rig.publish_demo(1);
        next_json(&mut viewer).await;
        let mut host = snapshot(&rig.host, 3, NOON);
        let mut table = host.processes.value.present().unwrap().clone();
        table.rows[40].full_command = Some(SECRET.into());
        host.processes = section(table, NOON);
        rig.publisher.publish(&Arc::new(host));
        let patch = String::from_utf8(next_json(&mut viewer).await).unwrap();
        assert_eq!(patch.contains("hunter2"), role == Role::Admin, "{role:?}");
        rig.publish_demo(2);
    }
}

#[tokio::test]
async fn topics_that_do_not_exist_are_refused_and_removed_hosts_are_gone() {
    let rig = rig();
    let other = Topic::Host(HostId::parse("other").unwrap());
    assert_eq!(rig.feed.subscribe(&other, member()).err(), Some(Refusal::NotFound));
    let mut viewer = rig.feed.subscribe(&Topic::Host(rig.host.clone()), member()).unwrap();
    rig.publisher.remove_host(&rig.host);
    assert!(matches!(viewer.next().await, Event::Gone));
    assert!(rig.feed.hosts().is_empty());
}

#[tokio::test]
async fn one_viewer_leaving_does_not_stop_another() {
    let rig = rig();
    let demand = rig.publisher.demand();
    let topic = rig.processes();
    let linger = Duration::from_secs(30);
    let first = rig.feed.subscribe(&topic, member()).unwrap();
    let second = rig.feed.subscribe(&topic, member()).unwrap();
    drop(first);
    assert!(demand.borrow().of(&topic).is_wanted(Duration::from_secs(3600), linger));
    drop(second);
    let wanted =
        |seconds| demand.borrow().of(&topic).is_wanted(Duration::from_secs(seconds), linger);
    assert!(wanted(29) && !wanted(30), "collection lingers, then stops");
    assert!(!demand.borrow().of(&Topic::Overview).is_wanted(Duration::ZERO, linger));
}

#[tokio::test(start_paused = true)]
async fn a_single_read_sets_a_collection_going_and_leaves_nothing_behind() {
    let rig = rig();
    let topic = Topic::Host(rig.host.clone());
    let demand = rig.publisher.demand();
    let linger = Duration::from_secs(30);
    let read = rig.feed.document(&topic, member());
    let answer = async {
        tokio::task::yield_now().await;
        assert!(demand.borrow().of(&topic).is_wanted(Duration::ZERO, linger));
        rig.publish_demo(0);
    };
    let (document, ()) = tokio::join!(read, answer);
    assert!(document.is_ok());
    assert!(!demand.borrow().of(&topic).is_wanted(Duration::ZERO, linger), "it does not linger");

    assert!(
        rig.feed.document(&topic, member()).await.is_ok(),
        "fresh values are served as they are"
    );
    rig.hands.advance(Duration::from_secs(3600));
    let old = rig.feed.document(&topic, member()).await.unwrap();
    let old: HostDocument = serde_json::from_slice(&old).unwrap();
    assert_eq!(old.cpu.taken_at_ms, Reading::Present(NOON), "old values say how old they are");
}

#[tokio::test(start_paused = true)]
async fn without_any_values_a_read_ends_in_time_and_a_viewer_waits() {
    let rig = rig();
    let topic = Topic::Host(rig.host.clone());
    assert_eq!(rig.feed.document(&topic, member()).await, Err(Refusal::Unavailable));
    let mut viewer = rig.feed.subscribe(&topic, member()).unwrap();
    let early = tokio::time::timeout(Duration::from_secs(60), viewer.next()).await;
    assert!(early.is_err(), "nothing is invented");
    rig.publish_demo(0);
    next_json(&mut viewer).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_viewer_of_a_hanging_host_sees_the_old_values_soon() {
    let rig = rig();
    let mut host = snapshot(&rig.host, 3, NOON);
    let stuck = Problem { reason: Reason::NotResponding, since_ms: NOON };
    Arc::make_mut(&mut host.cpu).problem = Some(stuck);
    rig.publisher.publish(&Arc::new(host));
    rig.hands.advance(Duration::from_secs(600));
    let mut viewer = rig.feed.subscribe(&Topic::Host(rig.host.clone()), member()).unwrap();
    let first = tokio::time::timeout(Duration::from_secs(2), next_json(&mut viewer)).await;
    let mut client = Client::default();
    client.take(&first.expect("within two seconds"));
    assert_eq!(client.document["cpu"]["problem"]["reason"], "not_responding");
}

#[tokio::test]
async fn a_deflated_frame_is_the_same_text() {
    use std::io::Read as _;
    let rig = rig();
    rig.publish_demo(0);
    let mut viewer = rig.feed.subscribe(&rig.processes(), member()).unwrap();
    let Event::Frame(frame) = viewer.next().await else { panic!("gone") };
    let deflated = frame.deflated().expect("a process table is large");
    assert!(
        deflated.len() * 4 < frame.json().len(),
        "{} of {}",
        deflated.len(),
        frame.json().len()
    );
    let mut text = Vec::new();
    flate2::read::DeflateDecoder::new(&deflated[..]).read_to_end(&mut text).unwrap();
    assert_eq!(&text, frame.json());
    assert_eq!(deflated.as_ptr(), frame.clone().deflated().unwrap().as_ptr(), "compressed once");
}

#[tokio::test]
async fn the_last_ten_minutes_are_remembered_and_no_more() {
    let rig = rig();
    let recent = || rig.feed.recent(&rig.host, Audience::new(Role::Guest)).unwrap();
    assert!(recent().cpu.times_ms.is_empty(), "nothing is invented");
    for second in (0..1300).step_by(2) {
        rig.publish_demo(second);
    }
    let kept = recent();
    assert_eq!(kept.cpu.times_ms.len(), 301);
    assert_eq!(kept.memory.times_ms.first(), Some(&UnixMillis(NOON.0 + 698_000)));
    assert_eq!(kept.cpu.busy_percent.len(), kept.cpu.times_ms.len());
    assert!(kept.memory.used_percent.iter().all(|used| used.present().is_some()));

    // The clock is set back: what lies in the future now was measured on another clock.
    rig.publish_demo(1000);
    let kept = recent();
    assert_eq!(kept.cpu.times_ms.last(), Some(&UnixMillis(NOON.0 + 1_000_000)));
    assert!(kept.cpu.times_ms.is_sorted_by(|a, b| a < b));

    let other = HostId::parse("other").unwrap();
    assert_eq!(rig.feed.recent(&other, member()).err(), Some(Refusal::NotFound));
}

/// Two refresh speeds: a table that is read every 10 s is not old after 5, so a new viewer or reader
/// gets it at once and sets nothing going.
#[tokio::test(start_paused = true)]
async fn what_is_read_slowly_is_fresh_for_longer() {
    let rig = rig();
    let mut host = snapshot(&rig.host, 3, NOON);
    Arc::make_mut(&mut host.processes).interval_ms = 10_000;
    rig.publisher.publish(&Arc::new(host));
    for (age, waits) in [(5, false), (10, true)] {
        rig.hands.advance(Duration::from_secs(5));
        let mut viewer = rig.feed.subscribe(&rig.processes(), member()).unwrap();
        let first = tokio::time::timeout(Duration::from_millis(500), next_json(&mut viewer)).await;
        assert_eq!(first.is_err(), waits, "{age} s old");
    }
}

fn sockets() -> Sockets {
    Sockets {
        tcp: Reading::default(),
        tcp_in_use: Reading::default(),
        tcp_orphaned: Reading::default(),
        tcp_time_wait: Reading::default(),
        tcp_memory_bytes: Reading::default(),
        udp_in_use: Reading::default(),
    }
}

/// Two sources of which one, `sockets`, has not come with the first news of a collection.
fn with_sources(mut snapshot: Snapshot, names: &[&str]) -> Snapshot {
    snapshot.sockets = Arc::new(Section::not_collected(2000));
    let source = |name: &&str| SourceHealth {
        name: (*name).to_owned(),
        state: SourceState::Well,
        problem: None,
        remedy: Remedy::Nothing,
        findings: Vec::new(),
        duration_seconds: Reading::default(),
        interval_ms: 2000,
        started_at_ms: Reading::default(),
        runs: 1,
        failures: 0,
        skipped: 0,
    };
    snapshot.sources = Arc::new(names.iter().map(source).collect());
    snapshot.sockets = Arc::new(Section::not_collected(2000));
    snapshot
}

#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "the time of the paused runtime")]
async fn a_whole_host_is_collected_once_and_slow_sources_are_waited_for() {
    let rig = rig();
    let topic = Topic::Host(rig.host.clone());
    let demand = rig.publisher.demand();
    let wanted = || demand.borrow().of(&topic).is_wanted(Duration::ZERO, Duration::from_secs(30));
    let first = with_sources(snapshot(&rig.host, 3, NOON), &["cpu", "sockets"]);
    let slow = Snapshot { sockets: section(sockets(), NOON), ..first.clone() };
    let answer = async {
        tokio::task::yield_now().await;
        assert!(wanted(), "asking sets a collection going");
        rig.publisher.publish(&Arc::new(first.clone()));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(wanted(), "still waiting for the slow one");
        rig.publisher.publish(&Arc::new(slow.clone()));
    };
    let (got, ()) = tokio::join!(rig.feed.snapshot(&rig.host, member()), answer);
    let got = got.unwrap();
    assert!(got.sockets.value.present().is_some());
    assert_eq!(got.cpu, slow.cpu);
    assert!(got.processes.value.present().is_none(), "processes are another topic");
    assert!(!wanted(), "it does not linger");

    let again = rig.feed.snapshot(&rig.host, member());
    let again = tokio::time::timeout(Duration::from_millis(1), again).await;
    assert_eq!(again.expect("what is fresh is given at once").unwrap().cpu, slow.cpu);

    rig.hands.advance(Duration::from_secs(3));
    let asked = tokio::time::Instant::now();
    let (got, ()) = tokio::join!(rig.feed.snapshot(&rig.host, member()), async {
        tokio::task::yield_now().await;
        assert!(wanted(), "what is old is read anew");
        let mut next = with_sources(snapshot(&rig.host, 3, later(3)), &["cpu", "sockets"]);
        let stuck = Problem { reason: Reason::NotResponding, since_ms: NOON };
        next.sockets = slow.sockets.clone();
        Arc::make_mut(&mut next.sockets).problem = Some(stuck);
        rig.publisher.publish(&Arc::new(next));
    });
    assert_eq!(
        got.unwrap().cpu.taken_at_ms,
        Reading::Present(later(3)),
        "nobody waits for a stuck one"
    );
    assert_eq!(asked.elapsed(), Duration::ZERO, "nobody waits for a stuck one");
}

fn later(seconds: i64) -> UnixMillis {
    UnixMillis(NOON.0 + seconds * 1000)
}

#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "the time of the paused runtime")]
async fn a_source_that_never_comes_costs_a_reader_two_seconds() {
    let rig = rig();
    let asked = tokio::time::Instant::now();
    let (got, ()) = tokio::join!(rig.feed.snapshot(&rig.host, member()), async {
        tokio::task::yield_now().await;
        let first = with_sources(snapshot(&rig.host, 3, NOON), &["cpu", "sockets"]);
        rig.publisher.publish(&Arc::new(first));
    });
    assert!(got.unwrap().cpu.value.present().is_some());
    assert_eq!(asked.elapsed().as_secs(), 2);
    let other = HostId::parse("other").unwrap();
    assert_eq!(rig.feed.snapshot(&other, member()).await.err(), Some(Refusal::NotFound));
    rig.publisher.add_host(other.clone());
    let none = rig.feed.snapshot(&other, member()).await;
    assert_eq!(none.err(), Some(Refusal::Unavailable), "nothing is invented");
}

#[tokio::test]
async fn a_snapshot_holds_what_the_audience_may_see() {
    let rig = rig();
    let mut host = snapshot(&rig.host, 3, NOON);
    let unit = FailedUnit {
        key: "secret.service".into(),
        description: "".into(),
        sub_state: "failed".into(),
        since_ms: Reading::default(),
    };
    host.units = section(Units { failed: vec![unit], left_out: 0 }, NOON);
    rig.publisher.publish(&Arc::new(host.clone()));
    for role in Role::ALL {
        let seen = rig.feed.snapshot(&rig.host, Audience::new(role)).await.unwrap();
        let units = &seen.units.value;
        if role == Role::Guest {
            assert_eq!(units.reason(), Some(Reason::Hidden));
        } else {
            assert_eq!(units, &host.units.value);
        }
        assert!(seen.processes.value.present().is_none(), "{role:?}");
    }
}

/// News of any section are news of the host, not only of the quick ones.
#[tokio::test]
async fn a_section_that_comes_later_moves_the_topic_on() {
    let rig = rig();
    let host = rig.publish_demo(0);
    let mut viewer = rig.feed.subscribe(&Topic::Host(rig.host.clone()), member()).unwrap();
    let mut client = Client::default();
    client.take(&next_json(&mut viewer).await);
    let units = section(Units::default(), NOON);
    rig.publisher.publish(&Arc::new(Snapshot { units, ..(*host).clone() }));
    let patch = tokio::time::timeout(Duration::from_secs(5), next_json(&mut viewer)).await;
    client.take(&patch.expect("a patch"));
    assert!(client.document["units"]["value"]["failed"].is_array());
}

/// An app publishes the overview by itself; that a host goes must not replace it by nothing.
#[tokio::test]
async fn a_host_that_goes_takes_nothing_of_an_overview_that_the_role_publishes() {
    let rig = rig();
    let row = Arc::new(feed::line(&snapshot(&rig.host, 3, NOON)));
    let overview = feed::Overview { rows: vec![row], ..feed::Overview::default() };
    rig.publisher.publish_overview(overview);
    let gone = HostId::parse("gone").unwrap();
    rig.publisher.add_host(gone.clone());
    rig.publisher.remove_host(&gone);
    assert_eq!(rig.feed.overview(member()).await.unwrap().rows.len(), 1);
}

/// A page of a host that was not heard of is there to be seen, but who asks for values waits for them.
#[tokio::test(start_paused = true)]
async fn a_page_of_which_nothing_was_read_is_not_fresh() {
    let rig = rig();
    let blank = Snapshot::not_collected(rig.host.clone(), NOON, |_| 2000);
    rig.publisher.publish_host(&Arc::new(blank));
    let topic = Topic::Host(rig.host.clone());
    let asking = rig.feed.clone();
    let asked = topic.clone();
    let waiting = tokio::spawn(async move { asking.document(&asked, member()).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!waiting.is_finished(), "it was shown what is blank");
    rig.publish_demo(0);
    let bytes = waiting.await.unwrap().unwrap();
    let document: HostDocument = serde_json::from_slice(&bytes).unwrap();
    assert!(document.cpu.value.present().is_some());
}

/// An app that asks gets nothing for nothing, a patch for one step, and all of it for more.
#[tokio::test]
async fn a_poll_brings_up_to_date() {
    let rig = rig();
    let poll = async |seq| {
        let frame = rig.feed.poll(&Topic::Overview, member(), seq).await.unwrap();
        frame.map(|frame| serde_json::from_slice::<Value>(frame.json()).unwrap())
    };
    rig.publish_demo(0);
    assert_eq!(poll(None).await.unwrap()["type"], "full");
    assert_eq!(poll(Some(1)).await, None);
    rig.publish_demo(2);
    assert_eq!(poll(Some(1)).await.unwrap()["type"], "patch");
    rig.publish_demo(4);
    assert_eq!(poll(Some(1)).await.unwrap()["type"], "full");
    assert_eq!(poll(Some(99)).await.unwrap()["type"], "full", "a version it never had");
}
