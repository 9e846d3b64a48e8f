//! What one run of each source costs, against the least it could cost.
//!
//! `cargo bench --bench sources` prints, for every source, on this machine and on a large one made
//! out of files ([`machine`]): processor time of a run, and of its system calls done again and
//! nothing done with what they bring (*bare*; [`replay`]). Both take turns, so that whatever else the
//! machine does hits both alike. Which system calls a run makes is taken down by strace(1) before;
//! without it that half of the table is empty. Time is moved by hand, by each source's own interval,
//! so what a source does only now and then is in the mean as often as it is in the product.
//!
//! On the made machine files are ordinary ones in memory: what the kernel needs to write the real
//! ones is not in it, so bare is too little there, and what a source does not read again on a running
//! kernel because it knows that nothing changed (mount table, descriptors) it reads there every time.
//! The exit status goes by this machine only: 1 beyond 3 × bare and 0.1 ms a run.
//!
//! A name as argument shows that source only; `calls` also lists its system calls.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark starts what it measures, prints, and ends by what goes wrong"
)]

mod machine;
mod replay;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use smonitor::clock::{Clock, Manual};
use smonitor::host::schedule::shortest_interval;
use smonitor::host::{Context, Roots, Source, raise_open_file_limit, sources};
use smonitor::model::UnixMillis;

use replay::{RECORDED, Replay, TRACE, mark, record};

/// As often as every recorded run comes round four times.
const ROUNDS: usize = 4 * RECORDED;
const LARGE: machine::Size = machine::Size {
    processors: 128,
    disks: 32,
    interfaces: 64,
    mounts: 500,
    sockets: 10_000,
    processes: 1000,
};
/// Rounds before anything is measured.
const WARM_UP: usize = 5;
const TICK: Duration = Duration::from_secs(2);
const MOST_TIMES_BARE: f64 = 3.0;
/// What costs less than this is within the budget, whatever the bare reads cost.
const NEGLIGIBLE: Duration = Duration::from_micros(100);

fn main() -> ExitCode {
    raise_open_file_limit();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    if let [word, root] = &arguments[..]
        && word == TRACE
    {
        watched(Path::new(root));
        return ExitCode::SUCCESS;
    }
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let folder = folder.expect("there is room for a machine out of files");
    machine::make(folder.path(), &LARGE);
    let within = compare("this machine", Path::new("/"), &arguments);
    compare("a large machine", folder.path(), &arguments);
    if within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Every source of the machine at `root`, each with its own time.
fn all(root: &Path) -> Vec<(Box<dyn Source>, Arc<Manual>)> {
    let roots = if root == Path::new("/") { Roots::live() } else { Roots::at(root) };
    let numbered = |number| {
        let (clock, hands) = Clock::manual(UnixMillis(1_800_000_000_000));
        let rate_window = Duration::from_secs(60);
        let context = Context { roots: roots.clone(), clock, rate_window };
        (sources(&context, smonitor::host::Settings::default()).swap_remove(number), hands)
    };
    let (clock, _) = Clock::manual(UnixMillis(0));
    let context = Context { roots: roots.clone(), clock, rate_window: TICK };
    (0..sources(&context, smonitor::host::Settings::default()).len()).map(numbered).collect()
}

fn interval(source: &dyn Source) -> Duration {
    TICK.max(shortest_interval(source.name()))
}

/// What runs under strace(1): each source some times, with marks between.
fn watched(root: &Path) {
    for (mut source, hands) in all(root) {
        for round in 0..WARM_UP + RECORDED {
            hands.advance(interval(source.as_ref()));
            if round >= WARM_UP {
                mark(source.name());
            }
            let collected = source.collect();
            mark("end");
            drop(collected);
        }
    }
}

/// Processor time of this thread.
fn spent(work: impl FnOnce()) -> Duration {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
    };
    let before = now();
    work();
    now() - before
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn compare(title: &str, root: &Path, arguments: &[String]) -> bool {
    let mut replays = record(root);
    println!("{title}, {ROUNDS} runs, µs of processor time");
    println!(
        "  {:12} {:>6} {:>9} {:>9} {:>9} {:>6} {:>9} {:>7} {:>9}",
        "", "every", "first", "median", "mean", "calls", "bare", "ratio", "of a core"
    );
    let mut share = 0.0;
    let mut within = true;
    for (mut source, hands) in all(root) {
        let name = source.name();
        let is_wanted = |word: &String| word == name;
        if !arguments.iter().all(|word| word == "calls") && !arguments.iter().any(is_wanted) {
            continue;
        }
        let mut replay = replays.remove(name);
        let measured = measure(source.as_mut(), &hands, replay.as_mut());
        let seconds = interval(source.as_ref()).as_secs_f64();
        let percent = measured.mean.as_secs_f64() / seconds * 100.0;
        share += percent;
        let bare = measured.bare;
        let ratio = bare.map(|bare| measured.mean.as_secs_f64() / bare.as_secs_f64());
        let is_dear = measured.mean > NEGLIGIBLE && ratio.is_some_and(|it| it > MOST_TIMES_BARE);
        within &= !is_dear;
        let text = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
        println!(
            "  {name:12} {seconds:>4.0} s {:9.1} {:9.1} {:9.1} {:>6} {:>9} {:>7} {percent:7.4} %{}{}",
            micros(measured.first),
            micros(measured.median),
            micros(measured.mean),
            text(replay.as_ref().map(|it| format!("{:.0}", it.mean_count()))),
            text(bare.map(|it| format!("{:.1}", micros(it)))),
            text(ratio.map(|it| format!("{it:.2}"))),
            if measured.is_absent { "  not there" } else { "" },
            if is_dear { "  DEAR" } else { "" },
        );
        if let Some(replay) = replay.filter(|_| arguments.iter().any(|word| word == "calls")) {
            replay.lines().iter().for_each(|line| println!("    {line}"));
        }
    }
    println!("  all together {share:.4} % of a core while somebody looks");
    within
}

struct Measured {
    first: Duration,
    median: Duration,
    mean: Duration,
    /// What its system calls alone cost, if they could be taken down.
    bare: Option<Duration>,
    /// Whether this machine has no such thing.
    is_absent: bool,
}

fn measure(source: &mut dyn Source, hands: &Manual, mut replay: Option<&mut Replay>) -> Measured {
    let first = spent(|| drop(source.collect()));
    let (mut times, mut bare) = (Vec::new(), Vec::new());
    let mut newest = None;
    for round in 0..WARM_UP + ROUNDS {
        hands.advance(interval(source));
        // What was read before goes when the new one comes, as in the product.
        let time = spent(|| newest = Some(source.collect()));
        let bare_time = spent(|| replay.iter_mut().for_each(|replay| replay.run(round)));
        if round >= WARM_UP {
            times.push(time);
            bare.push(bare_time);
        }
    }
    let mean = |times: &[Duration]| times.iter().sum::<Duration>() / ROUNDS as u32;
    let (mean, bare) = (mean(&times), mean(&bare));
    times.sort();
    Measured {
        first,
        median: times[ROUNDS / 2],
        mean,
        bare: replay.filter(|replay| !replay.is_empty()).map(|_| bare),
        is_absent: newest.is_none_or(|newest| newest.is_err()),
    }
}
