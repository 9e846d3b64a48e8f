//! Unknown, fault, free, held, busy: every change and every boundary.

use super::*;
use crate::model::gpu::ComputeMode;
use GpuProcessKind::{Compute, Graphics, Mps};

#[test]
fn a_card_that_is_empty_when_it_is_first_seen_is_free() {
    let mut watch = Watch::new();
    watch.look();
    assert_eq!(watch.state(), GpuState::Free);
    assert_eq!(watch.since(), measuring(), "it may have been free for days");
    assert_eq!(watch.idle_since(), measuring());
    watch.watch(8 * 60 * MINUTE);
    assert_eq!((watch.state(), watch.since()), (GpuState::Free, measuring()));
}

#[test]
fn a_card_is_free_thirty_seconds_after_its_job_ended_and_since_when_is_known() {
    let mut watch = Watch::new();
    watch.run_job().watch(MINUTE);
    assert_eq!((watch.state(), watch.since()), (GpuState::Busy, measuring()));
    assert_eq!(watch.idle_since(), Reading::absent(Reason::NotSupported), "it computes");
    watch.pass(SECOND).end_job().look();
    let ended = watch.now.wall;
    assert_eq!((watch.state(), watch.idle_since()), (GpuState::Busy, present(ended)));
    watch.watch(29 * SECOND);
    assert_eq!(watch.state(), GpuState::Busy, "jobs follow each other");
    watch.watch(SECOND);
    assert_eq!((watch.state(), watch.since()), (GpuState::Free, present(watch.now.wall)));
    let free_since = watch.now.wall;
    watch.watch(60 * MINUTE);
    assert_eq!((watch.since(), watch.idle_since()), (present(free_since), present(ended)));
    watch.pass(SECOND).run_job().look();
    assert_eq!((watch.state(), watch.since()), (GpuState::Busy, present(watch.now.wall)));
    watch.watch(MINUTE);
    assert_eq!(watch.since(), present(UnixMillis(watch.now.wall.0 - 60_000)));
}

#[test]
fn a_job_after_a_job_leaves_no_free_card_between_them() {
    let mut watch = Watch::new();
    watch.run_job().watch(MINUTE);
    for _ in 0..20 {
        watch.end_job().watch(28 * SECOND);
        assert_eq!(watch.state(), GpuState::Busy);
        watch.run_job().watch(5 * SECOND);
        assert_eq!((watch.state(), watch.since()), (GpuState::Busy, measuring()));
    }
}

#[test]
fn the_boundaries_of_free_are_those_of_the_document() {
    let state = |percent: f64, used: f64| {
        let mut watch = Watch::new();
        watch.use_card(percent).fill(used).watch(MINUTE);
        watch.state()
    };
    assert_eq!(state(1.9, 1.9), GpuState::Free);
    assert_eq!(state(2.0, 1.9), GpuState::Busy, "it computes");
    assert_eq!(state(1.9, 2.0), GpuState::Busy, "its memory is in use");
    let mut watch = Watch::new();
    for kind in [Compute, Mps] {
        watch.processes(&[kind]).watch(MINUTE);
        assert_eq!(watch.state(), GpuState::Busy, "{kind:?}");
    }
}

#[test]
fn a_card_is_held_after_ten_minutes_of_doing_nothing_with_it() {
    let mut watch = Watch::new();
    watch.run_job().watch(MINUTE).use_card(1.9).pass(SECOND).look();
    let stopped = watch.now.wall;
    watch.watch(10 * MINUTE - SECOND);
    assert_eq!((watch.state(), watch.since()), (GpuState::Busy, measuring()));
    watch.watch(SECOND);
    assert_eq!((watch.state(), watch.since()), (GpuState::Held, present(watch.now.wall)));
    assert_eq!(watch.idle_since(), present(stopped));
    watch.watch(2 * MINUTE).use_card(2.0).look();
    assert_eq!((watch.state(), watch.since()), (GpuState::Busy, present(watch.now.wall)));
    watch.use_card(0.0).watch(9 * MINUTE + 59 * SECOND);
    assert_eq!(watch.state(), GpuState::Busy, "ten minutes anew");
}

