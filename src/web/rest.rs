//! What answers the REST routes. By the time these run, the gate has let the caller through.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::StreamExt as _;

use super::access::SESSION_LASTS;
use super::answer::{self, Refused};
use super::gate::Caller;
use super::openapi;
use super::routes::Origin;
use super::server::Server;
use crate::model::api::{HealthBody, SessionBody, SignIn};
use crate::model::wire::Topic;
use crate::model::{Audience, HostId};

/// The longest body of a request to sign in.
const BODY_MAX_BYTES: usize = 4096;

pub(super) fn health(server: &Server) -> Response {
    let body = HealthBody {
        status: "ok".to_owned(),
        version: server.settings.version.clone(),
        server_time_ms: server.clock.wall(),
    };
    answer::json(StatusCode::OK, &body)
}

pub(super) fn show_session(caller: Caller) -> Response {
    let body = SessionBody { role: caller.role, signed_in: caller.session().is_some() };
    answer::json(StatusCode::OK, &body)
}

pub(super) async fn sign_in(
    server: &Server,
    origin: Origin,
    request: Request,
) -> Result<Response, Refused> {
    let bytes = body(server, request, BODY_MAX_BYTES).await?;
    // The parser's own words could repeat what was sent, and that may be a token.
    let SignIn { token } = serde_json::from_slice(&bytes)
        .map_err(|_| Refused::bad_request("the body must be {\"token\":\"…\"}"))?;
    if let role @ Some(_) = server.access.open_role() {
        let body = SessionBody { role, signed_in: false };
        return Ok(answer::json(StatusCode::OK, &body));
    }
    let (session, role) = server.access.sign_in(&token, origin.client).await?;
    let body = SessionBody { role, signed_in: true };
    let mut response = answer::json(StatusCode::OK, &body);
    let cookie = cookie(server, origin, session.reveal(), SESSION_LASTS.as_secs());
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

pub(super) async fn sign_out(server: &Server, caller: Caller, origin: Origin) -> Response {
    if let Some(session) = caller.session() {
        server.access.sign_out(session).await;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(header::SET_COOKIE, cookie(server, origin, "", 0));
    response
}

fn cookie(server: &Server, origin: Origin, value: &str, seconds: u64) -> HeaderValue {
    let name = server.access.cookie_name();
    let path = server.settings.base_path.as_str();
    let secure = if origin.over_tls { "; Secure" } else { "" };
    let text =
        format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    let mut cookie = HeaderValue::from_str(&text)
        .expect("digits, a fixed name and a checked path fit into a header");
    cookie.set_sensitive(true);
    cookie
}

pub(super) async fn overview(
    server: &Arc<Server>,
    caller: Caller,
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    document(server, caller, Topic::Overview, headers).await
}

pub(super) async fn host(
    server: &Arc<Server>,
    caller: Caller,
    id: HostId,
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    document(server, caller, Topic::Host(id), headers).await
}

pub(super) async fn processes(
    server: &Arc<Server>,
    caller: Caller,
    id: HostId,
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    document(server, caller, Topic::Processes(id), headers).await
}

async fn document(
    server: &Arc<Server>,
    caller: Caller,
    topic: Topic,
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    let role = caller.role.ok_or_else(Refused::unauthorized)?;
    let body = server.feed.document(&topic, Audience::new(role)).await?;
    Ok(answer::document(body, headers).await)
}

pub(super) async fn recent(
    server: &Server,
    caller: Caller,
    id: &HostId,
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    let role = caller.role.ok_or_else(Refused::unauthorized)?;
    let document = server.feed.recent(id, Audience::new(role))?;
    let body = serde_json::to_vec(&document).map_err(|_| Refused::internal())?;
    Ok(answer::document(body.into(), headers).await)
}

pub(super) async fn openapi(headers: &HeaderMap) -> Response {
    answer::document(Bytes::from_static(openapi::DESCRIPTION.as_bytes()), headers).await
}

/// Reads a body, but not more than `max_bytes`, and not for long.
pub(super) async fn body(
    server: &Server,
    request: Request<Body>,
    max_bytes: usize,
) -> Result<Vec<u8>, Refused> {
    let reading = async {
        let mut parts = request.into_body().into_data_stream();
        let mut bytes = Vec::new();
        while let Some(part) = parts.next().await {
            let part = part.map_err(|_| Refused::bad_request("the body ended early"))?;
            if bytes.len() + part.len() > max_bytes {
                return Err(Refused::too_large(max_bytes));
            }
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    };
    let in_time = tokio::time::timeout(server.settings.times.body_at_most, reading);
    in_time.await.map_err(|_| Refused::bad_request("the body came too slowly"))?
}
