//! Containers and the engines that are asked about them.

use super::Known;
use super::text::{Page, Sample, or_empty};
use crate::model::container::{Container, ContainerHealth, ContainerState};

pub(super) const ORIGIN: &str =
    "section `containers`: the control groups below `/sys/fs/cgroup`, and engines where configured";

/// The most engines that have series.
pub(super) const ENGINES_MAX: usize = 16;

metrics! {
    ENGINE_UP: Gauge "smonitor_container_engine_up", ["engine"],
        "Whether the engine's last answer was well.";
    INFO: Gauge "smonitor_container_info",
        ["container", "runtime", "short", "name", "image", "pod"],
        "1, with what the container is; name and image are what its engine calls it.";
    STATE: Gauge "smonitor_container_state", ["container", "state"],
        "What the container is doing: 1 for the state it is in, 0 for the others.";
    HEALTH: Gauge "smonitor_container_health", ["container", "health"],
        "Outcome of its own health check: 1 for the one that is, 0 for the others.";
    START: Gauge "smonitor_container_start_time_seconds", ["container"],
        "When it was started, seconds since 1970.";
    RESTARTS: Counter "smonitor_container_restarts_total", ["container"],
        "How often its engine started it again by itself.";
    CPU: Gauge "smonitor_container_cpu_ratio", ["container"],
        "Processor time since the last sample; 1 is one logical processor.";
    CPU_LIMIT: Gauge "smonitor_container_cpu_limit_ratio", ["container"],
        "The most it may use, in the same unit; none without a limit.";
    THROTTLED: Gauge "smonitor_container_cpu_throttled_ratio", ["container"],
        "Share of the periods of its limit in which it had to wait, 0 to 1.";
    MEMORY: Gauge "smonitor_container_memory_bytes", ["container"],
        "Memory without page cache that can be dropped.";
    MEMORY_LIMIT: Gauge "smonitor_container_memory_limit_bytes", ["container"],
        "The most it may use; none without a limit.";
    CACHE: Gauge "smonitor_container_cache_bytes", ["container"], "Page cache that counts as its own.";
    SWAP: Gauge "smonitor_container_swap_bytes", ["container"], "Swap in use.";
    READ: Gauge "smonitor_container_read_bytes_per_second", ["container"],
        "Read from block devices.";
    WRITTEN: Gauge "smonitor_container_write_bytes_per_second", ["container"],
        "Written to block devices.";
    RECEIVED: Gauge "smonitor_container_receive_bytes_per_second", ["container"],
        "Received by its own interfaces.";
    SENT: Gauge "smonitor_container_transmit_bytes_per_second", ["container"],
        "Sent by its own interfaces.";
    TASKS: Gauge "smonitor_container_tasks", ["container"], "Processes and threads in it.";
    TASKS_LIMIT: Gauge "smonitor_container_tasks_limit", ["container"],
        "The most it may have; none without a limit.";
    PROCESSES: Gauge "smonitor_container_processes", ["container"], "Processes in it.";
    OOM_KILLS: Counter "smonitor_container_oom_kills_total", ["container"],
        "Processes that were killed because its memory ran out.";
}

const STATES: [(&str, ContainerState); 6] = [
    ("running", ContainerState::Running),
    ("paused", ContainerState::Paused),
    ("restarting", ContainerState::Restarting),
    ("removing", ContainerState::Removing),
    ("ended", ContainerState::Ended),
    ("other", ContainerState::Other),
];

const HEALTHS: [(&str, ContainerHealth); 3] = [
    ("starting", ContainerHealth::Starting),
    ("healthy", ContainerHealth::Healthy),
    ("unhealthy", ContainerHealth::Unhealthy),
];

pub(super) fn write(page: &mut Page, known: Known<'_>) {
    let Some(containers) = known.fresh(&known.snapshot.containers) else { return };
    page.family(&ENGINE_UP, |samples| {
        for engine in containers.engines.iter().take(ENGINES_MAX) {
            samples.add(&[&engine.address], engine.problem.is_none());
        }
    });
    let rows = containers.rows.as_slice();
    page.family(&INFO, |samples| {
        for row in rows {
            let labels = [
                &*row.key,
                row.runtime.as_str(),
                &row.short,
                or_empty(&row.name),
                or_empty(&row.image),
                row.pod.as_deref().unwrap_or_default(),
            ];
            samples.add(&labels, true);
        }
    });
    page.family(&STATE, |samples| {
        for row in rows {
            for (name, state) in STATES {
                samples.add(&[&row.key, name], row.state.map(|now| now == state));
            }
        }
    });
    page.family(&HEALTH, |samples| {
        for row in rows {
            for (name, health) in HEALTHS {
                samples.add(&[&row.key, name], row.health.map(|now| now == health));
            }
        }
    });
    each(page, &START, rows, |row| row.started_at_ms);
    each(page, &RESTARTS, rows, |row| row.restarts);
    each(page, &CPU, rows, |row| row.cpu_percent);
    each(page, &CPU_LIMIT, rows, |row| row.cpu_limit_percent);
    each(page, &THROTTLED, rows, |row| row.throttled_percent);
    each(page, &MEMORY, rows, |row| row.memory_bytes);
    each(page, &MEMORY_LIMIT, rows, |row| row.memory_limit_bytes);
    each(page, &CACHE, rows, |row| row.cache_bytes);
    each(page, &SWAP, rows, |row| row.swap_bytes);
    each(page, &READ, rows, |row| row.read_bytes_per_second);
    each(page, &WRITTEN, rows, |row| row.written_bytes_per_second);
    each(page, &RECEIVED, rows, |row| row.received_bytes_per_second);
    each(page, &SENT, rows, |row| row.sent_bytes_per_second);
    each(page, &TASKS, rows, |row| row.tasks);
    each(page, &TASKS_LIMIT, rows, |row| row.tasks_limit);
    each(page, &PROCESSES, rows, |row| row.processes);
    each(page, &OOM_KILLS, rows, |row| row.oom_kills);
}

fn each<V: Sample>(
    page: &mut Page,
    metric: &'static super::Metric,
    rows: &[Container],
    pick: impl Fn(&Container) -> V,
) {
    page.family(metric, |samples| {
        for row in rows {
            samples.add(&[&row.key], pick(row));
        }
    });
}
