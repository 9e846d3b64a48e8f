use proptest::prelude::*;

use super::*;
use GpuProcessKind::{Compute, Graphics, Mps};

const GIB: u64 = 1 << 30;

fn sample(pid: u32, timestamp: u64, gpu: u32) -> ProcessUtilizationSample {
    ProcessUtilizationSample {
        pid,
        timestamp,
        sm_util: gpu,
        mem_util: gpu / 2,
        enc_util: 0,
        dec_util: 0,
    }
}

fn gpu_of(shares: &BTreeMap<u32, Shares>, pid: u32) -> Reading<Percent> {
    shares[&pid].gpu
}

const MEASURING: Reading<Percent> = Reading::absent(Reason::Measuring);

#[test]
fn a_process_of_several_lists_is_one_row_with_all_it_does() {
    let merged = merge(
        [
            (Graphics, vec![(7, Some(GIB)), (3, Some(5))]),
            (Compute, vec![(7, Some(2 * GIB)), (9, None)]),
            (Mps, vec![(9, Some(GIB)), (0, Some(1))]),
            (Compute, vec![(7, None)]),
        ],
        Some(Bytes(80 * GIB)),
    );
    assert_eq!(
        merged,
        [
            Found { pid: 3, kinds: vec![Graphics], memory: Reading::Present(Bytes(5)) },
            Found {
                pid: 7,
                kinds: vec![Compute, Graphics],
                memory: Reading::Present(Bytes(2 * GIB))
            },
            Found { pid: 9, kinds: vec![Compute, Mps], memory: Reading::Present(Bytes(GIB)) },
        ]
    );
}

#[test]
fn more_memory_than_the_card_has_is_no_memory() {
    let lists = || [(Compute, vec![(7, Some(81 * GIB)), (8, None)])];
    let memory = |most| merge(lists(), most).into_iter().map(|it| it.memory).collect::<Vec<_>>();
    let unknown = Reading::absent(Reason::NotSupported);
    assert_eq!(memory(Some(Bytes(80 * GIB))), [Reading::absent(Reason::Malformed), unknown]);
    assert_eq!(memory(None), [Reading::Present(Bytes(81 * GIB)), unknown], "unified memory");
}

#[test]
fn the_first_reading_measures_nothing_and_the_next_goes_on_from_it() {
    let mut window = Window::default();
    let first = window.shares(&[7], &[sample(7, 1000, 90)]);
    assert_eq!(gpu_of(&first, 7), MEASURING);
    assert_eq!(window.newest(), 1000);

    let second = window.shares(&[7], &[sample(7, 2000, 40), sample(7, 3000, 45)]);
    assert_eq!(second[&7].gpu, Reading::Present(Percent(42.5)));
    assert_eq!(second[&7].memory, Reading::Present(Percent(21.0)));
    assert_eq!(second[&7].encoder, Reading::Present(Percent(0.0)));
    assert_eq!(window.newest(), 3000);
}

#[test]
fn without_a_sample_who_was_there_used_nothing_and_who_is_new_is_being_measured() {
    let mut window = Window::default();
    window.shares(&[7, 8], &[sample(7, 1000, 90)]);
    let shares = window.shares(&[7, 8, 9], &[sample(7, 2000, 50)]);
    assert_eq!(gpu_of(&shares, 7), Reading::Present(Percent(50.0)));
    assert_eq!(gpu_of(&shares, 8), Reading::Present(Percent(0.0)));
    assert_eq!(gpu_of(&shares, 9), MEASURING);
    // Nothing new at all, which the driver says as an error: idle.
    let idle = window.shares(&[7, 8, 9], &[]);
    assert!([7, 8, 9].iter().all(|pid| gpu_of(&idle, *pid) == Reading::Present(Percent(0.0))));
    assert_eq!(window.newest(), 2000);
}

#[test]
fn samples_that_were_seen_and_rows_that_were_not_filled_in_do_not_count() {
    let mut window = Window::default();
    window.shares(&[7], &[sample(7, 1000, 90)]);
    let samples = [
        sample(7, 1000, 90),
        sample(7, 500, 90),
        sample(7, 1500, u32::MAX),
        sample(0, 1600, 10),
        sample(7, 1700, 10),
    ];
    let shares = window.shares(&[7], &samples);
    assert_eq!(gpu_of(&shares, 7), Reading::Present(Percent(10.0)));
    assert_eq!(window.newest(), 1700);
}

#[test]
fn after_a_pause_all_are_measured_anew() {
    let mut window = Window::default();
    window.shares(&[7], &[]);
    window.forget();
    let shares = window.shares(&[7], &[sample(7, 1000, 90)]);
    assert_eq!(gpu_of(&shares, 7), MEASURING);
    assert_eq!(
        gpu_of(&window.shares(&[7], &[]), 7),
        Reading::Present(Percent(0.0)),
        "and go on from there"
    );
}

proptest! {
    #[test]
    fn whatever_the_driver_says_shares_are_shares(
        runs in prop::collection::vec(
            prop::collection::vec((0_u32..5, any::<u64>(), any::<u32>()), 0..20),
            1..5,
        )
    ) {
        let mut window = Window::default();
        let mut newest = 0;
        for samples in runs {
            let samples: Vec<_> =
                samples.into_iter().map(|(pid, at, gpu)| sample(pid, at, gpu % 150)).collect();
            let shares = window.shares(&[1, 2, 3], &samples);
            prop_assert_eq!(shares.len(), 3);
            for percent in shares.values().filter_map(|it| it.gpu.present()) {
                prop_assert!((0.0..=100.0).contains(&percent.0));
            }
            prop_assert!(window.newest() >= newest);
            newest = window.newest();
        }
    }

    #[test]
    fn merging_keeps_every_process_once(
        lists in prop::collection::vec(prop::collection::vec((0_u32..9, any::<u64>()), 0..9), 3)
    ) {
        let [one, other, third] = [&lists[0], &lists[1], &lists[2]]
            .map(|list| list.iter().map(|(pid, memory)| (*pid, Some(*memory))).collect());
        let merged = merge([(Compute, one), (Graphics, other), (Mps, third)], None);
        let pids: Vec<_> = merged.iter().map(|found| found.pid).collect();
        let wanted: BTreeSet<_> =
            lists.iter().flatten().map(|(pid, _)| *pid).filter(|pid| *pid != 0).collect();
        prop_assert_eq!(pids, wanted.into_iter().collect::<Vec<_>>());
        prop_assert!(merged.iter().all(|found| !found.kinds.is_empty()));
    }
}
