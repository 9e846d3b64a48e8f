//! This machine's own mounts and some made for the test, against what the kernel and df(1) say.

#![allow(clippy::disallowed_methods, reason = "these tests run df(1) and let real time pass")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rustix::mount::MountFlags;
use smonitor::clock::Clock;
use smonitor::host::filesystem::FilesystemSource;
use smonitor::host::filesystem::ask::Target;
use smonitor::host::filesystem::changes::{AT_LEAST_EVERY, MountTable};
use smonitor::host::filesystem::mountinfo::{parse_filesystems, parse_mountinfo};
use smonitor::host::filesystem::table;
use smonitor::host::{Context, Roots, Source};
use smonitor::model::filesystem::{Filesystem, FilesystemRole, Filesystems};
use smonitor::model::{Reading, Reason};

use super::private::{self, Place};
use super::{collect, points, row};

fn context(roots: Roots) -> Context {
    Context { roots, clock: Clock::system(), rate_window: Duration::from_secs(60) }
}

fn here() -> FilesystemSource {
    FilesystemSource::new(context(Roots::live()))
}

/// A line of df: source, type, then size, used, available, index nodes and used ones, then where.
#[derive(Debug, Clone, PartialEq)]
struct Df {
    names: [String; 2],
    numbers: [Option<u64>; 5],
    point: String,
}

fn df() -> Vec<Df> {
    let mut command = Command::new("df");
    command.args(["--all", "--output=source,fstype,size,used,avail,itotal,iused,target", "-B1"]);
    let output = command.env("LC_ALL", "C").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let names = [(); 2].map(|()| words.next().unwrap_or_default().to_owned());
        let numbers = [(); 5].map(|()| words.next().and_then(|word| word.parse().ok()));
        Df { names, numbers, point: words.collect::<Vec<_>>().join(" ") }
    };
    text.lines().skip(1).map(line).collect()
}

fn as_df(row: &Filesystem) -> [Option<u64>; 5] {
    let space = row.space.present();
    let inodes = row.inodes.present();
    [
        space.map(|space| space.total_bytes.0),
        space.map(|space| space.used_bytes.0),
        space.map(|space| space.available_bytes.0),
        inodes.map(|inodes| inodes.total),
        inodes.map(|inodes| inodes.used),
    ]
}

/// Rows that neither the df before nor the one after agrees with.
fn disagreements(before: &[Df], ours: &Filesystems, after: &[Df]) -> Vec<String> {
    let mut found = Vec::new();
    for row in &ours.rows {
        let point = points(row)[0];
        let of = |all: &[Df]| all.iter().rfind(|line| line.point == point).cloned();
        let (Some(before), Some(after)) = (of(before), of(after)) else {
            found.push(format!("df does not have {point}"));
            continue;
        };
        // Others write meanwhile: what is used lies between the two, as far as they agree.
        let lies_between = as_df(row).iter().zip(before.numbers.iter().zip(after.numbers)).all(
            |(ours, (before, after))| match (ours, before, after) {
                (Some(ours), Some(before), Some(after)) => {
                    (*before.min(&after)..=*before.max(&after)).contains(ours)
                }
                // df writes `-` or 0 where there is no limit of index nodes.
                (None, before, _) => before.unwrap_or(0) == 0,
                _ => false,
            },
        );
        let names = [row.device.as_str(), row.filesystem_type.as_str()];
        if !lies_between || before.names != names {
            found.push(format!("{row:?}\n  df before: {before:?}\n  df after: {after:?}"));
        }
    }
    found
}

#[test]
fn the_numbers_are_those_of_df() {
    const NAME: &str = "filesystem::live::the_numbers_are_those_of_df";
    if !private::mounts(NAME) {
        return;
    }
    let place = Place::new();
    let folder = place.folder("a b");
    private::tmpfs(&folder, "with-a-blank", "size=4m,nr_inodes=100");
    std::fs::write(folder.join("file"), vec![1; 1_000_000]).unwrap();
    let mut source = here();
    let mut last = Vec::new();
    // A machine on which much is written may disagree for a moment.
    for _ in 0..50 {
        let before = df();
        let ours = collect(&mut source);
        last = disagreements(&before, &ours, &df());
        if last.is_empty() {
            let root = row(&ours, "/").expect("the root");
            assert_eq!(
                (root.role, ours.rows[0].key.clone()),
                (FilesystemRole::System, root.key.clone())
            );
            let blank = row(&ours, folder.to_str().unwrap()).expect("the one with a blank");
            assert_eq!(as_df(blank)[3..], [Some(100), Some(2)]);
            for kernels in ["proc", "sysfs", "devtmpfs", "cgroup", "cgroup2", "devpts"] {
                assert!(ours.rows.iter().all(|row| row.filesystem_type.as_str() != kernels));
            }
            assert_eq!(source.findings(), []);
            return;
        }
    }
    panic!("df says otherwise:\n{}", last.join("\n"));
}

