//! Memory: the kernel's own figures, what is used by our count, memory nodes.

use super::text::{Kind, Metric, Page};
use super::{Known, Section};
use crate::model::memory::Memory;

pub(super) const ORIGIN: &str = "section `memory`: `meminfo`, `pressure/memory`; section `numa`: the \
     `meminfo` of each node";

macro_rules! define_fields {
    ($( $key:literal => $name:literal, )*) => {
        /// The lines of meminfo, in the order of `MEMINFO_KEYS`.
        static FIELDS: &[Metric] = &[$( Metric {
            name: concat!("node_memory_", $name),
            kind: Kind::Gauge,
            labels: &[],
            help: concat!("Line ", $key, " of meminfo."),
        } ),*];
    };
}
crate::meminfo_fields!(define_fields);

metrics! {
    USED: Gauge "smonitor_memory_used_bytes", [],
        "Memory that cannot be had without swapping: MemTotal less MemAvailable.";
    WAITING: Counter "node_pressure_memory_waiting_seconds_total", [],
        "Time in which at least one task waited for memory.";
    STALLED: Counter "node_pressure_memory_stalled_seconds_total", [],
        "Time in which every task that could run waited for memory.";
    NUMA_TOTAL: Gauge "node_memory_numa_MemTotal", ["node"], "Memory of a node, in bytes.";
    NUMA_FREE: Gauge "node_memory_numa_MemFree", ["node"],
        "Memory of a node that is used for nothing at all, in bytes.";
}

/// The fields and what is defined here.
pub(super) fn metrics() -> &'static [&'static Metric] {
    static ALL: std::sync::LazyLock<Vec<&'static Metric>> =
        std::sync::LazyLock::new(|| FIELDS.iter().chain(METRICS.iter().copied()).collect());
    &ALL
}

pub(super) fn write(page: &mut Page, known: Known<'_>) {
    let section: &Section<Memory> = &known.snapshot.memory;
    if let Some(memory) = known.fresh(section) {
        for (metric, value) in FIELDS.iter().zip(&memory.meminfo.values) {
            page.single(metric, *value);
        }
        page.single(&USED, memory.used_bytes);
        let pressure = memory.pressure;
        page.single(&WAITING, pressure.map(|pressure| pressure.some.total_seconds));
        let full = pressure.and_then(|pressure| pressure.full);
        page.single(&STALLED, full.map(|line| line.total_seconds));
    }
    if let Some(numa) = known.fresh(&known.snapshot.numa) {
        page.family(&NUMA_TOTAL, |samples| {
            for node in &numa.nodes {
                samples.add(&[&node.key], node.total_bytes);
            }
        });
        page.family(&NUMA_FREE, |samples| {
            for node in &numa.nodes {
                samples.add(&[&node.key], node.free_bytes);
            }
        });
    }
}
