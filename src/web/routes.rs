//! The table of routes, and the way of a request from the connection to what answers it.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter};
use futures_util::FutureExt as _;
use tower::ServiceExt as _;

use super::answer::{self, Refused};
use super::gate::{self, Kind, Needs, Question};
use super::network;
use super::server::{Carrier, Server};
use super::{about, free, metrics, peer, rest, socket};
use crate::model::{HostId, Role};
use crate::telemetry;

/// One route: path below the base path, method, what it needs, and what answers.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Path below the base path; `{name}` is one segment, `{*name}` all that follow.
    pub path: &'static str,
    /// Method. `GET` stands for `HEAD` too.
    pub method: Verb,
    /// What it asks of its caller.
    pub needs: Needs,
    /// What answers.
    pub endpoint: Endpoint,
    /// What it is for, in a line.
    pub summary: &'static str,
}

/// The methods there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Get,
    /// Writes, with a JSON body.
    Post,
    /// Writes, without a body.
    Delete,
}

/// What answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// The sign of life.
    Health,
    /// Who the server takes the caller for.
    ShowSession,
    /// Sign in.
    SignIn,
    /// Sign out.
    SignOut,
    /// The document of topic `overview`.
    Overview,
    /// The document of topic `host/<id>`.
    Host,
    /// The document of topic `host/<id>/processes`.
    Processes,
    /// The last ten minutes of a host's load.
    Recent,
    /// Where cards are free.
    Free,
    /// Who is on which card.
    Users,
    /// Where cards are free, as text.
    FreeText,
    /// Who is on which card, as text.
    UsersText,
    /// How this server runs and who is connected.
    Server,
    /// What an app asks.
    PeerPoll,
    /// The host's values for Prometheus.
    Metrics,
    /// The description of the API.
    OpenApi,
    /// The WebSocket.
    Socket,
    /// The page and its files.
    Page,
}

/// Every route there is.
pub const ROUTES: [Route; 19] = [
    Route {
        path: "/healthz",
        method: Verb::Get,
        needs: Needs::Nothing,
        endpoint: Endpoint::Health,
        summary: "Sign of life",
    },
    Route {
        path: "/api/v1/session",
        method: Verb::Get,
        needs: Needs::Nothing,
        endpoint: Endpoint::ShowSession,
        summary: "Who the server takes you for",
    },
    Route {
        path: "/api/v1/session",
        method: Verb::Post,
        needs: Needs::Nothing,
        endpoint: Endpoint::SignIn,
        summary: "Sign in with the access token",
    },
    Route {
        path: "/api/v1/session",
        method: Verb::Delete,
        needs: Needs::Nothing,
        endpoint: Endpoint::SignOut,
        summary: "Sign out",
    },
    Route {
        path: "/api/v1/hosts",
        method: Verb::Get,
        needs: Needs::Role(Role::Guest),
        endpoint: Endpoint::Overview,
        summary: "A line per host",
    },
    Route {
        path: "/api/v1/hosts/{id}",
        method: Verb::Get,
        needs: Needs::Role(Role::Guest),
        endpoint: Endpoint::Host,
        summary: "Everything about a host but its processes",
    },
    Route {
        path: "/api/v1/hosts/{id}/processes",
        method: Verb::Get,
        needs: Needs::Role(Role::Member),
        endpoint: Endpoint::Processes,
        summary: "The process table of a host",
    },
    Route {
        path: "/api/v1/hosts/{id}/recent",
        method: Verb::Get,
        needs: Needs::Role(Role::Guest),
        endpoint: Endpoint::Recent,
        summary: "The last ten minutes of a host's load, as far as somebody looked",
    },
    Route {
        path: "/api/v1/gpus/free",
        method: Verb::Get,
        needs: Needs::Role(Role::Guest),
        endpoint: Endpoint::Free,
        summary: "Where the graphics cards that are asked for are free",
    },
    Route {
        path: "/api/v1/users",
        method: Verb::Get,
        needs: Needs::Role(Role::Member),
        endpoint: Endpoint::Users,
        summary: "Who is on which graphics card",
    },
    Route {
        path: "/free.txt",
        method: Verb::Get,
        needs: Needs::Role(Role::Guest),
        endpoint: Endpoint::FreeText,
        summary: "The same as /api/v1/gpus/free as text to read, with lines to copy",
    },
    Route {
        path: "/who.txt",
        method: Verb::Get,
        needs: Needs::Role(Role::Member),
        endpoint: Endpoint::UsersText,
        summary: "The same as /api/v1/users as text to read",
    },
    Route {
        path: "/api/v1/server",
        method: Verb::Get,
        needs: Needs::Role(Role::Admin),
        endpoint: Endpoint::Server,
        summary: "How this server runs, its restarts, and who is connected",
    },
    Route {
        path: "/api/v1/peer/poll",
        method: Verb::Post,
        needs: Needs::Role(Role::Guest),
        endpoint: Endpoint::PeerPoll,
        summary: "What is new of topics, for an app that shows this host",
    },
    Route {
        path: "/metrics",
        method: Verb::Get,
        needs: Needs::Role(Role::Guest),
        endpoint: Endpoint::Metrics,
        summary: "The host's values for Prometheus; see docs/metrics.md",
    },
    Route {
        path: "/api/openapi.json",
        method: Verb::Get,
        needs: Needs::Nothing,
        endpoint: Endpoint::OpenApi,
        summary: "The description of this API",
    },
    Route {
        path: "/ws",
        method: Verb::Get,
        needs: Needs::Role(Role::Guest),
        endpoint: Endpoint::Socket,
        summary: "The WebSocket; see docs/protocol.md",
    },
    Route {
        path: "/",
        method: Verb::Get,
        needs: Needs::Nothing,
        endpoint: Endpoint::Page,
        summary: "The page",
    },
    Route {
        path: "/{*page}",
        method: Verb::Get,
        needs: Needs::Nothing,
        endpoint: Endpoint::Page,
        summary: "The page and its files",
    },
];

