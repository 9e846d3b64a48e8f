//! One node, asked over HTTP: where it is, the key for it, deadlines, and what can go wrong.

use std::error::Error as _;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderValue};

use super::lookup::Lookup;
use super::{Failure, body, pin};
use crate::clock::Clock;
use crate::model::cluster::TroubleKind;
use crate::model::peer::{AnyPollHead, PEER_PROTOCOL, PollAnswer, PollRequest};
use crate::model::{CertificatePin, Secret};

/// How long an address of a name is believed while it works.
const ADDRESS_LASTS: Duration = Duration::from_secs(60);

/// An idle connection is closed after this long: before the node, which allows 15 s, closes it.
const IDLE_AT_MOST: Duration = Duration::from_secs(10);

/// An answer from this size on is read by a thread of its own.
const READ_ASIDE_FROM_BYTES: usize = 256 << 10;

/// What all clients share: connections, and questions to the resolver. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pool {
    http: reqwest::Client,
    lookup: Lookup,
    connect_within: Duration,
    clock: Clock,
}

/// Where a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Host name or address.
    pub address: String,
    /// Port.
    pub port: u16,
    /// What it wants to be shown, if anything.
    pub key: Option<Secret>,
    /// The certificate that it must have; then it is asked over TLS, else over plain HTTP.
    pub pin: Option<CertificatePin>,
}

/// What one answer may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// From the connection to the end of the answer.
    pub read_within: Duration,
    /// Its size, unpacked.
    pub max_bytes: usize,
}

/// Asks one node.
#[derive(Debug)]
pub struct Client {
    pool: Pool,
    /// Of its own where it is known by its certificate: what was agreed on with it is for nobody else.
    http: reqwest::Client,
    target: Target,
    authorization: Option<HeaderValue>,
    addresses: Vec<SocketAddr>,
    found_at: Duration,
}

impl Pool {
    /// For all nodes of an app.
    ///
    /// # Errors
    /// If the system has no cryptography.
    pub fn new(connect_within: Duration, clock: Clock) -> Result<Self, String> {
        let http = built(http(connect_within))?;
        Ok(Self { http, lookup: Lookup::new(), connect_within, clock })
    }
}

fn http(connect_within: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .http1_only()
        .connect_timeout(connect_within)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(IDLE_AT_MOST)
        .tcp_nodelay(true)
        .user_agent(concat!("smonitor/", env!("CARGO_PKG_VERSION")))
}

fn built(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, String> {
    builder.build().map_err(|error| format!("cannot ask nodes: {error}"))
}

impl Client {
    /// For one node.
    ///
    /// # Errors
    /// If its key has characters that no key has, or the system has no cryptography.
    pub fn new(pool: Pool, target: Target) -> Result<Self, String> {
        let authorization = match &target.key {
            None => None,
            Some(key) => {
                let header = HeaderValue::from_str(&format!("Bearer {}", key.reveal()));
                let mut header = header.map_err(|_| {
                    format!("the key of {} has characters that no key has", target.address)
                })?;
                header.set_sensitive(true);
                Some(header)
            }
        };
        let http = match target.pin {
            None => pool.http.clone(),
            Some(pin) => built(
                http(pool.connect_within)
                    .https_only(true)
                    .tls_backend_preconfigured(pin::config(pin)?),
            )?,
        };
        let (addresses, found_at) = (Vec::new(), Duration::ZERO);
        Ok(Self { pool, http, target, authorization, addresses, found_at })
    }

    /// Where it is.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Asks once. One question at a time: `&mut` says so.
    ///
    /// # Errors
    /// If there is no answer in time, or none that is smonitor's.
    pub async fn ask(
        &mut self,
        question: &PollRequest,
        bounds: Bounds,
    ) -> Result<PollAnswer, Failure> {
        let answer = self.try_ask(question, bounds).await;
        if answer.is_err() {
            // The name may lead somewhere else by now.
            self.addresses.clear();
        }
        answer
    }

    async fn try_ask(
        &mut self,
        question: &PollRequest,
        bounds: Bounds,
    ) -> Result<PollAnswer, Failure> {
        let now = self.pool.clock.monotonic();
        if self.addresses.is_empty() || now.saturating_sub(self.found_at) > ADDRESS_LASTS {
            let Target { address, port, .. } = &self.target;
            self.addresses = self.pool.lookup.addresses(address, *port, bounds.read_within).await?;
            self.found_at = now;
        }
        let body = serde_json::to_vec(question)
            .map_err(|_| Failure::with(TroubleKind::Malformed, "our own question"))?;
        let mut last = Failure::from(TroubleKind::NameNotFound);
        for (place, address) in self.addresses.clone().into_iter().enumerate() {
            match self.ask_at(address, body.clone(), bounds).await {
                // Nothing was asked yet: another address of the name may be the right one.
                Err(failure) if is_before_the_question(failure.kind) => last = failure,
                outcome => {
                    self.addresses.swap(0, place);
                    return outcome;
                }
            }
        }
        Err(last)
    }

    async fn ask_at(
        &self,
        address: SocketAddr,
        question: Vec<u8>,
        bounds: Bounds,
    ) -> Result<PollAnswer, Failure> {
        let scheme = if self.target.pin.is_some() { "https" } else { "http" };
        let mut request = self
            .http
            .post(format!("{scheme}://{address}/api/v1/peer/poll"))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT_ENCODING, "gzip")
            .body(question);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let talking = async {
            let response = request.send().await.map_err(|error| classify(&error))?;
            match response.status() {
                StatusCode::OK => body::read(response, bounds.max_bytes).await,
                StatusCode::UNAUTHORIZED => Err(TroubleKind::Unauthorized.into()),
                StatusCode::FORBIDDEN => Err(TroubleKind::Forbidden.into()),
                other => Err(Failure::with(TroubleKind::HttpStatus, other.as_str())),
            }
        };
        let within = self.pool.connect_within.saturating_add(bounds.read_within);
        let body = tokio::time::timeout(within, talking)
            .await
            .map_err(|_| Failure::from(TroubleKind::ReadTimeout))??;
        if body.len() < READ_ASIDE_FROM_BYTES {
            return understand(&body);
        }
        let reading = tokio::task::spawn_blocking(move || understand(&body));
        reading.await.unwrap_or_else(|_| Err(TroubleKind::Malformed.into()))
    }
}

