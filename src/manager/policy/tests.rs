use super::*;

const BEAT: Duration = Duration::from_millis(500);

fn s(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A manager's loop without processes: time passes, and what the policy wants is done.
struct Sim {
    policy: Policy,
    now: Duration,
    next_pid: u32,
    /// Workers that run, those that beat, and those that cannot be reaped.
    running: Vec<u32>,
    beating: bool,
    unreapable: Vec<u32>,
    comes_up: bool,
    log: Vec<(Duration, Action)>,
    notes: Vec<(Duration, Note)>,
    outcome: Option<Outcome>,
}

impl Sim {
    fn new() -> Self {
        Self {
            policy: Policy::new(Times::default()),
            now: s(100.0),
            next_pid: 1,
            running: Vec::new(),
            beating: true,
            unreapable: Vec::new(),
            comes_up: true,
            log: Vec::new(),
            notes: Vec::new(),
            outcome: None,
        }
    }

    fn up() -> Self {
        let mut sim = Self::new();
        sim.pass(s(0.0));
        assert_eq!(sim.running, [1]);
        sim
    }

    /// Does what the policy wants at this moment, until it wants nothing more.
    fn turn(&mut self, late: Duration) -> Option<Duration> {
        let mut late = late;
        loop {
            let turn = self.policy.turn(self.now, std::mem::take(&mut late));
            self.notes.extend(turn.notes.into_iter().map(|note| (self.now, note)));
            let is_settled = turn.actions.is_empty();
            for action in turn.actions {
                self.log.push((self.now, action.clone()));
                match action {
                    Action::Start => self.start(),
                    Action::Terminate(pid) => self.end(pid, &Ended::Code(0)),
                    Action::Kill(pid) => self.end(pid, &Ended::Signal(9)),
                    Action::End(outcome) => {
                        self.outcome = Some(outcome);
                        return None;
                    }
                }
            }
            if is_settled {
                return turn.wake_after;
            }
        }
    }

    fn start(&mut self) {
        let pid = self.next_pid;
        self.next_pid += 1;
        self.running.push(pid);
        self.policy.started(self.now, pid);
        if self.comes_up {
            self.policy.up(self.now, pid, "1.0");
        }
    }

    /// A process takes a signal, if it can.
    fn end(&mut self, pid: u32, how: &Ended) {
        if self.unreapable.contains(&pid) {
            return;
        }
        if *how == Ended::Code(0) && !self.beating {
            return;
        }
        self.crash(pid, how);
    }

    fn crash(&mut self, pid: u32, how: &Ended) {
        self.running.retain(|one| *one != pid);
        self.policy.ended(self.now, pid, how);
    }

    /// Lets time pass, with signs of life.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            let wake = self.turn(Duration::ZERO);
            if self.outcome.is_some() || self.now >= until {
                return;
            }
            let step = wake.unwrap_or(BEAT).min(BEAT).min(until - self.now);
            self.now += step.max(Duration::from_millis(1));
            if self.beating
                && let Some(seen) = self.policy.seen(self.now)
            {
                self.policy.beat(self.now, seen.pid);
            }
        }
    }

    fn starts(&self) -> Vec<Duration> {
        let starts = self.log.iter().filter(|(_, action)| *action == Action::Start);
        starts.map(|(at, _)| *at).collect()
    }

    fn losses(&self) -> Vec<(Duration, RestartReason)> {
        let lost = self.notes.iter().filter_map(|(at, note)| match note {
            Note::Lost(lost) => Some((*at, lost.reason)),
            _ => None,
        });
        lost.collect()
    }

    fn told(&self, wanted: &Note) -> Option<Duration> {
        self.notes.iter().find(|(_, note)| note == wanted).map(|(at, _)| *at)
    }
}

#[test]
fn a_healthy_worker_is_left_alone() {
    let mut sim = Sim::up();
    sim.pass(s(3600.0));
    assert_eq!(sim.log.len(), 1);
    assert!(sim.notes.is_empty());
    assert_eq!(sim.policy.seen(sim.now).map(|seen| seen.state), Some(WorkerState::Up));
}

