//! Whatever a driver says: no panic, the same answer to the same question, and nothing that
//! contradicts itself.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::model::gpu::{
    ComputeMode, GpuEvent, GpuPcie, NvLink, RetiredPages, RowRemap, XidAction, XidClass,
};
use crate::model::{Celsius, Joules};

fn reading<T: Clone + std::fmt::Debug + 'static>(
    values: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Reading<T>> {
    prop_oneof![
        4 => values.prop_map(Reading::Present),
        1 => select(Reason::ALL.to_vec()).prop_map(Reading::absent),
    ]
    .boxed()
}

fn number() -> BoxedStrategy<f64> {
    let odd = vec![0.0, 1.9, 2.0, 5.0, 100.0, -1.0, 1e300, f64::NAN, f64::INFINITY];
    prop_oneof![select(odd), 0.0..100.0].boxed()
}

fn count() -> BoxedStrategy<u64> {
    prop_oneof![select(vec![0, 1, u64::MAX]), 0..100_u64].boxed()
}

fn percents() -> BoxedStrategy<Reading<Percent>> {
    reading(number().prop_map(Percent))
}

fn celsius() -> BoxedStrategy<Reading<Celsius>> {
    reading(number().prop_map(Celsius))
}

fn problems() -> BoxedStrategy<Option<Problem>> {
    let reasons = vec![Reason::Gone, Reason::NotResponding, Reason::PermissionDenied];
    prop_oneof![5 => Just(None), 1 => select(reasons).prop_map(problem)].boxed()
}

fn memories() -> BoxedStrategy<GpuMemory> {
    (percents(), reading(count().prop_map(Bytes)), reading(count().prop_map(Bytes)))
        .prop_map(|(used_percent, used_bytes, total_bytes)| GpuMemory {
            used_percent,
            used_bytes,
            total_bytes,
            ..GpuMemory::default()
        })
        .boxed()
}

fn links() -> BoxedStrategy<Reading<Vec<NvLink>>> {
    let link =
        (0..4_u32, reading(any::<bool>()), reading(count())).prop_map(|(link, active, errors)| {
            NvLink {
                link,
                active,
                errors,
                version: Reading::default(),
                speed_bytes_per_second: Reading::default(),
                remote: Reading::default(),
            }
        });
    // A driver numbers each once.
    reading(vec(link, 0..4).prop_map(|mut links| {
        links.sort_by_key(|link| link.link);
        links.dedup_by_key(|link| link.link);
        links
    }))
}

fn slices() -> BoxedStrategy<Vec<DeviceSlice>> {
    let slice =
        (0..3_u32, memories(), reading(0..3_u32)).prop_map(|(number, memory, count)| DeviceSlice {
            key: format!("0:{number}").into(),
            uuid: Reading::default(),
            profile: Reading::default(),
            gpu_instance: Reading::default(),
            compute_instance: Reading::default(),
            state: GpuState::Free,
            memory,
            process_count: count,
        });
    vec(slice, 0..3)
        .prop_map(|mut slices| {
            slices.sort_by(|a, b| a.key.cmp(&b.key));
            slices.dedup_by(|a, b| a.key == b.key);
            slices
        })
        .boxed()
}

fn cards() -> BoxedStrategy<Gpu> {
    let throttles = vec![Throttle::Idle, Throttle::HardwareThermal, Throttle::PowerCap];
    let first = (0..3_u32, 0..3_u32, reading(select(vec!["a", "b"])), problems(), percents());
    let second = (memories(), celsius(), celsius(), reading(vec(select(throttles), 0..3)), links());
    let remap = (any::<bool>(), any::<bool>()).prop_map(|(pending, failed)| RowRemap {
        corrected: 0,
        uncorrected: 0,
        pending,
        failed,
    });
    let pages =
        any::<bool>().prop_map(|pending| RetiredPages { corrected: 0, uncorrected: 0, pending });
    let third =
        (reading(count()), reading(remap), reading(pages), reading(any::<bool>()), slices());
    let modes = vec![ComputeMode::Default, ComputeMode::Prohibited];
    let pcie = vec((0..20_u32).boxed(), 4);
    let fourth = (reading(0..4_u32), reading(select(modes)), pcie, reading(count()));
    (first, second, third, fourth)
        .prop_map(|(first, second, third, fourth)| {
            let (address, index, uuid, problem, use_percent) = first;
            let (memory, celsius, slowdown, throttle, nvlinks) = second;
            let (uncorrected, row_remap, retired_pages, mig, slices) = third;
            let (process_count, compute_mode, pcie, energy) = fourth;
            let mut card = Gpu {
                key: format!("card {address}").into(),
                index,
                name: uuid.map(Text::from),
                uuid: uuid.map(Text::from),
                problem,
                memory,
                throttle,
                nvlinks,
                row_remap,
                retired_pages,
                mig,
                slices,
                process_count,
                compute_mode,
                ..Gpu::default()
            };
            card.utilisation.gpu_percent = use_percent;
            card.temperature.gpu_celsius = celsius;
            card.temperature.slowdown_celsius = slowdown;
            card.ecc.since_load.uncorrected = uncorrected;
            card.power.energy_joules = energy.map(Joules);
            card.pcie = GpuPcie {
                generation: present(pcie[0]),
                most_generation: present(pcie[1]),
                width: present(pcie[2]),
                most_width: present(pcie[3]),
                ..GpuPcie::default()
            };
            card
        })
        .boxed()
}

