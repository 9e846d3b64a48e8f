use super::*;
use crate::model::filesystem::FilesystemRole;
use crate::model::raid::RaidState;
use crate::model::source::{SourceHealth, SourceState};

mod cards;

const NOON: UnixMillis = UnixMillis(1_795_176_000_000);

/// Machines of several seeds at several points in time.
fn machines() -> impl Iterator<Item = (UnixMillis, DemoHost)> {
    (0..100).step_by(7).flat_map(|seed| {
        (0..50)
            .map(move |step| UnixMillis(NOON.0 + step * 97_000))
            .map(move |at| (at, machine(seed, at)))
    })
}

fn shown<T: Clone>(reading: &Reading<T>) -> T {
    reading.present().cloned().expect("the demo knows it")
}

#[test]
fn the_same_seed_and_time_show_the_same_machine() {
    assert_eq!(machine(7, NOON), machine(7, NOON));
    assert_eq!(snapshot(7, NOON), snapshot(7, NOON));
    assert_ne!(machine(7, NOON), machine(8, NOON));
}

#[test]
fn it_is_believable() {
    for (at, host) in machines() {
        let usage = shown(&host.cpu.usage);
        assert!((0.0..=100.0).contains(&usage.busy_percent.0), "{usage:?}");
        let memory = &host.memory;
        assert!(memory.used_bytes.0 + memory.free_bytes.0 < memory.total_bytes.0);
        let nodes = &host.numa.nodes;
        assert_eq!(nodes.iter().map(|n| shown(&n.free_bytes).0).sum::<u64>(), memory.free_bytes.0);
        assert!(host.processes.rows.len() > 500, "{}", host.processes.rows.len());
        let pids: Vec<_> = host.processes.rows.iter().map(|p| p.row.pid).collect();
        assert!(pids.is_sorted_by(|a, b| a < b), "by pid, each once");
        filesystems_are_believable(at, &host.filesystems);
        disks_are_believable(&host);
        network_is_believable(&host.network);
        people_are_at_their_shells(at, &host);
    }
}

fn filesystems_are_believable(at: UnixMillis, filesystems: &Filesystems) {
    let rows = &filesystems.rows;
    assert!(rows.is_sorted_by_key(|row| (row.role, &row.mount_points[0])), "{rows:#?}");
    assert_eq!(rows[0].role, FilesystemRole::System);
    let percent = |mounted: &str| {
        let row = rows.iter().find(|row| &*row.mount_points[0] == mounted).unwrap();
        shown(&shown(&row.space).used_percent).0
    };
    assert!((40.5..=41.5).contains(&percent("/")), "{}", percent("/"));
    assert!((92.5..=93.5).contains(&percent("/data")), "{}", percent("/data"));
    for row in rows {
        let space = shown(&row.space);
        assert!(space.used_bytes.0 + space.available_bytes.0 <= space.total_bytes.0, "{row:?}");
        match (&*row.mount_points[0], row.problem) {
            (storage::STUCK, Some(problem)) => {
                let age = at.since(problem.since_ms);
                assert!((200_000..4_000_000).contains(&age), "{age}");
                assert!(shown(&row.taken_at_ms) < problem.since_ms, "read before it got stuck");
            }
            (_, problem) => assert_eq!((problem, shown(&row.taken_at_ms)), (None, at)),
        }
    }
    let short_of_inodes = rows.iter().filter_map(|row| row.inodes.present());
    let most = short_of_inodes.map(|inodes| shown(&inodes.used_percent).0).fold(0.0, f64::max);
    assert!((91.0..92.0).contains(&most), "{most}");
}

fn disks_are_believable(host: &DemoHost) {
    let rows = &host.disks.rows;
    assert_eq!(rows.len(), 11);
    assert!(rows.is_sorted_by_key(|row| (row.kind, &row.key)));
    let mut read = 0;
    for row in rows {
        let activity = shown(&row.activity);
        assert!(shown(&activity.busy_percent).0 < 100.0, "{row:?}");
        if row.kind == crate::model::disk::DiskKind::Disk {
            read += activity.read_bytes_per_second.0;
        }
    }
    assert_eq!(shown(&host.disks.read_bytes_per_second).0, read);
    let array = &host.raid.arrays[0];
    assert_eq!(array.state, RaidState::Recovering);
    let action = array.action.as_ref().unwrap();
    assert!((2.0..=98.0).contains(&shown(&action.done_percent).0), "{action:?}");
    // What the array does cannot be more than what its members can.
    assert!(rows.iter().any(|row| row.key == array.key && array.size_bytes == row.size_bytes));
}

