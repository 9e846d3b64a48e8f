//! The rule under the virtual clock: rhythm, demand, stuck sources, random faults.

use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);
const GATHER: Duration = Duration::from_millis(150);

fn plan(name: &'static str, tier: Tier, interval_ms: u32) -> Plan {
    Plan { name, tier, interval: MS * interval_ms, background: None, deadline: MS * 5000 }
}

fn at(ms: u32) -> TakenAt {
    TakenAt { monotonic: MS * ms, wall: UnixMillis(1_000_000 + i64::from(ms)) }
}

fn three() -> Schedule {
    Schedule::new(
        &[
            plan("cpu", Tier::Summary, 2000),
            plan("memory", Tier::Summary, 2000),
            plan("process", Tier::Detail, 2000),
        ],
        GATHER,
    )
}

#[test]
fn nothing_runs_and_nothing_wakes_while_nobody_looks() {
    let mut schedule = three();
    for ms in [0, 10_000, 1_000_000] {
        assert_eq!(schedule.turn(at(ms), |_| false), Turn::default());
    }
}

#[test]
fn the_first_viewer_starts_a_collection_at_once_and_a_second_soon_after() {
    let mut schedule = three();
    let turn = schedule.turn(at(0), |tier| tier == Tier::Summary);
    assert_eq!((turn.start, turn.publish), (vec![0, 1], false));
    schedule.ended(0, Ending::Done, at(1));
    assert!(!schedule.turn(at(1), |_| true).publish, "memory is still being read");
    schedule.ended(1, Ending::Done, at(2));
    schedule.ended(2, Ending::Done, at(2));
    assert!(schedule.turn(at(2), |_| true).publish);
    assert_eq!(schedule.turn(at(500), |tier| tier == Tier::Summary).start, vec![0, 1]);
    schedule.ended(0, Ending::Done, at(501));
    schedule.ended(1, Ending::Done, at(501));
    assert!(schedule.turn(at(2400), |tier| tier == Tier::Summary).start.is_empty());
    assert_eq!(schedule.turn(at(2500), |tier| tier == Tier::Summary).start, vec![0, 1]);
}

#[test]
fn after_the_last_viewer_nothing_is_started_again() {
    let mut schedule = three();
    schedule.turn(at(0), |_| true);
    for number in 0..3 {
        schedule.ended(number, Ending::Done, at(1));
    }
    schedule.turn(at(1), |_| true);
    for ms in [500, 2000, 60_000] {
        assert!(schedule.turn(at(ms), |_| false).start.is_empty());
    }
    assert_eq!(schedule.turn(at(60_001), |_| false).wake_after, None);
    assert_eq!(schedule.turn(at(70_000), |_| true).start, vec![0, 1, 2], "and resumes at once");
}

#[test]
fn a_hanging_source_delays_one_snapshot_a_little_and_then_nothing() {
    let mut schedule = three();
    schedule.turn(at(0), |_| true);
    schedule.ended(0, Ending::Done, at(1));
    schedule.ended(1, Ending::Done, at(1));
    let turn = schedule.turn(at(1), |_| true);
    assert!(!turn.publish);
    assert_eq!(turn.wake_after, Some(GATHER - MS));
    assert!(schedule.turn(at(150), |_| true).publish, "the others are not held back");

    assert_eq!(schedule.turn(at(500), |_| true).start, vec![0, 1], "never called again meanwhile");
    schedule.ended(0, Ending::Done, at(501));
    schedule.ended(1, Ending::Done, at(501));
    assert!(schedule.turn(at(501), |_| true).publish, "nobody waits for it any more");

    let turn = schedule.turn(at(5000), |_| true);
    assert_eq!(turn.stuck, vec![2]);
    let problem = schedule.problem(2).unwrap();
    assert_eq!(problem, Problem { reason: Reason::NotResponding, since_ms: at(0).wall });
    assert!(schedule.health()[2].skipped >= 2);

    schedule.ended(2, Ending::Done, at(9000));
    assert_eq!(schedule.problem(2), None, "it recovers by returning");
    assert!(schedule.turn(at(9000), |_| true).start.contains(&2));
}

#[test]
fn a_failure_says_since_when_and_a_success_ends_it() {
    let mut schedule = three();
    for ms in [0, 500, 2500] {
        schedule.turn(at(ms), |_| true);
        schedule.ended(0, Ending::Failed(Reason::PermissionDenied), at(ms + 1));
    }
    assert_eq!(schedule.problem(0).unwrap().since_ms, at(1).wall);
    assert_eq!(schedule.health()[0].failures, 3);
    schedule.turn(at(4500), |_| true);
    schedule.ended(0, Ending::Done, at(4501));
    assert_eq!(schedule.problem(0), None);
}

