//! L3, the demo role: a believable, made-up host through the same types as a real one.
//!
//! Everything is a pure function of a seed and a point in time, so two runs show the same machine
//! and a screenshot can be taken again. [`sources`] stands where the real sources stand: what
//! schedules, publishes and draws them cannot tell the difference. Pages say that it is a demo.

use std::sync::Arc;

use crate::host::{Collected, Context, Source};
use crate::model::cpu::{Core, Cpu, CpuUsage, Frequency, KernelCounts, Load};
use crate::model::memory::{Meminfo, Memory, Swap};
use crate::model::pressure::{Pressure, PressureLine};
use crate::model::process::ProcessTable;
use crate::model::system::{OperatingSystem, OsRelease, System};
use crate::model::{
    Bytes, BytesPerSecond, Hertz, HostId, Percent, Reading, Reason, Seconds, Section, Snapshot,
    UnixMillis,
};

mod noise;
mod processes;

use noise::Noise;

/// Logical processors of the made-up machine: 2 sockets × 32 cores × 2 threads.
const THREADS: u32 = 128;
const MEMORY: Bytes = Bytes(1008 << 30);
const SWAP: Bytes = Bytes(8 << 30);
const GIB: f64 = 1_073_741_824.0;

/// When the made-up machine was started, before any time a demo is shown at:
/// 2026-01-05T06:12:00Z.
const BOOT: UnixMillis = UnixMillis(1_767_593_520_000);

/// Everything the made-up machine has to say at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct DemoHost {
    /// Its system.
    pub system: System,
    /// Its processors.
    pub cpu: Cpu,
    /// Its memory.
    pub memory: Memory,
    /// Its processes.
    pub processes: ProcessTable,
}

/// The made-up machine's name.
#[must_use]
pub fn host_id(seed: u64) -> HostId {
    HostId::from_hostname(&format!("demo-gpu-{:02}", seed % 100))
}

/// The machine of `seed` at `at`.
#[must_use]
pub fn machine(seed: u64, at: UnixMillis) -> DemoHost {
    let noise = Noise::new(seed);
    let processes = processes::table(noise, at, BOOT, MEMORY);
    let busy: f64 = processes
        .rows
        .iter()
        .filter_map(|process| process.row.cpu_percent.present().map(|percent| percent.0))
        .sum();
    let resident: f64 =
        processes.rows.iter().map(|process| process.row.resident_bytes.0 as f64).sum();
    DemoHost {
        system: system(seed, at),
        cpu: cpu(noise, at, busy / f64::from(THREADS), &processes),
        memory: memory(noise, at, resident),
        processes,
    }
}

/// The same as a snapshot, with every source read at that moment.
#[must_use]
pub fn snapshot(seed: u64, at: UnixMillis) -> Snapshot {
    let machine = machine(seed, at);
    Snapshot {
        system: section(machine.system, at),
        cpu: section(machine.cpu, at),
        memory: section(machine.memory, at),
        processes: section(machine.processes, at),
        ..Snapshot::not_collected(host_id(seed), at, |_| 2000)
    }
}

fn section<T>(value: T, at: UnixMillis) -> Arc<Section<T>> {
    Arc::new(Section {
        taken_at_ms: Reading::Present(at),
        interval_ms: 2000,
        problem: None,
        value: Reading::Present(value),
    })
}

/// The demo in place of a machine's sources.
#[must_use]
pub fn sources(seed: u64, context: &Context) -> Vec<Box<dyn Source>> {
    let source = |name, pick: fn(DemoHost) -> Collected| -> Box<dyn Source> {
        Box::new(DemoSource { name, pick, seed, context: context.clone() })
    };
    vec![
        source("system", |host| Collected::System(host.system)),
        source("cpu", |host| Collected::Cpu(host.cpu)),
        source("memory", |host| Collected::Memory(host.memory)),
        source("processes", |host| Collected::Processes(host.processes)),
    ]
}