fn network_is_believable(network: &Network) {
    let names = |real: bool| {
        let rows = network.interfaces.iter().filter(move |one| one.real == real);
        rows.map(|one| one.key.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(names(true), ["bond0", "eno1", "ib0"]);
    assert!(names(false).is_sorted(), "{:?}", names(false));
    assert!(network.interfaces.is_sorted_by_key(|one| !one.real), "real ones first");
    for one in &network.interfaces {
        for flow in [one.received, one.sent] {
            let (bytes, limit) = (shown(&flow.bytes_per_second), &one.speed_bits_per_second);
            assert!(limit.present().is_none_or(|limit| bytes.0 * 8 < limit.0), "{one:?}");
        }
        for address in shown(&one.addresses) {
            let documentation = ["192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:", "10.20.0."]
                .iter()
                .any(|range| address.address.starts_with(range));
            assert!(documentation || &*one.key == "lo", "{address:?}");
        }
    }
    let primary = shown(&network.primary);
    let its = network.interfaces.iter().find(|one| one.key == primary.interface).unwrap();
    assert!(its.real && shown(&its.addresses).iter().any(|one| one.address == primary.address));
}

fn people_are_at_their_shells(at: UnixMillis, host: &DemoHost) {
    let sessions = &host.logins.sessions;
    assert_eq!(sessions.len(), 5);
    assert!(sessions.is_sorted_by_key(|login| shown(&login.login_at_ms).0));
    for login in sessions {
        let (pid, terminal) = (shown(&login.pid), shown(&login.terminal));
        let process = host.processes.rows.iter().find(|process| process.row.pid == pid).unwrap();
        assert_eq!(*shown(&process.row.command), format!("sshd: {}@{terminal}", login.user));
        let idle = (shown(&login.idle_seconds).0 * 1000.0) as i64;
        assert!(
            idle < at.since(shown(&login.login_at_ms)),
            "idle since before the login: {login:?}"
        );
    }
}

#[test]
fn jobs_come_and_go() {
    let keys = |at| -> std::collections::BTreeSet<_> {
        machine(1, at).processes.rows.into_iter().map(|p| p.row.key).collect()
    };
    let (now, later) = (keys(NOON), keys(UnixMillis(NOON.0 + 600_000)));
    assert!(now.difference(&later).count() > 3 && later.difference(&now).count() > 3);
    assert!(now.intersection(&later).count() > 400);
}

#[test]
fn totals_rise_by_what_the_rates_say() {
    let totals = |at| -> Vec<(u64, u64)> {
        let host = machine(3, at);
        let disks = host
            .disks
            .rows
            .iter()
            .map(|row| (row.read_bytes_total.0, shown(&row.activity).read_bytes_per_second.0));
        let cards = host
            .network
            .interfaces
            .iter()
            .map(|one| one.received)
            .map(|flow| (flow.bytes_total.0, shown(&flow.bytes_per_second).0));
        disks.chain(cards).collect()
    };
    let (earlier, later) = (totals(NOON), totals(UnixMillis(NOON.0 + 100)));
    for ((from, rate), (to, _)) in earlier.into_iter().zip(later) {
        let risen = (to - from) as f64 * 10.0;
        // The kernel counts sectors, of which ten are many in a tenth of a second.
        assert!((risen - rate as f64).abs() <= rate as f64 * 0.02 + 6000.0, "{risen} {rate}");
    }
}

#[test]
fn time_of_processors_never_goes_back_and_adds_up() {
    let mut earlier = machine(3, NOON).cpu.seconds_total;
    for step in 1..200 {
        let now = machine(3, UnixMillis(NOON.0 + step * 2000)).cpu.seconds_total;
        for (from, to) in earlier.iter().zip(&now) {
            let risen = [
                to.user.0 - from.user.0,
                to.system.0 - from.system.0,
                to.idle.0 - from.idle.0,
                to.iowait.0 - from.iowait.0,
            ];
            assert!(risen.iter().all(|part| *part >= 0.0), "{risen:?}");
            assert!((risen.iter().sum::<f64>() - 2.0).abs() < 1e-4, "{risen:?}");
        }
        earlier = now;
    }
}

#[test]
fn every_section_has_a_source_of_its_name() {
    let context = Context {
        roots: crate::host::Roots::live(),
        clock: crate::clock::Clock::system(),
        rate_window: std::time::Duration::from_secs(10),
    };
    let snapshot = snapshot(1, NOON);
    let shown: Vec<_> = snapshot.sources.iter().map(|health| health.name.clone()).collect();
    let mut sources = sources(1, &context);
    assert_eq!(sources.iter().map(|source| source.name()).collect::<Vec<_>>(), shown);
    for (source, health) in sources.iter_mut().zip(snapshot.sources.iter()) {
        assert!(source.collect().is_ok());
        assert_eq!(source.findings().len(), health.findings.len(), "{}", health.name);
    }
}

#[test]
fn what_is_missing_is_told() {
    let snapshot = snapshot(1, NOON);
    let partial: Vec<&SourceHealth> =
        snapshot.sources.iter().filter(|health| health.state != SourceState::Well).collect();
    assert_eq!(
        partial.iter().map(|health| (health.name.as_str(), health.state)).collect::<Vec<_>>(),
        [
            ("filesystems", SourceState::Partial),
            ("sensors", SourceState::Partial),
            ("containers", SourceState::Partial),
        ]
    );
    assert_eq!(partial[0].findings[0].problem.reason, Reason::NotResponding);
    assert_eq!(partial[1].findings[0].problem.reason, Reason::PermissionDenied);
    let engine = &partial[2].findings[0];
    assert!(
        snapshot
            .containers
            .value
            .present()
            .unwrap()
            .engines
            .iter()
            .any(|one| { one.address == engine.what && one.problem == Some(engine.problem) })
    );
    assert_eq!(snapshot.raid.interval_ms, 10_000, "slow values are read at their own pace");
    assert_eq!(snapshot.cpu.interval_ms, INTERVAL_MS);
}
