//! Machines that are made by the test: large ones, and ones to which something happens.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;
use smonitor::host::cpu::CpuSource;
use smonitor::host::memory::MemorySource;
use smonitor::host::process::ProcessSource;
use smonitor::host::process::details::{DEADLINE, MOST_STUCK};
use smonitor::host::{Collected, Source};
use smonitor::model::cpu::Cpu;
use smonitor::model::process::Process;
use smonitor::model::source::Remedy;
use smonitor::model::{Hertz, Percent, Reading, Reason};

use super::host_machine::{BETWEEN, Machine, pause, processes, settled};

/// `stat` of processors with this much user time out of 1,000 ticks each.
fn stat(busy: impl Iterator<Item = (u32, u64)>, times: u64) -> String {
    let mut cores = String::new();
    let (mut user, mut idle) = (0, 0);
    for (id, share) in busy {
        let (core_user, core_idle) = (share * times, (1000 - share) * times);
        writeln!(cores, "cpu{id} {core_user} 0 0 {core_idle} 0 0 0 0 0 0").unwrap();
        user += core_user;
        idle += core_idle;
    }
    format!("cpu  {user} 0 0 {idle} 0 0 0 0 0 0\n{cores}intr 0\nbtime 1700000000\n")
}

/// Sockets, cores per socket and threads per core, numbered as Linux does on x86: first one
/// thread of every core, then the others.
fn server(sockets: u32, cores: u32, threads: u32) -> Machine {
    let machine = Machine::empty();
    let all_cores = sockets * cores;
    let mut cpuinfo = String::new();
    for id in 0..all_cores * threads {
        let core = id % all_cores;
        let (socket, core_id) = (core / cores, core % cores);
        let siblings: Vec<String> =
            (0..threads).map(|thread| (core + thread * all_cores).to_string()).collect();
        let folder = format!("sys/devices/system/cpu/cpu{id}");
        machine.write(&format!("{folder}/topology/physical_package_id"), format!("{socket}\n"));
        machine.write(&format!("{folder}/topology/core_id"), format!("{core_id}\n"));
        machine
            .write(&format!("{folder}/topology/thread_siblings_list"), siblings.join(",") + "\n");
        let kilohertz = 2_000_000 + id * 1000;
        machine.write(&format!("{folder}/cpufreq/scaling_cur_freq"), format!("{kilohertz}\n"));
        machine.write(&format!("{folder}/cpufreq/cpuinfo_max_freq"), "3700000\n");
        writeln!(
            cpuinfo,
            "processor\t: {id}\nmodel name\t: Made Server CPU\nphysical id\t: {socket}\n\
             core id\t\t: {core_id}\n"
        )
        .unwrap();
    }
    machine.write("proc/cpuinfo", cpuinfo);
    machine
}

