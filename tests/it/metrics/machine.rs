//! A machine that has everything, and of everything as much as asked for. Shared with the bench.

use std::fmt::Write as _;
use std::sync::Arc;

use smonitor::demo;
use smonitor::host::own::OwnProcess;
use smonitor::model::clock_sync::ClockSync;
use smonitor::model::container::{
    Container, ContainerEngine, ContainerHealth, ContainerState, Containers,
};
use smonitor::model::cpu::{CpuSeconds, KernelCounts};
use smonitor::model::disk::{Disk, DiskKind, Disks};
use smonitor::model::filesystem::{
    Filesystem, FilesystemMedium, FilesystemRole, Filesystems, Inodes, Space,
};
use smonitor::model::gpu::{
    DeviceSlice, Gpu, GpuFan, GpuFinding, Gpus, NvLink, RetiredPages, Severity, XidAction, XidClass,
};
use smonitor::model::login::{Login, LoginOrigin, Logins};
use smonitor::model::memory::{MEMINFO_KEYS, Meminfo};
use smonitor::model::network::{
    Interface, InterfaceKind, LinkState, Network, Sockets, TcpStates, Traffic,
};
use smonitor::model::numa::{Numa, NumaNode};
use smonitor::model::raid::{Raid, RaidArray, RaidState};
use smonitor::model::sensor::{Fan, Power, Sensors, Temperature, Voltage};
use smonitor::model::source::{Remedy, SourceHealth, SourceState};
use smonitor::model::unit::{FailedUnit, Units};
use smonitor::model::zfs::{Zfs, ZfsCache, ZfsPool, ZfsState};
use smonitor::model::{
    BitsPerSecond, Bytes, BytesPerSecond, Celsius, HostId, Percent, Problem, Reading, Reason,
    Seconds, Section, Snapshot, Text, UnixMillis, Volts, Watts,
};
use smonitor::web::metrics::Own;

/// 2026-11-20T12:00:00Z.
pub(crate) const AT: UnixMillis = UnixMillis(1_795_176_000_000);

/// How many of each there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) processors: u32,
    /// Rows of lists whose cap is 512: filesystems, disks, interfaces, sensors of each kind. Of
    /// containers there are twice as many, of cards an eighth, at least one: their caps.
    pub(crate) rows: usize,
    /// Arrays and pools, whose cap is 128.
    pub(crate) arrays: usize,
    /// Failed units, whose cap is 256.
    pub(crate) units: usize,
    pub(crate) nodes: usize,
}

/// A name as long as such names are.
fn name(kind: &str, number: usize) -> Text {
    let mut text = String::new();
    write!(text, "{kind}{number:04}").unwrap();
    text.into()
}

fn section<T>(value: T) -> Arc<Section<T>> {
    Arc::new(Section {
        taken_at_ms: Reading::Present(AT),
        interval_ms: 2000,
        problem: None,
        value: Reading::Present(value),
    })
}

pub(crate) fn machine(size: Size) -> Snapshot {
    let rows = 0..size.rows;
    let mut demo = demo::machine(1, AT);
    demo.cpu.seconds_total = (0..size.processors).map(processor).collect();
    demo.cpu.kernel = KernelCounts {
        interrupts_total: Reading::Present(1),
        context_switches_total: Reading::Present(2),
        forks_total: Reading::Present(3),
        running: Reading::Present(4),
        blocked: Reading::Present(5),
    };
    demo.memory.meminfo = Meminfo { values: vec![Some(1 << 40); MEMINFO_KEYS.len()] };
    let pressure = demo.cpu.pressure;
    let gpus = cards(demo.gpus, size.rows);
    let containers = containers(demo.containers, size.rows * 2);
    Snapshot {
        system: section(demo.system),
        cpu: section(demo.cpu),
        memory: section(demo.memory),
        numa: section(Numa { nodes: (0..size.nodes).map(numa_node).collect() }),
        filesystems: section(Filesystems {
            rows: rows.clone().map(filesystem).collect(),
            left_out: 3,
        }),
        disks: section(Disks {
            rows: rows.clone().map(disk).collect(),
            left_out: 0,
            read_bytes_per_second: Reading::default(),
            written_bytes_per_second: Reading::default(),
            pressure,
        }),
        raid: section(Raid { arrays: (0..size.arrays).map(array).collect() }),
        zfs: section(zfs(size.arrays)),
        network: section(Network {
            interfaces: rows.clone().map(interface).collect(),
            left_out: 0,
            primary: Reading::default(),
            received_bytes_per_second: Reading::default(),
            sent_bytes_per_second: Reading::default(),
            received_bytes_total: Bytes(0),
            sent_bytes_total: Bytes(0),
        }),
        sockets: section(sockets()),
        sensors: section(sensors(size.rows)),
        logins: section(logins()),
        clock: section(ClockSync {
            synchronised: true,
            offset_seconds: Seconds(-0.000_25),
            estimated_error_seconds: Reading::Present(Seconds(0.01)),
            maximum_error_seconds: Reading::Present(Seconds(0.5)),
        }),
        units: section(Units { failed: (0..size.units).map(unit).collect(), left_out: 1 }),
        gpus: section(gpus),
        containers: section(containers),
        processes: section(demo.processes),
        sources: Arc::new(sources()),
        ..Snapshot::not_collected(HostId::from_hostname("big"), AT, |_| 2000)
    }
}

