//! What `smonitor snapshot` prints for a terminal.

use smonitor::commands::measure::Look;
use smonitor::commands::text;
use smonitor::model::account::AccountEnd;
use smonitor::model::filesystem::FilesystemRole;
use smonitor::model::gpu::{
    DeviceHolder, DriverState, Gpu, GpuFinding, GpuHealth, GpuState, Severity, Throttle, XidAction,
    XidClass,
};
use smonitor::model::network::{InterfaceKind, LinkState};
use smonitor::model::raid::RaidState;
use smonitor::model::source::SourceState;
use smonitor::model::zfs::ZfsState;
use smonitor::model::{Bytes, Celsius, Percent, Problem, Reading, Reason, Text, UnixMillis};

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
    host.gpus.value = Reading::absent(Reason::NotSupported);
    host.containers.value = Reading::absent(Reason::NotSupported);
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
    let since_ms = UnixMillis(NOON.0 - 190_000);
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
    logins.sessions[0].from = Reading::Present(hostile.clone());
    let Reading::Present(gpus) = &mut look.host.gpus.value else { panic!() };
    gpus.processes[0].command = Reading::Present(hostile.clone());
    gpus.people[0].user = Reading::Present(hostile.clone());
    gpus.cards[6].health.findings = vec![GpuFinding::GhostMemory {
        bytes: Bytes(1 << 30),
        holders: Reading::Present(vec![DeviceHolder {
            pid: 1,
            name: hostile.clone(),
            user: Reading::Present("x".into()),
        }]),
    }];
    let Reading::Present(containers) = &mut look.host.containers.value else { panic!() };
    containers.rows[0].name = Reading::Present(hostile);
    let shown = text::look(&look, 80);
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    let as_tame = |text: &str| text.lines().filter(|line| !line.starts_with("Warning")).count();
    let tame = text::look(&demo_look(3, NOON), 80);
    // A sentence goes below where it is longer; a row of a table never does.
    assert_eq!(as_tame(&shown).abs_diff(as_tame(&tame)) <= 1, true, "{shown}");
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

#[test]
fn a_driver_that_serves_no_card_says_what_to_do() {
    for (state, words) in [
        (DriverState::LibraryMissing, "is not installed: install the driver"),
        (DriverState::NotLoaded, "is not loaded: sudo modprobe nvidia"),
        (DriverState::VersionMismatch, "different versions, as after an upgrade: restart"),
        (DriverState::Forbidden, "may not open the devices: ls -l /dev/nvidia*"),
        (DriverState::Asleep, "set gpu.wake to true"),
        (DriverState::Failing, "the driver fails: the log"),
    ] {
        let mut look = demo_look(3, NOON);
        let Reading::Present(gpus) = &mut look.host.gpus.value else { panic!() };
        gpus.driver = state;
        gpus.driver_version = Reading::absent(Reason::NotSupported);
        gpus.cuda_version = Reading::absent(Reason::NotSupported);
        (gpus.processes, gpus.people) = (Vec::new(), Vec::new());
        // What the bus says of a card.
        gpus.cards = vec![Gpu {
            key: "00000000:07:00.0".into(),
            pci_address: "00000000:07:00.0".into(),
            ..Gpu::default()
        }];
        let shown = text::look(&look, 200);
        assert!(shown.contains(words), "{state:?} {words}:\n{shown}");
        assert!(shown.contains("\nGPU      1 card: 1 unknown\n"), "{shown}");
        assert!(shown.contains("\n0    –      unknown    –       –     –      –\n"), "{shown}");
    }
    let mut look = demo_look(3, NOON);
    look.host.gpus.value = Reading::absent(Reason::NotSupported);
    look.host.containers.value = Reading::absent(Reason::NotSupported);
    let shown = text::look(&look, 80);
    assert!(!shown.contains("GPU") && !shown.contains("CONTAINER"), "nothing of what is not there");
    look.host.gpus.value = Reading::absent(Reason::NotResponding);
    assert!(text::look(&look, 80).contains("\nGPU      – (not_responding)\n"));
}

