//! Who is on the made-up cards.

use std::collections::{BTreeMap, BTreeSet};

use super::DAY_MS;
use crate::demo::GIB;
use crate::demo::moment::Moment;
use crate::demo::work::Work;
use crate::model::account::AccountEnd;
use crate::model::gpu::{Gpu, GpuProcess, GpuProcessKind, GpuState, GpuUser};
use crate::model::process::ProcessTable;
use crate::model::{Bytes, Percent, Reading, Reason, UnixMillis};

/// A process that is seen on a card and nowhere else: it lives in another namespace.
const STRANGER: u32 = 3_317_204;

/// Processes on the cards, by card, then number.
pub(super) fn processes(moment: Moment, works: &[Work], table: &ProcessTable) -> Vec<GpuProcess> {
    let mut rows: Vec<_> = works.iter().filter_map(|work| process(moment, work, table)).collect();
    rows.push(stranger());
    rows.sort_by_key(|row| (row.gpu, row.pid));
    rows
}

fn process(moment: Moment, work: &Work, table: &ProcessTable) -> Option<GpuProcess> {
    let part = work.part?;
    let seen = table.rows.iter().find(|process| process.row.pid == work.pid)?;
    let row = &seen.row;
    // A divided card does not tell who of its guests computes.
    let share = |of: f64| match part.slice {
        Some(_) => Reading::absent(Reason::NotSupported),
        None => Reading::from_option(
            Percent::of(part.level * of, 100.0).map(Percent::clamped),
            Reason::NotSupported,
        ),
    };
    let none = || match part.slice {
        Some(_) => Reading::absent(Reason::NotSupported),
        None => Reading::Present(Percent(0.0)),
    };
    Some(GpuProcess {
        key: format!("{}-{}-{}", part.gpu, work.pid, work.started.0).into(),
        gpu: part.gpu,
        slice: part.slice.map(|slice| super::slices::key(slice).into()),
        pid: work.pid,
        kinds: vec![GpuProcessKind::Compute],
        memory_bytes: Reading::Present(Bytes(whole_pages(part.gib))),
        gpu_percent: share(1.0),
        memory_percent: share(moment.between("memory share", 40.0, 0.55, 0.7)),
        encoder_percent: none(),
        decoder_percent: none(),
        name: Reading::Present(row.name.clone()),
        user: row.user.clone(),
        user_id: row.user_id,
        started_at_ms: row.started_at_ms,
        cpu_percent: row.cpu_percent,
        resident_bytes: Reading::Present(row.resident_bytes),
        command: row.command.clone(),
        place: row.place.clone(),
    })
}

/// Cards give memory in pieces of 2 MiB.
pub(in crate::demo) fn whole_pages(gib: f64) -> u64 {
    (gib * GIB / 2_097_152.0).round() as u64 * 2_097_152
}

fn stranger() -> GpuProcess {
    fn gone<T>() -> Reading<T> {
        super::gone()
    }
    GpuProcess {
        key: format!("{}-{STRANGER}-0", super::NARROW).into(),
        gpu: super::NARROW,
        slice: None,
        pid: STRANGER,
        kinds: vec![GpuProcessKind::Compute, GpuProcessKind::Graphics],
        memory_bytes: Reading::Present(Bytes(whole_pages(1.4))),
        gpu_percent: Reading::Present(Percent(0.0)),
        memory_percent: Reading::Present(Percent(0.0)),
        encoder_percent: Reading::Present(Percent(0.0)),
        decoder_percent: Reading::Present(Percent(0.0)),
        name: gone(),
        user: gone(),
        user_id: gone(),
        started_at_ms: gone(),
        cpu_percent: gone(),
        resident_bytes: gone(),
        command: gone(),
        place: gone(),
    }
}

/// A row a user, most memory first.
pub(in crate::demo) fn people(
    moment: Moment,
    processes: &[GpuProcess],
    cards: &[Gpu],
) -> Vec<GpuUser> {
    let mut by_user: BTreeMap<Option<&str>, Vec<&GpuProcess>> = BTreeMap::new();
    for process in processes {
        let user = process.user.present().map(|user| user.as_str());
        by_user.entry(user).or_default().push(process);
    }
    let held =
        |index: &u32| cards.iter().any(|card| card.index == *index && card.state == GpuState::Held);
    let mut people: Vec<_> = by_user
        .into_iter()
        .map(|(user, rows)| {
            let gpus: BTreeSet<u32> = rows.iter().map(|row| row.gpu).collect();
            let memory = rows.iter().filter_map(|row| row.memory_bytes.present());
            let since = rows.iter().filter_map(|row| row.started_at_ms.present());
            let containers: BTreeSet<_> =
                rows.iter().filter_map(|row| row.place.present()?.container.clone()).collect();
            GpuUser {
                key: user.unwrap_or("unknown").into(),
                user: Reading::from_option(user.map(Into::into), Reason::Gone),
                user_id: rows.first().map_or(super::gone(), |row| row.user_id),
                held_gpus: gpus.iter().copied().filter(held).collect(),
                gpus: gpus.into_iter().collect(),
                memory_bytes: Reading::Present(Bytes(memory.map(|bytes| bytes.0).sum())),
                processes: u32::try_from(rows.len()).unwrap_or(u32::MAX),
                since_ms: Reading::from_option(
                    since.map(|at| at.0).min().map(UnixMillis),
                    Reason::Gone,
                ),
                containers: containers.into_iter().collect(),
                account_end: account_end(moment, user),
            }
        })
        .collect();
    people.sort_by_key(|person| {
        let memory = person.memory_bytes.present().map_or(0, |bytes| bytes.0);
        (std::cmp::Reverse(memory), person.key.clone())
    });
    people
}

/// When accounts of the made-up people end.
fn account_end(moment: Moment, user: Option<&str>) -> Reading<AccountEnd> {
    let midnight = moment.at.0.div_euclid(DAY_MS);
    let at = |days: i64| {
        let at_ms = UnixMillis((midnight + days) * DAY_MS);
        Reading::Present(AccountEnd::At { at_ms, expired: days <= 0 })
    };
    match user {
        Some("bob") => at(9),
        Some("dave") => at(-12),
        Some("heidi") => at(141),
        // Of a container's own passwd, or of a directory server.
        Some("erin" | "frank") => super::not_supported(),
        Some(_) => Reading::Present(AccountEnd::Never),
        None => super::gone(),
    }
}
