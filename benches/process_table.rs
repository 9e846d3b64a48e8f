//! What a tick of the process table costs, against the least it could cost.
//!
//! `cargo bench --bench process_table` prints processor time per tick: of reading `PID/stat` of
//! every process on descriptors that are open already and doing nothing with it (*bare*); of our
//! source; of sysinfo. The variants take turns in one run, so that whatever else the machine does
//! hits all alike. The budget is 1.5 × bare; beyond, the exit status is 1. With a number as
//! argument, that many sleeping processes are started for the second table instead of 1,000.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark starts what it measures, lets real time pass, and prints"
)]

use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitCode};
use std::time::Duration;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::time::{ClockId, clock_gettime};
use smonitor::clock::Clock;
use smonitor::host::process::ProcessSource;
use smonitor::host::process::table::Reader;
use smonitor::host::{Collected, Context, Roots, Source, raise_open_file_limit};

const BUDGET: f64 = 1.5;
const ROUNDS: usize = 61;

fn main() -> ExitCode {
    raise_open_file_limit();
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1000);
    let mut within = compare("as it is");
    let sleepers = Sleepers::start(count);
    within &= compare(&format!("{count} more"));
    drop(sleepers);
    if within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Sleepers(Vec<Child>);

impl Sleepers {
    fn start(count: usize) -> Self {
        let sleep = |_| Command::new("sleep").arg("600").spawn().expect("sleep(1) exists");
        Self((0..count).map(sleep).collect())
    }
}

impl Drop for Sleepers {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // One that is gone already is no trouble.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Processor time of this thread and of the whole process.
fn spent(work: impl FnOnce()) -> [f64; 2] {
    let now = |clock| {
        let time = clock_gettime(clock);
        Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
    };
    let clocks = [ClockId::ThreadCPUTime, ClockId::ProcessCPUTime];
    let before = clocks.map(now);
    work();
    let after = clocks.map(now);
    std::array::from_fn(|index| (after[index] - before[index]).as_secs_f64() * 1e6)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn compare(title: &str) -> bool {
    let context = Context {
        roots: Roots::live(),
        clock: Clock::system(),
        rate_window: Duration::from_secs(60),
    };
    let mut source = ProcessSource::new(context.clone());
    let mut reader = Reader::new(&context.roots);
    let mut pids = Vec::new();
    reader.list(&mut pids).expect("the process table can be listed");
    let open = |pid: &u32| -> Option<OwnedFd> {
        let path = context.roots.proc(format!("{pid}/stat"));
        rustix::fs::openat(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()
    };
    let descriptors: Vec<OwnedFd> = pids.iter().filter_map(open).collect();
    let mut buffer = vec![0; 2048];
    let mut system = sysinfo::System::new().expect("this platform is known to sysinfo");
    let what = sysinfo::ProcessRefreshKind::nothing()
        .without_tasks()
        .with_cpu()
        .with_memory()
        .with_user(sysinfo::UpdateKind::OnlyIfNotSet)
        .with_cmd(sysinfo::UpdateKind::OnlyIfNotSet);

    let mut rows = 0;
    let mut times = [const { Vec::new() }; 5];
    let mut table = None;
    for round in 0..ROUNDS + 5 {
        let mut round_times = [[0.0; 2]; 5];
        round_times[0] = spent(|| {
            for descriptor in &descriptors {
                // A process that ended meanwhile costs about as much as one that did not.
                let _ = rustix::io::pread(descriptor, &mut buffer[..], 0);
            }
        });
        round_times[1] = spent(|| reader.list(&mut pids).expect("it could be listed before"));
        // The snapshot before goes when the new one comes, as in the product.
        round_times[2] = spent(|| table = source.collect().ok());
        round_times[3] = spent(|| {
            system.refresh_processes_specifics(sysinfo::ProcessesToUpdate::All, true, what);
        });
        round_times[4] = spent(|| std::thread::sleep(Duration::from_millis(15)));
        // Only the thread for details works beside this one.
        let details = round_times.iter().map(|[own, all]| all - own).sum();
        let [bare, listing, ours, others, _] = round_times.map(|[own, _]| own);
        if let Some(Collected::Processes(table)) = &table {
            rows = table.rows.len();
        }
        // The first ones warm up.
        if round >= 5 {
            let round_times = [bare, listing, ours, others, details];
            times.iter_mut().zip(round_times).for_each(|(all, one)| all.push(one));
        }
    }
    let [bare, listing, ours, others, details] = times.map(median);
    let per_process = |micros: f64| micros / rows as f64;
    let ratio = ours / bare;
    println!("{title}: {rows} processes, median of {ROUNDS} ticks, µs of processor time");
    println!("  bare preads         {bare:9.1}   {:6.2} a process", per_process(bare));
    println!("  (listing the pids)  {listing:9.1}   {:6.2} a process", per_process(listing));
    println!(
        "  our tick            {ours:9.1}   {:6.2} a process   {ratio:.2} × bare",
        per_process(ours)
    );
    println!("  + details' thread   {details:9.1}   {:6.2} a process", per_process(details));
    println!(
        "  sysinfo             {others:9.1}   {:6.2} a process   {:.2} × ours",
        per_process(others),
        others / (ours + details)
    );
    ratio <= BUDGET
}