#[test]
fn every_finding_has_a_sentence_with_what_to_do() {
    let xid = |code, class, action| GpuFinding::Xid {
        code,
        class,
        action,
        severity: Severity::Warning,
        at_ms: UnixMillis(NOON.0 - 300_000),
        count: 3,
    };
    let throttled = |reason, severity| GpuFinding::Throttled {
        reason,
        share_percent: Percent(41.2),
        over_ms: 300_000,
        severity,
    };
    let ghost = |holders| GpuFinding::GhostMemory { bytes: Bytes(3 << 30), holders };
    let holder =
        DeviceHolder { pid: 7, name: "python".into(), user: Reading::Present("ann".into()) };
    let cases = [
        (
            GpuFinding::Lost { since_ms: UnixMillis(NOON.0 - 7_200_000) },
            "FAULT    GPU 2 fell off the bus 2 h ago: restart the machine",
        ),
        (
            xid(48, XidClass::Memory, XidAction::ResetCard),
            "Warning  GPU 2 reported XID 48 5 min ago, 3 times: the card's memory had an error in two \
             bits, which cannot be corrected; end what runs on it, then nvidia-smi -r -i 2",
        ),
        (
            xid(999, XidClass::Unknown, XidAction::LookUp),
            "XID 999 5 min ago, 3 times: about something this version does not know; look it up",
        ),
        (
            GpuFinding::UncorrectedMemoryErrors { count: 1 },
            "FAULT    GPU 2 has 1 memory error that",
        ),
        (GpuFinding::RowRemapFailed, "FAULT    GPU 2 could not replace a bad row"),
        (GpuFinding::MemoryRepairPending, "when it is free, nvidia-smi -r -i 2"),
        (
            GpuFinding::Hot {
                celsius: Celsius(91.0),
                slowdown_celsius: Celsius(92.0),
                severity: Severity::Critical,
            },
            "FAULT    GPU 2 is at 91 °C and slows down at 92 °C: check fans and air",
        ),
        (
            throttled(Throttle::HardwareThermal, Severity::Warning),
            "Warning  GPU 2 was held back by heat for 41 % of its work in the last 5 min: check fans",
        ),
        (
            throttled(Throttle::PowerCap, Severity::Info),
            "Note     GPU 2 was held back by its power limit for 41 % of its work in the last 5 min\n",
        ),
        (
            GpuFinding::LinkBelowMaximum {
                generation: 3,
                most_generation: 4,
                width: 8,
                most_width: 16,
            },
            "is linked by PCIe 3 with 8 lanes and could have PCIe 4 with 16: check its seating",
        ),
        (
            GpuFinding::NvLinkDown { links: vec![2, 5] },
            "do not work (2, 5): nvidia-smi nvlink -s -i 2",
        ),
        (GpuFinding::NvLinkErrors { links: vec![1], count: 9 }, "had 9 more errors on NVLinks (1)"),
        (
            ghost(Reading::Present(vec![holder])),
            "3.0 GiB in use by nobody to be seen; open in 7 (python, of ann)",
        ),
        (ghost(Reading::Present(Vec::new())), "nobody has it open: nvidia-smi -r -i 2 frees it"),
        (
            ghost(Reading::absent(Reason::PermissionDenied)),
            "cannot be told (permission denied): sudo fuser",
        ),
    ];
    for (finding, words) in cases {
        let mut look = demo_look(3, NOON);
        let Reading::Present(gpus) = &mut look.host.gpus.value else { panic!() };
        gpus.cards[2].health = GpuHealth { severity: None, findings: vec![finding.clone()] };
        let shown = text::look(&look, 300);
        assert!(shown.contains(words), "{finding:?}: {words} is missing:\n{shown}");
    }
}

#[test]
fn cards_of_several_models_say_which_and_many_are_counted() {
    let mut look = demo_look(3, NOON);
    let Reading::Present(gpus) = &mut look.host.gpus.value else { panic!() };
    gpus.cards[0].name = Reading::Present("NVIDIA GeForce RTX 4090".into());
    gpus.cards[5].state = GpuState::Unknown;
    let process = gpus.processes[0].clone();
    gpus.processes.extend(vec![process; 40]);
    let all = gpus.processes.len();
    let mut person = gpus.people[0].clone();
    person.account_end = Reading::Present(AccountEnd::At { at_ms: NOON, expired: false });
    gpus.people.extend(vec![person; 30]);
    let people = gpus.people.len();
    let shown = text::look(&look, 200);
    assert!(
        shown.contains(
            "GPU      8 cards, driver 550.90.07, CUDA 12.4: 2 held, 4 busy, 1 faulty, 1 unknown\n"
        ),
        "{shown}"
    );
    assert!(
        shown.contains("RTX 4090        busy") && shown.contains("A100-SXM4-80GB  held"),
        "{shown}"
    );
    for left_out in [all - 24, people - 16] {
        assert!(shown.contains(&format!("\nand {left_out} more\n")), "{left_out}:\n{shown}");
    }
    assert!(shown.contains("2026-11-20 UTC\n"), "{shown}");
}
