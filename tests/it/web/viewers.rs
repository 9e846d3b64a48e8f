//! `GET /api/v1/server`: who is connected, what restarts there were, and for whom it is.

use std::time::Duration;

use serde_json::{Value, json};
use smonitor::model::Role;
use smonitor::model::server::{GuardState, RESTARTS_FILE, RestartedBy};
use smonitor::state_dir::StateDir;
use smonitor::web::Auth;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Headers, PATIENCE, Socket};
use super::site::Site;

const OPEN: Auth = Auth::Open { role: Role::Admin };
const TOKEN: Auth = Auth::Token { role: Role::Admin };

async fn about(site: &Site, headers: Headers<'_>) -> Value {
    let answer = site.get("/api/v1/server", headers).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn viewers(site: &Site) -> Vec<Value> {
    about(site, &[]).await["viewers"].as_array().unwrap().clone()
}

#[tokio::test]
async fn how_the_server_runs_is_said_as_it_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let state_dir = StateDir::open(&folder.path().join("state")).unwrap();
    let kept = state_dir.clone();
    let site = Site::with(OPEN, |settings| {
        settings.restarted_by = RestartedBy::Systemd;
        settings.sandbox.writing.state = GuardState::Partial;
        settings.sandbox.writing.note = Some("a note".into());
        settings.state_dir = Some(kept);
    })
    .await;
    site.hands.advance(Duration::from_secs(5));
    let off = json!({"state": "off", "note": null});
    let mut wanted = json!({
        "version": "0.0.0-test", "pid": std::process::id(), "started_at_ms": 1_795_176_000_000_i64,
        "server_time_ms": 1_795_176_005_000_i64, "restarted_by": "systemd",
        "sandbox": {
            "system_calls": off, "writing": {"state": "partial", "note": "a note"},
            "connecting": off,
        },
        "restarts": {"absent": "not_collected"}, "viewers": [], "viewers_left_out": 0,
    });
    assert_eq!(about(&site, &[]).await, wanted);
    let restarts = json!([{
        "at_ms": 1_795_176_000_000_i64, "reason": "killed", "detail": "killed by signal 9 (SIGKILL)",
        "pid": 7, "lived_seconds": 12.5, "back_after_seconds": {"absent": "measuring"},
        "version": "1.2.3",
    }]);
    state_dir.write(RESTARTS_FILE, restarts.to_string().as_bytes()).unwrap();
    wanted["restarts"] = restarts;
    assert_eq!(about(&site, &[]).await, wanted);
    state_dir.write(RESTARTS_FILE, b"[{]").unwrap();
    wanted["restarts"] = json!({"absent": "malformed"});
    assert_eq!(about(&site, &[]).await, wanted);
    site.stop().await;
}

