//! Who is connected: a row per open WebSocket, for admins.
//!
//! A row costs nothing while frames go out: what changes with every frame is a number that is added
//! to, and the lock is held only when a socket comes, goes, or looks at something else.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, header};

use crate::host::parse::visible;
use crate::model::server::{VIEWERS_LISTED_MAX, Viewer};
use crate::model::wire::Topic;
use crate::model::{Reading, Reason, Role, Text, UnixMillis};

/// Characters of a `User-Agent` that are kept.
const USER_AGENT_MAX: usize = 200;
/// No ping was answered yet.
const NOT_MEASURED: u64 = u64::MAX;

/// All open sockets. There are at most `limits.viewers` of them.
#[derive(Debug, Default)]
pub(super) struct Viewers(Arc<Mutex<Rows>>);

#[derive(Debug, Default)]
struct Rows {
    last_key: u64,
    open: BTreeMap<u64, Arc<Row>>,
}

#[derive(Debug)]
struct Row {
    visitor: Visitor,
    role: Role,
    since: UnixMillis,
    topics: Mutex<Vec<Topic>>,
    round_trip_ms: AtomicU64,
    sent_bytes: AtomicU64,
}

/// Where a socket comes from, known before it is open.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    address: IpAddr,
    user_agent: Option<Text>,
}

/// A socket's place in the table; dropping it takes the row out, however the socket ended.
#[derive(Debug)]
pub(super) struct Listed {
    rows: Arc<Mutex<Rows>>,
    key: u64,
    row: Arc<Row>,
}

impl Visitor {
    /// `address` is the client's own, behind trusted proxies too.
    pub(super) fn new(address: IpAddr, headers: &HeaderMap) -> Self {
        let user_agent = headers.get(header::USER_AGENT).map(|value| visible(value.as_bytes()));
        let user_agent = user_agent.filter(|text| !text.is_empty());
        let cut = |text: String| Text::from(text.chars().take(USER_AGENT_MAX).collect::<String>());
        Self { address, user_agent: user_agent.map(cut) }
    }
}

impl Viewers {
    /// Takes a socket into the table.
    pub(super) fn enter(&self, visitor: Visitor, role: Role, since: UnixMillis) -> Listed {
        let row = Arc::new(Row {
            visitor,
            role,
            since,
            topics: Mutex::default(),
            round_trip_ms: AtomicU64::new(NOT_MEASURED),
            sent_bytes: AtomicU64::new(0),
        });
        let mut rows = locked(&self.0);
        rows.last_key += 1;
        let key = rows.last_key;
        rows.open.insert(key, row.clone());
        Listed { rows: self.0.clone(), key, row }
    }

    /// The rows, oldest first, at most [`VIEWERS_LISTED_MAX`], and how many were left out.
    pub(super) fn list(&self) -> (Vec<Viewer>, u64) {
        let (listed, in_all) = {
            let rows = locked(&self.0);
            let first = rows.open.iter().take(VIEWERS_LISTED_MAX);
            (first.map(|(key, row)| (*key, row.clone())).collect::<Vec<_>>(), rows.open.len())
        };
        let left_out = in_all.saturating_sub(listed.len()) as u64;
        (listed.iter().map(|(key, row)| row.shown(*key)).collect(), left_out)
    }
}

impl Row {
    fn shown(&self, key: u64) -> Viewer {
        let round_trip = self.round_trip_ms.load(Ordering::Relaxed);
        let round_trip =
            (round_trip != NOT_MEASURED).then(|| u32::try_from(round_trip).unwrap_or(u32::MAX));
        Viewer {
            key: key.to_string(),
            address: self.visitor.address.to_string(),
            role: self.role,
            user_agent: Reading::from_option(self.visitor.user_agent.clone(), Reason::NotSupported),
            since_ms: self.since,
            topics: locked(&self.topics).iter().map(ToString::to_string).collect(),
            round_trip_ms: Reading::from_option(round_trip, Reason::Measuring),
            sent_bytes: self.sent_bytes.load(Ordering::Relaxed),
        }
    }
}

