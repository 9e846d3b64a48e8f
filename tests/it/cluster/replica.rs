//! What an app keeps of a node is what the node has, over any mixture of whole documents and patches.

use std::sync::Arc;

use serde_json::value::RawValue;
use smonitor::feed::Feed;
use smonitor::model::cluster::TroubleKind;
use smonitor::model::peer::{PollAnswer, PollHead};
use smonitor::model::wire::{Mode, Topic};
use smonitor::model::{HostId, UnixMillis};
use smonitor::peer::Replica;

use crate::support::{NOON, member, snapshot};

pub(super) fn id() -> HostId {
    HostId::parse("gpu-01").unwrap()
}

pub(super) fn topics() -> [Topic; 3] {
    [Topic::Overview, Topic::Host(id()), Topic::Processes(id())]
}

pub(super) fn head(instance: &str) -> PollHead {
    PollHead {
        protocol: 1,
        version: "0".into(),
        instance: instance.into(),
        machine: None,
        mode: Mode::Node,
        host: Some(id()),
        server_time_ms: NOON,
    }
}

/// A node without a network: publishes a made-up machine.
pub(super) struct Desk {
    pub(super) feed: Feed,
    publisher: smonitor::feed::Publisher,
    hands: Arc<smonitor::clock::Manual>,
}

impl Desk {
    pub(super) fn new() -> Self {
        let (clock, hands) = smonitor::clock::Clock::manual(NOON);
        let hour = std::time::Duration::from_secs(3600);
        let times = smonitor::feed::Settings { fresh_for: hour, wait_at_most: hour };
        let (feed, publisher) = smonitor::feed::new(times, clock);
        publisher.add_host(id());
        Self { feed, publisher, hands }
    }

    pub(super) fn publish(&self, second: i64) {
        let at = UnixMillis(NOON.0 + second * 1000);
        self.hands.set_wall(at);
        let snapshot = snapshot(&id(), 3, at);
        self.publisher.publish(&Arc::new(snapshot));
    }

    /// Has the replica ask, and takes the answer in.
    pub(super) async fn ask(&self, replica: &mut Replica, instance: &str) -> usize {
        let question = replica.question(&topics());
        let mut frames = Vec::new();
        for asked in &question.topics {
            let frame = self.feed.poll(&asked.topic, member(), asked.seq).await.unwrap();
            let text = frame.map(|frame| String::from_utf8(frame.json().to_vec()).unwrap());
            frames.extend(text.map(|text| RawValue::from_string(text).unwrap()));
        }
        let patches = frames.iter().filter(|frame| frame.get().contains("\"type\":\"patch\""));
        let patches = patches.count();
        let answer = PollAnswer { head: head(instance), frames };
        replica.take(&answer, &question).unwrap();
        patches
    }

    /// That the replica has what the node has.
    async fn assert_same(&self, replica: &Replica) {
        let overview = self.feed.overview(member()).await.unwrap();
        let kept: Vec<_> = replica.rows().cloned().collect();
        assert_eq!(kept, overview.rows);
        let theirs = self.feed.snapshot(&id(), member()).await.unwrap();
        let ours = replica.snapshot(&id()).unwrap();
        macro_rules! compare {
            ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
                // As it goes over the wire: some of it is for metrics of the node alone.
                $( assert_eq!(
                    serde_json::to_value(&ours.$key).unwrap(),
                    serde_json::to_value(&theirs.$key).unwrap()
                ); )*
            };
        }
        smonitor::host_sections!(compare);
        let processes = self.feed.document(&Topic::Processes(id()), member()).await.unwrap();
        let processes: smonitor::model::wire::ProcessesDocument =
            serde_json::from_slice(&processes).unwrap();
        let table = ours.processes.value.present().unwrap();
        let rows: Vec<_> = table.rows.iter().map(|process| process.row.clone()).collect();
        assert!(rows.len() > 20);
        assert_eq!(rows, processes.processes);
        assert_eq!(Some(&table.summary), processes.summary.value.present());
    }
}

#[tokio::test]
async fn whole_documents_and_patches_come_to_the_same() {
    let (desk, mut replica) = (Desk::new(), Replica::default());
    let mut patches = Vec::new();
    for second in [0, 2, 4, 6, 16, 18, 600, 602] {
        desk.publish(second);
        if second == 16 {
            // Missed: the next must come whole.
            continue;
        }
        patches.push(desk.ask(&mut replica, "a").await);
        desk.assert_same(&replica).await;
    }
    assert_eq!(patches, [0, 3, 3, 3, 0, 3, 3]);
    assert_eq!(desk.ask(&mut replica, "a").await, 0, "nothing new, nothing sent");
    desk.assert_same(&replica).await;
}

/// A node that was started anew counts from 1, and by chance may count as the one before did.
#[tokio::test]
async fn a_node_that_was_started_anew_is_asked_for_everything() {
    let (old, mut replica) = (Desk::new(), Replica::default());
    for second in [0, 2, 4] {
        old.publish(second);
        old.ask(&mut replica, "a").await;
    }
    let new = Desk::new();
    for second in [100, 102, 104, 106] {
        new.publish(second);
    }
    // It has version 4 and is asked with version 3 of the other one: the patch must not be believed.
    assert_eq!(new.ask(&mut replica, "b").await, 3);
    let question = replica.question(&topics());
    assert!(question.topics.iter().all(|topic| topic.seq.is_none()), "{question:?}");
    assert_eq!(new.ask(&mut replica, "b").await, 0);
    new.assert_same(&replica).await;
    // Equal numbers: the new one says nothing, which means nothing.
    let third = Desk::new();
    for second in [200, 202, 204, 206] {
        third.publish(second);
    }
    assert_eq!(third.ask(&mut replica, "c").await, 0);
    third.ask(&mut replica, "c").await;
    third.assert_same(&replica).await;
}

#[tokio::test]
async fn what_nobody_asked_for_is_refused() {
    let desk = Desk::new();
    desk.publish(0);
    let frame = desk.feed.poll(&Topic::Overview, member(), None).await.unwrap().unwrap();
    let text = String::from_utf8(frame.json().to_vec()).unwrap();
    let answer = PollAnswer { head: head("a"), frames: vec![RawValue::from_string(text).unwrap()] };
    let mut replica = Replica::default();
    let question = replica.question(&[Topic::Host(id())]);
    let failure = replica.take(&answer, &question).unwrap_err();
    assert_eq!(failure.kind, TroubleKind::Malformed);
    assert_eq!(replica.hosts(), 0);
}