#[test]
fn who_finds_a_card_taken_has_to_watch_ten_minutes_to_say_held() {
    let mut watch = Watch::new();
    watch.processes(&[Compute]).watch(10 * MINUTE - SECOND);
    assert_eq!(watch.state(), GpuState::Busy);
    watch.watch(2 * SECOND);
    assert_eq!((watch.state(), watch.since()), (GpuState::Held, measuring()));
}

#[test]
fn a_job_that_loads_its_data_on_a_card_that_was_idle_for_hours_does_not_hold_it() {
    let mut watch = Watch::new();
    watch.watch(3 * 60 * MINUTE);
    watch.processes(&[Compute]).fill(10.0).watch(10 * MINUTE - SECOND);
    assert_eq!(watch.state(), GpuState::Busy);
    watch.watch(SECOND);
    assert_eq!(watch.state(), GpuState::Held);
    assert!(watch.since().present().is_some(), "the process was seen to come");
    assert_eq!(watch.idle_since(), measuring(), "and the card has been idle for longer");
}

#[test]
fn memory_that_nobody_to_be_seen_uses_holds_a_card_too() {
    let mut watch = Watch::new();
    watch.fill(2.0).watch(10 * MINUTE + SECOND);
    assert_eq!(watch.state(), GpuState::Held);
}

#[test]
fn screens_alone_do_not_take_a_card() {
    let state = |used: f64, percent: f64, total: u64| {
        let mut watch = Watch::new();
        watch.processes(&[Graphics, Graphics]).use_card(percent);
        watch.card().memory = memory(total, used);
        watch.watch(MINUTE);
        watch.state()
    };
    assert_eq!(state(0.2, 0.0, 24 * GIB), GpuState::Free, "a console of 50 MiB");
    assert_eq!(state(4.9, 4.9, 8 * GIB), GpuState::Free, "a desktop of 400 MiB");
    assert_eq!(state(5.0, 0.0, 8 * GIB), GpuState::Busy);
    assert_eq!(state(4.9, 5.0, 8 * GIB), GpuState::Busy);
    assert_eq!(state(4.9, 0.0, 48 * GIB), GpuState::Busy, "more than a GiB is no desktop");
    assert_eq!(state(1.9, 0.0, 80 * GIB), GpuState::Free, "nor does a screen make rules stricter");
    let mut watch = Watch::new();
    watch.processes(&[Graphics, Compute]).fill(3.0).watch(MINUTE);
    assert_eq!(watch.state(), GpuState::Busy, "somebody computes beside the desktop");
    watch.processes(&[Graphics]);
    watch.card().process_count = present(2);
    watch.watch(MINUTE);
    assert_eq!(watch.state(), GpuState::Busy, "a process that has no row may compute");
}

#[test]
fn video_engines_and_processes_count_as_use() {
    let mut watch = Watch::new();
    watch.processes(&[Compute]).watch(11 * MINUTE);
    assert_eq!(watch.state(), GpuState::Held);
    watch.card().utilisation.encoder_percent = present(Percent(30.0));
    assert_eq!(watch.look().state(), GpuState::Busy);
    watch.card().utilisation.encoder_percent = present(Percent(0.0));
    watch.watch(11 * MINUTE);
    assert_eq!(watch.state(), GpuState::Held);
    // A short burst between two readings: the card is idle now, its process was not since the last.
    watch.gpus.processes[0].gpu_percent = present(Percent(12.0));
    assert_eq!(watch.look().state(), GpuState::Busy);
}

#[test]
fn one_sign_says_taken_and_it_takes_two_to_say_empty() {
    let absent = || Reading::absent(Reason::NotSupported);
    let mut watch = Watch::new();
    watch.card().utilisation.gpu_percent = Reading::absent(Reason::NotSupported);
    assert_eq!(watch.watch(MINUTE).state(), GpuState::Free, "no process and no memory");
    assert_eq!(watch.idle_since().reason(), Some(Reason::NotSupported));
    watch.card().process_count = Reading::absent(Reason::PermissionDenied);
    assert_eq!(watch.watch(MINUTE).state(), GpuState::Unknown, "little memory alone says nothing");
    watch.fill(2.0);
    assert_eq!(
        watch.watch(20 * MINUTE).state(),
        GpuState::Busy,
        "whether it computes is not known"
    );

    let mut unified = Watch::new();
    unified.card().memory = GpuMemory { used_bytes: absent(), ..GpuMemory::default() };
    assert_eq!(unified.watch(MINUTE).state(), GpuState::Free, "memory that is the machine's");
    unified.processes(&[Compute]).card().memory = GpuMemory::default();
    assert_eq!(unified.watch(11 * MINUTE).state(), GpuState::Held);

    let mut nothing = Watch::new();
    *nothing.card() = Gpu { key: "0000:01:00.0".into(), ..Gpu::default() };
    assert_eq!(nothing.watch(MINUTE).state(), GpuState::Unknown);
    assert_eq!(nothing.idle_since().reason(), Some(Reason::NotCollected));
    nothing.use_card(0.0);
    assert_eq!(nothing.watch(MINUTE).state(), GpuState::Unknown);
}

