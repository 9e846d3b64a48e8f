//! Whether memory stays flat: a day of 2-second ticks on a clock that is moved by hand, of feed and
//! frames with every section of the demo, and of every source on a machine out of files where
//! processes, interfaces, mounts and sessions come and go; and a million turns of the schedule with
//! sources that fail 1 in 4 and hang now and then.
//!
//!     cargo bench --bench soak [-- TICKS]
//!
//! Prints the resident set along the way and its slope over the second half, where everything that
//! has a cap has reached it.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a bench ends it")]
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use smonitor::clock::Clock;
use smonitor::demo;
use smonitor::feed::{self, Event, Subscription};
use smonitor::host::schedule::{Ending, Plan, Schedule, Tier, shortest_interval};
use smonitor::host::{Context, Roots, TakenAt, sources};
use smonitor::model::wire::Topic;
use smonitor::model::{Audience, Reason, Role, UnixMillis};

#[path = "sources/machine.rs"]
mod machine;

const TICK: Duration = Duration::from_secs(2);
const SEED: u64 = 1;
const START: UnixMillis = UnixMillis(1_795_176_000_000);

const SMALL: machine::Size = machine::Size {
    processors: 8,
    disks: 4,
    interfaces: 8,
    mounts: 20,
    sockets: 100,
    processes: 30,
};

/// Different moments of the demo machine; a table of them is made once, so that making up data is
/// not what is measured.
const MOMENTS: usize = 600;

fn main() {
    let ticks = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(43_200);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    // The feed last: what it gives back would hide what the others take.
    schedule(1_000_000);
    every_source(ticks);
    runtime.block_on(feed(ticks));
}

/// Every source at its own interval.
fn every_source(ticks: usize) {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let root = folder.path();
    machine::make(root, &SMALL);
    let (clock, hands) = Clock::manual(START);
    let rate_window = Duration::from_secs(60);
    let context = Context { roots: Roots::at(root), clock, rate_window };
    let mut due: Vec<_> = sources(&context, smonitor::host::Settings::default())
        .into_iter()
        .map(|source| (source, Duration::ZERO))
        .collect();
    let base = ["proc/net/dev", "proc/self/mountinfo"]
        .map(|path| fs::read_to_string(root.join(path)).unwrap());
    let mut memory = Memory::new(ticks);
    let (mut runs, mut failures) = (0, 0);
    for tick in 1..=ticks {
        hands.advance(TICK);
        come_and_go(root, &base, tick);
        for (source, at) in &mut due {
            if *at <= context.now().monotonic {
                *at = context.now().monotonic + TICK.max(shortest_interval(source.name()));
                runs += 1;
                failures += usize::from(source.collect().is_err());
            }
        }
        memory.note(tick);
    }
    println!("sources: {ticks} ticks, {runs} runs of {} sources, {failures} failed", due.len());
    memory.print("ticks");
}

/// Something new of everything that has a name, instead of what was new at the tick before.
fn come_and_go(root: &Path, [dev, mounts]: &[String; 2], tick: usize) {
    let replace = |file: &str, base: &str, line: String| {
        fs::write(root.join(file), format!("{base}{line}\n")).unwrap();
    };
    replace("proc/net/dev", dev, format!("veth-{tick}: {tick} 1 0 0 0 0 0 0 {tick} 1 0 0 0 0 0 0"));
    let mount = format!("9999 24 0:{tick} / /media/{tick} rw - ext4 /dev/mapper/made{tick} rw");
    replace("proc/self/mountinfo", mounts, mount);
    let (pid, before) = (100_000 + tick, 99_999 + tick);
    let process = root.join(format!("proc/{pid}"));
    let stat = format!("{pid} (made) S 1 1 1 0 -1 0 0 0 0 0 5 0 0 0 20 0 1 0 {tick} 4096 1");
    fs::create_dir(&process).unwrap();
    fs::write(process.join("stat"), stat).unwrap();
    fs::write(process.join("statm"), "1 1 1 0 0 0 0").unwrap();
    fs::write(process.join("cmdline"), format!("made\0{tick}\0")).unwrap();
    let interface = root.join(format!("sys/class/net/veth-{tick}"));
    fs::create_dir(&interface).unwrap();
    fs::write(interface.join("ifindex"), tick.to_string()).unwrap();
    let sessions = root.join("run/systemd/sessions");
    let session = format!("UID={tick}\nUSER=user{tick}\nACTIVE=1\nCLASS=user\nTYPE=tty\n");
    fs::write(sessions.join(format!("c{tick}")), session).unwrap();
    // At the first tick there is nothing to go.
    if tick > 1 {
        fs::remove_dir_all(root.join(format!("proc/{before}"))).unwrap();
        fs::remove_dir_all(root.join(format!("sys/class/net/veth-{}", tick - 1))).unwrap();
        fs::remove_file(sessions.join(format!("c{}", tick - 1))).unwrap();
    }
}