fn machines() -> BoxedStrategy<Gpus> {
    let driver = prop_oneof![4 => Just(DriverState::Running), 1 => Just(DriverState::Failing)];
    let kind = select(vec![GpuProcessKind::Compute, GpuProcessKind::Graphics]);
    let row = (0..3_u32, 0..5_u32, select(vec!["alice", "bob"]), kind, percents(), any::<bool>())
        .prop_map(|(gpu, pid, user, kind, gpu_percent, on_slice)| GpuProcess {
            gpu_percent,
            slice: on_slice.then(|| "0:1".into()),
            ..process(gpu, pid, user, kind)
        });
    let event =
        (any::<i32>(), 0..3_u32, select(vec![13, 79, 95, 4711])).prop_map(|(ago, gpu, code)| {
            GpuEvent {
                at_ms: UnixMillis(NOON.0 - i64::from(ago)),
                gpu,
                code,
                class: XidClass::Unknown,
                action: XidAction::LookUp,
            }
        });
    (driver, vec(cards(), 0..4), vec(row, 0..6), vec(event, 0..4))
        .prop_map(|(driver, cards, processes, events)| Gpus {
            driver,
            processes,
            events,
            ..Watch::of(cards).gpus
        })
        .boxed()
}

/// What holds of everything that was judged.
fn check(gpus: &Gpus, now: Moment) -> Result<(), TestCaseError> {
    for card in &gpus.cards {
        let findings = &card.health.findings;
        let severities: Vec<Severity> = findings.iter().map(GpuFinding::severity).collect();
        prop_assert!(severities.is_sorted_by(|a, b| a >= b), "worst first: {findings:?}");
        prop_assert_eq!(card.health.severity, severities.first().copied());
        let told = card.health.severity;
        if card.state == GpuState::Fault {
            prop_assert_eq!(told, Some(Severity::Critical), "a fault says why: {:?}", findings);
        }
        if card.state == GpuState::Free {
            prop_assert!(gpus.driver == DriverState::Running && card.problem.is_none());
            prop_assert_ne!(card.compute_mode, present(ComputeMode::Prohibited));
            let computes = |row: &&GpuProcess| {
                row.gpu == card.index && row.kinds.contains(&GpuProcessKind::Compute)
            };
            prop_assert_eq!(gpus.processes.iter().find(computes), None);
        }
        for since in [card.state_since_ms, card.idle_since_ms] {
            prop_assert!(since.present().is_none_or(|since| since.0 <= now.wall.0));
        }
    }
    for user in &gpus.people {
        prop_assert!(user.held_gpus.iter().all(|gpu| user.gpus.contains(gpu)));
        prop_assert!(user.processes > 0);
    }
    let keys: std::collections::HashSet<&str> =
        gpus.people.iter().map(|user| user.key.as_str()).collect();
    prop_assert_eq!(keys.len(), gpus.people.len(), "a row has its key for itself");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_machine_at_any_time(
        steps in vec((machines(), 0_u64..200_000, -3_000_000_i64..3_000_000, 1_u8..30), 1..5)
    ) {
        let mut watch = Watch::of(Vec::new());
        for (machine, pause, set_clock, looks) in steps {
            watch.pass(Duration::from_millis(pause));
            watch.now.wall.0 += if set_clock % 4 == 0 { set_clock } else { 0 };
            watch.gpus = machine;
            for _ in 0..looks {
                watch.pass(2 * SECOND).look();
                check(&watch.seen, watch.now)?;
            }
            let keys: std::collections::HashSet<&str> =
                watch.gpus.cards.iter().map(|card| card.key.as_str()).collect();
            if keys.len() == watch.gpus.cards.len() {
                let first = watch.seen.clone();
                watch.look();
                prop_assert_eq!(format!("{:?}", &watch.seen), format!("{first:?}"), "asked twice");
                // What was judged once can be judged again.
                let mut again = first.clone();
                watch.assessor.assess(&mut again, watch.now);
                prop_assert_eq!(format!("{again:?}"), format!("{first:?}"), "judged twice");
            }
            let mut kept = watch.seen.clone();
            watch.assessor.unreadable(&mut kept, Reason::NotResponding, watch.now);
            check(&kept, watch.now)?;
            prop_assert!(kept.cards.iter().all(|card| card.state == GpuState::Unknown));
        }
    }
}

#[test]
fn memory_of_the_assessor_is_bounded() {
    let mut watch = Watch::of(Vec::new());
    for round in 0..500_u32 {
        let mut card = idle_card(0);
        card.key = format!("card {round}").into();
        watch.gpus.cards = vec![card];
        watch.pass(SECOND).look();
    }
    assert!(watch.assessor.trackers.len() <= 2 * GPUS_MAX);
    watch.pass(Rules::XID_KEPT + SECOND).look();
    assert_eq!(watch.assessor.trackers.len(), 1, "cards that are gone for a day are forgotten");
    let mut many = idle_card(0);
    many.slices = (0..1000)
        .map(|number| DeviceSlice {
            key: format!("0:{number}").into(),
            uuid: Reading::default(),
            profile: Reading::default(),
            gpu_instance: Reading::default(),
            compute_instance: Reading::default(),
            state: GpuState::Unknown,
            memory: GpuMemory::default(),
            process_count: present(0),
        })
        .collect();
    watch.gpus.cards = vec![many; 200];
    watch.watch(3 * SECOND);
    assert!(watch.assessor.trackers.len() <= 2 * GPUS_MAX);
}