/// Cards that have everything there is, an eighth of `rows`, and half as many users.
fn cards(demo: Gpus, rows: usize) -> Gpus {
    let (busy, divided) = (demo.cards[0].clone(), demo.cards[4].clone());
    let slice =
        |number: usize| DeviceSlice { key: name("0:", number), ..divided.slices[0].clone() };
    let card = |number: usize| Gpu {
        key: name("00000000:", number),
        index: u32::try_from(number).unwrap(),
        idle_since_ms: Reading::Present(UnixMillis(AT.0 - 60_000)),
        fans: vec![GpuFan { speed_percent: Reading::Present(Percent(45.5)) }; 8],
        nvlinks: Reading::Present((0..36).map(nvlink).collect()),
        retired_pages: Reading::Present(RetiredPages {
            corrected: 3,
            uncorrected: 4,
            pending: number == 0,
        }),
        slices: (0..16).map(slice).collect(),
        health: smonitor::model::gpu::GpuHealth {
            severity: Some(Severity::Warning),
            findings: (0..32).map(xid).collect(),
        },
        ..busy.clone()
    };
    let person = |number: usize| smonitor::model::gpu::GpuUser {
        key: name("user", number),
        user: Reading::Present(name("user", number)),
        ..demo.people[0].clone()
    };
    Gpus {
        cards: (0..(rows / 8).max(1)).map(card).collect(),
        people: (0..rows / 2).map(person).collect(),
        left_out: 2,
        ..demo
    }
}

fn nvlink(link: u32) -> NvLink {
    NvLink {
        link,
        active: Reading::Present(link != 1),
        version: Reading::Present(3),
        speed_bytes_per_second: Reading::default(),
        remote: Reading::default(),
        errors: Reading::Present(12),
    }
}

fn xid(number: u32) -> GpuFinding {
    GpuFinding::Xid {
        code: 31 + number,
        class: XidClass::Program,
        action: XidAction::CheckProgram,
        severity: if number == 0 { Severity::Warning } else { Severity::Info },
        at_ms: AT,
        count: number + 1,
    }
}

/// Containers that have everything there is.
fn containers(demo: Containers, rows: usize) -> Containers {
    let is_full =
        |row: &&Container| row.name.present().is_some_and(|name| name.as_str() == "preprocess");
    let full = demo.rows.iter().find(is_full).unwrap().clone();
    let row = |number: usize| Container {
        key: name("docker/", number),
        state: Reading::Present(ContainerState::Paused),
        health: Reading::Present(ContainerHealth::Unhealthy),
        pod: Some(name("pod", number)),
        shares_network: Reading::Present(false),
        received_bytes_per_second: Reading::Present(BytesPerSecond(1000)),
        sent_bytes_per_second: Reading::Present(BytesPerSecond(2000)),
        cpu_percent: Reading::Present(Percent(245.1)),
        tasks_limit: Reading::Present(Some(4096)),
        ..full.clone()
    };
    let engine = |number: usize| ContainerEngine {
        address: name("unix:///run/engine", number),
        version: Reading::default(),
        problem: (number == 0).then_some(Problem { reason: Reason::NotResponding, since_ms: AT }),
    };
    Containers {
        engines: (0..16).map(engine).collect(),
        rows: (0..rows).map(row).collect(),
        left_out: 0,
    }
}

