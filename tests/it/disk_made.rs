//! Block devices of machines that are made by the test: many of them, and ones to which something
//! happens.

use std::fmt::Write as _;
use std::time::Duration;

use smonitor::host::disk::{DESCRIBED_PER_RUN, DiskSource};
use smonitor::host::{Collected, Source};
use smonitor::model::disk::{DISKS_MAX, Disk, DiskKind, Disks};
use smonitor::model::{Bytes, BytesPerSecond, Reading, Reason};

use super::host_machine::{BETWEEN, Machine};

/// A line of `diskstats` in the form of 5.5 and later, with these many sectors read and written.
fn line(number: (u32, u32), name: &str, read: u64, written: u64) -> String {
    let (major, minor) = number;
    let (reads, writes) = (read / 8, written / 8);
    format!(
        "{major:4} {minor:7} {name} {reads} 0 {read} 1 {writes} 0 {written} 1 0 1 2 0 0 0 0 0 0\n"
    )
}

fn hardware(machine: &Machine, name: &str, model: &str, sectors: u64) {
    let folder = format!("sys/block/{name}");
    machine.write(&format!("{folder}/size"), format!("{sectors}\n"));
    machine.write(&format!("{folder}/queue/rotational"), "0\n");
    machine.write(&format!("{folder}/device/model"), format!("{model}\n"));
}

fn disks(source: &mut DiskSource) -> Disks {
    match source.collect() {
        Ok(Collected::Disks(disks)) => disks,
        other => panic!("{other:?}"),
    }
}

fn row<'a>(disks: &'a Disks, key: &str) -> &'a Disk {
    let found = disks.rows.iter().find(|row| row.key.as_str() == key);
    found.unwrap_or_else(|| panic!("{key} has no row"))
}

fn keys(disks: &Disks) -> Vec<&str> {
    disks.rows.iter().map(|row| row.key.as_str()).collect()
}

fn read_rate(disks: &Disks, key: &str) -> Reading<BytesPerSecond> {
    row(disks, key).activity.map(|activity| activity.read_bytes_per_second)
}

/// `sda`, `sdb` … `sdz`, `sdaa` …, as the kernel names them.
fn letters(mut number: usize) -> String {
    let mut name = Vec::new();
    loop {
        name.insert(0, char::from(b'a' + u8::try_from(number % 26).unwrap()));
        match (number / 26).checked_sub(1) {
            Some(next) => number = next,
            None => return format!("sd{}", name.iter().collect::<String>()),
        }
    }
}

#[test]
fn a_thousand_disks() {
    const COUNT: u32 = 1000;
    let machine = Machine::empty();
    let stats = |sectors: u64| {
        let mut text = String::new();
        // The kernel finds them in no order.
        for number in (0..COUNT).rev() {
            let name = letters(number as usize);
            write!(text, "{}", line((8, number * 16), &name, sectors, 0)).unwrap();
            write!(text, "{}", line((8, number * 16 + 1), &format!("{name}1"), 9, 9)).unwrap();
        }
        text
    };
    for number in 0..COUNT {
        hardware(&machine, &letters(number as usize), "MADE DISK", 1 << 20);
    }
    machine.write("proc/diskstats", stats(0));
    let mut source = DiskSource::new(machine.context());
    let first = disks(&mut source);
    assert_eq!((first.rows.len(), first.left_out), (DISKS_MAX, 1000 - DISKS_MAX as u64));
    let wanted: Vec<String> = (0..DISKS_MAX).map(letters).collect();
    assert_eq!(keys(&first), wanted);
    assert_eq!(first.read_bytes_per_second, Reading::absent(Reason::Measuring));

    // Whatever is read again shows by the new size.
    for number in 0..COUNT {
        hardware(&machine, &letters(number as usize), "MADE DISK", 1 << 21);
    }
    let renewed = |disks: &Disks| {
        let new = Reading::Present(Bytes(1 << 30));
        disks.rows.iter().filter(|row| row.size_bytes == new).count()
    };
    for run in 1..=5 {
        machine.pass(Duration::from_secs(10));
        machine.write("proc/diskstats", stats(run * 20));
        let shown = disks(&mut source);
        assert_eq!(keys(&shown), wanted);
        assert!(renewed(&shown) <= usize::try_from(run).unwrap() * DESCRIBED_PER_RUN);
        assert!(shown.rows.iter().all(|row| row.activity.present().is_some()));
        // Those without a row count too; their partitions do not.
        let all = u64::from(COUNT) * 2 * 512;
        assert_eq!(shown.read_bytes_per_second, Reading::Present(BytesPerSecond(all)));
    }
    for _ in 0..COUNT as usize / DESCRIBED_PER_RUN {
        disks(&mut source);
    }
    assert_eq!(renewed(&disks(&mut source)), DISKS_MAX, "everybody has had a turn");
}