fn is_before_the_question(kind: TroubleKind) -> bool {
    matches!(kind, TroubleKind::Refused | TroubleKind::Unreachable | TroubleKind::ConnectTimeout)
}

/// Reads an answer.
fn understand(body: &[u8]) -> Result<PollAnswer, Failure> {
    match serde_json::from_slice::<PollAnswer>(body) {
        Ok(answer) if answer.head.protocol == PEER_PROTOCOL => Ok(answer),
        Ok(answer) => {
            Err(Failure::with(TroubleKind::OtherProtocol, answer.head.protocol.to_string()))
        }
        Err(_) => Err(match serde_json::from_slice::<AnyPollHead>(body) {
            Ok(head) if head.protocol != PEER_PROTOCOL => {
                Failure::with(TroubleKind::OtherProtocol, head.protocol.to_string())
            }
            _ => TroubleKind::Malformed.into(),
        }),
    }
}

/// What went wrong, in a word of the closed list.
pub(super) fn classify(error: &reqwest::Error) -> Failure {
    if error.is_connect() {
        return if error.is_timeout() {
            TroubleKind::ConnectTimeout.into()
        } else {
            connecting(error)
        };
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<hyper::Error>()
            && (error.is_parse() || error.is_parse_too_large())
        {
            return Failure::with(TroubleKind::Malformed, "no HTTP");
        }
        cause = error.source();
    }
    TroubleKind::Broken.into()
}

fn connecting(error: &reqwest::Error) -> Failure {
    if pin::is_wrong_certificate(error) {
        return TroubleKind::WrongCertificate.into();
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            match error.kind() {
                ErrorKind::ConnectionRefused => return TroubleKind::Refused.into(),
                ErrorKind::TimedOut => return TroubleKind::ConnectTimeout.into(),
                ErrorKind::ConnectionReset => return TroubleKind::Broken.into(),
                ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
                    return TroubleKind::Unreachable.into();
                }
                // Inside may be what the kernel said.
                kind if error.raw_os_error().is_some() => {
                    return Failure::with(TroubleKind::Unreachable, kind.to_string());
                }
                _ => {}
            }
        }
        cause = error.source();
    }
    TroubleKind::Unreachable.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(body: &str) -> TroubleKind {
        understand(body.as_bytes()).unwrap_err().kind
    }

    #[test]
    fn an_answer_is_smonitors_or_it_is_none() {
        let good = r#"{"protocol":1,"version":"0","instance":"a","machine":null,"mode":"node",
            "host":"x","server_time_ms":5,"frames":[{"type":"full"},7]}"#;
        let answer = understand(good.as_bytes()).unwrap();
        assert_eq!(answer.frames.len(), 2);
        assert_eq!(answer.head.host.unwrap().as_str(), "x");
        assert_eq!(
            kind(&good.replace("\"protocol\":1", "\"protocol\":2")),
            TroubleKind::OtherProtocol
        );
        assert_eq!(kind(r#"{"protocol":7,"all":"else"}"#), TroubleKind::OtherProtocol);
        for garbage in ["", "{", "[]", "null", "<html>", r#"{"protocol":1}"#, "\u{0}\u{0}"] {
            assert_eq!(kind(garbage), TroubleKind::Malformed, "{garbage}");
        }
        assert_eq!(kind(&good.replace("\"x\"", "\"../x\"")), TroubleKind::Malformed);
    }

    #[test]
    fn keys_are_not_shown() {
        let target = Target {
            address: "a".to_owned(),
            port: 1,
            key: Some(Secret::new("secret")),
            pin: None,
        };
        assert!(!format!("{target:?}").contains("secret"));
    }
}
