use proptest::prelude::*;

use super::*;
use crate::assess::tests::rows::{GIB, NOON, add, all, host, id, minutes_ago, with_free};

const A100: &str = "NVIDIA A100-SXM4-80GB";
const L40: &str = "NVIDIA L40S";

fn ask(gpus: u32) -> FreeQuestion {
    FreeQuestion { gpus, ..FreeQuestion::default() }
}

fn with_memory(gpus: u32, gib: u64) -> FreeQuestion {
    FreeQuestion { memory_bytes: gib * GIB, ..ask(gpus) }
}

fn of_model(gpus: u32, model: &str) -> FreeQuestion {
    FreeQuestion { model: Some(model.into()), ..ask(gpus) }
}

fn any_hosts(gpus: u32) -> FreeQuestion {
    FreeQuestion { spread: Spread::AnyHosts, ..ask(gpus) }
}

fn found(rows: impl IntoIterator<Item = HostRow>, question: &FreeQuestion) -> FreeBody {
    find(&all(rows), question, NOON)
}

/// Hosts and cards of the offers, `gpu-01:0,1`.
fn offers(rows: impl IntoIterator<Item = HostRow>, question: &FreeQuestion) -> Vec<String> {
    found(rows, question).offers.iter().map(short).collect()
}

fn short(offer: &Offer) -> String {
    let gpus: Vec<_> = offer.gpus.iter().map(ToString::to_string).collect();
    format!("{}:{}", offer.host, gpus.join(","))
}

#[test]
fn small_blocks_go_first_so_that_large_ones_stay_whole() {
    let rows = || {
        [
            with_free("whole", A100, 80, 8, 600),
            with_free("half", A100, 80, 4, 60),
            with_free("rest", A100, 80, 2, 5),
            with_free("few", A100, 80, 1, 999),
        ]
    };
    assert_eq!(offers(rows(), &ask(2)), ["rest:0,1", "half:0,1", "whole:0,1"]);
    let body = found(rows(), &ask(2));
    assert_eq!((body.free, body.fitting, body.nearest), (15, 15, None));
    assert_eq!(body.offers[0].free, 2);
}

#[test]
fn of_equal_blocks_the_smallest_memory_then_the_longest_idle_then_by_count() {
    let rows = [
        with_free("gpu-10", L40, 48, 2, 30),
        with_free("gpu-2", L40, 48, 2, 30),
        with_free("gpu-3", L40, 48, 2, 99),
        with_free("gpu-1", A100, 80, 2, 999),
    ];
    assert_eq!(
        offers(rows, &with_memory(2, 40)),
        ["gpu-3:0,1", "gpu-2:0,1", "gpu-10:0,1", "gpu-1:0,1"]
    );
}

#[test]
fn the_cards_that_were_idle_longest_are_taken_those_with_trouble_last() {
    let mut row = host("a");
    for minutes in [1, 50, 20, 40] {
        add(&mut row, A100, 80, GpuState::Free, minutes);
    }
    row.card_status[1].severity = Some(Severity::Warning);
    let body = found([row.clone()], &ask(2));
    assert_eq!(short(&body.offers[0]), "a:2,3");
    assert_eq!(body.offers[0].idle_since_ms, minutes_ago(20), "since when the last of them");
    row.card_status[3].idle_since_ms = Reading::absent(Reason::Measuring);
    assert_eq!(
        offers([row.clone()], &ask(2)),
        ["a:0,2"],
        "what was not seen to be idle comes later"
    );
    let all_four = found([row], &ask(4));
    assert_eq!(all_four.offers[0].idle_since_ms, Reading::absent(Reason::Measuring));
}

#[test]
fn nothing_is_offered_on_hosts_that_are_not_up() {
    for state in [HostState::Stale, HostState::Down, HostState::Waiting, HostState::Maintenance] {
        let mut row = with_free("a", A100, 80, 2, 5);
        row.status.state = state;
        let body = found([row], &ask(1));
        assert_eq!((body.free, body.fitting, body.offers.len()), (0, 0, 0), "{state:?}");
        assert_eq!(body.nearest, None);
    }
    let mut row = with_free("a", A100, 80, 2, 5);
    row.status.maintenance = Some("new fans".into());
    assert_eq!(offers([row], &ask(1)).len(), 0);
}

