//! Whole machines, from their files to the values shown: captured ones (named by their kernel) and
//! made ones. `tests/fixtures/README.md` says where each comes from.

use serde_json::Value;

use super::host_machine::{Machine, story, story_of};

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

/// The same of a machine of which only the files of some sources are there.
fn golden_of(fixture: &str, names: &[&str]) {
    let told = |clock_step_ms: i64| {
        let machine = Machine::of(&format!("{fixture}/t0"));
        let mut sources = machine.sources();
        sources.retain(|source| names.contains(&source.name()));
        assert_eq!(sources.len(), names.len());
        story_of(&machine, sources, |machine| {
            machine.overlay(&format!("{fixture}/t1"));
            machine.step_clock(clock_step_ms);
        })
    };
    insta::assert_json_snapshot!(fixture, told(0));
    assert!(told(-HOUR_MS) == told(0), "a clock that is set changes no value");
}

#[test]
fn arrays_and_disks_of_a_virtual_machine() {
    golden_of("6.1-qemu-storage", &["disks", "raid", "numa"]);
}

#[test]
fn arrays_that_lack_members() {
    golden_of("made-raid-degraded", &["disks", "raid"]);
}

#[test]
fn pools_that_lack_devices() {
    golden_of("made-zfs-degraded", &["zfs"]);
}

#[test]
fn a_pool_of_an_old_module() {
    golden_of("made-zfs-0.7", &["zfs"]);
}

#[test]
fn two_memory_nodes() {
    golden_of("made-numa-2", &["numa"]);
}

#[test]
fn eight_memory_nodes_half_of_them_without_processors() {
    golden_of("made-numa-8", &["numa"]);
}