struct DemoSource {
    name: &'static str,
    pick: fn(DemoHost) -> Collected,
    seed: u64,
    context: Context,
}

impl Source for DemoSource {
    fn name(&self) -> &'static str {
        self.name
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        Ok((self.pick)(machine(self.seed, self.context.clock.wall())))
    }
}

fn system(seed: u64, at: UnixMillis) -> System {
    System {
        hostname: Reading::Present(host_id(seed).to_string()),
        operating_system: Reading::Present(OperatingSystem {
            name: "Ubuntu".to_owned(),
            version: Reading::Present("24.04".to_owned()),
            codename: Reading::Present("noble".to_owned()),
            pretty_name: "Ubuntu 24.04.3 LTS".to_owned(),
            release: OsRelease::default(),
        }),
        kernel_name: Reading::Present("Linux".to_owned()),
        kernel_release: Reading::Present("6.8.0-45-generic".to_owned()),
        kernel_version: Reading::default(),
        domain_name: Reading::default(),
        architecture: "x86_64".to_owned(),
        boot_time_ms: Reading::Present(BOOT),
        uptime_seconds: Reading::Present(Seconds::new(at.since(BOOT) as f64 / 1000.0)),
    }
}

fn cpu(noise: Noise, at: UnixMillis, busy: f64, processes: &ProcessTable) -> Cpu {
    let busy = busy.clamp(0.5, 99.0);
    let system = busy * 0.12;
    let iowait = 1.4 * noise.wave("iowait", at, 45.0);
    let percent = |value: f64| Percent::of(value, 100.0).unwrap_or_default();
    let core = |id: u32| {
        // Jobs pin whole cores: some are full, most idle; together they make up the total.
        let share = noise.unit(&format!("core {id}")) * 100.0;
        let full = share < busy;
        let wobble = 12.0 * noise.wave(&format!("core {id}"), at, 9.0);
        let value = if full { 88.0 + wobble } else { busy * 0.1 + wobble * 0.4 };
        Core { id, busy_percent: Reading::Present(percent(value).clamped()) }
    };
    let load = busy / 100.0 * f64::from(THREADS);
    let load_over =
        |seconds: f64| ((load + 3.0 * noise.wave("load", at, seconds)) * 100.0).round() / 100.0;
    Cpu {
        brand: Reading::Present("AMD EPYC 7543 32-Core Processor".to_owned()),
        sockets: Reading::Present(2),
        cores: Reading::Present(THREADS / 2),
        threads: Reading::Present(THREADS),
        usage: Reading::Present(CpuUsage {
            busy_percent: percent(busy),
            user_percent: percent(busy - system),
            system_percent: percent(system),
            iowait_percent: percent(iowait),
            steal_percent: Percent(0.0),
            guest_percent: Percent(0.0),
        }),
        per_core: (0..THREADS).map(core).collect(),
        frequency: Reading::Present(Frequency {
            mean_hertz: Hertz(2_450_000_000 + (4.0e8 * noise.wave("hertz", at, 20.0)) as u64),
            highest_hertz: Hertz(3_675_000_000),
            limit_hertz: Reading::Present(Hertz(3_737_890_000)),
        }),
        load: Reading::Present(Load {
            one: load_over(60.0),
            five: load_over(300.0),
            fifteen: load_over(900.0),
            runnable_threads: processes.summary.running + load as u32,
            threads: processes.summary.threads,
        }),
        pressure: Reading::Present(pressure(noise, at, "cpu pressure", 2.0)),
        seconds_total: Vec::new(),
        kernel: KernelCounts::default(),
    }
}

