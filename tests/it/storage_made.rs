//! Arrays, pools and memory nodes of machines that are made by the test and to which something
//! happens.

use std::fmt::Write as _;
use std::time::Duration;

use smonitor::host::numa::NumaSource;
use smonitor::host::raid::RaidSource;
use smonitor::host::zfs::{OBJSETS_MAX, ZfsSource};
use smonitor::host::{Collected, Source};
use smonitor::model::numa::Numa;
use smonitor::model::raid::ARRAYS_MAX;
use smonitor::model::zfs::{POOLS_MAX, Zfs, ZfsPool, ZfsState};
use smonitor::model::{BytesPerSecond, PerSecond, Reading, Reason};

use super::host_machine::{BETWEEN, Machine};

const ZFS: &str = "proc/spl/kstat/zfs";

fn zfs(source: &mut ZfsSource) -> Zfs {
    match source.collect() {
        Ok(Collected::Zfs(zfs)) => zfs,
        other => panic!("{other:?}"),
    }
}

fn pool<'a>(zfs: &'a Zfs, key: &str) -> &'a ZfsPool {
    zfs.pools.iter().find(|pool| pool.key.as_str() == key).unwrap()
}

fn write_pool(machine: &Machine, name: &str, state: &str, read: u64) {
    machine.write(&format!("{ZFS}/{name}/state"), state);
    let objset =
        format!("1 1\nname type data\ndataset_name 7 {name}\nnwritten 4 0\nnread 4 {read}\n");
    machine.write(&format!("{ZFS}/{name}/objset-0x36"), objset);
}

#[test]
fn a_pool_that_is_exported_and_imported_is_measured_anew() {
    let machine = Machine::empty();
    let mut source = ZfsSource::new(machine.context());
    assert_eq!(source.collect(), Err(Reason::NotSupported), "the module is not loaded");
    machine.write(&format!("{ZFS}/dbgmsg"), "");
    assert_eq!(zfs(&mut source).pools, [], "no pool is imported");
    let rate = |source: &mut ZfsSource| pool(&zfs(source), "tank").read_bytes_per_second;
    write_pool(&machine, "tank", "ONLINE\n", 1000);
    assert_eq!(rate(&mut source), Reading::absent(Reason::Measuring));
    machine.pass(BETWEEN);
    write_pool(&machine, "tank", "ONLINE\n", 11_000);
    assert_eq!(rate(&mut source), Reading::Present(BytesPerSecond(1000)));
    machine.remove(&format!("{ZFS}/tank"));
    machine.pass(BETWEEN);
    assert_eq!(zfs(&mut source).pools, []);
    machine.pass(BETWEEN);
    write_pool(&machine, "tank", "TRANSITIONING\n", 90_000);
    assert_eq!(rate(&mut source), Reading::absent(Reason::Measuring));
    let importing = zfs(&mut source);
    assert_eq!(pool(&importing, "tank").state, Reading::absent(Reason::Gone));
    assert_eq!(pool(&importing, "tank").space, Reading::absent(Reason::Gone));
    // After a pause the first rate would be one over the pause.
    machine.pass(machine.context().rate_window + Duration::from_secs(1));
    write_pool(&machine, "tank", "DEGRADED\n", 91_000);
    let after = zfs(&mut source);
    assert_eq!(pool(&after, "tank").read_bytes_per_second, Reading::absent(Reason::Measuring));
    assert_eq!(pool(&after, "tank").state, Reading::Present(ZfsState::Degraded));
}

#[test]
fn a_malformed_statistic_costs_only_itself() {
    let machine = Machine::empty();
    write_pool(&machine, "bad", "ODD\n", 1);
    write_pool(&machine, "good", "ONLINE\n", 1);
    machine.write(&format!("{ZFS}/bad/objset-0x36"), "1\n2\nnread 4 x\n");
    machine.write(&format!("{ZFS}/arcstats"), "garbage");
    let mut source = ZfsSource::new(machine.context());
    let shown = zfs(&mut source);
    assert_eq!(shown.cache, Reading::absent(Reason::Malformed));
    assert_eq!(pool(&shown, "bad").state, Reading::absent(Reason::Malformed));
    assert_eq!(pool(&shown, "bad").read_bytes_per_second, Reading::absent(Reason::Malformed));
    assert_eq!(pool(&shown, "good").state, Reading::Present(ZfsState::Online));
    assert_eq!(pool(&shown, "good").read_bytes_per_second, Reading::absent(Reason::Measuring));
    let found = source.findings();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].what.as_str(), "datasets of bad");
    assert_eq!(found[0].problem.reason, Reason::Malformed);
    let since = found[0].problem.since_ms;
    machine.pass(BETWEEN);
    zfs(&mut source);
    assert_eq!(source.findings()[0].problem.since_ms, since);
}

#[test]
fn more_pools_and_datasets_than_are_read_are_told() {
    let machine = Machine::empty();
    for number in 0..POOLS_MAX + 2 {
        machine.write(&format!("{ZFS}/pool{number}/state"), "ONLINE\n");
    }
    let mut source = ZfsSource::new(machine.context());
    let shown = zfs(&mut source);
    assert_eq!(shown.pools.len(), POOLS_MAX);
    assert_eq!(shown.pools[POOLS_MAX - 1].key.as_str(), format!("pool{}", POOLS_MAX - 1));
    assert_eq!(source.findings()[0].what.as_str(), "2 pools");
    let objset = "1 1\nname type data\nnwritten 4 0\nnread 4 0\n";
    for number in 0..=OBJSETS_MAX {
        machine.write(&format!("{ZFS}/pool0/objset-0x{number:x}"), objset);
    }
    let shown = zfs(&mut source);
    let rate = pool(&shown, "pool0").read_bytes_per_second;
    assert_eq!(rate, Reading::absent(Reason::OutOfResources));
    assert_eq!(source.findings().len(), 2);
}