/// Runs the only source once, from `ms` for `took` milliseconds.
fn run(schedule: &mut Schedule, ms: u32, took: u32, ending: Ending) -> SourceState {
    schedule.turn(at(ms), |_| true);
    schedule.ended(0, ending, at(ms + took));
    schedule.health()[0].state
}

#[test]
fn a_sources_state_is_one_word_and_says_what_would_mend_it() {
    let mut schedule = Schedule::new(&[plan("disks", Tier::Summary, 2000)], GATHER);
    assert_eq!(schedule.health()[0].state, SourceState::Waiting);
    assert_eq!(run(&mut schedule, 0, 1, Ending::Done), SourceState::Well);
    assert_eq!(run(&mut schedule, 500, 151, Ending::Done), SourceState::Well, "once is nothing");
    assert_eq!(run(&mut schedule, 2500, 1, Ending::Done), SourceState::Well);
    for (ms, state) in
        [(4500, SourceState::Well), (6500, SourceState::Well), (8500, SourceState::Slow)]
    {
        assert_eq!(run(&mut schedule, ms, 151, Ending::Done), state, "{ms}");
    }
    let states = [
        (Reason::PermissionDenied, SourceState::Forbidden, Remedy::RunPrivileged, 1),
        (Reason::NotSupported, SourceState::NotThere, Remedy::Nothing, 1),
        (Reason::NotInstalled, SourceState::NotThere, Remedy::InstallProvider, 1),
        (Reason::ReadFailed, SourceState::Failing, Remedy::LookIntoLog, 2),
    ];
    for (number, (reason, state, remedy, failures)) in (1..).zip(states) {
        let ms = 8500 + 2500 * number;
        assert_eq!(run(&mut schedule, ms, 1, Ending::Failed(reason)), state, "{reason}");
        let health = &schedule.health()[0];
        assert_eq!((health.remedy, health.failures), (remedy, failures), "{reason}");
    }
    schedule.turn(at(30_000), |_| true);
    schedule.turn(at(35_000), |_| true);
    let health = &schedule.health()[0];
    assert_eq!((health.state, health.remedy), (SourceState::Stuck, Remedy::FindWhatHangs));
}

#[test]
fn what_a_source_did_not_get_is_told_until_it_gets_it() {
    let mut schedule = Schedule::new(&[plan("filesystems", Tier::Summary, 2000)], GATHER);
    let problem = Problem { reason: Reason::NotResponding, since_ms: at(0).wall };
    let finding = SourceFinding::new("filesystems", "/mnt/archive".into(), problem);
    assert_eq!(finding.remedy, Remedy::RepairOrUnmount);
    schedule.found(0, vec![finding.clone()]);
    assert_eq!(run(&mut schedule, 0, 1, Ending::Done), SourceState::Partial);
    assert_eq!(schedule.health()[0].findings, vec![finding]);
    schedule.found(0, Vec::new());
    assert_eq!(run(&mut schedule, 500, 1, Ending::Done), SourceState::Well);
}

#[test]
fn a_suspended_machine_does_not_catch_up_on_missed_ticks() {
    let mut schedule = Schedule::new(&[plan("cpu", Tier::Summary, 2000)], GATHER);
    let mut started = 0;
    for ms in [0, 500, 2500, 3_600_000, 3_600_001, 3_600_002, 3_602_001] {
        started += schedule.turn(at(ms), |_| true).start.len();
        schedule.ended(0, Ending::Done, at(ms));
    }
    assert_eq!(started, 5);
}

