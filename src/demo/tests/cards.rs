//! The made-up cards, containers and processes tell one story.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::model::Text;
use crate::model::account::AccountEnd;
use crate::model::container::{ContainerHealth, ContainerState};
use crate::model::gpu::{DriverState, GpuFinding, GpuState, Severity, Throttle};
use crate::model::place::ContainerRuntime;

/// Machines of several seeds over three days, at no round times of day.
fn moments() -> impl Iterator<Item = (UnixMillis, DemoHost)> {
    [1, 3, 7, 42].into_iter().flat_map(|seed| {
        (0..48)
            .map(move |step| UnixMillis(NOON.0 + step * 5_401_000))
            .map(move |at| (at, machine(seed, at)))
    })
}

fn percent_of<T: Copy>(reading: Reading<T>) -> Option<T> {
    reading.present().copied()
}

#[test]
fn processes_on_cards_are_those_of_the_table() {
    for (at, host) in moments() {
        let gpus = &host.gpus;
        assert!(gpus.processes.is_sorted_by_key(|row| (row.gpu, row.pid)));
        let keys: BTreeSet<_> = gpus.processes.iter().map(|row| &row.key).collect();
        assert_eq!(keys.len(), gpus.processes.len(), "each once");
        let mut strangers = 0;
        for row in &gpus.processes {
            let seen = host.processes.rows.iter().find(|process| process.row.pid == row.pid);
            let Some(process) = seen else {
                assert_eq!(row.user.reason(), Some(Reason::Gone), "{row:?}");
                strangers += 1;
                continue;
            };
            let process = &process.row;
            assert_eq!((&row.user, row.user_id), (&process.user, process.user_id), "{row:?}");
            assert_eq!((&row.command, &row.place), (&process.command, &process.place));
            assert_eq!(row.started_at_ms, process.started_at_ms);
            assert!(shown(&row.started_at_ms).0 <= at.0, "it has begun: {row:?}");
        }
        assert_eq!(strangers, 1, "one lives in another namespace");
    }
}

#[test]
fn what_is_on_a_card_fits_on_it() {
    for (at, host) in moments() {
        for card in &host.gpus.cards {
            let mine = || host.gpus.processes.iter().filter(|row| row.gpu == card.index);
            if card.state == GpuState::Fault {
                assert_eq!(mine().count(), 0, "nothing runs on a card that is lost");
                continue;
            }
            assert_eq!(shown(&card.process_count) as usize, mine().count());
            let memory = card.memory;
            let of = |bytes: Reading<Bytes>| shown(&bytes).0;
            let processes: u64 = mine().map(|row| shown(&row.memory_bytes).0).sum();
            assert!(processes <= of(memory.used_bytes), "{card:?}");
            let together =
                of(memory.used_bytes) + of(memory.reserved_bytes) + of(memory.free_bytes);
            assert_eq!(together, of(memory.total_bytes), "{:?}", card.memory);
            for slice in &card.slices {
                let inside = || mine().filter(|row| row.slice.as_ref() == Some(&slice.key));
                let used: u64 = inside().map(|row| shown(&row.memory_bytes).0).sum();
                assert!(used <= of(slice.memory.used_bytes), "{slice:?}");
                assert!(of(slice.memory.used_bytes) <= of(slice.memory.total_bytes), "{slice:?}");
                assert_eq!(slice.state == GpuState::Busy, inside().count() > 0);
            }
            let shares = mine().filter_map(|row| percent_of(row.gpu_percent)).map(|share| share.0);
            if let Some(share) = percent_of(card.utilisation.gpu_percent) {
                assert!((shares.sum::<f64>() - share.0).abs() < 1.0 || share.0 > 99.0, "{card:?}");
            }
            let draw = shown(&card.power.draw_watts).0;
            assert!((55.0..=403.0).contains(&draw), "{draw}");
            let celsius = shown(&card.temperature.gpu_celsius).0;
            assert!((28.0..92.0).contains(&celsius), "{celsius}");
            assert!(shown(&card.state_since_ms).0 <= at.0);
            let idle = card.idle_since_ms.present().map(|since| at.since(*since));
            let is_idle = matches!(card.state, GpuState::Free | GpuState::Held);
            assert_eq!(idle.is_some(), is_idle, "{card:?}");
            assert!(idle.is_none_or(|long| (30 * 60_000..7 * 3_600_000).contains(&long)));
        }
    }
}

