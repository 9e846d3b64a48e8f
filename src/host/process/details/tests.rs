use std::path::Path;

use super::*;
use crate::clock::Manual;
use crate::model::UnixMillis;

const LONG: Duration = Duration::from_secs(20);

/// A process folder whose `cmdline` is a FIFO: opening it blocks, as a held lock would.
fn make_stuck(root: &Path, pid: u32) {
    make_numbers(root, pid);
    rustix::fs::mknodat(
        rustix::fs::CWD,
        root.join(format!("proc/{pid}/cmdline")),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
}

const MEMORY: Memory = Memory { shared: 3, correction: 1 };

fn make_numbers(root: &Path, pid: u32) {
    let folder = root.join(format!("proc/{pid}"));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("statm"), "10 5 3 1 0 1 0\n").unwrap();
    // One page less than statm has: the estimate of newer kernels.
    let stat = format!("{pid} (run) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 40960 4 0\n");
    std::fs::write(folder.join("stat"), stat).unwrap();
}

fn make_well(root: &Path, pid: u32) {
    make_numbers(root, pid);
    let folder = root.join(format!("proc/{pid}"));
    std::fs::write(folder.join("cmdline"), "run\0--token=abc\0").unwrap();
    std::fs::write(folder.join("cgroup"), "0::/system.slice/run.service\n").unwrap();
}

fn place() -> Arc<Place> {
    Arc::new(Place { unit: Some("run.service".into()), ..Place::default() })
}

fn order(pid: u32) -> Order {
    let identity = Identity { pid, start_ticks: 1 };
    Order { identity, wanted: Wanted::Everything, urgent: false }
}

fn desk(root: &Path) -> (Details, Arc<Manual>) {
    let (clock, hands) = Clock::manual(UnixMillis(0));
    (Details::new(Roots::at(root), clock), hands)
}

/// Takes findings until `enough`, which a healthy worker reaches at once.
fn take_until(
    details: &Details,
    found: &mut Vec<(Identity, Found)>,
    enough: impl Fn(&[(Identity, Found)]) -> bool,
) {
    for _ in 0..1000 {
        details.take(found);
        if enough(found) {
            return;
        }
        let state = details.shared.lock();
        drop(details.shared.changed.wait_timeout(state, Duration::from_millis(10)));
    }
    panic!("not enough was found: {found:?}");
}

fn command_of(found: &[(Identity, Found)], pid: u32) -> Option<&Found> {
    let of_it = |(identity, found): &&(Identity, Found)| {
        identity.pid == pid && matches!(found, Found::Command(_))
    };
    found.iter().find(of_it).map(|(_, found)| found)
}

#[test]
fn owner_memory_place_and_command_are_found() {
    let folder = tempfile::tempdir().unwrap();
    make_well(folder.path(), 7);
    let (details, _hands) = desk(folder.path());
    details.order(&[order(7), order(8)]).unwrap();
    details.wait(LONG);
    let mut found = Vec::new();
    assert_eq!(details.take(&mut found), None);
    let uid = std::fs::metadata(folder.path()).unwrap().uid();
    let command =
        Command { masked: "run --token=***".into(), full: Some("run --token=abc".into()) };
    let of = |pid| found.iter().filter(move |(identity, _)| identity.pid == pid).map(|(_, f)| f);
    assert_eq!(
        of(7).cloned().collect::<Vec<_>>(),
        [
            Found::Owner(Ok(uid)),
            Found::Memory(Ok(MEMORY)),
            Found::Place(Ok(place())),
            Found::Command(Ok(Some(command))),
            Found::Done
        ]
    );
    assert_eq!(
        of(8).cloned().collect::<Vec<_>>(),
        [
            Found::Owner(Err(Reason::Gone)),
            Found::Memory(Err(Reason::Gone)),
            Found::Place(Err(Reason::Gone)),
            Found::Command(Err(Reason::Gone)),
            Found::Done
        ]
    );
}

