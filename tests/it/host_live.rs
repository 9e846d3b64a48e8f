//! The sources on this very machine, against what the kernel and sysinfo say of it.
//!
//! The machine is not ours alone: what others may change meanwhile is compared before and after.

#![allow(
    clippy::disallowed_methods,
    reason = "these tests start the processes they look at and let real time pass"
)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use smonitor::clock::Clock;
use smonitor::host::cpu::CpuSource;
use smonitor::host::memory::MemorySource;
use smonitor::host::process::ProcessSource;
use smonitor::host::system::SystemSource;
use smonitor::host::{Collected, Context, Roots, Source};
use smonitor::model::cpu::Cpu;
use smonitor::model::process::{Process, ProcessRow, ProcessTable};
use smonitor::model::source::Remedy;
use smonitor::model::{Bytes, Reading, Reason};

use super::host_machine::{processes, settled};

const WINDOW: Duration = Duration::from_millis(1500);

fn context() -> Context {
    let rate_window = Duration::from_secs(60);
    Context { roots: Roots::live(), clock: Clock::system(), rate_window }
}

fn cpu(source: &mut CpuSource) -> Cpu {
    match source.collect() {
        Ok(Collected::Cpu(cpu)) => cpu,
        other => panic!("{other:?}"),
    }
}

/// A process that ends with the test, and what it starts with it.
struct Guest(Child);

impl Guest {
    fn run(script: &str) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::null());
        Self(command.process_group(0).spawn().unwrap())
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.0.wait();
    }
}

fn row(table: &ProcessTable, pid: u32) -> &Process {
    let found = table.rows.iter().find(|process| process.row.pid == pid);
    found.unwrap_or_else(|| panic!("process {pid} is not in the table"))
}

fn listed() -> BTreeSet<u32> {
    let names = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name());
    names.filter_map(|name| name.to_str()?.parse().ok()).collect()
}

/// The words after the name in `/proc/PID/stat`, or of a line of `/proc/stat`.
fn numbers(text: &str) -> Vec<u64> {
    text.split_whitespace().map(|word| word.parse().unwrap_or(0)).collect()
}

/// Busy and all ticks of `/proc/stat`, by the plainest reading of proc(5).
fn kernel_ticks() -> (u64, u64) {
    let text = fs::read_to_string("/proc/stat").unwrap();
    let ticks = numbers(text.lines().next().unwrap().strip_prefix("cpu").unwrap());
    let all: u64 = ticks[..8].iter().sum();
    (all - ticks[3] - ticks[4], all)
}

fn process_ticks(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields = numbers(&text[text.rfind(')').unwrap() + 1..]);
    fields[11] + fields[12]
}

#[test]
fn a_busy_processor_shows_as_the_kernel_counts_it() {
    let burner = Guest::run("while :; do :; done");
    let mut source = CpuSource::new(context());
    let mut table_source = ProcessSource::new(context());
    let first = cpu(&mut source);
    assert_eq!(first.usage, Reading::absent(Reason::Measuring), "not a false 0");
    assert!(
        first.per_core.iter().all(|core| core.busy_percent.reason() == Some(Reason::Measuring))
    );
    settled(&mut table_source);
    let started = Instant::now();
    let first_table = processes(table_source.collect());
    assert!(row(&first_table, burner.pid()).row.cpu_percent.present().is_some());
    let (own_before, (busy_before, all_before)) = (process_ticks(burner.pid()), kernel_ticks());
    cpu(&mut source);
    sleep(WINDOW);
    let second = cpu(&mut source);
    let (own_after, (busy_after, all_after)) = (process_ticks(burner.pid()), kernel_ticks());
    let table = processes(table_source.collect());
    let elapsed = started.elapsed().as_secs_f64();

    let wanted = (busy_after - busy_before) as f64 / (all_after - all_before) as f64 * 100.0;
    let shown = second.usage.present().unwrap().busy_percent.0;
    assert!((shown - wanted).abs() < 5.0, "shown {shown} %, by the kernel {wanted} %");
    let processors = second.per_core.len() as f64;
    assert!(shown > 60.0 / processors, "a whole processor is burnt, shown {shown} %");

    let hertz = rustix::param::clock_ticks_per_second() as f64;
    let wanted = (own_after - own_before) as f64 / hertz / elapsed * 100.0;
    let shown = row(&table, burner.pid()).row.cpu_percent.present().unwrap().0;
    assert!((shown - wanted).abs() < 5.0, "shown {shown} %, by the kernel {wanted} %");
}

