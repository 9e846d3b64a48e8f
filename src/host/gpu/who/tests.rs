use std::sync::Arc;

use super::super::usage::{Found, Shares};
use super::*;
use crate::clock::Clock;
use crate::host::Roots;
use crate::model::gpu::GpuProcessKind;
use crate::model::place::{ContainerRef, ContainerRuntime, Place};
use crate::model::process::ProcessState;
use crate::model::{Percent, Seconds};

fn on_card(gpu: u32, slice: Option<&str>, pid: u32, memory: Reading<Bytes>) -> OnCard {
    let kinds = vec![GpuProcessKind::Compute];
    OnCard {
        gpu,
        slice: slice.map(Into::into),
        found: Found { pid, kinds, memory },
        shares: Shares::absent(Reason::Measuring),
    }
}

fn mib(count: u64) -> Reading<Bytes> {
    Reading::Present(Bytes(count << 20))
}

fn row(pid: u32, user: &str, user_id: u32, started_at: i64, container: Option<&str>) -> ProcessRow {
    let container = container.map(|id| ContainerRef {
        key: format!("docker/{id}").into(),
        runtime: ContainerRuntime::Docker,
        short: id.into(),
    });
    ProcessRow {
        key: format!("{pid}-1").into(),
        pid,
        parent_pid: 1,
        name: "python3".into(),
        user: Reading::Present(user.into()),
        user_id: Reading::Present(user_id),
        state: ProcessState::Running,
        cpu_percent: Reading::Present(Percent(99.0)),
        resident_bytes: Bytes(4096),
        memory_percent: Reading::absent(Reason::Measuring),
        virtual_bytes: Bytes(0),
        shared_bytes: Reading::absent(Reason::Measuring),
        cpu_time_seconds: Seconds(0.0),
        started_at_ms: Reading::Present(UnixMillis(started_at)),
        threads: 1,
        nice: 0,
        kernel_thread: false,
        command: Reading::Present("python3 train.py".into()),
        place: Reading::Present(Arc::new(Place { container, ..Place::default() })),
    }
}

fn known() -> Result<Vec<ProcessRow>, Reason> {
    Ok(vec![
        row(100, "alice", 1000, 5_000, None),
        row(200, "bob", 1001, 6_000, Some("b1")),
        row(201, "bob", 1001, 4_000, Some("b1")),
        row(300, "bob", 101_001, 7_000, Some("c1")),
    ])
}

fn no_end(_: &str, _: u32) -> Reading<AccountEnd> {
    Reading::absent(Reason::PermissionDenied)
}

#[test]
fn a_process_has_what_is_known_of_its_pid_and_nothing_of_anothers() {
    let on_cards = vec![
        on_card(1, None, 200, mib(7)),
        on_card(0, Some("0:1"), 100, mib(1)),
        on_card(0, Some("0:0"), 100, mib(2)),
        on_card(0, None, 999, Reading::absent(Reason::NotSupported)),
    ];
    let rows = processes(on_cards, &known());
    let keys: Vec<_> = rows.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, ["0:0-100-5000", "0:1-100-5000", "0-999-0", "1-200-6000"]);
    assert_eq!(rows[0].user, Reading::Present("alice".into()));
    assert_eq!(rows[0].cpu_percent, Reading::Present(Percent(99.0)));
    assert_eq!(rows[0].resident_bytes, Reading::Present(Bytes(4096)));
    let gone = &rows[2];
    assert_eq!(gone.name, Reading::absent(Reason::Gone));
    assert_eq!(gone.user, Reading::absent(Reason::Gone));
    assert_eq!(gone.started_at_ms, Reading::absent(Reason::Gone));
    assert_eq!(gone.place, Reading::absent(Reason::Gone));
}

#[test]
fn where_no_process_can_be_read_each_says_why() {
    let rows = processes(vec![on_card(0, None, 100, mib(1))], &Err(Reason::PermissionDenied));
    assert_eq!(rows[0].user, Reading::absent(Reason::PermissionDenied));
    assert_eq!(rows[0].memory_bytes, mib(1));
}

#[test]
fn people_are_by_name_and_number_most_memory_first() {
    let on_cards = vec![
        on_card(0, None, 100, mib(30)),
        on_card(0, None, 200, mib(10)),
        on_card(3, None, 200, mib(10)),
        on_card(2, None, 201, Reading::absent(Reason::NotSupported)),
        on_card(1, None, 300, mib(5)),
        on_card(1, None, 998, mib(1)),
        on_card(5, None, 999, Reading::absent(Reason::NotSupported)),
    ];
    let people = people(&processes(on_cards, &known()), no_end);
    let told: Vec<_> = people
        .iter()
        .map(|user| (user.key.as_str(), user.gpus.as_slice(), user.processes, user.memory_bytes))
        .collect();
    assert_eq!(
        told,
        [
            ("alice/1000", [0].as_slice(), 1, mib(30)),
            ("bob/1001", &[0, 2, 3], 2, mib(20)),
            ("bob/101001", &[1], 1, mib(5)),
            ("?", &[1, 5], 2, mib(1)),
        ]
    );
    let bob = &people[1];
    assert_eq!(bob.since_ms, Reading::Present(UnixMillis(4_000)));
    assert_eq!(bob.containers.iter().map(|it| it.short.as_str()).collect::<Vec<_>>(), ["b1"]);
    assert_eq!(bob.account_end, Reading::absent(Reason::PermissionDenied));
    assert_eq!(bob.held_gpus, [0_u32; 0]);
    let nobody = &people[3];
    assert_eq!(nobody.user, Reading::absent(Reason::Gone));
    assert_eq!(nobody.account_end, Reading::absent(Reason::Gone));
    assert_eq!(nobody.since_ms, Reading::absent(Reason::Gone));
}

#[test]
fn memory_that_is_known_of_none_is_not_0() {
    let unknown = Reading::absent(Reason::NotSupported);
    let people = people(&processes(vec![on_card(0, None, 100, unknown)], &known()), no_end);
    assert_eq!(people[0].memory_bytes, unknown);
}

#[test]
fn an_account_of_the_machine_is_not_a_containers_of_the_same_name() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("etc")).unwrap();
    let write = |name, text| std::fs::write(root.path().join("etc").join(name), text).unwrap();
    write("passwd", "root:x:0:0::/root:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n");
    write("shadow", "root:*:1:0:9:7:::\nbob:!:1:0:9:7::20000:\n");
    let (clock, hands) = Clock::manual(UnixMillis(0));
    let rate_window = Duration::from_secs(9);
    let mut ends = Ends::new(Context { roots: Roots::at(root.path()), clock, rate_window });
    let at = |expired| {
        Reading::Present(AccountEnd::At { at_ms: UnixMillis(20_000 * 86_400_000), expired })
    };
    assert_eq!(ends.of("bob", 1001), at(false));
    assert_eq!(ends.of("bob", 101_001), Reading::absent(Reason::NotSupported));
    assert_eq!(ends.of("root", 0), Reading::Present(AccountEnd::Never));
    assert_eq!(ends.of("root", 100_000), Reading::absent(Reason::NotSupported));

    write("passwd", "root:x:0:0::/root:/bin/sh\n");
    assert_eq!(ends.of("bob", 1001), at(false), "what was read is believed for a while");
    hands.advance(account::LIFE);
    assert_eq!(ends.of("bob", 1001), Reading::absent(Reason::NotSupported));
}