#[test]
fn a_disk_that_is_replaced_starts_anew() {
    let machine = Machine::empty();
    hardware(&machine, "sda", "OLD", 1000);
    hardware(&machine, "sdb", "OTHER", 1000);
    let stats = |sda: (u32, u64), sdb: u64| {
        line((8, sda.0), "sda", sda.1, 0) + &line((8, 16), "sdb", sdb, 0)
    };
    machine.write("proc/diskstats", stats((0, 10_000), 10_000));
    let mut source = DiskSource::new(machine.context());
    disks(&mut source);
    let mut next = |sda, sdb| {
        machine.pass(BETWEEN);
        machine.write("proc/diskstats", stats(sda, sdb));
        disks(&mut source)
    };
    let second = next((0, 10_020), 10_020);
    assert_eq!(read_rate(&second, "sda"), Reading::Present(BytesPerSecond(1024)));
    assert_eq!(row(&second, "sda").model, Reading::Present("OLD".into()));

    // In the same place: only the counters tell.
    hardware(&machine, "sda", "NEW", 2000);
    let replaced = next((0, 50), 10_040);
    assert_eq!(read_rate(&replaced, "sda"), Reading::absent(Reason::Measuring));
    assert_eq!(row(&replaced, "sda").model, Reading::Present("NEW".into()));
    assert_eq!(row(&replaced, "sda").size_bytes, Reading::Present(Bytes(2000 * 512)));
    assert_eq!(read_rate(&replaced, "sdb"), Reading::Present(BytesPerSecond(1024)));
    assert_eq!(
        replaced.read_bytes_per_second,
        Reading::Present(BytesPerSecond(1024)),
        "one that is new does not hide the others"
    );
    let after = next((0, 70), 10_060);
    assert_eq!(read_rate(&after, "sda"), Reading::Present(BytesPerSecond(1024)));

    // In another place, with a counter that is higher.
    hardware(&machine, "sda", "NEWEST", 3000);
    let moved = next((32, 10_000), 10_080);
    assert_eq!(read_rate(&moved, "sda"), Reading::absent(Reason::Measuring));
    assert_eq!(row(&moved, "sda").model, Reading::Present("NEWEST".into()));
    assert_eq!(read_rate(&moved, "sdb"), Reading::Present(BytesPerSecond(1024)));
}

#[test]
fn disks_that_come_and_go() {
    let machine = Machine::empty();
    hardware(&machine, "sda", "A", 1000);
    hardware(&machine, "nvme10n1", "B", 1000);
    let one = || line((8, 0), "sda", 1, 1) + &line((8, 1), "sda1", 1, 1);
    let with = |more: &str| one() + more;
    machine.write("proc/diskstats", one());
    let mut source = DiskSource::new(machine.context());
    assert_eq!(keys(&disks(&mut source)), ["sda"]);
    machine.write("proc/diskstats", with(&line((259, 0), "nvme10n1", 5, 5)));
    assert_eq!(keys(&disks(&mut source)), ["nvme10n1", "sda"]);
    hardware(&machine, "nvme2n1", "C", 1000);
    let two = line((259, 0), "nvme10n1", 5, 5) + &line((259, 1), "nvme2n1", 5, 5);
    machine.write("proc/diskstats", with(&two));
    assert_eq!(keys(&disks(&mut source)), ["nvme2n1", "nvme10n1", "sda"]);
    // Still in diskstats when that was read, and out of sysfs by now.
    machine.remove("sys/block/nvme10n1");
    let left = two.replace("nvme2n1", "nvme3n1");
    machine.write("proc/diskstats", with(&left));
    assert_eq!(keys(&disks(&mut source)), ["sda"]);
    machine.write("proc/diskstats", "");
    let none = disks(&mut source);
    assert_eq!(keys(&none), [""; 0]);
    assert_eq!(none.read_bytes_per_second, Reading::absent(Reason::NotSupported));
}

