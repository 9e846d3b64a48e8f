//! What is wrong with a card.

use super::*;
use crate::model::Celsius;
use crate::model::gpu::{GpuPcie, NvLink, RetiredPages, RowRemap};

fn kinds(watch: &Watch) -> Vec<(Severity, &'static str)> {
    watch.findings().iter().map(|finding| (finding.severity(), kind(finding))).collect()
}

fn kind(finding: &GpuFinding) -> &'static str {
    match finding {
        GpuFinding::Lost { .. } => "lost",
        GpuFinding::Xid { .. } => "xid",
        GpuFinding::UncorrectedMemoryErrors { .. } => "uncorrected",
        GpuFinding::RowRemapFailed => "remap failed",
        GpuFinding::MemoryRepairPending => "repair pending",
        GpuFinding::Hot { .. } => "hot",
        GpuFinding::Throttled { .. } => "throttled",
        GpuFinding::LinkBelowMaximum { .. } => "link",
        GpuFinding::NvLinkDown { .. } => "nvlink down",
        GpuFinding::NvLinkErrors { .. } => "nvlink errors",
        GpuFinding::GhostMemory { .. } => "ghost",
    }
}

use Severity::{Critical, Info, Warning};

#[test]
fn a_healthy_card_has_no_finding() {
    let mut watch = Watch::new();
    watch.watch(MINUTE);
    assert!(watch.findings().is_empty());
    assert_eq!(watch.seen.cards[0].health.severity, None);
}

#[test]
fn a_card_that_fell_off_the_bus_is_at_fault_though_it_cannot_be_read() {
    let mut watch = Watch::new();
    watch.watch(MINUTE);
    *watch.card() =
        Gpu { key: "0000:01:00.0".into(), problem: problem(Reason::Gone), ..Gpu::default() };
    watch.watch(SECOND);
    assert_eq!(watch.state(), GpuState::Fault);
    assert_eq!(watch.findings(), [GpuFinding::Lost { since_ms: NOON }]);
    assert_eq!(watch.idle_since(), Reading::absent(Reason::Gone));
    // The source knows since when, better than the problem does.
    let lost = GpuFinding::Lost { since_ms: UnixMillis(NOON.0 - 5) };
    watch.card().health.findings = vec![lost.clone()];
    watch.watch(SECOND);
    assert_eq!(watch.findings(), [lost]);
}

#[test]
fn memory_errors() {
    let mut watch = Watch::new();
    watch.card().ecc.since_load.uncorrected = present(0);
    watch.card().ecc.since_load.corrected = present(900);
    watch.card().ecc.lifetime.uncorrected = present(7);
    let remap = RowRemap { corrected: 3, uncorrected: 1, pending: false, failed: false };
    watch.card().row_remap = present(remap);
    watch.card().retired_pages =
        present(RetiredPages { corrected: 2, uncorrected: 1, pending: false });
    watch.watch(MINUTE);
    assert_eq!((watch.state(), kinds(&watch)), (GpuState::Free, vec![]), "all repaired");

    watch.card().row_remap = present(RowRemap { pending: true, ..remap });
    watch.watch(SECOND);
    assert_eq!((watch.state(), kinds(&watch)), (GpuState::Free, vec![(Warning, "repair pending")]));
    watch.card().row_remap = present(remap);
    watch.card().retired_pages =
        present(RetiredPages { corrected: 2, uncorrected: 1, pending: true });
    watch.watch(SECOND);
    assert_eq!((watch.state(), kinds(&watch)), (GpuState::Free, vec![(Warning, "repair pending")]));

    watch.card().row_remap = present(RowRemap { failed: true, ..remap });
    watch.watch(SECOND);
    let failed = vec![(Critical, "remap failed"), (Warning, "repair pending")];
    assert_eq!((watch.state(), kinds(&watch)), (GpuState::Fault, failed));
    watch.card().row_remap = Reading::absent(Reason::NotSupported);
    watch.card().ecc.since_load.uncorrected = present(1);
    watch.watch(SECOND);
    assert_eq!(watch.findings()[0], GpuFinding::UncorrectedMemoryErrors { count: 1 });
    assert_eq!(watch.state(), GpuState::Fault);
    assert_eq!(watch.seen.cards[0].health.severity, Some(Critical));
}

