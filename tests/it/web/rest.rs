//! The REST API and the page: answers, refusals and headers.

use std::io::Read as _;

use serde_json::Value;
use smonitor::model::Role;
use smonitor::model::api::HealthBody;
use smonitor::model::wire::{HostDocument, OverviewDocument, ProcessesDocument};
use smonitor::web::{Auth, BasePath};

use super::client::{Answer, send_raw};
use super::site::Site;

const HOST: &str = "/api/v1/hosts/gpu-01.lab";

#[tokio::test]
async fn documents_are_of_the_documented_types() {
    let site = Site::open(Role::Admin).await;
    let body = async |path: &str| site.get(path, &[]).await.body;
    let health: HealthBody = serde_json::from_slice(&body("/healthz").await).unwrap();
    assert_eq!((health.status.as_str(), health.version.as_str()), ("ok", "0.0.0-test"));
    let overview = body("/api/v1/hosts").await;
    let overview: OverviewDocument = serde_json::from_slice(&overview).unwrap();
    assert_eq!(overview.hosts.len(), 1);
    let host: HostDocument = serde_json::from_slice(&body(HOST).await).unwrap();
    assert_eq!(host.host, site.host);
    let processes = body(&format!("{HOST}/processes")).await;
    let processes: ProcessesDocument = serde_json::from_slice(&processes).unwrap();
    assert!(!processes.processes.is_empty());
    let description: Value = serde_json::from_slice(&body("/api/openapi.json").await).unwrap();
    assert!(description["paths"][HOST.replace("gpu-01.lab", "{id}")].is_object());
    site.stop().await;
}