#[test]
fn a_disk_behind_two_controllers_is_one() {
    let machine = Machine::empty();
    hardware(&machine, "nvme0n1", "Dual Port", 1000);
    for path in ["nvme0c0n1", "nvme0c1n1"] {
        machine.write(&format!("sys/block/{path}/hidden"), "1\n");
    }
    let stats = |head: u64, one: u64, two: u64| {
        line((259, 1), "nvme0c0n1", one, 0)
            + &line((259, 3), "nvme0c1n1", two, 0)
            + &line((259, 0), "nvme0n1", head, 0)
    };
    // Before 6.4 only the paths are counted.
    machine.write("proc/diskstats", stats(0, 1000, 2000));
    let mut source = DiskSource::new(machine.context());
    assert_eq!(keys(&disks(&mut source)), ["nvme0n1"]);
    machine.pass(BETWEEN);
    machine.write("proc/diskstats", stats(0, 1020, 2040));
    let shown = disks(&mut source);
    assert_eq!(read_rate(&shown, "nvme0n1"), Reading::Present(BytesPerSecond(3 * 1024)));
    assert_eq!(shown.read_bytes_per_second, Reading::Present(BytesPerSecond(3 * 1024)));
    assert_eq!(row(&shown, "nvme0n1").read_bytes_total, Bytes(3060 * 512));
    // Since then both, and the disk's own count.
    let mut source = DiskSource::new(machine.context());
    machine.write("proc/diskstats", stats(3000, 1000, 2000));
    disks(&mut source);
    machine.pass(BETWEEN);
    machine.write("proc/diskstats", stats(3060, 1020, 2040));
    assert_eq!(read_rate(&disks(&mut source), "nvme0n1"), Reading::Present(BytesPerSecond(3072)));
}

#[test]
fn names_that_people_gave() {
    let machine = Machine::empty();
    hardware(&machine, "cciss!c0d0", "RAID 5", 1000);
    machine.write("sys/block/dm-0/size", "8\n");
    machine.write("sys/block/dm-0/dm/name", "vg0-home\n");
    machine.write("sys/block/dm-1/size", "8\n");
    machine.write("sys/block/md127/size", "8\n");
    machine.write("dev/md/other", "");
    for name in ["data", "127"] {
        std::os::unix::fs::symlink("../md127", machine.path("dev/md").join(name)).unwrap();
    }
    let stats = line((253, 0), "dm-0", 1, 1)
        + &line((253, 1), "dm-1", 1, 1)
        + &line((9, 127), "md127", 1, 1)
        + &line((104, 0), "cciss/c0d0", 1, 1)
        + &line((104, 1), "cciss/c0d0p1", 1, 1)
        + &line((7, 0), "loop0", 1, 1);
    machine.write("proc/diskstats", stats);
    let mut source = DiskSource::new(machine.context());
    let shown = disks(&mut source);
    let named: Vec<_> =
        shown.rows.iter().map(|row| (row.kind, row.key.as_str(), row.name.as_str())).collect();
    let wanted = [
        (DiskKind::Disk, "cciss/c0d0", "cciss/c0d0"),
        (DiskKind::Raid, "md127", "md/data"),
        (DiskKind::Mapped, "dm-1", "dm-1"),
        (DiskKind::Mapped, "dm-0", "vg0-home"),
    ];
    assert_eq!(named, wanted);
    assert_eq!(row(&shown, "md127").rotational, Reading::absent(Reason::NotSupported));
    assert_eq!(row(&shown, "md127").model, Reading::absent(Reason::NotSupported));
    assert_eq!(row(&shown, "cciss/c0d0").rotational, Reading::Present(false));
    // A volume gets another name and grows while it is in use; the rows follow.
    machine.write("sys/block/dm-0/size", "16\n");
    machine.write("sys/block/dm-0/dm/name", "a-home\n");
    for _ in 0..2 {
        disks(&mut source);
    }
    let shown = disks(&mut source);
    assert_eq!(keys(&shown), ["cciss/c0d0", "md127", "dm-0", "dm-1"]);
    assert_eq!(row(&shown, "dm-0").size_bytes, Reading::Present(Bytes(16 * 512)));
}