#[test]
fn heat_by_the_cards_own_limit() {
    let at = |celsius: f64, slowdown: f64| {
        let mut watch = Watch::new();
        watch.card().temperature.gpu_celsius = present(Celsius(celsius));
        watch.card().temperature.slowdown_celsius = present(Celsius(slowdown));
        watch.watch(MINUTE);
        (watch.state(), kinds(&watch))
    };
    assert_eq!(at(81.9, 92.0), (GpuState::Free, vec![]));
    assert_eq!(at(82.0, 92.0), (GpuState::Free, vec![(Warning, "hot")]));
    assert_eq!(at(88.9, 92.0), (GpuState::Free, vec![(Warning, "hot")]));
    assert_eq!(at(89.0, 92.0), (GpuState::Free, vec![(Critical, "hot")]));
    assert_eq!(at(91.9, 92.0), (GpuState::Free, vec![(Critical, "hot")]));
    assert_eq!(at(92.0, 92.0), (GpuState::Fault, vec![(Critical, "hot")]));
    assert_eq!(at(60.0, -2.0), (GpuState::Free, vec![]), "a limit that is a distance");
    assert_eq!(at(f64::NAN, 92.0), (GpuState::Free, vec![]));
    let mut watch = Watch::new();
    watch.card().temperature.gpu_celsius = present(Celsius(104.0));
    watch.watch(MINUTE);
    assert_eq!(kinds(&watch), [], "without a limit nothing can be said");
}

#[test]
fn hardware_that_slows_down_for_heat_is_at_fault_after_thirty_seconds() {
    let mut watch = Watch::new();
    watch.run_job().watch(MINUTE);
    watch.card().throttle = present(vec![Throttle::HardwareSlowdown, Throttle::HardwareThermal]);
    watch.watch(29 * SECOND);
    assert_eq!(watch.state(), GpuState::Busy);
    watch.watch(SECOND);
    assert_eq!(watch.state(), GpuState::Fault);
    let told = GpuFinding::Throttled {
        reason: Throttle::HardwareThermal,
        share_percent: Percent(100.0),
        over_ms: 30_000,
        severity: Critical,
    };
    assert_eq!(watch.findings(), [told], "once, and not its umbrella beside it");
    watch.card().throttle = present(vec![]);
    watch.watch(SECOND);
    assert_eq!(watch.state(), GpuState::Busy);
    assert_eq!(kinds(&watch), [(Warning, "throttled")], "the share of minutes stays");
}

#[test]
fn throttling_is_told_as_a_share_of_the_time_under_load() {
    let mut watch = Watch::new();
    watch.card().throttle = present(vec![Throttle::SoftwareThermal, Throttle::PowerCap]);
    watch.watch(10 * MINUTE);
    assert_eq!(kinds(&watch), [], "an idle card has no reason to be fast");
    watch.use_card(9.9).watch(5 * MINUTE);
    assert_eq!(kinds(&watch), []);

    watch.run_job().card().throttle = present(vec![]);
    watch.watch(4 * MINUTE);
    watch.card().throttle = present(vec![Throttle::PowerBrake, Throttle::SyncBoost]);
    watch.watch(20 * SECOND);
    assert_eq!(kinds(&watch), [], "a few percent are told of nobody");
    watch.watch(20 * SECOND);
    let GpuFinding::Throttled { reason, share_percent, over_ms, severity } = watch.findings()[0]
    else {
        panic!("{:?}", watch.findings())
    };
    assert_eq!((reason, severity), (Throttle::PowerBrake, Warning));
    assert!((share_percent.0 - 14.0).abs() <= 1.0, "{share_percent:?}");
    assert!((270_000..=290_000).contains(&over_ms), "{over_ms}");

    watch.card().throttle = present(vec![Throttle::PowerCap]);
    watch.watch(2 * MINUTE);
    assert_eq!(kinds(&watch), [(Warning, "throttled")], "a power limit is normal for a while");
    watch.watch(MINUTE);
    assert_eq!(kinds(&watch), [(Warning, "throttled"), (Info, "throttled")]);
    watch.end_job().watch(6 * MINUTE);
    assert_eq!(kinds(&watch), [], "five minutes later it is history");
}

#[test]
fn a_pause_counts_as_no_time_under_load() {
    let mut watch = Watch::new();
    watch.run_job().card().throttle = present(vec![Throttle::PowerBrake]);
    watch.look();
    for _ in 0..3 {
        watch.pass(61 * SECOND).look();
    }
    assert_eq!(kinds(&watch), []);
    for _ in 0..3 {
        watch.pass(15 * SECOND).look();
    }
    assert_eq!(kinds(&watch), [(Warning, "throttled")]);
}

fn link(generation: u32, width: u32) -> GpuPcie {
    GpuPcie {
        generation: present(generation),
        most_generation: present(4),
        width: present(width),
        most_width: present(16),
        ..GpuPcie::default()
    }
}

#[test]
fn a_narrow_link_is_told_always_and_a_slow_one_under_load() {
    let mut watch = Watch::new();
    watch.card().pcie = link(1, 16);
    watch.watch(5 * MINUTE);
    assert_eq!(kinds(&watch), [], "an idle card slows its link down");
    watch.card().pcie = link(1, 8);
    watch.watch(SECOND);
    assert_eq!(kinds(&watch), [(Warning, "link")]);

    watch.card().pcie = link(3, 16);
    watch.use_card(10.0).watch(29 * SECOND);
    assert_eq!(kinds(&watch), []);
    watch.watch(SECOND);
    assert_eq!(kinds(&watch), [(Warning, "link")]);
    watch.card().pcie = link(1, 16);
    watch.use_card(0.0).watch(MINUTE);
    let told = GpuFinding::LinkBelowMaximum {
        generation: 3,
        most_generation: 4,
        width: 16,
        most_width: 16,
    };
    assert_eq!(watch.findings(), [told], "what was seen under load stays true when the load ends");
    watch.card().pcie = link(4, 16);
    watch.watch(SECOND);
    assert_eq!(kinds(&watch), [], "until it is seen to be well");
    watch.card().pcie = GpuPcie { most_width: Reading::default(), ..link(1, 8) };
    watch.watch(SECOND);
    assert_eq!(kinds(&watch), [], "what it could be is not known");
}