#[test]
fn a_stuck_process_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    make_stuck(folder.path(), 1);
    make_well(folder.path(), 2);
    let (details, hands) = desk(folder.path());
    details.order(&[order(1), order(2)]).unwrap();
    let mut found = Vec::new();
    take_until(&details, &mut found, |found| {
        found.contains(&(order(1).identity, Found::Memory(Ok(MEMORY))))
    });
    assert_eq!(details.take(&mut found), None, "not stuck before the deadline");
    assert_eq!(command_of(&found, 2), None);
    hands.advance(DEADLINE);
    assert_eq!(details.take(&mut found), Some(order(1).identity));
    assert_eq!(details.stuck(), [(order(1).identity, UnixMillis(0))], "since it was begun");
    take_until(&details, &mut found, |found| command_of(found, 2).is_some());
    assert_eq!(command_of(&found, 1), None);
    // It comes back: what it brings is taken, and the worker that was left behind ends.
    std::fs::write(folder.path().join("proc/1/cmdline"), "late\0").unwrap();
    take_until(&details, &mut found, |found| found.contains(&(order(1).identity, Found::Done)));
    let late = Command { masked: "late".into(), full: None };
    assert_eq!(command_of(&found, 1), Some(&Found::Command(Ok(Some(late)))));
    assert_eq!(details.stuck(), []);
}

#[test]
fn the_number_of_workers_left_behind_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let (details, hands) = desk(folder.path());
    let mut found = Vec::new();
    for pid in 0..=4 {
        make_stuck(folder.path(), pid);
        details.order(&[order(pid)]).unwrap();
        take_until(&details, &mut found, |found| {
            found.contains(&(order(pid).identity, Found::Memory(Ok(MEMORY))))
        });
        hands.advance(DEADLINE);
        assert_eq!(details.take(&mut found), Some(order(pid).identity));
    }
    assert!(details.exhausted());
    assert_eq!(details.order(&[order(9)]), Err(Reason::NotResponding));
    // One comes back and works on.
    make_well(folder.path(), 9);
    std::fs::write(folder.path().join("proc/3/cmdline"), "late\0").unwrap();
    take_until(&details, &mut found, |found| command_of(found, 3).is_some());
    take_until(&details, &mut found, |_| !details.exhausted());
    details.order(&[order(9)]).unwrap();
    take_until(&details, &mut found, |found| command_of(found, 9).is_some());
    for pid in [0, 1, 2, 4] {
        std::fs::write(folder.path().join(format!("proc/{pid}/cmdline")), "").unwrap();
    }
}

#[test]
fn orders_that_wait_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let (details, _hands) = desk(folder.path());
    let many = vec![order(1); MOST_WAITING + 1];
    assert_eq!(details.order(&many), Err(Reason::OutOfResources));
}

#[test]
fn processes_of_one_place_share_it() {
    let folder = tempfile::tempdir().unwrap();
    for pid in [7, 8, 9] {
        make_well(folder.path(), pid);
    }
    let other = "2:cpu:/\n0::/init.scope\n";
    std::fs::write(folder.path().join("proc/9/cgroup"), other).unwrap();
    let mut places = Places::default();
    let mut read = |pid: u32| places.read(&folder.path().join(format!("proc/{pid}"))).unwrap();
    let (one, two, three) = (read(7), read(8), read(9));
    assert_eq!(*one, *place());
    assert!(Arc::ptr_eq(&one, &two));
    assert_eq!(three.unit.as_deref(), Some("init.scope"));
}

#[test]
fn shared_places_are_bounded_and_those_nobody_has_go_first() {
    let mut places = Places::default();
    let numbered =
        |number: usize| Place { session: Some(number.to_string().into()), ..Place::default() };
    let kept = places.share(numbered(0));
    for number in 1..=MOST_PLACES * 2 {
        drop(places.share(numbered(number)));
        assert!(places.0.len() <= MOST_PLACES);
    }
    assert!(Arc::ptr_eq(&kept, &places.share(numbered(0))));
}

#[test]
fn a_kernel_without_control_groups_is_not_a_process_that_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    make_numbers(folder.path(), 7);
    let mut places = Places::default();
    let mut read = |pid: u32| places.read(&folder.path().join(format!("proc/{pid}")));
    assert_eq!(read(7), Err(Reason::NotSupported));
    assert_eq!(read(8), Err(Reason::Gone));
}
