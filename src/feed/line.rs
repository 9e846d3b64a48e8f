//! A host in a line: what the overview says of it, made of its snapshot.

use std::collections::BTreeMap;

use crate::model::cluster::{CARD_USERS_MAX, CardFacts, CardStatus, CardUser};
use crate::model::gpu::{Gpu, GpuFinding, GpuProcess, Gpus};
use crate::model::wire::HostRow;
use crate::model::{Bytes, Celsius, Percent, Reading, Reason, Snapshot, Text, Watts};

/// The line of a host. Figures of cards are rounded, so that only what can be seen is sent anew.
#[must_use]
pub fn line(snapshot: &Snapshot) -> HostRow {
    let system = snapshot.system.value.as_ref();
    let cpu = snapshot.cpu.value.as_ref();
    let memory = snapshot.memory.value.as_ref();
    let network = snapshot.network.value.as_ref();
    let gpus = snapshot.gpus.value.as_ref();
    let cards: &[Gpu] = snapshot.gpus.value.present().map_or(&[], |gpus| &gpus.cards);
    HostRow {
        key: snapshot.host.as_str().into(),
        status: (*snapshot.status).clone(),
        taken_at_ms: snapshot.cpu.taken_at_ms,
        hostname: system.and_then(|system| system.hostname.clone()),
        operating_system: system
            .and_then(|system| system.operating_system.as_ref().map(|os| os.pretty_name.clone())),
        address: network
            .and_then(|network| network.primary.as_ref().map(|primary| primary.address.clone())),
        booted_at_ms: system.and_then(|system| system.boot_time_ms),
        cpu_threads: cpu.and_then(|cpu| cpu.threads),
        cpu_percent: cpu.and_then(|cpu| cpu.usage.map(|usage| usage.busy_percent)),
        memory_total_bytes: memory.map(|memory| memory.total_bytes),
        memory_percent: memory.and_then(|memory| memory.used_percent),
        disk_percent: fullest(snapshot),
        received_bytes_per_second: network.and_then(|network| network.received_bytes_per_second),
        sent_bytes_per_second: network.and_then(|network| network.sent_bytes_per_second),
        driver: gpus.map(|gpus| gpus.driver),
        cards: gpus.map(|gpus| gpus.cards.iter().map(facts).collect()),
        card_status: cards.iter().map(status).collect(),
        card_percent: cards.iter().map(|card| card.utilisation.gpu_percent.map(whole)).collect(),
        card_memory_bytes: cards.iter().map(|card| card.memory.used_bytes).collect(),
        card_celsius: cards.iter().map(|card| card.temperature.gpu_celsius.map(degree)).collect(),
        card_watts: cards.iter().map(|card| card.power.draw_watts.map(watt)).collect(),
        users: gpus.map(users),
    }
}

fn whole(percent: Percent) -> Percent {
    Percent(percent.0.round())
}

fn degree(celsius: Celsius) -> Celsius {
    Celsius(celsius.0.round())
}

fn watt(watts: Watts) -> Watts {
    Watts(watts.0.round())
}

fn fullest(snapshot: &Snapshot) -> Reading<Percent> {
    let used = |rows: &[crate::model::filesystem::Filesystem]| {
        let shares = rows.iter().filter_map(|row| {
            row.space.present().and_then(|space| space.used_percent.present().copied())
        });
        shares.max_by(|one, other| one.0.total_cmp(&other.0))
    };
    snapshot
        .filesystems
        .value
        .as_ref()
        .and_then(|filesystems| Reading::from_option(used(&filesystems.rows), Reason::NotSupported))
}

fn facts(card: &Gpu) -> CardFacts {
    CardFacts {
        index: card.index,
        model: card.name.clone(),
        memory_total_bytes: card.memory.total_bytes,
        slices: card.slices.iter().map(|slice| slice.profile.clone()).collect(),
    }
}

fn status(card: &Gpu) -> CardStatus {
    let xids = card.health.findings.iter().filter_map(|finding| match finding {
        GpuFinding::Xid { code, at_ms, .. } => Some((at_ms.0, *code)),
        _ => None,
    });
    CardStatus {
        state: card.state,
        since_ms: card.state_since_ms,
        idle_since_ms: card.idle_since_ms,
        severity: card.health.severity,
        xid: xids.max().map(|(_, code)| code),
        slices: card.slices.iter().map(|slice| slice.state).collect(),
    }
}

/// A row for each user on each card, by card, then memory.
fn users(gpus: &Gpus) -> Vec<CardUser> {
    /// A number is one user; a name without a number is one, too; all of whom nothing is known are one.
    type Owner<'a> = (u32, Option<u32>, Option<&'a Text>);
    let owner = |process: &GpuProcess| (process.gpu, process.user_id.present().copied());
    let mut rows: BTreeMap<Owner<'_>, (CardUser, u64)> = BTreeMap::new();
    for process in &gpus.processes {
        let (gpu, number) = owner(process);
        let name = process.user.present().filter(|_| number.is_none());
        let held = process.memory_bytes.present().map_or(0, |bytes| bytes.0);
        let (row, most) = rows.entry((gpu, number, name)).or_insert_with(|| {
            (
                CardUser {
                    gpu,
                    user: process.user.clone(),
                    user_id: process.user_id,
                    memory_bytes: process.memory_bytes.map(|_| Bytes(0)),
                    processes: 0,
                    since_ms: process.started_at_ms,
                    process: process.name.clone(),
                    container: container(process),
                },
                held,
            )
        });
        row.processes += 1;
        if process.memory_bytes.present().is_some() {
            let sum = row.memory_bytes.present().map_or(0, |sum| sum.0);
            row.memory_bytes = Reading::Present(Bytes(sum.saturating_add(held)));
        }
        if row.user.present().is_none() {
            row.user = process.user.clone();
        }
        if let Some(start) = process.started_at_ms.present()
            && row.since_ms.present().is_none_or(|since| start.0 < since.0)
        {
            row.since_ms = Reading::Present(*start);
        }
        if held > *most {
            *most = held;
            row.process = process.name.clone();
            row.container = container(process);
        }
    }
    let mut rows: Vec<CardUser> = rows.into_values().map(|(row, _)| row).collect();
    let memory = |row: &CardUser| row.memory_bytes.present().map_or(0, |bytes| bytes.0);
    rows.sort_by_key(|row| (row.gpu, std::cmp::Reverse(memory(row))));
    rows.truncate(CARD_USERS_MAX);
    rows
}

fn container(process: &GpuProcess) -> Option<crate::model::place::ContainerRef> {
    process.place.present().and_then(|place| place.container.clone())
}
