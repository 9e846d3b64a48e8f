//! Secrets stay secret: planted ones are looked for in everything that comes out.

use std::io::Write;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, Mutex};

use smonitor::model::Role;
use smonitor::web::Auth;
use tracing_subscriber::fmt::MakeWriter;

use super::client::Socket;
use super::site::{SECRET, Site};

/// Everything that is logged.
#[derive(Debug, Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// This test's runtime has one thread, so that what is logged on it is all.
pub(super) fn capture(level: tracing::Level) -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn tokens_and_sessions_are_nowhere_but_where_they_belong() {
    let (log, _guard) = capture(tracing::Level::TRACE);
    let site = Site::start(Auth::Token { role: Role::Member }).await;
    let token = site.token().to_owned();
    let cookie = site.sign_in().await;
    let session = cookie.split('=').nth(1).unwrap().to_owned();
    let mut seen = String::new();
    for path in [
        "/",
        "/healthz",
        "/api/v1/session",
        "/api/v1/hosts",
        "/api/openapi.json",
        "/api/v1/hosts/gpu-01.lab",
        "/api/v1/hosts/gpu-01.lab/recent",
        "/api/v1/hosts/gpu-01.lab/processes",
        "/nothing",
    ] {
        for header in [("authorization", site.bearer()), ("cookie", cookie.clone())] {
            let answer = site.get(&format!("{path}?token={token}"), &[(header.0, &header.1)]).await;
            seen += &format!("{answer:?} {}", answer.text());
        }
    }
    // Refusals do not repeat what was sent.
    for body in [format!("{{\"token\":\"{token}"), format!("{{\"{token}\":1}}"), token.clone()] {
        let headers = [("content-type", "application/json")];
        let answer = site.send("POST", "/api/v1/session", &headers, &body).await;
        assert_eq!(answer.status, 400);
        seen += &answer.text();
    }
    let bearer = site.bearer();
    let headers = [("authorization", bearer.as_str())];
    let mut socket = Socket::greeted(site.address, "/ws", &headers).await;
    for topic in ["overview", "host/gpu-01.lab", "host/gpu-01.lab/processes"] {
        socket.ask("subscribe", topic).await;
        seen += socket.next().await.text();
    }
    site.send("DELETE", "/api/v1/session", &[("cookie", &cookie)], "").await;
    let state = site.stop().await;
    for secret in [token.as_str(), session.as_str(), SECRET] {
        assert!(!seen.contains(secret), "in an answer");
        assert!(!log.text().contains(secret), "in the log");
    }
    assert!(log.text().contains("access"), "there is a log to look at");
    for entry in std::fs::read_dir(state.path().join("state")).unwrap() {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        assert!(!text.contains(&token) && !text.contains(&session), "{entry:?}");
        assert_eq!(entry.metadata().unwrap().mode() & 0o777, 0o600, "{entry:?}");
    }
}

#[tokio::test]
async fn each_request_is_a_line_without_its_query() {
    let (log, _guard) = capture(tracing::Level::INFO);
    let site = Site::open(Role::Admin).await;
    site.get("/api/v1/hosts?key=value", &[]).await;
    site.get("/nothing.txt", &[]).await;
    site.stop().await;
    let text = log.text();
    let lines: Vec<_> = text.lines().filter(|line| line.contains(" access: ")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    for part in ["method=GET", "path=\"/api/v1/hosts\"", "status=200", "client=127.0.0.1"] {
        assert!(lines[0].contains(part), "{part} in {}", lines[0]);
    }
    assert!(!text.contains("key=value"), "{text}");
    assert!(lines[1].contains("status=404"));
}

#[tokio::test]
async fn the_access_log_can_be_off() {
    let (log, _guard) = capture(tracing::Level::INFO);
    let auth = Auth::Open { role: Role::Admin };
    let site = Site::with(auth, |settings| settings.access_log = false).await;
    site.get("/api/v1/hosts", &[]).await;
    site.stop().await;
    assert!(!log.text().contains("access"), "{}", log.text());
}

#[tokio::test]
async fn hostile_paths_do_not_forge_log_lines() {
    let (log, _guard) = capture(tracing::Level::INFO);
    let site = Site::open(Role::Admin).await;
    site.get("/a%0a%1b[31mINFO%20access:%20forged", &[]).await;
    site.stop().await;
    let text = log.text();
    assert_eq!(text.lines().filter(|line| line.contains("forged")).count(), 1, "{text}");
    assert!(!text.contains('\u{1b}'));
}