/// A source that fails 1 in 4, hangs now and then, and panics (which the worker reports as a
/// failure): a million ticks, the others on time.
#[test]
fn a_million_ticks_with_random_faults_leave_the_others_on_time() {
    let mut schedule = Schedule::new(
        &[plan("good", Tier::Summary, 2000), plan("bad", Tier::Summary, 2000)],
        GATHER,
    );
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut dice = move |sides: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % sides
    };
    let (mut good_runs, mut bad_runs, mut published, mut hangs) = (0_u64, 0_u64, 0_u64, 0_u64);
    let mut bad_returns_at: Option<Duration> = None;
    let mut now = Duration::ZERO;
    let stamp = |now: Duration| TakenAt {
        monotonic: now,
        wall: UnixMillis(i64::try_from(now.as_millis()).unwrap()),
    };
    for _ in 0..1_000_000 {
        let turn = schedule.turn(stamp(now), |_| true);
        published += u64::from(turn.publish);
        for number in turn.start {
            if number == 0 {
                good_runs += 1;
                schedule.ended(0, Ending::Done, stamp(now + MS));
            } else {
                bad_runs += 1;
                match dice(20) {
                    0 => {
                        hangs += 1;
                        bad_returns_at = Some(now + Duration::from_secs(dice(60)));
                    }
                    1..=5 => schedule.ended(1, Ending::Failed(Reason::ReadFailed), stamp(now + MS)),
                    _ => schedule.ended(1, Ending::Done, stamp(now + MS)),
                }
            }
        }
        if bad_returns_at.is_some_and(|returns| returns <= now) {
            bad_returns_at = None;
            schedule.ended(1, Ending::Done, stamp(now));
        }
        now += turn_step(schedule.turn(stamp(now), |_| true), &mut published);
    }
    let due = u64::try_from(now.as_millis() / 2000).unwrap();
    assert!(good_runs.abs_diff(due) <= 2, "{good_runs} runs of the good source, {due} were due");
    assert!(published >= good_runs, "every good run was published");
    assert!(hangs > 1000 && bad_runs < good_runs, "the faults did happen: {hangs} hangs");
    assert_eq!(schedule.health().len(), 2);
}

fn turn_step(turn: Turn, published: &mut u64) -> Duration {
    assert!(turn.start.is_empty(), "the same moment starts nothing twice");
    *published += u64::from(turn.publish);
    turn.wake_after.unwrap_or(Duration::from_secs(1))
}

/// A source that is watched in the background, and one that is not.
fn with_background() -> Schedule {
    let cards = Plan { background: Some(MS * 15_000), ..plan("gpus", Tier::Summary, 2000) };
    Schedule::new(&[cards, plan("processes", Tier::Detail, 2000)], GATHER)
}

/// Turns for nobody once in `every` milliseconds, ends what was started, and says when that was.
fn starts_for_nobody(
    schedule: &mut Schedule,
    times: std::ops::Range<u32>,
    ending: Ending,
) -> Vec<u32> {
    let mut starts = Vec::new();
    for ms in times.step_by(250) {
        let turn = schedule.turn(at(ms), |_| false);
        assert!(!turn.publish, "nobody is there to be told");
        for number in turn.start {
            assert_eq!(number, 0, "only what is watched in the background");
            starts.push(ms);
            assert!(schedule.runs_for_nobody(number));
            schedule.ended(number, ending, at(ms + 1));
        }
    }
    starts
}

#[test]
fn what_is_watched_in_the_background_goes_on_at_its_own_pace_and_tells_nobody() {
    let mut schedule = with_background();
    let starts = starts_for_nobody(&mut schedule, 0..61_000, Ending::Done);
    assert_eq!(starts, [0, 15_000, 30_000, 45_000, 60_000]);
    assert_eq!(schedule.turn(at(61_000), |_| false).wake_after, Some(MS * 14_000));
    assert_eq!(schedule.health()[0].skipped, 0);

    let turn = schedule.turn(at(62_000), |tier| tier == Tier::Summary);
    assert_eq!(turn.start, vec![0], "who comes gets fresh values at once");
    assert!(!schedule.runs_for_nobody(0));
    schedule.ended(0, Ending::Done, at(62_001));
    assert!(schedule.turn(at(62_001), |tier| tier == Tier::Summary).publish);
    let mut starts = Vec::new();
    for ms in (62_250..70_000).step_by(250) {
        for _ in schedule.turn(at(ms), |tier| tier == Tier::Summary).start {
            starts.push(ms);
            schedule.ended(0, Ending::Done, at(ms + 1));
        }
    }
    assert_eq!(starts, [62_500, 64_500, 66_500, 68_500], "at the usual pace");
    schedule.turn(at(69_000), |_| true);
    schedule.ended(1, Ending::Done, at(69_001));
    schedule.turn(at(69_500), |tier| tier == Tier::Summary);

    let starts = starts_for_nobody(&mut schedule, 70_000..100_000, Ending::Done);
    assert_eq!(starts, [83_500, 98_500], "fifteen seconds after the last, not at once");
}