#[test]
fn only_free_cards_are_offered_and_slices_are_no_cards() {
    let mut row = host("a");
    for state in
        [GpuState::Held, GpuState::Busy, GpuState::Fault, GpuState::Unknown, GpuState::Free]
    {
        add(&mut row, A100, 80, state, 5);
    }
    add(&mut row, A100, 80, GpuState::Free, 5);
    let Reading::Present(cards) = &mut row.cards else { panic!() };
    cards[5].slices.push(Reading::Present("3g.40gb".into()));
    let body = found([row], &ask(1));
    assert_eq!((body.free, body.fitting), (1, 5));
    assert_eq!(short(&body.offers[0]), "a:4");
}

#[test]
fn memory_that_is_not_known_is_not_enough() {
    let mut row = with_free("a", A100, 80, 4, 5);
    let Reading::Present(cards) = &mut row.cards else { panic!() };
    cards[0].memory_total_bytes = Reading::absent(Reason::NotSupported);
    row.card_memory_bytes[1] = Reading::absent(Reason::NotResponding);
    row.card_memory_bytes[2] = Reading::Present(Bytes(GIB));
    assert_eq!(offers([row.clone()], &with_memory(1, 80)), ["a:3"]);
    assert_eq!(offers([row.clone()], &with_memory(2, 79)), ["a:2,3"]);
    let body = found([row.clone()], &with_memory(1, 80));
    assert_eq!((body.free, body.fitting), (1, 3));
    let any = found([row], &ask(4));
    assert_eq!(short(&any.offers[0]), "a:0,1,2,3", "where none is asked for, none must be known");
    assert_eq!(any.offers[0].memory_free_bytes, Reading::absent(Reason::NotSupported));
}

#[test]
fn a_model_is_a_part_of_its_name() {
    let mut mixed = with_free("mixed", A100, 80, 2, 5);
    add(&mut mixed, L40, 48, GpuState::Free, 5);
    add(&mut mixed, L40, 48, GpuState::Free, 5);
    let rows = || [mixed.clone(), with_free("old", "Tesla V100", 32, 3, 5)];
    assert_eq!(offers(rows(), &of_model(2, "a100")), ["mixed:0,1"]);
    assert_eq!(offers(rows(), &of_model(1, "nvidia")), ["mixed:2", "mixed:0"]);
    assert_eq!(offers(rows(), &of_model(3, "nvidia")).len(), 0, "two models are no block");
    let mut nameless = with_free("x", "", 80, 1, 5);
    let Reading::Present(cards) = &mut nameless.cards else { panic!() };
    cards[0].model = Reading::absent(Reason::ReadFailed);
    assert_eq!(offers([nameless.clone()], &of_model(1, "a")).len(), 0);
    assert_eq!(offers([nameless], &ask(1)), ["x:0"]);
}

#[test]
fn where_nothing_fits_the_nearest_is_told() {
    let rows = || [with_free("two", A100, 80, 2, 5), with_free("three", L40, 48, 3, 5)];
    let body = found(rows(), &ask(4));
    assert_eq!(body.offers, []);
    assert_eq!(short(body.nearest.as_ref().unwrap()), "three:0,1,2");
    let body = found(rows(), &with_memory(1, 200));
    assert_eq!((body.free, body.fitting), (0, 0));
    assert_eq!(short(body.nearest.as_ref().unwrap()), "two:0,1", "where most memory is");
    assert_eq!(found(rows(), &of_model(1, "H100")).nearest, None);
}

#[test]
fn several_hosts_together_are_as_few_as_can_be() {
    let rows = || {
        [
            with_free("a", A100, 80, 4, 5),
            with_free("b", A100, 80, 3, 5),
            with_free("c", A100, 80, 1, 5),
            with_free("d", A100, 80, 2, 5),
            with_free("e", L40, 48, 2, 5),
        ]
    };
    assert_eq!(
        offers(rows(), &any_hosts(6)),
        ["a:0,1,2,3", "d:0,1"],
        "the rest where it fits best"
    );
    assert_eq!(offers(rows(), &any_hosts(9)), ["a:0,1,2,3", "b:0,1,2", "d:0,1"]);
    assert_eq!(offers(rows(), &any_hosts(2)), ["e:0,1"], "one host if one is enough");
    let twelve = offers(rows(), &any_hosts(12));
    assert_eq!(twelve.len(), 5, "models are mixed only where it must be: {twelve:?}");
    let body = found(rows(), &any_hosts(13));
    assert_eq!(body.offers, []);
    assert_eq!(body.nearest.unwrap().host, id("a"));
}

