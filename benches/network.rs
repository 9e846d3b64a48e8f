//! What a tick of network and sockets costs with very many of them.
//!
//! `cargo bench --bench network` makes a machine out of files with 2,000 interfaces (one card, the
//! rest ends of pairs, as on a host full of containers) and 50,000 TCP sockets, and prints processor
//! time: of the first tick, which reads what every interface is; of a tick like any other; and, to
//! compare, of reading `net/dev` and listing `class/net` and nothing else. On a real machine the
//! kernel's own work to write these files comes on top. With a number as argument, so many
//! interfaces.

#![allow(clippy::print_stdout, reason = "a benchmark prints")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use smonitor::clock::Clock;
use smonitor::host::network::NetworkSource;
use smonitor::host::sockets::SocketsSource;
use smonitor::host::{Context, Roots, Source};
use smonitor::model::UnixMillis;

const ROUNDS: usize = 61;
const SOCKETS: usize = 50_000;
const TICK: Duration = Duration::from_secs(2);

fn main() {
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(2000);
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let folder = folder.expect("there is room for a machine out of files");
    let dev = make(folder.path(), count);
    let (clock, hands) = Clock::manual(UnixMillis(1_800_000_000_000));
    let roots = Roots::at(folder.path());
    let context = Context { roots, clock, rate_window: Duration::from_secs(60) };

    let mut network = NetworkSource::new(context.clone());
    let first = spent(|| drop(network.collect()));
    let mut ticks = Vec::new();
    let mut bare = Vec::new();
    for round in 0..ROUNDS as u64 {
        hands.advance(TICK);
        // Every counter goes on.
        let next = dev.replace("1000000", &(1_000_000 + round * 1000).to_string());
        fs::write(folder.path().join("proc/net/dev"), next).expect("it could be written before");
        ticks.push(spent(|| drop(network.collect())));
        bare.push(spent(|| {
            drop(fs::read(folder.path().join("proc/net/dev")));
            let entries = fs::read_dir(folder.path().join("sys/class/net"));
            entries.expect("it was made").for_each(drop);
        }));
    }
    let mut sockets = SocketsSource::new(context);
    let walks = (0..ROUNDS).map(|_| spent(|| drop(sockets.collect()))).collect();
    println!("{count} interfaces, median of {ROUNDS} ticks, µs of processor time");
    println!("  first tick          {first:9.1}");
    println!("  tick                {:9.1}", median(ticks));
    println!("  bare read and list  {:9.1}", median(bare));
    println!("{SOCKETS} TCP sockets by state");
    println!("  run                 {:9.1}", median(walks));
}

/// Makes the machine; gives back `net/dev`.
fn make(root: &Path, count: usize) -> String {
    let write = |path: String, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("it is below the root")).expect("there is room");
        fs::write(path, text).expect("there is room");
    };
    let mut dev = "Inter-| Receive\n face |bytes\n".to_owned();
    for number in 0..count {
        let name = if number == 0 { "eno1".to_owned() } else { format!("veth{number}") };
        writeln!(dev, "{name:>6}: 1000000 10 0 0 0 0 0 0 1000000 5 0 0 0 0 0 0")
            .expect("a text takes everything");
        let below = number + 10 + usize::from(number > 0);
        for (file, text) in [
            ("type", "1"),
            ("flags", "0x1003"),
            ("ifindex", &(number + 10).to_string()),
            ("iflink", &below.to_string()),
            ("uevent", "INTERFACE=x"),
            ("address", "52:54:00:12:34:56"),
            ("operstate", "up"),
            ("mtu", "1500"),
        ] {
            write(format!("sys/class/net/{name}/{file}"), text);
        }
    }
    write("sys/class/net/eno1/device/uevent".to_owned(), "DRIVER=x");
    write("proc/net/dev".to_owned(), &dev);
    write("proc/net/sockstat".to_owned(), "TCP: inuse 40000 orphan 0 tw 10000 alloc 9 mem 9\n");
    let tail = " 00000000:00000000 00:00000000 00000000  1000        0 34568 1 0000000000000000 20 4 30 10 -1\n";
    let sockets: String = (0..SOCKETS)
        .map(|number| format!("{number:>4}: 0100007F:1F90 0100007F:D9A2 01{tail}"))
        .collect();
    write("proc/net/tcp".to_owned(), &format!("  sl  local_address\n{sockets}"));
    dev
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
