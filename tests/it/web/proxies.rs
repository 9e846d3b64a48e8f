//! Behind a proxy, or not: whose word on the client's address counts, wherever the address is used.

use smonitor::model::Role;
use smonitor::web::{Auth, Settings};
use tokio::net::TcpStream;

use super::client::{Headers, Socket};
use super::secrets::capture;
use super::site::Site;

const OPEN: Auth = Auth::Open { role: Role::Admin };
const TOKEN: Auth = Auth::Token { role: Role::Admin };

/// All that a client could write to be taken for somebody else.
fn forged(address: &str) -> [(&'static str, String); 6] {
    [
        ("x-forwarded-for", address.to_owned()),
        ("x-real-ip", address.to_owned()),
        ("forwarded", format!("for={address}")),
        ("true-client-ip", address.to_owned()),
        ("cf-connecting-ip", address.to_owned()),
        ("x-client-ip", address.to_owned()),
    ]
}

/// The test's own address is not among them.
fn behind_another(settings: &mut Settings) {
    settings.behind_proxy = true;
    settings.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
}

fn behind_this(settings: &mut Settings) {
    settings.behind_proxy = true;
    settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
}

/// Trusts the test's address, and was not told that there is a proxy.
fn not_behind(settings: &mut Settings) {
    behind_this(settings);
    settings.behind_proxy = false;
}

async fn address_of(site: &Site, headers: Headers<'_>) -> String {
    let _socket = Socket::greeted(site.address, "/ws", headers).await;
    let about = site.get("/api/v1/server", &[]).await.json();
    let rows = about["viewers"].as_array().unwrap();
    let address = rows.last().unwrap()["address"].as_str().unwrap().to_owned();
    drop(_socket);
    site.until("it is gone", |site| site.web.viewers() == 0).await;
    address
}

#[tokio::test]
async fn a_strangers_word_counts_nowhere() {
    for adjust in [behind_another, not_behind] {
        let site = Site::with(TOKEN, adjust).await;
        for (n, (name, value)) in forged("192.0.2.1").iter().enumerate() {
            let status = site.try_sign_in("wrong", &[(name, value)]).await.status;
            assert_eq!(status, if n < 5 { 401 } else { 429 }, "{name} is no new client");
        }
        site.stop().await;

        let (log, _guard) = capture(tracing::Level::INFO);
        let site = Site::with(OPEN, |settings| {
            adjust(settings);
            settings.limits.viewers_per_address = 1;
        })
        .await;
        for (name, value) in &forged("192.0.2.1") {
            let headers = [(*name, value.as_str())];
            assert_eq!(address_of(&site, &headers).await, "127.0.0.1", "{name}");
            let _one = site.socket().await;
            let refused = Socket::open(site.address, "/ws", &headers).await.unwrap_err();
            assert_eq!(refused.status, 429, "{name} is no way around the limit");
            drop(_one);
            site.until("it is gone", |site| site.web.viewers() == 0).await;
        }
        site.stop().await;
        let text = log.text();
        assert!(text.contains("client=127.0.0.1") && !text.contains("192.0.2.1"), "{text}");
    }
}

#[tokio::test]
async fn a_trusted_proxys_word_counts_everywhere() {
    for name in ["x-forwarded-for", "x-real-ip"] {
        let site = Site::with(TOKEN, behind_this).await;
        let try_as =
            async |address: &str| site.try_sign_in("wrong", &[(name, address)]).await.status;
        for _ in 0..5 {
            assert_eq!(try_as("192.0.2.1").await, 401);
        }
        assert_eq!(try_as("192.0.2.1").await, 429, "{name}");
        assert_eq!(try_as("192.0.2.2").await, 401, "{name}: another client");
        // A /64 is one client, however it is written.
        for n in 0..5 {
            assert_eq!(try_as(&format!("[2001:db8::{n}]:4711")).await, 401);
        }
        assert_eq!(try_as("2001:DB8:0:0:ffff::1").await, 429, "{name}");
        site.stop().await;

        let (log, _guard) = capture(tracing::Level::INFO);
        let site = Site::with(OPEN, |settings| {
            behind_this(settings);
            settings.limits.viewers_per_address = 1;
        })
        .await;
        for (written, address) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.3:80", "192.0.2.3"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::2]", "2001:db8::2"),
            ("::ffff:192.0.2.4", "192.0.2.4"),
            ("unknown", "127.0.0.1"),
            ("", "127.0.0.1"),
            ("192.0.2.1\t;", "127.0.0.1"),
        ] {
            let headers = [(name, written)];
            assert_eq!(address_of(&site, &headers).await, address, "{name}: {written}");
        }
        let headers = [(name, "192.0.2.1")];
        let _one = Socket::open(site.address, "/ws", &headers).await.unwrap();
        let refused = Socket::open(site.address, "/ws", &headers).await.unwrap_err();
        assert_eq!(refused.status, 429);
        Socket::open(site.address, "/ws", &[(name, "192.0.2.2")]).await.expect("another client");
        site.stop().await;
        assert!(log.text().contains("client=2001:db8::1"), "{}", log.text());
    }
}

