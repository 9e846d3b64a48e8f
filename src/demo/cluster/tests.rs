use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::model::cluster::{HostState, TroubleKind};
use crate::model::gpu::{DriverState, Gpu, GpuFinding, GpuProcess, GpuState};
use crate::model::{Bytes, HostId};

mod day;
mod role;

/// 2026-11-20T12:00:00Z.
const NOON: UnixMillis = UnixMillis(1_795_176_000_000);
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

fn size(nodes: u32, faults: bool) -> Size {
    Size { nodes, gpus: 8, faults }
}

fn world(faults: bool) -> World {
    World::new(1, size(40, faults), 2000)
}

fn after(minutes: i64) -> UnixMillis {
    UnixMillis(NOON.0 + minutes * MINUTE_MS + 1234)
}

/// Times over a day, at no round times of it.
fn times() -> impl Iterator<Item = UnixMillis> {
    (0..36).map(|step| after(step * 41))
}

fn cards(snapshot: &Snapshot) -> &[Gpu] {
    snapshot.gpus.value.present().map_or(&[], |gpus| &gpus.cards)
}

fn on_cards(snapshot: &Snapshot) -> &[GpuProcess] {
    snapshot.gpus.value.present().map_or(&[], |gpus| &gpus.processes)
}

fn shown<T: Copy>(reading: Reading<T>) -> T {
    reading.present().copied().expect("the demo knows it")
}

#[test]
fn the_same_seed_and_time_show_the_same_cluster() {
    let rows = |world: &World, at| world.overview(at, &[]).rows;
    let (one, other) = (world(true), world(true));
    // Whichever way time is walked.
    let forth: Vec<_> = (0..5).map(|step| rows(&one, after(step * 97))).collect();
    let back: Vec<_> = (0..5).rev().map(|step| rows(&other, after(step * 97))).collect();
    assert!(forth.iter().eq(back.iter().rev()));
    assert_ne!(forth[0], forth[1]);
    assert_ne!(forth[0], rows(&World::new(2, size(40, true), 2000), after(0)));
    assert_eq!(one.snapshot(7, NOON), other.snapshot(7, NOON));
}

#[test]
fn hosts_stand_in_groups_by_id() {
    let world = world(false);
    let ids: Vec<_> = world.ids().cloned().collect();
    assert_eq!(ids.len(), 40);
    assert!(ids.is_sorted_by(|one, other| one < other), "by id, each once: {ids:?}");
    for name in ["gpu-a100-01", "gpu-h100-08", "gpu-l40s-08", "lab-4090-08", "cpu-04"] {
        assert!(ids.contains(&HostId::parse(name).unwrap()), "{name} of {ids:?}");
    }
    let groups = world.groups();
    assert_eq!(groups.len(), 5);
    for row in world.overview(NOON, &[]).rows {
        assert!(groups.contains(&row.status.group), "{}", row.key);
        assert_eq!(row.key, row.status.name);
    }
    for nodes in [1, 2, 3, 7, 64, 1000] {
        assert_eq!(World::new(3, size(nodes, true), 2000).len(), nodes as usize);
    }
    // The only one has cards.
    assert_eq!(cards(&World::new(3, size(1, true), 2000).summary(0, NOON)).len(), 8);
}

#[test]
fn servers_have_as_many_cards_as_asked_for() {
    for gpus in [0, 1, 3, 8, 16] {
        let world = World::new(1, Size { nodes: 40, gpus, faults: false }, 2000);
        for number in 0..world.len() {
            let snapshot = world.summary(number, NOON);
            let wanted = match snapshot.status.group.as_str() {
                "CPU servers" => 0,
                "Workstations" => gpus.min(2),
                _ => gpus,
            };
            let cards = cards(&snapshot);
            assert_eq!(cards.len(), wanted as usize, "{}", snapshot.host);
            assert!((0..wanted).eq(cards.iter().map(|card| card.index)), "{}", snapshot.host);
            let keys: BTreeSet<_> = cards.iter().map(|card| &card.key).collect();
            assert_eq!(keys.len(), cards.len());
            assert_eq!(snapshot.gpus.value.reason().is_some(), wanted == 0);
        }
    }
}

#[test]
fn a_hosts_line_is_that_of_its_page() {
    for faults in [false, true] {
        let world = world(faults);
        for at in times().step_by(9) {
            for number in 0..world.len() {
                let snapshot = world.snapshot(number, at);
                assert_eq!(feed::line(&snapshot), world.row(number, at), "{}", snapshot.host);
            }
        }
    }
}

#[test]
fn a_line_takes_nothing_that_costs_much() {
    let world = world(true);
    for number in 0..world.len() {
        let snapshot = world.summary(number, NOON);
        assert_eq!(snapshot.processes.value, Reading::absent(Reason::NotCollected));
        assert_eq!(snapshot.disks.value, Reading::absent(Reason::NotCollected));
        assert_eq!(snapshot.containers.value, Reading::absent(Reason::NotCollected));
        assert!(snapshot.cpu.value.present().is_none_or(|cpu| cpu.per_core.is_empty()));
        assert!(cards(&snapshot).iter().all(|card| card.nvlinks.present().is_none()));
        assert!(on_cards(&snapshot).iter().all(|row| row.command.present().is_none()));
    }
}