pub(crate) fn own() -> Own {
    Own {
        version: "1.2.3".to_owned(),
        viewers: 7,
        connections: 9,
        encodings: 11,
        unknown_messages: 0,
        started_at: UnixMillis(AT.0 - 60_000),
        process: OwnProcess {
            cpu_seconds: Reading::Present(Seconds(1.25)),
            resident_bytes: Reading::Present(Bytes(10 << 20)),
            virtual_bytes: Reading::Present(Bytes(100 << 20)),
            open_files: Reading::Present(20),
            open_files_limit: Reading::Present(1024),
        },
    }
}

fn processor(id: u32) -> CpuSeconds {
    let base = f64::from(id) * 1000.0;
    CpuSeconds {
        id,
        user: Seconds(base + 123_456.78),
        nice: Seconds(0.0),
        system: Seconds(base + 2.5),
        idle: Seconds(base + 987_654.32),
        iowait: Seconds(4.25),
        irq: Seconds(5.0),
        softirq: Seconds(6.0),
        steal: Seconds(7.0),
        guest: Seconds(8.0),
        guest_nice: Seconds(9.0),
    }
}

fn numa_node(number: usize) -> NumaNode {
    NumaNode {
        key: number.to_string().into(),
        cpus: "0-31".into(),
        total_bytes: Reading::Present(Bytes(64 << 30)),
        free_bytes: Reading::Present(Bytes(1 << 30)),
        used_percent: Reading::default(),
        misses_per_second: Reading::default(),
        distances: vec![10, 20],
    }
}

fn filesystem(number: usize) -> Filesystem {
    Filesystem {
        key: name("fs", number),
        device: name("/dev/mapper/vg0-home", number),
        filesystem_type: "ext4".into(),
        role: if number == 0 { FilesystemRole::System } else { FilesystemRole::Other },
        medium: FilesystemMedium::Local,
        mount_points: vec![name("/srv/data/project", number), name("/mnt/again", number)],
        more_mount_points: 0,
        read_only: false,
        space: Reading::Present(Space {
            total_bytes: Bytes(1000),
            used_bytes: Bytes(300),
            available_bytes: Bytes(650),
            used_percent: Reading::default(),
        }),
        inodes: Reading::Present(Inodes {
            total: 100,
            used: 40,
            free: 60,
            used_percent: Reading::default(),
        }),
        taken_at_ms: Reading::Present(AT),
        problem: None,
    }
}

fn disk(number: usize) -> Disk {
    Disk {
        key: name("dm-", number),
        name: name("vg0-volume", number),
        kind: DiskKind::Mapped,
        model: Reading::Present("SAMSUNG MZQL27T6HBLA".into()),
        rotational: Reading::default(),
        size_bytes: Reading::Present(Bytes(7 << 40)),
        read_bytes_total: Bytes(123_456_789_012),
        written_bytes_total: Bytes(98_765_432_100),
        reads_total: 11,
        writes_total: 12,
        read_seconds_total: Reading::Present(Seconds(1.5)),
        write_seconds_total: Reading::Present(Seconds(2.5)),
        busy_seconds_total: Reading::Present(Seconds(3.5)),
        activity: Reading::default(),
    }
}

fn array(number: usize) -> RaidArray {
    RaidArray {
        key: name("md", number),
        level: Reading::Present("raid6".into()),
        state: RaidState::Degraded,
        size_bytes: Reading::Present(Bytes(10 << 10)),
        devices_wanted: Reading::Present(4),
        devices_working: Reading::Present(3),
        members: Vec::new(),
        action: None,
    }
}

fn zfs(pools: usize) -> Zfs {
    let pool = |number| ZfsPool {
        key: name("tank", number),
        state: Reading::Present(ZfsState::Degraded),
        space: Reading::Present(Space {
            total_bytes: Bytes(100),
            used_bytes: Bytes(30),
            available_bytes: Bytes(70),
            used_percent: Reading::default(),
        }),
        read_bytes_per_second: Reading::default(),
        written_bytes_per_second: Reading::default(),
    };
    Zfs {
        pools: (0..pools).map(pool).collect(),
        cache: Reading::Present(ZfsCache {
            size_bytes: Bytes(1),
            target_bytes: Bytes(2),
            limit_bytes: Bytes(3),
            hits_total: 4,
            misses_total: 5,
        }),
    }
}

