//! XID errors: what they mean, how long they count.

use super::*;
use crate::assess::xid::{Fault, XIDS};
use crate::assess::xid_log::NewEvents;
use crate::model::Joules;
use crate::model::gpu::{GPU_EVENTS_MAX, GpuEvent, XidAction, XidClass};

fn event(at_ms: UnixMillis, gpu: u32, code: u32) -> GpuEvent {
    GpuEvent { at_ms, gpu, code, class: XidClass::Unknown, action: XidAction::LookUp }
}

/// The driver reports `code` on card 0, now.
fn report(watch: &mut Watch, code: u32) {
    let at = watch.now.wall;
    watch.gpus.events.insert(0, event(at, 0, code));
    watch.gpus.events.truncate(GPU_EVENTS_MAX);
}

/// Code, severity and count of each XID finding.
fn told(watch: &Watch) -> Vec<(u32, Severity, u32)> {
    let of = |finding: &GpuFinding| match finding {
        GpuFinding::Xid { code, severity, count, .. } => Some((*code, *severity, *count)),
        _ => None,
    };
    watch.findings().iter().filter_map(of).collect()
}

use Severity::{Critical, Info, Warning};

#[test]
fn the_table_is_sorted_and_names_a_code_once() {
    assert!(XIDS.windows(2).all(|pair| pair[0].code < pair[1].code));
    assert!(XIDS.len() >= 40);
    for known in XIDS {
        assert_eq!(xid::of(known.code), *known);
        assert!(known.severity < Critical, "critical is what makes a card faulty");
        let of_a_program = known.class == XidClass::Program;
        assert!(!of_a_program || known.fault == Fault::No, "{}: the card is fine", known.code);
        assert!(known.fault == Fault::No || known.severity == Warning, "{}", known.code);
    }
}

#[test]
fn codes_that_everybody_meets() {
    let of = |code| {
        let known = xid::of(code);
        (known.class, known.action, known.severity, known.fault)
    };
    for program in [13, 31, 43] {
        let expected = (XidClass::Program, XidAction::CheckProgram, Info, Fault::No);
        assert_eq!(of(program), expected, "{program}");
    }
    assert_eq!(of(48), (XidClass::Memory, XidAction::ResetCard, Warning, Fault::UntilReset));
    assert_eq!(of(63), (XidClass::Memory, XidAction::ResetCard, Warning, Fault::No));
    assert_eq!(of(64), (XidClass::Memory, XidAction::Replace, Warning, Fault::UntilReset));
    assert_eq!(of(79), (XidClass::Bus, XidAction::CheckHardware, Warning, Fault::Short));
    assert_eq!(of(94), (XidClass::Memory, XidAction::ResetCard, Warning, Fault::No));
    assert_eq!(of(95), (XidClass::Memory, XidAction::ResetCard, Warning, Fault::UntilReset));
    assert_eq!(of(119), (XidClass::Driver, XidAction::ResetCard, Warning, Fault::UntilReset));
    assert_eq!(of(9999), (XidClass::Unknown, XidAction::LookUp, Warning, Fault::No));
}

#[test]
fn a_programs_error_is_told_and_harms_nobody() {
    let mut watch = Watch::new();
    watch.watch(MINUTE);
    report(&mut watch, 31);
    watch.watch(MINUTE);
    assert_eq!((watch.state(), told(&watch)), (GpuState::Free, vec![(31, Info, 1)]));
    let heard = &watch.seen.events[0];
    assert_eq!((heard.class, heard.action), (XidClass::Program, XidAction::CheckProgram));
    report(&mut watch, 31);
    report(&mut watch, 31);
    watch.watch(MINUTE);
    assert_eq!(told(&watch), [(31, Info, 3)]);
}

#[test]
fn an_error_that_passes_makes_a_card_faulty_for_ten_minutes() {
    let mut watch = Watch::new();
    watch.watch(MINUTE);
    report(&mut watch, 74);
    watch.look();
    assert_eq!((watch.state(), watch.since()), (GpuState::Fault, present(watch.now.wall)));
    watch.watch(10 * MINUTE - SECOND);
    assert_eq!((watch.state(), told(&watch)), (GpuState::Fault, vec![(74, Critical, 1)]));
    watch.watch(SECOND);
    assert_eq!((watch.state(), told(&watch)), (GpuState::Free, vec![(74, Warning, 1)]));
    assert_eq!(watch.since(), present(watch.now.wall), "it was faulty until now");
}