#[test]
fn memory_is_what_sysinfo_says() {
    let mut system = sysinfo::System::new().unwrap();
    system.refresh_memory();
    let Ok(Collected::Memory(memory)) = MemorySource::new(context()).collect() else {
        panic!("memory was not read")
    };
    assert_eq!(memory.total_bytes, Bytes(system.total_memory()));
    let near = |shown: u64, wanted: u64| shown.abs_diff(wanted) < system.total_memory() / 20;
    assert!(near(memory.available_bytes.present().unwrap().0, system.available_memory()));
    assert!(near(memory.used_bytes.0, system.used_memory()));
    let swap = memory.swap.present().map_or(0, |swap| swap.total_bytes.0);
    assert_eq!(swap, system.total_swap());
}

#[test]
fn the_system_is_what_sysinfo_says() {
    let Ok(Collected::System(system)) = SystemSource::new(context()).collect() else {
        panic!("the system was not read")
    };
    assert_eq!(
        system.hostname,
        Reading::from_option(sysinfo::System::host_name().ok(), Reason::Gone)
    );
    let release = Reading::from_option(sysinfo::System::kernel_version().ok(), Reason::Gone);
    assert_eq!(system.kernel_release, release);
    let name = system.operating_system.present().unwrap().name.clone();
    assert_eq!(Some(name), sysinfo::System::name().ok());
    let boot = u64::try_from(system.boot_time_ms.present().unwrap().0).unwrap() / 1000;
    assert!(boot.abs_diff(sysinfo::System::boot_time().unwrap()) <= 1);
    let cpu = cpu(&mut CpuSource::new(context()));
    let mut other = sysinfo::System::new().unwrap();
    other.refresh_cpu_all();
    assert_eq!(*cpu.threads.present().unwrap() as usize, other.cpus().len());
    assert_eq!(
        cpu.cores.present().map(|&cores| cores as usize),
        sysinfo::System::physical_core_count().ok()
    );
    assert_eq!(cpu.brand.present().unwrap(), other.cpus()[0].brand().trim());
}

