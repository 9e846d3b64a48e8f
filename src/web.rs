//! L4, delivery: the web page, the REST API and the WebSocket, on one port.
//!
//! A request goes through [`server`] (connections, time limits) and the front of [`routes`] (is it
//! meant for this server, does it lie below the base path), then through [`gate::authorise`], the
//! only place that decides who may ask what, and only then to what answers it. There is one table
//! of routes; router, access matrix and OpenAPI description are made from it.
//!
//! Knows nothing of where values come from: it pulls frames out of [`feed`](crate::feed).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::feed::Feed;

mod about;
pub mod access;
mod allow;
mod answer;
mod free;
pub mod gate;
pub mod metrics;
mod network;
mod openapi;
mod origin;
pub mod page;
mod peer;
mod rest;
pub mod routes;
mod server;
mod settings;
mod slots;
mod socket;
mod stall;
pub mod tls;
mod viewers;

pub use access::{Access, AccessToken, Auth, TOKEN_FILE};
pub use origin::{InvalidPublicUrl, PublicUrl};
pub use settings::{BasePath, InvalidBasePath, Limits, Peers, Settings, Times};
pub use tls::Tls;

use server::Server;

/// Bytes the kernel keeps for a viewer that does not read. Small, so that a slow viewer soon skips
/// to the newest frame and many of them cost little; large enough for 2 MB/s at 100 ms.
const SEND_BUFFER_BYTES: u32 = 256 * 1024;
/// Connections the kernel completes before we accept them.
const BACKLOG: u32 = 1024;

/// What the delivery layer works with.
pub struct Parts {
    /// Where frames come from.
    pub feed: Feed,
    /// Who is let in.
    pub access: Access,
    /// The time.
    pub clock: Clock,
    /// Cancelled when the server is to end.
    pub stop: CancellationToken,
    /// Every task is spawned on it.
    pub tracker: TaskTracker,
}

/// The delivery layer. Cheap to clone.
#[derive(Clone)]
pub struct Web(Arc<Server>);

/// Opens the port.
///
/// # Errors
/// If the address is taken or not ours; the caller says what to do about it.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Connections of the run before, in TIME_WAIT, must not keep the port from us.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    // Accepted connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Takes a port that somebody else opened.
///
/// # Errors
/// If it cannot be used.
pub fn adopt(listener: std::net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    let size = usize::try_from(SEND_BUFFER_BYTES).unwrap_or(usize::MAX);
    rustix::net::sockopt::set_socket_send_buffer_size(&listener, size)?;
    TcpListener::from_std(listener)
}

impl Web {
    /// Puts the delivery layer together for a listener that is open.
    ///
    /// # Errors
    /// If the listener does not tell its address.
    pub fn new(listener: &TcpListener, settings: Settings, parts: Parts) -> io::Result<Self> {
        Ok(Self(Arc::new(Server::new(listener.local_addr()?, settings, parts))))
    }

    /// Serves until `stop` is cancelled and everything under way is finished or cut.
    pub async fn serve(self, listener: TcpListener) {
        server::run(self.0, listener).await;
    }

    /// Open sockets.
    #[must_use]
    pub fn viewers(&self) -> usize {
        self.0.viewers.in_use()
    }

    /// Open connections, sockets included.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.0.connections.in_use()
    }

    /// Messages of viewers that were not understood, since the start.
    #[must_use]
    pub fn unknown_messages(&self) -> u64 {
        self.0.unknown_messages.load(std::sync::atomic::Ordering::Relaxed)
    }
}