#[test]
fn a_worker_that_had_served_is_started_again_at_once() {
    let mut sim = Sim::up();
    sim.pass(s(60.0));
    let crashed_at = sim.now;
    sim.crash(1, &Ended::Signal(11));
    sim.pass(s(1.0));
    assert_eq!(sim.starts().last(), Some(&crashed_at));
    assert_eq!(sim.losses(), [(crashed_at, RestartReason::Killed)]);
    let back = Note::Back { after: Duration::ZERO, version: "1.0".to_owned() };
    assert_eq!(sim.told(&back), Some(crashed_at));
}

#[test]
fn one_that_crashes_again_and_again_is_started_ever_more_slowly() {
    let mut sim = Sim::up();
    let mut waits = Vec::new();
    for _ in 0..8 {
        let at = sim.now;
        let pid = sim.policy.seen(sim.now).unwrap().pid;
        sim.crash(pid, &Ended::Code(1));
        sim.pass(s(4.5));
        waits.push((*sim.starts().last().unwrap() - at).as_millis());
    }
    assert_eq!(waits, [250, 500, 1000, 2000, 4000, 4000, 4000, 4000]);
    assert!(sim.outcome.is_none(), "who has served once is never given up");
    // Ten seconds of service, and all is forgotten.
    sim.pass(s(10.0));
    let at = sim.now;
    sim.crash(sim.policy.seen(sim.now).unwrap().pid, &Ended::Code(1));
    sim.pass(s(1.0));
    assert_eq!(*sim.starts().last().unwrap(), at);
}

#[test]
fn silence_is_noticed_and_the_next_one_serves_within_the_time() {
    let mut sim = Sim::up();
    sim.pass(s(120.0));
    sim.beating = false;
    let last_beat = sim.now;
    sim.pass(s(2.4));
    assert_eq!(sim.starts().len(), 1, "a little silence is nothing");
    sim.pass(s(0.2));
    sim.beating = true;
    assert_eq!(sim.losses().len(), 1);
    assert_eq!(sim.losses()[0].1, RestartReason::Silent);
    assert!(sim.starts()[1] - last_beat <= s(2.6), "{:?}", sim.starts()[1] - last_beat);
}

#[test]
fn a_worker_that_cannot_be_reaped_holds_nobody_up() {
    let mut sim = Sim::up();
    sim.pass(s(120.0));
    sim.beating = false;
    sim.unreapable.push(1);
    let last_beat = sim.now;
    sim.pass(s(3.0));
    sim.beating = true;
    sim.pass(s(10.0));
    let again = sim.starts()[1] - last_beat;
    assert!(again >= s(3.0) && again <= s(3.1), "{again:?}");
    let told = sim.told(&Note::NotReaped { pid: 1 }).unwrap() - last_beat;
    assert!(told >= s(7.5) && told <= s(7.6), "{told:?}");
    assert_eq!(sim.policy.seen(sim.now).unwrap().pid, 2);
    sim.crash(1, &Ended::Signal(9));
    sim.pass(s(0.1));
    assert!(sim.told(&Note::Reaped { pid: 1 }).is_some());
    assert_eq!(sim.starts().len(), 2, "its late end is nobody's loss");
    assert_eq!(sim.losses().len(), 1);
}

#[test]
fn silence_of_the_whole_machine_is_nobodys_fault() {
    let mut sim = Sim::up();
    sim.pass(s(120.0));
    // The machine stands still for a minute; the manager is woken that much too late.
    // It never sleeps for more than a second.
    let wake = sim.turn(Duration::ZERO).unwrap().min(s(1.0));
    sim.now += s(60.0);
    sim.turn(s(60.0) - wake);
    sim.pass(s(60.0));
    assert_eq!(sim.starts().len(), 1);
    assert!(sim.losses().is_empty());
}

#[test]
fn patience_grows_with_every_short_life_and_comes_back() {
    let mut sim = Sim::up();
    let mut lives = Vec::new();
    sim.beating = false;
    for _ in 0..6 {
        let begun = *sim.starts().last().unwrap();
        let before = sim.losses().len();
        while sim.losses().len() == before {
            sim.pass(s(0.1));
        }
        lives.push((sim.losses().last().unwrap().0 - begun).as_secs_f64().round());
        sim.pass(s(5.0).min(s(4.1)));
        // Not beating; whatever was started is a little old.
    }
    assert_eq!(lives, [3.0, 5.0, 10.0, 20.0, 30.0, 30.0]);
    sim.beating = true;
    sim.pass(s(61.0));
    sim.beating = false;
    let from = sim.now;
    let before = sim.losses().len();
    while sim.losses().len() == before {
        sim.pass(s(0.1));
    }
    assert!(sim.now - from > s(29.0), "it is the long patience that ends this life");
    sim.beating = true;
    sim.pass(s(65.0));
    sim.beating = false;
    let from = sim.now;
    let before = sim.losses().len();
    while sim.losses().len() == before {
        sim.pass(s(0.1));
    }
    assert!(sim.now - from < s(3.0), "a long life has brought the short patience back");
}