#[test]
fn three_hundred_megabytes_are_seen() {
    const SIZE: u64 = 300 << 20;
    let page_size = rustix::param::page_size() as u64;
    let _hog = Guest::run(&format!("(head -c {SIZE} /dev/zero; exec sleep 60) | tail"));
    let mut source = ProcessSource::new(context());
    for _ in 0..200 {
        let table = processes(source.collect());
        let is_hog = |row: &ProcessRow| row.name.as_str() == "tail" && row.resident_bytes.0 >= SIZE;
        let rows = || table.rows.iter().map(|process| &process.row);
        if let Some(hog) = rows().find(|row| is_hog(row)) {
            assert!(hog.memory_percent.present().unwrap().0 > 0.0);
            // It is on top, but for what really is larger (or was, and has ended).
            for row in rows().filter(|row| row.resident_bytes.0 > hog.resident_bytes.0) {
                let statm = fs::read_to_string(format!("/proc/{}/statm", row.pid));
                let resident = statm.map_or(u64::MAX, |statm| numbers(&statm)[1] * page_size);
                assert!(resident > SIZE / 2, "{} has {resident} bytes only", row.pid);
            }
            return;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("no process with 300 MB turned up");
}

#[test]
fn five_hundred_sleepers_are_all_listed() {
    let sleepers: Vec<Guest> = (0..500).map(|_| Guest::run("exec sleep 60")).collect();
    let mut source = ProcessSource::new(context());
    let before = listed();
    let table = processes(source.collect());
    let after = listed();
    let shown: BTreeSet<u32> = table.rows.iter().map(|process| process.row.pid).collect();
    assert_eq!(table.summary.total as usize, table.rows.len());
    for sleeper in &sleepers {
        assert!(shown.contains(&sleeper.pid()));
    }
    let stayed: BTreeSet<u32> = before.intersection(&after).copied().collect();
    assert!(stayed.is_subset(&shown), "missing: {:?}", stayed.difference(&shown));
    let ever: BTreeSet<u32> = before.union(&after).copied().collect();
    // One that began after the first list and ended before the second is in neither.
    let odd = shown.difference(&ever).filter(|pid| listed().contains(pid));
    assert_eq!(odd.collect::<Vec<_>>(), Vec::<&u32>::new());
    let table = settled(&mut source);
    for sleeper in &sleepers {
        assert_eq!(row(&table, sleeper.pid()).row.command, Reading::Present("sleep 60".into()));
    }
}

#[test]
fn every_process_is_what_sysinfo_says() {
    let mut source = ProcessSource::new(context());
    let _steady = Guest::run("exec sleep 60");
    let table = settled(&mut source);
    let mut system = sysinfo::System::new().unwrap();
    let what = sysinfo::ProcessRefreshKind::nothing()
        .without_tasks()
        .with_memory()
        .with_user(sysinfo::UpdateKind::Always)
        .with_cmd(sysinfo::UpdateKind::Always);
    system.refresh_processes_specifics(sysinfo::ProcessesToUpdate::All, true, what);
    let mut compared = 0;
    for Process { row, .. } in &table.rows {
        let Some(other) = system.process(sysinfo::Pid::from_u32(row.pid)) else { continue };
        let same_start = row.started_at_ms.present().unwrap().0.unsigned_abs() / 1000;
        if other.start_time().abs_diff(same_start) > 1 {
            continue;
        }
        compared += 1;
        assert_eq!(other.parent().map_or(0, sysinfo::Pid::as_u32), row.parent_pid);
        assert_eq!(other.effective_user_id().map(|uid| **uid), row.user_id.present().copied());
        let no_command = other.cmd().is_empty();
        let shown = row.command.present().unwrap();
        if no_command {
            assert_eq!(shown.as_str(), format!("[{}]", row.name));
        }
        if row.pid == 2 && row.kernel_thread {
            assert_eq!(shown.as_str(), "[kthreadd]");
        }
    }
    assert!(compared >= 2, "this process and its child at least");
}

#[test]
fn the_own_process_has_name_user_and_start() {
    let mut source = ProcessSource::new(context());
    let table = settled(&mut source);
    let own = &row(&table, std::process::id()).row;
    let comm = fs::read_to_string("/proc/self/comm").unwrap();
    assert_eq!(own.name.as_str(), comm.trim_end());
    assert_eq!(own.user_id, Reading::Present(rustix::process::geteuid().as_raw()));
    assert!(own.command.present().unwrap().contains("it-"));
    let now = Clock::system().wall();
    let age = now.since(*own.started_at_ms.present().unwrap());
    assert!((-2_000..3_600_000).contains(&age), "started {age} ms ago");
    assert!(own.threads >= 2 && own.resident_bytes.0 > 0 && own.virtual_bytes.0 > 0);
    assert!(own.shared_bytes.present().unwrap().0 > 0);
    let summary = table.summary;
    assert_eq!(summary.total as usize, table.rows.len());
    assert_eq!(summary.threads, table.rows.iter().map(|process| process.row.threads).sum::<u32>());
}

#[test]
fn processes_that_come_and_go_never_fail_a_tick() {
    /// Ends the storm however the test ends.
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _stop = Stop(&stop);
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let mut storm =
                    Guest::run("for i in 1 2 3 4 5 6 7 8 9; do true & sh -c : & done; wait");
                let _ = storm.0.wait();
            }
        });
        let mut source = ProcessSource::new(context());
        for tick in 0..40 {
            let table = match source.collect() {
                Ok(collected) => processes(Ok(collected)),
                Err(reason) => panic!("tick {tick} failed: {reason}"),
            };
            row(&table, std::process::id());
            assert!(table.rows.is_sorted_by_key(|process| process.row.pid));
        }
    });
}

