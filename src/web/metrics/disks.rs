//! Block devices.

use super::Known;
use super::text::{Page, Sample, or_empty};
use crate::model::disk::{Disk, DiskKind};

pub(super) const ORIGIN: &str =
    "section `disks`: `diskstats`, `pressure/io` and the devices' own files";

metrics! {
    READ_BYTES: Counter "node_disk_read_bytes_total", ["device"], "Read from the device.";
    WRITTEN_BYTES: Counter "node_disk_written_bytes_total", ["device"], "Written to the device.";
    READS: Counter "node_disk_reads_completed_total", ["device"], "Reads that are finished.";
    WRITES: Counter "node_disk_writes_completed_total", ["device"], "Writes that are finished.";
    READ_TIME: Counter "node_disk_read_time_seconds_total", ["device"],
        "Time that reads took together, waiting in the queue included.";
    WRITE_TIME: Counter "node_disk_write_time_seconds_total", ["device"],
        "Time that writes took together, waiting in the queue included.";
    BUSY_TIME: Counter "node_disk_io_time_seconds_total", ["device"],
        "Time in which anything was in flight.";
    SIZE: Gauge "smonitor_disk_size_bytes", ["device"], "Size of the device.";
    INFO: Gauge "smonitor_disk_info", ["device", "name", "kind", "model"],
        "1, with what is known of the device; name is the one that people gave it.";
    WAITING: Counter "node_pressure_io_waiting_seconds_total", [],
        "Time in which at least one task waited for input/output.";
    STALLED: Counter "node_pressure_io_stalled_seconds_total", [],
        "Time in which every task that could run waited for input/output.";
}

pub(super) fn write(page: &mut Page, known: Known<'_>) {
    let Some(disks) = known.fresh(&known.snapshot.disks) else { return };
    family(page, &READ_BYTES, &disks.rows, |disk| disk.read_bytes_total);
    family(page, &WRITTEN_BYTES, &disks.rows, |disk| disk.written_bytes_total);
    family(page, &READS, &disks.rows, |disk| disk.reads_total);
    family(page, &WRITES, &disks.rows, |disk| disk.writes_total);
    family(page, &READ_TIME, &disks.rows, |disk| disk.read_seconds_total);
    family(page, &WRITE_TIME, &disks.rows, |disk| disk.write_seconds_total);
    family(page, &BUSY_TIME, &disks.rows, |disk| disk.busy_seconds_total);
    family(page, &SIZE, &disks.rows, |disk| disk.size_bytes);
    page.family(&INFO, |samples| {
        for disk in &disks.rows {
            let labels = [&*disk.key, &*disk.name, kind(disk.kind), or_empty(&disk.model)];
            samples.add(&labels, true);
        }
    });
    page.single(&WAITING, disks.pressure.map(|pressure| pressure.some.total_seconds));
    let full = disks.pressure.and_then(|pressure| pressure.full);
    page.single(&STALLED, full.map(|line| line.total_seconds));
}

fn family<V: Sample>(
    page: &mut Page,
    metric: &'static super::Metric,
    disks: &[Disk],
    pick: impl Fn(&Disk) -> V,
) {
    page.family(metric, |samples| {
        for disk in disks {
            samples.add(&[&disk.key], pick(disk));
        }
    });
}

fn kind(kind: DiskKind) -> &'static str {
    match kind {
        DiskKind::Disk => "disk",
        DiskKind::Raid => "raid",
        DiskKind::Mapped => "mapped",
        DiskKind::Network => "network",
        DiskKind::Memory => "memory",
        DiskKind::Other => "other",
    }
}