/// Where a request comes from, for whoever answers it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub(super) client: IpAddr,
    /// Whether people reach this server over TLS, as far as it knows.
    pub(super) over_tls: bool,
    /// Whether this very request did come over TLS, here or to a trusted proxy.
    pub(super) encrypted: bool,
}

impl Verb {
    fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

impl Endpoint {
    fn kind(self) -> Kind {
        match self {
            Self::Socket => Kind::Socket,
            Self::PeerPoll => Kind::Poll,
            _ => Kind::Request,
        }
    }
}

pub(super) fn router() -> Router<Arc<Server>> {
    let mut router = Router::new();
    for route in ROUTES {
        let enter =
            async move |server, params, request| enter(route, server, params, request).await;
        let refuse = async || Refused::method_not_allowed();
        let methods = MethodRouter::new().on(route.method.filter(), enter);
        // Routes with the same path are merged; only one of them may have the fallback.
        let is_first = ROUTES
            .iter()
            .find(|r| r.path == route.path)
            .is_some_and(|first| first.method == route.method);
        let methods = if is_first { methods.fallback(refuse) } else { methods };
        router = router.route(route.path, methods);
    }
    router
}

/// Through the gate to what answers.
async fn enter(
    route: Route,
    State(server): State<Arc<Server>>,
    params: Result<RawPathParams, axum::extract::rejection::RawPathParamsRejection>,
    request: Request,
) -> Result<Response, Refused> {
    let origin = *request.extensions().get::<Origin>().ok_or_else(Refused::internal)?;
    let question = Question {
        needs: route.needs,
        kind: route.endpoint.kind(),
        method: request.method(),
        headers: request.headers(),
        client: origin.client,
    };
    if question.kind == Kind::Poll {
        gate::may_poll(&server.settings.peers, origin)?;
    }
    let caller = gate::authorise(&server.names, &server.access, question)?;
    let params = params.map_err(|_| Refused::bad_request("the path is not UTF-8"))?;
    let host = || host_of(&params);
    match route.endpoint {
        Endpoint::Health => Ok(rest::health(&server)),
        Endpoint::ShowSession => Ok(rest::show_session(caller)),
        Endpoint::SignIn => rest::sign_in(&server, origin, request).await,
        Endpoint::SignOut => Ok(rest::sign_out(&server, caller, origin).await),
        Endpoint::Overview => rest::overview(&server, caller, request.headers()).await,
        Endpoint::Host => rest::host(&server, caller, host()?, request.headers()).await,
        Endpoint::Processes => rest::processes(&server, caller, host()?, request.headers()).await,
        Endpoint::Recent => rest::recent(&server, caller, &host()?, request.headers()).await,
        Endpoint::Free => free::free(&server, caller, request.uri(), request.headers()).await,
        Endpoint::Users => free::users(&server, caller, request.uri(), request.headers()).await,
        Endpoint::FreeText => {
            free::free_text(&server, caller, request.uri(), request.headers()).await
        }
        Endpoint::UsersText => {
            free::users_text(&server, caller, request.uri(), request.headers()).await
        }
        Endpoint::Server => about::answer(&server, request.headers()).await,
        Endpoint::PeerPoll => peer::answer(&server, caller, request).await,
        Endpoint::Metrics => metrics::answer(&server, caller, request.headers()).await,
        Endpoint::OpenApi => Ok(rest::openapi(request.headers()).await),
        Endpoint::Socket => socket::upgrade(&server, caller, request),
        Endpoint::Page => server.page.answer(request.uri().path(), request.headers()),
    }
}

fn host_of(params: &RawPathParams) -> Result<HostId, Refused> {
    let id = params.iter().find(|(name, _)| *name == "id").map(|(_, value)| value);
    id.and_then(|id| HostId::parse(id).ok())
        .ok_or_else(|| Refused::not_found("there is no such host"))
}

/// Answers a request of any kind. Never fails: what goes wrong becomes an answer.
pub(super) async fn answer(
    server: &Arc<Server>,
    peer: IpAddr,
    carrier: Carrier,
    request: Request,
) -> Response {
    let started = server.clock.monotonic();
    let settings = &server.settings;
    let trusted = settings.believed_proxies();
    let client = network::client_address(peer, request.headers(), trusted);
    let encrypted = carrier == Carrier::Tls
        || (network::is_proxy(peer, trusted) && network::forwarded_https(request.headers()));
    let over_tls =
        encrypted || settings.public_url.as_ref().is_some_and(super::PublicUrl::is_https);
    let method = request.method().clone();
    let path: String = request.uri().path().chars().take(200).collect();

    let origin = Origin { client, over_tls, encrypted };
    let mut response = caught(find(server, origin, request), &method, &path).await;
    answer::harden(&mut response, over_tls);
    if settings.access_log {
        let status = response.status().as_u16();
        let milliseconds = server.clock.monotonic().saturating_sub(started).as_secs_f64() * 1000.0;
        tracing::info!(target: telemetry::ACCESS, %client, %method, path, status, milliseconds);
    }
    response
}

/// Makes an answer of whatever comes of a request, even of a mistake of ours.
async fn caught(
    answering: impl Future<Output = Result<Response, Refused>>,
    method: &Method,
    path: &str,
) -> Response {
    match AssertUnwindSafe(answering).catch_unwind().await {
        Ok(Ok(response)) => response,
        Ok(Err(refused)) => refused.into_response(),
        // The panic itself was reported where it happened.
        Err(_panic) => {
            tracing::error!(%method, path, "answering this request failed; this is a bug");
            Refused::internal().into_response()
        }
    }
}

/// Checks that the request is meant for this server, and takes the base path off.
async fn find(
    server: &Arc<Server>,
    origin: Origin,
    mut request: Request,
) -> Result<Response, Refused> {
    // Who came by himself was looked at when he connected; whom a proxy brings is known only now.
    if !server.allow.lets_in(origin.client) {
        return Err(Refused::forbidden("nobody may look from there (server.allow)"));
    }
    server.names.check_host(request.uri(), request.headers())?;
    let base = &server.settings.base_path;
    let path = request.uri().path();
    if base.is_bare(path) {
        return Ok(redirect_to(base.as_str()));
    }
    let Some(below) = base.strip(path) else {
        let message = format!("everything of this server lies below {}", base.as_str());
        return Err(Refused::not_found(message));
    };
    let target = match request.uri().query() {
        Some(query) => format!("{below}?{query}"),
        None => below.to_owned(),
    };
    *request.uri_mut() =
        Uri::try_from(target).map_err(|_| Refused::bad_request("the path cannot be understood"))?;
    request.extensions_mut().insert(origin);
    let router = server.router.clone().with_state(server.clone());
    Ok(router.oneshot(request).await.unwrap_or_else(|never| match never {}))
}

/// Only ever to a path of our own.
fn redirect_to(path: &str) -> Response {
    let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
    if let Ok(location) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mistake_of_ours_becomes_an_answer() {
        let mistake = async { panic!("a test's") };
        let response = caught(mistake, &Method::GET, "/").await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    }
}
