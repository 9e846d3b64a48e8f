//! Whole machines, from their files to the values shown: captured ones (named by their kernel) and
//! made ones. `tests/fixtures/README.md` says where each comes from.

use super::host_machine::{Machine, story};

fn golden(fixture: &str) {
    let machine = Machine::of(&format!("{fixture}/t0"));
    let story = story(&machine, |machine| machine.overlay(&format!("{fixture}/t1")));
    insta::assert_json_snapshot!(fixture, story);
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