#[tokio::test]
async fn refusals_are_json_whatever_is_wrong() {
    let site = Site::open(Role::Admin).await;
    let json = ("content-type", "application/json");
    for (method, path, headers, body, status, code) in [
        ("GET", "/api", &[][..], "", 404, "not_found"),
        ("GET", "/api/v1/nothing", &[], "", 404, "not_found"),
        ("GET", "/api/v1/hosts/", &[], "", 404, "not_found"),
        ("GET", "/api/v1/hosts/nobody", &[], "", 404, "not_found"),
        ("GET", "/api/v1/hosts/NOBODY", &[], "", 404, "not_found"),
        ("GET", "/api/v1/hosts/..%2f..%2fetc", &[], "", 404, "not_found"),
        ("GET", "/api/v1/hosts/%ff", &[], "", 400, "bad_request"),
        ("GET", "/missing.js", &[], "", 404, "not_found"),
        ("GET", "/assets/missing.js", &[], "", 404, "not_found"),
        ("POST", "/api/v1/hosts", &[json], "{}", 405, "method_not_allowed"),
        ("DELETE", "/", &[], "", 405, "method_not_allowed"),
        ("PUT", "/api/v1/session", &[json], "{}", 405, "method_not_allowed"),
        ("POST", "/api/v1/peer/poll", &[json], "{}", 400, "bad_request"),
        ("POST", "/api/v1/peer/poll", &[json], &too_many_topics(), 400, "bad_request"),
        ("POST", "/api/v1/peer/poll", &[json], &"x".repeat((16 << 10) + 1), 413, "too_large"),
        ("POST", "/api/v1/session", &[json], "{", 400, "bad_request"),
        ("POST", "/api/v1/session", &[json], "[]", 400, "bad_request"),
        ("POST", "/api/v1/session", &[json], r#"{"token":1}"#, 400, "bad_request"),
        ("POST", "/api/v1/session", &[json], &"x".repeat(4097), 413, "too_large"),
        ("GET", "/ws", &[], "", 400, "bad_request"),
    ] {
        let answer = site.send(method, path, headers, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert_eq!(answer.code(), code, "{method} {path}");
        if status == 405 {
            assert!(answer.header("allow").is_some_and(|allow| allow.contains("GET")), "{path}");
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn without_values_the_answer_says_when_to_come_back() {
    let site = Site::open(Role::Admin).await;
    site.publisher.add_host(smonitor::model::HostId::parse("late").unwrap());
    let answer = site.get("/api/v1/hosts/late", &[]).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"));
    assert_eq!(answer.header("retry-after"), Some("2"));
    site.stop().await;
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let site = Site::open(Role::Admin).await;
    for path in ["/", "/healthz", "/api/v1/hosts", "/api/v1/nothing"] {
        let (head, get) = (site.send("HEAD", path, &[], "").await, site.get(path, &[]).await);
        assert_eq!(head.status, get.status, "{path}");
        assert!(head.body.is_empty() && !get.body.is_empty(), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        assert_eq!(head.header("content-length"), get.header("content-length"), "{path}");
    }
    site.stop().await;
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_take_it() {
    let site = Site::open(Role::Admin).await;
    let path = format!("{HOST}/processes");
    let plain = site.get(&path, &[]).await;
    assert_eq!(plain.header("content-encoding"), None);
    let packed = site.get(&path, &[("accept-encoding", "br, gzip")]).await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.body.len() * 3 < plain.body.len());
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    for answer in [plain, packed] {
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
    }
    let small = site.get("/healthz", &[("accept-encoding", "gzip")]).await;
    assert_eq!(small.header("content-encoding"), None);
    site.stop().await;
}

#[tokio::test]
async fn metrics_come_in_the_form_that_is_asked_for() {
    const OPEN: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";
    let site = Site::open(Role::Member).await;
    for (accept, wanted) in
        [("application/openmetrics-text;version=1.0.0,*/*;q=0.1", OPEN), ("*/*", PLAIN)]
    {
        let answer = site.get("/metrics", &[("accept", accept)]).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(wanted)));
        assert_eq!(answer.header("vary"), Some("accept, accept-encoding"));
        assert_eq!(answer.text().ends_with("# EOF\n"), wanted == OPEN);
        assert_hardened(&answer, "/metrics");
        let packed = site.get("/metrics", &[("accept", accept), ("accept-encoding", "gzip")]).await;
        assert_eq!(packed.header("content-encoding"), Some("gzip"));
        assert_eq!(packed.header("vary"), Some("accept, accept-encoding"));
        let mut text = String::new();
        flate2::read::GzDecoder::new(&packed.body[..]).read_to_string(&mut text).unwrap();
        assert!(text.contains("\nnode_load1 "));
    }
    site.stop().await;
}

/// The page is about one host. Where there are several, it is not guessed which is meant.
#[tokio::test]
async fn without_a_host_of_its_own_the_metrics_say_which_hosts_are_up() {
    let auth = Auth::Open { role: Role::Member };
    let site = Site::with(auth, |settings| settings.only_host = None).await;
    let answer = site.get("/metrics", &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let text = answer.text();
    assert!(text.contains("smonitor_host_up{host=\"gpu-01.lab\"} "), "{text}");
    assert!(text.contains("smonitor_build_info") && !text.contains("node_load1"), "{text}");
    site.stop().await;
}

fn assert_hardened(answer: &Answer, path: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{path}");
    }
    assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
}

#[tokio::test]
async fn every_answer_is_hardened_and_only_files_may_be_kept() {
    let site = Site::open(Role::Admin).await;
    for path in ["/", "/login", "/healthz", "/api/v1/hosts", "/api/v1/session", "/ws", "/x.js"] {
        let answer = site.get(path, &[]).await;
        assert_hardened(&answer, path);
        let is_page = answer.header("content-type").unwrap().starts_with("text/html");
        assert_eq!(is_page, matches!(path, "/" | "/login"), "{path}");
        let keep = if is_page { "no-cache" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), Some(keep), "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert_eq!(policy.contains("script-src 'self'"), is_page, "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), None, "only over TLS");
    }
    let refused = site.get("/", &[("host", "attacker.example")]).await;
    assert_hardened(&refused, "refused");
    site.stop().await;
}

#[tokio::test]
async fn the_page_is_served_once_and_then_known() {
    let site = Site::open(Role::Admin).await;
    let page = site.get("/host/gpu-01.lab", &[]).await;
    assert!(page.text().contains(r#"<base href="/""#), "{}", page.text());
    let tag = page.header("etag").unwrap();
    let again = site.get("/", &[("if-none-match", tag)]).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    site.stop().await;
}

#[tokio::test]
async fn below_a_base_path_everything_works_and_nothing_lies_outside() {
    let auth = Auth::Open { role: Role::Admin };
    let site =
        Site::with(auth, |settings| settings.base_path = BasePath::parse("/gpu").unwrap()).await;
    for inside in ["/gpu/", "/gpu/healthz", "/gpu/api/v1/hosts", "/gpu/login"] {
        assert_eq!(site.get(inside, &[]).await.status, 200, "{inside}");
    }
    assert!(site.get("/gpu/", &[]).await.text().contains(r#"<base href="/gpu/""#));
    let bare = site.get("/gpu", &[]).await;
    assert_eq!((bare.status, bare.header("location")), (308, Some("/gpu/")));
    for outside in ["/", "/healthz", "/api/v1/hosts", "/gpux/healthz", "//gpu/healthz"] {
        assert_eq!(site.get(outside, &[]).await.status, 404, "{outside}");
    }
    let mut socket = super::client::Socket::greeted(site.address, "/gpu/ws", &[]).await;
    socket.settle().await;
    site.stop().await;
}

#[tokio::test]
async fn redirects_lead_nowhere_else() {
    let auth = Auth::Open { role: Role::Admin };
    let site =
        Site::with(auth, |settings| settings.base_path = BasePath::parse("/gpu").unwrap()).await;
    for path in ["//attacker.example", "//attacker.example/gpu", "/\\attacker.example", "/gpu//a.b"]
    {
        let answer = site.get(path, &[]).await;
        assert_eq!(answer.header("location"), None, "{path}: {answer:?}");
    }
    site.stop().await;
}

#[tokio::test]
async fn several_requests_go_over_one_connection() {
    let site = Site::open(Role::Admin).await;
    let one = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\n", site.address);
    let text = format!("{one}\r\n{one}connection: close\r\n\r\n");
    let answer = send_raw(site.address, text.as_bytes()).await;
    assert_eq!(answer.text().matches("HTTP/1.1 200 OK").count(), 1, "the second follows the first");
    site.stop().await;
}

fn too_many_topics() -> String {
    let topics = vec![r#"{"topic":"overview","seq":null}"#; 65];
    format!(r#"{{"protocol":1,"topics":[{}]}}"#, topics.join(","))
}
