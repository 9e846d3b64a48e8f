//! Connections: accepting them, how many there may be, how long they may take, and the end.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::about::Restarts;
use super::access::Access;
use super::allow::Allow;
use super::origin::Names;
use super::page::Page;
use super::settings::Settings;
use super::slots::{Slot, Slots};
use super::stall::CutWhenStalled;
use super::viewers::Viewers;
use super::{Parts, network, routes};
use crate::clock::Clock;
use crate::feed::Feed;
use crate::model::UnixMillis;

/// Room for a request's line and headers; a larger head is refused with 431.
const HEAD_MAX_BYTES: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;
/// A client that takes nothing of an answer for this long is cut.
const STALLED_AT_MOST: Duration = Duration::from_secs(30);
/// At the end: how long a connection on which nothing was asked yet is listened to.
const FIRST_WORDS: Duration = Duration::from_millis(100);
/// After the machine ran out of something (descriptors, memory), accepting pauses for this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// What a connection gets that is one too many.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n\
    retry-after: 10\r\nconnection: close\r\ncontent-length: 81\r\n\r\n\
    {\"error\":{\"code\":\"too_many\",\"message\":\"too many connections; try again later\"}}\n\n";

/// What a request came over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    /// As it is.
    Plain,
    /// TLS.
    Tls,
}

/// Everything that answers share.
pub(super) struct Server {
    pub(super) settings: Settings,
    pub(super) feed: Feed,
    pub(super) access: Access,
    pub(super) clock: Clock,
    pub(super) started_at: UnixMillis,
    pub(super) names: Names,
    pub(super) page: Page,
    /// Places of open sockets.
    pub(super) viewers: Slots,
    /// The open sockets, by what is known of them.
    pub(super) listed: Viewers,
    pub(super) restarts: Restarts,
    pub(super) connections: Slots,
    /// Who may connect at all.
    pub(super) allow: Allow,
    pub(super) unknown_messages: AtomicU64,
    pub(super) router: Router<Arc<Self>>,
    /// Cancelled when the server is to end.
    pub(super) stop: CancellationToken,
    /// Cancelled when what is still under way is cut.
    cut: CancellationToken,
    everybody: TaskTracker,
    ours: TaskTracker,
}

impl Server {
    pub(super) fn new(bound: SocketAddr, settings: Settings, parts: Parts) -> Self {
        let Parts { feed, access, clock, stop, tracker } = parts;
        let limits = settings.limits;
        let per_address = if bound.ip().to_canonical().is_loopback() {
            usize::MAX
        } else {
            limits.viewers_per_address.saturating_add(limits.spare_connections / 4)
        };
        let in_all = limits.viewers.saturating_add(limits.spare_connections);
        Self {
            feed,
            access,
            started_at: clock.wall(),
            clock,
            names: Names::new(bound, &settings),
            page: Page::new(&settings.base_path),
            listed: Viewers::default(),
            restarts: Restarts::new(settings.state_dir.clone(), settings.restarted_by),
            viewers: Slots::new(limits.viewers, limits.viewers_per_address),
            connections: Slots::new(in_all, per_address),
            allow: Allow::new(settings.allow.clone()),
            unknown_messages: AtomicU64::new(0),
            router: routes::router(),
            stop,
            cut: CancellationToken::new(),
            everybody: tracker,
            ours: TaskTracker::new(),
            settings,
        }
    }

    /// Runs a task to its end, or until everything is cut.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let cut = self.cut.clone();
        let task = async move {
            tokio::select! {
                () = task => {}
                () = cut.cancelled() => {}
            }
        };
        self.everybody.spawn(self.ours.track_future(task));
    }
}

/// Accepts until `stop` is cancelled, then lets what is under way finish, but not for long.
pub(super) async fn run(server: Arc<Server>, listener: TcpListener) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = server.stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => welcome(&server, stream, peer.ip()),
            Err(error) => pause_after(&error).await,
        }
    }
    drop(listener);
    server.ours.close();
    let drained = tokio::time::timeout(server.settings.times.drain_at_most, server.ours.wait());
    if drained.await.is_err() {
        tracing::warn!(connections = server.connections.in_use(), "cutting what has not finished");
        server.cut.cancel();
        server.ours.wait().await;
    }
}

