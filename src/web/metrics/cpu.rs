//! Processors, load, and what the kernel counts beside them.

use super::Known;
use super::text::Page;
use crate::model::cpu::{Cpu, CpuSeconds};
use crate::model::{Reading, Seconds};

pub(super) const ORIGIN: &str =
    "section `cpu`: `stat`, `loadavg`, `pressure/cpu`, `cpuinfo` and the processors' `cpufreq`";

metrics! {
    SECONDS: Counter "node_cpu_seconds_total", ["cpu", "mode"],
        "Time each processor spent in each mode; user and nice hold guests too.";
    GUEST_SECONDS: Counter "node_cpu_guest_seconds_total", ["cpu", "mode"],
        "Time each processor spent running virtual machines, by the mode it is counted in as well.";
    LOAD1: Gauge "node_load1", [], "Load average over one minute.";
    LOAD5: Gauge "node_load5", [], "Load average over five minutes.";
    LOAD15: Gauge "node_load15", [], "Load average over fifteen minutes.";
    CONTEXT_SWITCHES: Counter "node_context_switches_total", [],
        "Switches from one task to another.";
    INTERRUPTS: Counter "node_intr_total", [], "Interrupts that were served.";
    FORKS: Counter "node_forks_total", [], "Processes and threads that were started.";
    RUNNING: Gauge "node_procs_running", [], "Threads that run or could run.";
    BLOCKED: Gauge "node_procs_blocked", [], "Threads that wait for input/output.";
    PRESSURE: Counter "node_pressure_cpu_waiting_seconds_total", [],
        "Time in which at least one task waited for a processor.";
    THREADS: Gauge "smonitor_threads", [], "Threads in all, those of the kernel included.";
    INFO: Gauge "smonitor_cpu_info", ["model"], "1, with the maker's name of the processors.";
    PACKAGES: Gauge "smonitor_cpu_packages", [], "Processor packages.";
    CORES: Gauge "smonitor_cpu_cores", [], "Physical cores.";
    ONLINE: Gauge "smonitor_cpu_online", [], "Logical processors that are online.";
    FREQUENCY_MEAN: Gauge "smonitor_cpu_frequency_mean_hertz", [],
        "Clock frequency now, mean over the logical processors.";
    FREQUENCY_HIGHEST: Gauge "smonitor_cpu_frequency_highest_hertz", [],
        "Clock frequency of the fastest logical processor now.";
    FREQUENCY_LIMIT: Gauge "smonitor_cpu_frequency_limit_hertz", [],
        "Clock frequency that the hardware can reach.";
}

pub(super) fn write(page: &mut Page, known: Known<'_>) {
    let section = &known.snapshot.cpu;
    if let Some(cpu) = known.fresh(section) {
        seconds(page, cpu);
        let load = cpu.load.present();
        page.single(&LOAD1, load.map(|load| load.one));
        page.single(&LOAD5, load.map(|load| load.five));
        page.single(&LOAD15, load.map(|load| load.fifteen));
        page.single(&CONTEXT_SWITCHES, cpu.kernel.context_switches_total);
        page.single(&INTERRUPTS, cpu.kernel.interrupts_total);
        page.single(&FORKS, cpu.kernel.forks_total);
        page.single(&RUNNING, cpu.kernel.running);
        page.single(&BLOCKED, cpu.kernel.blocked);
        page.single(&PRESSURE, cpu.pressure.map(|pressure| pressure.some.total_seconds));
        page.single(&THREADS, load.map(|load| load.threads));
    }
    if let Some(cpu) = Known::lasting(section) {
        page.family(&INFO, |samples| {
            if let Reading::Present(model) = &cpu.brand {
                samples.add(&[model], true);
            }
        });
        page.single(&PACKAGES, cpu.sockets);
        page.single(&CORES, cpu.cores);
    }
    if let Some(cpu) = known.fresh(section) {
        page.single(&ONLINE, cpu.threads);
        let frequency = cpu.frequency.present();
        page.single(&FREQUENCY_MEAN, frequency.map(|frequency| frequency.mean_hertz));
        page.single(&FREQUENCY_HIGHEST, frequency.map(|frequency| frequency.highest_hertz));
        page.single(&FREQUENCY_LIMIT, frequency.map(|frequency| frequency.limit_hertz));
    }
}

/// A mode and where its time is.
type Mode = (&'static str, fn(&CpuSeconds) -> Seconds);

fn seconds(page: &mut Page, cpu: &Cpu) {
    const MODES: [Mode; 8] = [
        ("user", |seconds| seconds.user),
        ("nice", |seconds| seconds.nice),
        ("system", |seconds| seconds.system),
        ("idle", |seconds| seconds.idle),
        ("iowait", |seconds| seconds.iowait),
        ("irq", |seconds| seconds.irq),
        ("softirq", |seconds| seconds.softirq),
        ("steal", |seconds| seconds.steal),
    ];
    const GUEST_MODES: [Mode; 2] =
        [("user", |seconds| seconds.guest), ("nice", |seconds| seconds.guest_nice)];
    for (metric, modes) in [(&SECONDS, &MODES[..]), (&GUEST_SECONDS, &GUEST_MODES[..])] {
        page.family(metric, |samples| {
            for processor in &cpu.seconds_total {
                let id = processor.id.to_string();
                for (mode, pick) in modes {
                    samples.add(&[&id, mode], pick(processor));
                }
            }
        });
    }
}
