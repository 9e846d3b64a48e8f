//! What `smonitor snapshot` prints for a terminal.

use smonitor::commands::measure::Look;
use smonitor::commands::text;
use smonitor::model::filesystem::FilesystemRole;
use smonitor::model::network::{InterfaceKind, LinkState};
use smonitor::model::raid::RaidState;
use smonitor::model::source::SourceState;
use smonitor::model::zfs::ZfsState;
use smonitor::model::{Problem, Reading, Reason, Text};

use crate::support::{NOON, demo_look};

#[test]
fn golden_the_demo_machine_on_80_columns() {
    insta::assert_snapshot!("snapshot-demo-80", text::look(&demo_look(3, NOON), 80));
}

#[test]
fn every_line_fits() {
    for (seed, width) in [(1, 60), (2, 80), (3, 132)] {
        let shown = text::look(&demo_look(seed, NOON), width);
        assert_eq!(shown.lines().find(|line| line.chars().count() > width), None);
    }
}

/// A machine of which hardly anything can be read.
fn bare() -> Look {
    let mut look = demo_look(3, NOON);
    let host = &mut look.host;
    host.filesystems.value = Reading::absent(Reason::PermissionDenied);
    host.disks.value = Reading::absent(Reason::NotSupported);
    host.zfs.value = Reading::absent(Reason::NotSupported);
    host.network.value = Reading::absent(Reason::NotResponding);
    host.sensors.value = Reading::absent(Reason::NotSupported);
    host.logins.value = Reading::absent(Reason::ReadFailed);
    host.clock.value = Reading::absent(Reason::Malformed);
    host.units.value = Reading::absent(Reason::NotInstalled);
    host.raid.value = Reading::absent(Reason::NotCollected);
    for source in &mut host.sources {
        source.findings.clear();
    }
    look
}

#[test]
fn golden_a_machine_that_says_little() {
    let mut look = bare();
    look.processes.processes.truncate(1);
    insta::assert_snapshot!("snapshot-bare-80", text::look(&look, 80));
}

#[test]
fn a_problem_of_a_source_is_told_though_its_last_values_are_there() {
    let mut look = bare();
    let source = look.host.sources.iter_mut().find(|source| source.name == "memory").unwrap();
    let since_ms = smonitor::model::UnixMillis(NOON.0 - 190_000);
    source.problem = Some(Problem { reason: Reason::NotResponding, since_ms });
    let shown = text::look(&look, 80);
    assert!(shown.contains("Missing  memory: not responding for 3 min\n"), "{shown}");
    let source = look.host.sources.iter_mut().find(|source| source.name == "raid").unwrap();
    source.state = SourceState::Waiting;
    assert!(text::look(&look, 80).contains("Missing  raid: not read yet\n"));
}

#[test]
fn what_others_named_moves_no_cursor_and_breaks_no_line() {
    let mut look = demo_look(3, NOON);
    let hostile = Text::from("/mnt/\x1b[2J\r\nroot");
    let Reading::Present(filesystems) = &mut look.host.filesystems.value else { panic!() };
    filesystems.rows[2].mount_points[0] = hostile.clone();
    let Reading::Present(network) = &mut look.host.network.value else { panic!() };
    network.interfaces[0].key = hostile.clone();
    let Reading::Present(units) = &mut look.host.units.value else { panic!() };
    units.failed[0].key = hostile.clone();
    let Reading::Present(logins) = &mut look.host.logins.value else { panic!() };
    logins.sessions[0].from = Reading::Present(hostile);
    let shown = text::look(&look, 80);
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    assert_eq!(shown.lines().count(), text::look(&demo_look(3, NOON), 80).lines().count());
}

#[test]
fn many_of_a_kind_are_counted() {
    let mut look = demo_look(3, NOON);
    let Reading::Present(filesystems) = &mut look.host.filesystems.value else { panic!() };
    let (full, half) = (filesystems.rows[2].clone(), filesystems.rows[0].clone());
    filesystems.rows.extend((0..100).map(|number| {
        let mut row = half.clone();
        row.role = FilesystemRole::Other;
        row.mount_points[0] = format!("/mnt/{number}").into();
        row
    }));
    filesystems.rows.push(full);
    filesystems.left_out = 5;
    let Reading::Present(network) = &mut look.host.network.value else { panic!() };
    let card = network.interfaces[0].clone();
    network.interfaces.extend(vec![card; 20]);
    assert_eq!(network.interfaces[0].kind, InterfaceKind::Bond);
    let shown = text::look(&look, 80);
    assert_eq!(shown.lines().filter(|line| line.starts_with("/data ")).count(), 2, "the fullest");
    assert!(shown.contains("/mnt/archive"), "what is wrong with one is never left out");
    assert!(shown.contains("\nand 100 more\n"), "{shown}");
    assert!(shown.contains("\nand 15 more\n"), "{shown}");
}

#[test]
fn what_went_wrong_is_in_words() {
    let mut look = demo_look(3, NOON);
    let host = &mut look.host;
    let Reading::Present(raid) = &mut host.raid.value else { panic!() };
    raid.arrays[0].state = RaidState::Degraded;
    raid.arrays[0].action = None;
    let Reading::Present(zfs) = &mut host.zfs.value else { panic!() };
    zfs.pools[0].state = Reading::Present(ZfsState::Suspended);
    let Reading::Present(clock) = &mut host.clock.value else { panic!() };
    clock.synchronised = false;
    let Reading::Present(sensors) = &mut host.sensors.value else { panic!() };
    sensors.fans[0].revolutions_per_minute = Reading::Present(120);
    let Reading::Present(network) = &mut host.network.value else { panic!() };
    network.interfaces[1].state = LinkState::Down;
    network.primary = Reading::absent(Reason::NotSupported);
    let Reading::Present(logins) = &mut host.logins.value else { panic!() };
    logins.sessions.clear();
    let Reading::Present(filesystems) = &mut host.filesystems.value else { panic!() };
    filesystems.rows[0].read_only = true;
    let shown = text::look(&look, 200);
    for words in [
        "degraded, raid5 3 of 4",
        "zfs suspended",
        "Clock    not synchronised",
        "nct6798 fan1 too slow: 120 of 500 rpm",
        "eno1       down ",
        "Address  – (not_supported)",
        "Logins   nobody",
        "41 %  read-only",
    ] {
        assert!(shown.contains(words), "{words} is missing:\n{shown}");
    }
}