impl Listed {
    /// Payload of a message that went out.
    pub(super) fn sent(&self, bytes: usize) {
        self.row.sent_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// A ping came back after `duration`.
    pub(super) fn round_trip(&self, duration: Duration) {
        let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX - 1);
        self.row.round_trip_ms.store(milliseconds.min(NOT_MEASURED - 1), Ordering::Relaxed);
    }

    /// It looks at `topic` from now on.
    pub(super) fn looks_at(&self, topic: &Topic) {
        let mut topics = locked(&self.row.topics);
        if !topics.contains(topic) {
            topics.push(topic.clone());
        }
    }

    /// It does not look at `topic` any more.
    pub(super) fn left(&self, topic: &Topic) {
        locked(&self.row.topics).retain(|other| other != topic);
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        locked(&self.rows).open.remove(&self.key);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change under these locks is whole before anything could panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn visitor(user_agent: &[u8]) -> Visitor {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_bytes(user_agent).unwrap());
        Visitor::new("192.0.2.1".parse().unwrap(), &headers)
    }

    #[test]
    fn rows_are_there_from_coming_to_going_oldest_first() {
        let viewers = Viewers::default();
        let enter = |at| viewers.enter(visitor(b"x"), Role::Guest, UnixMillis(at));
        let (first, second) = (enter(1), enter(2));
        drop(first);
        let third = enter(3);
        let keys = || viewers.list().0.into_iter().map(|row| row.key).collect::<Vec<_>>();
        assert_eq!(keys(), ["2", "3"], "keys are not used again");
        // A socket that ends by a panic is gone too.
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _third = third;
            panic!("a test's")
        }));
        assert!(panicked.is_err());
        assert_eq!(keys(), ["2"]);
        drop(second);
        assert!(locked(&viewers.0).open.is_empty());
    }

    #[test]
    fn a_row_says_what_was_measured_and_what_was_not() {
        let viewers = Viewers::default();
        let listed = viewers.enter(visitor(b""), Role::Admin, UnixMillis(7));
        let row = || viewers.list().0.remove(0);
        assert_eq!(row().round_trip_ms.reason(), Some(Reason::Measuring));
        assert_eq!(row().user_agent.reason(), Some(Reason::NotSupported));
        listed.round_trip(Duration::from_micros(400));
        assert_eq!(row().round_trip_ms, Reading::Present(0), "measured, and under a millisecond");
        listed.round_trip(Duration::MAX);
        assert_eq!(row().round_trip_ms, Reading::Present(u32::MAX));
        listed.sent(5);
        listed.sent(6);
        assert_eq!(row().sent_bytes, 11);
        listed.looks_at(&Topic::Overview);
        listed.looks_at(&Topic::Overview);
        assert_eq!(row().topics, ["overview"]);
        listed.left(&Topic::Overview);
        assert!(row().topics.is_empty());
    }

    #[test]
    fn the_list_is_capped_and_says_so() {
        let viewers = Viewers::default();
        let enter = |_| viewers.enter(visitor(b"x"), Role::Guest, UnixMillis(0));
        let _open: Vec<_> = (0..VIEWERS_LISTED_MAX + 3).map(enter).collect();
        let (rows, left_out) = viewers.list();
        assert_eq!((rows.len(), left_out), (VIEWERS_LISTED_MAX, 3));
        assert_eq!(rows[0].key, "1");
    }

    #[test]
    fn what_a_client_calls_itself_is_short_and_harmless() {
        let name = |bytes: &[u8]| visitor(bytes).user_agent.map(|text| text.to_string());
        assert_eq!(name(b"curl/8").as_deref(), Some("curl/8"));
        assert_eq!(name(&[b'x'; 5000]).unwrap().len(), USER_AGENT_MAX);
        let long = name("é".repeat(300).as_bytes()).unwrap();
        assert_eq!(long.chars().count(), USER_AGENT_MAX, "characters, not bytes");
        assert_eq!(name(b"a\tb\xff").as_deref(), Some("a\u{2409}b\u{fffd}"));
        assert_eq!(name("a\u{202e}b\u{85}".as_bytes()).as_deref(), Some("a\u{fffd}b\u{fffd}"));
    }
}
