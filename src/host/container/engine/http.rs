//! One GET request to an engine: bounded in time, in headers and in body. What the answer means is
//! not known here.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use rustix::io::Errno;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::{Engine, Place};
use crate::host::files;
use crate::model::Reason;

/// The longest time a request may take, from connecting to the last byte of its answer.
pub(super) const DEADLINE: Duration = Duration::from_secs(4);

/// The most bytes of headers.
const HEAD_MAX: usize = 16 << 10;

/// The most headers. Engines send about seven.
const HEADERS_MAX: usize = 64;

/// Asks for `path` and gives back a body of at most `cap` bytes.
///
/// # Errors
/// `not_installed` if nobody listens there, `not_supported` if there is no such thing (404), else
/// why not.
pub(super) async fn get(engine: &Engine, path: &str, cap: usize) -> Result<Vec<u8>, Reason> {
    let asked = async {
        match &engine.place {
            Place::Unix(socket) => {
                let stream = UnixStream::connect(socket).await.map_err(|error| refused(&error))?;
                talk(stream, path, cap).await
            }
            Place::Tcp(host, port) => {
                let stream = TcpStream::connect((host.as_str(), *port)).await;
                talk(stream.map_err(|error| refused(&error))?, path, cap).await
            }
        }
    };
    let outcome = timeout(DEADLINE, asked).await.unwrap_or(Err(Reason::NotResponding));
    if let Err(reason) = outcome {
        tracing::debug!(engine = %engine.address, path, %reason, "an engine gave no answer");
    }
    outcome
}

fn refused(error: &io::Error) -> Reason {
    match Errno::from_io_error(error) {
        Some(Errno::NOENT | Errno::NOTDIR | Errno::CONNREFUSED) => Reason::NotInstalled,
        // The queue of those who wait to be let in is full.
        Some(Errno::AGAIN) => Reason::NotResponding,
        Some(Errno::TIMEDOUT | Errno::HOSTUNREACH | Errno::NETUNREACH) => Reason::NotResponding,
        _ => files::reason(error),
    }
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    path: &str,
    cap: usize,
) -> Result<Vec<u8>, Reason> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_MAX).max_headers(HEADERS_MAX);
    let (mut sender, connection) =
        builder.handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    let request = Request::get(path)
        .header(header::HOST, "localhost")
        .header(header::ACCEPT, "application/json")
        .header(header::CONNECTION, "close")
        .body(Nothing)
        .map_err(|_| Reason::Malformed)?;
    let mut exchange = pin!(async {
        let answer = sender.send_request(request).await.map_err(|error| broken(&error))?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(Reason::NotSupported),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(Reason::PermissionDenied);
            }
            status if status.is_server_error() => return Err(Reason::ReadFailed),
            _ => return Err(Reason::Malformed),
        }
        read(answer.into_body(), cap).await
    });
    let mut connection = pin!(connection);
    // The connection has to be driven for as long as it lives; what is said comes out of the exchange.
    tokio::select! {
        biased;
        outcome = &mut exchange => outcome,
        ended = &mut connection => match ended {
            // All that came is in the exchange by now.
            Ok(()) => exchange.await,
            Err(error) => Err(broken(&error)),
        },
    }
}

async fn read(mut body: Incoming, cap: usize) -> Result<Vec<u8>, Reason> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|error| broken(&error))?;
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > cap {
                return Err(Reason::OutOfResources);
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

fn broken(error: &hyper::Error) -> Reason {
    if error.is_parse() || error.is_parse_too_large() {
        Reason::Malformed
    } else {
        Reason::ReadFailed
    }
}

/// The body of a request that has none.
struct Nothing;

impl Body for Nothing {
    type Data = &'static [u8];
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Infallible>>> {
        std::task::Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }
}
