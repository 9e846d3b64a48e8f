//! One version of a topic, and the frames made of it, each at most once per audience.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::{Overview, encode};
use crate::model::wire::Topic;
use crate::model::{Audience, Reason, Section, Snapshot, UnixMillis};

/// Frames from this size on are sent deflated to those who asked for it; below, the overhead of
/// inflating in the browser outweighs the bytes saved.
pub const DEFLATE_FROM_BYTES: usize = 4096;

/// Fast, and within a few percent of what the slower levels reach on this kind of data.
const DEFLATE_LEVEL: u32 = 4;

/// What a topic is made of.
#[derive(Clone)]
pub(super) enum Content {
    Overview(Arc<Overview>),
    Host(Arc<Snapshot>),
    Processes(Arc<Snapshot>),
}

/// One version of a topic.
pub(super) struct Version {
    pub(super) seq: u64,
    pub(super) published_at: Duration,
    topic: Topic,
    server_time: UnixMillis,
    earlier: Option<Content>,
    content: Content,
    /// At most one entry per role that looks.
    made: Mutex<HashMap<Audience, Arc<Made>>>,
    encodings: Arc<AtomicU64>,
}

#[derive(Default)]
struct Made {
    document: OnceLock<Bytes>,
    full: OnceLock<Frame>,
    patch: OnceLock<Frame>,
}

/// An encoded message, shared by everybody who sees the same.
#[derive(Debug, Clone)]
pub struct Frame(Arc<Encoded>);

#[derive(Debug)]
struct Encoded {
    json: Bytes,
    deflated: OnceLock<Bytes>,
}

impl Version {
    pub(super) fn first(
        topic: Topic,
        content: Content,
        server_time: UnixMillis,
        published_at: Duration,
        encodings: Arc<AtomicU64>,
    ) -> Self {
        Self {
            seq: 1,
            published_at,
            topic,
            server_time,
            earlier: None,
            content,
            made: Mutex::default(),
            encodings,
        }
    }

    /// The version after this one. Keeps this one's content to make patches from, not its frames.
    pub(super) fn next(
        &self,
        content: Content,
        server_time: UnixMillis,
        published_at: Duration,
    ) -> Self {
        Self {
            seq: self.seq + 1,
            published_at,
            topic: self.topic.clone(),
            server_time,
            earlier: Some(self.content.clone()),
            content,
            made: Mutex::default(),
            encodings: self.encodings.clone(),
        }
    }

    /// The patch if the viewer's last frame was the version before, else the full frame.
    pub(super) fn frame(&self, audience: Audience, last_seq: Option<u64>) -> Frame {
        let made = self.made(audience);
        let follows = last_seq.is_some_and(|last| last + 1 == self.seq);
        match &self.earlier {
            Some(earlier) if follows => made
                .patch
                .get_or_init(|| {
                    self.count();
                    self.envelope("patch", "patch", &self.content.patch_since(earlier, audience))
                })
                .clone(),
            _ => made
                .full
                .get_or_init(|| self.envelope("full", "data", self.made_document(&made, audience)))
                .clone(),
        }
    }

    /// The host it is about, if it is about one.
    pub(super) fn host(&self) -> Option<&Snapshot> {
        match &self.content {
            Content::Host(snapshot) => Some(snapshot),
            Content::Overview(_) | Content::Processes(_) => None,
        }
    }

    /// Whether nothing in it was ever read. Such a thing is shown while there is nothing better.
    pub(super) fn is_blank(&self) -> bool {
        fn is_blank<T>(section: &Section<T>) -> bool {
            section.problem.is_none() && section.value.reason() == Some(Reason::NotCollected)
        }
        match &self.content {
            Content::Overview(_) => false,
            Content::Processes(snapshot) => is_blank(&snapshot.processes),
            Content::Host(snapshot) => {
                macro_rules! check {
                    ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
                        $( is_blank(&snapshot.$key) && )* true
                    };
                }
                crate::host_sections!(check)
            }
        }
    }

    /// The overview, if it is that.
    pub(super) fn overview(&self) -> Option<&Overview> {
        match &self.content {
            Content::Overview(overview) => Some(overview),
            Content::Host(_) | Content::Processes(_) => None,
        }
    }

    /// How often what it is made of is read while somebody looks.
    pub(super) fn interval(&self) -> Duration {
        Duration::from_millis(match &self.content {
            Content::Overview(_) => 0,
            Content::Host(snapshot) => snapshot.cpu.interval_ms,
            Content::Processes(snapshot) => snapshot.processes.interval_ms,
        })
    }

    /// The document alone.
    pub(super) fn document(&self, audience: Audience) -> Bytes {
        let made = self.made(audience);
        self.made_document(&made, audience).clone()
    }

    fn made_document<'a>(&self, made: &'a Made, audience: Audience) -> &'a Bytes {
        made.document.get_or_init(|| {
            self.count();
            self.content.document(audience).into()
        })
    }

    fn made(&self, audience: Audience) -> Arc<Made> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.entry(audience).or_default().clone()
    }

    fn count(&self) {
        self.encodings.fetch_add(1, Ordering::Relaxed);
    }

    fn envelope(&self, kind: &str, key: &str, body: &[u8]) -> Frame {
        let mut json = Vec::with_capacity(body.len() + 160);
        // Topic and numbers need no escaping: a host id has no character that JSON would escape.
        let head = format!(
            r#"{{"type":"{kind}","topic":"{}","seq":{},"server_time_ms":{},"{key}":"#,
            self.topic, self.seq, self.server_time.0
        );
        json.extend_from_slice(head.as_bytes());
        json.extend_from_slice(body);
        json.push(b'}');
        Frame(Arc::new(Encoded { json: json.into(), deflated: OnceLock::new() }))
    }
}

impl Content {
    fn document(&self, audience: Audience) -> Vec<u8> {
        match self {
            Self::Overview(overview) => encode::overview(overview, audience),
            Self::Host(snapshot) => encode::host(snapshot, audience),
            Self::Processes(snapshot) => encode::processes(snapshot, audience),
        }
    }

    fn patch_since(&self, earlier: &Self, audience: Audience) -> Vec<u8> {
        match (earlier, self) {
            (Self::Overview(earlier), Self::Overview(now)) => {
                encode::overview_patch(earlier, now, audience)
            }
            (Self::Host(earlier), Self::Host(now)) => encode::host_patch(earlier, now, audience),
            (Self::Processes(earlier), Self::Processes(now)) => {
                encode::processes_patch(earlier, now, audience)
            }
            _ => unreachable!("a topic keeps its kind of content"),
        }
    }
}

impl Frame {
    /// The message as JSON text (UTF-8).
    #[must_use]
    pub fn json(&self) -> &Bytes {
        &self.0.json
    }

    /// The same, raw-deflated; compressed when first asked for, then shared. `None` for a message
    /// too small to be worth it.
    #[must_use]
    pub fn deflated(&self) -> Option<&Bytes> {
        if self.0.json.len() < DEFLATE_FROM_BYTES {
            return None;
        }
        Some(self.0.deflated.get_or_init(|| {
            let room = Vec::with_capacity(self.0.json.len() / 4);
            let mut encoder = DeflateEncoder::new(room, Compression::new(DEFLATE_LEVEL));
            encoder
                .write_all(&self.0.json)
                .and_then(|()| encoder.finish())
                .expect("writing to memory cannot fail")
                .into()
        }))
    }
}
