//! The made-up disks: eight NVMe drives, an array of four of them that is being rebuilt, a pool of
//! two, and two logical volumes on the first.

use super::cpu::pressure;
use super::moment::{Flow, Moment};
use super::storage::{pool_used, space};
use crate::model::disk::{Disk, DiskActivity, DiskKind, Disks};
use crate::model::raid::{Raid, RaidAction, RaidArray, RaidMember, RaidMemberState, RaidState};
use crate::model::zfs::{Zfs, ZfsCache, ZfsPool, ZfsState};
use crate::model::{Bytes, BytesPerSecond, Percent, Reading, Reason, Seconds};

const SYSTEM_DISK: (&str, u64) = ("SAMSUNG MZQL2960HCJR-00A07", 960_197_124_096);
const DATA_DISK: (&str, u64) = ("SAMSUNG MZQL23T8HCLS-00A07", 3_840_755_982_336);

/// Three data disks' worth of space: one of the four is for parity.
const ARRAY_BYTES: u64 = 11_521_661_927_424;
const VOLUME_BYTES: u64 = 214_748_364_800;

/// A rebuild takes this long, then another begins.
const REBUILD_MS: i64 = 7 * 3_600_000;

/// Bytes of one request, on average.
const READ_BYTES: f64 = 131_072.0;
const WRITTEN_BYTES: f64 = 65_536.0;

/// Both directions of a device.
#[derive(Clone, Copy)]
struct Moved {
    read: Flow,
    written: Flow,
}

fn moved(moment: Moment, name: &str, read: f64, written: f64) -> Moved {
    Moved {
        read: moment.flow(&format!("{name} read"), read),
        written: moment.flow(&format!("{name} written"), written),
    }
}

/// How fast a member of the array is rebuilt.
fn rebuild(moment: Moment) -> Flow {
    let base = moment.flow("rebuild", 6e7);
    Flow {
        per_second: base.per_second + 3.9e8,
        total: base.total + 3.9e8 * moment.uptime_seconds(),
    }
}

pub(super) fn disks(moment: Moment) -> Disks {
    let array = moved(moment, "md0", 6.4e8, 1.9e8);
    let rows = rows(moment, array);
    let total = |of: fn(&DiskActivity) -> BytesPerSecond| {
        let disks = rows.iter().filter(|disk| disk.kind == DiskKind::Disk);
        Reading::Present(BytesPerSecond(
            disks.filter_map(|disk| disk.activity.present()).map(|activity| of(activity).0).sum(),
        ))
    };
    Disks {
        read_bytes_per_second: total(|activity| activity.read_bytes_per_second),
        written_bytes_per_second: total(|activity| activity.written_bytes_per_second),
        pressure: Reading::Present(pressure(moment, "io pressure", 6.0)),
        rows,
        left_out: 0,
    }
}

fn rows(moment: Moment, array: Moved) -> Vec<Disk> {
    let nothing = Flow::default();
    let rebuild = rebuild(moment);
    let volumes = [
        ("dm-0", "vg0-docker", moved(moment, "dm-0", 3.1e6, 9.4e6)),
        ("dm-1", "vg0-models", moved(moment, "dm-1", 4.2e7, 6.0e5)),
    ];
    let mut rows = Vec::new();
    for number in 0..8_u32 {
        let name = format!("nvme{number}n1");
        let (model, bytes) = if number == 0 { SYSTEM_DISK } else { DATA_DISK };
        let what = match number {
            // The volumes lie on the first disk, beside the system's own files.
            0 => {
                let own = moved(moment, &name, 8.0e5, 4.5e6);
                volumes.iter().fold(own, |sum, (_, _, volume)| Moved {
                    read: sum.read.plus(volume.read),
                    written: sum.written.plus(volume.written),
                })
            }
            // Everything the array does, and what a rebuild reads from three and writes to one.
            1..=3 => Moved {
                read: array.read.scaled(1.0 / 3.0).plus(rebuild),
                written: array.written.scaled(1.0 / 3.0),
            },
            4 => Moved { read: nothing, written: array.written.scaled(1.0 / 3.0).plus(rebuild) },
            5 | 6 => moved(moment, &name, 9.0e7, 5.5e7),
            _ => moved(moment, &name, 2.6e8, 3.4e8),
        };
        rows.push(Disk {
            model: Reading::Present(model.into()),
            rotational: Reading::Present(false),
            ..disk(moment, DiskKind::Disk, &name, &name, bytes, what)
        });
    }
    rows.push(disk(moment, DiskKind::Raid, "md0", "md0", ARRAY_BYTES, array));
    for (key, name, what) in volumes {
        rows.push(disk(moment, DiskKind::Mapped, key, name, VOLUME_BYTES, what));
    }
    rows
}