#[test]
fn the_kernel_tells_when_the_table_changes() {
    const NAME: &str = "filesystem::live::the_kernel_tells_when_the_table_changes";
    if !private::mounts(NAME) {
        return;
    }
    let place = Place::new();
    let folder = place.folder("m");
    let mut table = MountTable::new(Roots::live().proc("self/mountinfo"), true);
    let mut changed = |now: u64| table.read_if_changed(Duration::from_secs(now)).unwrap().is_some();
    assert!(changed(1), "the first time");
    assert!(!changed(1) && !changed(2), "nothing changed");
    private::tmpfs(&folder, "m", "size=1m");
    assert!(changed(2) && !changed(2), "a mount came");
    rustix::mount::mount_remount(&folder, MountFlags::RDONLY, "").unwrap();
    assert!(changed(2) && !changed(2), "it changed");
    private::unmount(&folder);
    assert!(changed(2) && !changed(2), "it went");
    assert!(changed(2 + AT_LEAST_EVERY.as_secs()), "it is not believed for ever");

    private::tmpfs(&folder, "m", "size=1m");
    let bytes = table.read_if_changed(Duration::ZERO).unwrap().expect("changed");
    assert_eq!(bytes, std::fs::read("/proc/self/mountinfo").unwrap());
}

/// Descriptors and threads of this process.
fn held() -> [usize; 2] {
    ["/proc/self/fd", "/proc/self/task"].map(|folder| std::fs::read_dir(folder).unwrap().count())
}

