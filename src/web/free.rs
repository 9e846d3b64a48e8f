//! Which cards are free and who is on which: the finder and the board over what was published, as JSON
//! and as plain text for `curl`. What a role may not see is not in the lines they are made of.

use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::Response;

use super::answer::{self, Refused};
use super::gate::Caller;
use super::server::Server;
use crate::assess::board::board;
use crate::assess::finder::find;
use crate::feed::Overview;
use crate::model::Audience;
use crate::model::cluster::{FreeBody, UsersBody};
use crate::model::free::FreeQuestion;
use crate::plain_text::{self, Who};

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// The longest name of a user that is asked for, in bytes.
const USER_MAX_BYTES: usize = 256;

/// Lines are cut for a terminal by whoever has one; `curl` has none.
const NO_WIDTH: usize = usize::MAX;

pub(super) async fn free(
    server: &Server,
    caller: Caller,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    let question = question(uri)?;
    json(&found(server, caller, &question).await?, headers).await
}

pub(super) async fn free_text(
    server: &Server,
    caller: Caller,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    let question = question(uri)?;
    let body = found(server, caller, &question).await?;
    text(plain_text::free(&body, &question, NO_WIDTH), headers).await
}

pub(super) async fn users(
    server: &Server,
    caller: Caller,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    let user = user(uri)?;
    json(&on_cards(server, caller, user.as_deref()).await?, headers).await
}

pub(super) async fn users_text(
    server: &Server,
    caller: Caller,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, Refused> {
    let user = user(uri)?;
    let body = on_cards(server, caller, user.as_deref()).await?;
    let whom = user.as_deref().map_or(Who::All, Who::Only);
    text(plain_text::who(&body, whom, NO_WIDTH), headers).await
}

async fn found(
    server: &Server,
    caller: Caller,
    question: &FreeQuestion,
) -> Result<FreeBody, Refused> {
    let overview = overview(server, caller).await?;
    Ok(find(&overview.rows, question, server.clock.wall()))
}

async fn on_cards(
    server: &Server,
    caller: Caller,
    user: Option<&str>,
) -> Result<UsersBody, Refused> {
    let overview = overview(server, caller).await?;
    Ok(board(&overview.rows, user, server.clock.wall()))
}

async fn overview(server: &Server, caller: Caller) -> Result<Overview, Refused> {
    let audience = Audience::new(caller.role.ok_or_else(Refused::unauthorized)?);
    if let Some(host) = &server.settings.only_host {
        // Where nobody looked, the first news of a node are without what is slow to read, such as cards.
        server.feed.snapshot(host, audience).await?;
    }
    Ok(server.feed.overview(audience).await?)
}

fn question(uri: &Uri) -> Result<FreeQuestion, Refused> {
    let pairs: Vec<_> = parameters(uri).collect();
    let pairs = pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    FreeQuestion::from_pairs(pairs).map_err(Refused::bad_request)
}

fn user(uri: &Uri) -> Result<Option<String>, Refused> {
    let mut wanted = None;
    for (name, value) in parameters(uri) {
        if name != "user" || wanted.is_some() {
            return Err(Refused::bad_request("the only parameter is user, once"));
        }
        if value.is_empty() || value.len() > USER_MAX_BYTES {
            return Err(Refused::bad_request(format!("user is 1 to {USER_MAX_BYTES} bytes")));
        }
        wanted = Some(value.into_owned());
    }
    Ok(wanted)
}

fn parameters(uri: &Uri) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
}

async fn json(body: &impl serde::Serialize, headers: &HeaderMap) -> Result<Response, Refused> {
    let body = serde_json::to_vec(body).map_err(|_| Refused::internal())?;
    Ok(answer::document(body.into(), headers).await)
}

async fn text(body: String, headers: &HeaderMap) -> Result<Response, Refused> {
    Ok(answer::document_of_type(body.into(), TEXT, headers).await)
}
