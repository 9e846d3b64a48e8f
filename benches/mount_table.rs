//! What reading a large mount table costs, against the least it could cost.
//!
//! `cargo bench --bench mount_table` makes a table of 10,000 mounts as a host of many containers has
//! them (a fifth are filesystems of their own) and prints processor time a mount: of reading the
//! bytes and doing nothing with them (*bare*; here a copy in memory), of parsing, and of parsing and
//! making rows. The budget of the last is 5 ms in all; beyond, the exit status is 1.
//!
//! `unshare -m cargo bench --bench mount_table -- mount`, as root, mounts 10,000 real ones instead:
//! then *bare* is what the kernel needs to write the table. It also tells what a run costs that finds
//! nothing changed.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark prints")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use smonitor::host::Roots;
use smonitor::host::filesystem::changes::MountTable;
use smonitor::host::filesystem::mountinfo::{KernelTypes, parse_filesystems, parse_mountinfo};
use smonitor::host::filesystem::table;

const MOUNTS: usize = 10_000;
const ROUNDS: usize = 41;
const BUDGET: Duration = Duration::from_millis(5);

fn main() -> ExitCode {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let folder = folder.expect("there is room for a megabyte");
    let is_real = std::env::args().any(|argument| argument == "mount");
    let mut mounts = if is_real {
        mount_many(folder.path());
        MountTable::new(Roots::live().proc("self/mountinfo"), true)
    } else {
        let path = folder.path().join("mountinfo");
        std::fs::write(&path, made()).expect("it can be written");
        MountTable::new(path, false)
    };
    let types = std::fs::read(Roots::live().proc("filesystems")).unwrap_or_default();
    let cost = compare(&mut mounts, &parse_filesystems(&types));
    if is_real {
        let unchanged =
            median(|| mounts.read_if_changed(Duration::ZERO).expect("it was read").is_none());
        println!("  when nothing changed {:9.1} µs in all", micros(unchanged));
        rustix::mount::unmount(folder.path(), rustix::mount::UnmountFlags::DETACH)
            .expect("what was mounted can be unmounted");
    }
    if cost <= BUDGET { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn made() -> String {
    let mut text = "1 0 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n".to_owned();
    for number in 1..MOUNTS {
        let id = 100 + number;
        let line = match number % 10 {
            0..4 => format!(
                "0:{id} / /var/lib/docker/overlay2/{number:064x}/merged rw,relatime shared:{id} - \
                 overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/{number:026X}"
            ),
            4..8 => format!(
                "8:2 /srv/{number} /srv/jails/{}/{number} rw,relatime shared:{id} - ext4 /dev/sda2 \
                 rw,errors=remount-ro",
                number % 100
            ),
            8 => format!(
                "0:{id} / /srv/scratch/{number} rw,nosuid shared:{id} - tmpfs tmpfs rw,size=64m"
            ),
            _ => format!(
                "0:{id} / /home/user{number} rw,relatime shared:{id} - nfs4 server:/home/user{number} \
                 rw,vers=4.2,rsize=1048576,wsize=1048576,namlen=255,hard,proto=tcp,timeo=600"
            ),
        };
        writeln!(text, "{id} 1 {line}").expect("a text takes everything");
    }
    text
}

fn mount_many(folder: &Path) {
    use rustix::mount::{MountFlags, mount, mount_bind};
    mount("bench", folder, "tmpfs", MountFlags::empty(), c"size=64m").expect("root may mount");
    for number in 1..MOUNTS {
        let point = folder.join(format!("{}/{number}", number % 100));
        std::fs::create_dir_all(&point).expect("there is room");
        mount_bind(folder, &point).expect("root may mount");
    }
}

/// Processor time of this thread, in the middle of some rounds.
fn median<T>(mut work: impl FnMut() -> T) -> Duration {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
    };
    let mut round = || {
        let before = now();
        black_box(work());
        now() - before
    };
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| round()).collect();
    times.sort();
    times[times.len() / 2]
}

fn compare(mounts: &mut MountTable, types: &KernelTypes) -> Duration {
    let mut read = || {
        mounts.forget();
        mounts.read_if_changed(Duration::ZERO).expect("it can be read").expect("it is new")
    };
    let bytes = read();
    let bare = median(read);
    let parsing = median(|| parse_mountinfo(&bytes));
    let rows = median(|| table::build(&parse_mountinfo(&bytes).0, types));
    let count = parse_mountinfo(&bytes).0.len();
    println!("{count} mounts, {} bytes, median of {ROUNDS} rounds", bytes.len());
    for (what, time) in [("bare read", bare), ("parsing", parsing), ("parsing and rows", rows)] {
        let each = micros(time) * 1000.0 / count as f64;
        let ratio = micros(time) / micros(bare);
        println!("  {what:20} {:9.1} µs {each:7.0} ns a mount {ratio:6.2} × bare", micros(time));
    }
    rows
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
