//! An open socket, from `hello` to the close frame.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, Stream, StreamExt as _, stream};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, timeout};
use tokio_stream::StreamMap;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as WebSocketFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Encoding;
use super::inbox::{Inbox, Incoming};
use super::resync::Resyncs;
use crate::feed::{Event, Frame, Refusal, Subscription};
use crate::model::Audience;
use crate::model::wire::{ClientMessage, ErrorCode, Hello, PROTOCOL_VERSION, ServerMessage, Topic};
use crate::web::access::Credential;
use crate::web::page;
use crate::web::server::Server;

/// Messages go out in pieces of this size.
const PIECE_BYTES: usize = 32 * 1024;

type Frames = Pin<Box<dyn Stream<Item = Event> + Send>>;

/// A viewer's open socket.
pub(super) struct Session {
    server: Arc<Server>,
    socket: WebSocketStream<TokioIo<Upgraded>>,
    credential: Credential,
    encoding: Encoding,
    subscriptions: StreamMap<Topic, Frames>,
    inbox: Inbox,
    resyncs: Resyncs,
    /// Our pings since the other side was last heard of.
    unanswered_pings: u32,
}

/// Why a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The other side closed, or the connection broke.
    Left,
    ServerStops,
    /// Signed out, or the session is over.
    SignedOut,
    /// The role is another one now.
    RoleChanged,
    /// Says too much or nothing but nonsense.
    LimitExceeded,
    TooLarge,
    /// Breaks the rules of the WebSocket protocol.
    BadProtocol,
    /// Does not take what is sent.
    Slow,
    /// Answers no ping.
    Silent,
}

impl End {
    fn close_frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Left => return None,
            Self::ServerStops => (CloseCode::Away, "the server is going"),
            Self::SignedOut => (CloseCode::Library(4401), "the session has ended"),
            Self::RoleChanged => (CloseCode::Library(4403), "the role has changed"),
            Self::LimitExceeded => (CloseCode::Policy, "limit exceeded"),
            Self::TooLarge => (CloseCode::Size, "the message is too large"),
            Self::BadProtocol => (CloseCode::Protocol, "protocol error"),
            Self::Slow => (CloseCode::Again, "too slow"),
            Self::Silent => (CloseCode::Again, "silent for too long"),
        };
        Some(CloseFrame { code, reason: reason.into() })
    }
}

impl Session {
    pub(super) fn new(
        server: Arc<Server>,
        socket: WebSocketStream<TokioIo<Upgraded>>,
        credential: Credential,
        encoding: Encoding,
    ) -> Self {
        Self {
            server,
            socket,
            credential,
            encoding,
            subscriptions: StreamMap::new(),
            inbox: Inbox::default(),
            resyncs: Resyncs::default(),
            unanswered_pings: 0,
        }
    }

    pub(super) async fn run(mut self) {
        let end = self.serve().await;
        tracing::debug!(?end, "socket ended");
        // Collection for this viewer stops now, not after the goodbye.
        self.subscriptions.clear();
        let Some(frame) = end.close_frame() else { return };
        let at_most = self.server.settings.times.closing_at_most;
        let goodbye = async {
            self.socket.send(Message::Close(Some(frame))).await?;
            // Dropping a connection with unread messages would throw the close frame away.
            while self.socket.next().await.transpose()?.is_some() {}
            Ok::<_, Error>(())
        };
        // Whoever does not take it in time gets none.
        let _ = timeout(at_most, goodbye).await;
    }