#[test]
fn an_error_that_needs_a_reset_counts_until_the_card_was_reset() {
    let faulty = || {
        let mut watch = Watch::new();
        watch.card().power.energy_joules = present(Joules(5000));
        watch.watch(MINUTE);
        report(&mut watch, 95);
        watch.watch(60 * MINUTE);
        assert_eq!((watch.state(), told(&watch)), (GpuState::Fault, vec![(95, Critical, 1)]));
        watch
    };
    let well = |watch: &mut Watch| {
        watch.watch(SECOND);
        assert_eq!((watch.state(), told(watch)), (GpuState::Free, vec![(95, Warning, 1)]));
        report(watch, 95);
        watch.watch(SECOND);
        assert_eq!((watch.state(), told(watch)), (GpuState::Fault, vec![(95, Critical, 2)]));
    };
    let mut counters = faulty();
    counters.card().power.energy_joules = present(Joules(6000));
    counters.watch(SECOND);
    assert_eq!(counters.state(), GpuState::Fault);
    counters.card().power.energy_joules = present(Joules(10));
    well(&mut counters);

    let mut driver = faulty();
    driver.gpus.driver = DriverState::NotLoaded;
    driver.watch(20 * SECOND).gpus.driver = DriverState::Running;
    well(&mut driver);

    let mut lost = faulty();
    lost.card().problem = problem(Reason::Gone);
    lost.watch(20 * SECOND).card().problem = None;
    well(&mut lost);

    let mut removed = faulty();
    let card = removed.gpus.cards.remove(0);
    removed.watch(20 * SECOND).gpus.cards.push(card);
    well(&mut removed);

    let mut slow = faulty();
    slow.card().problem = problem(Reason::NotResponding);
    slow.watch(20 * SECOND).card().problem = None;
    slow.watch(SECOND);
    assert_eq!(slow.state(), GpuState::Fault, "a driver that is slow is no reset");
}

#[test]
fn an_error_is_told_for_a_day_and_those_of_the_day_are_counted() {
    let mut watch = Watch::new();
    for _ in 0..30 {
        report(&mut watch, 13);
        for _ in 0..60 {
            watch.pass(MINUTE).look();
        }
    }
    let [(13, Info, count)] = told(&watch)[..] else { panic!("{:?}", told(&watch)) };
    assert!((23..=25).contains(&count), "one an hour: {count}");
    for _ in 0..22 * 60 + 58 {
        watch.pass(MINUTE).look();
    }
    assert_eq!(told(&watch).len(), 1);
    for _ in 0..2 {
        watch.pass(MINUTE).look();
    }
    assert_eq!(told(&watch), []);
}

#[test]
fn a_program_that_fails_in_a_loop_does_not_hide_what_matters() {
    let mut watch = Watch::new();
    watch.look();
    report(&mut watch, 95);
    for round in 0..50 {
        for _ in 0..20 {
            watch.now.wall.0 += 1;
            report(&mut watch, 31);
        }
        watch.pass(SECOND).look();
        assert_eq!(told(&watch), [(95, Critical, 1), (31, Info, (round + 1) * 20)]);
    }
    assert!(watch.seen.events.iter().all(|event| event.code == 31), "the list itself is short");
}

#[test]
fn an_error_belongs_to_its_card() {
    let mut watch = Watch::of(vec![idle_card(0), idle_card(1)]);
    watch.watch(MINUTE);
    watch.gpus.events.push(event(watch.now.wall, 1, 79));
    watch.watch(SECOND);
    let states: Vec<GpuState> = watch.seen.cards.iter().map(|card| card.state).collect();
    assert_eq!(states, [GpuState::Free, GpuState::Fault]);
    watch.gpus.events.insert(0, event(watch.now.wall, 7, 79));
    watch.watch(SECOND);
    assert_eq!(watch.state(), GpuState::Free, "of a card that is not there");
}

#[test]
fn an_error_from_before_the_first_look_counts_by_its_age() {
    let mut watch = Watch::new();
    let ago = |minutes: i64| UnixMillis(NOON.0 - minutes * 60_000);
    watch.gpus.events = vec![event(ago(9), 0, 74), event(ago(11), 0, 109), event(ago(1441), 0, 95)];
    watch.look();
    assert_eq!(told(&watch), [(74, Critical, 1), (109, Warning, 1)]);
}

#[test]
fn what_is_new_in_a_list_is_found_however_short_it_is() {
    let at = |number: u32| event(UnixMillis(NOON.0 + i64::from(number)), 0, 13);
    let list = |range: std::ops::Range<u32>| -> Vec<GpuEvent> { range.rev().map(at).collect() };
    let mut news = NewEvents::default();
    assert_eq!(news.among(&list(0..3)).len(), 3);
    assert_eq!(news.among(&list(0..3)).len(), 0);
    assert_eq!(news.among(&list(0..5)), list(3..5));
    assert_eq!(news.among(&list(0..100)).len(), 95);
    assert_eq!(news.among(&list(30..130)), list(100..130), "the oldest fell out");
    assert_eq!(news.among(&list(400..500)).len(), 100, "all did");
    assert_eq!(news.among(&[]).len(), 0, "a list that begins anew");
    assert_eq!(news.among(&list(500..501)).len(), 1);
    let twins = [at(500), at(500)];
    assert_eq!(news.among(&twins).len(), 1, "two in one millisecond are two");
}
