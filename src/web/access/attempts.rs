//! The brake on guessing: so many failures per time and client address, then a pause.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use crate::web::network::limit_key;

/// So many failures …
pub(super) const FAILURES_AT_MOST: usize = 5;
/// … within this time.
pub(super) const FAILURES_WITHIN: Duration = Duration::from_secs(5 * 60);
/// Addresses remembered; beyond, the one whose last failure is longest ago is forgotten.
const ADDRESSES_AT_MOST: usize = 4096;

/// Recent failures by client address. In memory only: a restart forgets them.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    failures: HashMap<IpAddr, VecDeque<Duration>>,
}

impl Attempts {
    /// How long `client` has to wait before it may try again.
    pub(super) fn wait(&mut self, client: IpAddr, now: Duration) -> Option<Duration> {
        let key = limit_key(client);
        let failures = self.failures.get_mut(&key)?;
        failures.retain(|at| now < at.saturating_add(FAILURES_WITHIN));
        if failures.is_empty() {
            self.failures.remove(&key);
            return None;
        }
        let oldest = *failures.front()?;
        (failures.len() >= FAILURES_AT_MOST)
            .then(|| oldest.saturating_add(FAILURES_WITHIN).saturating_sub(now))
    }

    pub(super) fn failed(&mut self, client: IpAddr, now: Duration) {
        let key = limit_key(client);
        if !self.failures.contains_key(&key) && self.failures.len() >= ADDRESSES_AT_MOST {
            self.forget_one(now);
        }
        let failures = self.failures.entry(key).or_default();
        failures.push_back(now);
        while failures.len() > FAILURES_AT_MOST {
            failures.pop_front();
        }
    }

    pub(super) fn succeeded(&mut self, client: IpAddr) {
        self.failures.remove(&limit_key(client));
    }

    fn forget_one(&mut self, now: Duration) {
        let is_recent = |at: &Duration| now < at.saturating_add(FAILURES_WITHIN);
        self.failures.retain(|_, failures| failures.back().is_some_and(is_recent));
        if self.failures.len() >= ADDRESSES_AT_MOST {
            let oldest = self.failures.iter().min_by_key(|(_, failures)| failures.back().copied());
            if let Some(key) = oldest.map(|(key, _)| *key) {
                self.failures.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn five_failures_in_five_minutes_and_then_a_pause() {
        let mut attempts = Attempts::default();
        let [a, b]: [IpAddr; 2] = ["192.0.2.1", "192.0.2.2"].map(|ip| ip.parse().unwrap());
        for second in 0..5 {
            assert_eq!(attempts.wait(a, seconds(second)), None);
            attempts.failed(a, seconds(second));
        }
        assert_eq!(attempts.wait(a, seconds(10)), Some(seconds(290)));
        assert_eq!(attempts.wait(b, seconds(10)), None, "others are not held up");
        assert_eq!(attempts.wait(a, seconds(300)), None, "the first failure is forgotten by now");
        attempts.failed(a, seconds(300));
        assert_eq!(attempts.wait(a, seconds(300)), Some(seconds(1)));
        attempts.succeeded(a);
        assert_eq!(attempts.wait(a, seconds(300)), None);
    }

    #[test]
    fn the_table_is_bounded() {
        let mut attempts = Attempts::default();
        for n in 0..10_000_u32 {
            attempts.failed(IpAddr::V4(n.into()), seconds(u64::from(n / 100)));
        }
        assert_eq!(attempts.failures.len(), ADDRESSES_AT_MOST);
        assert!(attempts.failures.contains_key(&IpAddr::V4(9_999.into())));
        assert_eq!(attempts.wait(IpAddr::V4(9_999.into()), seconds(1000)), None);
    }
}
