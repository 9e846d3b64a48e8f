use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::clock::{Clock, Manual};
use crate::host::Roots;

const NUMBERS: Numbers = Numbers {
    block_size: 1,
    blocks: 2,
    free: 1,
    available: 1,
    files: 0,
    free_files: 0,
    is_read_only: false,
};
const NOON: UnixMillis = UnixMillis(1_795_176_000_000);
const PATIENCE: Duration = Duration::from_secs(20);

/// A filesystem that answers when its gate is open.
#[derive(Default)]
struct Gate {
    asked: AtomicUsize,
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn closed() -> Arc<Self> {
        Arc::default()
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Ask for Gate {
    fn ask(&self) -> Result<Numbers, Reason> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let closed = self.open.lock().unwrap();
        drop(self.opened.wait_while(closed, |open| !*open).unwrap());
        Ok(NUMBERS)
    }
}

fn watchers() -> (Watchers, Arc<Manual>) {
    let (clock, hands) = Clock::manual(NOON);
    let rate_window = Duration::from_secs(60);
    (Watchers::new(Context { roots: Roots::live(), clock, rate_window }), hands)
}

fn key(number: usize) -> Text {
    format!("{number}").into()
}

/// Lets other threads go on until `done`.
fn until(what: &str, done: impl Fn() -> bool) {
    for _ in 0..2000 {
        if done() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
    panic!("{what}");
}

#[test]
fn an_answer_is_there_as_soon_as_it_comes() {
    let (watchers, _hands) = watchers();
    let gate = Gate::closed();
    gate.open();
    watchers.order(&key(1), gate);
    watchers.wait(&[&key(1)], PATIENCE);
    let answer = Answer { key: key(1), outcome: Ok(NUMBERS), at: NOON, is_swift: true };
    assert_eq!(watchers.take(), [answer]);
    assert_eq!((watchers.take(), watchers.waiting(&key(1))), (Vec::new(), None));
}

#[test]
fn one_that_hangs_is_asked_once_and_told_with_its_age_until_it_answers() {
    let (watchers, hands) = watchers();
    let gate = Gate::closed();
    watchers.order(&key(1), gate.clone());
    until("it is never asked", || gate.asked() == 1);
    watchers.wait(&[&key(1)], Duration::from_millis(30));
    assert_eq!(watchers.waiting(&key(1)), Some(Waiting::Briefly));
    for _ in 0..5 {
        hands.advance(DEADLINE);
        watchers.order(&key(1), gate.clone());
        assert_eq!(watchers.waiting(&key(1)), Some(Waiting::NotResponding(NOON)));
    }
    gate.open();
    watchers.wait(&[&key(1)], PATIENCE);
    assert_eq!(gate.asked(), 1, "never again before it returned");
    let answers = watchers.take();
    assert_eq!((answers.len(), answers[0].is_swift), (1, false));
    watchers.order(&key(1), gate.clone());
    watchers.wait(&[&key(1)], PATIENCE);
    assert_eq!((watchers.take().len(), gate.asked()), (1, 2), "then it is asked again");
}

#[test]
fn many_that_answer_need_a_handful_of_threads() {
    let (watchers, _hands) = watchers();
    let gate = Gate::closed();
    gate.open();
    let keys: Vec<Text> = (0..200).map(key).collect();
    for key in &keys {
        watchers.order(key, gate.clone());
    }
    watchers.wait(&keys.iter().collect::<Vec<_>>(), PATIENCE);
    assert_eq!((watchers.take().len(), gate.asked()), (200, 200));
    assert!((1..=HANDFUL).contains(&watchers.threads()), "{}", watchers.threads());
}

/// Forty that hang, and one that would answer.
#[test]
fn more_than_there_are_threads_for_wait_and_are_told_as_such() {
    let (watchers, hands) = watchers();
    let gate = Gate::closed();
    for number in 0..40 {
        watchers.order(&key(number), gate.clone());
    }
    until("threads come as others hang", || {
        hands.advance(SWIFT * 2);
        assert_eq!(watchers.take(), []);
        gate.asked() == THREADS_MAX
    });
    hands.advance(DEADLINE);
    let healthy = Gate::closed();
    healthy.open();
    watchers.order(&key(99), healthy.clone());
    let now = watchers.shared.context.clock.wall();
    let told: Vec<_> = (0..40).filter_map(|number| watchers.waiting(&key(number))).collect();
    let hang = told.iter().filter(|waiting| matches!(waiting, Waiting::NotResponding(_))).count();
    let without = told.iter().filter(|waiting| matches!(waiting, Waiting::NoThread(_))).count();
    assert_eq!((hang, without), (THREADS_MAX, 40 - THREADS_MAX));
    assert_eq!(watchers.waiting(&key(99)), Some(Waiting::NoThread(now)), "at once: nobody is free");
    assert_eq!((watchers.threads(), healthy.asked()), (THREADS_MAX, 0));

    // Those that were not taken up and are gone are forgotten; the threads stay lost.
    watchers.keep_only(|key| key.as_str() == "99");
    assert_eq!(watchers.waiting(&key(39)), None);
    assert_eq!(watchers.threads(), THREADS_MAX);
    gate.open();
    watchers.wait(&[&key(99)], PATIENCE);
    assert_eq!((healthy.asked(), gate.asked()), (1, THREADS_MAX));
    until("those beyond the handful end", || watchers.threads() <= HANDFUL);
    assert_eq!(watchers.take().len(), THREADS_MAX + 1);
}

#[test]
fn waiting_for_what_hangs_has_an_end() {
    let (watchers, _hands) = watchers();
    let gate = Gate::closed();
    watchers.order(&key(1), gate.clone());
    let clock = Clock::system();
    watchers.wait(&[&key(1)], Duration::from_millis(100));
    let waited = clock.monotonic();
    assert!(waited >= Duration::from_millis(100), "{waited:?}");
    assert!(waited < Duration::from_secs(2), "{waited:?}");
    gate.open();
}

#[test]
fn threads_end_with_the_desk() {
    let (watchers, _hands) = watchers();
    let (stuck, quick) = (Gate::closed(), Gate::closed());
    quick.open();
    watchers.order(&key(1), stuck.clone());
    watchers.order(&key(2), quick);
    watchers.wait(&[&key(2)], PATIENCE);
    until("the first is asked", || stuck.asked() == 1);
    let shared = Arc::clone(&watchers.shared);
    drop(watchers);
    until("the idle one ends", || shared.lock().threads == 1);
    stuck.open();
    until("the other ends when it is let go", || shared.lock().threads == 0);
    until("and nothing holds the desk", || Arc::strong_count(&shared) == 1);
}
