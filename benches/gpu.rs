//! What a tick of the graphics cards costs, and what a driver that hangs costs the others.
//!
//! `cargo build --release --example fake_nvml && cargo bench --bench gpu` lets the test NVML library
//! stand for eight cards with 200 processes in 50 containers, and prints processor time: of our tick;
//! and of making each call of a tick and reading `PID/stat` of each process, and doing nothing with
//! what they say (*bare*). Both pay for what the test library itself does, so calls a tick are printed
//! too. Then the rate of other sources is counted, for some seconds each, while the driver answers and
//! while it hangs. The budgets are 2 × bare, and 95 % of the rate; beyond, the exit status is 1.

#![allow(clippy::print_stdout, reason = "a benchmark prints")]
#![allow(clippy::disallowed_methods, reason = "a benchmark lets real time pass")]
#![allow(clippy::unwrap_used, reason = "what goes wrong in a bench ends it")]

use std::fs;
use std::hint::black_box;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::{Clock as CardClock, TemperatureSensor};
use nvml_wrapper::structs::device::FieldId;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use smonitor::clock::Clock;
use smonitor::feed::{self, Event};
use smonitor::host::cpu::CpuSource;
use smonitor::host::gpu::{GpuSource, Settings};
use smonitor::host::memory::MemorySource;
use smonitor::host::{Collected, Context, Roots, Source};
use smonitor::model::wire::Topic;
use smonitor::model::{Audience, HostId, Reason, Role, UnixMillis};
use smonitor::node::{self, Node};
use tokio_util::sync::CancellationToken;

#[path = "../tests/it/support/nvml.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod nvml;

use nvml::Fake;

const BUDGET: f64 = 2.0;
const LEAST_RATE: f64 = 0.95;
const ROUNDS: usize = 61;
const CARDS: u32 = 8;
const ON_EACH: u32 = 25;
const CONTAINERS: u32 = 50;
const TICK: Duration = Duration::from_secs(2);
const WATCHED: Duration = Duration::from_secs(5);
const INTERVAL: Duration = Duration::from_millis(20);

