use std::sync::Arc;

use super::*;
use crate::model::gpu::{GpuMemory, GpuUtilisation};
use crate::model::{Reason, Section};

const NOON: UnixMillis = UnixMillis(1_795_176_000_000);

fn at(seconds: i64) -> UnixMillis {
    UnixMillis(NOON.0 + seconds * 1000)
}

fn card(key: &str, index: u32, percent: f64) -> Gpu {
    Gpu {
        key: key.into(),
        index,
        utilisation: GpuUtilisation {
            gpu_percent: Reading::Present(Percent(percent)),
            ..GpuUtilisation::default()
        },
        memory: GpuMemory {
            used_percent: Reading::Present(Percent(percent / 2.0)),
            ..GpuMemory::default()
        },
        ..Gpu::default()
    }
}

fn push(recent: &mut Recent, at: UnixMillis, cards: Vec<Gpu>) {
    let host = HostId::from_hostname("gpu-01");
    let mut snapshot = crate::demo::snapshot(1, NOON);
    snapshot.host = host;
    let Reading::Present(mut gpus) = snapshot.gpus.value.clone() else {
        panic!("the demo has cards")
    };
    gpus.cards = cards;
    snapshot.gpus = Arc::new(Section {
        taken_at_ms: Reading::Present(at),
        interval_ms: 2000,
        problem: None,
        value: Reading::Present(gpus),
    });
    recent.push(&snapshot);
}

fn cards(recent: &Recent) -> Vec<RecentGpu> {
    recent.document(&HostId::from_hostname("gpu-01")).gpus
}

#[test]
fn cards_have_a_past_of_their_own() {
    let mut recent = Recent::default();
    // By key the other way round than by index.
    let both = |load: f64| vec![card("b", 0, load), card("a", 1, load + 10.0)];
    push(&mut recent, at(0), both(20.0));
    push(&mut recent, at(2), both(40.0));
    let kept = cards(&recent);
    assert_eq!(kept.iter().map(|card| card.key.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(kept[1].times_ms, [at(0), at(2)]);
    let percents = |values: &[f64]| {
        values.iter().map(|value| Reading::Present(Percent(*value))).collect::<Vec<_>>()
    };
    assert_eq!(kept[1].gpu_percent, percents(&[30.0, 50.0]));
    assert_eq!(kept[1].memory_percent, percents(&[15.0, 25.0]));
}

#[test]
fn a_value_that_could_not_be_read_is_a_point_with_its_reason() {
    let mut recent = Recent::default();
    let mut lost = card("a", 0, 50.0);
    lost.utilisation.gpu_percent = Reading::absent(Reason::Gone);
    push(&mut recent, at(0), vec![lost]);
    assert_eq!(cards(&recent)[0].gpu_percent, [Reading::absent(Reason::Gone)]);
}

#[test]
fn a_card_that_is_gone_leaves_when_its_points_expire() {
    let mut recent = Recent::default();
    let span = RECENT_SPAN_MS / 1000;
    push(&mut recent, at(0), vec![card("a", 0, 1.0), card("b", 1, 2.0)]);
    push(&mut recent, at(2), vec![card("a", 0, 1.0)]);
    assert_eq!(cards(&recent).len(), 2, "it was there a moment ago");
    push(&mut recent, at(span), vec![card("a", 0, 1.0)]);
    assert_eq!(cards(&recent).len(), 2, "within ten minutes");
    push(&mut recent, at(span + 1), vec![card("a", 0, 1.0)]);
    let kept = cards(&recent);
    assert_eq!(kept.iter().map(|card| card.key.as_str()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(kept[0].times_ms, [at(2), at(span), at(span + 1)]);
}

#[test]
fn a_clock_that_was_set_back_leaves_no_points_in_the_future() {
    let mut recent = Recent::default();
    push(&mut recent, at(100), vec![card("a", 0, 1.0), card("b", 1, 2.0)]);
    push(&mut recent, at(50), vec![card("a", 0, 1.0)]);
    let kept = cards(&recent);
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(kept[0].times_ms, [at(50)]);
}

/// Whatever keys cards have, no more of them are kept than there may be, and those that are there
/// are.
#[test]
fn neither_cards_nor_points_grow_without_end() {
    let mut recent = Recent::default();
    for step in 0..20 {
        let named = |number: u32| card(&format!("{step}-{number}"), number, 1.0);
        push(&mut recent, at(step), (0..10).map(named).collect());
        assert!(cards(&recent).len() <= GPUS_MAX);
        let newest = cards(&recent).into_iter().filter(|card| card.times_ms == [at(step)]);
        assert_eq!(newest.count(), 10, "step {step}");
    }
    let named = |number: u32| card(&format!("more-{number}"), number, 1.0);
    push(&mut recent, at(30), (0..100).map(named).collect());
    assert_eq!(cards(&recent).len(), GPUS_MAX);

    let mut recent = Recent::default();
    for step in 0..(RECENT_MAX_POINTS as i64 + 50) {
        recent.push_cards(UnixMillis(NOON.0 + step), &[card("a", 0, 1.0)]);
    }
    assert_eq!(cards(&recent)[0].times_ms.len(), RECENT_MAX_POINTS);
}