#[test]
fn rows_that_did_not_change_are_the_same() {
    let world = world(true);
    let first = world.overview(NOON, &[]);
    let again = world.overview(NOON, &first.rows);
    assert!(first.rows.iter().zip(&again.rows).all(|(one, other)| Arc::ptr_eq(one, other)));
    let later = world.overview(UnixMillis(NOON.0 + 2000), &first.rows);
    for (before, now) in first.rows.iter().zip(&later.rows) {
        assert_eq!(Arc::ptr_eq(before, now), before == now, "{}", now.key);
        let is_known = now.status.state != HostState::Waiting && now.status.trouble.is_none();
        assert_eq!(Arc::ptr_eq(before, now), !is_known, "{}", now.key);
    }
}

#[test]
fn a_page_tells_one_story() {
    let world = world(false);
    for at in times().step_by(12) {
        for number in 0..world.len() {
            let snapshot = world.snapshot(number, at);
            one_story(&snapshot);
        }
    }
}

fn one_story(snapshot: &Snapshot) {
    let (host, table) = (&snapshot.host, snapshot.processes.value.present().unwrap());
    let by_pid: BTreeMap<_, _> = table.rows.iter().map(|one| (one.row.pid, &one.row)).collect();
    assert_eq!(by_pid.len(), table.rows.len(), "each process once");
    for row in on_cards(snapshot) {
        let seen = by_pid.get(&row.pid).unwrap_or_else(|| panic!("{host}: {row:?}"));
        assert_eq!((&row.user, row.user_id), (&seen.user, seen.user_id), "{host}");
        assert_eq!((&row.command, &row.place), (&seen.command, &seen.place), "{host}");
        assert_eq!(row.started_at_ms, seen.started_at_ms, "{host}");
        assert_eq!(row.resident_bytes, Reading::Present(seen.resident_bytes), "{host}");
        assert_eq!(row.name, Reading::Present(seen.name.clone()), "{host}");
    }
    let containers: BTreeSet<_> =
        snapshot.containers.value.present().unwrap().rows.iter().map(|row| &row.key).collect();
    let places = on_cards(snapshot).iter().filter_map(|row| row.place.present());
    for container in places.filter_map(|place| place.container.as_ref()) {
        assert!(containers.contains(&container.key), "{host}: {container:?}");
    }
    let used = snapshot.memory.value.present().unwrap().used_bytes.0;
    let resident: u64 = table.rows.iter().map(|one| one.row.resident_bytes.0).sum();
    assert!(resident <= used, "{host}: {resident} of {used}");
    assert!(used < snapshot.memory.value.present().unwrap().total_bytes.0);
    let cpu = snapshot.cpu.value.present().unwrap();
    let busy = shown(cpu.usage).busy_percent.0 * f64::from(shown(cpu.threads));
    let of_processes: f64 = table.rows.iter().map(|one| shown(one.row.cpu_percent).0).sum();
    assert!((busy - of_processes).abs() < 0.06 * busy + 500.0, "{host}: {busy} {of_processes}");
    for interface in &snapshot.network.value.present().unwrap().interfaces {
        let rate = shown(interface.received.bytes_per_second).0 * 8;
        let limit = interface.speed_bits_per_second.present().copied();
        assert!(limit.is_none_or(|limit| rate < limit.0), "{host}: {interface:?}");
    }
    let states = snapshot.sources.iter().map(|source| source.name.as_str());
    assert!(states.eq(crate::demo::snapshot(1, NOON).sources.iter().map(|one| one.name.as_str())));
}

#[test]
fn a_host_alone_tells_of_itself() {
    let world = world(true);
    for number in [0, 7, 39] {
        let alone = world.alone(number);
        assert_eq!(alone.ids().collect::<Vec<_>>(), [world.ids().nth(number).unwrap()]);
        let snapshot = alone.snapshot(0, NOON);
        assert_eq!(snapshot.status.state, HostState::Up);
        assert_eq!(feed::line(&snapshot), alone.row(0, NOON));
        assert!(alone.groups().is_empty());
        // What it tells is what the app shows, unless something is between them.
        let seen = world.snapshot(number, NOON);
        if seen.status.state == HostState::Up {
            assert_eq!(seen.gpus, snapshot.gpus);
        }
    }
}

#[test]
fn memory_and_jobs_fit_on_cards() {
    let world = World::new(5, Size { nodes: 30, gpus: 16, faults: false }, 2000);
    let mut shared = 0;
    for at in times().step_by(4) {
        for number in 0..world.len() {
            let snapshot = world.summary(number, at);
            for card in cards(&snapshot) {
                let mine = || on_cards(&snapshot).iter().filter(|row| row.gpu == card.index);
                let of = |bytes: Reading<Bytes>| bytes.present().map_or(0, |bytes| bytes.0);
                let processes: u64 = mine().map(|row| of(row.memory_bytes)).sum();
                let (total, used) = (of(card.memory.total_bytes), of(card.memory.used_bytes));
                assert!(processes <= used && used < total, "{}: {card:?}", snapshot.host);
                if card.problem.is_none() {
                    let sum = used + of(card.memory.reserved_bytes) + of(card.memory.free_bytes);
                    assert_eq!(sum, total, "{}: {card:?}", snapshot.host);
                }
                shared += usize::from(mine().count() > 1);
                assert!(mine().all(|row| shown(row.started_at_ms).0 <= at.0));
            }
        }
    }
    assert!(shared > 0, "some cards are shared");
}