#[test]
fn a_card_on_which_nobody_may_compute_is_never_free() {
    let mut watch = Watch::new();
    watch.card().compute_mode = present(ComputeMode::Prohibited);
    assert_eq!(watch.watch(5 * MINUTE).state(), GpuState::Unknown);
    watch.card().compute_mode = present(ComputeMode::ExclusiveProcess);
    assert_eq!(watch.watch(SECOND).state(), GpuState::Free);
}

#[test]
fn what_cannot_be_read_is_unknown() {
    let drivers = [
        DriverState::LibraryMissing,
        DriverState::NotLoaded,
        DriverState::VersionMismatch,
        DriverState::Forbidden,
        DriverState::Asleep,
        DriverState::Failing,
    ];
    for driver in drivers {
        let mut watch = Watch::new();
        watch.watch(MINUTE).gpus.driver = driver;
        watch.pass(SECOND).look();
        assert_eq!((watch.state(), watch.since()), (GpuState::Unknown, present(watch.now.wall)));
        assert_eq!(watch.idle_since().present(), None);
    }
    for reason in [Reason::NotResponding, Reason::PermissionDenied, Reason::ReadFailed] {
        let mut watch = Watch::new();
        watch.card().problem = problem(reason);
        assert_eq!(watch.watch(MINUTE).state(), GpuState::Unknown, "{reason}");
        assert_eq!(watch.idle_since().reason(), Some(reason));
    }
}

#[test]
fn a_card_that_cannot_be_read_for_a_moment_is_what_it_was() {
    let mut watch = Watch::new();
    watch.run_job().watch(MINUTE).end_job().watch(MINUTE);
    let (since, idle_since) = (watch.since(), watch.idle_since());
    assert!(since.present().is_some() && idle_since.present().is_some());
    watch.card().problem = problem(Reason::NotResponding);
    watch.watch(20 * SECOND);
    assert_eq!((watch.state(), watch.idle_since().present()), (GpuState::Unknown, None));
    watch.card().problem = None;
    watch.watch(SECOND);
    assert_eq!((watch.state(), watch.since()), (GpuState::Free, since));
    assert_eq!(watch.idle_since(), idle_since);

    watch.card().problem = problem(Reason::NotResponding);
    watch.watch(61 * SECOND);
    watch.card().problem = None;
    watch.look();
    assert_eq!((watch.state(), watch.since()), (GpuState::Free, measuring()), "what was in it?");
}

#[test]
fn nothing_is_claimed_of_a_time_in_which_nobody_looked() {
    let mut watch = Watch::new();
    watch.run_job().watch(MINUTE).end_job().watch(5 * MINUTE);
    assert!(watch.idle_since().present().is_some());
    let mut longest = Watch::new();
    longest.run_job().watch(MINUTE).end_job().watch(5 * MINUTE);
    let (since, idle_since) = (longest.since(), longest.idle_since());
    longest.pass(MINUTE).look();
    assert_eq!((longest.since(), longest.idle_since()), (since, idle_since), "a minute is known");

    watch.pass(MINUTE + Duration::from_millis(1)).look();
    assert_eq!((watch.state(), watch.since()), (GpuState::Free, measuring()));
    assert_eq!(watch.idle_since(), measuring());
    watch.watch(30 * SECOND);
    assert_eq!((watch.state(), watch.idle_since()), (GpuState::Free, measuring()));

    watch.pass(10 * MINUTE).run_job().look();
    assert_eq!((watch.state(), watch.since()), (GpuState::Busy, measuring()), "it began unseen");
    watch.use_card(0.0).watch(5 * MINUTE).pass(10 * MINUTE).watch(10 * MINUTE - SECOND);
    assert_eq!(watch.state(), GpuState::Busy, "what was before the pause does not count");
    assert_eq!(watch.watch(SECOND).state(), GpuState::Held);
}

