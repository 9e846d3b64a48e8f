//! Who is on the cards.

use std::sync::Arc;

use super::*;
use crate::assess::people::by_user;
use crate::model::account::AccountEnd;
use crate::model::gpu::GpuUser;
use crate::model::place::{ContainerRef, ContainerRuntime, Place};
use GpuProcessKind::Compute;

fn in_container(process: GpuProcess, name: &str) -> GpuProcess {
    let container = ContainerRef {
        key: format!("docker/{name}").into(),
        runtime: ContainerRuntime::Docker,
        short: name.into(),
    };
    let place = Place { container: Some(container), ..Place::default() };
    GpuProcess { place: present(Arc::new(place)), ..process }
}

fn keys(users: &[GpuUser]) -> Vec<&str> {
    users.iter().map(|user| user.key.as_str()).collect()
}

#[test]
fn a_user_is_a_row_with_cards_memory_and_containers() {
    let mut rows = vec![
        in_container(process(3, 30, "bob", Compute), "train"),
        process(0, 10, "alice", Compute),
        process(1, 10, "alice", Compute),
        in_container(process(1, 11, "alice", Compute), "lab"),
        in_container(process(2, 12, "alice", Compute), "lab"),
    ];
    rows[0].memory_bytes = present(Bytes(10 * GIB));
    rows[1].memory_bytes = Reading::absent(Reason::NotSupported);
    let users = by_user(&rows);
    assert_eq!(keys(&users), ["bob", "alice"], "most memory first");
    let alice = &users[1];
    assert_eq!(alice.gpus, [0, 1, 2]);
    assert_eq!(alice.processes, 3, "one of them is on two cards");
    assert_eq!(alice.memory_bytes, present(Bytes(3 * GIB)), "of those that are known");
    assert_eq!(alice.since_ms, present(UnixMillis(NOON.0 - 12_000)), "the earliest");
    let containers: Vec<&str> = alice.containers.iter().map(|of| of.short.as_str()).collect();
    assert_eq!(containers, ["lab"]);
    assert_eq!(alice.account_end, Reading::absent(Reason::NotCollected));
}

#[test]
fn what_is_not_known_is_not_made_up() {
    let mut stranger = process(0, 10, "x", Compute);
    stranger.user = Reading::absent(Reason::Gone);
    stranger.user_id = Reading::absent(Reason::Gone);
    stranger.memory_bytes = Reading::absent(Reason::NotSupported);
    stranger.started_at_ms = Reading::absent(Reason::Gone);
    let other = GpuProcess { pid: 11, gpu: 1, ..stranger.clone() };
    let users = by_user(&[stranger, other]);
    assert_eq!(keys(&users), ["unknown"]);
    assert_eq!((users[0].processes, &users[0].gpus[..]), (2, &[0, 1][..]));
    assert_eq!(users[0].memory_bytes, Reading::absent(Reason::NotSupported));
    assert_eq!(users[0].since_ms, Reading::absent(Reason::Gone));
}

#[test]
fn two_users_of_one_name_are_two_and_a_number_is_one_whatever_it_is_called() {
    let with = |pid, number, name: Option<&str>| GpuProcess {
        user_id: present(number),
        user: Reading::from_option(name.map(Into::into), Reason::Gone),
        ..process(0, pid, "x", Compute)
    };
    let users = by_user(&[
        with(1, 1_001_000, Some("alice")),
        with(2, 1001, Some("alice")),
        with(3, 7, None),
        with(4, 7, Some("games")),
        with(5, 8, None),
    ]);
    let mut found = keys(&users);
    found.sort_unstable();
    assert_eq!(found, ["7", "8", "alice", "alice/1001000"]);
    let seven = users.iter().find(|user| user.user_id == present(7)).unwrap();
    assert_eq!((&seven.user, seven.processes), (&present("games".into()), 2));
}

#[test]
fn cards_that_are_held_are_told_of_those_who_hold_them() {
    let mut watch = Watch::of(vec![idle_card(0), idle_card(1)]);
    watch.gpus.processes = vec![
        process(0, 1, "alice", Compute),
        process(1, 2, "alice", Compute),
        process(1, 3, "bob", Compute),
    ];
    watch.gpus.cards[0].process_count = present(1);
    watch.gpus.cards[1].process_count = present(2);
    watch.gpus.cards[1].utilisation.gpu_percent = present(Percent(80.0));
    watch.watch(11 * MINUTE);
    let held = |watch: &Watch| -> Vec<(Text, Vec<u32>)> {
        watch.seen.people.iter().map(|user| (user.key.clone(), user.held_gpus.clone())).collect()
    };
    assert_eq!(held(&watch), [("alice".into(), vec![0]), ("bob".into(), vec![])]);
    watch.gpus.cards[1].utilisation.gpu_percent = present(Percent(0.0));
    watch.watch(11 * MINUTE);
    assert_eq!(held(&watch), [("alice".into(), vec![0, 1]), ("bob".into(), vec![1])]);
}

#[test]
fn what_the_source_knows_of_accounts_stays_with_its_user() {
    let mut watch = Watch::new();
    watch.processes(&[Compute]);
    let mut rows = by_user(&watch.gpus.processes);
    rows[0].account_end = present(AccountEnd::Never);
    let mut other = rows[0].clone();
    (other.user_id, other.account_end) = (present(4), Reading::absent(Reason::PermissionDenied));
    watch.gpus.people = vec![other, rows[0].clone()];
    watch.look();
    assert_eq!(watch.seen.people.len(), 1, "who has no process is on no card");
    assert_eq!(watch.seen.people[0].account_end, present(AccountEnd::Never));
}