/// Runs one of the helpers below in a process of its own, started by this script, in which `$1` is
/// the test program and `$2` the helper.
fn run_helper(script: &str, helper: &str) {
    let program = std::env::current_exe().unwrap();
    let arguments = r#"exec "$@" --exact --ignored --nocapture"#;
    let script = script.replace("RUN", arguments);
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh"]).arg(program).arg(format!("host_live::{helper}"));
    let output = command.env("SMONITOR_INTERNAL_TEST_HELPER", "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}\n{errors}");
}

fn is_helper() -> bool {
    std::env::var_os("SMONITOR_INTERNAL_TEST_HELPER").is_some()
}

#[test]
fn a_shortage_of_descriptors_hides_no_process() {
    run_helper("ulimit -S -n 64; RUN", "helper_few_descriptors");
}

#[test]
#[ignore = "run by a_shortage_of_descriptors_hides_no_process"]
fn helper_few_descriptors() {
    if !is_helper() {
        return;
    }
    let _sleepers: Vec<Guest> = (0..60).map(|_| Guest::run("exec sleep 60")).collect();
    let complete = |source: &mut ProcessSource| {
        let before = listed();
        let table = processes(source.collect());
        let stayed = &before & &listed();
        let shown: BTreeSet<u32> = table.rows.iter().map(|process| process.row.pid).collect();
        stayed.is_subset(&shown)
    };
    let open = || fs::read_dir("/proc/self/fd").unwrap().count();
    let mut source = ProcessSource::new(context());
    assert!(complete(&mut source));
    assert!((32..45).contains(&open()), "half of 64 are kept and no more: {}", open());
    let short = &source.findings()[0];
    assert!(short.what.starts_with("open files: kept for 32 of "), "{short:?}");
    assert_eq!(short.remedy, Remedy::RaiseLimits);
    // Now something else takes all that are left.
    let mut hoard = Vec::new();
    while let Ok(file) = fs::File::open("/proc/self/stat") {
        hoard.push(file);
    }
    let table = processes(source.collect());
    assert!(table.rows.len() > 60, "only {} rows", table.rows.len());
    drop(hoard);
    assert!(complete(&mut source));
    // The limit can be raised again as far as the hard one.
    assert!(smonitor::host::raise_open_file_limit().is_none_or(|limit| limit > 64));
}

#[test]
fn hidden_processes_are_noticed() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: mounting a /proc with hidepid takes root");
        return;
    }
    let mount = "mount -t proc -o hidepid=2 proc /proc";
    let script = format!(
        r#"exec unshare --mount --propagation private sh -c \
        '{mount} && exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "$0" sh "$@"' \
        'RUN' "$@""#
    );
    run_helper(&script, "helper_hidden_processes");
}

#[test]
#[ignore = "run by hidden_processes_are_noticed"]
fn helper_hidden_processes() {
    if !is_helper() {
        return;
    }
    let mut source = ProcessSource::new(context());
    let table = processes(source.collect());
    assert!(!table.summary.sees_other_users);
    let told: Vec<_> = source.findings().into_iter().map(|f| (f.what, f.remedy)).collect();
    assert_eq!(told, [("processes of other users".into(), Remedy::JoinHidepidGroup)]);
    row(&table, std::process::id());
    assert!(table.rows.iter().all(|process| process.row.pid != 1));
}
