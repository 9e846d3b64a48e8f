//! Whole machines, from their files to the values shown: captured ones (named by their kernel) and
//! made ones. `tests/fixtures/README.md` says where each comes from.

use serde_json::Value;

use super::host_machine::{Machine, story, story_of};

const HOUR_MS: i64 = 3_600_000;

/// A whole machine.
fn golden(fixture: &str) {
    told_alike(&[], fixture, |machine, then| story(machine, then));
}

/// A whole machine, with parts that are fixtures of their own.
fn golden_with(parts: &[&str], fixture: &str) {
    told_alike(parts, fixture, |machine, then| story(machine, then));
}

/// A machine that has files for these sources only.
fn golden_of(sources: &[&str], fixture: &str) {
    told_alike(&[], fixture, |machine, then| story_of(sources, machine, then));
}

/// What a machine says at two points in time is what is written down, and the same if its clock is
/// set in between.
fn told_alike(parts: &[&str], fixture: &str, tell: impl Fn(&Machine, &dyn Fn(&Machine)) -> Value) {
    let lay = |machine: &Machine, time: &str| {
        for folder in parts.iter().chain([&fixture]) {
            machine.overlay(&format!("{folder}/{time}"));
        }
    };
    let told = |clock_step_ms: i64| {
        let machine = Machine::empty();
        lay(&machine, "t0");
        tell(&machine, &|machine| {
            lay(machine, "t1");
            machine.step_clock(clock_step_ms);
        })
    };
    insta::assert_json_snapshot!(fixture, told(0));
    for step in [-HOUR_MS, HOUR_MS] {
        assert!(told(step) == told(0), "a clock that is set changes no value: {step} ms");
    }
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
    golden_with(&["made-sensors-pi"], "made-arm64-board");
}

#[test]
fn a_laptop() {
    golden_with(&["made-sensors-laptop"], "made-laptop");
}

#[test]
fn a_large_server() {
    golden_with(&["made-sensors-server", "made-numa-2"], "made-server");
}

#[test]
fn a_virtual_machine_with_systemd() {
    golden("6.1.0-systemd");
}

#[test]
fn a_container() {
    golden("6.1.0-systemd-container");
}

#[test]
fn processes_of_others_hidden() {
    golden("made-hidepid");
}

#[test]
fn logins_that_utmp_and_logind_know() {
    golden("made-logins-utmp");
}

#[test]
fn logins_that_only_logind_knows() {
    golden("made-logins-logind");
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

#[test]
fn arrays_and_disks_of_a_virtual_machine() {
    golden_of(&["disks", "raid", "numa"], "6.1-qemu-storage");
}

#[test]
fn arrays_that_lack_members() {
    golden_of(&["disks", "raid"], "made-raid-degraded");
}

#[test]
fn pools_that_lack_devices() {
    golden_of(&["zfs"], "made-zfs-degraded");
}

#[test]
fn a_pool_of_an_old_module() {
    golden_of(&["zfs"], "made-zfs-0.7");
}

#[test]
fn two_memory_nodes() {
    golden_of(&["numa"], "made-numa-2");
}

#[test]
fn eight_memory_nodes_half_of_them_without_processors() {
    golden_of(&["numa"], "made-numa-8");
}

#[test]
fn containers_of_every_maker() {
    golden_of(&["containers"], "made-cgroup2");
}

#[test]
fn containers_of_an_old_kernel() {
    golden_of(&["containers"], "made-cgroup1");
}
