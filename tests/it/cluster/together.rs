//! An app with real nodes: values, details only for who looks, and nodes that are started anew.

use std::time::Duration;

use smonitor::feed::Event;
use smonitor::model::cluster::HostState;
use smonitor::model::wire::{HostDocument, ProcessesDocument};

use super::app::{App, PATIENCE, host};
use super::node::{INTERVAL, listening_in, real};
use crate::support::Client;

fn polls_of(heard: &std::sync::Mutex<Vec<u8>>, topic: &str) -> usize {
    let heard = heard.lock().unwrap();
    String::from_utf8_lossy(&heard).matches(&format!("\"{topic}\"")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_are_shown_as_one_cluster() {
    let nodes = ["n1", "n2", "n3"].map(|name| real(name, "127.0.0.1:0"));
    let names = ["a", "b", "c"];
    let hosts = names.iter().zip(&nodes).map(|(name, node)| host(name, node.address));
    let app = App::of(hosts.collect());
    for name in names {
        let row = app.until(name, |row| row.cpu_percent.present().is_some()).await;
        assert_eq!(row.status.state, HostState::Up);
        assert_eq!(row.status.group.as_str(), "all");
        assert_eq!(row.status.version.present().unwrap().as_str(), "0.0.0-test");
        assert_eq!(row.address.present().unwrap().as_str(), "127.0.0.1");
        assert_eq!(row.cards.present().unwrap().len(), row.card_percent.len());
        assert!(!row.users.present().unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn details_flow_only_while_somebody_looks() {
    let node = real("inside", "127.0.0.1:0");
    let (address, heard) = listening_in(node.address).await;
    let app = App::of(vec![host("shown", address)]);
    app.until("shown", |row| row.status.state == HostState::Up).await;
    let _looking = app.look("overview");
    tokio::time::sleep(INTERVAL * 5).await;
    assert!(polls_of(&heard, "overview") >= 2);
    assert_eq!(polls_of(&heard, "host/inside"), 0, "nobody looks at the host");

    let mut page = app.look("host/shown");
    let mut client = Client::default();
    let whole = async {
        loop {
            let Event::Frame(frame) = page.next().await else { panic!("gone") };
            client.take(frame.json());
            let document: HostDocument = serde_json::from_value(client.document.clone()).unwrap();
            if document.gpus.value.present().is_some() && client.patches > 2 {
                return document;
            }
        }
    };
    let document = tokio::time::timeout(PATIENCE, whole).await.unwrap();
    assert_eq!(document.host.as_str(), "shown");
    assert_eq!(document.status.state, HostState::Up);
    assert!(document.cpu.value.present().is_some());
    assert!(polls_of(&heard, "host/inside") > 0);
    assert_eq!(polls_of(&heard, "host/inside/processes"), 0, "nobody looks at processes");
    // Only what is new is sent: after the first answer the app says which version it has.
    let asked = String::from_utf8_lossy(&heard.lock().unwrap()).into_owned();
    let with_version = asked.matches("\"topic\":\"host/inside\",\"seq\":").count()
        - asked.matches("\"topic\":\"host/inside\",\"seq\":null").count();
    assert!(with_version > 0, "{asked}");

    drop(page);
    tokio::time::sleep(INTERVAL * 2).await;
    let before = polls_of(&heard, "host/inside");
    tokio::time::sleep(INTERVAL * 4).await;
    assert_eq!(polls_of(&heard, "host/inside"), before, "nobody looks any more");

    // One document for one who asks once.
    let topic = "host/shown/processes".parse().unwrap();
    let bytes = app.feed.document(&topic, crate::support::member()).await.unwrap();
    let processes: ProcessesDocument = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(processes.host.as_str(), "shown");
    assert!(processes.processes.len() > 20, "{}", processes.processes.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_started_anew_comes_back_by_itself() {
    let node = real("n", "127.0.0.1:0");
    let address = node.address;
    let app = App::of(vec![host("n", address)]);
    let mut page = app.look("host/n");
    app.until("n", |row| row.cpu_percent.present().is_some()).await;
    drop(node);
    let lost = app.until("n", |row| row.status.state == HostState::Down).await;
    assert!(lost.cpu_percent.present().is_some(), "what was known stays");
    // The host's own page says so, too.
    let told = async {
        loop {
            let Event::Frame(_) = page.next().await else { panic!("gone") };
            let bytes =
                app.feed.document(&"host/n".parse().unwrap(), crate::support::member()).await;
            let document: HostDocument = serde_json::from_slice(&bytes.unwrap()).unwrap();
            if document.status.state == HostState::Down {
                return document;
            }
        }
    };
    let document = tokio::time::timeout(PATIENCE, told).await.unwrap();
    assert!(document.cpu.value.present().is_some());
    let again = real("n", &address.to_string());
    let back = app.until("n", |row| row.status.state == HostState::Up).await;
    assert!(back.status.trouble.is_none());
    let first = back.taken_at_ms;
    app.until("n", |row| row.taken_at_ms != first).await;
    drop(again);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_looking_makes_it_slow() {
    let node = real("n", "127.0.0.1:0");
    let (address, heard) = listening_in(node.address).await;
    let app = App::of(vec![host("n", address)]);
    tokio::time::sleep(Duration::from_millis(2200)).await;
    let unseen = polls_of(&heard, "overview");
    assert!((1..=2).contains(&unseen), "asked {unseen} times in 2.2 s");
    let _looking = app.look("overview");
    tokio::time::sleep(Duration::from_millis(2200)).await;
    let seen = polls_of(&heard, "overview") - unseen;
    assert!(seen >= 3, "asked {seen} times in 2.2 s");
}
