//! The WebSocket: the upgrade. What happens on an open socket is in [`session`].
//!
//! The handshake is done here and the library is used directly rather than through the framework:
//! so that large messages can go out in pieces (a connection's buffer keeps the size of the
//! largest piece it ever sent), errors can be told apart (1009 is not 1002), and every task is
//! one that the end of the server waits for.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::answer::Refused;
use super::gate::Caller;
use super::server::Server;
use super::slots::{Full, Slot};
use super::viewers::Visitor;
use crate::model::wire::CLIENT_MESSAGE_MAX_BYTES;

mod inbox;
mod pings;
mod resync;
mod session;

use session::Session;

/// Large enough for what clients send; the library zeroes and keeps all of it per connection.
const READ_BUFFER_BYTES: usize = 4096;
/// When a server is full, a viewer is asked to come back after this long.
const FULL_RETRY: std::time::Duration = std::time::Duration::from_secs(30);

/// How a socket wants its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Text,
    /// Large ones deflated, as binary messages.
    Deflate,
}

/// Makes a socket of a request.
pub(super) fn upgrade(
    server: &Arc<Server>,
    caller: Caller,
    mut request: Request,
) -> Result<Response, Refused> {
    let (Some(credential), Some(role)) = (caller.credential, caller.role) else {
        return Err(Refused::unauthorized());
    };
    let accept = accept_key(request.method(), request.headers())?;
    let encoding = encoding(request.uri().query())?;
    let place = server.viewers.take(caller.client).map_err(refuse_full)?;
    let visitor = Visitor::new(caller.client, request.headers());
    let connection = request.extensions().get::<Arc<Slot>>().cloned();
    let upgrading = hyper::upgrade::on(&mut request);
    let task = {
        let server = server.clone();
        async move {
            let _places = (place, connection);
            // It fails if the client left in between.
            let Ok(upgraded) = upgrading.await else { return };
            let config = WebSocketConfig::default()
                .read_buffer_size(READ_BUFFER_BYTES)
                .write_buffer_size(0)
                .max_message_size(Some(CLIENT_MESSAGE_MAX_BYTES))
                .max_frame_size(Some(CLIENT_MESSAGE_MAX_BYTES));
            let io = TokioIo::new(upgraded);
            let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
            let listed = server.listed.enter(visitor, role, server.clock.wall());
            Session::new(server, socket, (credential, role), encoding, listed).run().await;
        }
    };
    server.spawn(task);
    Ok(switching(&accept))
}

fn refuse_full(full: Full) -> Refused {
    match full {
        Full::InAll => Refused::full(
            "as many viewers as this server takes (limits.viewers) are connected",
            FULL_RETRY,
        ),
        Full::Address => Refused::too_many(
            "as many viewers as one address may have (limits.viewers_per_address) are connected",
            FULL_RETRY,
        ),
    }
}

fn accept_key(method: &Method, headers: &HeaderMap) -> Result<String, Refused> {
    let has = |name: HeaderName, word: &str| {
        headers.get_all(name).iter().any(|value| {
            let mut words = value.to_str().unwrap_or_default().split(',');
            words.any(|given| given.trim().eq_ignore_ascii_case(word))
        })
    };
    let asks_for_socket = has(header::CONNECTION, "upgrade") && has(header::UPGRADE, "websocket");
    let is_get = *method == Method::GET;
    if !is_get || !asks_for_socket || !has(header::SEC_WEBSOCKET_VERSION, "13") {
        return Err(Refused::bad_request("this path is for WebSockets (version 13) only"));
    }
    // 16 bytes in base64.
    let key = headers.get(header::SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    let key = key.filter(|key| key.len() == 24 && key.ends_with(b"=="));
    let key = key.ok_or_else(|| Refused::bad_request("Sec-WebSocket-Key is missing or damaged"))?;
    Ok(derive_accept_key(key))
}

fn encoding(query: Option<&str>) -> Result<Encoding, Refused> {
    let mut wanted =
        query.unwrap_or_default().split('&').filter_map(|p| p.strip_prefix("encoding="));
    match wanted.next() {
        None | Some("text") => Ok(Encoding::Text),
        Some("deflate") => Ok(Encoding::Deflate),
        Some(_) => Err(Refused::bad_request("the encodings are text and deflate")),
    }
}

fn switching(accept: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(accept) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}
