//! From pids on cards to rows: whose each is, and the users of cards. Knows no NVML.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::card::OnCard;
use crate::host::account::{self, Accounts};
use crate::host::process::users::parse_passwd;
use crate::host::{Context, files};
use crate::model::account::AccountEnd;
use crate::model::gpu::{GpuProcess, GpuUser};
use crate::model::process::ProcessRow;
use crate::model::{Bytes, Reading, Reason, Text, UnixMillis};

/// Names by number, and when they were read.
type NamesOfUsers = (Duration, Result<HashMap<u32, String>, Reason>);

/// When accounts of this machine end. A container's users may have the names of the machine's.
#[derive(Debug)]
pub(super) struct Ends {
    context: Context,
    accounts: Accounts,
    /// As the machine's own file has them.
    names: Option<NamesOfUsers>,
}

impl Ends {
    /// Nothing is read yet.
    pub(super) fn new(context: Context) -> Self {
        Self { accounts: Accounts::new(&context), names: None, context }
    }

    /// When the account ends whose name and number these are, both.
    pub(super) fn of(&mut self, name: &str, id: u32) -> Reading<AccountEnd> {
        let now = self.context.now();
        let fresh = |at: &Duration| now.monotonic.saturating_sub(*at) < account::LIFE;
        if !self.names.as_ref().is_some_and(|(at, _)| fresh(at)) {
            let file = files::read(&self.context.roots.etc("passwd"), files::LARGE);
            self.names = Some((now.monotonic, file.map(|bytes| parse_passwd(&bytes))));
        }
        match &self.names {
            Some((_, Ok(names))) if names.get(&id).is_some_and(|known| known == name) => {
                self.accounts.end_of(name, now.wall)
            }
            // A directory's user, or a container's.
            Some((_, Ok(_))) => Reading::absent(Reason::NotSupported),
            Some((_, Err(reason))) => Reading::absent(*reason),
            None => Reading::absent(Reason::NotCollected),
        }
    }
}

/// The rows, by card, then pid, then instance. `seen` are the processes that can be seen, by pid.
pub(super) fn processes(
    on_cards: Vec<OnCard>,
    seen: &Result<Vec<ProcessRow>, Reason>,
) -> Vec<GpuProcess> {
    let mut rows: Vec<GpuProcess> = on_cards.into_iter().map(|one| process(one, seen)).collect();
    rows.sort_by(|one, other| {
        (one.gpu, one.pid, &one.slice).cmp(&(other.gpu, other.pid, &other.slice))
    });
    rows
}

fn process(one: OnCard, seen: &Result<Vec<ProcessRow>, Reason>) -> GpuProcess {
    let pid = one.found.pid;
    let row = match seen {
        Ok(rows) => rows
            .binary_search_by_key(&pid, |row| row.pid)
            .ok()
            .and_then(|at| rows.get(at))
            .ok_or(Reason::Gone),
        Err(reason) => Err(*reason),
    };
    let started_at_ms: Reading<UnixMillis> =
        row.map_or_else(Reading::absent, |row| row.started_at_ms);
    let start = started_at_ms.present().map_or(0, |start| start.0);
    let place_of_card = one.slice.clone().unwrap_or_else(|| one.gpu.to_string().into());
    GpuProcess {
        key: format!("{place_of_card}-{pid}-{start}").into(),
        gpu: one.gpu,
        slice: one.slice,
        pid,
        kinds: one.found.kinds,
        memory_bytes: one.found.memory,
        gpu_percent: one.shares.gpu,
        memory_percent: one.shares.memory,
        encoder_percent: one.shares.encoder,
        decoder_percent: one.shares.decoder,
        name: row.map(|row| row.name.clone()).into(),
        user: row.map_or_else(Reading::absent, |row| row.user.clone()),
        user_id: row.map_or_else(Reading::absent, |row| row.user_id),
        started_at_ms,
        cpu_percent: row.map_or_else(Reading::absent, |row| row.cpu_percent),
        resident_bytes: row.map(|row| row.resident_bytes).into(),
        command: row.map_or_else(Reading::absent, |row| row.command.clone()),
        place: row.map_or_else(Reading::absent, |row| row.place.clone()),
    }
}

/// The users, most memory first, then by key. `held_gpus` is left empty: who holds a card without
/// using it is decided above.
///
/// The same name under two numbers is two users: containers have names of their own. Processes whose
/// owner is not known are one row.
pub(super) fn people(
    processes: &[GpuProcess],
    mut end_of: impl FnMut(&str, u32) -> Reading<AccountEnd>,
) -> Vec<GpuUser> {
    let mut groups: BTreeMap<Text, Vec<&GpuProcess>> = BTreeMap::new();
    for process in processes {
        groups.entry(key(process)).or_default().push(process);
    }
    let mut people: Vec<GpuUser> =
        groups.into_iter().filter_map(|(key, group)| person(key, &group, &mut end_of)).collect();
    let memory = |user: &GpuUser| user.memory_bytes.present().map_or(0, |bytes| bytes.0);
    people.sort_by(|one, other| {
        memory(other).cmp(&memory(one)).then_with(|| one.key.cmp(&other.key))
    });
    people
}

fn key(process: &GpuProcess) -> Text {
    match (&process.user, process.user_id) {
        (Reading::Present(name), Reading::Present(id)) => format!("{name}/{id}").into(),
        (Reading::Present(name), Reading::Absent { .. }) => name.clone(),
        (Reading::Absent { .. }, Reading::Present(id)) => id.to_string().into(),
        (Reading::Absent { .. }, Reading::Absent { .. }) => "?".into(),
    }
}

fn person(
    key: Text,
    group: &[&GpuProcess],
    end_of: &mut impl FnMut(&str, u32) -> Reading<AccountEnd>,
) -> Option<GpuUser> {
    let first = *group.first()?;
    // A process can be on two instances of one card, and on several cards: it counts once.
    let pids: BTreeSet<u32> = group.iter().map(|process| process.pid).collect();
    let gpus: BTreeSet<u32> = group.iter().map(|process| process.gpu).collect();
    let containers: BTreeSet<_> =
        group.iter().filter_map(|process| process.place.present()?.container.clone()).collect();
    let memory = group
        .iter()
        .filter_map(|process| process.memory_bytes.present())
        .fold(None, |sum: Option<u64>, bytes| Some(sum.unwrap_or(0).saturating_add(bytes.0)));
    let unknown = first.memory_bytes.reason().unwrap_or(Reason::NotSupported);
    let since =
        group.iter().filter_map(|process| process.started_at_ms.present()).min_by_key(|at| at.0);
    let account_end = match (&first.user, first.user_id) {
        (Reading::Present(name), Reading::Present(id)) => end_of(name, id),
        (user, id) => {
            let reason = user.reason().or(id.reason()).unwrap_or(Reason::NotSupported);
            Reading::absent(reason)
        }
    };
    Some(GpuUser {
        key,
        user: first.user.clone(),
        user_id: first.user_id,
        gpus: gpus.into_iter().collect(),
        held_gpus: Vec::new(),
        memory_bytes: Reading::from_option(memory.map(Bytes), unknown),
        processes: u32::try_from(pids.len()).unwrap_or(u32::MAX),
        since_ms: Reading::from_option(
            since.copied(),
            first.started_at_ms.reason().unwrap_or(Reason::NotSupported),
        ),
        containers: containers.into_iter().collect(),
        account_end,
    })
}

#[cfg(test)]
mod tests;
