//! Block devices and arrays on this very machine, against what the kernel says by the plainest
//! reading of its files.
//!
//! The machine is not ours alone: counters are compared with what they were before and after.

#![allow(
    clippy::disallowed_methods,
    reason = "these tests run programs to make what they look at, and let real time pass"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use smonitor::clock::Clock;
use smonitor::host::disk::DiskSource;
use smonitor::host::numa::NumaSource;
use smonitor::host::raid::RaidSource;
use smonitor::host::{Collected, Context, Roots, Source};
use smonitor::model::disk::{Disk, DiskKind, Disks};
use smonitor::model::raid::{RaidArray, RaidMemberState, RaidState};
use smonitor::model::{Bytes, Reading, Reason, Seconds};

use super::host_machine::pause;

const WRITTEN: u64 = 64 << 20;

/// Held by the tests that make devices or look at all there are.
static DEVICES: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    DEVICES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn context() -> Context {
    let rate_window = Duration::from_secs(60);
    Context { roots: Roots::live(), clock: Clock::system(), rate_window }
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

/// The numbers behind each device's name in `/proc/diskstats`.
fn kernel() -> BTreeMap<String, Vec<u64>> {
    let text = fs::read_to_string("/proc/diskstats").unwrap();
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let numbers = words[3..].iter().map(|word| word.parse().unwrap()).collect();
        (words[2].to_owned(), numbers)
    };
    text.lines().map(line).collect()
}

/// What counts for a disk: its own numbers, or those of the paths to one that has none.
fn counted(kernel: &BTreeMap<String, Vec<u64>>, name: &str, field: usize) -> u64 {
    let own = &kernel[name];
    let Some((subsystem, disk)) = name.strip_prefix("nvme").and_then(|it| it.split_once('n'))
    else {
        return own[field];
    };
    if own[0] > 0 || own[4] > 0 {
        return own[field];
    }
    let is_path = |path: &&String| {
        path.starts_with(&format!("nvme{subsystem}c")) && path.ends_with(&format!("n{disk}"))
    };
    own[field] + kernel.keys().filter(is_path).map(|path| kernel[path][field]).sum::<u64>()
}

/// The whole disk below this folder's filesystem, if it is one that counts.
fn disk_below(folder: &Path) -> Option<String> {
    let number = fs::metadata(folder).unwrap().dev();
    let (major, minor) = (rustix::fs::major(number), rustix::fs::minor(number));
    let device = fs::canonicalize(format!("/sys/dev/block/{major}:{minor}")).ok()?;
    let whole = if device.join("partition").exists() { device.parent()? } else { &device };
    let name = whole.file_name()?.to_str()?.to_owned();
    (whole.join("device").exists()).then_some(name)
}

#[test]
fn what_is_written_shows() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let Some(name) = disk_below(folder.path()) else {
        println!("skipped: the build folder is not on a disk of this machine");
        return;
    };
    let mut source = DiskSource::new(context());
    let kernel_before = kernel();
    let first = disks(&mut source);
    let started = Instant::now();
    assert_eq!(row(&first, &name).activity, Reading::absent(Reason::Measuring), "not a false 0");
    assert_eq!(first.written_bytes_per_second, Reading::absent(Reason::Measuring));

    let mut file = fs::File::create(folder.path().join("written")).unwrap();
    file.write_all(&vec![0x5a; usize::try_from(WRITTEN).unwrap()]).unwrap();
    file.sync_all().unwrap();

    let elapsed = started.elapsed().as_secs_f64();
    let second = disks(&mut source);
    let kernel_after = kernel();

    let (before, after) = (row(&first, &name), row(&second, &name));
    let grown = after.written_bytes_total.0 - before.written_bytes_total.0;
    let most = (kernel_after[&name][6] - kernel_before[&name][6]) * 512;
    assert!(grown >= WRITTEN, "{grown} bytes of {WRITTEN}");
    assert!(grown <= most, "{grown} bytes, by the kernel at most {most}");

    let activity = after.activity.present().unwrap();
    let wanted = grown as f64 / elapsed;
    let shown = activity.written_bytes_per_second.0 as f64;
    assert!((shown / wanted - 1.0).abs() < 0.1, "shown {shown} bytes/s, wanted {wanted}");
    assert!(activity.writes_per_second.0 > 0.0);
    assert!(activity.write_latency_seconds.present().is_some_and(|latency| latency.0 < 60.0));
    assert!(activity.busy_percent.present().is_some_and(|busy| busy.0 > 0.0));
    let all = second.written_bytes_per_second.present().unwrap().0 as f64;
    assert!(all >= shown, "all disks together {all}, this one {shown}");
}

