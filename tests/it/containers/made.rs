//! Containers of machines out of files: what comes, goes, is started again, hides.

use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use smonitor::host::Source as _;
use smonitor::host::container::{ContainerSource, WALK_LIFE, WALKED_ALWAYS};
use smonitor::model::container::ContainerState;
use smonitor::model::{Bytes, Percent, Reading, Reason};

use super::{containers, row};
use crate::host_machine::Machine;

pub(super) const ID: &str = "55b5c29f742389b2995da1a589b1167edae40fc86fd3b695ff6b30843e15283f";
pub(super) const OTHER: &str = "df7fd83c62ffa1d3190cbb26363b3ece21532d2e63ed9cfeeca13688d1f05d16";
const TICK: Duration = Duration::from_secs(2);

/// A machine with the trees of version 2.
pub(super) fn machine() -> Machine {
    let machine = Machine::empty();
    machine.write("sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n");
    machine.write("proc/meminfo", "MemTotal: 1000000 kB\nMemFree: 1 kB\n");
    machine.write("proc/stat", "btime 1799000000\n");
    machine.write("proc/net/dev", "a\nb\n");
    machine
}

/// A container whose one process is `pid`.
pub(super) fn lay(machine: &Machine, id: &str, pid: u32, usage: u64) {
    let group = format!("sys/fs/cgroup/system.slice/docker-{id}.scope");
    machine.write(&format!("{group}/cgroup.procs"), format!("{pid}\n"));
    machine.write(&format!("{group}/cgroup.events"), "populated 1\nfrozen 0\n");
    machine.write(&format!("{group}/cpu.stat"), format!("usage_usec {usage}\n"));
    machine.write(&format!("{group}/memory.current"), "2097152\n");
    machine.write(&format!("{group}/memory.stat"), "file 4096\ninactive_file 1048576\n");
    let stat = format!("{pid} (a) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 {pid} 0 0\n");
    machine.write(&format!("proc/{pid}/stat"), stat);
    let dev = "a\nb\n  eth0: 1000 1 0 0 0 0 0 0 500 1 0 0 0 0 0 0\n";
    machine.write(&format!("proc/{pid}/net/dev"), dev);
}

fn key(id: &str) -> String {
    format!("docker/{id}")
}

#[test]
fn a_container_that_comes_is_there_at_once_and_one_that_goes_is_gone_at_once() {
    let machine = machine();
    let mut source = ContainerSource::new(machine.context());
    assert!(containers(&mut source).rows.is_empty(), "trees without a container are no problem");
    lay(&machine, ID, 100, 1_000_000);
    machine.pass(TICK);
    let first = containers(&mut source);
    let first = row(&first, &key(ID)).unwrap();
    assert_eq!(first.cpu_percent.reason(), Some(Reason::Measuring));
    assert_eq!(first.memory_bytes, Reading::Present(Bytes(1 << 20)));
    lay(&machine, ID, 100, 2_000_000);
    lay(&machine, OTHER, 200, 7);
    machine.pass(TICK);
    let both = containers(&mut source);
    let short: Vec<&str> = both.rows.iter().map(|row| &*row.short).collect();
    assert_eq!(short, ["55b5c29f7423", "df7fd83c62ff"]);
    assert_eq!(row(&both, &key(ID)).unwrap().cpu_percent, Reading::Present(Percent(50.0)));
    machine.remove(&format!("sys/fs/cgroup/system.slice/docker-{ID}.scope"));
    machine.pass(TICK);
    let left = containers(&mut source);
    assert_eq!(left.rows.len(), 1);
    assert!(row(&left, &key(OTHER)).is_some());
    assert!(source.findings().is_empty(), "nothing is missing when a container ends");
}

#[test]
fn one_that_was_started_again_begins_anew_and_another_process_of_the_number_is_not_its() {
    let machine = machine();
    lay(&machine, ID, 100, 1_000_000);
    let mut source = ContainerSource::new(machine.context());
    let started = |containers: &smonitor::model::container::Containers| {
        *row(containers, &key(ID)).unwrap().started_at_ms.present().unwrap()
    };
    let before = started(&containers(&mut source));
    let group = format!("sys/fs/cgroup/system.slice/docker-{ID}.scope");
    let inode = |machine: &Machine| std::fs::metadata(machine.path(&group)).unwrap().ino();
    let first = inode(&machine);
    // A second folder first, so that the number of the folder is not used again.
    machine.write("sys/fs/cgroup/new/cgroup.procs", "");
    machine.remove(&group);
    std::fs::rename(machine.path("sys/fs/cgroup/new"), machine.path(&group)).unwrap();
    assert_ne!(inode(&machine), first);
    lay(&machine, ID, 300, 9_000_000);
    machine.pass(TICK);
    let again = containers(&mut source);
    let cpu = row(&again, &key(ID)).unwrap().cpu_percent;
    assert_eq!(cpu.reason(), Some(Reason::Measuring), "no rate over two lives");
    assert_eq!(started(&again).since(before), 2000, "by its new first process");

    // Its first process ends, and its number is soon another's, of another network.
    let procs = format!("{group}/cgroup.procs");
    machine.write(&procs, "400\n");
    machine.write("proc/300/net/dev", "a\nb\n  eth9: 999999999 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n");
    machine.write("proc/400/stat", "400 (a) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 400 0 0\n");
    machine.write("proc/400/net/dev", "a\nb\n  eth0: 1000 1 0 0 0 0 0 0 500 1 0 0 0 0 0 0\n");
    machine.pass(TICK);
    let after = containers(&mut source);
    let received = row(&after, &key(ID)).unwrap().received_bytes_per_second;
    assert_eq!(received.reason(), Some(Reason::Measuring), "the network of 400, not of 300");
}