#[test]
fn two_hundred_mounts_that_come_and_go_while_we_look() {
    const NAME: &str = "filesystem::live::two_hundred_mounts_that_come_and_go_while_we_look";
    const MANY: usize = 200;
    if !private::mounts(NAME) {
        return;
    }
    let place = Place::new();
    let folders: Vec<_> = (0..MANY).map(|number| place.folder(&number.to_string())).collect();
    let mut source = here();
    let before = collect(&mut source);
    let held_before = held();
    let stop = Arc::new(AtomicBool::new(false));
    let (runs, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let looking = std::thread::spawn({
        let (stop, runs, most) = (stop.clone(), runs.clone(), most.clone());
        move || {
            while !stop.load(Ordering::SeqCst) {
                let filesystems = collect(&mut source);
                assert_eq!(source.findings(), [], "a mount that went is nothing wrong");
                for row in filesystems.rows.iter().filter(|row| row.device.as_str() == "churn") {
                    let is_right = match row.space {
                        Reading::Present(space) => space.total_bytes.0 == 1 << 20,
                        Reading::Absent { absent } => absent == Reason::Gone,
                    };
                    assert!(is_right, "never the numbers of another filesystem: {row:?}");
                }
                runs.fetch_add(1, Ordering::SeqCst);
                most.fetch_max(filesystems.rows.len(), Ordering::SeqCst);
            }
            source
        }
    });
    let seen = || (runs.load(Ordering::SeqCst), most.load(Ordering::SeqCst));
    // On a busy machine the one who looks may have to wait for its turn.
    for round in 0..100 {
        for folder in &folders {
            private::tmpfs(folder, "churn", "size=1m");
        }
        folders.iter().for_each(|folder| private::unmount(folder));
        if round >= 3 && seen().0 > 10 && seen().1 > before.rows.len() + 10 {
            break;
        }
    }
    for folder in &folders[..3] {
        private::tmpfs(folder, "churn", "size=1m");
    }
    stop.store(true, Ordering::SeqCst);
    let mut source = looking.join().unwrap();
    let (runs, most) = seen();
    assert!(runs > 10 && most > before.rows.len() + 10, "{runs} runs saw at most {most}");
    let after = collect(&mut source);
    let churned = after.rows.iter().filter(|row| row.device.as_str() == "churn");
    let shown: Vec<&str> = churned.map(|row| points(row)[0]).collect();
    assert_eq!(shown, folders[..3].iter().map(|f| f.to_str().unwrap()).collect::<Vec<_>>());
    assert_eq!(after.rows.len(), before.rows.len() + 3);
    assert_eq!(held(), held_before, "descriptors and threads");
}

#[test]
fn bind_mounts_overmounts_and_names_that_are_no_text() {
    const NAME: &str = "filesystem::live::bind_mounts_overmounts_and_names_that_are_no_text";
    if !private::mounts(NAME) {
        return;
    }
    use std::os::unix::ffi::OsStrExt as _;
    let place = Place::new();
    let odd = place.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9 #1\n\\040"));
    std::fs::create_dir(&odd).unwrap();
    private::tmpfs(&odd, "odd", "size=1m");
    let bound = place.folder("bound");
    rustix::mount::mount_bind(&odd, &bound).unwrap();
    let covered = place.folder("covered");
    private::tmpfs(&covered, "below", "size=2m");
    private::tmpfs(&covered, "above", "size=3m");

    let mut source = here();
    let filesystems = collect(&mut source);
    let shown = row(&filesystems, bound.to_str().unwrap()).expect("the bind mount's filesystem");
    assert_eq!(shown.mount_points.len(), 2, "once, with both places");
    assert!(shown.mount_points[1].ends_with("/caf\u{fffd} #1\u{240a}\\040"), "{shown:?}");
    assert_eq!(as_df(shown)[0], Some(1 << 20), "asked at the path as it is");
    let above = row(&filesystems, covered.to_str().unwrap()).unwrap();
    assert_eq!((above.device.as_str(), as_df(above)[0]), ("above", Some(3 << 20)));
    assert!(!filesystems.rows.iter().any(|row| row.device.as_str() == "below"));
    private::unmount(&covered);
    let filesystems = collect(&mut source);
    let below = row(&filesystems, covered.to_str().unwrap()).unwrap();
    assert_eq!((below.device.as_str(), as_df(below)[0]), ("below", Some(2 << 20)));
}

/// A filesystem that turned read-only by itself, as one on a failing disk does: the mount table is
/// still the old one.
#[test]
fn what_cannot_be_written_any_more_says_so() {
    const NAME: &str = "filesystem::live::what_cannot_be_written_any_more_says_so";
    if !private::mounts(NAME) {
        return;
    }
    let place = Place::new();
    let folder = place.folder("disk");
    private::tmpfs(&folder, "disk", "size=1m");
    let types = parse_filesystems(&std::fs::read("/proc/filesystems").unwrap());
    let old = std::fs::read("/proc/self/mountinfo").unwrap();
    let built = table::build(&parse_mountinfo(&old).0, &types);
    let entry = built.entries.iter().find(|entry| entry.device.as_str() == "disk").unwrap();
    let target = Target::new(entry, &Roots::live());
    assert!(!target.ask().unwrap().is_read_only && !entry.is_asked_read_only);
    rustix::mount::mount_remount(&folder, MountFlags::RDONLY, "").unwrap();
    assert!(target.ask().unwrap().is_read_only);
}

/// The machine's root mounted below a folder, as into a container.
#[test]
fn the_root_of_the_machine_somewhere_else() {
    const NAME: &str = "filesystem::live::the_root_of_the_machine_somewhere_else";
    if !private::mounts(NAME) {
        return;
    }
    let place = Place::new();
    let host = place.folder("host");
    rustix::mount::mount_bind_recursive("/", &host).unwrap();
    let mut source = FilesystemSource::new(context(Roots::at(&host)));
    let filesystems = collect(&mut source);
    let root = row(&filesystems, "/").expect("the machine's root, by its own name");
    let [total, used, available, ..] = as_df(root);
    assert!(total.is_some() && used.is_some() && available.is_some());
    let own = collect(&mut here());
    assert_eq!(as_df(row(&own, "/").unwrap())[0], total);

    let shm = "/dev/shm";
    if row(&filesystems, shm).is_none() {
        eprintln!("not tried: {shm} is no mount here");
        return;
    }
    assert!(row(&filesystems, shm).unwrap().space.present().is_some());
    // What was not carried into the container is an empty folder of another filesystem there.
    let inside = host.join("dev/shm");
    while is_mount(&inside) {
        private::unmount(&inside);
    }
    let filesystems = collect(&mut source);
    assert_eq!(row(&filesystems, shm).unwrap().space.reason(), Some(Reason::Gone));
}

fn is_mount(point: &Path) -> bool {
    let device = |path: &Path| rustix::fs::stat(path).unwrap().st_dev;
    device(point) != device(point.parent().unwrap())
}
