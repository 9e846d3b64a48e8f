//! What a tick of containers costs, against the least it could cost.
//!
//! `cargo bench --bench containers` makes a machine out of files with 50 containers of Docker (control
//! groups of version 2, each with a process and a network of its own, among 100 other groups) and prints
//! processor time: of a tick, of looking which containers there are and nothing else, and of opening,
//! reading and closing the same files and doing nothing with them (*bare*). With a number as argument, so
//! many containers. On a real machine the kernel's own work to write these files comes on top, to both;
//! `live` looks at this machine's containers instead and prints the tick alone.
//!
//! Beyond 3 × bare the exit status is 1.

#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use smonitor::clock::Clock;
use smonitor::host::container::{ContainerSource, walk};
use smonitor::host::{Collected, Context, Roots, Source};
use smonitor::model::UnixMillis;

const ROUNDS: u64 = 101;
const OTHERS: usize = 100;
const TICK: Duration = Duration::from_secs(2);
const MOST_TIMES_BARE: f64 = 3.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let rate_window = Duration::from_secs(60);
    let (clock, hands) = Clock::manual(UnixMillis(1_800_000_000_000));
    if arguments.iter().any(|argument| argument == "live") {
        let mut source = ContainerSource::new(Context { roots: Roots::live(), clock, rate_window });
        let mut ticks = Vec::new();
        for _ in 0..ROUNDS {
            hands.advance(TICK);
            ticks.push(spent(|| drop(source.collect())));
        }
        println!("{} containers, {:.1} µs a tick", rows(&mut source), median(ticks));
        return ExitCode::SUCCESS;
    }
    let count = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(50);
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let folder = folder.expect("there is room for a machine out of files");
    let read = make(folder.path(), count);
    let roots = Roots::at(folder.path());
    let tree = roots.sys("fs/cgroup");
    let mut source = ContainerSource::new(Context { roots, clock, rate_window });
    assert_eq!(rows(&mut source), count, "every container has a row");
    let (mut ticks, mut walks, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        hands.advance(TICK);
        ticks.push(spent(|| drop(source.collect())));
        walks.push(spent(|| drop(walk::walk(&[&tree]))));
        bare.push(spent(|| read.iter().for_each(|path| drop(fs::read(path)))));
    }
    let (tick, walk, bare) = (median(ticks), median(walks), median(bare));
    println!("{count} containers, median of {ROUNDS} ticks, µs of processor time");
    println!("  tick                         {tick:9.1}");
    println!("  of which: which there are    {walk:9.1}");
    println!("  bare reads ({:4} files)      {bare:9.1}", read.len());
    println!("  {:.2} × bare, {:.1} µs a container", tick / bare, tick / count as f64);
    if tick <= MOST_TIMES_BARE * bare { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn rows(source: &mut ContainerSource) -> usize {
    match source.collect() {
        Ok(Collected::Containers(containers)) => containers.rows.len(),
        other => panic!("not containers: {other:?}"),
    }
}

/// Makes the machine; gives back the files that a tick reads.
fn make(root: &Path, count: usize) -> Vec<PathBuf> {
    let mut read = Vec::new();
    let mut write = |path: String, text: &str, is_read: bool| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("it is below the root")).expect("there is room");
        fs::write(&path, text).expect("there is room");
        if is_read {
            read.push(path);
        }
    };
    // As long as the kernel's.
    let stat: String = (0..50).map(|number| format!("workingset_{number} 123456789\n")).collect();
    let stat = format!("anon 1\nfile 2\n{stat}inactive_file 1\n");
    let dev = "Inter-| Receive\n face |bytes\n    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n  \
               eth0: 1000000 10 0 0 0 0 0 0 1000000 5 0 0 0 0 0 0\n";
    write("sys/fs/cgroup/cgroup.controllers".to_owned(), "cpu memory pids\n", false);
    write("proc/meminfo".to_owned(), "MemTotal: 1000000 kB\nMemFree: 1 kB\n", true);
    write("proc/stat".to_owned(), "btime 1799000000\n", false);
    write("proc/net/dev".to_owned(), dev, false);
    for number in 0..OTHERS {
        write(format!("sys/fs/cgroup/system.slice/s{number}.service/cgroup.procs"), "", false);
    }
    for number in 0..count {
        let group = format!("sys/fs/cgroup/system.slice/docker-{number:064x}.scope");
        let pid = number + 1000;
        for (file, text) in [
            (
                "cpu.stat",
                "usage_usec 1000000\nuser_usec 1\nsystem_usec 1\nnr_periods 1\nnr_throttled 0\n",
            ),
            ("cpu.max", "100000 100000\n"),
            ("memory.current", "100000000\n"),
            ("memory.stat", &stat),
            ("memory.max", "max\n"),
            ("memory.swap.current", "0\n"),
            ("memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n"),
            ("io.stat", "8:0 rbytes=1 wbytes=1 rios=1 wios=1 dbytes=0 dios=0\n"),
            ("pids.current", "1\n"),
            ("pids.max", "max\n"),
            ("cgroup.events", "populated 1\nfrozen 0\n"),
            ("cgroup.procs", &format!("{pid}\n")),
        ] {
            write(format!("{group}/{file}"), text, true);
        }
        let stat = format!("{pid} (a) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 {pid} 0 0\n");
        write(format!("proc/{pid}/stat"), &stat, false);
        write(format!("proc/{pid}/net/dev"), dev, true);
    }
    read
}

/// Processor time of this thread.
fn spent(work: impl FnOnce()) -> f64 {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
    };
    let before = now();
    work();
    (now() - before).as_secs_f64() * 1e6
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