/// A page has all there is to show, whenever it is looked at.
#[test]
fn everything_that_happens_to_cards_happens() {
    for (at, host) in moments() {
        let gpus = &host.gpus;
        assert_eq!((gpus.driver, gpus.cards.len(), gpus.left_out), (DriverState::Running, 8, 0));
        let has = |state| gpus.cards.iter().any(|card| card.state == state);
        for state in [GpuState::Free, GpuState::Held, GpuState::Busy, GpuState::Fault] {
            assert!(has(state), "{state:?}");
        }
        let findings = || gpus.cards.iter().flat_map(|card| &card.health.findings);
        let found = |is: fn(&GpuFinding) -> bool| findings().any(is);
        assert!(found(|finding| matches!(finding, GpuFinding::Lost { .. })));
        assert!(found(|finding| matches!(finding, GpuFinding::Xid { code: 79, .. })));
        assert!(found(|finding| matches!(
            finding,
            GpuFinding::Throttled { reason: Throttle::SoftwareThermal, .. }
        )));
        assert!(found(|finding| matches!(finding, GpuFinding::LinkBelowMaximum { .. })));
        let holders = findings().find_map(|finding| match finding {
            GpuFinding::GhostMemory { holders, .. } => holders.present(),
            _ => None,
        });
        for holder in holders.expect("somebody holds a card") {
            let process = host.processes.rows.iter().find(|one| one.row.pid == holder.pid).unwrap();
            assert_eq!((&process.row.name, &process.row.user), (&holder.name, &holder.user));
        }
        for card in &gpus.cards {
            let worst = card.health.findings.iter().map(GpuFinding::severity).max();
            assert_eq!(card.health.severity, worst, "{card:?}");
            let order = card.health.findings.iter().map(GpuFinding::severity);
            assert!(order.rev().is_sorted(), "worst first");
            assert_eq!(card.state == GpuState::Fault, worst == Some(Severity::Critical));
        }
        let events = &gpus.events;
        assert!(events.is_sorted_by(|a, b| a.at_ms.0 > b.at_ms.0), "newest first");
        assert!(at.since(events[0].at_ms) < 24 * 3_600_000, "within a day");

        let places: Vec<_> =
            gpus.processes.iter().filter_map(|row| row.place.present().cloned()).collect();
        let runtime = |runtime| {
            let mut all = places.iter().filter_map(|place| place.container.as_ref());
            all.any(|container| container.runtime == runtime)
        };
        assert!(runtime(ContainerRuntime::Docker) && runtime(ContainerRuntime::Lxc));
        assert!(places.iter().any(|place| place.pod.is_some()));
        assert!(places.iter().any(|place| place.slurm_job.is_some()));
        assert!(places.iter().any(|place| place.session.is_some()));
        assert!(places.iter().any(|place| place.unit.is_some()));
    }
}

#[test]
fn people_are_the_processes_by_user() {
    for (_, host) in moments() {
        let gpus = &host.gpus;
        let mut by_user: BTreeMap<Option<&Text>, (u32, u64, BTreeSet<u32>)> = BTreeMap::new();
        for row in &gpus.processes {
            let entry = by_user.entry(row.user.present()).or_default();
            entry.0 += 1;
            entry.1 += shown(&row.memory_bytes).0;
            entry.2.insert(row.gpu);
        }
        assert_eq!(gpus.people.len(), by_user.len());
        for person in &gpus.people {
            let (processes, memory, cards) = &by_user[&person.user.present()];
            assert_eq!(person.processes, *processes);
            assert_eq!(shown(&person.memory_bytes).0, *memory);
            assert_eq!(person.gpus, cards.iter().copied().collect::<Vec<_>>());
            assert!(person.held_gpus.iter().all(|held| cards.contains(held)), "{person:?}");
        }
        assert!(
            gpus.people
                .is_sorted_by_key(|person| { std::cmp::Reverse(shown(&person.memory_bytes).0) })
        );
        assert!(gpus.people.iter().any(|person| !person.held_gpus.is_empty()));
        let ends = |is: fn(&Reading<AccountEnd>) -> bool| {
            gpus.people.iter().any(|person| is(&person.account_end))
        };
        assert!(ends(|end| matches!(end, Reading::Present(AccountEnd::Never))));
        assert!(ends(|end| matches!(end, Reading::Present(AccountEnd::At { expired: true, .. }))));
        assert!(ends(|end| matches!(end, Reading::Present(AccountEnd::At { expired: false, .. }))));
        assert!(ends(|end| end.reason() == Some(Reason::NotSupported)));
    }
}

