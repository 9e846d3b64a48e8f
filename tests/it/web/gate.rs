//! The gate under attack: forged hosts and origins, writes from other sites, proxies that nobody
//! trusts, and sessions that end.

use std::time::Duration;

use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use smonitor::model::Role;
use smonitor::web::{Auth, BasePath, PublicUrl, Settings};

use super::client::{Answer, Socket, send_raw};
use super::site::Site;

const TOKEN: Auth = Auth::Token { role: Role::Admin };
const OPEN: Auth = Auth::Open { role: Role::Admin };

fn named(settings: &mut Settings) {
    settings.allowed_hosts =
        vec!["gpu-01".into(), "Monitor.Example.org".into(), ".lab.example.org".into()];
}

#[tokio::test]
async fn only_requests_that_were_meant_for_this_server_are_answered() {
    let site = Site::with(OPEN, named).await;
    let port = site.address.port();
    for ours in [
        "127.0.0.1",
        &format!("127.0.0.1:{port}"),
        &format!("localhost:{port}"),
        "LOCALHOST",
        "localhost.",
        "monitor.localhost:9999",
        "[::1]",
        &format!("[::1]:{port}"),
        "gpu-01",
        "GPU-01:80",
        "monitor.example.org",
        "node7.lab.example.org:8760",
    ] {
        for path in ["/", "/healthz", "/api/v1/hosts", "/nothing.txt"] {
            let answer = site.get(path, &[("host", ours)]).await;
            assert_ne!(answer.status, 403, "{ours} {path}: {answer:?}");
        }
    }
    // What a page sees after its name was pointed at this machine, and other nonsense.
    for foreign in [
        "attacker.example",
        &format!("attacker.example:{port}"),
        "localhost.attacker.example",
        "gpu-01.attacker.example",
        "evillab.example.org",
        "lab.example.org",
        "192.0.2.1",
        "[2001:db8::1]",
        "user@localhost",
        "localhost:99999",
        "localhost:",
        "localhost:80:80",
        "127.0.0.1.attacker.example",
        "[::1",
        "*",
    ] {
        for path in ["/", "/healthz", "/api/v1/hosts", "/ws", "/nothing.txt", "/api/openapi.json"] {
            let answer = site.get(path, &[("host", foreign)]).await;
            assert_eq!(answer.status, 403, "{foreign} {path}: {answer:?}");
            assert!(answer.text().contains("server.allowed_hosts"), "it says what to do");
        }
        let headers = [("host", foreign)];
        assert_eq!(Socket::open(site.address, "/ws", &headers).await.unwrap_err().status, 403);
    }
    site.stop().await;
}

#[tokio::test]
async fn a_request_has_exactly_one_host() {
    let site = Site::open(Role::Admin).await;
    for (head, status) in [
        ("GET /healthz HTTP/1.1\r\n", 400),
        ("GET /healthz HTTP/1.0\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nhost: localhost\r\nhost: attacker.example\r\n", 400),
        ("GET /healthz HTTP/1.1\r\nhost: \r\n", 400),
        ("GET http://attacker.example/healthz HTTP/1.1\r\nhost: localhost\r\n", 403),
        ("GET http://localhost/healthz HTTP/1.1\r\nhost: attacker.example\r\n", 403),
        ("GET http://localhost/healthz HTTP/1.1\r\nhost: localhost\r\n", 200),
    ] {
        let request = format!("{head}connection: close\r\n\r\n");
        let answer = send_raw(site.address, request.as_bytes()).await;
        assert_eq!(answer.status, status, "{head}: {answer:?}");
    }
    site.stop().await;
}

async fn open_from(site: &Site, origin: &str) -> Result<Socket, Answer> {
    Socket::open(site.address, "/ws", &[("origin", origin)]).await
}

