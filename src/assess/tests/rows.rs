//! Lines of made hosts, for the finder and the board.

use std::sync::Arc;

use crate::model::cluster::{CardFacts, CardStatus, CardUser, HostState, HostStatus};
use crate::model::gpu::{DriverState, GpuState};
use crate::model::wire::HostRow;
use crate::model::{Bytes, HostId, Reading, Text, UnixMillis};

pub(in crate::assess) const GIB: u64 = 1 << 30;
pub(in crate::assess) const NOON: UnixMillis = UnixMillis(1_780_000_000_000);

pub(in crate::assess) fn minutes_ago(minutes: i64) -> Reading<UnixMillis> {
    Reading::Present(UnixMillis(NOON.0 - minutes * 60_000))
}

/// A host that is up and has no cards yet.
pub(in crate::assess) fn host(id: &str) -> HostRow {
    HostRow {
        key: id.into(),
        status: HostStatus {
            state: HostState::Up,
            ..HostStatus::waiting(id.into(), Text::default())
        },
        taken_at_ms: Reading::Present(NOON),
        hostname: Reading::Present(id.to_owned()),
        operating_system: Reading::default(),
        address: Reading::default(),
        booted_at_ms: Reading::default(),
        cpu_threads: Reading::default(),
        cpu_percent: Reading::default(),
        memory_total_bytes: Reading::default(),
        memory_percent: Reading::default(),
        disk_percent: Reading::default(),
        received_bytes_per_second: Reading::default(),
        sent_bytes_per_second: Reading::default(),
        driver: Reading::Present(DriverState::Running),
        cards: Reading::Present(Vec::new()),
        card_status: Vec::new(),
        card_percent: Vec::new(),
        card_memory_bytes: Vec::new(),
        card_celsius: Vec::new(),
        card_watts: Vec::new(),
        users: Reading::Present(Vec::new()),
    }
}

/// Adds a card of `gib` GiB that has been so for `minutes`; nothing is on it.
pub(in crate::assess) fn add(
    row: &mut HostRow,
    model: &str,
    gib: u64,
    state: GpuState,
    minutes: i64,
) {
    let Reading::Present(cards) = &mut row.cards else { panic!("a host with cards") };
    cards.push(CardFacts {
        index: cards.len() as u32,
        model: Reading::Present(model.into()),
        memory_total_bytes: Reading::Present(Bytes(gib * GIB)),
        slices: Vec::new(),
    });
    row.card_status.push(CardStatus {
        state,
        since_ms: minutes_ago(minutes),
        idle_since_ms: minutes_ago(minutes),
        severity: None,
        xid: None,
        slices: Vec::new(),
    });
    row.card_percent.push(Reading::default());
    row.card_memory_bytes.push(Reading::Present(Bytes(0)));
    row.card_celsius.push(Reading::default());
    row.card_watts.push(Reading::default());
}

/// A host with as many free cards of one model, the first idle for `minutes` and each next a minute less.
pub(in crate::assess) fn with_free(
    id: &str,
    model: &str,
    gib: u64,
    free: i64,
    minutes: i64,
) -> HostRow {
    let mut row = host(id);
    for place in 0..free {
        add(&mut row, model, gib, GpuState::Free, minutes - place);
    }
    row
}

pub(in crate::assess) fn user(
    gpu: u32,
    name: Option<&str>,
    number: Option<u32>,
    gib: Option<u64>,
) -> CardUser {
    CardUser {
        gpu,
        user: name.map_or_else(Reading::default, |name| Reading::Present(name.into())),
        user_id: number.map_or_else(Reading::default, Reading::Present),
        memory_bytes: gib.map_or_else(Reading::default, |gib| Reading::Present(Bytes(gib * GIB))),
        processes: 1,
        since_ms: minutes_ago(60),
        process: Reading::Present("python".into()),
        container: None,
    }
}

pub(in crate::assess) fn all(rows: impl IntoIterator<Item = HostRow>) -> Vec<Arc<HostRow>> {
    rows.into_iter().map(Arc::new).collect()
}

pub(in crate::assess) fn id(text: &str) -> HostId {
    HostId::parse(text).unwrap()
}