#[test]
fn what_nobody_has_set_up_has_no_row() {
    let machine = Machine::empty();
    for name in ["nbd0", "nbd1", "zram0", "md5"] {
        machine.write(&format!("sys/block/{name}/size"), "0\n");
    }
    let stats = line((43, 0), "nbd0", 0, 0)
        + &line((43, 32), "nbd1", 0, 0)
        + &line((253, 0), "zram0", 0, 0)
        + &line((9, 5), "md5", 0, 0)
        + &line((8, 0), "sda", 7, 7);
    machine.write("proc/diskstats", stats);
    // A disk without a size is one that fails, or a reader without a card: it stays.
    hardware(&machine, "sda", "FAILING", 0);
    let mut source = DiskSource::new(machine.context());
    assert_eq!(keys(&disks(&mut source)), ["sda"]);
    machine.write("sys/block/nbd1/size", "2048\n");
    machine.write("sys/block/zram0/size", "4096\n");
    for _ in 0..3 {
        disks(&mut source);
    }
    let shown = disks(&mut source);
    assert_eq!(keys(&shown), ["sda", "nbd1", "zram0"]);
    assert_eq!(row(&shown, "zram0").kind, DiskKind::Memory);
}

#[test]
fn without_sysfs_names_have_to_do() {
    let machine = Machine::empty();
    let stats = line((8, 0), "sda", 100, 0)
        + &line((8, 1), "sda1", 100, 0)
        + &line((259, 0), "nvme0n1", 100, 0)
        + &line((259, 1), "nvme0n1p2", 100, 0)
        + &line((253, 0), "dm-0", 100, 0)
        + &line((11, 0), "sr0", 1, 0);
    machine.write("proc/diskstats", &stats);
    let mut source = DiskSource::new(machine.context());
    let shown = disks(&mut source);
    assert_eq!(keys(&shown), ["nvme0n1", "sda", "dm-0"]);
    assert_eq!(row(&shown, "sda").kind, DiskKind::Disk);
    assert_eq!(row(&shown, "sda").size_bytes, Reading::absent(Reason::NotSupported));
    assert_eq!(row(&shown, "sda").rotational, Reading::absent(Reason::NotSupported));
    // It is mounted later.
    hardware(&machine, "sda", "SEEN", 1000);
    let shown = disks(&mut source);
    assert_eq!(keys(&shown), ["sda"]);
    assert_eq!(row(&shown, "sda").model, Reading::Present("SEEN".into()));
}

#[test]
fn a_pause_is_not_averaged_over_and_a_malformed_file_is_no_zero() {
    let machine = Machine::empty();
    hardware(&machine, "sda", "A", 1000);
    machine.write("proc/diskstats", line((8, 0), "sda", 0, 0));
    let mut source = DiskSource::new(machine.context());
    disks(&mut source);
    machine.pass(machine.context().rate_window + Duration::from_secs(1));
    machine.write("proc/diskstats", line((8, 0), "sda", 500, 0));
    assert_eq!(read_rate(&disks(&mut source), "sda"), Reading::absent(Reason::Measuring));
    machine.write("proc/diskstats", "8 0 sda 1 2 x\n");
    assert_eq!(source.collect(), Err(Reason::Malformed));
    machine.remove("proc/diskstats");
    assert_eq!(source.collect(), Err(Reason::NotSupported));
}