    async fn serve(&mut self) -> End {
        let mut changes = self.server.access.changes();
        changes.mark_unchanged();
        let Some(role) = self.server.access.role_of(self.credential) else {
            return End::SignedOut;
        };
        let audience = Audience::new(role);
        if let Err(end) = self.hello(audience).await {
            return end;
        }
        match self.turn(audience, &mut changes).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn turn(
        &mut self,
        audience: Audience,
        changes: &mut watch::Receiver<u64>,
    ) -> Result<std::convert::Infallible, End> {
        let stop = self.server.stop.clone();
        let every = self.server.settings.times.ping_every;
        let mut pings = tokio::time::interval(every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.reset();
        loop {
            let resync_in = self.resync_in();
            tokio::select! {
                () = stop.cancelled() => return Err(End::ServerStops),
                _ = changes.changed() => self.check_access(audience)?,
                message = self.socket.next() => self.receive(message, audience).await?,
                Some((topic, event)) = self.subscriptions.next() => {
                    self.forward(topic, event).await?;
                }
                _ = pings.tick() => self.ping(audience).await?,
                () = sleep_if(resync_in) => self.resync(audience).await?,
            }
        }
    }

    async fn hello(&mut self, audience: Audience) -> Result<(), End> {
        let settings = &self.server.settings;
        let hello = Hello {
            protocol: PROTOCOL_VERSION,
            version: settings.version.clone(),
            page: page::fingerprint().to_owned(),
            config_revision: settings.config_revision.clone(),
            server_time_ms: self.server.clock.wall(),
            mode: settings.mode,
            role: audience.role(),
            signed_in: matches!(self.credential, Credential::Session(_)),
            site_name: settings.site_name.clone(),
            host: settings.only_host.clone(),
            interval_ms: u64::try_from(settings.interval.as_millis()).unwrap_or(u64::MAX),
        };
        self.say(&ServerMessage::Hello(hello)).await
    }

    /// Whoever is let in less, or otherwise, than when the socket was opened, has to open another.
    fn check_access(&self, audience: Audience) -> Result<(), End> {
        match self.server.access.role_of(self.credential) {
            None => Err(End::SignedOut),
            Some(role) if role != audience.role() => Err(End::RoleChanged),
            Some(_) => Ok(()),
        }
    }

    async fn receive(
        &mut self,
        message: Option<Result<Message, Error>>,
        audience: Audience,
    ) -> Result<(), End> {
        let message = match message {
            None => return Err(End::Left),
            Some(Err(Error::Capacity(_))) => return Err(End::TooLarge),
            Some(Err(Error::Protocol(_) | Error::Utf8(_))) => return Err(End::BadProtocol),
            Some(Err(_)) => return Err(End::Left),
            Some(Ok(message)) => message,
        };
        self.unanswered_pings = 0;
        if !self.inbox.admits(self.server.clock.monotonic()) {
            return Err(End::LimitExceeded);
        }
        let incoming = match &message {
            Message::Text(text) => self.inbox.read(text),
            Message::Binary(_) => self.inbox.unknown(),
            // Pings are answered by the library, with the next write at the latest.
            Message::Ping(_) => return self.flush().await,
            Message::Pong(_) | Message::Frame(_) => return Ok(()),
            // The library answers; the next read ends the session.
            Message::Close(_) => return self.flush().await,
        };
        match incoming {
            Incoming::Message(message) => self.obey(message, audience).await,
            Incoming::Unknown => {
                self.server.unknown_messages.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Incoming::Nonsense => Err(End::LimitExceeded),
        }
    }

    async fn obey(&mut self, message: ClientMessage, audience: Audience) -> Result<(), End> {
        match message {
            ClientMessage::Subscribe { topic } if self.subscriptions.contains_key(&topic) => {
                self.resyncs.ask(&topic);
                Ok(())
            }
            ClientMessage::Subscribe { topic } => {
                let cap = self.server.settings.limits.subscriptions_per_viewer;
                if self.subscriptions.len() >= cap {
                    return self.refuse(ErrorCode::TooMany, topic).await;
                }
                self.subscribe(topic, audience).await
            }
            ClientMessage::Unsubscribe { topic } => {
                self.drop_topic(&topic);
                Ok(())
            }
            ClientMessage::Resync { topic } => {
                self.resyncs.ask(&topic);
                Ok(())
            }
            ClientMessage::Ping { id } => {
                let server_time_ms = self.server.clock.wall();
                self.say(&ServerMessage::Pong { id, server_time_ms }).await
            }
        }
    }

    /// Subscribes, or starts a subscription anew so that a full frame comes.
    async fn subscribe(&mut self, topic: Topic, audience: Audience) -> Result<(), End> {
        match self.server.feed.subscribe(&topic, audience) {
            Ok(subscription) => {
                // The old one, if any, goes after the new one is there: demand never drops to 0.
                self.resyncs.started(topic.clone(), self.server.clock.monotonic());
                self.subscriptions.insert(topic, frames_of(subscription));
                Ok(())
            }
            Err(refusal) => {
                self.drop_topic(&topic);
                let code = match refusal {
                    Refusal::NotFound => ErrorCode::NotFound,
                    Refusal::Forbidden => ErrorCode::Forbidden,
                    Refusal::Unavailable => ErrorCode::Unavailable,
                };
                self.refuse(code, topic).await
            }
        }
    }

    fn drop_topic(&mut self, topic: &Topic) {
        self.subscriptions.remove(topic);
        self.resyncs.forget(topic);
    }

    async fn refuse(&mut self, code: ErrorCode, topic: Topic) -> Result<(), End> {
        self.say(&ServerMessage::Error { code, topic: Some(topic) }).await
    }

    fn resync_in(&self) -> Option<Duration> {
        let due = self.resyncs.next_due()?;
        Some(due.saturating_sub(self.server.clock.monotonic()))
    }

    async fn resync(&mut self, audience: Audience) -> Result<(), End> {
        while let Some(topic) = self.resyncs.take_due(self.server.clock.monotonic()) {
            self.subscribe(topic, audience).await?;
        }
        Ok(())
    }

    async fn forward(&mut self, topic: Topic, event: Event) -> Result<(), End> {
        match event {
            Event::Frame(frame) => self.send_frame(&frame).await,
            Event::Gone => {
                self.drop_topic(&topic);
                self.say(&ServerMessage::Gone { topic }).await
            }
        }
    }

    async fn ping(&mut self, audience: Audience) -> Result<(), End> {
        // A session can also end by time.
        self.check_access(audience)?;
        let times = self.server.settings.times;
        if times.ping_every * self.unanswered_pings >= times.silent_at_most {
            return Err(End::Silent);
        }
        self.unanswered_pings += 1;
        self.send([Message::Ping(Bytes::new())]).await
    }

    async fn say(&mut self, message: &ServerMessage<()>) -> Result<(), End> {
        let text = serde_json::to_string(message)
            .expect("our types have text keys and memory does not refuse writes");
        self.send([Message::text(text)]).await
    }

    async fn send_frame(&mut self, frame: &Frame) -> Result<(), End> {
        let deflated = match self.encoding {
            Encoding::Deflate => frame.deflated(),
            Encoding::Text => None,
        };
        match deflated {
            Some(bytes) => self.send(pieces(Data::Binary, bytes)).await,
            None => self.send(pieces(Data::Text, frame.json())).await,
        }
    }

    async fn send(&mut self, messages: impl IntoIterator<Item = Message>) -> Result<(), End> {
        let at_most = self.server.settings.times.send_at_most;
        let stop = self.server.stop.clone();
        let sending = async {
            for message in messages {
                self.socket.send(message).await?;
            }
            Ok::<_, Error>(())
        };
        tokio::select! {
            sent = timeout(at_most, sending) => match sent {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(End::Left),
                Err(_) => Err(End::Slow),
            },
            () = stop.cancelled() => Err(End::ServerStops),
        }
    }

    async fn flush(&mut self) -> Result<(), End> {
        let at_most = self.server.settings.times.send_at_most;
        match timeout(at_most, self.socket.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Left),
            Err(_) => Err(End::Slow),
        }
    }
}

fn frames_of(subscription: Subscription) -> Frames {
    Box::pin(stream::unfold(Some(subscription), async |subscription| {
        let mut subscription = subscription?;
        match subscription.next().await {
            Event::Gone => Some((Event::Gone, None)),
            frame @ Event::Frame(_) => Some((frame, Some(subscription))),
        }
    }))
}

/// Cuts a message into WebSocket frames that share its bytes.
fn pieces(kind: Data, bytes: &Bytes) -> impl Iterator<Item = Message> + use<> {
    let bytes = bytes.clone();
    let count = bytes.len().div_ceil(PIECE_BYTES).max(1);
    (0..count).map(move |n| {
        let start = n * PIECE_BYTES;
        let end = bytes.len().min(start + PIECE_BYTES);
        let opcode = OpCode::Data(if n == 0 { kind } else { Data::Continue });
        let is_last = n + 1 == count;
        Message::Frame(WebSocketFrame::message(bytes.slice(start..end), opcode, is_last))
    })
}

async fn sleep_if(after: Option<Duration>) {
    match after {
        Some(after) => tokio::time::sleep(after).await,
        None => std::future::pending().await,
    }
}
