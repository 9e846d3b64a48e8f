//! Whole machines, from their files to the values shown: captured ones (named by their kernel) and
//! made ones. `tests/fixtures/README.md` says where each comes from.

use serde_json::Value;

use super::host_machine::{Machine, story, story_of};

const HOUR_MS: i64 = 3_600_000;

fn golden(fixture: &str) {
    golden_of(&[], fixture);
}

/// A machine that has files for these sources only; for all of them if none is named.
fn golden_of(sources: &[&str], fixture: &str) {
    insta::assert_json_snapshot!(fixture, told(sources, fixture, 0));
    for step in [-HOUR_MS, HOUR_MS] {
        assert!(
            told(sources, fixture, step) == told(sources, fixture, 0),
            "a clock that is set changes no value: {step} ms"
        );
    }
}

/// What a machine says at two points in time, if its clock is set in between.
fn told(sources: &[&str], fixture: &str, clock_step_ms: i64) -> Value {
    let machine = Machine::of(&format!("{fixture}/t0"));
    let then = |machine: &Machine| {
        machine.overlay(&format!("{fixture}/t1"));
        machine.step_clock(clock_step_ms);
    };
    if sources.is_empty() { story(&machine, then) } else { story_of(sources, &machine, then) }
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

#[test]
fn interfaces_of_every_kind() {
    golden_of(&["network", "sockets", "sensors"], "6.1.192-qemu");
}

#[test]
fn interfaces_in_a_container() {
    golden_of(&["network", "sockets"], "6.1.192-qemu-container");
}

#[test]
fn sensors_of_a_laptop() {
    golden_of(&["sensors"], "made-sensors-laptop");
}

#[test]
fn sensors_of_a_server() {
    golden_of(&["sensors"], "made-sensors-server");
}

#[test]
fn sensors_of_a_mainboard() {
    golden_of(&["sensors"], "made-sensors-board");
}

#[test]
fn sensors_of_a_raspberry_pi() {
    golden_of(&["sensors"], "made-sensors-pi");
}

#[test]
fn sensors_of_amd() {
    golden_of(&["sensors"], "made-sensors-amd");
}
