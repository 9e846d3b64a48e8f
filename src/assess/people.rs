//! Who is on the cards: a row a user.

use std::collections::{BTreeMap, HashSet};

use crate::model::gpu::{GpuProcess, GpuState, GpuUser, Gpus};
use crate::model::{Bytes, Reading, Reason, Text};

/// Who a process belongs to, as far as that is known. A number is one user whatever names it goes by;
/// a name without a number is one, too; and all of whom nothing is known are one row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Owner {
    Number(u32),
    Name(Text),
    Unknown,
}

/// Groups processes by user, most memory of cards first. When accounts end is left `not_collected`.
#[must_use]
pub fn by_user(processes: &[GpuProcess]) -> Vec<GpuUser> {
    let mut users: BTreeMap<Owner, GpuUser> = BTreeMap::new();
    // A process on several cards has a row on each.
    let mut counted: HashSet<(&Owner, u32)> = HashSet::new();
    let owners: Vec<Owner> = processes.iter().map(owner).collect();
    for (process, owner) in processes.iter().zip(&owners) {
        let user = users.entry(owner.clone()).or_insert_with(|| new(owner, process));
        user.processes += u32::from(counted.insert((owner, process.pid)));
        add(user, process);
    }
    let mut users: Vec<GpuUser> = users.into_values().collect();
    let mut keys: HashSet<Text> = HashSet::new();
    for user in &mut users {
        // Two users of one name: inside of a container and outside.
        if let (false, Some(number)) = (keys.insert(user.key.clone()), user.user_id.present()) {
            user.key = format!("{}/{number}", user.key).into();
        }
        user.gpus.sort_unstable();
        user.containers.sort();
    }
    // Stable, so that equal rows keep their order.
    users.sort_by_key(|user| {
        std::cmp::Reverse(user.memory_bytes.present().map_or(0, |bytes| bytes.0))
    });
    users
}

/// Fills in the people of `gpus` and the cards they hold. What the source found out of their accounts
/// stays.
pub(super) fn fill(gpus: &mut Gpus) {
    let mut rows = by_user(&gpus.processes);
    for user in &mut rows {
        let same = |old: &&GpuUser| {
            if user.user_id.present().is_some() || old.user_id.present().is_some() {
                old.user_id.present() == user.user_id.present()
            } else {
                old.user.present() == user.user.present()
            }
        };
        if let Some(old) = gpus.people.iter().find(same) {
            user.account_end = old.account_end;
        }
        let is_held = |gpu: &u32| {
            gpus.cards.iter().any(|card| card.index == *gpu && card.state == GpuState::Held)
        };
        user.held_gpus = user.gpus.iter().copied().filter(is_held).collect();
    }
    gpus.people = rows;
}

fn owner(process: &GpuProcess) -> Owner {
    match (process.user_id.present(), process.user.present()) {
        (Some(number), _) => Owner::Number(*number),
        (None, Some(name)) => Owner::Name(name.clone()),
        (None, None) => Owner::Unknown,
    }
}

fn new(owner: &Owner, process: &GpuProcess) -> GpuUser {
    GpuUser {
        key: match owner {
            Owner::Number(number) => match process.user.present() {
                Some(name) => name.clone(),
                None => number.to_string().into(),
            },
            Owner::Name(name) => name.clone(),
            Owner::Unknown => "unknown".into(),
        },
        user: process.user.clone(),
        user_id: process.user_id,
        gpus: Vec::new(),
        held_gpus: Vec::new(),
        memory_bytes: Reading::absent(process.memory_bytes.reason().unwrap_or(Reason::Measuring)),
        processes: 0,
        since_ms: Reading::absent(process.started_at_ms.reason().unwrap_or(Reason::Measuring)),
        containers: Vec::new(),
        account_end: Reading::absent(Reason::NotCollected),
    }
}

fn add(user: &mut GpuUser, process: &GpuProcess) {
    if user.user.present().is_none() && process.user.present().is_some() {
        user.user = process.user.clone();
    }
    if !user.gpus.contains(&process.gpu) {
        user.gpus.push(process.gpu);
    }
    if let Some(bytes) = process.memory_bytes.present() {
        let sum = user.memory_bytes.present().map_or(0, |sum| sum.0).saturating_add(bytes.0);
        user.memory_bytes = Reading::Present(Bytes(sum));
    }
    if let Some(start) = process.started_at_ms.present()
        && user.since_ms.present().is_none_or(|since| start.0 < since.0)
    {
        user.since_ms = Reading::Present(*start);
    }
    let container = process.place.present().and_then(|place| place.container.as_ref());
    if let Some(container) = container
        && !user.containers.contains(container)
    {
        user.containers.push(container.clone());
    }
}