#[tokio::test]
async fn who_forges_one_header_while_the_proxy_writes_the_other_gains_nothing() {
    let site = Site::with(TOKEN, behind_this).await;
    for n in 0..5 {
        let (mine, invented) = ("192.0.2.1", format!("198.51.100.{n}"));
        let headers = match n % 2 {
            0 => [("x-forwarded-for", mine), ("x-real-ip", &invented)],
            _ => [("x-real-ip", mine), ("x-forwarded-for", &invented)],
        };
        assert_eq!(site.try_sign_in("wrong", &headers).await.status, 401);
    }
    let headers = [("x-forwarded-for", "198.51.100.77"), ("x-real-ip", "192.0.2.1")];
    assert_eq!(site.try_sign_in("wrong", &headers).await.status, 429, "they are one client");
    // Nobody else has to wait for it.
    for honest in ["x-forwarded-for", "x-real-ip"] {
        for victim in ["192.0.2.1", "198.51.100.1"] {
            assert_eq!(site.try_sign_in(site.token(), &[(honest, victim)]).await.status, 200);
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn ten_thousand_proxies_are_not_a_way_in() {
    let site = Site::with(OPEN, behind_this).await;
    let list = vec!["127.0.0.1"; 10_000].join(",");
    let answer = site.get("/api/v1/server", &[("x-forwarded-for", &list)]).await;
    assert_eq!(answer.status, 431, "larger than a head may be");
    // As many as there can be.
    let list = format!("192.0.2.66,{}", vec!["127.0.0.9"; 1500].join(","));
    assert_eq!(address_of(&site, &[("x-forwarded-for", &list)]).await, "127.0.0.9");
    let list = vec![""; 15_000].join(",");
    assert_eq!(address_of(&site, &[("x-forwarded-for", &list)]).await, "127.0.0.1");
    site.stop().await;
}

#[tokio::test]
async fn only_a_trusted_proxy_can_say_that_the_browser_came_over_tls() {
    let secure = [("x-forwarded-proto", "https")];
    for (adjust, wanted) in
        [(behind_this as fn(&mut Settings), true), (behind_another, false), (not_behind, false)]
    {
        let site = Site::with(TOKEN, adjust).await;
        let answer = site.try_sign_in(site.token(), &secure).await;
        let cookie = answer.header("set-cookie").unwrap();
        assert_eq!(cookie.contains("; Secure"), wanted, "{cookie}");
        site.stop().await;
    }
}

#[tokio::test]
async fn connections_of_a_proxy_are_many_and_of_a_stranger_few() {
    for (adjust, capped) in [(behind_this as fn(&mut Settings), false), (behind_another, true)] {
        let site = Site::on("0.0.0.0:0", OPEN, |settings| {
            adjust(settings);
            settings.limits.viewers_per_address = 2;
            settings.limits.spare_connections = 8;
        })
        .await;
        // 2 and a quarter of the 8.
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(TcpStream::connect(site.address).await.unwrap());
        }
        site.until("they are in", |site| site.web.connections() == 4).await;
        let status = site.get("/healthz", &[]).await.status;
        assert_eq!(status, if capped { 503 } else { 200 });
        drop(held);
        site.stop().await;
    }
}
