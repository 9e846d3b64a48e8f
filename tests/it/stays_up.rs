//! "It stays up": two hundred viewers, a server that is hurt in every way there is, and what the
//! viewers notice. Connections refused: none. Everybody live again: within 5 s. Nothing old shown
//! as fresh.
//!
//! Each scenario starts the program itself with a state folder of its own, prints one line with its
//! figures, and asserts them. They run one at a time, for each keeps a processor busy.
//! `scripts/bench/stays_up.sh` runs the same against a release build and gathers the lines.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests start processes, let real time pass, print figures and why they do not run"
)]

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ledger::Outcome;

mod deaths;
mod fleet;
mod ledger;
mod orphan;
mod server;
mod start;
mod stuck;
mod upgrade;
mod viewer;

const VIEWERS: usize = 200;

/// How long viewers may be without fresh values. The promise is 5 s, and the bench asserts that
/// against a release build. In the suite the program is a debug build, and it and 200 viewers share
/// two processors with all other tests, so twice the time is given: a worker that is not replaced
/// takes for ever.
fn promise() -> Duration {
    let asked = std::env::var("SMONITOR_TEST_PROMISE_SECONDS").ok();
    let seconds = asked.and_then(|seconds| seconds.parse().ok()).unwrap_or(10.0);
    Duration::from_secs_f64(seconds)
}

/// One scenario at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the program has the wounds of debug builds; where not, says that the test is skipped.
fn has_wounds(test: &str) -> bool {
    let is_ours = std::env::var_os("SMONITOR_TEST_PROGRAM").is_none() && cfg!(debug_assertions);
    if !is_ours {
        eprintln!("skipped {test}: only debug builds of the program can be hurt in this way");
    }
    is_ours
}

/// Prints the figures and asserts what every scenario promises.
fn keeps_the_promise(scenario: &str, outcome: &Outcome) {
    println!("{}", outcome.line(scenario));
    let Outcome { viewers, lost, .. } = *outcome;
    assert_eq!(lost, viewers, "not everybody was hit, so nothing was shown: {outcome:?}");
    assert_eq!(outcome.refused, 0, "connections were refused: {outcome:?}");
    assert_eq!(outcome.answered, Vec::<u16>::new(), "somebody was turned away: {outcome:?}");
    assert_eq!(outcome.broken_rules, 0, "{outcome:?}");
    assert_eq!(outcome.back.len(), viewers, "not everybody is back: {outcome:?}");
    let slowest = outcome.slowest();
    assert!(slowest <= promise(), "somebody was back after {slowest:?} only: {outcome:?}");
    let longest = outcome.longest_answer.saturating_sub(outcome.held);
    assert!(longest <= promise(), "a question took too long: {outcome:?}");
}