#[test]
fn slow_readings_are_no_pauses() {
    let mut watch = Watch { assessor: Assessor::new(5 * MINUTE), ..Watch::new() };
    watch.run_job().look().pass(5 * MINUTE).end_job().look();
    let ended = watch.now.wall;
    watch.pass(5 * MINUTE).look();
    assert_eq!((watch.state(), watch.idle_since()), (GpuState::Free, present(ended)));
    watch.pass(15 * MINUTE + SECOND).look();
    assert_eq!(watch.idle_since(), measuring());
}

#[test]
fn a_clock_that_is_set_changes_no_duration_and_times_follow_it() {
    for jump_ms in [-7_200_000_i64, 7_200_000] {
        let mut watch = Watch::new();
        watch.run_job().watch(MINUTE).pass(SECOND).end_job().look();
        watch.watch(20 * SECOND);
        watch.now.wall.0 += jump_ms;
        watch.watch(9 * SECOND);
        assert_eq!(watch.state(), GpuState::Busy, "29 s by the clock that does not jump");
        watch.watch(SECOND);
        assert_eq!((watch.state(), watch.since()), (GpuState::Free, present(watch.now.wall)));
        let told = UnixMillis(watch.now.wall.0 - 30_000);
        assert_eq!(watch.idle_since(), present(told), "30 s ago, by the clock of now");
        let since = watch.now.wall;
        watch.now.wall.0 += jump_ms;
        watch.watch(MINUTE);
        assert_eq!(watch.since(), present(UnixMillis(since.0 + jump_ms)));
    }
}

#[test]
fn a_clock_that_drifts_does_not_make_times_flicker() {
    let mut watch = Watch::new();
    watch.run_job().watch(MINUTE).end_job().watch(MINUTE);
    let before = watch.idle_since();
    watch.now.wall.0 += 1_900;
    assert_eq!(watch.watch(MINUTE).idle_since(), before);
}

#[test]
fn another_card_at_the_same_address_begins_anew() {
    let mut watch = Watch::new();
    watch.run_job().watch(MINUTE).end_job().watch(MINUTE);
    assert!(watch.idle_since().present().is_some());
    watch.card().uuid = present("GPU-new".into());
    watch.pass(SECOND).look();
    assert_eq!((watch.state(), watch.idle_since()), (GpuState::Free, measuring()));
}

#[test]
fn a_section_that_is_not_renewed_claims_nothing_of_now() {
    let mut watch = Watch::new();
    watch.processes(&[Compute]).watch(11 * MINUTE);
    assert_eq!(watch.seen.people[0].held_gpus, [0]);
    let mut kept = watch.seen.clone();
    watch.pass(SECOND);
    let (now, used) = (watch.now, kept.cards[0].memory);
    watch.assessor.unreadable(&mut kept, Reason::NotResponding, now);
    let card = &kept.cards[0];
    assert_eq!((card.state, card.state_since_ms), (GpuState::Unknown, present(now.wall)));
    assert_eq!(card.idle_since_ms, Reading::absent(Reason::NotResponding));
    assert_eq!(card.memory, used, "what was read last stays");
    assert!(kept.people[0].held_gpus.is_empty());
    watch.pass(SECOND).look();
    assert_eq!((watch.state(), watch.since()), (GpuState::Held, measuring()), "as it was");
}

#[test]
fn order_is_unknown_fault_free_held_busy() {
    let mut watch = Watch::new();
    watch.card().ecc.since_load.uncorrected = present(1);
    assert_eq!(watch.watch(MINUTE).state(), GpuState::Fault, "fault before free");
    watch.processes(&[Compute]);
    assert_eq!(watch.watch(11 * MINUTE).state(), GpuState::Fault, "before held");
    watch.use_card(50.0);
    assert_eq!(watch.watch(MINUTE).state(), GpuState::Fault, "and before busy");
    watch.card().problem = problem(Reason::NotResponding);
    assert_eq!(watch.watch(SECOND).state(), GpuState::Unknown, "and unknown before fault");
    watch.gpus.driver = DriverState::NotLoaded;
    assert_eq!(watch.watch(SECOND).state(), GpuState::Unknown);
}
