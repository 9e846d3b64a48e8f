use std::path::Path;
use std::time::Duration;

use super::*;
use crate::clock::{Clock, Manual};
use crate::host::Roots;
use crate::model::{Percent, Reading, UnixMillis};

const SECOND: Duration = Duration::from_secs(1);

/// A process that has used `cpu` ticks and belongs to a container.
fn make(root: &Path, pid: u32, start: u64, cpu: u64) {
    let folder = root.join(format!("proc/{pid}"));
    std::fs::create_dir_all(&folder).unwrap();
    let stat =
        format!("{pid} (train) S 1 1 1 0 -1 0 0 0 0 0 {cpu} 0 0 0 20 0 1 0 {start} 40960 5 0\n");
    std::fs::write(folder.join("stat"), stat).unwrap();
    std::fs::write(folder.join("statm"), "10 5 3 1 0 1 0\n").unwrap();
    std::fs::write(folder.join("cmdline"), format!("train\0{pid}\0")).unwrap();
    std::fs::write(folder.join("cgroup"), "0::/lxc.payload.lab\n").unwrap();
}

/// Makes the command line of a process one that can be read only after 8 ms.
fn make_slow(root: &Path, pid: u32) {
    let path = root.join(format!("proc/{pid}/cmdline"));
    std::fs::remove_file(&path).unwrap();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    std::thread::spawn(move || {
        std::thread::park_timeout(Duration::from_millis(8));
        // If nobody waited for it, nobody is there any more.
        let _ = std::fs::write(path, format!("train\0{pid}\0"));
    });
}

struct Machine {
    folder: tempfile::TempDir,
    hands: std::sync::Arc<Manual>,
    follower: Follower,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("proc")).unwrap();
        let (clock, hands) = Clock::manual(UnixMillis(0));
        let roots = Roots::at(folder.path());
        let context = Context { roots, clock, rate_window: SECOND * 10 };
        Self { folder, hands, follower: Follower::new(context) }
    }

    fn make(&self, pid: u32, start: u64, cpu: u64) {
        make(self.folder.path(), pid, start, cpu);
    }

    fn read(&mut self, pids: &[u32]) -> Vec<ProcessRow> {
        self.follower.read(pids).unwrap()
    }
}

fn pids(rows: &[ProcessRow]) -> Vec<u32> {
    rows.iter().map(|row| row.pid).collect()
}

fn lab(row: &ProcessRow) -> Option<&str> {
    row.place.present()?.container.as_ref().map(|container| container.key.as_str())
}

fn percent(value: f64) -> Reading<Percent> {
    Reading::from_option(Percent::of(value, 100.0), Reason::Measuring)
}

/// Whether rows come with all details in one of some tries: a test machine may be so busy that a
/// wait of 30 ms is over before a thread has run.
fn is_waited_for(mut once: impl FnMut() -> Vec<ProcessRow>) -> bool {
    (0..20).any(|_| once().iter().all(|row| row.command.present().is_some() && lab(row).is_some()))
}

#[test]
fn the_first_run_has_details() {
    assert!(is_waited_for(|| {
        let mut machine = Machine::new();
        for pid in [5, 7, 9] {
            machine.make(pid, 100, 0);
        }
        make_slow(machine.folder.path(), 5);
        let rows = machine.read(&[5, 9]);
        assert_eq!(pids(&rows), [5, 9], "7 was not asked for");
        rows
    }));
}

#[test]
fn a_process_that_comes_later_has_details_at_once() {
    assert!(is_waited_for(|| {
        let mut machine = Machine::new();
        machine.make(5, 100, 0);
        machine.make(7, 100, 0);
        machine.read(&[5]);
        machine.follower.watch.settle_for_tests();
        machine.hands.advance(SECOND);
        make_slow(machine.folder.path(), 7);
        machine.read(&[5, 7])
    }));
}

#[test]
fn details_are_of_the_process_that_has_them() {
    let mut machine = Machine::new();
    machine.make(5, 100, 0);
    machine.make(7, 100, 0);
    machine.read(&[5, 7]);
    machine.follower.watch.settle_for_tests();
    let rows = machine.read(&[5, 7]);
    for row in &rows {
        assert_eq!(lab(row), Some("lxc/lab"));
        assert_eq!(row.command, Reading::Present(format!("train {}", row.pid).as_str().into()));
    }
}

#[test]
fn one_that_is_gone_or_was_never_there_is_left_out() {
    let mut machine = Machine::new();
    machine.make(5, 100, 0);
    machine.make(7, 100, 0);
    assert_eq!(pids(&machine.read(&[5, 6, 7, 8])), [5, 7]);
    std::fs::remove_dir_all(machine.folder.path().join("proc/5")).unwrap();
    assert_eq!(pids(&machine.read(&[5, 6, 7, 8])), [7]);
    assert_eq!(machine.read(&[]), []);
}

#[test]
fn processor_time_is_measured_from_when_a_process_is_followed() {
    let mut machine = Machine::new();
    let ticks = rustix::param::clock_ticks_per_second();
    machine.make(5, 100, 10 * ticks);
    // Later than the other, and running for long all the same.
    machine.make(7, 200, 50 * ticks);
    assert_eq!(machine.read(&[5])[0].cpu_percent, Reading::absent(Reason::Measuring));
    machine.hands.advance(SECOND * 2);
    machine.make(5, 100, 13 * ticks);
    let rows = machine.read(&[5, 7]);
    assert_eq!(rows[0].cpu_percent, percent(150.0));
    assert_eq!(rows[1].cpu_percent, Reading::absent(Reason::Measuring), "no time is made up");
    machine.hands.advance(SECOND);
    machine.make(7, 200, 51 * ticks);
    let rows = machine.read(&[5, 7]);
    assert_eq!(rows[1].cpu_percent, percent(100.0));
}

#[test]
fn a_pid_that_is_used_again_is_another_process() {
    let mut machine = Machine::new();
    machine.make(5, 100, 0);
    let before = machine.read(&[5])[0].key.clone();
    machine.hands.advance(SECOND);
    machine.make(5, 900, 3);
    let after = machine.read(&[5])[0].clone();
    assert_eq!((before.as_str(), after.key.as_str()), ("5-100", "5-900"));
    assert_eq!(after.cpu_percent, Reading::absent(Reason::Measuring));
}

#[test]
fn what_is_malformed_is_told_and_costs_the_others_nothing() {
    let mut machine = Machine::new();
    machine.make(5, 100, 0);
    machine.make(7, 100, 0);
    std::fs::write(machine.folder.path().join("proc/5/stat"), "rubbish").unwrap();
    assert_eq!(pids(&machine.read(&[5, 7])), [7]);
    let mut missing = Missing::new("gpus");
    missing.begin(UnixMillis(1));
    machine.follower.note(&mut missing);
    let told = missing.findings();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].what.as_str(), told[0].problem.reason), ("1 process", Reason::Malformed));
    assert_eq!(machine.follower.read(&[5]), Err(Reason::Malformed));
}