#[test]
fn what_is_not_there_is_looked_for_once_and_then_seldom() {
    for reason in [Reason::NotSupported, Reason::NotInstalled] {
        let mut schedule = with_background();
        let starts = starts_for_nobody(&mut schedule, 0..1_250_000, Ending::Failed(reason));
        assert_eq!(starts, [0, 600_000, 1_200_000], "{reason}");
    }
    let mut schedule = with_background();
    let failing = Ending::Failed(Reason::ReadFailed);
    let starts = starts_for_nobody(&mut schedule, 0..31_000, failing);
    assert_eq!(starts, [0, 15_000, 30_000], "what fails may be well the next time");
}

#[test]
fn who_comes_while_a_background_run_goes_on_gets_that() {
    let mut schedule = with_background();
    assert_eq!(schedule.turn(at(0), |_| false).start, vec![0]);
    let turn = schedule.turn(at(20), |tier| tier == Tier::Summary);
    assert!(turn.start.is_empty() && !turn.publish);
    assert!(!schedule.runs_for_nobody(0), "somebody has come");
    schedule.ended(0, Ending::Done, at(40));
    assert!(schedule.turn(at(40), |tier| tier == Tier::Summary).publish);
    let next = schedule.turn(at(520), |tier| tier == Tier::Summary);
    assert_eq!(next.start, vec![0], "and the second sample soon after");
    assert_eq!(schedule.health()[0].skipped, 0);
}

#[test]
fn a_background_run_that_hangs_delays_no_snapshot_and_is_not_started_again() {
    let mut schedule = with_background();
    assert_eq!(schedule.turn(at(0), |_| false).start, vec![0]);
    let turn = schedule.turn(at(100), |tier| tier == Tier::Detail);
    assert_eq!(turn.start, vec![1]);
    schedule.ended(1, Ending::Done, at(101));
    assert!(schedule.turn(at(101), |tier| tier == Tier::Detail).publish, "not waited for");
    let turn = schedule.turn(at(5000), |_| false);
    assert_eq!((turn.stuck, turn.publish), (vec![0], false));
    for ms in (5250..200_000).step_by(250) {
        let turn = schedule.turn(at(ms), |_| false);
        assert!(turn.start.is_empty() && turn.stuck.is_empty() && !turn.publish, "{ms}");
    }
    let turn = schedule.turn(at(200_000), |tier| tier == Tier::Summary);
    assert!(turn.start.is_empty(), "nor for somebody");
    assert_eq!(schedule.problem(0).unwrap().reason, Reason::NotResponding);
    schedule.ended(0, Ending::Done, at(200_400));
    assert!(schedule.turn(at(200_400), |tier| tier == Tier::Summary).publish);
    assert_eq!(schedule.problem(0), None);
}

proptest! {
    /// With background runs, too, nothing is started twice, and a plan without them runs only when
    /// wanted.
    #[test]
    fn background_runs_keep_the_promises(steps in prop::collection::vec((0_u8..4, 0_u32..9000, any::<bool>()), 1..200)) {
        let mut schedule = with_background();
        let mut running = [false; 2];
        let mut ms = 0;
        for (what, step, wanted) in steps {
            ms += step;
            if what < 2 {
                let number = usize::from(what);
                let ending = if step % 4 == 0 { Ending::Failed(Reason::NotSupported) } else { Ending::Done };
                schedule.ended(number, ending, at(ms));
                running[number] = false;
            } else {
                let turn = schedule.turn(at(ms), |_| wanted);
                for number in turn.start {
                    prop_assert!(!running[number] && (wanted || number == 0));
                    running[number] = true;
                }
                prop_assert!(running[0] || turn.wake_after.is_some(), "it says when to come back");
            }
        }
    }
}

proptest! {
    /// Whatever comes in whatever order: a source is never started twice without having ended,
    /// and the schedule always says when to come back while something is wanted.
    #[test]
    fn a_source_is_never_started_while_it_runs(steps in prop::collection::vec((0_u8..5, 0_u32..3000, any::<bool>()), 1..200)) {
        let mut schedule = three();
        let mut running = [false; 3];
        let mut ms = 0;
        for (what, step, wanted) in steps {
            ms += step;
            if what < 3 {
                let number = usize::from(what);
                let ending = if step % 4 == 0 { Ending::Failed(Reason::ReadFailed) } else { Ending::Done };
                schedule.ended(number, ending, at(ms));
                running[number] = false;
            } else {
                let turn = schedule.turn(at(ms), |_| wanted);
                for number in turn.start {
                    prop_assert!(wanted && !running[number]);
                    running[number] = true;
                }
                prop_assert!(!wanted || turn.wake_after.is_some());
            }
        }
    }
}