#[test]
fn more_arrays_than_are_kept_are_told() {
    let machine = Machine::empty();
    let mut source = RaidSource::new(machine.context());
    assert_eq!(source.collect(), Err(Reason::NotSupported), "the driver is not loaded");
    let mut mdstat = "Personalities : [raid1]\n".to_owned();
    for number in (0..ARRAYS_MAX + 3).rev() {
        write!(mdstat, "md{number} : active raid1 sda[0]\n 8 blocks [1/1] [U]\n\n").unwrap();
    }
    machine.write("proc/mdstat", &mdstat);
    let Ok(Collected::Raid(raid)) = source.collect() else { panic!("raid failed") };
    let keys: Vec<String> = raid.arrays.iter().map(|array| array.key.to_string()).collect();
    let wanted: Vec<String> = (0..ARRAYS_MAX).map(|number| format!("md{number}")).collect();
    assert_eq!(keys, wanted);
    let found = source.findings();
    assert_eq!((found.len(), found[0].what.as_str()), (1, "3 arrays"));
    assert_eq!(found[0].problem.reason, Reason::OutOfResources);
    machine.write("proc/mdstat", "md0 : odd\n");
    assert_eq!(source.collect(), Err(Reason::Malformed));
    machine.write("proc/mdstat", "Personalities :\nunused devices: <none>\n");
    let Ok(Collected::Raid(raid)) = source.collect() else { panic!("raid failed") };
    assert_eq!((raid.arrays.len(), source.findings().len()), (0, 0));
}

fn write_node(machine: &Machine, number: u32, cpus: &str, misses: u64) {
    let folder = format!("sys/devices/system/node/node{number}");
    machine.write(&format!("{folder}/cpulist"), format!("{cpus}\n"));
    let memory = format!("Node {number} MemTotal: 400 kB\nNode {number} MemFree: 300 kB\n");
    machine.write(&format!("{folder}/meminfo"), memory);
    machine.write(&format!("{folder}/numastat"), format!("numa_hit 1\nnuma_miss {misses}\n"));
    machine.write(&format!("{folder}/distance"), "10 21\n");
}

fn numa(source: &mut NumaSource) -> Numa {
    match source.collect() {
        Ok(Collected::Numa(numa)) => numa,
        other => panic!("{other:?}"),
    }
}

#[test]
fn memory_that_is_taken_out_and_put_in() {
    let machine = Machine::empty();
    let mut source = NumaSource::new(machine.context());
    assert_eq!(source.collect(), Err(Reason::NotSupported), "a kernel without memory nodes");
    write_node(&machine, 0, "0-3", 1000);
    write_node(&machine, 4, "", 50);
    machine.write("sys/devices/system/node/online", "0,4\n");
    let misses = |numa: &Numa| -> Vec<_> {
        numa.nodes.iter().map(|node| (node.key.to_string(), node.misses_per_second)).collect()
    };
    let rate = |key: &str, rate: f64| (key.to_owned(), Reading::Present(PerSecond(rate)));
    let measuring = |key: &str| (key.to_owned(), Reading::absent(Reason::Measuring));
    assert_eq!(misses(&numa(&mut source)), [measuring("0"), measuring("4")]);
    machine.pass(BETWEEN);
    write_node(&machine, 0, "0-3", 1025);
    assert_eq!(misses(&numa(&mut source)), [rate("0", 2.5), rate("4", 0.0)]);
    machine.pass(BETWEEN);
    machine.remove("sys/devices/system/node/node4");
    assert_eq!(misses(&numa(&mut source)), [rate("0", 0.0)]);
    machine.pass(BETWEEN);
    write_node(&machine, 4, "", 70);
    assert_eq!(misses(&numa(&mut source)), [rate("0", 0.0), measuring("4")], "another one");
    // Between listing and reading it went.
    machine.remove("sys/devices/system/node/node4/cpulist");
    assert_eq!(misses(&numa(&mut source)).len(), 1);
    assert_eq!(source.findings(), []);
}

#[test]
fn a_node_that_cannot_be_read_is_told() {
    let machine = Machine::empty();
    write_node(&machine, 0, "0-3", 0);
    write_node(&machine, 1, "4-7", 0);
    // Reading a folder fails with an error of input and output.
    machine.remove("sys/devices/system/node/node1/cpulist");
    std::fs::create_dir(machine.path("sys/devices/system/node/node1/cpulist")).unwrap();
    machine.write("sys/devices/system/node/node0/meminfo", "odd\n");
    machine.write("sys/devices/system/node/node0/distance", "odd\n");
    let mut source = NumaSource::new(machine.context());
    let shown = numa(&mut source);
    assert_eq!(shown.nodes.len(), 1, "node 1 would look as if it had no processors");
    assert_eq!(shown.nodes[0].total_bytes, Reading::absent(Reason::Malformed));
    assert_eq!(shown.nodes[0].used_percent, Reading::absent(Reason::Malformed));
    let found: Vec<_> = source
        .findings()
        .iter()
        .map(|finding| (finding.what.to_string(), finding.problem.reason))
        .collect();
    let wanted = [
        ("node0/distance".to_owned(), Reason::Malformed),
        ("node1".to_owned(), Reason::ReadFailed),
    ];
    assert_eq!(found, wanted);
}
