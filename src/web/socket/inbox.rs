//! What a client says, understood at the edge, and how much it may say.

use std::time::Duration;

use crate::model::wire::ClientMessage;

/// So many messages …
const MESSAGES_AT_MOST: u32 = 100;
/// … in this time; the page sends a few per click.
const MESSAGES_WITHIN: Duration = Duration::from_secs(10);
/// After so many messages in a row that mean nothing here, the other side is no client of ours.
const NONSENSE_IN_A_ROW: u32 = 16;

/// Judges what comes in. One per socket.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    window_began: Duration,
    in_window: u32,
    nonsense: u32,
}

/// What came in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    Message(ClientMessage),
    /// Something of another version, to be ignored and counted.
    Unknown,
    /// Nothing but nonsense: close.
    Nonsense,
}

impl Inbox {
    /// Whether one more of anything (pings of the protocol included) is within the rate.
    pub(super) fn admits(&mut self, now: Duration) -> bool {
        if now.saturating_sub(self.window_began) >= MESSAGES_WITHIN {
            self.window_began = now;
            self.in_window = 0;
        }
        self.in_window += 1;
        self.in_window <= MESSAGES_AT_MOST
    }

    pub(super) fn read(&mut self, text: &str) -> Incoming {
        match serde_json::from_str(text) {
            Ok(message) => {
                self.nonsense = 0;
                Incoming::Message(message)
            }
            Err(_) => self.unknown(),
        }
    }

    pub(super) fn unknown(&mut self) -> Incoming {
        self.nonsense += 1;
        if self.nonsense > NONSENSE_IN_A_ROW { Incoming::Nonsense } else { Incoming::Unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_limited_and_recovers() {
        let mut inbox = Inbox::default();
        let now = Duration::from_secs(100);
        assert!((0..MESSAGES_AT_MOST).all(|_| inbox.admits(now)));
        assert!(!inbox.admits(now));
        assert!(inbox.admits(now + MESSAGES_WITHIN));
    }

    #[test]
    fn unknown_is_ignored_and_only_nonsense_ends_it() {
        let mut inbox = Inbox::default();
        for _ in 0..10 {
            for _ in 0..NONSENSE_IN_A_ROW {
                assert_eq!(inbox.read(r#"{"type":"dance"}"#), Incoming::Unknown);
            }
            assert!(matches!(inbox.read(r#"{"type":"ping","id":1}"#), Incoming::Message(_)));
        }
        for _ in 0..NONSENSE_IN_A_ROW {
            assert_eq!(inbox.read("x"), Incoming::Unknown);
        }
        assert_eq!(inbox.read("x"), Incoming::Nonsense);
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in ".{0,300}") {
            let _ = Inbox::default().read(&text);
        }

        #[test]
        fn no_json_breaks_the_reader(
            kind in "subscribe|unsubscribe|resync|ping|[a-z]{0,9}",
            topic in "(overview|host/[a-z0-9._/-]{0,70}|.{0,20})",
            id in proptest::num::i64::ANY,
        ) {
            let text = serde_json::json!({"type": kind, "topic": topic, "id": id}).to_string();
            if let Incoming::Message(message) = Inbox::default().read(&text) {
                let written = serde_json::to_string(&message).unwrap();
                proptest::prop_assert_eq!(serde_json::from_str::<ClientMessage>(&written).unwrap(), message);
            }
        }
    }
}
