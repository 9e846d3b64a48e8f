//! The WebSocket: what comes, in which order and form, and how it ends.

use std::time::Duration;

use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};
use smonitor::model::Role;
use smonitor::model::wire::Topic;
use smonitor::model::{Audience, HostId};
use smonitor::web::Auth;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Said, Socket};
use super::site::Site;
use crate::support::{Client, sorted};

const TOPICS: [&str; 3] = ["overview", "host/gpu-01.lab", "host/gpu-01.lab/processes"];
const OPEN: Auth = Auth::Open { role: Role::Admin };

#[tokio::test]
async fn hello_comes_first_and_says_who_answers() {
    let site = Site::with(OPEN, |settings| {
        settings.site_name = "the lab's \"machines\"".to_owned();
        settings.config_revision = "r1".to_owned();
    })
    .await;
    let mut socket = Socket::open(site.address, "/ws", &[]).await.unwrap();
    let hello = socket.next().await.json();
    let page = hello["page"].as_str().unwrap();
    assert_eq!(page, smonitor::web::page::fingerprint());
    let wanted = json!({
        "type": "hello", "protocol": 1, "version": "0.0.0-test", "page": page,
        "config_revision": "r1", "server_time_ms": 1_795_176_000_000_i64, "mode": "node",
        "role": "admin", "signed_in": false, "site_name": "the lab's \"machines\"",
        "host": "gpu-01.lab", "interval_ms": 2000,
    });
    assert_eq!(hello, wanted);
    socket.say(r#"{"type":"ping","id":7}"#).await;
    let pong = json!({"type": "pong", "id": 7, "server_time_ms": 1_795_176_000_000_i64});
    assert_eq!(socket.next().await.json(), pong);
    site.stop().await;
}

async fn document(site: &Site, topic: &str) -> Value {
    let topic: Topic = topic.parse().unwrap();
    let bytes = site.feed.document(&topic, Audience::new(Role::Admin)).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn full_and_patches_make_the_document_at_every_step() {
    let site = Site::open(Role::Admin).await;
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    for topic in TOPICS {
        let mut socket = site.socket().await;
        socket.ask("subscribe", topic).await;
        let mut client = Client::default();
        client.take(socket.next().await.text().as_bytes());
        for step in 0..40 {
            let second = i64::from(random.next_u32() % 9000);
            site.publish(second);
            client.take(socket.next().await.text().as_bytes());
            let document = sorted(document(&site, topic).await);
            assert!(client.sorted() == document, "{topic}, step {step}");
        }
        assert_eq!((client.fulls, client.patches), (1, 40), "{topic}");
    }
    site.stop().await;
}

#[tokio::test]
async fn deflated_messages_are_the_text_ones() {
    let site = Site::open(Role::Admin).await;
    let mut plain = site.socket().await;
    let mut packed = Socket::greeted(site.address, "/ws?encoding=deflate", &[]).await;
    let mut binary = 0;
    for topic in TOPICS {
        for socket in [&mut plain, &mut packed] {
            socket.ask("subscribe", topic).await;
        }
        for second in 1..20 {
            let (text, other) = (plain.next().await, packed.next().await);
            assert_eq!(text.text(), other.text(), "{topic}");
            let is_large = text.text().len() >= smonitor::feed::DEFLATE_FROM_BYTES;
            assert_eq!(matches!(other, Said::Binary(_)), is_large, "{topic}");
            binary += u32::from(is_large);
            site.publish(second * 100);
        }
        for socket in [&mut plain, &mut packed] {
            socket.next().await;
            socket.ask("unsubscribe", topic).await;
            socket.settle().await;
        }
    }
    assert!(binary > 2, "some were large: {binary}");
    let refused = Socket::open(site.address, "/ws?encoding=zstd", &[]).await.unwrap_err();
    assert_eq!(refused.status, 400);
    site.stop().await;
}

#[tokio::test]
async fn topics_can_be_left_and_lost() {
    let site = Site::open(Role::Member).await;
    let mut socket = site.socket().await;
    for topic in TOPICS {
        socket.ask("subscribe", topic).await;
        assert_eq!(socket.next().await.json()["topic"], topic);
    }
    socket.ask("unsubscribe", "overview").await;
    socket.ask("unsubscribe", "overview").await;
    socket.ask("unsubscribe", "host/nobody").await;
    socket.settle().await;
    site.publisher.remove_host(&site.host);
    let mut gone: Vec<Value> = vec![socket.next().await.json(), socket.next().await.json()];
    gone.sort_by_key(ToString::to_string);
    let wanted = TOPICS[1..].iter().map(|topic| json!({"type": "gone", "topic": topic}));
    assert_eq!(gone, wanted.collect::<Vec<_>>());
    socket.ask("subscribe", TOPICS[1]).await;
    assert_eq!(socket.next().await.json()["code"], "not_found");
    // The host comes back, and so can its viewers.
    site.publisher.add_host(site.host.clone());
    socket.ask("subscribe", TOPICS[1]).await;
    socket.settle().await;
    site.publish(1);
    assert_eq!(socket.next().await.json()["type"], "full");
    site.stop().await;
}

#[tokio::test]
async fn one_viewer_leaving_does_not_stop_another() {
    let site = Site::open(Role::Admin).await;
    let (mut stays, mut leaves, mut breaks) =
        (site.socket().await, site.socket().await, site.socket().await);
    for socket in [&mut stays, &mut leaves, &mut breaks] {
        socket.ask("subscribe", "overview").await;
        socket.next().await;
    }
    leaves.send(Message::Close(None)).await.unwrap();
    drop(breaks);
    site.until("two have left", |site| site.web.viewers() == 1).await;
    for second in 1..5 {
        site.publish(second);
        assert_eq!(stays.next().await.json()["type"], "patch");
    }
    let demand = site.publisher.demand().borrow().of(&Topic::Overview);
    assert_eq!(demand.streams, 1, "nobody looks for those who left");
    drop(stays);
    site.until("nobody is left", |site| {
        site.publisher.demand().borrow().of(&Topic::Overview).streams == 0
    })
    .await;
    site.stop().await;
}

#[tokio::test]
async fn resyncs_are_a_second_apart_and_none_is_forgotten() {
    let site = Site::open(Role::Admin).await;
    let mut socket = site.socket().await;
    socket.ask("resync", "overview").await;
    socket.settle().await;
    socket.ask("subscribe", "overview").await;
    assert_eq!(socket.next().await.json()["type"], "full");
    for _ in 0..5 {
        socket.ask("resync", "overview").await;
        socket.ask("subscribe", "overview").await;
    }
    socket.settle().await;
    assert_eq!(socket.next_soon().await, None, "too soon");
    site.publish(1);
    assert_eq!(socket.next().await.json()["type"], "patch", "it goes on meanwhile");
    // The server's clock decides; its timer makes it look again after a real second.
    site.hands.advance(Duration::from_secs(1));
    assert_eq!(socket.next().await.json()["type"], "full");
    assert_eq!(socket.next_soon().await, None, "many askings are one");
    site.hands.advance(Duration::from_secs(1));
    socket.ask("resync", "overview").await;
    assert_eq!(socket.next().await.json()["type"], "full", "at once after a while");
    site.stop().await;
}

#[tokio::test]
async fn unknown_messages_are_ignored_and_counted() {
    let site = Site::open(Role::Admin).await;
    let mut socket = site.socket().await;
    for text in ["", "{}", "[]", r#"{"type":"reboot"}"#, r#"{"type":"subscribe","topic":"events"}"#]
    {
        socket.say(text).await;
    }
    socket.send(Message::binary(vec![0, 1, 2])).await.unwrap();
    socket.settle().await;
    assert_eq!(site.web.unknown_messages(), 6);
    site.stop().await;
}

#[tokio::test]
async fn two_hundred_viewers_cost_one_encoding_a_tick() {
    let site = Site::open(Role::Member).await;
    let topic = TOPICS[2];
    let mut sockets = Vec::new();
    for number in 0..200 {
        let path = if number % 2 == 0 { "/ws" } else { "/ws?encoding=deflate" };
        let mut socket = Socket::greeted(site.address, path, &[]).await;
        socket.ask("subscribe", topic).await;
        assert_eq!(socket.next().await.json()["type"], "full");
        sockets.push(socket);
    }
    assert_eq!(site.web.viewers(), 200);
    for second in 1..6 {
        let before = site.feed.encodings();
        site.publish(second * 10);
        for socket in &mut sockets {
            assert_eq!(socket.next().await.json()["type"], "patch");
        }
        assert_eq!(site.feed.encodings() - before, 1, "tick {second}");
    }
    site.stop().await;
}

#[tokio::test]
async fn the_end_is_said_and_comes_soon() {
    let site = Site::with(OPEN, |settings| {
        settings.times.drain_at_most = Duration::from_millis(500);
        settings.times.closing_at_most = Duration::from_secs(1);
    })
    .await;
    let mut sockets = vec![site.socket().await, site.socket().await];
    for socket in &mut sockets {
        socket.ask("subscribe", "overview").await;
        socket.next().await;
    }
    // Connections that ask nothing, and one that has begun to ask.
    let _idle = tokio::net::TcpStream::connect(site.address).await.unwrap();
    let mut begun = tokio::net::TcpStream::connect(site.address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut begun, b"GET / HT").await.unwrap();
    site.until("they are connected", |site| site.web.connections() == 4).await;
    let watched = tokio::spawn(async move {
        for socket in &mut sockets {
            assert_eq!(socket.closed().await, 1001);
        }
    });
    let address = site.address;
    tokio::time::timeout(Duration::from_secs(3), site.stop()).await.expect("within the drain");
    watched.await.unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn who_is_silent_is_pinged_and_then_closed() {
    let site = Site::with(OPEN, |settings| {
        settings.times.ping_every = Duration::from_millis(30);
        settings.times.silent_at_most = Duration::from_millis(90);
    })
    .await;
    // The client library answers pings only while it is read from.
    let mut answers = site.socket().await;
    let silent = site.socket().await;
    assert_eq!(site.web.viewers(), 2);
    let answering = async {
        while site.web.viewers() == 2 {
            assert_eq!(answers.next_soon().await, None);
        }
        assert_eq!(answers.next_soon().await, None, "who answers stays");
        answers.settle().await;
    };
    tokio::time::timeout(Duration::from_secs(5), answering).await.expect("the silent one goes");
    // It is told, if it ever listens before its own late answers meet a closed connection.
    let mut silent = silent;
    let end = silent.next().await;
    assert!(matches!(end, Said::Closed(1013) | Said::Broken), "{end:?}");
    site.stop().await;
}

#[tokio::test]
async fn hosts_that_are_not_known_yet_are_subscribed_to_and_wait() {
    let site = Site::open(Role::Admin).await;
    let late = HostId::parse("late").unwrap();
    site.publisher.add_host(late.clone());
    let mut socket = site.socket().await;
    socket.ask("subscribe", "host/late").await;
    socket.settle().await;
    let demand = site.publisher.demand();
    assert_eq!(demand.borrow().of(&Topic::Host(late)).streams, 1, "that is what sets it going");
    site.stop().await;
}
