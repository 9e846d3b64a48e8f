//! Who may connect at all, and what is said of those who may not. Must not know what they ask.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::network::limit_key;
use crate::model::Cidr;

/// One address is told of this often at most.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Addresses that are remembered for that. Whoever has more of them fills no log.
const TOLD_AT_MOST: usize = 256;

/// The allow-list of the server.
#[derive(Debug, Default)]
pub(super) struct Allow {
    networks: Vec<Cidr>,
    /// When an address was last told of, by the monotonic clock.
    told: Mutex<HashMap<IpAddr, Duration>>,
}

impl Allow {
    pub(super) fn new(networks: Vec<Cidr>) -> Self {
        Self { networks, told: Mutex::default() }
    }

    pub(super) fn lets_in(&self, client: IpAddr) -> bool {
        is_listed(&self.networks, client)
    }

    /// Whether somebody refused is worth a line in the log.
    pub(super) fn should_tell(&self, client: IpAddr, now: Duration) -> bool {
        // Every change under the lock is whole before anything could panic.
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |at: &Duration| now.saturating_sub(*at) < TELL_EVERY;
        let key = limit_key(client);
        if told.get(&key).is_some_and(is_recent) {
            return false;
        }
        if told.len() >= TOLD_AT_MOST {
            told.retain(|_, at| is_recent(at));
        }
        if told.len() >= TOLD_AT_MOST {
            return false;
        }
        told.insert(key, now);
        true
    }
}

/// Whether a list that lets everybody in when it is empty lets this one in.
pub(super) fn is_listed(networks: &[Cidr], client: IpAddr) -> bool {
    networks.is_empty() || networks.iter().any(|network| network.contains(client))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ranges_let_in_what_is_in_them() {
        let allow = |list: &[&str]| {
            Allow::new(list.iter().map(|network| network.parse().unwrap()).collect())
        };
        let here = allow(&["127.0.0.1", "10.1.0.0/16", "2001:db8::/64"]);
        for (client, wanted) in [
            ("127.0.0.1", true),
            ("::ffff:127.0.0.1", true),
            ("127.9.9.9", false),
            // What lies beyond the prefix does not count.
            ("10.1.255.255", true),
            ("10.2.0.0", false),
            ("2001:db8::ffff:0:0:1", true),
            ("2001:db8:0:1::", false),
            ("::1", false),
        ] {
            assert_eq!(here.lets_in(ip(client)), wanted, "{client}");
            assert!(allow(&[]).lets_in(ip(client)), "{client}");
        }
        assert!(!allow(&["::/0"]).lets_in(ip("127.0.0.1")));
    }

    #[test]
    fn a_crowd_that_is_refused_fills_neither_log_nor_memory() {
        let allow = Allow::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let at = Duration::from_secs;
        assert!(allow.should_tell(ip("192.0.2.1"), at(1000)));
        assert!(!allow.should_tell(ip("192.0.2.1"), at(1059)));
        assert!(!allow.should_tell(ip("::ffff:192.0.2.1"), at(1059)));
        assert!(allow.should_tell(ip("192.0.2.1"), at(1060)));
        // A whole /64 is one.
        assert!(allow.should_tell(ip("2001:db8::1"), at(1060)));
        assert!(!allow.should_tell(ip("2001:db8::2"), at(1060)));
        let crowd = |now| {
            let told = |n: u32| allow.should_tell(IpAddr::V4((0x0b00_0000 + n).into()), at(now));
            (0..1000).filter(|n| told(*n)).count()
        };
        assert_eq!(crowd(1061), TOLD_AT_MOST - 2);
        assert_eq!(crowd(1062), 0);
        assert_eq!(allow.told.lock().unwrap().len(), TOLD_AT_MOST);
        assert_eq!(crowd(1200), TOLD_AT_MOST);
    }
}
