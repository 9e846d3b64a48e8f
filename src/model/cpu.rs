//! Processors: what they are, how busy, how fast.

use serde::{Deserialize, Serialize};

use super::pressure::Pressure;
use super::{Hertz, Percent, Reading, Seconds};

/// All processors of a machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Cpu {
    /// The maker's name of the processor (`/proc/cpuinfo`, `model name` and its equivalents).
    pub brand: Reading<String>,
    /// Processor packages.
    pub sockets: Reading<u32>,
    /// Physical cores, hyper-threads not counted.
    pub cores: Reading<u32>,
    /// Logical processors that are online.
    pub threads: Reading<u32>,
    /// How all logical processors together spent the time since the last sample.
    pub usage: Reading<CpuUsage>,
    /// Each logical processor that the kernel lists, by number. An offline one is not listed.
    pub per_core: Vec<Core>,
    /// Clock frequency now, over the logical processors.
    pub frequency: Reading<Frequency>,
    /// Load averages.
    pub load: Reading<Load>,
    /// Pressure on the processors.
    pub pressure: Reading<Pressure>,
    /// Time since boot of each logical processor of `per_core`, for `/metrics` only: it is not on
    /// the wire.
    #[serde(skip)]
    #[cfg_attr(test, ts(skip))]
    pub seconds_total: Vec<CpuSeconds>,
    /// What the kernel counts beside the processors' time, for `/metrics` only: it is not on the
    /// wire.
    #[serde(skip)]
    #[cfg_attr(test, ts(skip))]
    pub kernel: KernelCounts,
}

/// What `/proc/stat` tells after the processors. Totals are since boot.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct KernelCounts {
    /// Interrupts (`intr`, the first number).
    pub interrupts_total: Reading<u64>,
    /// Switches from one task to another (`ctxt`).
    pub context_switches_total: Reading<u64>,
    /// Processes and threads that were started (`processes`).
    pub forks_total: Reading<u64>,
    /// Threads that run or could run now (`procs_running`).
    pub running: Reading<u64>,
    /// Threads that wait for input/output now (`procs_blocked`).
    pub blocked: Reading<u64>,
}

/// Time of one logical processor since boot. Source: `/proc/stat`, `cpuN` lines, in clock ticks.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CpuSeconds {
    /// The kernel's number.
    pub id: u32,
    /// User space; guests included, as the kernel counts.
    pub user: Seconds,
    /// User space at low priority; low-priority guests included.
    pub nice: Seconds,
    /// Kernel.
    pub system: Seconds,
    /// Nothing to do.
    pub idle: Seconds,
    /// Nothing to do, with input/output outstanding.
    pub iowait: Seconds,
    /// Hardware interrupts.
    pub irq: Seconds,
    /// Deferred work of interrupts.
    pub softirq: Seconds,
    /// Taken by the hypervisor.
    pub steal: Seconds,
    /// Running virtual machines; part of `user`.
    pub guest: Seconds,
    /// Running low-priority virtual machines; part of `nice`.
    pub guest_nice: Seconds,
}

/// Shares of time, each 0–100 %; they add up to 100 with idle. Source: `/proc/stat`, `cpu` line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct CpuUsage {
    /// Everything but idle and iowait.
    pub busy_percent: Percent,
    /// User space, nice included, guests not.
    pub user_percent: Percent,
    /// Kernel, interrupts included.
    pub system_percent: Percent,
    /// Idle with input/output outstanding. The kernel calls this figure unreliable; it is what top
    /// shows as `wa`.
    pub iowait_percent: Percent,
    /// Taken by the hypervisor.
    pub steal_percent: Percent,
    /// Spent running virtual machines.
    pub guest_percent: Percent,
}

/// One logical processor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Core {
    /// The kernel's number.
    pub id: u32,
    /// 0–100 % of this processor since the last sample.
    pub busy_percent: Reading<Percent>,
}

/// Clock frequency. Source: `/sys/devices/system/cpu/cpuN/cpufreq/scaling_cur_freq` (kHz), else
/// `/proc/cpuinfo` (`cpu MHz`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Frequency {
    /// Mean over the logical processors.
    pub mean_hertz: Hertz,
    /// The fastest now.
    pub highest_hertz: Hertz,
    /// What the hardware can do at most (`cpuinfo_max_freq`).
    pub limit_hertz: Reading<Hertz>,
}

/// Load averages: tasks running or waiting uninterruptibly. Source: `/proc/loadavg`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Load {
    /// Over one minute.
    pub one: f64,
    /// Over five minutes.
    pub five: f64,
    /// Over fifteen minutes.
    pub fifteen: f64,
    /// Threads that run or could run now.
    pub runnable_threads: u32,
    /// Threads in all.
    pub threads: u32,
}
