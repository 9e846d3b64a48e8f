//! A driver that does not answer: the cards are stuck, everything else goes on.

use std::time::Duration;

use serde_json::{Value, json};
use smonitor::clock::Clock;
use smonitor::feed::{self, Event};
use smonitor::host::gpu::{GpuSource, Settings};
use smonitor::host::memory::MemorySource;
use smonitor::host::{Context, Roots};
use smonitor::model::HostId;
use smonitor::model::wire::Topic;
use smonitor::node::{self, Node};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Fake;
use crate::support::{Client, member};

const INTERVAL: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(40);

#[tokio::test]
async fn a_hung_driver_costs_the_others_nothing() {
    let fake = Fake::new("made-8x-a100-sxm4-80gb-550.90");
    let clock = Clock::system();
    let settings = feed::Settings { fresh_for: INTERVAL, wait_at_most: PATIENCE };
    let (feed, publisher) = feed::new(settings, clock.clone());
    let context = Context { roots: Roots::live(), clock, rate_window: Duration::from_secs(60) };
    let library = Settings { library: Some(fake.library()), ..Settings::default() };
    let sources: Vec<Box<dyn smonitor::host::Source>> = vec![
        Box::new(MemorySource::new(context.clone())),
        Box::new(GpuSource::with(context.clone(), library)),
    ];
    let host = HostId::parse("here").unwrap();
    let settings = node::Settings {
        host: host.clone(),
        interval: INTERVAL,
        process_interval: INTERVAL,
        linger: Duration::ZERO,
        track_gpus: None,
    };
    let node = Node::new(settings, sources, context, publisher).unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(node.run(stop.clone(), || {}));
    let mut viewer = feed.subscribe(&Topic::Host(host), member()).unwrap();
    let mut client = Client::default();
    let mut next = async |client: &mut Client| match timeout(PATIENCE, viewer.next())
        .await
        .expect("a frame in time")
    {
        Event::Frame(frame) => client.take(frame.json()),
        Event::Gone => panic!("gone"),
    };
    let runs = |client: &Client, name: &str| {
        let sources = client.document["sources"].as_array().unwrap();
        sources.iter().find(|one| one["name"] == name).unwrap()["runs"].as_u64().unwrap()
    };

    while !client.document["gpus"]["value"]["cards"][0]["name"].is_string() {
        next(&mut client).await;
    }
    fake.scenario(|world| world["hang"] = json!(["nvmlDeviceGetUtilizationRates"]));
    while client.document["gpus"]["problem"]["reason"] != "not_responding" {
        next(&mut client).await;
    }
    assert_eq!(client.document["gpus"]["value"]["cards"][0]["name"], "NVIDIA A100-SXM4-80GB");
    let (before, gpus_before) = (runs(&client, "memory"), runs(&client, "gpus"));
    while runs(&client, "memory") < before + 20 {
        next(&mut client).await;
        assert_eq!(client.document["memory"]["problem"], Value::Null, "others go on");
    }
    assert_eq!(runs(&client, "gpus"), gpus_before, "it is not called again");

    fake.scenario(|world| world["hang"] = json!([]));
    while client.document["gpus"]["problem"] != Value::Null {
        next(&mut client).await;
    }
    let back = runs(&client, "gpus");
    while runs(&client, "gpus") < back + 3 {
        next(&mut client).await;
    }
    stop.cancel();
}
