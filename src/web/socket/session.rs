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
use super::pings::Pings;
use super::resync::Resyncs;
use crate::feed::{Event, Frame, Refusal, Subscription};
use crate::model::wire::{ClientMessage, ErrorCode, Hello, PROTOCOL_VERSION, ServerMessage, Topic};
use crate::model::{Audience, Role};
use crate::web::access::Credential;
use crate::web::page;
use crate::web::server::Server;
use crate::web::viewers::Listed;

/// Messages go out in pieces of this size.
const PIECE_BYTES: usize = 32 * 1024;

type Frames = Pin<Box<dyn Stream<Item = Event> + Send>>;

/// A viewer's open socket.
pub(super) struct Session {
    server: Arc<Server>,
    socket: WebSocketStream<TokioIo<Upgraded>>,
    credential: Credential,
    /// What the credential gave when the socket was opened.
    role: Role,
    /// Its row among the viewers.
    listed: Listed,
    encoding: Encoding,
    subscriptions: StreamMap<Topic, Frames>,
    inbox: Inbox,
    resyncs: Resyncs,
    pings: Pings,
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
        (credential, role): (Credential, Role),
        encoding: Encoding,
        listed: Listed,
    ) -> Self {
        Self {
            server,
            socket,
            credential,
            role,
            listed,
            encoding,
            subscriptions: StreamMap::new(),
            inbox: Inbox::default(),
            resyncs: Resyncs::default(),
            pings: Pings::default(),
        }
    }

    pub(super) async fn run(mut self) {
        let end = self.serve().await;
        tracing::debug!(?end, "socket ended");
        let Self { server, mut socket, subscriptions, listed, .. } = self;
        // Collection for this viewer stops now, not after the goodbye.
        drop((subscriptions, listed));
        let Some(frame) = end.close_frame() else { return };
        let at_most = server.settings.times.closing_at_most;
        let goodbye = async {
            socket.send(Message::Close(Some(frame))).await?;
            // Dropping a connection with unread messages would throw the close frame away.
            while socket.next().await.transpose()?.is_some() {}
            Ok::<_, Error>(())
        };
        // Whoever does not take it in time gets none.
        let _ = timeout(at_most, goodbye).await;
    }

    async fn serve(&mut self) -> End {
        let mut changes = self.server.access.changes();
        changes.mark_unchanged();
        let audience = Audience::new(self.role);
        let greeted = match self.check_access(audience) {
            Ok(()) => self.hello(audience).await,
            changed @ Err(_) => changed,
        };
        if let Err(end) = greeted {
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
        let times = self.server.settings.times;
        let mut pings = tokio::time::interval(times.ping_every);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.reset_after(times.first_ping_after.min(times.ping_every));
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
        let now = self.server.clock.monotonic();
        self.pings.heard();
        if !self.inbox.admits(now) {
            return Err(End::LimitExceeded);
        }
        let incoming = match &message {
            Message::Text(text) => self.inbox.read(text),
            Message::Binary(_) => self.inbox.unknown(),
            // Pings are answered by the library, with the next write at the latest.
            Message::Ping(_) => return self.flush().await,
            Message::Pong(payload) => {
                if let Some(round_trip) = self.pings.answered(payload, now) {
                    self.listed.round_trip(round_trip);
                }
                return Ok(());
            }
            Message::Frame(_) => return Ok(()),
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
                self.listed.looks_at(&topic);
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
        self.listed.left(topic);
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
        if self.pings.is_silent(times.ping_every, times.silent_at_most) {
            return Err(End::Silent);
        }
        let payload = self.pings.next(self.server.clock.monotonic());
        self.send([Message::Ping(payload)]).await
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
                let bytes = payload_bytes(&message);
                self.socket.send(message).await?;
                self.listed.sent(bytes);
            }
            // What the library itself answers goes out too.
            self.socket.flush().await
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
        self.send([]).await
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

/// What counts as sent: messages, without framing, pings and the goodbye.
fn payload_bytes(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) => bytes.len(),
        Message::Frame(frame) => frame.payload().len(),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => 0,
    }
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
