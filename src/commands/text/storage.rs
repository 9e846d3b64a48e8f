//! Filesystems, disks, arrays and pools.

use super::given;
use super::table::{Column, Line, and_more, heaviest, table};
use super::units::{age, bytes, bytes_per_second, cell, percent, reason_words, time};
use crate::commands::measure::Look;
use crate::model::disk::Disk;
use crate::model::filesystem::{Filesystem, FilesystemRole};
use crate::model::raid::{Raid, RaidArray, RaidState};
use crate::model::zfs::{ZfsPool, ZfsState};
use crate::model::{Percent, Reading};

/// The most rows of each table.
const MOST: usize = 16;

/// From here on a filesystem is shown with how many of its index nodes are used.
const MANY_INODES: f64 = 85.0;

pub(super) fn filesystems(look: &Look) -> Vec<Line> {
    let filesystems = match given("Files", &look.host.filesystems) {
        Ok(filesystems) => filesystems,
        Err(lines) => return lines,
    };
    let weight = |row: &Filesystem| match (row.problem, row.role) {
        (Some(_), _) => 300.0,
        (None, FilesystemRole::System) => 200.0,
        (None, _) => used_percent(row).0,
    };
    let (rows, left_out) = heaviest(&filesystems.rows, MOST, weight);
    if rows.is_empty() {
        return Vec::new();
    }
    let columns = [
        Column::Path("FILESYSTEM", 24),
        Column::Left("TYPE", 8),
        Column::Right("SIZE"),
        Column::Right("FREE"),
        Column::Right("USED"),
        Column::Left("", 40),
    ];
    let cells = rows.into_iter().map(|row| {
        let space = |show: fn(&crate::model::filesystem::Space) -> String| cell(&row.space, show);
        [
            row.mount_points.first().map_or(String::new(), ToString::to_string),
            row.filesystem_type.to_string(),
            space(|space| bytes(space.total_bytes)),
            space(|space| bytes(space.available_bytes)),
            space(|space| cell(&space.used_percent, |used| percent(*used))),
            notes(look, row).join(", "),
        ]
    });
    let mut lines = table(columns, cells.collect());
    lines.extend(and_more(left_out as u64 + filesystems.left_out));
    lines
}

fn used_percent(row: &Filesystem) -> Percent {
    let used = row.space.present().and_then(|space| space.used_percent.present());
    used.copied().unwrap_or_default()
}

/// What is unusual about a filesystem.
fn notes(look: &Look, row: &Filesystem) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(problem) = row.problem {
        let since = age(look.at.since(problem.since_ms));
        notes.push(format!("{} for {since}", reason_words(problem.reason)));
    }
    let inodes = row.inodes.present().and_then(|inodes| inodes.used_percent.present());
    if let Some(used) = inodes.filter(|used| used.0 >= MANY_INODES) {
        notes.push(format!("inodes {}", percent(*used)));
    }
    if row.read_only {
        notes.push("read-only".to_owned());
    }
    notes
}

pub(super) fn disks(look: &Look) -> Vec<Line> {
    let disks = match given("Disks", &look.host.disks) {
        Ok(disks) => disks,
        Err(lines) => return lines,
    };
    let busy = |disk: &Disk| {
        let busy = disk.activity.and_then(|now| now.busy_percent);
        busy.present().map_or(0.0, |busy| busy.0)
    };
    let (rows, left_out) = heaviest(&disks.rows, MOST, busy);
    let raid = look.host.raid.value.present();
    let mut cells: Vec<_> = rows.into_iter().map(|disk| disk_row(disk, raid)).collect();
    if let Reading::Present(zfs) = &look.host.zfs.value {
        cells.extend(zfs.pools.iter().take(MOST).map(pool_row));
    }
    if cells.is_empty() {
        return Vec::new();
    }
    let columns = [
        Column::Left("DISK", 16),
        Column::Right("SIZE"),
        Column::Right("READ"),
        Column::Right("WRITTEN"),
        Column::Right("BUSY"),
        Column::Left("", 60),
    ];
    let mut lines = table(columns, cells);
    lines.extend(and_more(left_out as u64 + disks.left_out));
    lines
}

fn disk_row(disk: &Disk, raid: Option<&Raid>) -> [String; 6] {
    let array = raid.and_then(|raid| raid.arrays.iter().find(|array| array.key == disk.key));
    let activity =
        |show: fn(&crate::model::disk::DiskActivity) -> String| cell(&disk.activity, show);
    [
        disk.name.to_string(),
        cell(&disk.size_bytes, |size| bytes(*size)),
        activity(|now| bytes_per_second(now.read_bytes_per_second)),
        activity(|now| bytes_per_second(now.written_bytes_per_second)),
        activity(|now| cell(&now.busy_percent, |busy| percent(*busy))),
        match array {
            Some(array) => array_state(array),
            None => disk.model.present().map_or(String::new(), ToString::to_string),
        },
    ]
}

/// `recovering 37 %, 60 min left, raid5 3 of 4`: what matters most first, the end may be cut off.
fn array_state(array: &RaidArray) -> String {
    let mut state = match array.state {
        RaidState::Clean => "clean",
        RaidState::Working => "working",
        RaidState::Recovering => "recovering",
        RaidState::Degraded => "degraded",
        RaidState::Inactive => "inactive",
    }
    .to_owned();
    let mut parts = Vec::new();
    if let Some(action) = &array.action {
        // While it recovers, what it does is told already.
        if array.state != RaidState::Recovering {
            state = format!("{state}, {}", action.kind);
        }
        if let Reading::Present(done) = action.done_percent {
            state = format!("{state} {}", percent(done));
        }
        parts
            .extend(action.remaining_seconds.present().map(|left| format!("{} left", time(*left))));
    }
    parts.insert(0, state);
    let mut kind = array.level.present().map_or(String::new(), ToString::to_string);
    if let (Reading::Present(working), Reading::Present(wanted)) =
        (array.devices_working, array.devices_wanted)
    {
        kind = format!("{kind} {working} of {wanted}");
    }
    parts.push(kind);
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

fn pool_row(pool: &ZfsPool) -> [String; 6] {
    let state = cell(&pool.state, |state| {
        match state {
            ZfsState::Online => "online",
            ZfsState::Degraded => "degraded",
            ZfsState::Faulted => "faulted",
            ZfsState::Offline => "offline",
            ZfsState::Removed => "removed",
            ZfsState::Unavailable => "unavailable",
            ZfsState::Suspended => "suspended",
        }
        .to_owned()
    });
    [
        pool.key.to_string(),
        cell(&pool.space, |space| bytes(space.total_bytes)),
        cell(&pool.read_bytes_per_second, |rate| bytes_per_second(*rate)),
        cell(&pool.written_bytes_per_second, |rate| bytes_per_second(*rate)),
        String::new(),
        format!("zfs {state}"),
    ]
}