fn main() -> ExitCode {
    let cheap = tick();
    let free = hang();
    if cheap && free { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn pids() -> impl Iterator<Item = u32> {
    (0..CARDS * ON_EACH).map(|number| 10_000 + number)
}

fn world() -> Fake {
    let fake = Fake::new("made-8x-a100-sxm4-80gb-550.90");
    fake.scenario(|world| {
        for (card, chunk) in pids().collect::<Vec<_>>().chunks(ON_EACH as usize).enumerate() {
            let row = |pid: &u32| json!({ "pid": pid, "memory": 1 << 30, "kinds": ["compute"] });
            let sample = |pid: &u32| json!({ "pid": pid, "sm": 4, "mem": 1, "enc": 0, "dec": 0 });
            world["cards"][card]["processes"] = chunk.iter().map(row).collect::<Value>();
            world["cards"][card]["ProcessUtilization"] =
                chunk.iter().map(sample).collect::<Value>();
        }
    });
    fake
}

/// The files of the processes, each in one of the containers.
fn make(root: &Path) {
    let write = |path: String, text: String| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("proc/stat".into(), "cpu  1 1 1 1 1 1 1 0 0 0\nbtime 1799990000\n".into());
    write("proc/uptime".into(), "10000.00 20000.00\n".into());
    write("proc/meminfo".into(), "MemTotal: 1056000000 kB\n".into());
    for pid in pids() {
        write(
            format!("proc/{pid}/stat"),
            format!(
                "{pid} (python) R 1 1 1 0 -1 4194560 100 0 0 0 70 30 0 0 20 0 4 0 6000 2314240 250 \
                 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
            ),
        );
        write(format!("proc/{pid}/statm"), "565 250 100 10 0 100 0\n".into());
        write(format!("proc/{pid}/cmdline"), "python\0train.py\0--lr\x000.1\0".into());
        let id = format!("{:064x}", 0xabc0_0000_u64 + u64::from(pid % CONTAINERS));
        write(format!("proc/{pid}/cgroup"), format!("0::/system.slice/docker-{id}.scope\n"));
    }
}

/// Processor time of this thread, microseconds.
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

/// The calls of a tick, their answers dropped.
fn bare_calls(nvml: &Nvml) {
    for index in 0..nvml.device_count().unwrap() {
        let card = nvml.device_by_index(index).unwrap();
        drop(black_box(card.pci_info()));
        drop(black_box(card.utilization_rates()));
        drop(black_box(card.encoder_utilization()));
        drop(black_box(card.decoder_utilization()));
        drop(black_box(card.memory_info()));
        drop(black_box(card.bar1_memory_info()));
        drop(black_box(card.temperature(TemperatureSensor::Gpu)));
        drop(black_box(card.num_fans()));
        drop(black_box(card.power_usage()));
        drop(black_box(card.enforced_power_limit()));
        drop(black_box(card.total_energy_consumption()));
        for clock in [CardClock::Graphics, CardClock::SM, CardClock::Memory, CardClock::Video] {
            drop(black_box(card.clock_info(clock)));
        }
        drop(black_box(card.performance_state()));
        drop(black_box(card.current_throttle_reasons()));
        drop(black_box(card.current_pcie_link_gen()));
        drop(black_box(card.current_pcie_link_width()));
        drop(black_box(card.pcie_replay_counter()));
        drop(black_box(card.field_values_for(&[FieldId(82), FieldId(197), FieldId(198)])));
        drop(black_box(card.running_compute_processes()));
        drop(black_box(card.running_graphics_processes()));
        drop(black_box(card.mps_running_compute_processes()));
        drop(black_box(card.process_utilization_stats(None)));
    }
}

fn tick() -> bool {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    make(folder.path());
    let (clock, hands) = Clock::manual(UnixMillis(1_800_000_000_000));
    let roots = Roots::at(folder.path());
    let context = Context { roots, clock, rate_window: Duration::from_secs(60) };
    let fake = world();
    let settings = Settings { library: Some(fake.library()), ..Settings::default() };
    let mut source = GpuSource::with(context, settings);
    let open = |pid: u32| -> OwnedFd {
        let path = folder.path().join(format!("proc/{pid}/stat"));
        rustix::fs::openat(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).unwrap()
    };
    let descriptors: Vec<_> = pids().map(open).collect();
    let nvml = Nvml::builder().lib_path(fake.library().as_os_str()).init().unwrap();
    let mut buffer = vec![0; 2048];

    let first = spent(|| drop(black_box(source.collect())));
    let mut rows = 0;
    let mut times = [const { Vec::new() }; 3];
    let mut calls = [0; 2];
    for round in 0..ROUNDS + 5 {
        hands.advance(TICK);
        let before = fake.calls("*");
        let calling = spent(|| bare_calls(&nvml));
        let between = fake.calls("*");
        let reading = spent(|| {
            for descriptor in &descriptors {
                rustix::io::pread(descriptor, &mut buffer[..], 0).unwrap();
            }
        });
        let ours = spent(|| {
            if let Ok(Collected::Gpus(gpus)) = source.collect() {
                rows = gpus.processes.len();
            }
        });
        // The first ones warm up.
        if round >= 5 {
            calls = [between - before, fake.calls("*") - between];
            let all = [calling, reading, ours];
            times.iter_mut().zip(all).for_each(|(all, one)| all.push(one));
        }
    }
    let [calling, reading, ours] = times.map(median);
    let bare = calling + reading;
    let ratio = ours / bare;
    println!(
        "{CARDS} cards, {rows} processes, {CONTAINERS} containers, median of {ROUNDS} ticks, µs of \
         processor time"
    );
    println!("  bare calls          {calling:9.1}   {} calls", calls[0]);
    println!("  bare preads         {reading:9.1}   {} files", descriptors.len());
    println!("  our tick            {ours:9.1}   {} calls   {ratio:.2} × bare", calls[1]);
    println!("  our first tick      {first:9.1}");
    assert_eq!(rows, (CARDS * ON_EACH) as usize, "every process is a row");
    ratio <= BUDGET
}

/// A source whose runs are counted.
struct Counted {
    source: Box<dyn Source>,
    runs: Arc<AtomicU64>,
}

impl Source for Counted {
    fn name(&self) -> &'static str {
        self.source.name()
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        self.source.collect()
    }
}

fn hang() -> bool {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let rates = runtime.block_on(async {
        let fake = world();
        let clock = Clock::system();
        let settings =
            feed::Settings { fresh_for: INTERVAL, wait_at_most: Duration::from_millis(200) };
        let (feed, publisher) = feed::new(settings, clock.clone());
        let context = Context { roots: Roots::live(), clock, rate_window: Duration::from_secs(60) };
        let library = Settings { library: Some(fake.library()), ..Settings::default() };
        let counts: [Arc<AtomicU64>; 2] = Default::default();
        let counted = |source: Box<dyn Source>, of: usize| -> Box<dyn Source> {
            Box::new(Counted { source, runs: counts[of].clone() })
        };
        let sources = vec![
            counted(Box::new(CpuSource::new(context.clone())), 0),
            counted(Box::new(MemorySource::new(context.clone())), 0),
            counted(Box::new(GpuSource::with(context.clone(), library)), 1),
        ];
        let host = HostId::parse("here").unwrap();
        let settings = node::Settings {
            host: host.clone(),
            interval: INTERVAL,
            process_interval: INTERVAL,
            linger: Duration::ZERO,
            track_gpus: None,
        };
        let stop = CancellationToken::new();
        let node = Node::new(settings, sources, context, publisher).unwrap();
        tokio::spawn(node.run(stop.clone(), || {}));
        let topic = Topic::Host(host.clone());
        let mut viewer = feed.subscribe(&topic, Audience::new(Role::Member)).unwrap();
        tokio::spawn(async move { while let Event::Frame(_) = viewer.next().await {} });
        let mut rates = [[0.0; 2]; 2];
        let hangs = [json!([]), json!(["nvmlDeviceGetUtilizationRates"])];
        for (rate, hanging) in rates.iter_mut().zip(hangs) {
            fake.scenario(|world| world["hang"] = hanging);
            tokio::time::sleep(Duration::from_secs(1)).await;
            let now = || counts.each_ref().map(|count| count.load(Ordering::Relaxed));
            let before = now();
            tokio::time::sleep(WATCHED).await;
            let after = now();
            *rate =
                std::array::from_fn(|of| (after[of] - before[of]) as f64 / WATCHED.as_secs_f64());
        }
        fake.scenario(|world| world["hang"] = json!([]));
        stop.cancel();
        rates
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    let [[others, cards], [others_then, cards_then]] = rates;
    let share = others_then / others;
    println!("runs a second of two other sources, and of the cards, every {INTERVAL:?}");
    println!("  the driver answers  {others:9.1}   {cards:.1}");
    println!("  it hangs            {others_then:9.1}   {cards_then:.1}   {:.1} %", share * 100.0);
    assert!(cards > 0.0 && cards_then == 0.0, "it hangs");
    share >= LEAST_RATE
}
