//! A day at the made-up site.

use super::*;
use crate::model::gpu::Severity;

/// The rules of docs/gpu.md.
#[test]
fn states_of_cards_follow_the_rules() {
    let world = world(true);
    for at in times() {
        for number in 0..world.len() {
            let snapshot = world.summary(number, at);
            let taken = snapshot.taken_at_ms;
            for card in cards(&snapshot) {
                let count = on_cards(&snapshot).iter().filter(|row| row.gpu == card.index).count();
                follows_the_rules(card, count, taken);
            }
        }
    }
}

fn follows_the_rules(card: &Gpu, processes: usize, at: UnixMillis) {
    let since = card.state_since_ms.present().map(|since| at.since(*since));
    let idle = card.idle_since_ms.present().map(|since| at.since(*since));
    let busy = card.utilisation.gpu_percent.present().map(|percent| percent.0);
    let worst = card.health.findings.iter().map(GpuFinding::severity).max();
    assert_eq!(card.health.severity, worst, "{card:?}");
    assert_eq!(card.state == GpuState::Fault, worst == Some(Severity::Critical), "{card:?}");
    match card.state {
        GpuState::Free => {
            assert_eq!((processes, busy), (0, Some(0.0)), "{card:?}");
            assert!(idle >= Some(30_000) && since >= Some(0) && since <= idle, "{card:?}");
        }
        GpuState::Held => {
            assert!(processes > 0 && busy == Some(0.0), "{card:?}");
            assert!(idle >= Some(600_000), "{card:?}");
            assert_eq!(since, idle.map(|idle| idle - 600_000), "{card:?}");
        }
        GpuState::Busy => {
            assert!(since >= Some(0), "{card:?}");
            match idle {
                None => assert!(processes > 0 && busy >= Some(2.0), "{card:?}"),
                // It was used a moment ago, or is on its way to be held.
                Some(idle) => {
                    assert!(idle < if processes > 0 { 600_000 } else { 30_000 }, "{card:?}");
                    assert_eq!(busy, Some(0.0), "{card:?}");
                }
            }
        }
        GpuState::Fault => {
            assert_eq!(processes, 0, "{card:?}");
            assert!((0..24 * HOUR_MS).contains(&since.unwrap()), "{card:?}");
            assert_eq!(busy.is_none(), card.problem.is_some(), "{card:?}");
        }
        GpuState::Unknown => assert_eq!((processes, busy), (0, None), "{card:?}"),
    }
    if let Some(celsius) = card.temperature.gpu_celsius.present() {
        assert!((25.0..95.0).contains(&celsius.0), "{card:?}");
        assert!((20.0..=700.0).contains(&shown(card.power.draw_watts).0), "{card:?}");
    }
}

#[test]
fn a_day_is_believable() {
    let world = world(false);
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut all, mut jobs, mut people, mut xids) =
        (0, BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut places = BTreeSet::new();
    for at in times() {
        for number in 0..world.len() {
            let snapshot = world.summary(number, at);
            assert_eq!(snapshot.status.state, HostState::Up);
            for card in cards(&snapshot) {
                let state = match card.state {
                    GpuState::Free => "free",
                    GpuState::Held => "held",
                    GpuState::Busy => "busy",
                    GpuState::Fault => "fault",
                    GpuState::Unknown => "unknown",
                };
                *states.entry(state).or_default() += 1;
                all += 1;
                for finding in &card.health.findings {
                    if let GpuFinding::Xid { code, .. } = finding {
                        xids.insert(*code);
                    }
                }
            }
            for row in on_cards(&snapshot) {
                jobs.insert((snapshot.host.clone(), row.key.clone()));
                people.insert(row.user.present().unwrap().clone());
                let place = row.place.present().unwrap();
                let container = place.container.as_ref().map(|one| one.runtime.as_str());
                places.insert(container.unwrap_or(match (&place.slurm_job, &place.unit) {
                    (Some(_), _) => "slurm",
                    (_, Some(_)) => "unit",
                    _ => "session",
                }));
            }
        }
    }
    let share = |state| 100 * states.get(state).copied().unwrap_or(0) / all;
    assert!((24..=38).contains(&share("free")), "{states:?}");
    assert!((5..=12).contains(&share("held")), "{states:?}");
    assert!(
        states["fault"] > 36,
        "one is always lost, one broken for a part of the day: {states:?}"
    );
    assert!(!states.contains_key("unknown"));
    assert!(jobs.len() > 400, "{}", jobs.len());
    assert!(people.len() >= 24, "{people:?}");
    assert!(xids.contains(&79) && xids.contains(&31) && xids.len() >= 3, "{xids:?}");
    let wanted = ["docker", "podman", "session", "slurm", "unit"];
    assert!(wanted.into_iter().eq(places.iter().copied()), "{places:?}");
}

