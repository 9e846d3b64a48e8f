//! Who answers under a name: the host that always did, another one, or one that answers under two names.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::peer::PollHead;
use crate::model::{HostId, Text};

/// What tells one host from another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    machine: Option<Text>,
    host: Option<HostId>,
}

impl Identity {
    fn of(head: &PollHead) -> Self {
        Self { machine: head.machine.clone(), host: head.host.clone() }
    }

    /// A machine that cannot be told is no other machine. Copies of one installation are the same machine, and
    /// have names of their own.
    fn is(&self, other: &Self) -> bool {
        let same_machine = match (&self.machine, &other.machine) {
            (Some(one), Some(two)) => one == two,
            _ => true,
        };
        same_machine && self.host == other.host
    }

    fn name(&self) -> &str {
        self.host.as_ref().map_or("an app", HostId::as_str)
    }
}

/// Who answered under a name so far.
#[derive(Debug, Default)]
pub(super) struct Who {
    known: Option<Identity>,
    stranger: Option<(Identity, Duration)>,
}

/// Who it is this time.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// The one that always did, or the first ever.
    Same,
    /// Another one. What it says is not shown under this name.
    Stranger(String),
    /// Another one, for so long now that it has taken the place.
    Successor(String),
}

impl Who {
    /// Somebody answers at `now`. Another host is believed after `after`: an address that was given to another
    /// machine by mistake is not shown as this one, and a machine that was replaced is not lost for ever.
    pub(super) fn meet(&mut self, head: &PollHead, now: Duration, after: Duration) -> Met {
        let comes = Identity::of(head);
        let Some(known) = &self.known else {
            self.known = Some(comes);
            return Met::Same;
        };
        if known.is(&comes) {
            self.stranger = None;
            self.known = Some(comes);
            return Met::Same;
        }
        let name = comes.name().to_owned();
        match &self.stranger {
            Some((stranger, since)) if stranger.is(&comes) => {
                if now.saturating_sub(*since) < after {
                    return Met::Stranger(name);
                }
                self.known = Some(comes);
                self.stranger = None;
                Met::Successor(name)
            }
            _ => {
                self.stranger = Some((comes, now));
                Met::Stranger(name)
            }
        }
    }
}

/// Which hosts answer as one process.
#[derive(Debug, Default)]
pub(super) struct Instances {
    /// By instance: numbers and names of hosts.
    hosts: BTreeMap<Text, BTreeMap<usize, Text>>,
    /// By number of a host: who answered last.
    answered: BTreeMap<usize, Text>,
}

impl Instances {
    /// Host `number` was answered by `instance`. Says which other name the same process answers to.
    pub(super) fn answered(&mut self, number: usize, name: &Text, instance: &Text) -> Option<Text> {
        let earlier = self.answered.insert(number, instance.clone());
        if let Some(earlier) = earlier.filter(|earlier| earlier != instance)
            && let Some(hosts) = self.hosts.get_mut(&earlier)
        {
            hosts.remove(&number);
            if hosts.is_empty() {
                self.hosts.remove(&earlier);
            }
        }
        let hosts = self.hosts.entry(instance.clone()).or_default();
        hosts.insert(number, name.clone());
        hosts.iter().find(|(other, _)| **other != number).map(|(_, name)| name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UnixMillis;
    use crate::model::wire::Mode;

    const AFTER: Duration = Duration::from_secs(60);

    fn head(machine: Option<&str>, host: &str) -> PollHead {
        PollHead {
            protocol: 1,
            version: "0".into(),
            instance: "a".into(),
            machine: machine.map(Into::into),
            mode: Mode::Node,
            host: Some(HostId::parse(host).unwrap()),
            server_time_ms: UnixMillis(0),
        }
    }

    #[test]
    fn another_host_is_believed_after_a_while_and_not_before() {
        let mut who = Who::default();
        let at = Duration::from_secs;
        assert_eq!(who.meet(&head(Some("1"), "a"), at(0), AFTER), Met::Same);
        assert_eq!(who.meet(&head(Some("2"), "a"), at(10), AFTER), Met::Stranger("a".to_owned()));
        assert_eq!(who.meet(&head(Some("1"), "b"), at(20), AFTER), Met::Stranger("b".to_owned()));
        assert_eq!(who.meet(&head(Some("1"), "b"), at(79), AFTER), Met::Stranger("b".to_owned()));
        assert_eq!(who.meet(&head(Some("1"), "a"), at(80), AFTER), Met::Same);
        assert_eq!(who.meet(&head(Some("1"), "b"), at(81), AFTER), Met::Stranger("b".to_owned()));
        assert_eq!(who.meet(&head(Some("1"), "b"), at(141), AFTER), Met::Successor("b".to_owned()));
        assert_eq!(who.meet(&head(Some("1"), "b"), at(142), AFTER), Met::Same);
        assert_eq!(who.meet(&head(None, "b"), at(143), AFTER), Met::Same);
    }

    #[test]
    fn one_process_under_two_names_is_told_to_both_until_it_ends() {
        let mut instances = Instances::default();
        let (one, two): (Text, Text) = ("one".into(), "two".into());
        assert_eq!(instances.answered(1, &one, &"x".into()), None);
        assert_eq!(instances.answered(2, &two, &"x".into()), Some(one.clone()));
        assert_eq!(instances.answered(1, &one, &"x".into()), Some(two.clone()));
        assert_eq!(instances.answered(2, &two, &"y".into()), None);
        assert_eq!(instances.answered(1, &one, &"x".into()), None);
        assert_eq!(instances.hosts.len(), 2);
    }
}
