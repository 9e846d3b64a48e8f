//! The made-up filesystems: most are well, one is nearly full, one has nearly no room for more
//! files, and one is on a server that has stopped answering.

use super::moment::Moment;
use crate::model::filesystem::{
    Filesystem, FilesystemMedium, FilesystemRole, Filesystems, Inodes, Space,
};
use crate::model::{Bytes, Percent, Problem, Reading, Reason, UnixMillis};

/// Where the filesystem is that does not answer.
pub(super) const STUCK: &str = "/mnt/archive";

const HOUR_MS: i64 = 3_600_000;

/// One filesystem before it is put into a row.
pub(super) struct Sketch {
    pub(super) key: &'static str,
    pub(super) device: &'static str,
    pub(super) kind: &'static str,
    pub(super) medium: FilesystemMedium,
    pub(super) mount_points: &'static [&'static str],
    pub(super) gib: f64,
    /// Used of what users can use, 0 to 1.
    pub(super) used: f64,
    /// Kept for root, of all.
    pub(super) reserved: f64,
    /// How many files there can be, and the part of it that is used.
    pub(super) inodes: Option<(u64, f64)>,
}

/// When the server of [`STUCK`] stopped answering: some minutes to an hour ago, and the same as
/// long as it lasts.
pub(super) fn stuck(moment: Moment) -> Problem {
    let hour = moment.at.0.div_euclid(HOUR_MS) * HOUR_MS;
    Problem { reason: Reason::NotResponding, since_ms: UnixMillis(hour - 4 * 60_000) }
}

pub(super) fn filesystems(moment: Moment) -> Filesystems {
    let rows = sketches(moment).into_iter().map(|sketch| row(&sketch, moment)).collect();
    Filesystems { rows, left_out: 0 }
}

/// Space that is used of the pool's and of its only dataset.
pub(super) fn pool_used(moment: Moment) -> f64 {
    moment.between("tank", 1800.0, 0.57, 0.58)
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn sketches(moment: Moment) -> Vec<Sketch> {
    use FilesystemMedium::{Local, Memory, Network};
    let system = Sketch {
        key: "259:2",
        device: "/dev/nvme0n1p2",
        kind: "ext4",
        medium: Local,
        mount_points: &["/"],
        gib: 440.0,
        used: moment.between("root", 900.0, 0.408, 0.412),
        reserved: 0.05,
        inodes: Some((29_302_784, 0.043)),
    };
    let boot = Sketch {
        key: "259:1",
        device: "/dev/nvme0n1p1",
        kind: "vfat",
        mount_points: &["/boot/efi"],
        gib: 1.05,
        used: 0.006,
        reserved: 0.0,
        inodes: None,
        ..system
    };
    let data = Sketch {
        key: "9:0",
        device: "/dev/md0",
        kind: "xfs",
        mount_points: &["/data", "/srv/data"],
        gib: 10_729.0,
        used: moment.between("data", 1200.0, 0.928, 0.932),
        reserved: 0.0,
        inodes: Some((1_125_120_000, 0.021)),
        ..system
    };
    let shared = Sketch {
        key: "0:26",
        device: "tmpfs",
        kind: "tmpfs",
        medium: Memory,
        mount_points: &["/dev/shm"],
        gib: 504.0,
        used: moment.between("shm", 120.0, 0.0054, 0.0059),
        inodes: Some((132_120_576, 0.000_01)),
        ..boot
    };
    let home = Sketch {
        key: "0:61",
        device: "nas-01:/export/home",
        kind: "nfs4",
        medium: Network,
        mount_points: &["/home"],
        gib: 40_960.0,
        used: moment.between("home", 1500.0, 0.644, 0.648),
        inodes: Some((4_294_967_296, 0.039)),
        ..boot
    };
    let archive = Sketch {
        key: "0:62",
        device: "nas-02:/export/archive",
        mount_points: &[STUCK],
        gib: 204_800.0,
        used: 0.712,
        inodes: Some((21_474_836_480, 0.008)),
        ..home
    };
    let models = Sketch {
        key: "252:1",
        device: "/dev/mapper/vg0-models",
        mount_points: &["/opt/models"],
        gib: 196.0,
        used: 0.77,
        // Caches of single tensors: many small files.
        inodes: Some((13_107_200, moment.between("models", 600.0, 0.911, 0.913))),
        ..system
    };
    let scratch = Sketch {
        key: "259:14",
        device: "/dev/nvme7n1p1",
        kind: "xfs",
        mount_points: &["/scratch"],
        gib: 3_576.0,
        used: moment.between("scratch", 400.0, 0.31, 0.37),
        reserved: 0.0,
        inodes: Some((375_072_000, 0.013)),
        ..system
    };
    let tank = Sketch {
        key: "0:48",
        device: "tank",
        kind: "zfs",
        mount_points: &["/tank"],
        gib: 3_460.0,
        used: pool_used(moment),
        // ZFS makes index nodes as long as there is space.
        inodes: Some((3_213_000_000, 0.002)),
        ..scratch
    };
    let docker = Sketch {
        key: "252:0",
        device: "/dev/mapper/vg0-docker",
        mount_points: &["/var/lib/docker"],
        gib: 196.0,
        used: moment.between("docker", 700.0, 0.601, 0.622),
        inodes: Some((13_107_200, 0.34)),
        ..system
    };
    vec![system, boot, data, shared, home, archive, models, scratch, tank, docker]
}

pub(super) fn row(sketch: &Sketch, moment: Moment) -> Filesystem {
    let problem = sketch.mount_points.contains(&STUCK).then(|| stuck(moment));
    let taken_at = problem.map_or(moment.at, |problem| UnixMillis(problem.since_ms.0 - 5000));
    Filesystem {
        key: sketch.key.into(),
        device: sketch.device.into(),
        filesystem_type: sketch.kind.into(),
        role: match sketch.mount_points {
            ["/"] => FilesystemRole::System,
            [first, ..] if first.starts_with("/boot") => FilesystemRole::Boot,
            _ => FilesystemRole::Other,
        },
        medium: sketch.medium,
        mount_points: sketch.mount_points.iter().map(|&place| place.into()).collect(),
        more_mount_points: 0,
        read_only: false,
        space: Reading::Present(space(sketch.gib, sketch.used, sketch.reserved)),
        inodes: Reading::from_option(sketch.inodes.map(inodes), Reason::NotSupported),
        taken_at_ms: Reading::Present(taken_at),
        problem,
    }
}

/// Space of `gib`, of which `reserved` is kept for root and `used` of the rest is used.
pub(super) fn space(gib: f64, used: f64, reserved: f64) -> Space {
    // Filesystems count in blocks.
    let blocks = |gib: f64| Bytes((gib * 262_144.0) as u64 * 4096);
    let usable = gib * (1.0 - reserved);
    let (used, available) = (blocks(usable * used), blocks(usable * (1.0 - used)));
    Space {
        total_bytes: blocks(gib),
        used_bytes: used,
        available_bytes: available,
        used_percent: Reading::from_option(
            Percent::of_bytes(used, Bytes(used.0 + available.0)),
            Reason::NotSupported,
        ),
    }
}

fn inodes((total, share): (u64, f64)) -> Inodes {
    let used = (total as f64 * share) as u64;
    Inodes {
        total,
        used,
        free: total - used,
        used_percent: Reading::from_option(
            Percent::of(used as f64, total as f64),
            Reason::NotSupported,
        ),
    }
}