/// Feed and frames: one viewer who takes every frame, one who comes and goes, one who never takes
/// any.
async fn feed(ticks: usize) {
    let (clock, hands) = Clock::manual(START);
    let settings = feed::Settings { fresh_for: TICK, wait_at_most: Duration::from_secs(5) };
    let (feed, publisher) = feed::new(settings, clock);
    let host = demo::host_id(SEED);
    publisher.add_host(host.clone());
    let moments: Vec<_> = (0..MOMENTS)
        .map(|tick| Arc::new(demo::snapshot(SEED, UnixMillis(START.0 + 2000 * tick as i64))))
        .collect();
    publisher.publish(&moments[0]);
    let topics = [Topic::Host(host.clone()), Topic::Processes(host)];
    let member = Audience::new(Role::Member);
    let open = || topics.each_ref().map(|topic| feed.subscribe(topic, member).unwrap());
    let mut steady = open();
    let _never_reads = open();
    take(&mut steady).await;
    let mut memory = Memory::new(ticks);
    let mut bytes = 0;
    for tick in 1..=ticks {
        hands.advance(TICK);
        let mut snapshot = (*moments[tick % MOMENTS]).clone();
        snapshot.taken_at_ms = UnixMillis(START.0 + 2000 * tick as i64);
        publisher.publish(&Arc::new(snapshot));
        bytes += take(&mut steady).await;
        if tick % 50 == 0 {
            take(&mut open()).await;
        }
        memory.note(tick);
    }
    let encodings = feed.encodings();
    println!(
        "feed: {ticks} ticks, {encodings} encodings, {:.1} KB a tick to a viewer (deflated)",
        bytes as f64 / ticks as f64 / 1e3
    );
    memory.print("ticks");
}

async fn take(viewers: &mut [Subscription; 2]) -> usize {
    let mut bytes = 0;
    for viewer in viewers {
        let Event::Frame(frame) = viewer.next().await else { unreachable!("nothing is removed") };
        bytes += frame.deflated().unwrap_or(frame.json()).len();
    }
    bytes
}

fn schedule(turns: usize) {
    let plan = |name| Plan {
        name,
        tier: Tier::Summary,
        interval: TICK,
        background: None,
        deadline: Duration::from_secs(5),
    };
    let mut schedule =
        Schedule::new(&[plan("good"), plan("bad"), plan("worse")], Duration::from_millis(150));
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut dice = move |sides: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % sides
    };
    let mut memory = Memory::new(turns);
    let mut now = Duration::ZERO;
    let (mut good, mut published) = (0_u64, 0_u64);
    let mut hanging: Vec<(usize, Duration)> = Vec::new();
    for turn in 1..=turns {
        let at = TakenAt { monotonic: now, wall: UnixMillis(now.as_millis() as i64) };
        hanging.retain(|(number, until)| {
            if *until <= now {
                schedule.ended(*number, Ending::Done, at);
            }
            *until > now
        });
        let step = schedule.turn(at, |_| true);
        published += u64::from(step.publish);
        for number in step.start {
            match (number, dice(40)) {
                (0, _) => {
                    good += 1;
                    schedule.ended(0, Ending::Done, at);
                }
                (_, 0) => hanging.push((number, now + Duration::from_secs(dice(60)))),
                (_, 1..=10) => schedule.ended(number, Ending::Failed(Reason::ReadFailed), at),
                _ => schedule.ended(number, Ending::Done, at),
            }
        }
        // What came back is published before time goes on, as the node's loop does.
        let after = schedule.turn(at, |_| true);
        published += u64::from(after.publish);
        now += after.wake_after.unwrap_or(TICK).min(TICK);
        memory.note(turn);
    }
    let due = now.as_secs() / TICK.as_secs();
    println!(
        "schedule: {turns} turns, {:.1} days; the good source ran {good} of {due} times, {published} snapshots, {} failures of the others",
        now.as_secs_f64() / 86_400.0,
        schedule.health().iter().map(|source| source.failures).sum::<u64>()
    );
    memory.print("turns");
}

/// The resident set along the way.
struct Memory {
    every: usize,
    points: Vec<(usize, u64)>,
}

impl Memory {
    fn new(steps: usize) -> Self {
        Self { every: (steps / 20).max(1), points: Vec::new() }
    }

    fn note(&mut self, step: usize) {
        if step.is_multiple_of(self.every) {
            self.points.push((step, resident()));
        }
    }

    fn print(&self, unit: &str) {
        let all: Vec<String> =
            self.points.iter().map(|(_, bytes)| format!("{:.1}", *bytes as f64 / 1e6)).collect();
        let half = &self.points[self.points.len() / 2..];
        let (Some(first), Some(last)) = (half.first(), half.last()) else { return };
        let grown = last.1 as f64 - first.1 as f64;
        println!("  RSS MB: {}", all.join(" "));
        println!(
            "  slope over the second half: {:+.1} bytes per 1000 {unit}",
            grown / (last.0 - first.0).max(1) as f64 * 1000.0
        );
    }
}

fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * rustix::param::page_size() as u64
}