fn cpu(source: &mut CpuSource) -> Cpu {
    match source.collect() {
        Ok(Collected::Cpu(cpu)) => cpu,
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_sockets_with_128_threads() {
    let machine = server(2, 32, 2);
    let mut source = CpuSource::new(machine.context());
    // Every even processor works half of the time, the last all of it.
    let busy =
        || (0..128).map(|id| (id, if id == 127 { 1000 } else { 500 * u64::from(id % 2 == 0) }));
    machine.write("proc/stat", stat(busy(), 1));
    let first = cpu(&mut source);
    assert_eq!(first.usage.reason(), Some(Reason::Measuring));
    machine.pass(BETWEEN);
    machine.write("proc/stat", stat(busy(), 2));
    let second = cpu(&mut source);
    let shown = json!({
        "brand": second.brand, "sockets": second.sockets, "cores": second.cores,
        "threads": second.threads, "usage": second.usage, "frequency": second.frequency,
        "load": second.load, "pressure": second.pressure,
    });
    insta::assert_json_snapshot!("made-2-sockets-128-threads", shown);
    let shares: Vec<f64> =
        second.per_core.iter().map(|core| core.busy_percent.present().unwrap().0).collect();
    assert_eq!(shares.len(), 128);
    assert_eq!((shares[0], shares[1], shares[126], shares[127]), (50.0, 0.0, 50.0, 100.0));
}

#[test]
fn a_thousand_and_twenty_four_processors() {
    let machine = server(4, 128, 2);
    let mut source = CpuSource::new(machine.context());
    machine.write("proc/stat", stat((0..1024).map(|id| (id, 250)), 1));
    let first = cpu(&mut source);
    assert_eq!(first.sockets, Reading::Present(4));
    assert_eq!(first.cores, Reading::Present(512));
    assert_eq!(first.threads, Reading::Present(1024));
    // A quarter of them is asked: every fourth.
    let frequency = *first.frequency.present().unwrap();
    assert_eq!(frequency.highest_hertz, Hertz((2_000_000 + 1020 * 1000) * 1000));
    assert_eq!(frequency.limit_hertz, Reading::Present(Hertz(3_700_000_000)));
    machine.pass(BETWEEN);
    machine.write("proc/stat", stat((0..1024).map(|id| (id, 250)), 3));
    let second = cpu(&mut source);
    assert_eq!(second.usage.present().unwrap().busy_percent, Percent(25.0));
    assert!(
        second.per_core.iter().all(|core| core.busy_percent == Reading::Present(Percent(25.0)))
    );
    let frequency = *second.frequency.present().unwrap();
    assert_eq!(
        frequency.highest_hertz,
        Hertz((2_000_000 + 1021 * 1000) * 1000),
        "the next quarter"
    );
}

#[test]
fn processors_that_come_and_go() {
    let machine = server(1, 2, 2);
    let mut source = CpuSource::new(machine.context());
    let with = |ids: &'static [u32], times| stat(ids.iter().map(|&id| (id, 100)), times);
    machine.write("proc/stat", with(&[0, 1], 1));
    assert_eq!(cpu(&mut source).threads, Reading::Present(2));
    machine.pass(BETWEEN);
    machine.write("proc/stat", with(&[0, 1, 2, 3], 2));
    let more = cpu(&mut source);
    assert_eq!((more.threads, more.cores), (Reading::Present(4), Reading::Present(2)));
    assert_eq!(more.per_core[1].busy_percent, Reading::Present(Percent(10.0)));
    assert_eq!(more.per_core[3].busy_percent.reason(), Some(Reason::Measuring));
    machine.pass(BETWEEN);
    machine.write("proc/stat", with(&[0, 2], 3));
    let fewer = cpu(&mut source);
    assert_eq!((fewer.threads, fewer.cores), (Reading::Present(2), Reading::Present(1)));
    assert_eq!(fewer.per_core.iter().map(|core| core.id).collect::<Vec<_>>(), [0, 2]);
}

#[test]
fn a_long_pause_is_not_averaged_over() {
    let machine = server(1, 1, 1);
    machine
        .write("proc/meminfo", "MemTotal: 9 kB\nMemFree: 1 kB\nSwapTotal: 9 kB\nSwapFree: 9 kB\n");
    machine.write("proc/vmstat", "pswpin 1\npswpout 1\n");
    let mut memory_source = MemorySource::new(machine.context());
    let mut swap_in = || match memory_source.collect() {
        Ok(Collected::Memory(memory)) => memory.swap.present().unwrap().in_bytes_per_second,
        other => panic!("{other:?}"),
    };
    let mut source = CpuSource::new(machine.context());
    machine.write("proc/stat", stat([(0, 100)].into_iter(), 1));
    cpu(&mut source);
    assert_eq!(swap_in().reason(), Some(Reason::Measuring));
    machine.pass(machine.context().rate_window + Duration::from_secs(1));
    machine.write("proc/stat", stat([(0, 100)].into_iter(), 2));
    assert_eq!(cpu(&mut source).usage.reason(), Some(Reason::Measuring));
    assert_eq!(swap_in().reason(), Some(Reason::Measuring));
    machine.pass(Duration::from_secs(1));
    machine.write("proc/stat", stat([(0, 100)].into_iter(), 3));
    assert!(cpu(&mut source).usage.present().is_some());
    assert!(swap_in().present().is_some());
}

#[test]
fn nothing_at_all_has_a_reason() {
    let machine = Machine::empty();
    for mut source in machine.sources() {
        let failed = source.collect().map(|_| ());
        assert!(failed.is_err(), "{} made something out of nothing", source.name());
    }
}

#[test]
fn a_malformed_file_is_not_a_crash_and_not_a_zero() {
    let machine = Machine::of("made-3.10-centos/t0");
    for file in ["stat", "meminfo", "loadavg", "uptime", "vmstat", "812/stat", "812/statm"] {
        machine.write(&format!("proc/{file}"), b"\xff\xfe garbage (\n");
    }
    machine.write("proc/cpuinfo", [0xff; 3000]);
    let mut sources = machine.sources();
    let number = |name| sources.iter().position(|source| source.name() == name).unwrap();
    let [system, cpu, memory, processes] = ["system", "cpu", "memory", "processes"].map(number);
    assert_eq!(sources[cpu].collect(), Err(Reason::Malformed), "cpu");
    assert_eq!(sources[memory].collect(), Err(Reason::Malformed), "memory");
    let Ok(Collected::System(system)) = sources[system].collect() else { panic!("system failed") };
    assert_eq!(system.uptime_seconds, Reading::absent(Reason::Malformed));
    assert_eq!(system.boot_time_ms, Reading::absent(Reason::Malformed));
    assert!(system.hostname.present().is_some());
    let table = settled(sources[processes].as_mut());
    assert_eq!(table.summary.total, 7, "the one that cannot be read is left out");
    assert_eq!(table.rows[0].row.started_at_ms.reason(), Some(Reason::Malformed));
    assert_eq!(table.rows[0].row.memory_percent.reason(), Some(Reason::Malformed));
}

fn write_process(machine: &Machine, pid: u32, comm: &str, ticks: u64, start: u64) {
    let stat =
        format!("{pid} ({comm}) S 1 1 1 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 1 0 {start} 4096 1");
    machine.write(&format!("proc/{pid}/stat"), stat);
    machine.write(&format!("proc/{pid}/statm"), "1 1 1 0 0 0 0");
}

fn row(rows: &[Process], pid: u32) -> &Process {
    rows.iter().find(|process| process.row.pid == pid).unwrap()
}

#[test]
fn exec_changes_the_command_and_not_the_row() {
    let machine = Machine::empty();
    write_process(&machine, 1, "init", 0, 1);
    write_process(&machine, 9, "sh", 10, 5);
    machine.write("proc/9/cmdline", "sh\0-c\0run");
    machine.write("proc/1/cmdline", "init");
    let mut source = ProcessSource::new(machine.context());
    let before = settled(&mut source);
    assert_eq!(row(&before.rows, 9).row.command, Reading::Present("sh -c run".into()));
    machine.pass(BETWEEN);
    write_process(&machine, 9, "run", 20, 5);
    machine.write("proc/9/cmdline", "run");
    let command =
        |source: &mut ProcessSource| row(&processes(source.collect()).rows, 9).row.command.clone();
    for _ in 0..200 {
        if command(&mut source) == Reading::Present("run".into()) {
            break;
        }
        pause();
    }
    let after = processes(source.collect());
    let process = row(&after.rows, 9);
    assert_eq!(process.row.command, Reading::Present("run".into()));
    assert_eq!(process.row.name.as_str(), "run");
    assert_eq!(process.row.key, row(&before.rows, 9).row.key);
}

#[test]
fn a_command_that_changes_without_a_new_name_is_read_again_in_turn() {
    let machine = Machine::empty();
    write_process(&machine, 1, "init", 0, 1);
    machine.write("proc/1/cmdline", "old title");
    let mut source = ProcessSource::new(machine.context());
    settled(&mut source);
    machine.write("proc/1/cmdline", "new title");
    for _ in 0..200 {
        machine.pass(Duration::from_secs(1));
        let table = processes(source.collect());
        if table.rows[0].row.command == Reading::Present("new title".into()) {
            return;
        }
        pause();
    }
    panic!("the new title was never read");
}

#[test]
fn a_process_whose_memory_is_locked_does_not_hold_up_the_table() {
    let machine = Machine::empty();
    write_process(&machine, 1, "init", 0, 1);
    machine.write("proc/1/cmdline", "init");
    write_process(&machine, 5, "stuck", 0, 1);
    // Opening a FIFO blocks like reading a command line behind a held lock.
    let path = machine.path("proc/5/cmdline");
    let (kind, mode) =
        (rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR);
    rustix::fs::mknodat(rustix::fs::CWD, &path, kind, mode, 0).unwrap();
    write_process(&machine, 7, "well", 0, 1);
    machine.write("proc/7/cmdline", "well");
    let mut source = ProcessSource::new(machine.context());
    let first = processes(source.collect());
    assert_eq!(first.rows.len(), 3);
    machine.pass(DEADLINE);
    let mut last = first;
    for _ in 0..200 {
        last = processes(source.collect());
        if row(&last.rows, 7).row.command.present().is_some() {
            break;
        }
        pause();
    }
    assert_eq!(row(&last.rows, 7).row.command, Reading::Present("well".into()));
    let stuck = &row(&last.rows, 5).row;
    assert_eq!(stuck.command, Reading::absent(Reason::NotResponding));
    assert!(stuck.user.present().is_some(), "what does not block is there");
    let [told] = &source.findings()[..] else { panic!("{:?}", source.findings()) };
    assert_eq!((&*told.what, told.remedy), ("process 5 (stuck)", Remedy::FindWhatHangs));
    let age = machine.context().clock.wall().since(told.problem.since_ms);
    assert_eq!(age, i64::try_from(DEADLINE.as_millis()).unwrap(), "since it was begun");
    std::fs::write(path, "back").unwrap();
    for _ in 0..200 {
        last = processes(source.collect());
        if row(&last.rows, 5).row.command.present().is_some() {
            break;
        }
        pause();
    }
    assert_eq!(row(&last.rows, 5).row.command, Reading::Present("back".into()));
    assert_eq!(source.findings(), []);
}

#[test]
fn more_stuck_processes_than_workers_are_told_together() {
    let machine = Machine::empty();
    write_process(&machine, 1, "init", 0, 1);
    let stuck = 2..=9_u32;
    for pid in stuck.clone() {
        write_process(&machine, pid, "stuck", 0, 1);
        let (kind, mode) =
            (rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR);
        let path = machine.path(&format!("proc/{pid}/cmdline"));
        rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, 0).unwrap();
    }
    let mut source = ProcessSource::new(machine.context());
    let told = |source: &ProcessSource| -> Vec<String> {
        source.findings().iter().map(|finding| finding.what.to_string()).collect()
    };
    for _ in 0..500 {
        processes(source.collect());
        if told(&source).len() > MOST_STUCK + 1 {
            break;
        }
        machine.pass(DEADLINE);
        pause();
    }
    let told = told(&source);
    assert_eq!(told.len(), MOST_STUCK + 2, "{told:?}");
    assert!(told[..=MOST_STUCK].iter().all(|what| what.ends_with("(stuck)")), "{told:?}");
    assert_eq!(told.last().unwrap(), "command lines of 8 processes");
    for pid in stuck {
        // Those that nobody waits for any more must not block this test.
        let (path, flags) =
            (machine.path(&format!("proc/{pid}/cmdline")), rustix::fs::OFlags::RDWR);
        drop(rustix::fs::open(path, flags, rustix::fs::Mode::empty()).unwrap());
    }
}

#[test]
fn parts_that_cannot_be_read_are_told_and_parts_that_are_not_there_are_not() {
    let machine = Machine::of("made-3.10-centos/t0");
    let names = |machine: &Machine| -> Vec<(String, Reason)> {
        let mut sources = machine.sources();
        let mut findings = Vec::new();
        for source in &mut sources[..3] {
            source.collect().unwrap();
            findings.extend(source.findings());
        }
        findings.iter().map(|f| (f.what.to_string(), f.problem.reason)).collect()
    };
    assert_eq!(names(&machine), [], "this kernel has no pressure files");
    // A folder in place of a file fails to be read, for root, too.
    for file in ["pressure/cpu", "pressure/memory"] {
        machine.write(&format!("proc/{file}/x"), "");
    }
    machine.write("proc/vmstat", "rubbish");
    let told = [
        ("cpu", "proc/pressure/cpu", Reason::ReadFailed),
        ("memory", "proc/pressure/memory", Reason::ReadFailed),
        ("memory", "proc/vmstat", Reason::Malformed),
    ];
    let path = |file| machine.path(file).display().to_string();
    assert_eq!(names(&machine), told.map(|(_, file, reason)| (path(file), reason)));
}

#[test]
fn a_process_that_started_since_is_measured_from_its_start() {
    let machine = Machine::empty();
    write_process(&machine, 1, "init", 0, 1);
    write_process(&machine, 8, "late", 0, 100);
    let mut source = ProcessSource::new(machine.context());
    processes(source.collect());
    machine.pass(BETWEEN);
    let ticks = rustix::param::clock_ticks_per_second();
    write_process(&machine, 9, "new", 5 * ticks, 200);
    // Not seen before, but there for long: how much of its time is new is not known.
    write_process(&machine, 7, "unhidden", 5 * ticks, 50);
    let table = processes(source.collect());
    assert_eq!(row(&table.rows, 9).row.cpu_percent, Reading::Present(Percent(50.0)));
    assert_eq!(row(&table.rows, 7).row.cpu_percent, Reading::absent(Reason::Measuring));
}

#[test]
fn the_same_number_later_is_another_process() {
    let machine = Machine::empty();
    write_process(&machine, 1, "init", 0, 1);
    write_process(&machine, 9, "one", 5000, 5);
    machine.write("proc/9/cmdline", "one");
    let mut source = ProcessSource::new(machine.context());
    settled(&mut source);
    machine.pass(BETWEEN);
    machine.remove("proc/9");
    write_process(&machine, 9, "one", 10, 900);
    machine.write("proc/9/cmdline", "two");
    let table = processes(source.collect());
    let process = &row(&table.rows, 9).row;
    assert_eq!(process.key.as_str(), "9-900");
    assert_eq!(process.command, Reading::absent(Reason::NotCollected), "not the old one's");
}
