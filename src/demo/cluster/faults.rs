//! What goes wrong between the made-up hosts and the app that shows them.

use super::dice::Dice;
use super::jobs::DAY_MS;
use super::site::Host;
use crate::model::cluster::{HostState, HostStatus, HostTrouble, TroubleKind};
use crate::model::{Reading, Text, UnixMillis};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// What a host is there to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It is well.
    Well,
    /// Its switch goes, and comes back: down for 25 minutes of every four hours.
    Cut,
    /// Its smonitor is stopped for 40 minutes of every six hours.
    Refused,
    /// Every ten minutes it does not answer for most of a minute.
    Slow,
    /// It has been off since some time of the day.
    Off,
    /// Somebody changed its key at some time of the day.
    Locked,
    /// Its clock is ten minutes ahead.
    Ahead,
    /// Somebody works on it.
    Maintenance,
    /// It has never been heard of.
    Waiting,
    /// Its cards' driver was renewed and the machine not restarted.
    Mismatch,
}

/// Roles in the order they are given out in.
const ROLES: [Role; 9] = [
    Role::Off,
    Role::Mismatch,
    Role::Waiting,
    Role::Cut,
    Role::Maintenance,
    Role::Ahead,
    Role::Slow,
    Role::Refused,
    Role::Locked,
];

/// Of so many hosts, as many as there are roles have one.
const HOSTS_PER_CAST: usize = 100;

/// Gives out the roles. The first host and those whose cards have mishaps stay well.
pub(super) fn cast(hosts: &mut [Host]) {
    let casts = hosts.len().div_ceil(HOSTS_PER_CAST);
    let mut free: Vec<&mut Host> =
        hosts.iter_mut().skip(1).filter(|host| host.mishap.is_none()).collect();
    free.sort_by_key(|host| host.dice.of(70).number());
    for role in ROLES.into_iter().cycle().take(ROLES.len() * casts) {
        let fits = |host: &&mut Host| role != Role::Mismatch || host.cards > 0;
        let Some(place) = free.iter().position(fits) else { continue };
        free.remove(place).role = role;
    }
}

/// How a host is seen, and the time that its newest known values are of; none if nothing is known.
pub(super) struct Look {
    pub(super) status: HostStatus,
    pub(super) values_at: Option<UnixMillis>,
}

/// A time without news: since when, and how long it lasts altogether if it ends.
struct Silence {
    since: i64,
    kind: TroubleKind,
    detail: Option<&'static str>,
}

/// How `host` is seen at `at` by an app that asks every `interval_ms`.
pub(super) fn look(host: &Host, at: UnixMillis, interval_ms: i64) -> Look {
    let status = HostStatus {
        name: host.name.clone(),
        group: host.group.clone(),
        state: HostState::Up,
        state_since_ms: Reading::Present(up_since(host, at)),
        trouble: None,
        clock_ahead_ms: None,
        version: Reading::Present(env!("CARGO_PKG_VERSION").into()),
        maintenance: None,
    };
    let dice = host.dice.of(71);
    let status = match host.role {
        Role::Ahead => {
            let wobble = (dice.of(1).wave(at, 300.0) * 40.0) as i64;
            HostStatus { clock_ahead_ms: Some(10 * MINUTE_MS + 1200 + wobble), ..status }
        }
        Role::Maintenance => HostStatus {
            state: HostState::Maintenance,
            state_since_ms: Reading::Present(daily(dice, at, 7.0)),
            maintenance: Some("new power supplies, back by the evening".into()),
            ..status
        },
        Role::Waiting => {
            let trouble = HostTrouble {
                kind: TroubleKind::NameNotFound,
                since_ms: daily(dice, at, 6.0),
                detail: None,
            };
            let waiting = HostStatus::waiting(host.name.clone(), host.group.clone());
            return Look {
                status: HostStatus { trouble: Some(trouble), ..waiting },
                values_at: None,
            };
        }
        _ => status,
    };
    match silence(host, at) {
        None => Look { status, values_at: Some(at) },
        Some(silence) => silent(status, &silence, at, interval_ms),
    }
}

