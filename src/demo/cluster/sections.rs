//! The machine around the made-up cards: what its line in the overview needs, and what only its page shows.

use super::Depth;
use super::dice::Dice;
use super::places;
use super::scene::{Scene, Task};
use crate::demo::network::Sketch;
use crate::demo::storage::{self, Sketch as Space};
use crate::demo::{self, GIB, cpu, processes};
use crate::model::container::{ContainerEngine, Containers};
use crate::model::cpu::{Cpu, KernelCounts};
use crate::model::disk::{DiskKind, Disks};
use crate::model::filesystem::{FilesystemMedium, Filesystems};
use crate::model::memory::Memory;
use crate::model::network::{InterfaceKind, LinkState, Network, PrimaryAddress};
use crate::model::numa::Numa;
use crate::model::process::{ProcessState, ProcessTable};
use crate::model::raid::{Raid, RaidState};
use crate::model::sensor::Sensors;
use crate::model::system::{OperatingSystem, OsRelease, System};
use crate::model::unit::Units;
use crate::model::{Bytes, Celsius, Reading, Reason, Seconds, Watts};

pub(super) fn system(scene: &Scene<'_>) -> System {
    let host = scene.host;
    let [pretty, name, version, codename, id, kernel] = *host.system;
    let known = |text: &str| match text {
        "" => Reading::absent(Reason::NotSupported),
        text => Reading::Present(text.to_owned()),
    };
    System {
        hostname: Reading::Present(host.name.to_string()),
        operating_system: Reading::Present(OperatingSystem {
            name: name.to_owned(),
            version: known(version),
            codename: known(codename),
            pretty_name: pretty.to_owned(),
            release: OsRelease {
                id: id.to_owned(),
                version: version.to_owned(),
                ..OsRelease::default()
            },
        }),
        kernel_name: Reading::Present("Linux".to_owned()),
        kernel_release: Reading::Present(kernel.to_owned()),
        kernel_version: Reading::Present("#1 SMP PREEMPT_DYNAMIC".to_owned()),
        domain_name: Reading::Present("(none)".to_owned()),
        architecture: "x86_64".to_owned(),
        boot_time_ms: Reading::Present(host.hardware.boot),
        uptime_seconds: Reading::Present(Seconds::new(scene.moment.uptime_seconds())),
    }
}

/// Processors in short, for a line.
pub(super) fn cpu_line(scene: &Scene<'_>, tasks: &[Task<'_>]) -> Cpu {
    let hardware = scene.host.hardware;
    Cpu {
        brand: Reading::Present(hardware.brand.to_owned()),
        sockets: Reading::Present(hardware.sockets),
        cores: Reading::Present(hardware.threads / 2),
        threads: Reading::Present(hardware.threads),
        usage: Reading::Present(cpu::usage(scene.moment, scene.busy(tasks))),
        per_core: Vec::new(),
        frequency: Reading::default(),
        load: Reading::default(),
        pressure: Reading::default(),
        seconds_total: Vec::new(),
        kernel: KernelCounts::default(),
    }
}

/// All of them.
pub(super) fn cpu_whole(scene: &Scene<'_>, tasks: &[Task<'_>], table: &ProcessTable) -> Cpu {
    let summary = &table.summary;
    cpu::of_busy(scene.moment, scene.busy(tasks), summary.running, summary.threads)
}

/// Of what is not used, the kernel keeps the rest for files.
fn free(scene: &Scene<'_>, used: Bytes) -> Bytes {
    let left = scene.host.hardware.memory.0.saturating_sub(used.0) as f64;
    Bytes((left * (0.2 + 0.3 * scene.host.dice.of(50).wave(scene.moment.at, 500.0))) as u64)
}

pub(super) fn memory(scene: &Scene<'_>, tasks: &[Task<'_>]) -> Memory {
    let used = scene.used(tasks);
    demo::memory::of_used(scene.moment, used, free(scene, used))
}

pub(super) fn numa(scene: &Scene<'_>, tasks: &[Task<'_>]) -> Reading<Numa> {
    if scene.host.hardware.sockets < 2 {
        return Reading::absent(Reason::NotSupported);
    }
    Reading::Present(demo::memory::of_free(scene.moment, free(scene, scene.used(tasks))))
}

/// Somewhere between these shares, moving slowly.
fn filled(scene: &Scene<'_>, dice: Dice, lowest: f64, highest: f64) -> f64 {
    let base = lowest + (highest - lowest) * dice.of(0).unit();
    base + 0.012 * dice.of(1).wave(scene.moment.at, 1500.0)
}

