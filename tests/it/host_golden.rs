//! Whole machines, from their files to the values shown: captured ones (named by their kernel) and
//! made ones. `tests/fixtures/README.md` says where each comes from.

use serde_json::Value;

use super::host_machine::{Machine, story};

const HOUR_MS: i64 = 3_600_000;

fn golden(fixture: &str) {
    insta::assert_json_snapshot!(fixture, told(fixture, 0));
    for step in [-HOUR_MS, HOUR_MS] {
        assert!(
            told(fixture, step) == told(fixture, 0),
            "a clock that is set changes no value: {step} ms"
        );
    }
}

/// What a machine says at two points in time, if its clock is set in between.
fn told(fixture: &str, clock_step_ms: i64) -> Value {
    let machine = Machine::of(&format!("{fixture}/t0"));
    story(&machine, |machine| {
        machine.overlay(&format!("{fixture}/t1"));
        machine.step_clock(clock_step_ms);
    })
}

#[test]
fn a_micro_virtual_machine() {
    golden("6.18.44-microvm");
}

#[test]
fn an_old_kernel() {
    golden("made-3.10-centos");
}

#[test]
fn a_board() {
    golden("made-arm64-board");
}

#[test]
fn processes_of_others_hidden() {
    golden("made-hidepid");
}