fn traffic() -> Traffic {
    Traffic {
        bytes_total: Bytes(123_456_789_012),
        packets_total: 5,
        errors_total: 6,
        dropped_total: 7,
        bytes_per_second: Reading::default(),
        packets_per_second: Reading::default(),
        errors_per_second: Reading::default(),
        dropped_per_second: Reading::default(),
    }
}

fn interface(number: usize) -> Interface {
    Interface {
        key: name("veth", number),
        kind: InterfaceKind::Pair,
        real: number == 0,
        state: LinkState::Up,
        mac_address: Reading::Present("aa:bb:cc:dd:ee:ff".into()),
        mtu_bytes: Reading::Present(Bytes(1500)),
        speed_bits_per_second: Reading::Present(BitsPerSecond(10_000_000_000)),
        full_duplex: Reading::Present(true),
        addresses: Reading::default(),
        received: traffic(),
        sent: traffic(),
    }
}

fn sockets() -> Sockets {
    Sockets {
        tcp: Reading::Present(TcpStates { established: 12, listen: 3, ..TcpStates::default() }),
        tcp_in_use: Reading::Present(15),
        tcp_orphaned: Reading::Present(0),
        tcp_time_wait: Reading::Present(4),
        tcp_memory_bytes: Reading::Present(Bytes(4096)),
        udp_in_use: Reading::Present(2),
    }
}

fn sensors(rows: usize) -> Sensors {
    let chip = || Text::from("coretemp");
    let temperature = |number| Temperature {
        key: name("coretemp/temp", number),
        chip: chip(),
        label: name("Core ", number),
        celsius: Reading::Present(Celsius(45.5)),
        high_celsius: Reading::Present(Celsius(80.0)),
        critical_celsius: Reading::Present(Celsius(100.0)),
    };
    let fan = |number| Fan {
        key: name("nct/fan", number),
        chip: chip(),
        label: name("fan", number),
        revolutions_per_minute: Reading::Present(0),
        low_revolutions_per_minute: Reading::Present(300),
    };
    let power = |number| Power {
        key: name("rapl/package-", number),
        chip: chip(),
        label: name("package-", number),
        watts: Reading::Present(Watts(120.5)),
        limit_watts: Reading::Present(Watts(240.0)),
    };
    let voltage = |number| Voltage {
        key: name("nct/in", number),
        chip: chip(),
        label: name("in", number),
        volts: Reading::Present(Volts(12.048)),
    };
    Sensors {
        temperatures: (0..rows).map(temperature).collect(),
        fans: (0..rows).map(fan).collect(),
        power: (0..rows).map(power).collect(),
        voltages: (0..rows).map(voltage).collect(),
        left_out: 0,
    }
}

fn logins() -> Logins {
    let login = |key: &str, user: &str| Login {
        key: key.into(),
        user: user.into(),
        terminal: Reading::default(),
        from: Reading::default(),
        login_at_ms: Reading::default(),
        pid: Reading::default(),
        idle_seconds: Reading::default(),
    };
    Logins {
        origin: LoginOrigin::Utmp,
        sessions: vec![login("1", "alice"), login("2", "alice"), login("3", "bob")],
        left_out: 0,
    }
}

fn unit(number: usize) -> FailedUnit {
    FailedUnit {
        key: name("backup@", number),
        description: "Backup".into(),
        sub_state: "failed".into(),
        since_ms: Reading::default(),
    }
}

/// One for each section and one for the processes.
fn sources() -> Vec<SourceHealth> {
    macro_rules! names {
        ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
            [$( stringify!($key) ),*, "processes"]
        };
    }
    let source = |name: &str| SourceHealth {
        name: name.to_owned(),
        state: SourceState::Well,
        problem: None,
        remedy: Remedy::Nothing,
        findings: Vec::new(),
        duration_seconds: Reading::Present(Seconds(0.001)),
        interval_ms: 2000,
        started_at_ms: Reading::absent(Reason::NotCollected),
        runs: 10,
        failures: 1,
        skipped: 0,
    };
    smonitor::host_sections!(names).map(source).into()
}
