//! Filesystems: made and captured mount tables here; real mounts, real FUSE servers and ones that do
//! not answer below. Those need root and run in a mount namespace of their own.

use std::fmt::Write as _;

use serde_json::{Value, json};
use smonitor::host::filesystem::FilesystemSource;
use smonitor::host::{Collected, Source};
use smonitor::model::filesystem::{FILESYSTEMS_MAX, Filesystem, Filesystems};
use smonitor::model::source::Remedy;
use smonitor::model::{Reading, Reason, Text};

use super::host_machine::{BETWEEN, Machine};

pub(crate) mod fuse;
mod hanging;
mod live;
pub(crate) mod private;

fn collect(source: &mut FilesystemSource) -> Filesystems {
    match source.collect() {
        Ok(Collected::Filesystems(filesystems)) => filesystems,
        other => panic!("{other:?}"),
    }
}

/// The row of the filesystem mounted at `point`.
fn row<'a>(filesystems: &'a Filesystems, point: &str) -> Option<&'a Filesystem> {
    filesystems.rows.iter().find(|row| points(row).contains(&point))
}

fn points(row: &Filesystem) -> Vec<&str> {
    row.mount_points.iter().map(Text::as_str).collect()
}

/// A row in one line, so that a table can be looked through.
fn one_line(row: &Filesystem) -> String {
    json!(row).to_string().replace('"', "")
}

#[test]
fn a_made_machine_with_all_kinds_of_mounts() {
    let machine = Machine::of("made-mounts/t0");
    let mut source = FilesystemSource::new(machine.context());
    let mut round = || -> Value { collect(&mut source).rows.iter().map(one_line).collect() };
    let first = round();
    machine.pass(BETWEEN);
    machine.overlay("made-mounts/t1");
    insta::assert_json_snapshot!("made-mounts", json!({ "first": first, "second": round() }));
    assert_eq!(source.findings(), [], "a captured machine that says nothing is not in trouble");
}

#[test]
fn a_table_that_is_no_table_is_malformed_and_one_bad_line_a_finding() {
    let machine = Machine::empty();
    machine.write("proc/self/mountinfo", "what is this\n");
    let mut source = FilesystemSource::new(machine.context());
    assert_eq!(source.collect(), Err(Reason::Malformed));
    let good = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";
    machine.write("proc/self/mountinfo", format!("{good}what is this\n"));
    assert_eq!(collect(&mut source).rows.len(), 1);
    let [finding] = &source.findings()[..] else { panic!("{:?}", source.findings()) };
    assert_eq!((finding.what.as_str(), finding.remedy), ("mountinfo", Remedy::Report));
    machine.pass(BETWEEN);
    collect(&mut source);
    assert_eq!(source.findings()[0].problem, finding.problem, "since it began");
    machine.write("proc/self/mountinfo", good);
    collect(&mut source);
    assert_eq!(source.findings(), []);
    machine.remove("proc/self/mountinfo");
    assert_eq!(source.collect(), Err(Reason::NotSupported));
}

#[test]
fn ten_thousand_mounts() {
    let machine = Machine::empty();
    machine.write("proc/filesystems", "nodev\ttmpfs\nnodev\toverlay\nnodev\tnfs4\n\text4\n");
    let mut table = "1 0 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n".to_owned();
    let mut statfs = "/ 4096 1000 400 300 200 50\n".to_owned();
    for number in 0..10_000_u32 {
        let id = 100 + number;
        let (kind, source) = match number % 10 {
            0..5 => ("overlay", "overlay".to_owned()),
            5..8 => ("ext4", "/dev/sda2".to_owned()),
            8 => ("tmpfs", "tmpfs".to_owned()),
            _ => ("nfs4", format!("server:/export/{number}")),
        };
        let device = if kind == "ext4" { "8:2".to_owned() } else { format!("0:{id}") };
        let point = format!("/mounts/{:03}/{number}", number % 100);
        writeln!(table, "{id} 1 {device} / {point} rw,relatime - {kind} {source} rw,x=y").unwrap();
        writeln!(statfs, "{point} 4096 {} 400 300 200 50", number + 1).unwrap();
    }
    machine.write("proc/self/mountinfo", table);
    machine.write("statfs", statfs);
    let mut source = FilesystemSource::new(machine.context());
    let filesystems = collect(&mut source);
    assert_eq!(filesystems.rows.len(), FILESYSTEMS_MAX);
    assert_eq!(filesystems.left_out, 2001 - FILESYSTEMS_MAX as u64);
    let root = &filesystems.rows[0];
    assert_eq!((root.mount_points.len(), root.more_mount_points), (64, 2937));
    assert_eq!(points(root)[..2], ["/", "/mounts/005/5"]);
    let kinds = |kind: &str| {
        filesystems.rows.iter().filter(|row| row.filesystem_type.as_str() == kind).count()
    };
    assert_eq!((kinds("nfs4"), kinds("tmpfs"), kinds("overlay")), (511, 0, 0), "memory goes first");
    let nfs = row(&filesystems, "/mounts/009/9").expect("the first of them");
    assert!(matches!(nfs.space, Reading::Present(space) if space.total_bytes.0 == 10 * 4096));
}