#[test]
fn services_answer_less_at_night() {
    let world = world(false);
    let used = |hour: i64| {
        let at = UnixMillis(NOON.0 + (hour - 12) * HOUR_MS);
        let levels = (0..world.len()).flat_map(|number| {
            let snapshot = world.summary(number, at);
            let rows = on_cards(&snapshot).iter();
            let rows =
                rows.filter(|row| row.name.present().is_some_and(|name| name.as_str() != "python"));
            rows.map(|row| shown(row.gpu_percent).0).collect::<Vec<_>>()
        });
        let levels: Vec<f64> = levels.collect();
        levels.iter().sum::<f64>() / levels.len() as f64
    };
    let (night, day) = (used(27), used(15));
    assert!(night * 1.5 < day, "{night} {day}");
}

#[test]
fn jobs_grow_and_end() {
    let world = world(false);
    let memory = |at| -> BTreeMap<(HostId, Text), u64> {
        let rows = (0..world.len()).flat_map(|number| {
            let snapshot = world.summary(number, at);
            let host = snapshot.host.clone();
            let of = |row: &GpuProcess| shown(row.memory_bytes).0;
            let rows =
                on_cards(&snapshot).iter().map(|row| ((host.clone(), row.key.clone()), of(row)));
            rows.collect::<Vec<_>>()
        });
        rows.collect()
    };
    let (before, now) = (memory(after(0)), memory(after(30)));
    let both = || before.iter().filter_map(|(key, bytes)| Some((bytes, now.get(key)?)));
    assert!(both().all(|(before, now)| before <= now), "what a job has it keeps");
    assert!(both().filter(|(before, now)| before < now).count() > 3, "young ones grow");
    assert!(before.keys().any(|key| !now.contains_key(key)), "some have ended");
    assert!(now.keys().any(|key| !before.contains_key(key)), "some have begun");
}

#[test]
fn every_fault_occurs_within_a_day() {
    let world = world(true);
    let (mut troubles, mut states) = (BTreeSet::new(), BTreeSet::new());
    let (mut ahead, mut drivers, mut back) = (0, BTreeSet::new(), 0);
    let mut was_down = BTreeSet::new();
    for step in 0..24 * 180 {
        let at = UnixMillis(NOON.0 + step * 20_000);
        for (number, id) in world.ids().enumerate() {
            let look = faults::look(world.host(number), at, 2000);
            let status = look.status;
            states.insert(status.state);
            ahead += i32::from(status.clock_ahead_ms.is_some_and(|ahead| ahead > 9 * MINUTE_MS));
            if let Some(trouble) = &status.trouble {
                troubles.insert(trouble.kind.as_str());
                assert!(trouble.since_ms.0 <= at.0, "{id}: {trouble:?}");
                // What is shown is from before.
                assert!(look.values_at.is_none_or(|values| values == trouble.since_ms), "{id}");
            } else {
                assert_eq!(look.values_at, Some(at), "{id}");
            }
            match status.state {
                HostState::Down => _ = was_down.insert(id),
                HostState::Up => back += usize::from(was_down.remove(id)),
                HostState::Stale => {
                    let late = at.since(look.values_at.unwrap());
                    assert!((6000..60_000).contains(&late), "{id}: {late}");
                }
                HostState::Waiting => assert_eq!(look.values_at, None),
                HostState::Maintenance => assert!(status.maintenance.is_some()),
            }
            assert!(status.state_since_ms.present().is_none_or(|since| since.0 <= at.0), "{id}");
        }
    }
    for number in 0..world.len() {
        let snapshot = world.summary(number, NOON);
        if let Some(gpus) = snapshot.gpus.value.present() {
            drivers.insert(format!("{:?}", gpus.driver));
        }
    }
    assert_eq!(states.len(), 5, "{states:?}");
    assert!(back >= 6, "they come back: {back}");
    assert!(ahead > 1000, "{ahead}");
    assert!(drivers.contains(&format!("{:?}", DriverState::VersionMismatch)), "{drivers:?}");
    let wanted = [
        TroubleKind::ConnectTimeout,
        TroubleKind::NameNotFound,
        TroubleKind::ReadTimeout,
        TroubleKind::Refused,
        TroubleKind::Unauthorized,
        TroubleKind::Unreachable,
    ];
    assert!(
        wanted.map(TroubleKind::as_str).into_iter().eq(troubles.iter().copied()),
        "{troubles:?}"
    );
}

#[test]
fn without_faults_everybody_is_up() {
    let world = world(false);
    for at in times() {
        for number in 0..world.len() {
            let look = faults::look(world.host(number), at, 2000);
            assert_eq!((look.status.state, look.values_at), (HostState::Up, Some(at)));
            assert_eq!((look.status.trouble, look.status.clock_ahead_ms), (None, None));
        }
    }
}
