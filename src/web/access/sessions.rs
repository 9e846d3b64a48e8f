//! Sessions: who signed in, by the fingerprint of the cookie.

use std::collections::HashMap;
use std::time::Duration;

use super::secret::Fingerprint;
use crate::model::UnixMillis;

/// A session ends this long after signing in, however much it is used.
pub(in crate::web) const SESSION_LASTS: Duration = Duration::from_secs(24 * 60 * 60);
/// More sessions than this are not kept; the oldest ends.
pub(super) const SESSIONS_AT_MOST: usize = 1000;

/// Live sessions with the wall-clock time at which each ends. The wall clock, because sessions
/// outlive the process.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    ends_at: HashMap<Fingerprint, UnixMillis>,
}

impl Sessions {
    /// Reads [`Self::to_lines`]. A line that is damaged or over costs that session only.
    pub(super) fn parse(bytes: &[u8], now: UnixMillis) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let ends_at = text.lines().filter_map(parse_line).filter(|(_, end)| *end > now);
        Self { ends_at: ends_at.take(SESSIONS_AT_MOST).collect() }
    }

    pub(super) fn to_lines(&self, now: UnixMillis) -> String {
        let live = self.ends_at.iter().filter(|(_, end)| **end > now);
        live.map(|(id, end)| format!("{} {}\n", id.to_hex(), end.0)).collect()
    }

    pub(super) fn is_live(&self, id: Fingerprint, now: UnixMillis) -> bool {
        // Looking a random secret's hash up by value gives nothing away: whoever could make
        // hashes that nearly match would have the secret.
        self.ends_at.get(&id).is_some_and(|end| *end > now)
    }

    pub(super) fn add(&mut self, id: Fingerprint, now: UnixMillis) {
        self.ends_at.retain(|_, end| *end > now);
        while self.ends_at.len() >= SESSIONS_AT_MOST {
            let oldest = self.ends_at.iter().min_by_key(|(_, end)| end.0).map(|(id, _)| *id);
            let Some(oldest) = oldest else { break };
            self.ends_at.remove(&oldest);
        }
        let lasts = i64::try_from(SESSION_LASTS.as_millis()).unwrap_or(i64::MAX);
        self.ends_at.insert(id, UnixMillis(now.0.saturating_add(lasts)));
    }

    pub(super) fn remove(&mut self, id: Fingerprint) -> bool {
        self.ends_at.remove(&id).is_some()
    }
}

fn parse_line(line: &str) -> Option<(Fingerprint, UnixMillis)> {
    let (id, end) = line.split_once(' ')?;
    Some((Fingerprint::from_hex(id)?, UnixMillis(end.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    #[test]
    fn a_session_lasts_a_day() {
        let mut sessions = Sessions::default();
        let id = Fingerprint::of("a");
        sessions.add(id, UnixMillis(1000));
        assert!(sessions.is_live(id, UnixMillis(1000 + DAY_MS - 1)));
        assert!(!sessions.is_live(id, UnixMillis(1000 + DAY_MS)));
        assert!(!sessions.is_live(Fingerprint::of("b"), UnixMillis(1000)));
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut sessions = Sessions::default();
        let id = |n: usize| Fingerprint::of(&n.to_string());
        for n in 0..=SESSIONS_AT_MOST {
            sessions.add(id(n), UnixMillis(i64::try_from(n).unwrap()));
        }
        let now = UnixMillis(2000);
        assert_eq!(sessions.ends_at.len(), SESSIONS_AT_MOST);
        assert!(!sessions.is_live(id(0), now));
        assert!(sessions.is_live(id(1), now) && sessions.is_live(id(SESSIONS_AT_MOST), now));
    }

    #[test]
    fn lines_read_back_and_damage_costs_only_its_line() {
        let mut sessions = Sessions::default();
        let [a, b] = ["a", "b"].map(Fingerprint::of);
        sessions.add(a, UnixMillis(0));
        sessions.add(b, UnixMillis(5000));
        let lines = format!("rubbish\n{}\u{0} 1\n{}", a.to_hex(), sessions.to_lines(UnixMillis(0)));
        let kept = Sessions::parse(lines.as_bytes(), UnixMillis(DAY_MS + 1));
        assert!(kept.is_live(b, UnixMillis(DAY_MS + 1)));
        assert_eq!(kept.ends_at.len(), 1);
    }
}