#[test]
fn every_device_has_its_row_and_the_kernels_counters() {
    let _alone = alone();
    let mut source = DiskSource::new(context());
    let before = kernel();
    let shown = disks(&mut source);
    let after = kernel();
    for row in &shown.rows {
        let bounds = |field| (counted(&before, &row.key, field), counted(&after, &row.key, field));
        let within = |value: u64, field: usize| {
            let (low, high) = bounds(field);
            assert!((low..=high).contains(&value), "{}: {value}, kernel {low}–{high}", row.key);
        };
        within(row.reads_total, 0);
        within(row.read_bytes_total.0 / 512, 2);
        let millis = |time: Reading<Seconds>| {
            (time.present().map_or(0.0, |time| time.0) * 1e3).round() as u64
        };
        within(millis(row.read_seconds_total), 3);
        within(row.writes_total, 4);
        within(row.written_bytes_total.0 / 512, 6);
        within(millis(row.write_seconds_total), 7);
        within(millis(row.busy_seconds_total), 9);
        let attribute = |path: &str| {
            let path = format!("/sys/block/{}/{path}", row.key.replace('/', "!"));
            fs::read_to_string(path).map(|text| text.trim().to_owned())
        };
        let sectors: u64 = attribute("size").unwrap().parse().unwrap();
        assert_eq!(row.size_bytes, Reading::Present(Bytes(sectors * 512)));
        if row.kind == DiskKind::Mapped {
            assert_eq!(row.name.as_str(), attribute("dm/name").unwrap());
        }
    }
    let left_out = ["loop", "ram", "sr", "fd"];
    for entry in fs::read_dir("/sys/block").unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let empty = fs::read_to_string(format!("/sys/block/{name}/size")).unwrap().trim() == "0";
        let made_to_order =
            ["zram", "nbd", "rbd", "drbd", "md", "dm-"].iter().any(|it| name.starts_with(it));
        let is_path = name.starts_with("nvme") && name.contains('c');
        let is_left_out = left_out.iter().any(|it| name.starts_with(it))
            || (empty && made_to_order)
            || is_path
            || !before.contains_key(&name.replace('!', "/"));
        let found = shown.rows.iter().any(|row| row.key.as_str() == name.replace('!', "/"));
        assert_eq!(found, !is_left_out, "{name}");
    }
    assert_eq!(shown.pressure.present().is_some(), Path::new("/proc/pressure/io").exists());
}

#[test]
fn memory_nodes_are_the_kernels() {
    let folder = Path::new("/sys/devices/system/node");
    let mut source = NumaSource::new(context());
    let collected = source.collect();
    if !folder.exists() {
        assert_eq!(collected, Err(Reason::NotSupported));
        println!("skipped: a kernel without memory nodes");
        return;
    }
    let Ok(Collected::Numa(numa)) = collected else { panic!("{collected:?}") };
    assert_eq!(source.findings(), []);
    let online = fs::read_to_string(folder.join("online")).unwrap();
    assert!(!numa.nodes.is_empty() && online.starts_with(numa.nodes[0].key.as_str()));
    for node in &numa.nodes {
        let read =
            |file: &str| fs::read_to_string(folder.join(format!("node{}", node.key)).join(file));
        assert_eq!(node.cpus.as_str(), read("cpulist").unwrap().trim());
        let distances: Vec<String> = node.distances.iter().map(u32::to_string).collect();
        assert_eq!(distances.join(" "), read("distance").unwrap().trim());
        assert_eq!(distances.len(), numa.nodes.len());
        let meminfo = read("meminfo").unwrap();
        let total = meminfo.lines().find(|line| line.contains(" MemTotal:")).unwrap();
        let kib: u64 = total.split_whitespace().nth(3).unwrap().parse().unwrap();
        assert_eq!(node.total_bytes, Reading::Present(Bytes(kib * 1024)));
        assert_eq!(node.used_percent.present().is_some(), kib > 0);
        assert_eq!(node.misses_per_second, Reading::absent(Reason::Measuring));
    }
}