async fn pause_after(error: &std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::warn!(%error, "cannot accept connections just now; is the limit of open files too low?");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

fn welcome(server: &Arc<Server>, stream: TcpStream, peer: IpAddr) {
    // A proxy's connections are those of everybody behind it.
    let is_proxy = network::is_proxy(peer, server.settings.believed_proxies());
    if !is_proxy && !server.allow.lets_in(peer) {
        if server.allow.should_tell(peer, server.clock.monotonic()) {
            let client = peer.to_canonical();
            tracing::info!(%client, "hung up on somebody whom server.allow does not name");
        }
        return;
    }
    let taken = if is_proxy {
        server.connections.take_for_many(peer)
    } else {
        server.connections.take(peer)
    };
    match taken {
        Ok(slot) => {
            let task = connection(server.clone(), stream, peer, slot);
            server.spawn(task);
        }
        Err(full) => {
            tracing::debug!(client = %peer, ?full, "connection refused");
            // Best effort: what fits into the empty buffer of a new connection.
            let _ = stream.try_write(BUSY);
        }
    }
}

async fn connection(server: Arc<Server>, stream: TcpStream, peer: IpAddr, slot: Slot) {
    // Frames are whole when they are written; waiting for more would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "connection was gone before it began");
        return;
    }
    let Some(tls) = &server.settings.tls else {
        return talk(server, stream, Carrier::Plain, peer, slot).await;
    };
    match greeting(&server, &stream).await {
        Some(Greeting::Tls) => {}
        Some(Greeting::Other) => return talk(server, stream, Carrier::Plain, peer, slot).await,
        None => return,
    }
    let agreed = tokio::select! {
        agreed = tls.agree(stream, server.settings.times.handshake_at_most) => agreed,
        () = server.stop.cancelled() => return,
    };
    match agreed {
        Ok(stream) => talk(server, stream, Carrier::Tls, peer, slot).await,
        // Also whoever does not trust the certificate, and says so.
        Err(error) => tracing::trace!(client = %peer, %error, "no TLS connection came of it"),
    }
}

/// What somebody says first.
enum Greeting {
    Tls,
    Other,
}

/// Looks at the first byte and leaves it there. None if there is none in time.
async fn greeting(server: &Server, stream: &TcpStream) -> Option<Greeting> {
    /// A record that holds a handshake (RFC 8446, 5.1); HTTP begins with a letter.
    const HANDSHAKE: u8 = 0x16;
    let mut first = [0];
    let last_words = async {
        server.stop.cancelled().await;
        tokio::time::sleep(FIRST_WORDS).await;
    };
    let peeked = tokio::select! {
        peeked = stream.peek(&mut first) => peeked,
        () = tokio::time::sleep(server.settings.times.headers_at_most) => return None,
        () = last_words => return None,
    };
    match peeked {
        Ok(1..) if first == [HANDSHAKE] => Some(Greeting::Tls),
        Ok(1..) => Some(Greeting::Other),
        Ok(0) | Err(_) => None,
    }
}

/// Answers what is asked, one after the other, to the end.
async fn talk<S>(server: Arc<Server>, stream: S, carrier: Carrier, peer: IpAddr, slot: Slot)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let slot = Arc::new(slot);
    let stop = server.stop.clone();
    let was_asked = Arc::new(AtomicBool::new(false));
    let asked = was_asked.clone();
    let headers_at_most = server.settings.times.headers_at_most;
    let service = hyper::service::service_fn(move |request: hyper::Request<_>| {
        asked.store(true, Ordering::Relaxed);
        let server = server.clone();
        let mut request = request.map(Body::new);
        // A socket outlives the connection's own task and keeps the place.
        request.extensions_mut().insert(slot.clone());
        async move { Ok::<_, Infallible>(routes::answer(&server, peer, carrier, request).await) }
    });
    let io = TokioIo::new(CutWhenStalled::new(stream, STALLED_AT_MOST));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(headers_at_most)
        .max_buf_size(HEAD_MAX_BYTES)
        .max_headers(HEADERS_MAX)
        .half_close(false)
        .serve_connection(io, service)
        .with_upgrades();
    let mut serving = pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        () = stop.cancelled() => {
            // The library ends at once what nothing was asked on. Who has come just now is on the
            // way to ask, and cannot be sent to whoever serves next.
            let first = async {
                if was_asked.load(Ordering::Relaxed) {
                    return None;
                }
                tokio::time::timeout(FIRST_WORDS, &mut serving).await.ok()
            };
            match first.await {
                Some(ended) => ended,
                None => {
                    serving.as_mut().graceful_shutdown();
                    serving.await
                }
            }
        }
    };
    if let Err(error) = ended {
        // Clients that leave, are too slow or talk nonsense; nothing that an operator can act on.
        tracing::trace!(client = %peer, %error, "connection ended");
    }
}

#[cfg(test)]
mod tests {
    use super::BUSY;

    #[test]
    fn the_answer_for_one_too_many_is_whole() {
        let text = std::str::from_utf8(BUSY).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{}", body.len());
        let body: crate::model::api::ErrorBody = serde_json::from_str(body).unwrap();
        assert_eq!(body.error.code, crate::model::wire::ErrorCode::TooMany);
    }
}
