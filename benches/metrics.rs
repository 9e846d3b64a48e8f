//! What a scrape of a big machine costs: 1,024 logical processors and every list at its cap.
//!
//!     cargo bench --bench metrics
//!
//! Prints series, bytes, and processor time of writing them and of compressing them as an answer is.
//! Beyond the budget the exit status is 1.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![allow(clippy::unwrap_used, reason = "what goes wrong in a bench ends it")]

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::time::{ClockId, clock_gettime};
use smonitor::web::metrics::{Format, page};

#[path = "../tests/it/metrics/machine.rs"]
mod machine;

use machine::{AT, Size, machine, own};

const ROUNDS: usize = 41;
/// Of writing the page of the big machine.
const BUDGET: Duration = Duration::from_millis(10);
/// As answers are compressed.
const GZIP_LEVEL: u32 = 4;

fn main() -> ExitCode {
    let usual = Size { processors: 64, rows: 20, arrays: 2, units: 1, nodes: 2 };
    let big = Size { processors: 1024, rows: 512, arrays: 128, units: 256, nodes: 16 };
    println!("median of {ROUNDS}, processor time");
    measure("64 processors, 20 of each", usual);
    let slowest = measure("1,024 processors, 512 of each", big);
    if slowest <= BUDGET { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn measure(name: &str, size: Size) -> Duration {
    let (snapshot, own) = (machine(size), own());
    let mut slowest = Duration::ZERO;
    for format in [Format::OpenMetrics, Format::Prometheus] {
        let text = page(&snapshot, &own, AT, format);
        let series = text.split(|&byte| byte == b'\n').filter(|line| is_sample(line)).count();
        let write = median(|| drop(page(&snapshot, &own, AT, format)));
        let mut packed = 0;
        let pack = median(|| packed = gzip(&text).len());
        println!(
            "{name:30} {format:12?} {series:6} series {:8} B, {packed:7} B gzip; \
             written in {:6.2} ms, packed in {:6.2} ms",
            text.len(),
            write.as_secs_f64() * 1e3,
            pack.as_secs_f64() * 1e3,
        );
        slowest = slowest.max(write);
    }
    slowest
}

fn is_sample(line: &[u8]) -> bool {
    !line.is_empty() && !line.starts_with(b"#")
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL));
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = cpu_time();
            work();
            cpu_time() - start
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}