fn nvlink(number: u32, active: bool, errors: u64) -> NvLink {
    NvLink {
        link: number,
        active: present(active),
        version: Reading::default(),
        speed_bytes_per_second: Reading::default(),
        remote: Reading::default(),
        errors: present(errors),
    }
}

#[test]
fn a_link_that_stopped_working_is_told_and_one_that_was_never_wired_is_not() {
    let mut watch = Watch::new();
    let set = |watch: &mut Watch, active: [bool; 3]| {
        let links = (0..).zip(active).map(|(number, active)| nvlink(number, active, 0)).collect();
        watch.card().nvlinks = present(links);
        watch.pass(SECOND).look();
    };
    set(&mut watch, [true, true, false]);
    assert_eq!(kinds(&watch), [], "the third leads nowhere");
    set(&mut watch, [true, false, false]);
    assert_eq!(watch.findings(), [GpuFinding::NvLinkDown { links: vec![1] }]);
    set(&mut watch, [false, false, false]);
    assert_eq!(watch.findings(), [GpuFinding::NvLinkDown { links: vec![0, 1] }]);
    set(&mut watch, [true, true, false]);
    assert_eq!(kinds(&watch), []);
}

#[test]
fn a_link_that_works_on_the_cards_brothers_is_missed_at_first_sight() {
    let mut watch = Watch::of(vec![idle_card(0), idle_card(1), idle_card(2)]);
    let links = |active: [bool; 2]| {
        present((0..).zip(active).map(|(number, active)| nvlink(number, active, 0)).collect())
    };
    watch.gpus.cards[0].nvlinks = links([true, false]);
    watch.gpus.cards[1].nvlinks = links([true, true]);
    watch.gpus.cards[2].nvlinks = links([false, false]);
    watch.look();
    assert_eq!(watch.findings(), [GpuFinding::NvLinkDown { links: vec![1] }]);
    let others = &watch.seen.cards[1..];
    assert!(others.iter().all(|card| card.health.findings.is_empty()), "one has no bridge at all");
    watch.gpus.cards[1].name = present("Another".into());
    watch.look();
    assert_eq!(kinds(&watch), [], "another model is wired otherwise");
}

#[test]
fn errors_on_links_are_told_while_they_grow_and_a_day_after() {
    let mut watch = Watch::new();
    let set = |watch: &mut Watch, errors: u64| {
        watch.card().nvlinks = present(vec![nvlink(0, true, errors), nvlink(1, true, 5)]);
        watch.pass(SECOND).look();
    };
    set(&mut watch, 40_000);
    assert_eq!(kinds(&watch), [], "from before smonitor watched");
    set(&mut watch, 40_009);
    assert_eq!(kinds(&watch), [], "sent again, no harm done");
    set(&mut watch, 40_010);
    assert_eq!(watch.findings(), [GpuFinding::NvLinkErrors { links: vec![0], count: 10 }]);
    for _ in 0..23 * 60 {
        watch.pass(MINUTE).look();
    }
    assert_eq!(kinds(&watch), [(Warning, "nvlink errors")]);
    for _ in 0..61 {
        watch.pass(MINUTE).look();
    }
    assert_eq!(kinds(&watch), [], "a day without another");
    set(&mut watch, 3);
    assert_eq!(kinds(&watch), [], "a counter that begins anew is no error");
    set(&mut watch, 13);
    assert_eq!(kinds(&watch), [(Warning, "nvlink errors")]);
}

#[test]
fn what_the_source_found_stays_and_all_are_worst_first() {
    let mut watch = Watch::new();
    let ghost = GpuFinding::GhostMemory { bytes: Bytes(GIB), holders: Reading::default() };
    watch.card().health.findings = vec![ghost.clone()];
    watch.card().pcie = link(4, 8);
    watch.card().temperature.gpu_celsius = present(Celsius(90.0));
    watch.card().temperature.slowdown_celsius = present(Celsius(92.0));
    watch.card().row_remap =
        present(RowRemap { corrected: 0, uncorrected: 1, pending: true, failed: true });
    watch.watch(SECOND);
    let expected = [
        (Critical, "remap failed"),
        (Critical, "hot"),
        (Warning, "repair pending"),
        (Warning, "link"),
        (Warning, "ghost"),
    ];
    assert_eq!(kinds(&watch), expected);
    assert_eq!(watch.findings()[4], ghost);
}
