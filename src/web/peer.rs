//! `POST /api/v1/peer/poll`: what is new of topics, for an app that shows this host or these hosts.
//!
//! The frames are those a page would get over its socket, written into the answer as they are. Knows nothing
//! of who asks but the role, and of that only as much as a member has: an app has viewers of its own, and
//! could not tell which of them may see command lines in full.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use futures_util::future;

use super::answer::{self, Refused};
use super::gate::Caller;
use super::rest;
use super::server::Server;
use crate::feed::Refusal;
use crate::model::peer::{
    PEER_PROTOCOL, POLL_MAX_BYTES, POLL_MAX_TOPICS, PollHead, PollRequest, PollTopic,
};
use crate::model::wire::ErrorCode;
use crate::model::{Audience, Role};

pub(super) async fn answer(
    server: &Arc<Server>,
    caller: Caller,
    request: Request<Body>,
) -> Result<Response, Refused> {
    let role = caller.role.ok_or_else(Refused::unauthorized)?;
    let audience = Audience::new(role.min(Role::Member));
    let headers = request.headers().clone();
    let body = rest::body(server, request, POLL_MAX_BYTES).await?;
    let question: PollRequest = serde_json::from_slice(&body)
        .map_err(|_| Refused::bad_request("the body must be {\"protocol\":1,\"topics\":[…]}"))?;
    if question.topics.len() > POLL_MAX_TOPICS {
        let message = format!("these are more than {POLL_MAX_TOPICS} topics");
        return Err(Refused::bad_request(message));
    }
    let frames = question.topics.iter().map(|asked| frame(server, audience, asked));
    let frames = future::join_all(frames).await;
    Ok(answer::document(written(&head(server), &frames)?.into(), &headers).await)
}

/// What brings who asks up to date with one topic; empty if nothing is new.
async fn frame(server: &Server, audience: Audience, asked: &PollTopic) -> bytes::Bytes {
    match server.feed.poll(&asked.topic, audience, asked.seq).await {
        Ok(Some(frame)) => frame.json().clone(),
        Ok(None) => bytes::Bytes::new(),
        Err(refusal) => {
            let code = match refusal {
                Refusal::NotFound => ErrorCode::NotFound,
                Refusal::Forbidden => ErrorCode::Forbidden,
                Refusal::Unavailable => ErrorCode::Unavailable,
            };
            let error = serde_json::json!({"type": "error", "code": code, "topic": asked.topic});
            error.to_string().into()
        }
    }
}

fn head(server: &Server) -> PollHead {
    let settings = &server.settings;
    PollHead {
        protocol: PEER_PROTOCOL,
        version: settings.version.as_str().into(),
        instance: settings.instance.as_str().into(),
        machine: settings.machine.as_deref().map(Into::into),
        mode: settings.mode,
        host: settings.only_host.clone(),
        server_time_ms: server.clock.wall(),
    }
}

/// The head as JSON, with the frames put in before its last brace.
fn written(head: &PollHead, frames: &[bytes::Bytes]) -> Result<Vec<u8>, Refused> {
    let room = frames.iter().map(|frame| frame.len() + 1).sum::<usize>();
    let mut out = Vec::with_capacity(room + 512);
    serde_json::to_writer(&mut out, head).map_err(|_| Refused::internal())?;
    out.pop();
    out.extend_from_slice(b",\"frames\":[");
    let mut is_first = true;
    for frame in frames.iter().filter(|frame| !frame.is_empty()) {
        if !std::mem::take(&mut is_first) {
            out.push(b',');
        }
        out.extend_from_slice(frame);
    }
    out.extend_from_slice(b"]}");
    Ok(out)
}
