//! Every cap, hit.

use std::time::Duration;

use smonitor::model::Role;
use smonitor::web::{Auth, Settings};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use super::client::{PATIENCE, Said, Socket, send_raw};
use super::site::Site;

const OPEN: Auth = Auth::Open { role: Role::Admin };

#[tokio::test]
async fn viewers_in_all_and_per_address_are_capped() {
    let site = Site::with(OPEN, |settings| {
        settings.limits.viewers = 3;
        settings.limits.viewers_per_address = 2;
        settings.behind_proxy = true;
        settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let open =
        async |from: &str| Socket::open(site.address, "/ws", &[("x-forwarded-for", from)]).await;
    let first = open("192.0.2.1").await.unwrap();
    let _second = open("192.0.2.1").await.unwrap();
    let refused = open("192.0.2.1").await.unwrap_err();
    assert_eq!(refused.status, 429, "per address");
    assert!(refused.header("retry-after").is_some());
    let _third = open("192.0.2.2").await.unwrap();
    let refused = open("192.0.2.3").await.unwrap_err();
    assert_eq!(refused.status, 503, "in all");
    assert!(refused.header("retry-after").is_some());
    drop(first);
    site.until("a place is free", |site| site.web.viewers() == 2).await;
    open("192.0.2.3").await.expect("the place was given back");
    site.stop().await;
}

#[tokio::test]
async fn subscriptions_are_capped() {
    let site = Site::with(OPEN, |settings| settings.limits.subscriptions_per_viewer = 2).await;
    let mut socket = site.socket().await;
    for topic in ["overview", "host/gpu-01.lab"] {
        socket.ask("subscribe", topic).await;
        assert_eq!(socket.next().await.json()["type"], "full");
    }
    let third = "host/gpu-01.lab/processes";
    socket.ask("subscribe", third).await;
    let wanted = serde_json::json!({"type": "error", "code": "too_many", "topic": third});
    assert_eq!(socket.next().await.json(), wanted);
    socket.ask("unsubscribe", "overview").await;
    socket.ask("subscribe", third).await;
    assert_eq!(socket.next().await.json()["type"], "full");
    site.stop().await;
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_socket() {
    let site = Site::open(Role::Admin).await;
    let mut socket = site.socket().await;
    socket.say(&" ".repeat(4096)).await;
    socket.settle().await;
    socket.say(&" ".repeat(4097)).await;
    assert_eq!(socket.closed().await, 1009);
    // In pieces, it is as large.
    let mut socket = site.socket().await;
    let piece = |last| {
        use tokio_tungstenite::tungstenite::protocol::frame::Frame;
        use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
        let opcode = OpCode::Data(if last { Data::Continue } else { Data::Text });
        Message::Frame(Frame::message(vec![b' '; 3000], opcode, last))
    };
    socket.send(piece(false)).await.unwrap();
    socket.send(piece(true)).await.unwrap();
    assert_eq!(socket.closed().await, 1009);
    site.stop().await;
}

#[tokio::test]
async fn who_says_too_much_or_nothing_but_nonsense_is_closed() {
    let site = Site::open(Role::Admin).await;
    let mut socket = site.socket().await;
    for _ in 0..17 {
        // It may be closed before everything is said.
        let _ = socket.send(Message::text("nonsense")).await;
    }
    assert_eq!(socket.closed().await, 1008);
    for flood in [Message::text(r#"{"type":"ping","id":1}"#), Message::Ping("x".into())] {
        let mut socket = site.socket().await;
        for _ in 0..101 {
            let _ = socket.send(flood.clone()).await;
        }
        assert_eq!(socket.closed().await, 1008);
    }
    let mut socket = site.socket().await;
    for _ in 0..3 {
        for _ in 0..99 {
            socket.settle().await;
        }
        site.hands.advance(Duration::from_secs(10));
    }
    site.stop().await;
}

#[tokio::test]
async fn connections_are_capped_and_the_one_too_many_is_told() {
    let few = |settings: &mut Settings| {
        settings.limits.viewers = 2;
        settings.limits.spare_connections = 1;
    };
    let site = Site::with(OPEN, few).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(TcpStream::connect(site.address).await.unwrap());
    }
    site.until("they are in", |site| site.web.connections() == 3).await;
    let answer = send_raw(site.address, b"").await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "too_many"));
    assert!(answer.header("retry-after").is_some());
    held.clear();
    site.until("they are out", |site| site.web.connections() == 0).await;
    assert_eq!(site.get("/healthz", &[]).await.status, 200);
    site.stop().await;
}

#[tokio::test]
async fn heads_and_bodies_are_capped_in_size_and_time() {
    let site = Site::with(OPEN, |settings| {
        settings.times.headers_at_most = Duration::from_millis(100);
        settings.times.body_at_most = Duration::from_millis(100);
    })
    .await;
    let host = site.address;
    let large = format!("GET / HTTP/1.1\r\nhost: {host}\r\nx: {}\r\n\r\n", "x".repeat(40_000));
    assert_eq!(send_raw(host, large.as_bytes()).await.status, 431);
    let many = (0..100).map(|n| format!("x{n}: y\r\n")).collect::<String>();
    let many = format!("GET / HTTP/1.1\r\nhost: {host}\r\n{many}\r\n");
    assert_eq!(send_raw(host, many.as_bytes()).await.status, 431);
    // In pieces of unknown length, it is as large.
    let head = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
         connection: close\r\n"
    );
    let piece = format!("1000\r\n{}\r\n", " ".repeat(4096));
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n{piece}{piece}0\r\n\r\n");
    assert_eq!(send_raw(host, chunked.as_bytes()).await.status, 413);
    // A body that does not come.
    let stuck = format!("{head}content-length: 10\r\n\r\n{{");
    assert_eq!(send_raw(host, stuck.as_bytes()).await.status, 400);
    // A head that does not end.
    let mut stuck = TcpStream::connect(host).await.unwrap();
    stuck.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n").await.unwrap();
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, stuck.read_to_end(&mut rest)).await;
    ended.expect("it is cut").unwrap();
    // A connection on which nothing more is asked.
    let mut idle = TcpStream::connect(host).await.unwrap();
    let ask = format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\n\r\n");
    idle.write_all(ask.as_bytes()).await.unwrap();
    let ended = tokio::time::timeout(PATIENCE, idle.read_to_end(&mut rest)).await;
    ended.expect("it is cut").unwrap();
    site.stop().await;
}

