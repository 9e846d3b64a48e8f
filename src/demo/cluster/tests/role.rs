//! What is published, and when.

use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::clock::Clock;
use crate::feed::{Event, Feed};
use crate::model::wire::Topic;
use crate::model::{Audience, Role as Viewer};

fn member() -> Audience {
    Audience::new(Viewer::Member)
}

/// A cluster that runs, on a clock that stands still.
fn running(nodes: u32) -> (Feed, Arc<World>, CancellationToken) {
    let (clock, _hands) = Clock::manual(NOON);
    let times =
        feed::Settings { fresh_for: Duration::from_secs(2), wait_at_most: Duration::from_secs(20) };
    let (feed, publisher) = feed::new(times, clock.clone());
    let world = Arc::new(World::new(1, size(nodes, true), 2000));
    let settings = Settings {
        interval: Duration::from_secs(2),
        process_interval: Duration::from_secs(2),
        linger: Duration::from_secs(10),
    };
    let cluster = DemoCluster::new(world.clone(), settings, clock, publisher);
    let stop = CancellationToken::new();
    tokio::spawn(cluster.run(stop.clone(), || ()));
    (feed, world, stop)
}

async fn read(feed: &Feed, topic: Topic) -> Value {
    serde_json::from_slice(&feed.document(&topic, member()).await.unwrap()).unwrap()
}

#[tokio::test]
async fn the_overview_has_every_host_and_group() {
    let (feed, world, stop) = running(40);
    let overview = read(&feed, Topic::Overview).await;
    assert_eq!(overview["hosts"].as_array().unwrap().len(), 40);
    assert_eq!(overview["groups"].as_array().unwrap().len(), 5);
    let own: Value = serde_json::to_value(world.row(0, NOON)).unwrap();
    assert_eq!(overview["hosts"][0], own);
    stop.cancel();
}

#[tokio::test]
async fn a_host_that_is_looked_at_has_processes_and_a_past() {
    let (feed, world, stop) = running(12);
    let id = world.ids().find(|id| id.as_str() == "gpu-a100-01").unwrap().clone();
    let host = read(&feed, Topic::Host(id.clone())).await;
    assert_eq!(host["status"]["group"], "A100 servers");
    assert!(host["containers"]["value"]["rows"].is_array(), "{}", host["containers"]);
    let processes = read(&feed, Topic::Processes(id.clone())).await;
    assert!(processes["processes"].as_array().unwrap().len() > 300);
    let recent = feed.recent(&id, member()).unwrap();
    assert!(recent.cpu.times_ms.len() >= 299, "{}", recent.cpu.times_ms.len());
    assert_eq!(recent.gpus.len(), 8);
    assert!(recent.disks.times_ms.len() >= 299, "{}", recent.disks.times_ms.len());
    // The last point is not a leap: the past is of the same machine.
    assert_eq!(recent.cpu.times_ms.last(), Some(&NOON));
    let other = world.ids().find(|id| id.as_str() == "gpu-h100-01").unwrap();
    assert!(feed.recent(other, member()).unwrap().cpu.times_ms.is_empty(), "nobody looked");
    stop.cancel();
}

#[tokio::test]
async fn every_host_can_be_looked_at() {
    let (feed, world, stop) = running(12);
    for id in world.ids() {
        let host = read(&feed, Topic::Host(id.clone())).await;
        assert_eq!(host["host"], id.as_str());
        let processes = read(&feed, Topic::Processes(id.clone())).await;
        let is_known = host["status"]["state"] != "waiting";
        assert_eq!(!processes["processes"].as_array().unwrap().is_empty(), is_known, "{id}");
    }
    stop.cancel();
}

#[tokio::test]
async fn who_stays_is_sent_the_first_frame_at_once() {
    let (feed, _, stop) = running(40);
    let mut subscription = feed.subscribe(&Topic::Overview, member()).unwrap();
    let first = tokio::time::timeout(Duration::from_secs(20), subscription.next()).await.unwrap();
    assert!(matches!(first, Event::Frame(_)));
    stop.cancel();
}
