//! Filesystems: one series each, under its first mount point.
//!
//! A filesystem that is mounted at ten places is still one: counted at each of them, its space would
//! count ten times.

use super::Known;
use super::text::Page;
use crate::model::filesystem::Filesystem;

pub(super) const ORIGIN: &str = "section `filesystems`: `self/mountinfo` and statfs(2)";

metrics! {
    SIZE: Gauge "node_filesystem_size_bytes", ["device", "fstype", "mountpoint"],
        "Size of the filesystem.";
    FREE: Gauge "node_filesystem_free_bytes", ["device", "fstype", "mountpoint"],
        "Space that is free, what is reserved for root included.";
    AVAILABLE: Gauge "node_filesystem_avail_bytes", ["device", "fstype", "mountpoint"],
        "Space that a user other than root can still write.";
    FILES: Gauge "node_filesystem_files", ["device", "fstype", "mountpoint"],
        "How many files there can be (index nodes).";
    FILES_FREE: Gauge "node_filesystem_files_free", ["device", "fstype", "mountpoint"],
        "How many more files there can be (free index nodes).";
    READ_ONLY: Gauge "node_filesystem_readonly", ["device", "fstype", "mountpoint"],
        "Whether every mount of it is read-only.";
    ERROR: Gauge "node_filesystem_device_error", ["device", "fstype", "mountpoint"],
        "Whether it does not answer or could not be read; then it has no other values.";
}

pub(super) fn write(page: &mut Page, known: Known<'_>) {
    let Some(filesystems) = known.fresh(&known.snapshot.filesystems) else { return };
    let mut family = |metric, pick: &dyn Fn(&Filesystem) -> Option<u64>| {
        page.family(metric, |samples| {
            for row in &filesystems.rows {
                let mount_point = row.mount_points.first().map_or("", |first| first);
                samples.add(&[&row.device, &row.filesystem_type, mount_point], pick(row));
            }
        });
    };
    let space = |row: &Filesystem| row.space.present().filter(|_| row.problem.is_none()).copied();
    let inodes = |row: &Filesystem| row.inodes.present().filter(|_| row.problem.is_none()).copied();
    family(&SIZE, &|row| space(row).map(|space| space.total_bytes.0));
    family(&FREE, &|row| {
        space(row).map(|space| space.total_bytes.0.saturating_sub(space.used_bytes.0))
    });
    family(&AVAILABLE, &|row| space(row).map(|space| space.available_bytes.0));
    family(&FILES, &|row| inodes(row).map(|inodes| inodes.total));
    family(&FILES_FREE, &|row| inodes(row).map(|inodes| inodes.free));
    family(&READ_ONLY, &|row| row.problem.is_none().then_some(row.read_only.into()));
    family(&ERROR, &|row| Some(row.problem.is_some().into()));
}