/// Subscribes and never reads again.
async fn deaf(site: &Site) -> Socket {
    let mut socket = site.socket().await;
    socket.ask("subscribe", "host/gpu-01.lab/processes").await;
    socket
}

#[tokio::test]
async fn a_viewer_that_never_reads_is_closed_and_holds_nobody_up() {
    let site = Site::with(OPEN, |settings| {
        settings.times.send_at_most = Duration::from_millis(300);
    })
    .await;
    let mut reads = site.socket().await;
    reads.ask("subscribe", "overview").await;
    reads.next().await;
    let deaf = [deaf(&site).await, deaf(&site).await];
    let mut second = 0;
    let ticking = async {
        while site.web.viewers() > 1 {
            second += 1;
            // Far apart, so that most rows change and the patches are large.
            site.publish(second * 500);
            assert_eq!(reads.next().await.json()["type"], "patch", "the others live");
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ticking).await.expect("the deaf are closed");
    for mut socket in deaf {
        // What the kernel had taken is still there; the end of it is, too.
        let end = loop {
            match socket.next().await {
                Said::Text(_) | Said::Binary(_) => {}
                end => break end,
            }
        };
        assert!(matches!(end, Said::Broken | Said::Closed(1013)), "{end:?}");
    }
    site.stop().await;
}

#[tokio::test]
async fn a_client_that_asks_and_never_reads_does_not_stay() {
    // Many pipelined requests for something large fill what the kernel takes.
    let site = Site::with(OPEN, |settings| {
        settings.times.drain_at_most = Duration::from_millis(500);
    })
    .await;
    let ask = format!(
        "GET /api/v1/hosts/gpu-01.lab/processes HTTP/1.1\r\nhost: {}\r\n\r\n",
        site.address
    );
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream.write_all(ask.repeat(50).as_bytes()).await.unwrap();
    site.until("it is connected", |site| site.web.connections() == 1).await;
    assert_eq!(site.get("/healthz", &[]).await.status, 200, "others are answered");
    // Even this one does not hold up the end.
    site.stop().await;
    drop(stream);
}

#[tokio::test]
async fn coming_and_going_leaves_nothing_behind() {
    let site = Site::open(Role::Admin).await;
    for round in 0..3 {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..100 {
            let address = site.address;
            tasks.spawn(async move {
                match number % 4 {
                    0 => drop(TcpStream::connect(address).await.unwrap()),
                    1 => {
                        let mut stream = TcpStream::connect(address).await.unwrap();
                        stream.write_all(b"GET /ws HTTP/1.1\r\nho").await.unwrap();
                    }
                    2 => drop(Socket::open(address, "/ws", &[]).await.unwrap()),
                    _ => {
                        let mut socket = Socket::open(address, "/ws", &[]).await.unwrap();
                        socket.ask("subscribe", "host/gpu-01.lab/processes").await;
                    }
                }
            });
        }
        while let Some(task) = tasks.join_next().await {
            task.unwrap();
        }
        site.publish(round);
        site.until("all are gone", |site| {
            site.web.viewers() == 0 && site.web.connections() == 0 && site.tracker.is_empty()
        })
        .await;
        let demand = site.publisher.demand();
        let topic = smonitor::model::wire::Topic::Processes(site.host.clone());
        assert_eq!(demand.borrow().of(&topic).streams, 0);
    }
    site.stop().await;
}

#[tokio::test]
async fn who_comes_in_the_last_moment_is_answered() {
    let site = Site::open(Role::Admin).await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    site.until("it is accepted", |site| site.web.connections() == 1).await;
    site.stop.cancel();
    // Past the moment in which everybody is told.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\n\r\n", site.address);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
    site.stop().await;
}