pub(super) fn filesystems(scene: &Scene<'_>, site: Dice) -> Filesystems {
    use FilesystemMedium::{Local, Memory, Network};
    let own = |number| scene.host.dice.of(51).of(number);
    let memory_gib = scene.host.hardware.memory.0 as f64 / GIB;
    let system = Space {
        key: "259:2",
        device: "/dev/nvme0n1p2",
        kind: "ext4",
        medium: Local,
        mount_points: &["/"],
        gib: 440.0,
        used: filled(scene, own(0), 0.18, 0.72),
        reserved: 0.05,
        inodes: Some((29_302_784, 0.043)),
    };
    let boot = Space {
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
    let data = Space {
        key: "9:0",
        device: "/dev/md0",
        kind: "xfs",
        mount_points: &["/data"],
        gib: 10_729.0,
        used: filled(scene, own(1), 0.25, 0.96),
        inodes: Some((1_125_120_000, 0.021)),
        ..boot
    };
    let shared = Space {
        key: "0:26",
        device: "tmpfs",
        kind: "tmpfs",
        medium: Memory,
        mount_points: &["/dev/shm"],
        gib: (memory_gib / 2.0).floor(),
        used: filled(scene, own(2), 0.001, 0.03),
        inodes: Some((132_120_576, 0.000_01)),
        ..boot
    };
    // The same on every host.
    let home = Space {
        key: "0:61",
        device: "nas-01:/export/home",
        kind: "nfs4",
        medium: Network,
        mount_points: &["/home"],
        gib: 40_960.0,
        used: filled(scene, site.of(60), 0.55, 0.8),
        inodes: Some((4_294_967_296, 0.039)),
        ..boot
    };
    let scratch = Space {
        key: "259:14",
        device: "/dev/nvme7n1p1",
        mount_points: &["/scratch"],
        gib: 3576.0,
        used: filled(scene, own(3), 0.05, 0.93),
        inodes: Some((375_072_000, 0.013)),
        ..data
    };
    let all = [system, boot, data, shared, home, scratch];
    Filesystems {
        rows: all.iter().map(|one| storage::row(one, scene.moment)).collect(),
        left_out: 0,
    }
}

pub(super) fn network(scene: &Scene<'_>, depth: Depth) -> Network {
    let (host, moment) = (scene.host, scene.moment);
    let dice = host.dice.of(52);
    let is_server = host.hardware.sockets > 1;
    let name = if is_server { "bond0" } else { "enp4s0" };
    let tail = dice.number() & 0xffff;
    let mac = |card: u8| {
        Reading::Present(
            format!("02:00:5e:{:02x}:{:02x}:{card:02x}", tail >> 8, tail & 0xff).into(),
        )
    };
    let busy =
        if is_server { dice.of(1).between(2e7, 6e8) } else { dice.of(1).between(2e5, 1.6e7) };
    let main = Sketch {
        name,
        kind: if is_server { InterfaceKind::Bond } else { InterfaceKind::Card },
        real: true,
        state: LinkState::Up,
        mac: mac(1),
        mtu: if is_server { 9000 } else { 1500 },
        gbit: Some(if is_server { 200 } else { 10 }),
        addresses: vec![(host.address.to_string(), 16)],
        received: moment.flow("main received", busy),
        sent: moment.flow("main sent", busy * 0.4),
        dropped: 0.0,
        packet: 3100.0,
    };
    let mut sketches = vec![main];
    // Others count for nothing in the sums.
    if depth == Depth::Everything {
        let quiet =
            |name: &'static str, kind, state, mac, address: &str, prefix, mean: f64| Sketch {
                name,
                kind,
                real: false,
                state,
                mac,
                mtu: 1500,
                gbit: None,
                addresses: vec![(address.to_owned(), prefix)],
                received: moment.flow(&format!("{name} received"), mean),
                sent: moment.flow(&format!("{name} sent"), mean),
                dropped: 0.0,
                packet: 420.0,
            };
        let none = Reading::Present("00:00:00:00:00:00".into());
        sketches.push(quiet(
            "docker0",
            InterfaceKind::Bridge,
            LinkState::Up,
            mac(6),
            "203.0.113.1",
            24,
            2.2e5,
        ));
        sketches.push(quiet(
            "lo",
            InterfaceKind::Loopback,
            LinkState::Unknown,
            none,
            "127.0.0.1",
            8,
            1.6e6,
        ));
    }
    let primary = PrimaryAddress {
        interface: name.into(),
        address: host.address.clone(),
        mac_address: mac(1),
    };
    demo::network::of_sketches(moment, primary, sketches)
}

