//! Containers. Sources: the control groups below `/sys/fs/cgroup` (kernel documents
//! admin-guide/cgroup-v1 and cgroup-v2.rst), `/proc/PID/net/dev` of a process inside, and, only
//! where one is configured, the HTTP interface of a Docker-compatible engine.

use serde::{Deserialize, Serialize};

use super::place::ContainerRuntime;
use super::{Bytes, BytesPerSecond, PerSecond, Percent, Problem, Reading, Text, UnixMillis};

/// The most containers that are kept.
pub const CONTAINERS_MAX: usize = 1024;

/// The most labels of one container that are kept.
pub const LABELS_MAX: usize = 64;

/// All running containers. Empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Containers {
    /// Engines that are asked for names, images and states, in the order of the settings.
    pub engines: Vec<ContainerEngine>,
    /// By name, then key: an order that does not change while containers run.
    pub rows: Vec<Container>,
    /// Containers beyond [`CONTAINERS_MAX`], which have no row.
    pub left_out: u64,
}

/// An engine that is asked for names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct ContainerEngine {
    /// Where it is, as configured: `unix:///run/docker.sock`, `tcp://127.0.0.1:2375`.
    pub address: Text,
    /// What it calls itself: `Docker Engine - Community 28.2.2`.
    pub version: Reading<Text>,
    /// Why it does not answer, and since when; null if its last answer was well.
    pub problem: Option<Problem>,
}

/// One container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Container {
    /// Identity of the row: `docker/<whole id>`.
    pub key: Text,
    /// What made it.
    pub runtime: ContainerRuntime,
    /// The first 12 digits of the id, else the name.
    pub short: Text,
    /// Its name. Absent where only an engine knows it and none is asked (`not_collected`) or it
    /// does not answer.
    pub name: Reading<Text>,
    /// The image it was made from; engines only.
    pub image: Reading<Text>,
    /// What it is doing; engines only, but for frozen ones, which control groups tell.
    pub state: Reading<ContainerState>,
    /// Outcome of its own health check; engines only. Absent (`not_supported`) without a check.
    pub health: Reading<ContainerHealth>,
    /// How often its engine started it again by itself; engines only.
    pub restarts: Reading<u32>,
    /// Labels, by name, at most [`LABELS_MAX`]; engines only.
    pub labels: Reading<Vec<Label>>,
    /// Kubernetes: the uid of the pod.
    pub pod: Option<Text>,
    /// When it was started: by its engine, else the start of its oldest process.
    pub started_at_ms: Reading<UnixMillis>,
    /// Processor time. 100 % is one logical processor; above 100 on several.
    pub cpu_percent: Reading<Percent>,
    /// The most it may use (`cpu.max`, `cpu.cfs_quota_us`), in the same unit; null: no limit.
    pub cpu_limit_percent: Reading<Option<Percent>>,
    /// Share of the periods of its limit in which it had to wait (`nr_throttled` of `nr_periods`),
    /// 0–100 %, since the last sample.
    pub throttled_percent: Reading<Percent>,
    /// Memory without page cache that can be dropped, as `docker stats` has it: `memory.current`
    /// less `inactive_file`.
    pub memory_bytes: Reading<Bytes>,
    /// The most it may use (`memory.max`); null: no limit but the machine's memory.
    pub memory_limit_bytes: Reading<Option<Bytes>>,
    /// `memory_bytes` of its limit, or of the machine's memory where it has none, 0–100 %.
    pub memory_percent: Reading<Percent>,
    /// Page cache that counts as the container's (`file`, `cache`).
    pub cache_bytes: Reading<Bytes>,
    /// Swap in use.
    pub swap_bytes: Reading<Bytes>,
    /// Read from block devices (`io.stat`, `blkio.throttle.io_service_bytes`).
    pub read_bytes_per_second: Reading<BytesPerSecond>,
    /// Written to block devices.
    pub written_bytes_per_second: Reading<BytesPerSecond>,
    /// Whether it shares the network of the machine: then it has no traffic of its own.
    pub shares_network: Reading<bool>,
    /// Received by all its interfaces but loopback.
    pub received_bytes_per_second: Reading<BytesPerSecond>,
    /// Sent by all its interfaces but loopback.
    pub sent_bytes_per_second: Reading<BytesPerSecond>,
    /// Processes and threads (`pids.current`).
    pub tasks: Reading<u32>,
    /// The most it may have (`pids.max`); null: no limit.
    pub tasks_limit: Reading<Option<u32>>,
    /// Processes in it and in groups below it.
    pub processes: Reading<u32>,
    /// Processes that were killed because its memory ran out, since it was started.
    pub oom_kills: Reading<u64>,
    /// The same since the last sample, per second: above 0 it is happening now.
    pub oom_kills_per_second: Reading<PerSecond>,
}

/// What a container is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum ContainerState {
    /// It runs.
    Running,
    /// It is frozen (`docker pause`, `lxc-freeze`).
    Paused,
    /// Its engine is starting it again.
    Restarting,
    /// It is being removed.
    Removing,
    /// Made and not started, or ended, though processes of it are still there.
    Ended,
    /// A word this version does not know.
    Other,
}

/// Outcome of a container's own health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum ContainerHealth {
    /// The first check has not passed yet.
    Starting,
    /// It passes.
    Healthy,
    /// It fails.
    Unhealthy,
}

/// A label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Label {
    /// Its name.
    pub name: Text,
    /// Its value, at most 200 characters.
    pub value: Text,
}