/// Runs a program; `None` if it is not there.
fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

/// An array on loop devices, which ends with the test.
struct Array {
    device: PathBuf,
    loops: Vec<String>,
}

impl Drop for Array {
    fn drop(&mut self) {
        let _ = Command::new("mdadm").arg("--stop").arg(&self.device).output();
        for device in &self.loops {
            let _ = Command::new("losetup").args(["-d", device]).output();
        }
    }
}

fn array(key: &str) -> RaidArray {
    match RaidSource::new(context()).collect() {
        Ok(Collected::Raid(raid)) => {
            raid.arrays.into_iter().find(|array| array.key.as_str() == key).unwrap()
        }
        other => panic!("{other:?}"),
    }
}

/// Waits until the array is in this state; a rebuild of 32 MiB takes a moment.
fn array_when(key: &str, wanted: RaidState) -> RaidArray {
    let started = Instant::now();
    loop {
        let array = array(key);
        if array.state == wanted {
            return array;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "still {array:?}");
        pause();
    }
}

#[test]
fn a_real_mirror_loses_a_member_and_gets_another() {
    if !Path::new("/proc/mdstat").exists() || !rustix::process::geteuid().is_root() {
        println!("skipped: making an array takes root and a kernel with the md driver");
        return;
    }
    if Command::new("mdadm").arg("--version").output().is_err() {
        println!("skipped: mdadm is not installed");
        return;
    }
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let device = PathBuf::from("/dev/md77");
    let mut made = Array { device: device.clone(), loops: Vec::new() };
    for number in 0..2 {
        let path = folder.path().join(format!("member{number}"));
        fs::File::create(&path).unwrap().set_len(32 << 20).unwrap();
        made.loops.push(run("losetup", &["-f", "--show", path.to_str().unwrap()]).unwrap());
    }
    let (one, two) = (made.loops[0].as_str(), made.loops[1].as_str());
    let device = device.to_str().unwrap();
    let create = ["--create", device, "--run", "--level=1", "--raid-devices=2"];
    run("mdadm", &[&create[..], &["--metadata=1.2", one, "missing"]].concat());

    let degraded = array_when("md77", RaidState::Degraded);
    assert_eq!(degraded.level, Reading::Present("raid1".into()));
    assert_eq!(degraded.devices_wanted, Reading::Present(2));
    assert_eq!(degraded.devices_working, Reading::Present(1));
    assert_eq!(degraded.members.len(), 1);
    let shown = disks(&mut DiskSource::new(context()));
    assert_eq!(row(&shown, "md77").kind, DiskKind::Raid);
    assert_eq!(row(&shown, "md77").size_bytes, degraded.size_bytes);

    run("mdadm", &[device, "--add", two]);
    let whole = array_when("md77", RaidState::Clean);
    assert_eq!(whole.devices_working, Reading::Present(2));
    assert!(whole.members.iter().all(|member| member.state == RaidMemberState::Active));

    run("mdadm", &[device, "--fail", one]);
    let failed = array_when("md77", RaidState::Degraded);
    let name = one.strip_prefix("/dev/").unwrap();
    let member = failed.members.iter().find(|member| member.device.as_str() == name).unwrap();
    assert_eq!(member.state, RaidMemberState::Failed);
}
