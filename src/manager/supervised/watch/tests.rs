//! The rule on a clock of the tests, against a supervisord of a few lines.

use super::*;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn up(version: &str) -> Word {
    Word::Up { version: version.to_owned() }
}

/// A watch, a clock, and supervisord as the test says.
struct Scene {
    watch: Watch,
    now: Duration,
    /// What supervisord answers; none: it cannot be reached.
    info: Option<Info>,
    /// Who gives signs of life.
    worker: Option<u32>,
    asked: Vec<(Duration, Ask)>,
    notes: Vec<Note>,
}

impl Scene {
    fn new() -> Self {
        Self {
            watch: Watch::new(Times::default()),
            now: ms(1000),
            info: Some(Info { state: State::Running, pid: 7, age: ms(60_000) }),
            worker: Some(7),
            asked: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// A scene in which worker 7 has served for so long.
    fn serving(millis: u64) -> Self {
        let mut scene = Self::new();
        scene.watch.heard(scene.now, 7, up("1.0"));
        scene.pass(millis);
        assert_eq!((scene.notes.as_slice(), scene.acts()), (&[][..], vec![]));
        scene
    }

    fn turn(&mut self, late: Duration) {
        for _ in 0..10 {
            let turn = self.watch.turn(self.now, late.min(self.now));
            assert!(turn.wake_after <= ms(2500), "{turn:?}");
            self.notes.extend(turn.notes);
            if turn.asks.is_empty() {
                return;
            }
            for ask in turn.asks {
                self.asked.push((self.now, ask));
                if ask == Ask::Info {
                    self.watch.info(self.now, self.info);
                }
            }
        }
        panic!("it asks for ever");
    }

    fn pass(&mut self, millis: u64) {
        for _ in 0..millis / 50 {
            self.now += ms(50);
            if let Some(pid) = self.worker.filter(|_| self.now.as_millis().is_multiple_of(500)) {
                self.watch.heard(self.now, pid, Word::Beat);
            }
            self.turn(Duration::ZERO);
        }
    }

    /// What was asked but questions.
    fn acts(&self) -> Vec<Ask> {
        self.asked.iter().map(|(_, ask)| *ask).filter(|ask| *ask != Ask::Info).collect()
    }

    fn says(&mut self, state: State, pid: u32) {
        self.info = Some(Info { state, pid, age: ms(1000) });
    }

    fn state(&self) -> Option<(u32, WorkerState)> {
        self.watch.seen(self.now).map(|seen| (seen.pid, seen.state))
    }
}

fn reasons(notes: &[Note]) -> Vec<RestartReason> {
    let lost = notes.iter().filter_map(|note| match note {
        Note::Lost { lost, .. } => Some(lost.reason),
        _ => None,
    });
    lost.collect()
}

#[test]
fn supervisord_is_left_alone_while_all_is_well() {
    let scene = Scene::serving(60_000);
    assert_eq!(scene.asked.len(), 1, "only who runs: {:?}", scene.asked);
    assert_eq!(scene.state(), Some((7, WorkerState::Up)));
    let seen = scene.watch.seen(scene.now).unwrap();
    assert!(seen.age >= ms(119_000) && seen.silent < Some(ms(600)), "{seen:?}");
}

#[test]
fn a_silent_worker_is_killed_and_its_successor_welcomed() {
    let mut scene = Scene::serving(10_000);
    scene.worker = None;
    let silent_at = scene.now;
    scene.pass(2400);
    assert_eq!(scene.acts(), []);
    scene.pass(200);
    assert_eq!(scene.acts(), [Ask::Kill]);
    assert_eq!(scene.state(), Some((7, WorkerState::Stopping)));
    scene.says(State::Starting, 8);
    scene.pass(500);
    assert_eq!(scene.state(), Some((8, WorkerState::Starting)));
    scene.watch.heard(scene.now, 8, up("1.1"));
    scene.worker = Some(8);
    scene.pass(60_000);
    assert_eq!(scene.acts(), [Ask::Kill], "once");
    assert_eq!(reasons(&scene.notes), [RestartReason::Silent]);
    let [Note::Lost { at, lost }, Note::Back { after, version }] = &scene.notes[..] else {
        panic!("{:?}", scene.notes)
    };
    assert_eq!((lost.pid, lost.was_up, version.as_str()), (7, true, "1.1"));
    assert!(*at >= silent_at + ms(2400) && *after < ms(700), "{at:?} {after:?}");
}

#[test]
fn who_is_killed_soon_after_its_start_makes_patient() {
    let mut scene = Scene::serving(0);
    scene.says(State::Running, 7);
    let mut waits = Vec::new();
    for pid in 8..14 {
        scene.worker = None;
        let before = (scene.now, scene.acts().len());
        while scene.acts().len() == before.1 {
            scene.pass(50);
        }
        waits.push((scene.now - before.0).as_secs());
        scene.says(State::Running, pid);
        scene.pass(500);
        scene.watch.heard(scene.now, pid, up("1.0"));
    }
    assert_eq!(waits, [2, 5, 10, 20, 30, 30]);
}

#[test]
fn a_machine_that_stands_still_is_nobodys_fault() {
    let mut scene = Scene::serving(10_000);
    scene.worker = None;
    scene.now += ms(60_000);
    scene.turn(ms(59_900));
    scene.pass(1000);
    assert_eq!(scene.acts(), []);
    scene.pass(2000);
    assert_eq!(scene.acts(), [Ask::Kill]);
}

#[test]
fn a_worker_that_was_stopped_is_left_alone() {
    let mut scene = Scene::serving(10_000);
    scene.worker = None;
    scene.says(State::Stopping, 7);
    scene.pass(5000);
    assert_eq!(scene.state(), Some((7, WorkerState::Stopping)));
    scene.says(State::Stopped, 0);
    scene.pass(60_000);
    assert_eq!((scene.acts(), scene.state()), (vec![], None));
    assert_eq!(scene.notes, [Note::LeftAlone(State::Stopped)]);
    // And when somebody starts it again, that is no restart of ours.
    scene.says(State::Running, 9);
    scene.watch.heard(scene.now, 9, up("1.0"));
    scene.worker = Some(9);
    scene.pass(10_000);
    assert_eq!((scene.notes.len(), scene.state()), (1, Some((9, WorkerState::Up))));
}

#[test]
fn who_is_stopped_while_we_restart_it_stays_stopped() {
    let mut scene = Scene::serving(10_000);
    scene.worker = None;
    scene.pass(3000);
    assert_eq!(scene.acts(), [Ask::Kill]);
    scene.says(State::Stopped, 0);
    scene.pass(30_000);
    assert_eq!(scene.acts(), [Ask::Kill]);
    assert_eq!(scene.notes.last(), Some(&Note::LeftAlone(State::Stopped)));
}

#[test]
fn where_supervisord_does_not_start_it_again_we_ask_it_to() {
    let mut scene = Scene::serving(10_000);
    scene.worker = None;
    scene.pass(3000);
    scene.says(State::Exited, 0);
    scene.pass(3000);
    assert_eq!(scene.acts(), [Ask::Kill, Ask::Start]);
    scene.pass(30_000);
    assert_eq!(scene.acts(), [Ask::Kill, Ask::Start], "not for ever");
    assert_eq!(scene.notes.last(), Some(&Note::LeftAlone(State::Exited)));
}

#[test]
fn a_crash_that_supervisord_mended_is_written_down() {
    let mut scene = Scene::serving(10_000);
    scene.says(State::Running, 8);
    scene.worker = None;
    scene.pass(700);
    scene.watch.heard(scene.now, 8, up("1.0"));
    scene.worker = Some(8);
    scene.pass(5000);
    assert_eq!((scene.acts(), reasons(&scene.notes)), (vec![], vec![RestartReason::Exited]));
    let Some(Note::Back { after, .. }) = scene.notes.last() else { panic!("{:?}", scene.notes) };
    assert!(*after >= ms(700) && *after <= ms(1200), "{after:?}");
}

#[test]
fn a_restart_that_is_wanted_is_gentle_and_then_not() {
    for is_stubborn in [false, true] {
        let mut scene = Scene::serving(10_000);
        scene.watch.wants_restart(scene.now);
        scene.watch.wants_restart(scene.now);
        scene.turn(Duration::ZERO);
        assert_eq!(scene.acts(), [Ask::Terminate]);
        if is_stubborn {
            scene.pass(3100);
            assert_eq!(scene.acts(), [Ask::Terminate, Ask::Kill]);
        }
        scene.says(State::Running, 8);
        scene.worker = Some(8);
        scene.watch.heard(scene.now, 8, up("2.0"));
        scene.pass(60_000);
        assert_eq!(scene.acts().len(), 1 + usize::from(is_stubborn));
        assert_eq!(reasons(&scene.notes), [RestartReason::Requested]);
        assert_eq!(scene.state(), Some((8, WorkerState::Up)));
    }
}

#[test]
fn what_does_not_run_is_not_restarted() {
    let mut scene = Scene::new();
    scene.worker = None;
    scene.says(State::Stopped, 0);
    scene.pass(1000);
    scene.watch.wants_restart(scene.now);
    scene.pass(10_000);
    assert_eq!(scene.acts(), []);
    let stopped = State::Stopped;
    assert_eq!(scene.notes, [Note::LeftAlone(stopped), Note::NothingToRestart(stopped)]);
}

#[test]
fn a_restart_in_the_first_moment_is_done() {
    let mut scene = Scene::new();
    scene.watch.wants_restart(scene.now);
    scene.turn(Duration::ZERO);
    assert_eq!(scene.acts(), [Ask::Terminate]);
    scene.pass(3100);
    assert_eq!(scene.acts(), [Ask::Terminate, Ask::Kill]);
}

#[test]
fn who_never_said_a_word_may_be_talking_to_somebody_else() {
    let mut scene = Scene::new();
    scene.worker = None;
    scene.pass(120_000);
    assert_eq!(scene.acts(), []);
    assert_eq!(scene.notes, [Note::NeverHeard { pid: 7 }]);
}

#[test]
fn a_successor_that_does_not_come_up_is_killed() {
    let mut scene = Scene::serving(10_000);
    scene.worker = None;
    scene.pass(3000);
    scene.says(State::Running, 8);
    scene.pass(19_000);
    assert_eq!(scene.acts(), [Ask::Kill]);
    scene.pass(2000);
    assert_eq!(scene.acts(), [Ask::Kill, Ask::Kill]);
    assert_eq!(reasons(&scene.notes), [RestartReason::Silent, RestartReason::NotUp]);
}

#[test]
fn who_is_stuck_in_the_kernel_is_told_of_once() {
    let mut scene = Scene::serving(10_000);
    scene.worker = None;
    scene.pass(60_000);
    assert_eq!(scene.acts(), [Ask::Kill]);
    let told: Vec<_> =
        scene.notes.iter().filter(|note| matches!(note, Note::NotReaped { .. })).collect();
    assert_eq!(told, [&Note::NotReaped { pid: 7 }]);
}

#[test]
fn without_supervisord_nothing_is_done_until_it_is_back() {
    let mut scene = Scene::serving(10_000);
    let info = scene.info.take();
    scene.worker = None;
    scene.pass(20_000);
    assert_eq!((scene.acts(), scene.notes.len()), (vec![], 0));
    scene.info = info;
    scene.pass(3000);
    assert_eq!(scene.acts(), [Ask::Kill]);
}

#[test]
fn a_script_between_supervisord_and_the_worker_changes_nothing() {
    let mut scene = Scene::new();
    scene.watch.heard(scene.now, 70, up("1.0"));
    scene.worker = Some(70);
    scene.pass(30_000);
    assert_eq!((scene.acts(), scene.notes.len()), (vec![], 0));
    assert_eq!(scene.state(), Some((70, WorkerState::Up)));
    scene.worker = None;
    scene.pass(3000);
    assert_eq!(scene.acts(), [Ask::Kill]);
}

#[test]
fn why_it_cannot_start_is_passed_on() {
    let mut scene = Scene::new();
    scene.watch.heard(scene.now, 7, Word::Failed { message: "no port".to_owned() });
    scene.turn(Duration::ZERO);
    assert_eq!(scene.notes, [Note::Complains { message: "no port".to_owned() }]);
}

#[test]
fn answers_of_supervisord_are_understood() {
    use crate::manager::supervised::xmlrpc::{Answer, Value, parse};
    let member = |name: &str, value: i64| {
        format!("<member><name>{name}</name><value><int>{value}</int></value></member>")
    };
    let info = |state, pid| {
        let members = [("state", state), ("pid", pid), ("start", 100), ("now", 130)]
            .map(|(n, v)| member(n, v));
        let xml = format!(
            "<methodResponse><params><param><value><struct>{}</struct></value></param></params>\
             </methodResponse>",
            members.concat()
        );
        let Ok(Answer::Returned(value)) = parse(xml.as_bytes()) else { panic!("{xml}") };
        Info::from_answer(&value)
    };
    let age = Duration::from_secs(30);
    assert_eq!(info(20, 9), Some(Info { state: State::Running, pid: 9, age }));
    assert_eq!(info(1000, 0), Some(Info { state: State::Unknown, pid: 0, age }));
    assert_eq!(info(20, -1), None);
    assert_eq!(Info::from_answer(&Value::Integer(1)), None);
}