#[tokio::test]
async fn sockets_open_only_for_our_own_page() {
    let site = Site::with(OPEN, named).await;
    let port = site.address.port();
    open_from(&site, &site.origin()).await.expect("our own page");
    Socket::open(site.address, "/ws", &[]).await.expect("no browser at all");
    for foreign in [
        "null",
        "http://attacker.example",
        // Another service on this machine: the same name, another port.
        "http://127.0.0.1:8888",
        "http://127.0.0.1",
        &format!("http://localhost:{port}"),
        &format!("ftp://127.0.0.1:{port}"),
        &format!("http://127.0.0.1:{port}.attacker.example"),
        &format!("http://127.0.0.1:{port}@attacker.example"),
        "file://",
        "",
        "http://gpu-01",
    ] {
        let refused = open_from(&site, foreign).await.unwrap_err();
        assert_eq!((refused.status, refused.code().as_str()), (403, "forbidden"), "{foreign}");
    }
    site.stop().await;
}

#[tokio::test]
async fn behind_a_proxy_the_public_address_is_our_own_too() {
    let site = Site::with(TOKEN, |settings| {
        settings.behind_proxy = true;
        settings.public_url = Some(PublicUrl::parse("https://monitor.example.org/gpu").unwrap());
    })
    .await;
    let bearer = site.bearer();
    // A proxy that passes the name on, and one that does not.
    for host in ["monitor.example.org", &site.address.to_string()] {
        let open = async |origin: &str| {
            let headers = [("host", host), ("origin", origin), ("authorization", &bearer)];
            Socket::open(site.address, "/ws", &headers).await
        };
        open("https://monitor.example.org").await.expect("our own page");
        open("https://monitor.example.org:443").await.expect("written out");
        for foreign in ["https://monitor.example.org:8443", "https://example.org"] {
            assert_eq!(open(foreign).await.unwrap_err().status, 403, "{host} {foreign}");
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn the_password_of_a_proxy_is_no_token_and_leaves_the_session_alone() {
    let site = Site::start(TOKEN).await;
    let cookie = site.sign_in().await;
    let origin = site.origin();
    for password in ["Basic dTpw", "basic dTpw", "Digest username=\"u\"", "Negotiate abc=", "x"] {
        let mut headers =
            vec![("authorization", password), ("cookie", &cookie), ("origin", &origin)];
        site.publish(0);
        assert_eq!(site.get("/api/v1/hosts", &headers).await.status, 200, "{password}");
        Socket::open(site.address, "/ws", &headers).await.expect(password);
        headers.remove(1);
        assert_eq!(site.get("/api/v1/hosts", &headers).await.status, 401, "{password}");
    }
    // None of them counted as a wrong token.
    assert_eq!(site.try_sign_in(site.token(), &[]).await.status, 200);
    let headers = [("authorization", "Bearer wrong"), ("cookie", cookie.as_str())];
    assert_eq!(site.get("/api/v1/hosts", &headers).await.status, 401, "a wrong token is wrong");
    site.stop().await;
}

#[tokio::test]
async fn a_cookie_alone_opens_a_socket_only_for_a_browser_that_says_where_it_is() {
    let site = Site::start(TOKEN).await;
    let cookie = site.sign_in().await;
    let origin = site.origin();
    let headers = [("cookie", cookie.as_str()), ("origin", origin.as_str())];
    Socket::open(site.address, "/ws", &headers).await.expect("our own page");
    let refused = Socket::open(site.address, "/ws", &headers[..1]).await.unwrap_err();
    assert_eq!(refused.status, 403);
    let other = [headers[0], ("origin", "http://127.0.0.1:8888")];
    assert_eq!(Socket::open(site.address, "/ws", &other).await.unwrap_err().status, 403);
    let bearer = site.bearer();
    let headers = [("authorization", bearer.as_str())];
    Socket::open(site.address, "/ws", &headers).await.expect("a script with the token");
    site.stop().await;
}

#[tokio::test]
async fn other_sites_cannot_write() {
    let site = Site::start(TOKEN).await;
    let json = ("content-type", "application/json");
    let origin = site.origin();
    let body = format!(r#"{{"token":"{}"}}"#, site.token());
    let post = async |headers: &[(&str, &str)]| {
        site.send("POST", "/api/v1/session", headers, &body).await.status
    };
    assert_eq!(post(&[json]).await, 200, "a script");
    assert_eq!(post(&[json, ("origin", &origin), ("sec-fetch-site", "same-origin")]).await, 200);
    for forged in [
        ("origin", "http://attacker.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1:8888"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        assert_eq!(post(&[json, forged]).await, 403, "{forged:?}");
        let answer = site.send("DELETE", "/api/v1/session", &[forged], "").await;
        assert_eq!(answer.status, 403, "{forged:?}");
    }
    // What a form can send.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
        assert_eq!(post(&[("content-type", kind)]).await, 400, "{kind}");
    }
    assert_eq!(post(&[]).await, 400);
    // No other site may read either: nothing is ever shared.
    let answer = site.get("/api/v1/session", &[("origin", "http://attacker.example")]).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let preflight = site.send("OPTIONS", "/api/v1/session", &[("origin", "http://a.b")], "").await;
    assert!(preflight.status >= 400, "{preflight:?}");
    site.stop().await;
}

#[tokio::test]
async fn the_cookie_is_one_that_scripts_and_other_sites_do_not_get() {
    let site = Site::start(TOKEN).await;
    let answer = site.try_sign_in(site.token(), &[]).await;
    let cookie = answer.header("set-cookie").unwrap();
    for flag in ["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Max-Age=86400"] {
        assert!(cookie.contains(flag), "{flag} in {cookie}");
    }
    assert!(!cookie.contains("Secure"), "plain HTTP could not use it");
    assert!(!cookie.contains(site.token()), "the token itself stays out of cookies");
    assert_eq!(answer.json(), serde_json::json!({"role": "admin", "signed_in": true}));
    site.stop().await;

    let public = |settings: &mut Settings| {
        settings.behind_proxy = true;
        settings.base_path = BasePath::parse("/gpu").unwrap();
        settings.public_url = Some(PublicUrl::parse("https://monitor.example.org/gpu").unwrap());
    };
    let site = Site::with(TOKEN, public).await;
    let body = format!(r#"{{"token":"{}"}}"#, site.token());
    let headers = [("content-type", "application/json")];
    let answer = site.send("POST", "/gpu/api/v1/session", &headers, &body).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("; Secure") && cookie.contains("; Path=/gpu/;"), "{cookie}");
    site.stop().await;
}

#[tokio::test]
async fn five_wrong_tokens_and_an_address_has_to_wait() {
    let site = Site::start(TOKEN).await;
    for attempt in 0..5 {
        let answer = site.try_sign_in("wrong", &[]).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "unauthorized"), "{attempt}");
    }
    let answer = site.try_sign_in(site.token(), &[]).await;
    assert_eq!((answer.status, answer.code().as_str()), (429, "too_many"));
    assert_eq!(answer.header("retry-after"), Some("300"));
    site.hands.advance(Duration::from_secs(299));
    assert_eq!(site.try_sign_in(site.token(), &[]).await.status, 429);
    site.hands.advance(Duration::from_secs(2));
    assert_eq!(site.try_sign_in(site.token(), &[]).await.status, 200);
    site.stop().await;
}

#[tokio::test]
async fn wrong_bearers_are_counted_and_the_right_one_still_works() {
    let site = Site::start(TOKEN).await;
    let ask = async |bearer: &str| {
        site.publish(0);
        site.get("/api/v1/hosts", &[("authorization", bearer)]).await.status
    };
    for odd in ["Basic dTpw", "Bearer", "", "Bearer é", "Bearer \u{1F600}"] {
        assert_eq!(ask(odd).await, 401, "{odd}");
    }
    for wrong in ["Bearer wrong", "bearer  x", "BEARER y", "Bearer a b", "Bearer z"] {
        assert_eq!(ask(wrong).await, 401, "{wrong}");
    }
    assert_eq!(ask("Bearer wrong").await, 429);
    assert_eq!(ask(&site.bearer()).await, 200, "one bad script must not lock out the good one");
    site.stop().await;
}

#[tokio::test]
async fn what_stands_in_x_forwarded_for_counts_only_from_trusted_proxies() {
    // Not told of a proxy: everybody is the one who connects, whatever they claim.
    let site = Site::with(TOKEN, |settings| {
        settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    for n in 0..5 {
        let claimed = format!("192.0.2.{n}");
        let answer = site.try_sign_in("wrong", &[("x-forwarded-for", &claimed)]).await;
        assert_eq!(answer.status, 401);
    }
    let answer = site.try_sign_in("wrong", &[("x-forwarded-for", "192.0.2.99")]).await;
    assert_eq!(answer.status, 429, "a new name does not help");
    site.stop().await;

    let site = Site::with(TOKEN, |settings| {
        settings.behind_proxy = true;
        settings.trusted_proxies =
            vec!["127.0.0.1".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
    })
    .await;
    for n in 0..5 {
        // What the client wrote itself stands to the left of what the proxy added.
        let line = format!("198.51.100.{n}, 192.0.2.1, 10.0.0.7");
        let answer = site.try_sign_in("wrong", &[("x-forwarded-for", &line)]).await;
        assert_eq!(answer.status, 401);
    }
    let from =
        async |line: &str| site.try_sign_in("wrong", &[("x-forwarded-for", line)]).await.status;
    assert_eq!(from("203.0.113.5, 192.0.2.1").await, 429, "the client of before");
    assert_eq!(from("192.0.2.1, 192.0.2.2").await, 401, "another client");
    site.stop().await;
}

/// Requests that no client makes, in many forms; the same ones each time.
fn odd_requests(address: &str) -> Vec<Vec<u8>> {
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let names = [
        "host",
        "origin",
        "cookie",
        "authorization",
        "x-forwarded-for",
        "content-type",
        "content-length",
        "transfer-encoding",
        "accept-encoding",
        "if-none-match",
        "upgrade",
        "connection",
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-fetch-site",
        "range",
    ];
    let mut odd_value = move || {
        let length = random.next_u32() % 60;
        // What HTTP admits in a header, and a few things that it does not.
        (0..length).map(|_| (random.next_u32() % 224 + 32) as u8).collect::<Vec<u8>>()
    };
    let mut requests = Vec::new();
    for round in 0..40 {
        for name in names {
            let path = ["/", "/ws", "/api/v1/hosts", "/api/v1/session"][round % 4];
            let method = ["GET", "GET", "GET", "POST"][round % 4];
            let mut request =
                format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n").into_bytes();
            if name != "host" {
                request.extend_from_slice(format!("host: {address}\r\n").as_bytes());
            }
            request.extend_from_slice(format!("{name}: ").as_bytes());
            request.extend(odd_value());
            request.extend_from_slice(b"\r\n\r\n");
            requests.push(request);
        }
    }
    requests
}

#[tokio::test]
async fn no_header_breaks_the_server_or_opens_it() {
    let site = Site::with(TOKEN, |settings| {
        settings.behind_proxy = true;
        settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        settings.times.body_at_most = Duration::from_millis(50);
        settings.times.headers_at_most = Duration::from_millis(50);
    })
    .await;
    for request in odd_requests(&site.address.to_string()) {
        let answer = send_raw(site.address, &request).await;
        let text = String::from_utf8_lossy(&request).into_owned();
        let is_api = text.contains("/hosts") || text.contains("/ws");
        let fits = matches!(answer.status, 400 | 401 | 403 | 413 | 429)
            || (!is_api && matches!(answer.status, 200 | 304));
        assert!(fits, "{text}: {answer:?}");
    }
    site.stop().await;
}
