//! The manager's own port: how the worker is, and `POST /restart`.
//!
//! `GET /` answers anybody who reaches the port (loopback, unless the settings say otherwise): one
//! line, or [`ManagerBody`] for `Accept: application/json`. `POST /restart` needs the manager's
//! token, a file in the state folder, as `Authorization: Bearer`. Every refusal has the body of the
//! API's refusals. Names other than addresses and `localhost` in `Host` are refused, so that no web
//! page can read this by pointing a name of its own here.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::model::api::{ErrorBody, ErrorDetail};
use crate::model::server::{ManagerBody, WorkerState};
use crate::model::wire::ErrorCode;

/// More connections than this wait in the kernel.
const CONNECTIONS_AT_MOST: usize = 16;
/// A connection lasts no longer.
const CONNECTION_AT_MOST: Duration = Duration::from_secs(10);
const HEADERS_AT_MOST: Duration = Duration::from_secs(5);
/// After running out of something, accepting pauses for this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);
const HEAD_MAX_BYTES: usize = 16 * 1024;

/// The secret that `POST /restart` asks for; its hash.
#[derive(Clone, Copy)]
pub struct Token([u8; 32]);

impl Token {
    /// From the secret itself.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    fn is(self, other: Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// The port and what stands behind it.
pub struct Control {
    /// Where to listen.
    pub listener: TcpListener,
    /// None: there is no state folder, so nobody can prove who they are.
    pub token: Option<Token>,
    /// How everything is now.
    pub status: watch::Receiver<ManagerBody>,
    /// Takes a wish for a new worker.
    pub restart: mpsc::Sender<()>,
}

struct Answering {
    token: Option<Token>,
    status: watch::Receiver<ManagerBody>,
    restart: mpsc::Sender<()>,
}

/// Serves until it is dropped.
pub async fn serve(control: Control) {
    let Control { listener, token, status, restart } = control;
    let answering = Arc::new(Answering { token, status, restart });
    let places = Arc::new(Semaphore::new(CONNECTIONS_AT_MOST));
    let mut connections = JoinSet::new();
    // The semaphore is never closed.
    while let Ok(place) = places.clone().acquire_owned().await {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let answering = answering.clone();
                connections.spawn(async move {
                    let _place = place;
                    let serving = connection(answering, stream);
                    // Whoever takes longer than that wants something else than an answer.
                    let _ = tokio::time::timeout(CONNECTION_AT_MOST, serving).await;
                });
            }
            Err(error) => {
                tracing::debug!(%error, "the manager's port takes no connection just now");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(answering: Arc<Answering>, stream: TcpStream) {
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let response = answering.answer(&request);
        async move { Ok::<_, Infallible>(response) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_AT_MOST)
        .max_buf_size(HEAD_MAX_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = serving.await {
        tracing::trace!(%error, "a connection to the manager's port ended");
    }
}

impl Answering {
    fn answer<B>(&self, request: &Request<B>) -> Response<Body> {
        if !is_meant_for_us(request.headers()) {
            return refused(
                StatusCode::FORBIDDEN,
                ErrorCode::Forbidden,
                "call the manager by an address or as localhost",
            );
        }
        match (request.uri().path(), request.method()) {
            ("/", &Method::GET) => self.status(request.headers()),
            ("/restart", &Method::POST) => self.restart(request.headers()),
            ("/" | "/restart", _) => refused(
                StatusCode::METHOD_NOT_ALLOWED,
                ErrorCode::MethodNotAllowed,
                "GET / tells how the server is, POST /restart starts it anew",
            ),
            _ => refused(
                StatusCode::NOT_FOUND,
                ErrorCode::NotFound,
                "the manager has GET / and POST /restart",
            ),
        }
    }

    fn status(&self, headers: &HeaderMap) -> Response<Body> {
        let status = self.status.borrow();
        let wants_json = headers.get(ACCEPT).is_some_and(|accept| {
            accept.to_str().is_ok_and(|accept| accept.contains("application/json"))
        });
        if wants_json {
            return json(StatusCode::OK, &*status);
        }
        let line = format!("{}\n", in_a_line(&status));
        answer(StatusCode::OK, "text/plain; charset=utf-8", Body::from(line))
    }

    fn restart(&self, headers: &HeaderMap) -> Response<Body> {
        let Some(token) = self.token else {
            return refused(
                StatusCode::FORBIDDEN,
                ErrorCode::Forbidden,
                "there is no state folder, so there is no token to ask for a restart with",
            );
        };
        let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer "));
        if !given.is_some_and(|given| Token::new(given.trim()).is(token)) {
            return refused(
                StatusCode::UNAUTHORIZED,
                ErrorCode::Unauthorized,
                "send what is in the file manager-token of the state folder as Authorization: Bearer",
            );
        }
        // Full: somebody else has just asked for the same.
        if let Err(mpsc::error::TrySendError::Closed(())) = self.restart.try_send(()) {
            return refused(
                StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::Unavailable,
                "smonitor is about to end",
            );
        }
        let said = serde_json::json!({ "status": "restarting" });
        json(StatusCode::ACCEPTED, &said)
    }
}

/// The one line for people and scripts: mode and process number first.
pub(super) fn in_a_line(status: &ManagerBody) -> String {
    let worker = match &status.worker {
        Some(worker) => {
            let state = match worker.state {
                WorkerState::Starting => "starting",
                WorkerState::Up => "up",
                WorkerState::Stopping => "stopping",
            };
            format!("worker pid {} {state}", worker.pid)
        }
        None => "no worker just now".to_owned(),
    };
    format!(
        "smonitor manager {}, mode {}, pid {}, {worker}, {} restarts",
        status.version, status.mode, status.pid, status.restarts_total
    )
}

/// By address or as localhost; HTTP/1.0 without a name is fine.
fn is_meant_for_us(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return headers.get(HOST).is_none();
    };
    let Ok(host) = host.to_str() else { return false };
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, _)) => inside,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

fn refused(status: StatusCode, code: ErrorCode, message: &str) -> Response<Body> {
    json(status, &ErrorBody { error: ErrorDetail { code, message: message.to_owned() } })
}

fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    match serde_json::to_vec(body) {
        Ok(bytes) => answer(status, "application/json", Body::from(bytes)),
        Err(error) => {
            tracing::error!(%error, "an answer of the manager cannot be written");
            answer(StatusCode::INTERNAL_SERVER_ERROR, "application/json", Body::empty())
        }
    }
}

fn answer(status: StatusCode, kind: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UnixMillis;

    fn status() -> ManagerBody {
        ManagerBody {
            mode: "self".to_owned(),
            version: "1.2.3".to_owned(),
            pid: 10,
            started_at_ms: UnixMillis(0),
            worker: None,
            restarts_total: 4,
            restarts: Vec::new(),
        }
    }

    fn ask(answering: &Answering, text: &str) -> (u16, String) {
        let mut lines = text.lines();
        let (method, path) = lines.next().unwrap().split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path);
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let response = answering.answer(&request.body(()).unwrap());
        let status = response.status().as_u16();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let body = runtime.block_on(axum::body::to_bytes(response.into_body(), 10_000)).unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn answering(
        token: Option<&str>,
    ) -> (Answering, mpsc::Receiver<()>, watch::Sender<ManagerBody>) {
        let (said, status) = watch::channel(status());
        let (restart, asked) = mpsc::channel(1);
        (Answering { token: token.map(Token::new), status, restart }, asked, said)
    }

    #[test]
    fn tells_how_things_are() {
        let (answering, _asked, _said) = answering(None);
        let (code, line) = ask(&answering, "GET /\nhost: localhost:6999");
        assert_eq!(code, 200);
        assert_eq!(
            line,
            "smonitor manager 1.2.3, mode self, pid 10, no worker just now, 4 restarts\n"
        );
        let (_, body) = ask(&answering, "GET /\naccept: application/json");
        assert_eq!(serde_json::from_str::<ManagerBody>(&body).unwrap(), status());
    }

    #[test]
    fn a_restart_needs_the_token_and_a_post() {
        let (answering, mut asked, _said) = answering(Some("secret"));
        for (request, code) in [
            ("POST /restart", 401),
            ("POST /restart\nauthorization: Bearer wrong", 401),
            ("POST /restart\nauthorization: secret", 401),
            ("GET /restart\nauthorization: Bearer secret", 405),
            ("DELETE /", 405),
            ("GET /other", 404),
            ("POST /restart\nauthorization: Bearer secret\nhost: evil.example", 403),
        ] {
            let (got, body) = ask(&answering, request);
            assert_eq!(got, code, "{request}");
            serde_json::from_str::<ErrorBody>(&body).unwrap();
            assert!(asked.try_recv().is_err(), "{request}");
        }
        assert_eq!(ask(&answering, "POST /restart\nauthorization: Bearer secret").0, 202);
        assert!(asked.try_recv().is_ok());
        // Twice in one moment is one restart.
        for _ in 0..2 {
            assert_eq!(ask(&answering, "POST /restart\nauthorization: Bearer secret").0, 202);
        }
        assert!(asked.try_recv().is_ok() && asked.try_recv().is_err());
    }

    #[test]
    fn without_a_state_folder_nobody_can_ask() {
        let (answering, mut asked, _said) = answering(None);
        assert_eq!(ask(&answering, "POST /restart\nauthorization: Bearer x").0, 403);
        assert!(asked.try_recv().is_err());
    }

    #[test]
    fn names_of_others_are_refused() {
        let (answering, _asked, _said) = answering(None);
        for host in
            ["localhost", "127.0.0.1:6999", "[::1]:6999", "[::1]", "10.0.0.1", "LOCALHOST:1"]
        {
            assert_eq!(ask(&answering, &format!("GET /\nhost: {host}")).0, 200, "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:80", "127.0.0.1.nip.io", "[::1", ""] {
            assert_eq!(ask(&answering, &format!("GET /\nhost: {host}")).0, 403, "{host}");
        }
        assert_eq!(ask(&answering, "GET /\nhost: localhost\nhost: evil.example").0, 403);
    }
}