fn disk(moment: Moment, kind: DiskKind, key: &str, name: &str, bytes: u64, moved: Moved) -> Disk {
    let Moved { read, written } = moved;
    let (reads, writes) = (read.scaled(1.0 / READ_BYTES), written.scaled(1.0 / WRITTEN_BYTES));
    let (read_latency, write_latency) = (0.000_19, 0.000_055);
    // What it could move in a second with something always in flight.
    let busy = read.scaled(1.0 / 3.2e9).plus(written.scaled(1.0 / 1.9e9));
    let slower = moment.between(&format!("{key} latency"), 25.0, 0.8, 1.3);
    let latency = |flow: Flow, seconds: f64| {
        let seconds = (flow.per_second > 0.1).then(|| Seconds::new(seconds * slower));
        Reading::from_option(seconds, Reason::Measuring)
    };
    let queue = reads.per_second * read_latency + writes.per_second * write_latency;
    Disk {
        key: key.into(),
        name: name.into(),
        kind,
        model: Reading::absent(Reason::NotSupported),
        rotational: Reading::absent(Reason::NotSupported),
        size_bytes: Reading::Present(Bytes(bytes)),
        // The kernel counts sectors.
        read_bytes_total: Bytes(read.count() / 512 * 512),
        written_bytes_total: Bytes(written.count() / 512 * 512),
        reads_total: reads.count(),
        writes_total: writes.count(),
        read_seconds_total: Reading::Present(Seconds::new(reads.total * read_latency)),
        write_seconds_total: Reading::Present(Seconds::new(writes.total * write_latency)),
        busy_seconds_total: Reading::Present(Seconds::new(busy.total)),
        activity: Reading::Present(DiskActivity {
            read_bytes_per_second: read.bytes_per_second(),
            written_bytes_per_second: written.bytes_per_second(),
            reads_per_second: reads.events_per_second(),
            writes_per_second: writes.events_per_second(),
            read_latency_seconds: latency(reads, read_latency),
            write_latency_seconds: latency(writes, write_latency),
            busy_percent: Reading::Present(
                Percent::of(busy.per_second, 1.0).unwrap_or_default().clamped(),
            ),
            queue_length: Reading::Present((queue * slower * 100.0).round() / 100.0),
        }),
    }
}

pub(super) fn raid(moment: Moment) -> Raid {
    let begun = moment.at.0.rem_euclid(REBUILD_MS) as f64 / REBUILD_MS as f64;
    // Neither just begun nor just about to end, as long as anybody looks.
    let done = 0.02 + 0.96 * begun;
    let speed = rebuild(moment);
    let left = (1.0 - done) * (DATA_DISK.1 as f64);
    let member = |number: u32| RaidMember {
        device: format!("nvme{number}n1").into(),
        state: RaidMemberState::Active,
    };
    Raid {
        arrays: vec![RaidArray {
            key: "md0".into(),
            level: Reading::Present("raid5".into()),
            state: RaidState::Recovering,
            size_bytes: Reading::Present(Bytes(ARRAY_BYTES)),
            devices_wanted: Reading::Present(4),
            devices_working: Reading::Present(3),
            members: (1..=4).map(member).collect(),
            action: Some(RaidAction {
                kind: "recovery".into(),
                done_percent: Reading::from_option(Percent::of(done, 1.0), Reason::Malformed),
                speed_bytes_per_second: Reading::Present(speed.bytes_per_second()),
                remaining_seconds: Reading::Present(Seconds::new(
                    (left / speed.per_second / 6.0).round() * 6.0,
                )),
            }),
        }],
    }
}

pub(super) fn zfs(moment: Moment) -> Zfs {
    let what = moved(moment, "tank", 1.6e8, 4.8e7);
    let hits = moment.flow("arc hits", 5200.0);
    Zfs {
        pools: vec![ZfsPool {
            key: "tank".into(),
            state: Reading::Present(ZfsState::Online),
            space: Reading::Present(space(3_460.0, pool_used(moment), 0.0)),
            read_bytes_per_second: Reading::Present(what.read.bytes_per_second()),
            written_bytes_per_second: Reading::Present(what.written.bytes_per_second()),
        }],
        cache: Reading::Present(ZfsCache {
            size_bytes: Bytes((moment.between("arc", 300.0, 6.6, 7.1) * super::GIB) as u64),
            target_bytes: Bytes(8 << 30),
            limit_bytes: Bytes(64 << 30),
            hits_total: hits.count(),
            misses_total: hits.scaled(0.031).count(),
        }),
    }
}
