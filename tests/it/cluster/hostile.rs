//! Whatever a node says, it is cut to size, or refused, and never ends anything.

use proptest::prelude::*;
use serde_json::{Value, json};
use smonitor::model::cluster::{CARD_USERS_MAX, TroubleKind};
use smonitor::model::gpu::GPUS_MAX;
use smonitor::model::peer::{PollAnswer, PollRequest};
use smonitor::model::wire::HostRow;
use smonitor::model::{HostId, Reading, Reason};
use smonitor::peer::{Failure, News, Replica, SITE_MAX_HOSTS};

use super::replica::{Desk, head, id, topics};
use crate::support::member;

/// The whole answer of a node to a question about all topics.
async fn answer(second: i64) -> Value {
    let desk = Desk::new();
    desk.publish(second);
    let mut frames = Vec::new();
    for topic in topics() {
        let frame = desk.feed.poll(&topic, member(), None).await.unwrap().unwrap();
        frames.push(serde_json::from_slice::<Value>(frame.json()).unwrap());
    }
    let mut answer = serde_json::to_value(head("a")).unwrap();
    answer["frames"] = json!(frames);
    answer
}

fn take(replica: &mut Replica, answer: &[u8]) -> Option<Result<News, Failure>> {
    let answer: PollAnswer = serde_json::from_slice(answer).ok()?;
    let asked: PollRequest = replica.question(&topics());
    Some(replica.take(&answer, &asked))
}

async fn row_after(change: impl FnOnce(&mut Value)) -> Result<HostRow, Failure> {
    let mut answer = answer(0).await;
    change(&mut answer["frames"][0]["data"]["hosts"][0]);
    let mut replica = Replica::default();
    take(&mut replica, answer.to_string().as_bytes()).unwrap()?;
    Ok(HostRow::clone(replica.rows().next().unwrap()))
}

#[tokio::test]
async fn lists_are_as_long_as_the_list_of_cards_and_that_has_an_end() {
    let row = row_after(|row| {
        let card = row["cards"][0].clone();
        row["cards"] = json!(vec![card; GPUS_MAX + 5]);
        row["card_percent"] = json!([50.0]);
        row["card_celsius"] = json!([]);
        row["card_status"] = json!([]);
        let user = row["users"][0].clone();
        row["users"] = json!(vec![user; CARD_USERS_MAX + 1]);
    });
    let row = row.await.unwrap();
    assert_eq!(row.cards.present().unwrap().len(), GPUS_MAX);
    assert_eq!(row.users.present().unwrap().len(), CARD_USERS_MAX);
    assert_eq!(row.card_status.len(), GPUS_MAX);
    assert_eq!(row.card_percent.len(), GPUS_MAX);
    assert_eq!(row.card_percent[0].present().unwrap().0, 50.0);
    assert_eq!(row.card_percent[1].reason(), Some(Reason::Malformed));
    assert_eq!(row.card_celsius.len(), GPUS_MAX);
    assert_eq!(row.card_watts.len(), GPUS_MAX);
    let row = row_after(|row| row["cards"] = json!({"absent": "not_supported"})).await.unwrap();
    assert!(row.card_status.is_empty() && row.card_memory_bytes.is_empty());
}

#[tokio::test]
async fn numbers_that_cannot_be_are_absent_and_texts_have_an_end() {
    let row = row_after(|row| {
        row["cpu_percent"] = json!(1e300);
        row["memory_percent"] = json!(-1);
        row["card_celsius"][0] = json!(1e9);
        row["taken_at_ms"] = json!(i64::MAX);
        row["booted_at_ms"] = json!(i64::MIN);
        row["hostname"] = json!("\u{1b}[2Jx".repeat(500));
        row["status"]["name"] = json!("a\u{202e}b\r\n");
        row["cards"][0]["model"] = json!("M".repeat(100_000));
        row["users"][0]["user"] = json!("u".repeat(100_000));
    });
    let row = row.await.unwrap();
    for absent in [row.cpu_percent, row.memory_percent] {
        assert_eq!(absent.reason(), Some(Reason::Malformed));
    }
    assert_eq!(row.card_celsius[0].reason(), Some(Reason::Malformed));
    assert_eq!(row.taken_at_ms.reason(), Some(Reason::Malformed));
    assert_eq!(row.booted_at_ms.reason(), Some(Reason::Malformed));
    let Reading::Present(hostname) = row.hostname else { panic!() };
    assert!(hostname.chars().count() <= 121 && !hostname.contains('\u{1b}'), "{hostname}");
    assert_eq!(row.status.name.as_str(), "a\u{fffd}b\u{fffd}\u{fffd}");
    let model = row.cards.present().unwrap()[0].model.present().unwrap().clone();
    assert!(model.len() < 130);
    assert!(row.users.present().unwrap()[0].user.present().unwrap().len() < 130);
}

