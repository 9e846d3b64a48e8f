//! Who is on which card: users and their cards, from the lines of hosts. Must not know who asks.
//!
//! The same name on two hosts is one user. A number without a name, and somebody of whom nothing is known,
//! is one user of the host, since numbers mean something else on the next.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::cluster::{CardUser, HeldCard, HostState, UserOnCards, UsersBody};
use crate::model::gpu::GpuState;
use crate::model::order::natural;
use crate::model::wire::HostRow;
use crate::model::{Bytes, HostId, Reading, Reason, Text, UnixMillis};

/// Who somebody is taken for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Name(Text),
    Number(HostId, u32),
    Unknown(HostId),
}

/// Everybody who is on a card, at `now`; with `only` those of that name or number. Cards of a host of which
/// there are no news are listed as they were last known, their state as unknown.
#[must_use]
pub fn board(rows: &[Arc<HostRow>], only: Option<&str>, now: UnixMillis) -> UsersBody {
    let mut users: BTreeMap<Owner, Vec<HeldCard>> = BTreeMap::new();
    for row in rows {
        let (Ok(host), Reading::Present(on_cards)) = (HostId::parse(&row.key), &row.users) else {
            continue;
        };
        for user in on_cards.iter().filter(|user| only.is_none_or(|only| is(user, only))) {
            users.entry(owner(user, &host)).or_default().push(held(row, &host, user));
        }
    }
    let mut users: Vec<UserOnCards> = users.into_values().map(on_cards).collect();
    users.sort_by(most_first);
    UsersBody { server_time_ms: now, users }
}

fn is(user: &CardUser, wanted: &str) -> bool {
    match user.user.present() {
        Some(name) => name.as_str() == wanted,
        None => user.user_id.present().is_some_and(|number| number.to_string() == wanted),
    }
}

fn owner(user: &CardUser, host: &HostId) -> Owner {
    match (user.user.present(), user.user_id.present()) {
        (Some(name), _) => Owner::Name(name.clone()),
        (None, Some(number)) => Owner::Number(host.clone(), *number),
        (None, None) => Owner::Unknown(host.clone()),
    }
}

fn held(row: &HostRow, host: &HostId, user: &CardUser) -> HeldCard {
    let is_known = matches!(row.status.state, HostState::Up | HostState::Maintenance);
    let cards = row.cards.present().map_or(&[][..], Vec::as_slice);
    let place = cards.iter().position(|card| card.index == user.gpu);
    let status = place.and_then(|place| row.card_status.get(place)).filter(|_| is_known);
    HeldCard {
        host: host.clone(),
        state: status.map_or(GpuState::Unknown, |status| status.state),
        idle_since_ms: match status {
            Some(status) => status.idle_since_ms,
            None if is_known => Reading::absent(Reason::NotCollected),
            None => Reading::absent(Reason::NotResponding),
        },
        user: user.clone(),
    }
}

fn on_cards(mut cards: Vec<HeldCard>) -> UserOnCards {
    cards.sort_by(|one, other| {
        natural(one.host.as_str(), other.host.as_str()).then(one.user.gpu.cmp(&other.user.gpu))
    });
    // A sum without one of its parts would be taken for all of it.
    let memory = cards.iter().map(|card| card.user.memory_bytes);
    let memory_bytes = memory.fold(Reading::Present(Bytes(0)), |sum, held| {
        sum.and_then(|sum| held.map(|held| Bytes(sum.0.saturating_add(held.0))))
    });
    let user = cards.first().map_or_else(Reading::default, |card| card.user.user.clone());
    UserOnCards { user, memory_bytes, cards }
}

/// Most cards, then most memory, then by name.
fn most_first(one: &UserOnCards, other: &UserOnCards) -> Ordering {
    let memory = |user: &UserOnCards| user.memory_bytes.present().map(|bytes| bytes.0);
    Reverse(count(one))
        .cmp(&Reverse(count(other)))
        .then_with(|| memory(other).cmp(&memory(one)))
        .then_with(|| match (one.user.present(), other.user.present()) {
            (Some(one), Some(other)) => natural(one, other),
            (one, other) => other.is_some().cmp(&one.is_some()),
        })
}

/// How many cards: two numbers of one name may be on the same.
fn count(user: &UserOnCards) -> usize {
    let mut places: Vec<_> = user.cards.iter().map(|card| (&card.host, card.user.gpu)).collect();
    // In order already.
    places.dedup();
    places.len()
}

#[cfg(test)]
mod tests;