/// The time of day of about `hour`, today or yesterday, whichever was last.
fn daily(dice: Dice, at: UnixMillis, hour: f64) -> UnixMillis {
    let time = ((hour + dice.of(2).unit()) * HOUR_MS as f64) as i64;
    UnixMillis((at.0 - time).div_euclid(DAY_MS) * DAY_MS + time)
}

/// When the part of every period began last that is on at `at`, if it is.
fn part(dice: Dice, at: UnixMillis, period: i64, length: i64) -> Option<i64> {
    let phase = dice.of(3).below(period.unsigned_abs()) as i64;
    let into = (at.0 - phase).rem_euclid(period);
    (into < length).then_some(at.0 - into)
}

const CUT_MS: (i64, i64) = (4 * HOUR_MS, 25 * MINUTE_MS);
const REFUSED_MS: (i64, i64) = (6 * HOUR_MS, 40 * MINUTE_MS);
const SLOW_MS: (i64, i64) = (10 * MINUTE_MS, 55_000);

fn silence(host: &Host, at: UnixMillis) -> Option<Silence> {
    let dice = host.dice.of(71);
    let silence = |since, kind| Silence { since, kind, detail: None };
    match host.role {
        Role::Cut => {
            let since = part(dice, at, CUT_MS.0, CUT_MS.1)?;
            Some(silence(since, TroubleKind::Unreachable))
        }
        Role::Refused => {
            let since = part(dice, at, REFUSED_MS.0, REFUSED_MS.1)?;
            Some(silence(since, TroubleKind::Refused))
        }
        Role::Slow => {
            let since = part(dice, at, SLOW_MS.0, SLOW_MS.1)?;
            Some(silence(since, TroubleKind::ReadTimeout))
        }
        Role::Off => Some(silence(daily(dice, at, 4.0).0, TroubleKind::ConnectTimeout)),
        Role::Locked => Some(Silence {
            detail: Some("401"),
            ..silence(daily(dice, at, 9.0).0, TroubleKind::Unauthorized)
        }),
        Role::Well | Role::Ahead | Role::Maintenance | Role::Waiting | Role::Mismatch => None,
    }
}

/// Since when it has been up, if it is: since it came back, else since it was started.
fn up_since(host: &Host, at: UnixMillis) -> UnixMillis {
    let dice = host.dice.of(71);
    let came_back = |(period, length): (i64, i64)| {
        let phase = dice.of(3).below(period.unsigned_abs()) as i64;
        let into = (at.0 - phase).rem_euclid(period);
        let begin = at.0 - into;
        UnixMillis(if into < length { begin - period + length } else { begin + length })
    };
    match host.role {
        Role::Cut => came_back(CUT_MS),
        Role::Refused => came_back(REFUSED_MS),
        Role::Slow => came_back(SLOW_MS),
        _ => UnixMillis(host.hardware.boot.0 + 84_000),
    }
}

/// What an app makes of no news.
fn silent(status: HostStatus, silence: &Silence, at: UnixMillis, interval_ms: i64) -> Look {
    let long = at.0 - silence.since;
    let (stale, lost) = (3 * interval_ms, MINUTE_MS.max(4 * interval_ms));
    let refuses = matches!(silence.kind, TroubleKind::Refused | TroubleKind::Unauthorized);
    let (state, since) = match long {
        _ if refuses => (HostState::Down, Reading::Present(UnixMillis(silence.since))),
        long if long >= lost => {
            (HostState::Down, Reading::Present(UnixMillis(silence.since + lost)))
        }
        long if long >= stale => {
            (HostState::Stale, Reading::Present(UnixMillis(silence.since + stale)))
        }
        _ => (status.state, status.state_since_ms),
    };
    let trouble = HostTrouble {
        kind: silence.kind,
        since_ms: UnixMillis(silence.since),
        detail: silence.detail.map(Text::from),
    };
    Look {
        status: HostStatus { state, state_since_ms: since, trouble: Some(trouble), ..status },
        values_at: Some(UnixMillis(silence.since)),
    }
}
