//! The server's pings of one socket: whether the other side is there, and how far away.

use std::time::Duration;

use bytes::Bytes;

/// What was sent and what came back.
#[derive(Debug, Default)]
pub(super) struct Pings {
    /// Ours since the other side was last heard of.
    unanswered: u32,
    sent: u32,
    /// The newest, until its answer comes.
    waiting: Option<(u32, Duration)>,
}

impl Pings {
    /// Something came from the other side, whatever it is.
    pub(super) fn heard(&mut self) {
        self.unanswered = 0;
    }

    /// Whether so many pings, `every` so often, were followed by nothing that the other side has
    /// been silent for `at_most`.
    pub(super) fn is_silent(&self, every: Duration, at_most: Duration) -> bool {
        every.saturating_mul(self.unanswered) >= at_most
    }

    /// The next ping's payload. It is sent now.
    pub(super) fn next(&mut self, now: Duration) -> Bytes {
        self.unanswered = self.unanswered.saturating_add(1);
        self.sent = self.sent.wrapping_add(1);
        self.waiting = Some((self.sent, now));
        Bytes::copy_from_slice(&self.sent.to_be_bytes())
    }

    /// A pong came: the time since its ping, if it is the answer to the newest one. Pongs that
    /// nobody asked for are allowed and say nothing.
    pub(super) fn answered(&mut self, payload: &[u8], now: Duration) -> Option<Duration> {
        let (_, at) = self.waiting.take_if(|(number, _)| payload == number.to_be_bytes())?;
        Some(now.saturating_sub(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn only_the_answer_to_the_newest_ping_is_a_measure() {
        let mut pings = Pings::default();
        assert_eq!(pings.answered(b"", ms(1)), None, "nothing was asked");
        let first = pings.next(ms(10));
        for odd in [&b""[..], &[0], &[0; 4], &[0; 125]] {
            assert_eq!(pings.answered(odd, ms(11)), None);
        }
        assert_eq!(pings.answered(&first, ms(53)), Some(ms(43)));
        assert_eq!(pings.answered(&first, ms(54)), None, "once");
        let second = pings.next(ms(100));
        let third = pings.next(ms(200));
        assert_eq!(pings.answered(&second, ms(201)), None, "too late to be told apart");
        assert_eq!(pings.answered(&third, ms(150)), Some(ms(0)));
    }

    #[test]
    fn three_pings_without_a_word_are_silence() {
        let mut pings = Pings::default();
        let is_silent = |pings: &Pings| pings.is_silent(ms(20), ms(60));
        for _ in 0..3 {
            assert!(!is_silent(&pings));
            pings.next(ms(0));
        }
        assert!(is_silent(&pings));
        pings.heard();
        assert!(!is_silent(&pings));
    }
}