fn memory(noise: Noise, at: UnixMillis, resident: f64) -> Memory {
    let used = Bytes((resident + 9.0 * GIB) as u64);
    let free = Bytes(((90.0 + 6.0 * noise.wave("free", at, 200.0)) * GIB) as u64);
    let available = Bytes(MEMORY.0.saturating_sub(used.0));
    let swap_used = Bytes((0.4 * GIB + 2.0e8 * noise.wave("swap", at, 600.0)) as u64);
    let buffers = Bytes((2.1 * GIB) as u64);
    Memory {
        total_bytes: MEMORY,
        used_bytes: used,
        used_percent: Reading::from_option(Percent::of_bytes(used, MEMORY), Reason::NotSupported),
        available_bytes: Reading::Present(available),
        free_bytes: free,
        buffers_bytes: Reading::Present(buffers),
        cached_bytes: Reading::Present(Bytes(
            available.0.saturating_sub(free.0).saturating_sub(buffers.0),
        )),
        shared_bytes: Reading::Present(Bytes((3.2 * GIB) as u64)),
        dirty_bytes: Reading::Present(Bytes(
            (4.0e7 + 3.0e7 * noise.wave("dirty", at, 30.0)) as u64,
        )),
        transparent_huge_bytes: Reading::Present(Bytes((11.5 * GIB) as u64)),
        huge_pages: Reading::absent(Reason::NotSupported),
        swap: Reading::Present(Swap {
            total_bytes: SWAP,
            used_bytes: swap_used,
            free_bytes: Bytes(SWAP.0 - swap_used.0),
            used_percent: Reading::from_option(
                Percent::of_bytes(swap_used, SWAP),
                Reason::NotSupported,
            ),
            in_bytes_per_second: Reading::Present(BytesPerSecond(0)),
            out_bytes_per_second: Reading::Present(BytesPerSecond(0)),
        }),
        pressure: Reading::Present(pressure(noise, at, "memory pressure", 0.3)),
        meminfo: Meminfo::default(),
    }
}

fn pressure(noise: Noise, at: UnixMillis, name: &str, height: f64) -> Pressure {
    let line = |part: f64| {
        let share = |seconds: f64| {
            let wave = noise.wave(name, at, seconds * 3.0).max(0.0);
            Percent::of(part * height * wave, 100.0).unwrap_or_default()
        };
        PressureLine {
            average_10s_percent: share(10.0),
            average_60s_percent: share(60.0),
            average_300s_percent: share(300.0),
            total_seconds: Seconds::new(at.since(BOOT) as f64 / 1000.0 * 0.002 * part),
        }
    };
    Pressure { some: line(1.0), full: Reading::Present(line(0.3)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: UnixMillis = UnixMillis(1_795_176_000_000);

    #[test]
    fn the_same_seed_and_time_show_the_same_machine() {
        assert_eq!(machine(7, NOON), machine(7, NOON));
        assert_ne!(machine(7, NOON), machine(8, NOON));
    }

    #[test]
    fn it_is_believable() {
        for seed in 0..20 {
            for step in 0..50 {
                let host = machine(seed, UnixMillis(NOON.0 + step * 97_000));
                let usage = host.cpu.usage.present().unwrap();
                assert!((0.0..=100.0).contains(&usage.busy_percent.0), "{usage:?}");
                let memory = &host.memory;
                assert!(memory.used_bytes.0 + memory.free_bytes.0 < memory.total_bytes.0);
                assert!(host.processes.rows.len() > 500, "{}", host.processes.rows.len());
                let pids: Vec<_> = host.processes.rows.iter().map(|p| p.row.pid).collect();
                assert!(pids.is_sorted_by(|a, b| a < b), "by pid, each once");
            }
        }
    }

    #[test]
    fn jobs_come_and_go() {
        let keys = |at| -> std::collections::BTreeSet<_> {
            machine(1, at).processes.rows.into_iter().map(|p| p.row.key).collect()
        };
        let (now, later) = (keys(NOON), keys(UnixMillis(NOON.0 + 600_000)));
        assert!(now.difference(&later).count() > 3 && later.difference(&now).count() > 3);
        assert!(now.intersection(&later).count() > 400);
    }
}