#[test]
fn containers_are_those_that_processes_are_in() {
    for (at, host) in moments() {
        let rows = &host.containers.rows;
        let keys: BTreeSet<_> = rows.iter().map(|row| &row.key).collect();
        assert_eq!(keys.len(), rows.len(), "each once");
        let mut processes: BTreeMap<Text, u32> = BTreeMap::new();
        for process in &host.processes.rows {
            let place = shown(&process.row.place);
            if let Some(container) = &place.container {
                let row = rows.iter().find(|row| row.key == container.key).unwrap();
                assert_eq!(
                    (row.runtime, &row.short, &row.pod),
                    (container.runtime, &container.short, &place.pod)
                );
                assert!(shown(&row.started_at_ms).0 <= shown(&process.row.started_at_ms).0);
                *processes.entry(container.key.clone()).or_default() += 1;
            }
        }
        for row in rows {
            assert_eq!(shown(&row.processes), processes[&row.key], "{row:?}");
            assert!(shown(&row.tasks) >= shown(&row.processes));
            let (memory, limit) = (shown(&row.memory_bytes), shown(&row.memory_limit_bytes));
            assert!(limit.is_none_or(|limit| memory.0 <= limit.0), "{row:?}");
            let (cpu, limit) = (shown(&row.cpu_percent), shown(&row.cpu_limit_percent));
            assert!(limit.is_none_or(|limit| cpu.0 <= limit.0), "{row:?}");
            assert_eq!(row.throttled_percent.present().is_some(), limit.is_some());
            assert!(shown(&row.started_at_ms).0 < at.0);
        }
        let named = |row: &crate::model::container::Container| {
            row.name.present().unwrap_or(&row.short).clone()
        };
        assert!(rows.is_sorted_by_key(|row| (named(row), row.key.clone())));
        let states: Vec<_> = rows.iter().filter_map(|row| percent_of(row.state)).collect();
        assert_eq!(states.iter().filter(|state| **state == ContainerState::Paused).count(), 1);
        for health in
            [ContainerHealth::Healthy, ContainerHealth::Unhealthy, ContainerHealth::Starting]
        {
            assert!(rows.iter().any(|row| row.health.present() == Some(&health)), "{health:?}");
        }
        assert!(rows.iter().any(|row| shown(&row.oom_kills) > 0));
        let problems: Vec<_> =
            host.containers.engines.iter().map(|engine| engine.problem.is_some()).collect();
        assert_eq!(problems, [false, true]);
    }
}

/// What is seen a few seconds later is near, and not the same.
#[test]
fn cards_change_as_cards_do() {
    let at = |seconds: i64| machine(7, UnixMillis(NOON.0 + seconds * 1000)).gpus;
    let mut loads = BTreeSet::new();
    let mut energy = 0;
    for second in 0..120 {
        let card = at(second).cards[2].clone();
        loads.insert(shown(&card.utilisation.gpu_percent).0 as u32);
        let used = shown(&card.power.energy_joules).0;
        assert!(used > energy, "energy only grows");
        energy = used;
    }
    assert!(loads.len() > 5, "{loads:?}");
    let heat: Vec<f64> =
        (0..120).map(|second| shown(&at(second).cards[2].temperature.gpu_celsius).0).collect();
    assert!(heat.windows(2).all(|pair| (pair[0] - pair[1]).abs() <= 1.0), "{heat:?}");
}
