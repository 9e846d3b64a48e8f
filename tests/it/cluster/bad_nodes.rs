//! Nodes that hang, refuse, lie and break off: each gets its reason, and costs the others nothing.

use std::net::SocketAddr;
use std::time::Duration;

use smonitor::clock::Clock;
use smonitor::model::cluster::{HostState, TroubleKind};
use smonitor::model::{Reading, UnixMillis};
use smonitor::web::Auth;

use super::app::{App, host};
use super::node::{INTERVAL, Reply, http, liar, real, real_for};

#[tokio::test(flavor = "multi_thread")]
async fn each_has_its_reason_and_the_others_their_values() {
    let good = [real("good-1", "127.0.0.1:0"), real("good-2", "127.0.0.1:0")];
    let token = Auth::Token { role: smonitor::model::Role::Member };
    let locked = real_for("locked", "127.0.0.1:0", token);
    let nothing: SocketAddr = {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        taken.local_addr().unwrap()
    };
    let other_protocol = r#"{"protocol":9,"frames":[]}"#;
    let bad = [
        ("hangs", liar(Reply::Hang).await.address, TroubleKind::ReadTimeout, None),
        ("endless", liar(Reply::Endless).await.address, TroubleKind::TooLarge, None),
        ("drips", liar(Reply::Drip).await.address, TroubleKind::ReadTimeout, None),
        (
            "garbage",
            liar(Reply::Bytes(vec![0xff; 5000])).await.address,
            TroubleKind::Malformed,
            Some("no HTTP"),
        ),
        ("html", liar(http("200 OK", "<html>")).await.address, TroubleKind::Malformed, None),
        ("broken", liar(Reply::Bytes(Vec::new())).await.address, TroubleKind::Broken, None),
        (
            "halved",
            liar(Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{".to_vec()))
                .await
                .address,
            TroubleKind::Broken,
            None,
        ),
        (
            "ill",
            liar(http("500 Internal Server Error", "{}")).await.address,
            TroubleKind::HttpStatus,
            Some("500"),
        ),
        (
            "elsewhere",
            liar(http("302 Found", "{}")).await.address,
            TroubleKind::HttpStatus,
            Some("302"),
        ),
        ("forbids", liar(http("403 Forbidden", "{}")).await.address, TroubleKind::Forbidden, None),
        (
            "newer",
            liar(http("200 OK", other_protocol)).await.address,
            TroubleKind::OtherProtocol,
            Some("9"),
        ),
        ("locked", locked.address, TroubleKind::Unauthorized, None),
        ("nothing", nothing, TroubleKind::Refused, None),
    ];
    let mut hosts = vec![host("good-1", good[0].address)];
    hosts.extend(bad.iter().map(|(name, address, ..)| host(name, *address)));
    hosts.push(host("good-2", good[1].address));
    let clock = Clock::system();
    let app = App::of(hosts);
    let begun = clock.monotonic();
    for name in ["good-1", "good-2"] {
        app.until(name, |row| row.status.state == HostState::Up).await;
    }
    let took = clock.monotonic() - begun;
    assert!(took < Duration::from_millis(1500), "good hosts took {took:?}");
    for (name, _, kind, detail) in bad {
        let row = app.until(name, |row| row.status.trouble.is_some()).await;
        let trouble = row.status.trouble.unwrap();
        assert_eq!(trouble.kind, kind, "{name}: {trouble:?}");
        assert_eq!(trouble.detail.as_deref(), detail, "{name}");
        assert_eq!(row.status.state, HostState::Down, "{name}");
        assert!(row.cpu_percent.present().is_none(), "{name} has made-up values");
    }
    // All of them are still at it, and the others' values stay fresh.
    let _looking = app.look("overview");
    let mut oldest = Duration::ZERO;
    for _ in 0..10 {
        tokio::time::sleep(INTERVAL / 2).await;
        for name in ["good-1", "good-2"] {
            let row = app.row(name).await.unwrap();
            assert_eq!(row.status.state, HostState::Up);
            let Reading::Present(taken) = row.taken_at_ms else { panic!("{row:?}") };
            let age = u64::try_from(clock.wall().since(taken)).unwrap_or(0);
            oldest = oldest.max(Duration::from_millis(age));
        }
    }
    // The demo's values are taken at whole ticks; a debug build on a busy machine adds its share.
    assert!(oldest < INTERVAL * 2 + Duration::from_millis(900), "{oldest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_fails_is_asked_less_and_less_and_at_once_when_somebody_opens_it() {
    let ill = liar(http("500 Internal Server Error", "{}")).await;
    let app = App::of(vec![host("ill", ill.address)]);
    let _looking = app.look("overview");
    tokio::time::sleep(INTERVAL * 10).await;
    let asked = ill.asked.lock().unwrap().len();
    // At turns 0, 1, 3, 7 of ten.
    assert!((3..=5).contains(&asked), "asked {asked} times");
    let before = ill.asked.lock().unwrap().len();
    let _opened = app.look("host/ill");
    tokio::time::sleep(INTERVAL).await;
    assert!(ill.asked.lock().unwrap().len() > before);
    // It recovers: full rate from the first good answer on.
    *ill.reply.lock().unwrap() = valid(0);
    app.until("ill", |row| row.status.state == HostState::Up).await;
    let before = ill.asked.lock().unwrap().len();
    tokio::time::sleep(INTERVAL * 6).await;
    assert!(ill.asked.lock().unwrap().len() >= before + 3);
}

/// A node's answer by a clock that is ahead by so much.
fn valid(ahead_ms: i64) -> Reply {
    let now = UnixMillis(Clock::system().wall().0 + ahead_ms);
    let host = smonitor::model::HostId::parse("made").unwrap();
    let row = smonitor::feed::line(&crate::support::snapshot(&host, 1, now));
    let body = serde_json::json!({
        "protocol": 1, "version": "7.7", "instance": "x", "machine": null, "mode": "node",
        "host": "made", "server_time_ms": now,
        "frames": [{"type": "full", "topic": "overview", "seq": 1, "server_time_ms": now,
            "data": {"groups": [], "hosts": [row]}}],
    });
    http("200 OK", &body.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn ages_are_by_our_clock_however_wrong_theirs_is() {
    for ahead in [600_000, -600_000, 500] {
        let node = liar(valid(ahead)).await;
        let app = App::of(vec![host("skewed", node.address)]);
        let row = app.until("skewed", |row| row.status.state == HostState::Up).await;
        let Reading::Present(taken) = row.taken_at_ms else { panic!() };
        let age = Clock::system().wall().since(taken);
        assert!(age.abs() < 5000, "{ahead}: {age} ms old");
        match row.status.clock_ahead_ms {
            None => assert_eq!(ahead, 500),
            Some(told) => assert!((told - ahead).abs() < 3000 && ahead != 500, "{told}"),
        }
        assert_eq!(row.status.version, Reading::Present("7.7".into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_under_the_name_is_not_shown_as_it() {
    let node = liar(valid(0)).await;
    let app = App::of(vec![host("mine", node.address)]);
    app.until("mine", |row| row.status.state == HostState::Up).await;
    let Reply::Bytes(bytes) = valid(0) else { panic!() };
    let text = String::from_utf8(bytes).unwrap();
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    let other = body.replace("\"host\":\"made\"", "\"host\":\"evil\"").replace("7.7", "6.6");
    *node.reply.lock().unwrap() = http("200 OK", &other);
    let is_other = |row: &smonitor::model::wire::HostRow| {
        row.status.trouble.as_ref().is_some_and(|trouble| trouble.kind == TroubleKind::OtherHost)
    };
    let row = app.until("mine", is_other).await;
    assert_eq!(row.status.trouble.unwrap().detail.as_deref(), Some("evil"));
    assert_eq!(row.status.version, Reading::Present("7.7".into()), "values of the one before");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_under_two_names_is_shown_at_both() {
    let node = real("one", "127.0.0.1:0");
    let app = App::of(vec![host("first", node.address), host("second", node.address)]);
    for (name, other) in [("first", "second"), ("second", "first")] {
        let row = app.until(name, |row| row.status.trouble.is_some()).await;
        let trouble = row.status.trouble.unwrap();
        assert_eq!((trouble.kind, trouble.detail.as_deref()), (TroubleKind::Clone, Some(other)));
        assert_eq!(row.status.state, HostState::Up);
    }
}
