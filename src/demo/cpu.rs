//! The made-up processors, as busy as the made-up processes make them; and pressure.

use super::moment::Moment;
use crate::model::cpu::{Core, Cpu, CpuSeconds, CpuUsage, Frequency, KernelCounts, Load};
use crate::model::pressure::{Pressure, PressureLine};
use crate::model::process::{Process, ProcessTable};
use crate::model::{Hertz, Percent, Reading, Seconds};

pub(super) fn cpu(moment: Moment, processes: &ProcessTable) -> Cpu {
    let used =
        |process: &Process| process.row.cpu_percent.present().map_or(0.0, |percent| percent.0);
    let busy = processes.rows.iter().map(used).sum::<f64>() / f64::from(moment.hardware.threads);
    let summary = &processes.summary;
    of_busy(moment, busy.clamp(0.5, 99.0), summary.running, summary.threads)
}

fn percent(value: f64) -> Percent {
    Percent::of(value, 100.0).unwrap_or_default()
}

/// What processors do that are busy for this share of their time, in percent.
pub(super) fn usage(moment: Moment, busy: f64) -> CpuUsage {
    let system = busy * 0.12;
    CpuUsage {
        busy_percent: percent(busy),
        user_percent: percent(busy - system),
        system_percent: percent(system),
        iowait_percent: percent(1.4 * moment.wave("iowait", 45.0)),
        steal_percent: Percent(0.0),
        guest_percent: Percent(0.0),
    }
}

/// Processors that are busy for this share of their time, in percent; `running` processes of all with
/// so many `threads` run.
pub(super) fn of_busy(moment: Moment, busy: f64, running: u32, threads: u32) -> Cpu {
    let hardware = moment.hardware;
    let core = |id: u32| {
        // Jobs pin whole cores: some are full, most idle; together they make up the total.
        let share = moment.noise.unit(&format!("core {id}")) * 100.0;
        let full = share < busy;
        let wobble = 12.0 * moment.wave(&format!("core {id}"), 9.0);
        let value = if full { 88.0 + wobble } else { busy * 0.1 + wobble * 0.4 };
        Core { id, busy_percent: Reading::Present(percent(value).clamped()) }
    };
    let load = busy / 100.0 * f64::from(hardware.threads);
    let load_over =
        |seconds: f64| ((load + 3.0 * moment.wave("load", seconds)) * 100.0).round() / 100.0;
    Cpu {
        brand: Reading::Present(hardware.brand.to_owned()),
        sockets: Reading::Present(hardware.sockets),
        cores: Reading::Present(hardware.threads / 2),
        threads: Reading::Present(hardware.threads),
        usage: Reading::Present(usage(moment, busy)),
        per_core: (0..hardware.threads).map(core).collect(),
        frequency: Reading::Present(Frequency {
            mean_hertz: Hertz(2_450_000_000 + (4.0e8 * moment.wave("hertz", 20.0)) as u64),
            highest_hertz: Hertz(3_675_000_000),
            limit_hertz: Reading::Present(Hertz(3_737_890_000)),
        }),
        load: Reading::Present(Load {
            one: load_over(60.0),
            five: load_over(300.0),
            fifteen: load_over(900.0),
            runnable_threads: running + load as u32,
            threads,
        }),
        pressure: Reading::Present(pressure(moment, "cpu pressure", 2.0)),
        seconds_total: (0..hardware.threads).map(|id| seconds(moment, id)).collect(),
        kernel: kernel(moment, running, load),
    }
}

/// Since boot, and always growing; a flow is never more than twice its mean, so idle grows too.
fn seconds(moment: Moment, id: u32) -> CpuSeconds {
    let up = moment.uptime_seconds();
    let share = 0.45 * moment.noise.unit(&format!("core {id}"));
    let busy = moment.flow(&format!("core seconds {id}"), share).total;
    let iowait = up * 0.01;
    CpuSeconds {
        id,
        user: Seconds::new(busy * 0.88),
        system: Seconds::new(busy * 0.12),
        idle: Seconds::new(up - busy - iowait),
        iowait: Seconds::new(iowait),
        ..CpuSeconds::default()
    }
}

fn kernel(moment: Moment, running: u32, load: f64) -> KernelCounts {
    let total = |name, mean| Reading::Present(moment.flow(name, mean).count());
    KernelCounts {
        interrupts_total: total("interrupts", 41_000.0),
        context_switches_total: total("context switches", 68_000.0),
        forks_total: total("forks", 22.0),
        running: Reading::Present(u64::from(running) + load as u64),
        blocked: Reading::Present((2.0 * moment.wave("blocked", 20.0)) as u64),
    }
}

pub(super) fn pressure(moment: Moment, name: &str, height: f64) -> Pressure {
    let line = |part: f64| {
        let share = |seconds: f64| {
            let wave = moment.wave(name, seconds * 3.0).max(0.0);
            Percent::of(part * height * wave, 100.0).unwrap_or_default()
        };
        PressureLine {
            average_10s_percent: share(10.0),
            average_60s_percent: share(60.0),
            average_300s_percent: share(300.0),
            total_seconds: Seconds::new(moment.uptime_seconds() * 0.002 * part),
        }
    };
    Pressure { some: line(1.0), full: Reading::Present(line(0.3)) }
}