#[test]
fn one_that_does_not_come_up_is_replaced_ever_more_patiently() {
    let mut sim = Sim::up();
    sim.pass(s(60.0));
    sim.comes_up = false;
    sim.crash(1, &Ended::Signal(9));
    sim.pass(s(0.0));
    let mut patience = Vec::new();
    for _ in 0..4 {
        let losses = sim.losses().len();
        while sim.losses().len() == losses {
            sim.pass(s(0.1));
        }
        let (at, reason) = *sim.losses().last().unwrap();
        assert_eq!(reason, RestartReason::NotUp);
        patience.push((at - *sim.starts().last().unwrap()).as_secs_f64().round());
        sim.pass(s(4.1));
    }
    assert_eq!(patience, [5.0, 10.0, 20.0, 20.0]);
    sim.comes_up = true;
    sim.pass(s(25.0));
    assert_eq!(sim.policy.seen(sim.now).map(|seen| seen.state), Some(WorkerState::Up));
}

#[test]
fn a_first_start_that_says_why_it_fails_is_the_end() {
    let mut sim = Sim::new();
    sim.comes_up = false;
    sim.pass(s(0.0));
    sim.policy.complained(1, "the port is taken");
    sim.crash(1, &Ended::Code(1));
    sim.pass(s(1.0));
    assert_eq!(sim.outcome, Some(Outcome::GaveUp("the port is taken".to_owned())));
    assert_eq!(sim.starts().len(), 1);
}

#[test]
fn a_first_start_that_crashes_is_tried_five_times() {
    let mut sim = Sim::new();
    sim.comes_up = false;
    for pid in 1..=5 {
        assert_eq!(sim.outcome, None);
        sim.pass(s(5.0));
        sim.crash(pid, &Ended::Signal(6));
    }
    sim.pass(s(5.0));
    assert_eq!(sim.starts().len(), 5);
    let Some(Outcome::GaveUp(message)) = &sim.outcome else { panic!("{:?}", sim.outcome) };
    assert!(message.contains("SIGABRT") && message.contains("5 times"), "{message}");
}

#[test]
fn a_first_start_that_hangs_is_tried_again_too() {
    let mut sim = Sim::new();
    sim.comes_up = false;
    sim.pass(s(25.0));
    assert_eq!((sim.starts().len(), &sim.outcome), (2, &None));
    sim.comes_up = true;
    sim.crash(2, &Ended::Signal(9));
    sim.pass(s(5.0));
    assert_eq!(sim.policy.seen(sim.now).map(|seen| seen.state), Some(WorkerState::Up));
}

#[test]
fn no_process_at_all_at_the_first_start_is_the_end_and_later_is_waited_for() {
    let mut policy = Policy::new(Times::default());
    assert_eq!(policy.turn(s(0.0), Duration::ZERO).actions, [Action::Start]);
    policy.not_started(s(0.0), "out of processes");
    let gave_up = Action::End(Outcome::GaveUp("out of processes".to_owned()));
    assert_eq!(policy.turn(s(0.0), Duration::ZERO).actions, [gave_up]);

    let mut policy = Policy::new(Times::default());
    policy.turn(s(0.0), Duration::ZERO);
    policy.started(s(0.0), 1);
    policy.up(s(0.0), 1, "1.0");
    policy.ended(s(1.0), 1, &Ended::Signal(9));
    assert_eq!(policy.turn(s(1.25), Duration::ZERO).actions, [Action::Start]);
    policy.not_started(s(1.25), "out of processes");
    assert_eq!(policy.turn(s(1.3), Duration::ZERO).actions, []);
    assert_eq!(policy.turn(s(1.75), Duration::ZERO).actions, [Action::Start]);
}