#[tokio::test]
async fn every_viewer_has_a_row_that_says_what_it_does() {
    let site = Site::with(OPEN, |settings| {
        settings.behind_proxy = true;
        settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let headers = [("x-forwarded-for", "192.0.2.7"), ("user-agent", "a browser")];
    let mut first = Socket::open(site.address, "/ws", &headers).await.unwrap();
    let mut taken = first.next().await.text().len();
    site.hands.advance(Duration::from_secs(1));
    let long = "x".repeat(1000);
    let headers = [("x-real-ip", "[2001:db8::1]:99"), ("user-agent", long.as_str())];
    let mut second = Socket::greeted(site.address, "/ws?encoding=deflate", &headers).await;
    for topic in ["overview", "host/gpu-01.lab"] {
        first.ask("subscribe", topic).await;
        taken += first.next().await.text().len();
    }
    second.ask("subscribe", "host/gpu-01.lab/processes").await;
    let full = second.next().await.text().len() as u64;
    site.publish(60);
    for _ in 0..2 {
        taken += first.next().await.text().len();
    }
    first.ask("unsubscribe", "overview").await;
    first.say(r#"{"type":"ping","id":4711}"#).await;
    taken += first.next().await.text().len();
    let rows = viewers(&site).await;
    let wanted = json!({
        "key": "1", "address": "192.0.2.7", "role": "admin", "user_agent": "a browser",
        "since_ms": 1_795_176_000_000_i64, "topics": ["host/gpu-01.lab"],
        "round_trip_ms": {"absent": "measuring"}, "sent_bytes": taken,
    });
    assert_eq!((rows.len(), &rows[0]), (2, &wanted));
    assert_eq!((&rows[1]["key"], &rows[1]["address"]), (&json!("2"), &json!("2001:db8::1")));
    assert_eq!(rows[1]["since_ms"], 1_795_176_001_000_i64);
    assert_eq!(rows[1]["user_agent"], "x".repeat(200));
    assert_eq!(rows[1]["topics"], json!(["host/gpu-01.lab/processes"]));
    let sent = rows[1]["sent_bytes"].as_u64().unwrap();
    assert!(sent > full / 20 && sent < full, "compressed: {sent} of {full}");
    site.stop().await;
}

#[tokio::test]
async fn a_viewer_is_gone_when_its_socket_is() {
    let site = Site::start(TOKEN).await;
    let (bearer, cookie) = (site.bearer(), site.sign_in().await);
    let admin = [("authorization", bearer.as_str())];
    let origin = site.origin();
    for end in ["dropped", "closed", "too large", "signed out"] {
        let session = site.sign_in().await;
        let headers = [("cookie", session.as_str()), ("origin", origin.as_str())];
        let mut socket = Socket::greeted(site.address, "/ws", &headers).await;
        let before = about(&site, &admin).await;
        assert_eq!(before["viewers"].as_array().unwrap().len(), 1, "{end}: {before}");
        match end {
            "dropped" => drop(socket),
            "closed" => socket.send(Message::Close(None)).await.unwrap(),
            "too large" => socket.say(&" ".repeat(5000)).await,
            _ => {
                let headers = [("cookie", session.as_str())];
                site.send("DELETE", "/api/v1/session", &headers, "").await;
            }
        }
        site.until("it has ended", |site| site.web.viewers() == 0).await;
        assert_eq!(about(&site, &admin).await["viewers"], json!([]), "{end}");
    }
    drop(cookie);
    site.stop().await;
}

#[tokio::test]
async fn a_viewer_that_is_told_goodbye_is_not_listed_any_more() {
    let site = Site::with(TOKEN, |settings| {
        settings.times.closing_at_most = Duration::from_secs(60);
        settings.times.drain_at_most = Duration::from_millis(50);
    })
    .await;
    let (bearer, cookie) = (site.bearer(), site.sign_in().await);
    let origin = site.origin();
    let headers = [("cookie", cookie.as_str()), ("origin", origin.as_str())];
    let _does_not_answer = Socket::greeted(site.address, "/ws", &headers).await;
    let listed = async || {
        let about = about(&site, &[("authorization", bearer.as_str())]).await;
        about["viewers"].as_array().unwrap().len()
    };
    assert_eq!(listed().await, 1);
    site.send("DELETE", "/api/v1/session", &headers[..1], "").await;
    let gone = async { while listed().await > 0 {} };
    timeout(PATIENCE, gone).await.expect("the row goes");
    assert_eq!(site.web.viewers(), 1, "though the socket waits for the answer");
    site.stop().await;
}

/// A WebSocket by hand: frames are seen as they come and answered when the test wants to.
struct ByHand(TcpStream);

impl ByHand {
    async fn open(site: &Site) -> Self {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        let request = format!(
            "GET /ws HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            site.address
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "));
        Self(stream)
    }

    /// The payload of the next ping; messages are passed over.
    async fn ping(&mut self) -> Vec<u8> {
        self.frame(9).await
    }

    /// Everything sent so far was read.
    async fn settle(&mut self) {
        self.0.write_all(&[0x89, 0x82, 0, 0, 0, 0, b'o', b'k']).await.unwrap();
        assert_eq!(self.frame(10).await, b"ok");
    }

    async fn frame(&mut self, wanted: u8) -> Vec<u8> {
        loop {
            let opcode = timeout(PATIENCE, self.0.read_u8()).await.expect("a frame").unwrap() & 15;
            let length = match self.0.read_u8().await.unwrap() {
                126 => usize::from(self.0.read_u16().await.unwrap()),
                short => usize::from(short),
            };
            let mut payload = vec![0; length];
            self.0.read_exact(&mut payload).await.unwrap();
            if opcode == wanted {
                return payload;
            }
        }
    }

    async fn pong(&mut self, payload: &[u8]) {
        let mut frame = vec![0x8a, 0x80 | payload.len() as u8, 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        self.0.write_all(&frame).await.unwrap();
    }
}

#[tokio::test]
async fn a_round_trip_is_from_a_ping_to_its_answer() {
    let site = Site::with(OPEN, |settings| {
        settings.times.first_ping_after = Duration::from_millis(20);
        settings.times.ping_every = Duration::from_millis(400);
        settings.times.silent_at_most = Duration::from_secs(60);
    })
    .await;
    let mut socket = ByHand::open(&site).await;
    let ping = socket.ping().await;
    assert!(ping.len() <= 8, "small");
    assert_eq!(viewers(&site).await[0]["round_trip_ms"], json!({"absent": "measuring"}));
    // What nobody asked for says nothing.
    socket.pong(b"").await;
    socket.pong(b"else").await;
    socket.settle().await;
    site.hands.advance(Duration::from_millis(42));
    socket.pong(&ping).await;
    let until = async |wanted: u64| {
        let measured = async { while viewers(&site).await[0]["round_trip_ms"] != wanted {} };
        timeout(PATIENCE, measured).await.unwrap_or_else(|_| panic!("never {wanted} ms"));
    };
    until(42).await;
    let next = socket.ping().await;
    assert_ne!(next, ping, "answers can be told apart");
    socket.pong(&ping).await;
    socket.settle().await;
    site.hands.advance(Duration::from_millis(7));
    socket.pong(&next).await;
    until(7).await;
    assert_eq!(viewers(&site).await[0]["sent_bytes"].as_u64().map(|sent| sent < 600), Some(true));
    site.stop().await;
}

/// As it is out of the box.
#[tokio::test]
async fn the_first_ping_comes_after_a_second() {
    let site = Site::open(Role::Admin).await;
    let mut socket = ByHand::open(&site).await;
    timeout(Duration::from_secs(5), socket.ping()).await.expect("long before the next, at 20 s");
    site.stop().await;
}
