//! Answers: JSON bodies, refusals, and the headers that every answer carries.

use std::io::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use super::access::Denied;
use super::origin::Foreign;
use crate::feed;
use crate::model::api::{ErrorBody, ErrorDetail};
use crate::model::wire::ErrorCode;

/// What the page may do: nothing but what comes from here.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
    base-uri 'self'; form-action 'self'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types svelte-trusted-html";
/// What an answer that is no page may do, should a browser be made to show it as one.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
const PERMISSIONS: &str = "camera=(), microphone=(), geolocation=()";

/// Answers from this size on are compressed for those who accept it.
const COMPRESS_FROM_BYTES: usize = 1024;
/// Answers from this size on are compressed away from the threads that serve everybody.
const COMPRESS_ASIDE_FROM_BYTES: usize = 64 * 1024;
const GZIP_LEVEL: u32 = 4;
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A request that gets no for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    status: StatusCode,
    code: ErrorCode,
    message: String,
    retry_after: Option<Duration>,
}

impl Refused {
    fn new(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::BadRequest, message)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            ErrorCode::Unauthorized,
            "sign in first, or send the access token as Authorization: Bearer",
        )
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, ErrorCode::Forbidden, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, message)
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::MethodNotAllowed,
            "this path does not take that method; the Allow header names those it takes",
        )
    }

    pub(super) fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::TooLarge,
            format!("the body is over {limit} bytes"),
        )
    }

    pub(super) fn too_many(message: impl Into<String>, retry_after: Duration) -> Self {
        let retry_after = Some(retry_after);
        let refused = Self::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooMany, message);
        Self { retry_after, ..refused }
    }

    pub(super) fn full(message: impl Into<String>, retry_after: Duration) -> Self {
        let retry_after = Some(retry_after);
        let refused = Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::TooMany, message);
        Self { retry_after, ..refused }
    }

    pub(super) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::Internal,
            "smonitor made a mistake; its log has the details",
        )
    }
}

impl From<Foreign> for Refused {
    fn from(foreign: Foreign) -> Self {
        match foreign {
            Foreign::NoHost => Self::bad_request(foreign.to_string()),
            Foreign::Host(_) | Foreign::Origin => Self::forbidden(foreign.to_string()),
        }
    }
}

impl From<Denied> for Refused {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Wrong => Self::new(
                StatusCode::UNAUTHORIZED,
                ErrorCode::Unauthorized,
                "this is not the access token; the one that works was printed when smonitor \
                 started for the first time",
            ),
            Denied::TooMany { retry_after } => {
                Self::too_many("too many wrong access tokens from this address", retry_after)
            }
        }
    }
}

impl From<feed::Refusal> for Refused {
    fn from(refusal: feed::Refusal) -> Self {
        match refusal {
            feed::Refusal::NotFound => Self::not_found(refusal.to_string()),
            feed::Refusal::Forbidden => Self::forbidden(refusal.to_string()),
            feed::Refusal::Unavailable => Self {
                retry_after: Some(Duration::from_secs(2)),
                ..Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    ErrorCode::Unavailable,
                    refusal.to_string(),
                )
            },
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let detail = ErrorDetail { code: self.code, message: self.message };
        let mut response = json(self.status, &ErrorBody { error: detail });
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            // Rounded up: who comes back in time must not be told to wait again.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

/// A small JSON answer.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let bytes = serde_json::to_vec(body)
        .expect("our types have text keys and memory does not refuse writes");
    with_type(status, JSON, bytes.into())
}

/// A large JSON answer, compressed if the client takes that.
pub(super) async fn document(body: Bytes, request_headers: &HeaderMap) -> Response {
    document_of_type(body, JSON, request_headers).await
}

/// A large answer of any type, compressed if the client takes that.
pub(super) async fn document_of_type(
    body: Bytes,
    content_type: HeaderValue,
    request_headers: &HeaderMap,
) -> Response {
    let compress = body.len() >= COMPRESS_FROM_BYTES && accepts(request_headers, "gzip");
    if !compress {
        return vary_by_encoding(with_type(StatusCode::OK, content_type, body));
    }
    let packed = if body.len() < COMPRESS_ASIDE_FROM_BYTES {
        gzip(&body, GZIP_LEVEL)
    } else {
        let plain = body.clone();
        match tokio::task::spawn_blocking(move || gzip(&plain, GZIP_LEVEL)).await {
            Ok(packed) => packed,
            Err(_) => return Refused::internal().into_response(),
        }
    };
    let mut response = vary_by_encoding(with_type(StatusCode::OK, content_type, packed.into()));
    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response
}

fn with_type(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

pub(super) fn vary_by_encoding(mut response: Response) -> Response {
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}

pub(super) fn gzip(bytes: &[u8], level: u32) -> Vec<u8> {
    let room = Vec::with_capacity(bytes.len() / 4);
    let mut encoder = GzEncoder::new(room, Compression::new(level));
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing to memory cannot fail")
}

/// Whether the client takes the content coding: it is named (or `*` is), and not with `q=0`.
pub(super) fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let mut by_star = false;
    for value in headers.get_all(header::ACCEPT_ENCODING) {
        for entry in value.to_str().unwrap_or_default().split(',') {
            let mut parts = entry.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let refused = parts
                .filter_map(|part| part.strip_prefix("q="))
                .any(|q| q.trim().parse::<f32>().is_ok_and(|q| q <= 0.0));
            if name.eq_ignore_ascii_case(coding) {
                return !refused;
            }
            by_star |= name == "*" && !refused;
        }
    }
    by_star
}

/// The headers that every answer carries.
pub(super) fn harden(response: &mut Response, over_tls: bool) {
    let headers = response.headers_mut();
    let is_page = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|content_type| content_type.as_bytes().starts_with(b"text/html"));
    let policy = if is_page { PAGE_POLICY } else { DATA_POLICY };
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_SECURITY_POLICY, policy);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(header::HeaderName::from_static("permissions-policy"), PERMISSIONS);
    if over_tls && is_page {
        // Over plain HTTP browsers ignore it, with a warning on the console.
        set(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_codings_are_taken_as_offered() {
        let accepts = |offer: &str, coding| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_str(offer).unwrap());
            accepts(&headers, coding)
        };
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("GZIP;q=0.5", "gzip"));
        assert!(accepts("*", "gzip"));
        assert!(!accepts("*;q=0", "gzip"));
        assert!(!accepts("gzip;q=0, *", "gzip"));
        assert!(!accepts("gzip; q=0.0", "gzip"));
        assert!(!accepts("gzip, deflate", "br"));
        assert!(!accepts("xgzip", "gzip"));
        assert!(!super::accepts(&HeaderMap::new(), "gzip"));
    }

    #[test]
    fn who_has_to_wait_is_told_how_long() {
        let refused = Refused::too_many("slow down", Duration::from_millis(1200));
        let response = refused.into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    }
}
