use super::*;
use crate::assess::tests::rows::{GIB, NOON, add, all, host, minutes_ago, user};

/// A host with four cards, the second held and the others busy.
fn machine(name: &str, users: Vec<CardUser>) -> HostRow {
    let mut row = host(name);
    for state in [GpuState::Busy, GpuState::Held, GpuState::Busy, GpuState::Busy] {
        add(&mut row, "A100", 80, state, 30);
    }
    row.users = Reading::Present(users);
    row
}

fn seen(rows: impl IntoIterator<Item = HostRow>) -> Vec<UserOnCards> {
    board(&all(rows), None, NOON).users
}

/// `ada gpu-1:0 gpu-2:3`, a line a user.
fn short(users: &[UserOnCards]) -> Vec<String> {
    let line = |user: &UserOnCards| {
        let name = user.user.present().map_or("?", |name| name.as_str()).to_owned();
        let cards = user.cards.iter().map(|card| format!("{}:{}", card.host, card.user.gpu));
        [name].into_iter().chain(cards).collect::<Vec<_>>().join(" ")
    };
    users.iter().map(line).collect()
}

#[test]
fn a_name_is_one_user_on_every_host_and_a_number_is_not() {
    let users = seen([
        machine(
            "gpu-10",
            vec![user(0, Some("ada"), Some(1000), Some(8)), user(1, None, Some(70), Some(1))],
        ),
        machine(
            "gpu-2",
            vec![user(3, Some("ada"), Some(2000), Some(4)), user(1, None, Some(70), Some(2))],
        ),
        machine("gpu-1", vec![user(0, None, None, Some(3)), user(2, None, None, Some(3))]),
        machine("gpu-3", vec![user(0, None, None, Some(9))]),
    ]);
    assert_eq!(
        short(&users),
        ["ada gpu-2:3 gpu-10:0", "? gpu-1:0 gpu-1:2", "? gpu-3:0", "? gpu-2:1", "? gpu-10:1"]
    );
    assert_eq!(users[0].memory_bytes, Reading::Present(Bytes(12 * GIB)));
}

#[test]
fn most_cards_first_then_most_memory_then_by_name() {
    let users = seen([machine(
        "a",
        vec![
            user(0, Some("u10"), None, Some(8)),
            user(0, Some("u2"), None, Some(8)),
            user(0, Some("much"), None, Some(60)),
            user(0, Some("unknown-memory"), None, None),
            user(0, Some("two"), None, Some(1)),
            user(1, Some("two"), None, Some(1)),
            // One name with two numbers on the same card is on one card.
            user(2, Some("twice"), Some(1), Some(1)),
            user(2, Some("twice"), Some(2), Some(1)),
        ],
    )]);
    let names: Vec<_> = users.iter().map(|user| user.user.present().unwrap().as_str()).collect();
    assert_eq!(names, ["two", "much", "u2", "u10", "twice", "unknown-memory"]);
}

#[test]
fn memory_that_is_not_known_is_not_nothing() {
    let users = seen([machine(
        "a",
        vec![user(0, Some("ada"), None, Some(8)), user(1, Some("ada"), None, None)],
    )]);
    assert_eq!(users[0].memory_bytes, Reading::default(), "8 GiB would be taken for all of it");
    assert_eq!(users[0].cards[0].user.memory_bytes, Reading::Present(Bytes(8 * GIB)));
}

#[test]
fn a_card_says_whether_it_is_used_and_since_when_not() {
    let users = seen([machine("a", vec![user(1, Some("ada"), None, Some(8))])]);
    assert_eq!(users[0].cards[0].state, GpuState::Held);
    assert_eq!(users[0].cards[0].idle_since_ms, minutes_ago(30));
    let gone = seen([machine("a", vec![user(77, Some("ada"), None, Some(8))])]);
    assert_eq!(gone[0].cards[0].state, GpuState::Unknown, "no such card");
}

#[test]
fn nothing_is_claimed_of_hosts_without_news() {
    for (state, known) in [
        (HostState::Up, true),
        (HostState::Maintenance, true),
        (HostState::Stale, false),
        (HostState::Down, false),
        (HostState::Waiting, false),
    ] {
        let mut row = machine("a", vec![user(1, Some("ada"), None, Some(8))]);
        row.status.state = state;
        let card = &seen([row])[0].cards[0];
        assert_eq!(card.state == GpuState::Held, known, "{state:?}");
        assert_eq!(card.idle_since_ms.present().is_some(), known, "{state:?}");
    }
}

#[test]
fn one_user_can_be_asked_for_by_name_or_number() {
    let rows = || {
        all([machine(
            "a",
            vec![
                user(0, Some("ada"), Some(1000), None),
                user(1, Some("ad"), None, None),
                user(2, None, Some(70), None),
                user(3, None, None, None),
            ],
        )])
    };
    let only = |wanted| short(&board(&rows(), Some(wanted), NOON).users);
    assert_eq!(only("ada"), ["ada a:0"]);
    assert_eq!(only("70"), ["? a:2"]);
    assert_eq!(only("1000"), Vec::<String>::new(), "who has a name goes by it");
    assert_eq!(only(""), Vec::<String>::new());
}

#[test]
fn hosts_without_cards_and_hidden_users_are_nobody() {
    let mut row = machine("a", Vec::new());
    row.users = Reading::absent(Reason::Hidden);
    let mut wrong = machine("b", vec![user(0, Some("ada"), None, None)]);
    wrong.key = "B B".into();
    assert_eq!(seen([row, wrong]), []);
}

#[test]
fn a_thousand_hosts_with_hostile_names_are_put_together() {
    let names = ["\u{1b}[2J", "", "a\nb", "\u{202e}", "x", "ünï", "x "];
    let rows = (0..1000_usize).map(|n| {
        let users = (0..4)
            .map(|gpu| user(gpu, Some(names[(n + gpu as usize) % names.len()]), None, Some(1)));
        machine(&format!("gpu-{n}"), users.collect())
    });
    let users = seen(rows);
    assert_eq!(users.len(), names.len(), "names are compared as they are");
    assert_eq!(users.iter().map(|user| user.cards.len()).sum::<usize>(), 4000);
    let hosts: Vec<_> = users[0].cards.iter().map(|card| card.host.clone()).collect();
    assert!(hosts.windows(2).all(|two| natural(two[0].as_str(), two[1].as_str()).is_le()));
}