pub(super) fn disks(scene: &Scene<'_>) -> Disks {
    let mut disks = demo::disks::disks(scene.moment);
    disks.rows.retain(|disk| disk.kind != DiskKind::Mapped);
    disks
}

/// Whether the array of this host is being rebuilt.
fn rebuilds(scene: &Scene<'_>) -> bool {
    scene.host.dice.of(53).happens(0.06)
}

pub(super) fn raid(scene: &Scene<'_>) -> Raid {
    let mut raid = demo::disks::raid(scene.moment);
    if !rebuilds(scene) {
        for array in &mut raid.arrays {
            array.state = RaidState::Clean;
            array.devices_working = array.devices_wanted;
            array.action = None;
        }
    }
    raid
}

/// Sensors that are all well, and the power that the cards draw.
pub(super) fn sensors(scene: &Scene<'_>, card_watts: f64, busy: f64) -> Sensors {
    let mut sensors = demo::sensors::sensors(scene.moment);
    for row in &mut sensors.temperatures {
        let warm = row.celsius.present().is_some_and(|celsius| celsius.0 > 75.0);
        if warm && row.chip.as_str() == "nvme" {
            row.celsius = row.celsius.map(|celsius| Celsius::new(celsius.0 - 37.0));
        }
    }
    let turning = sensors
        .fans
        .iter()
        .find_map(|fan| fan.revolutions_per_minute.present().copied().filter(|turns| *turns > 0));
    for fan in &mut sensors.fans {
        if fan.revolutions_per_minute == Reading::Present(0) {
            fan.revolutions_per_minute = Reading::from_option(turning, Reason::NotSupported);
        }
    }
    let threads = f64::from(scene.host.hardware.threads);
    let draw = card_watts + 90.0 + threads * (0.7 + 2.4 * busy / 100.0);
    for row in &mut sensors.power {
        if row.watts.present().is_some() {
            row.watts = Reading::Present(Watts::new(draw));
            row.limit_watts = Reading::Present(Watts::new(draw.max(3600.0)));
        }
    }
    sensors
}

pub(super) fn units(scene: &Scene<'_>) -> Units {
    let units = demo::system::units(scene.moment);
    if scene.host.dice.of(54).happens(0.08) { units } else { Units { failed: Vec::new(), ..units } }
}

pub(super) fn containers(scene: &Scene<'_>, tasks: &[Task<'_>]) -> Containers {
    let engine = ContainerEngine {
        address: "unix:///run/docker.sock".into(),
        version: Reading::Present("Docker Engine - Community 28.2.2".into()),
        problem: None,
    };
    Containers { engines: vec![engine], rows: places::containers(scene, tasks), left_out: 0 }
}

/// The process table: what runs on cards, what runs beside them, and what runs everywhere.
pub(super) fn table(scene: &Scene<'_>, tasks: &[Task<'_>]) -> ProcessTable {
    let (moment, hardware) = (scene.moment, scene.host.hardware);
    let mut sketches = processes::background(moment, hardware.boot);
    let state = |cpu: f64| if cpu > 90.0 { ProcessState::Running } else { ProcessState::Sleeping };
    sketches.extend(tasks.iter().map(|task| processes::Sketch {
        pid: task.pid,
        parent: 1,
        name: places::program(task).to_owned(),
        command: places::command(task),
        user: (task.user.0.to_owned(), task.user.1),
        state: state(task.cpu),
        cpu: task.cpu,
        usual_cpu: 60.0,
        resident: task.resident,
        threads: 47,
        nice: 0,
        started: task.start,
        kernel: false,
        place: std::sync::Arc::new(places::place(scene, task)),
    }));
    sketches.extend(scene.batch.iter().map(|batch| {
        let (name, number) = super::people::Person::account(batch.person);
        processes::Sketch {
            pid: batch.pid,
            parent: 1,
            name: "python3".to_owned(),
            command: format!("python3 tokenise.py --shard {}", batch.dice.number() % 90 + 10),
            user: (name.to_owned(), number),
            state: state(batch.cpu),
            cpu: batch.cpu,
            usual_cpu: batch.cpu,
            resident: batch.resident,
            threads: (batch.cpu / 100.0).ceil() as u32 + 1,
            nice: 10,
            started: batch.start,
            kernel: false,
            place: std::sync::Arc::default(),
        }
    }));
    processes::of_sketches(moment.at, hardware.boot, hardware.memory, sketches)
}