#[tokio::test]
async fn a_host_without_a_proper_name_is_refused_and_so_are_too_many() {
    for bad in ["", "../x", "a/b", "A", "x y", &"z".repeat(300)] {
        let failure = row_after(|row| row["key"] = json!(bad)).await.unwrap_err();
        assert_eq!(failure.kind, TroubleKind::Malformed, "{bad}");
    }
    let mut many = answer(0).await;
    let row = many["frames"][0]["data"]["hosts"][0].clone();
    let rows = (0..=SITE_MAX_HOSTS).map(|number| {
        let mut row = row.clone();
        row["key"] = json!(format!("h{number}"));
        row
    });
    many["frames"][0]["data"]["hosts"] = rows.collect();
    let failure = take(&mut Replica::default(), many.to_string().as_bytes()).unwrap().unwrap_err();
    assert_eq!(failure.kind, TroubleKind::TooLarge);
}

#[tokio::test]
async fn nonsense_is_malformed_and_all_is_asked_anew() {
    let good = answer(0).await;
    let change = |change: &dyn Fn(&mut Value)| {
        let mut bad = good.clone();
        change(&mut bad);
        bad
    };
    let nonsense = [
        change(&|a| a["frames"][0] = json!(7)),
        change(&|a| a["frames"][0]["type"] = json!("hello")),
        change(&|a| a["frames"][0]["topic"] = json!("host/../x")),
        change(&|a| a["frames"][0]["seq"] = json!(-1)),
        change(&|a| a["frames"][0]["data"] = json!(null)),
        change(&|a| a["frames"][0]["data"]["hosts"] = json!({})),
        change(&|a| a["frames"][0]["data"]["hosts"][0]["cpu_percent"] = json!("9")),
        change(&|a| a["frames"][1]["data"] = json!([])),
        change(&|a| a["frames"][1]["data"]["cpu"] = json!(5)),
        change(&|a| a["frames"][1]["data"]["gpus"]["value"] = json!({"cards": 1})),
        change(&|a| a["frames"][2]["data"]["processes"][0]["pid"] = json!(-3)),
        change(&|a| a["frames"][2]["data"] = json!({})),
        change(&|a| a["frames"][2]["type"] = json!("patch")),
    ];
    for bad in nonsense {
        let mut replica = Replica::default();
        take(&mut replica, good.to_string().as_bytes()).unwrap().unwrap();
        let failure = take(&mut replica, bad.to_string().as_bytes()).unwrap().unwrap_err();
        assert_eq!(failure.kind, TroubleKind::Malformed);
        let question = replica.question(&topics());
        assert!(question.topics.iter().all(|topic| topic.seq.is_none()), "{question:?}");
        assert_eq!(replica.hosts(), 1, "what was known stays");
    }
}

/// Processes with the same number would confuse whoever makes patches of them.
#[tokio::test]
async fn a_process_stands_in_the_table_once() {
    let mut twice = answer(0).await;
    let rows = twice["frames"][2]["data"]["processes"].as_array_mut().unwrap();
    let (count, mut copy) = (rows.len(), rows[0].clone());
    copy["key"] = json!("other");
    rows.push(copy);
    let mut replica = Replica::default();
    take(&mut replica, twice.to_string().as_bytes()).unwrap().unwrap();
    let snapshot = replica.snapshot(&id()).unwrap();
    assert_eq!(snapshot.processes.value.present().unwrap().rows.len(), count);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bytes_that_are_changed_at_random_do_no_harm(
        places in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        end in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        static GOOD: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let good = GOOD.get_or_init(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            let mut small = runtime.unwrap().block_on(answer(0));
            small["frames"].as_array_mut().unwrap().truncate(2);
            small.to_string().into_bytes()
        });
        let mut bad = good.clone();
        for (place, byte) in places {
            let at = place.index(bad.len());
            bad[at] = byte;
        }
        if is_cut {
            bad.truncate(end.index(bad.len()));
        }
        let mut replica = Replica::default();
        if let Some(Ok(_)) = take(&mut replica, &bad) {
            for row in replica.rows() {
                prop_assert!(HostId::parse(&row.key).is_ok());
                let cards = row.cards.present().map_or(0, Vec::len);
                prop_assert_eq!(row.card_status.len(), cards);
            }
        }
    }
}
