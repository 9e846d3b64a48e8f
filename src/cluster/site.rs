//! The hosts behind a node that is itself an app: how they are called here, and how they are.

use crate::model::Text;
use crate::model::cluster::{HostState, HostStatus, HostTrouble};

use super::shift::Skew;

/// How a host of a site is, as we show it: as the site says, unless the site itself is lost. `own` is the
/// site's status, `theirs` what it says of the host.
pub(super) fn status(own: &HostStatus, theirs: &HostStatus, skew: Skew) -> HostStatus {
    let group = group(&own.name, &theirs.group);
    let trouble = theirs
        .trouble
        .clone()
        .map(|trouble| HostTrouble { since_ms: skew.ours(trouble.since_ms), ..trouble });
    let told = HostStatus {
        group,
        state_since_ms: theirs.state_since_ms.map(|since| skew.ours(since)),
        trouble,
        ..theirs.clone()
    };
    if own.state == HostState::Up {
        return told;
    }
    HostStatus {
        state: own.state,
        state_since_ms: own.state_since_ms,
        trouble: own.trouble.clone(),
        maintenance: own.maintenance.clone().or(told.maintenance),
        ..told
    }
}

/// What a site's group is called here.
pub(super) fn group(site: &Text, theirs: &Text) -> Text {
    if theirs.is_empty() { site.clone() } else { format!("{site} / {theirs}").into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cluster::TroubleKind;
    use crate::model::{Reading, UnixMillis};

    #[test]
    fn a_site_that_is_lost_takes_its_hosts_with_it() {
        let mut own = HostStatus::waiting("lab".into(), "sites".into());
        own.state = HostState::Up;
        let mut theirs = HostStatus::waiting("gpu-1".into(), "A".into());
        theirs.state = HostState::Stale;
        theirs.state_since_ms = Reading::Present(UnixMillis(700_000));
        let mut skew = Skew::default();
        skew.learn(UnixMillis(600_000), UnixMillis(0));
        let told = status(&own, &theirs, skew);
        assert_eq!(told.state, HostState::Stale);
        assert_eq!(told.group.as_str(), "lab / A");
        assert_eq!(told.state_since_ms, Reading::Present(UnixMillis(100_000)));
        own.state = HostState::Down;
        own.trouble =
            Some(HostTrouble { kind: TroubleKind::Refused, since_ms: UnixMillis(5), detail: None });
        theirs.state = HostState::Up;
        let lost = status(&own, &theirs, skew);
        assert_eq!(lost.state, HostState::Down);
        assert_eq!(lost.trouble, own.trouble);
        assert_eq!(lost.name.as_str(), "gpu-1");
    }
}