#[test]
fn a_clock_that_is_set_and_a_long_pause_make_no_rates_up() {
    let machine = machine();
    lay(&machine, ID, 100, 1_000_000);
    let mut source = ContainerSource::new(machine.context());
    containers(&mut source);
    lay(&machine, ID, 100, 2_000_000);
    machine.pass(TICK);
    machine.step_clock(-3_600_000);
    let told = containers(&mut source);
    assert_eq!(row(&told, &key(ID)).unwrap().cpu_percent, Reading::Present(Percent(50.0)));
    lay(&machine, ID, 100, 3_000_000);
    machine.pass(Duration::from_secs(3600));
    let told = containers(&mut source);
    assert_eq!(row(&told, &key(ID)).unwrap().cpu_percent.reason(), Some(Reason::Measuring));
}

#[test]
fn a_group_without_processes_is_no_running_container() {
    let machine = machine();
    lay(&machine, ID, 100, 1);
    machine.write(&format!("sys/fs/cgroup/system.slice/docker-{ID}.scope/cgroup.procs"), "");
    assert!(containers(&mut ContainerSource::new(machine.context())).rows.is_empty());
}

#[test]
fn a_frozen_one_is_paused_and_what_shares_the_machines_network_has_none_of_its_own() {
    let machine = machine();
    lay(&machine, ID, 100, 1);
    let group = format!("sys/fs/cgroup/system.slice/docker-{ID}.scope");
    machine.write(&format!("{group}/cgroup.events"), "populated 1\nfrozen 1\n");
    machine.remove("proc/100/net/dev");
    std::fs::hard_link(machine.path("proc/net/dev"), machine.path("proc/100/net/dev")).unwrap();
    let told = containers(&mut ContainerSource::new(machine.context()));
    let row = row(&told, &key(ID)).unwrap();
    assert_eq!(row.state, Reading::Present(ContainerState::Paused));
    assert_eq!(row.shares_network, Reading::Present(true));
    assert_eq!(row.received_bytes_per_second.reason(), Some(Reason::NotSupported));
    assert_eq!(row.name.reason(), Some(Reason::NotCollected), "nobody is asked");
    assert_eq!(row.tasks.reason(), Some(Reason::NotSupported), "no such file");
}

#[test]
fn large_trees_are_walked_over_now_and_then_and_those_known_are_read_always() {
    let machine = machine();
    lay(&machine, ID, 100, 1_000_000);
    for number in 0..WALKED_ALWAYS {
        machine.write(&format!("sys/fs/cgroup/user.slice/{number}/cgroup.procs"), "");
    }
    let mut source = ContainerSource::new(machine.context());
    containers(&mut source);
    lay(&machine, ID, 100, 2_000_000);
    lay(&machine, OTHER, 200, 1);
    machine.pass(TICK);
    let told = containers(&mut source);
    assert_eq!(row(&told, &key(ID)).unwrap().cpu_percent, Reading::Present(Percent(50.0)));
    assert!(row(&told, &key(OTHER)).is_none(), "it is looked for later");
    // Started again: another folder in its place.
    let group = format!("sys/fs/cgroup/system.slice/docker-{ID}.scope");
    machine.write("sys/fs/cgroup/new/cgroup.procs", "");
    machine.remove(&group);
    std::fs::rename(machine.path("sys/fs/cgroup/new"), machine.path(&group)).unwrap();
    lay(&machine, ID, 100, 9_000_000);
    assert!(containers(&mut source).rows.is_empty(), "who goes is gone at once");
    machine.pass(WALK_LIFE);
    let told = containers(&mut source);
    assert_eq!(row(&told, &key(ID)).unwrap().cpu_percent.reason(), Some(Reason::Measuring));
    assert!(row(&told, &key(OTHER)).is_some());
}

#[test]
fn a_thousand_is_the_most_and_the_others_are_counted() {
    let machine = machine();
    for number in 0..1030_u32 {
        let group = format!("sys/fs/cgroup/docker/{number:064x}");
        machine.write(&format!("{group}/cgroup.procs"), format!("{}\n", number + 1));
    }
    let told = containers(&mut ContainerSource::new(machine.context()));
    assert_eq!((told.rows.len(), told.left_out), (1024, 6));
}

#[test]
fn a_machine_without_control_groups_has_no_containers_and_says_so() {
    let machine = Machine::empty();
    let outcome = ContainerSource::new(machine.context()).collect();
    assert_eq!(outcome.unwrap_err(), Reason::NotSupported);
}

#[test]
fn a_file_that_is_malformed_costs_what_is_in_it_and_nothing_else() {
    let machine = machine();
    lay(&machine, ID, 100, 1);
    let group = format!("sys/fs/cgroup/system.slice/docker-{ID}.scope");
    machine.write(&format!("{group}/memory.stat"), b"file \xff\ninactive_file -7\n");
    machine.write(&format!("{group}/pids.current"), "9".repeat(100));
    let told = containers(&mut ContainerSource::new(machine.context()));
    let row = row(&told, &key(ID)).unwrap();
    assert_eq!(row.memory_bytes.reason(), Some(Reason::Malformed));
    assert_eq!(row.tasks.reason(), Some(Reason::Malformed));
    assert_eq!(row.cpu_percent.reason(), Some(Reason::Measuring));
    assert_eq!(row.processes, Reading::Present(1));
}