#[test]
fn a_restart_lets_the_old_one_finish_and_starts_the_new_one_then() {
    let mut sim = Sim::up();
    sim.pass(s(60.0));
    sim.policy.replace(sim.now, RestartReason::Requested, "asked");
    let at = sim.now;
    sim.pass(s(0.1));
    let since: Vec<_> = sim.log.iter().filter(|(when, _)| *when >= at).cloned().collect();
    assert_eq!(since, [(at, Action::Terminate(1)), (at, Action::Start)]);
    assert_eq!(sim.losses(), [(at, RestartReason::Requested)]);
    assert!(sim.told(&Note::Back { after: Duration::ZERO, version: "1.0".to_owned() }).is_some());
}

#[test]
fn an_old_one_that_does_not_finish_is_killed() {
    let mut sim = Sim::up();
    sim.pass(s(60.0));
    sim.beating = false;
    sim.policy.replace(sim.now, RestartReason::Reloaded, "asked");
    let at = sim.now;
    sim.turn(Duration::ZERO);
    assert_eq!(sim.policy.seen(sim.now).map(|seen| seen.state), Some(WorkerState::Stopping));
    sim.pass(s(3.1));
    assert!(sim.log.contains(&(at + s(3.0), Action::Kill(1))), "{:?}", sim.log);
    assert_eq!(sim.starts().len(), 2);
}

#[test]
fn a_restart_during_a_back_off_is_at_once() {
    let mut sim = Sim::up();
    for _ in 0..5 {
        sim.crash(sim.policy.seen(sim.now).unwrap().pid, &Ended::Code(1));
        sim.pass(s(4.1));
    }
    sim.crash(sim.policy.seen(sim.now).unwrap().pid, &Ended::Code(1));
    sim.pass(s(0.5));
    assert!(sim.policy.seen(sim.now).is_none(), "it waits");
    let at = sim.now;
    sim.policy.replace(at, RestartReason::Requested, "asked");
    sim.pass(s(0.1));
    assert_eq!(*sim.starts().last().unwrap(), at);
}

#[test]
fn stopping_waits_for_the_worker_and_starts_no_other() {
    let mut sim = Sim::up();
    sim.pass(s(5.0));
    sim.policy.stop(sim.now);
    sim.pass(s(0.1));
    assert_eq!(sim.outcome, Some(Outcome::Stopped));
    assert_eq!(
        sim.log.last().map(|(_, action)| action.clone()),
        Some(Action::End(Outcome::Stopped))
    );
    assert!(sim.losses().is_empty(), "what was asked for is no loss");

    // One that does not end is killed, and one that cannot be killed is left behind.
    let mut sim = Sim::up();
    sim.beating = false;
    sim.unreapable.push(1);
    let at = sim.now;
    sim.policy.stop(at);
    sim.policy.replace(at, RestartReason::Requested, "too late");
    sim.pass(s(20.0));
    assert_eq!(sim.outcome, Some(Outcome::Stopped));
    assert!(sim.log.contains(&(at + s(10.0), Action::Kill(1))));
    assert_eq!((sim.now, sim.starts().len()), (at + s(10.5), 1));
}

#[test]
fn a_stop_between_two_workers_and_one_during_a_start() {
    let mut sim = Sim::up();
    sim.crash(1, &Ended::Code(1));
    sim.policy.stop(sim.now);
    sim.pass(s(1.0));
    assert_eq!((sim.outcome.clone(), sim.starts().len()), (Some(Outcome::Stopped), 1));

    let mut policy = Policy::new(Times::default());
    assert_eq!(policy.turn(s(0.0), Duration::ZERO).actions, [Action::Start]);
    policy.stop(s(0.0));
    policy.started(s(0.0), 7);
    assert_eq!(policy.turn(s(0.0), Duration::ZERO).actions, [Action::Terminate(7)]);
}

#[test]
fn children_of_others_mean_nothing() {
    let mut sim = Sim::up();
    sim.policy.ended(sim.now, 4711, &Ended::Signal(9));
    sim.policy.beat(sim.now, 4711);
    sim.policy.up(sim.now, 4711, "9");
    sim.policy.complained(4711, "x");
    sim.pass(s(1.0));
    assert_eq!((sim.starts().len(), sim.notes.len()), (1, 0));
}