#[test]
fn a_name_that_a_shell_would_take_for_more_is_not_passed_on() {
    for (address, hostname, wanted) in [
        (Some("gpu.lab"), "x", "gpu.lab"),
        (Some("fe80::1%eth0"), "x", "fe80::1%eth0"),
        (None, "node-7", "node-7"),
        (Some("-oProxyCommand=id"), "node-7", "node-7"),
        (Some("-p22"), "node-7", "node-7"),
        (Some("a; rm -rf ~"), "$(id)", "key"),
        (Some("a\nb"), "\u{202e}x", "key"),
        (Some(""), "a b", "key"),
    ] {
        let mut row = with_free("key", A100, 80, 1, 5);
        row.address =
            address.map_or_else(Reading::default, |address| Reading::Present(address.into()));
        row.hostname = Reading::Present(hostname.to_owned());
        assert_eq!(found([row], &ask(1)).offers[0].address.as_str(), wanted, "{address:?}");
    }
    let mut row = with_free("site~gpu", A100, 80, 1, 5);
    row.hostname = Reading::absent(Reason::Hidden);
    assert_eq!(
        found([row], &ask(1)).offers[0].address.as_str(),
        "",
        "no name is better than a wrong one"
    );
}

#[test]
fn a_thousand_hosts_are_asked_at_once() {
    let rows: Vec<_> =
        (0..1000_i64).map(|n| with_free(&format!("gpu-{n}"), A100, 80, n % 9, n)).collect();
    let body = found(rows.clone(), &ask(8));
    assert_eq!(body.free, 3996);
    assert_eq!(body.offers.len(), 111);
    assert_eq!(short(&body.offers[0]), "gpu-998:0,1,2,3,4,5,6,7", "idle for longest");
    let spread = found(rows, &any_hosts(3996));
    assert_eq!(spread.offers.iter().map(|offer| offer.gpus.len()).sum::<usize>(), 3996);
}

#[test]
fn lists_that_do_not_fit_together_are_survived() {
    let mut row = with_free("a", A100, 80, 3, 5);
    row.card_status.truncate(2);
    row.card_memory_bytes.truncate(1);
    assert_eq!(offers([row.clone()], &ask(2)), ["a:0,1"]);
    assert_eq!(offers([row.clone()], &with_memory(1, 1)), ["a:0"]);
    row.key = "NOT AN ID".into();
    assert_eq!(offers([row], &ask(1)).len(), 0);
}

proptest! {
    /// Whatever is free and asked for: what is offered is free, enough, and nothing is offered twice.
    #[test]
    fn what_is_offered_is_free_and_enough(
        hosts in proptest::collection::vec(proptest::collection::vec((0..5_u8, 0..3_u8, 0..90_u64), 0..9), 0..12),
        gpus in 1..12_u32,
        gib in 0..90_u64,
        same_host in proptest::bool::ANY,
    ) {
        let states = [GpuState::Unknown, GpuState::Fault, GpuState::Free, GpuState::Held, GpuState::Free];
        let rows: Vec<_> = hosts.iter().enumerate().map(|(n, cards)| {
            let mut row = host(&format!("h{n}"));
            for (state, model, used) in cards {
                add(&mut row, ["A", "B", "C"][usize::from(*model)], 80, states[usize::from(*state)], 5);
                *row.card_memory_bytes.last_mut().unwrap() = Reading::Present(Bytes(used * GIB));
            }
            row
        }).collect();
        let spread = if same_host { Spread::OneHost } else { Spread::AnyHosts };
        let question = FreeQuestion { gpus, memory_bytes: gib * GIB, model: None, spread };
        let body = found(rows.clone(), &question);
        let mut taken = std::collections::HashSet::new();
        let mut total = 0;
        for offer in &body.offers {
            let row = rows.iter().find(|row| *row.key == *offer.host.as_str()).unwrap();
            for gpu in &offer.gpus {
                let place = *gpu as usize;
                prop_assert_eq!(row.card_status[place].state, GpuState::Free);
                let used = row.card_memory_bytes[place].present().unwrap().0;
                prop_assert!((80 * GIB).saturating_sub(used) >= gib * GIB);
                prop_assert!(taken.insert((offer.host.clone(), *gpu)));
            }
            total += offer.gpus.len();
            if same_host {
                prop_assert_eq!(offer.gpus.len(), gpus as usize);
            }
        }
        if !same_host {
            let can = body.free >= u64::from(gpus);
            prop_assert_eq!(total, if can { gpus as usize } else { 0 });
        }
        prop_assert!(body.free <= body.fitting);
        prop_assert_eq!(body.nearest.is_some() && !body.offers.is_empty(), false);
    }
}
