//! Which cards are free and who is on them: routes, roles, queries, text, and the commands that ask.

use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use serde_json::Value;
use smonitor::feed::{self, Overview};
use smonitor::model::cluster::{CardStatus, FreeBody, HostState, UsersBody};
use smonitor::model::gpu::GpuState;
use smonitor::model::wire::HostRow;
use smonitor::model::{HostId, Reading, Role, Snapshot};
use smonitor::web::Auth;

use super::site::Site;
use crate::support::NOON;

/// The demo machine under another name with as many of its cards free, idle for twelve minutes.
fn host(name: &str, free: usize) -> HostRow {
    let id = HostId::parse(name).unwrap();
    let snapshot = Snapshot { host: id, ..smonitor::demo::snapshot(7, NOON) };
    let mut row = feed::line(&snapshot);
    row.status.name = name.into();
    row.status.state = HostState::Up;
    row.hostname = Reading::Present(name.to_owned());
    row.address = Reading::Present(format!("{name}.lab").into());
    let Reading::Present(cards) = &mut row.cards else { panic!("the demo has cards") };
    for (place, card) in cards.iter_mut().enumerate() {
        card.slices.clear();
        row.card_status[place] = CardStatus {
            state: if place < free { GpuState::Free } else { GpuState::Busy },
            since_ms: Reading::Present(NOON),
            idle_since_ms: Reading::Present(smonitor::model::UnixMillis(NOON.0 - 720_000)),
            severity: None,
            xid: None,
            slices: Vec::new(),
        };
        row.card_memory_bytes[place] = Reading::Present(smonitor::model::Bytes(0));
    }
    row
}

/// A server that shows a cluster, to everybody who has the token.
async fn cluster(role: Role, rows: Vec<HostRow>) -> Site {
    let site = Site::with(Auth::Token { role }, |settings| settings.only_host = None).await;
    let rows = rows.into_iter().map(Arc::new).collect();
    site.publisher.publish_overview(Overview { groups: Arc::default(), rows });
    site
}

async fn get(site: &Site, path: &str) -> super::client::Answer {
    site.get(path, &[("authorization", &site.bearer())]).await
}

async fn json(site: &Site, path: &str) -> Value {
    let answer = get(site, path).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()
}

fn three() -> Vec<HostRow> {
    vec![host("gpu-10", 2), host("gpu-2", 4), host("gpu-3", 1)]
}

#[tokio::test]
async fn offers_are_of_the_documented_type_and_in_order() {
    let site = cluster(Role::Guest, three()).await;
    let body = json(&site, "/api/v1/gpus/free?gpus=2&memory_bytes=42949672960&model=a100").await;
    let body: FreeBody = serde_json::from_value(body).unwrap();
    let hosts: Vec<_> = body.offers.iter().map(|offer| offer.host.as_str()).collect();
    assert_eq!(hosts, ["gpu-10", "gpu-2"]);
    assert_eq!((body.free, body.server_time_ms), (7, NOON));
    assert_eq!(&*body.offers[0].address, "gpu-10", "a guest sees no address, and the host's name");
    let spread = json(&site, "/api/v1/gpus/free?gpus=6&same_host=false").await;
    assert_eq!(spread["offers"].as_array().unwrap().len(), 2);
    assert_eq!(spread.get("nearest"), None);
    let none = json(&site, "/api/v1/gpus/free?gpus=5").await;
    assert_eq!(none["nearest"]["host"], "gpu-2");
    site.stop().await;
}

#[tokio::test]
async fn members_get_the_address_to_type() {
    let site = cluster(Role::Member, three()).await;
    let body = json(&site, "/api/v1/gpus/free?gpus=4").await;
    assert_eq!(body["offers"][0]["address"], "gpu-2.lab");
    site.stop().await;
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_with_what_was_wanted() {
    let site = cluster(Role::Member, three()).await;
    for (query, said) in [
        ("gpus=0", "1 to 65536"),
        ("gpus=x", "1 to 65536"),
        ("gpus=1&gpus=2", "twice"),
        ("memory=40", "with its unit"),
        ("memory_bytes=-1", "number of bytes"),
        ("same_host=maybe", "true or false"),
        ("gpu=2", "gpus, memory_bytes"),
    ] {
        for path in ["/api/v1/gpus/free", "/free.txt"] {
            let answer = get(&site, &format!("{path}?{query}")).await;
            assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{query}");
            assert!(answer.text().contains(said), "{query}: {}", answer.text());
        }
    }
    let long = "x".repeat(257);
    for query in ["user=", "user=a&user=b", "name=a", &format!("user={long}")] {
        for path in ["/api/v1/users", "/who.txt"] {
            let answer = get(&site, &format!("{path}?{query}")).await;
            assert_eq!(answer.status, 400, "{path}?{query}: {answer:?}");
        }
    }
    site.stop().await;
}

#[tokio::test]
async fn text_has_lines_to_copy_and_no_control_characters() {
    let mut rows = three();
    rows[0].status.name = "\u{1b}[31mgpu\u{202e}\n10".into();
    let site = cluster(Role::Member, rows).await;
    let answer = get(&site, "/free.txt?gpus=2&memory=40G").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    let text = answer.text();
    // Of the card that fell off the bus the memory is not known, so it does not fit.
    assert!(
        text.starts_with("2 GPUs on one host, 40.0 GiB free on each: 7 of 21 are free\nHOST"),
        "{text}"
    );
    assert!(text.contains("free for 12 min"), "{text}");
    assert!(
        text.ends_with("\nssh gpu-10.lab\nCUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES=0,1\n"),
        "{text}"
    );
    assert!(text.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}')), "{text:?}");
    let none = get(&site, "/free.txt?gpus=8").await.text();
    assert!(
        none.contains("nothing fits now") && none.contains("Nearest: 4 free on gpu-2"),
        "{none}"
    );
    site.stop().await;
}

#[tokio::test]
async fn people_are_for_members() {
    let site = cluster(Role::Member, three()).await;
    let body: UsersBody = serde_json::from_value(json(&site, "/api/v1/users").await).unwrap();
    let alice = body.users.iter().find(|user| user.user.present().is_some_and(|n| &**n == "alice"));
    let hosts: Vec<_> = alice.unwrap().cards.iter().map(|card| card.host.as_str()).collect();
    assert!(hosts.starts_with(&["gpu-2"]) && hosts.ends_with(&["gpu-10"]), "{hosts:?}");
    let only = json(&site, "/api/v1/users?user=alice").await;
    assert_eq!(only["users"].as_array().unwrap().len(), 1);
    let text = get(&site, "/who.txt?user=alice").await.text();
    assert!(text.starts_with("USER   HOST    GPU"), "{text}");
    assert!(text.lines().skip(1).all(|line| line.starts_with("alice ")), "{text}");
    let nobody = get(&site, "/who.txt?user=mallory").await.text();
    assert_eq!(nobody, "mallory is on no card.\n");
    site.stop().await;

    let site = cluster(Role::Guest, three()).await;
    for path in ["/api/v1/users", "/who.txt", "/api/v1/users?user=alice"] {
        let answer = get(&site, path).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{path}");
    }
    assert!(!get(&site, "/free.txt").await.text().contains("alice"));
    site.stop().await;
}

#[tokio::test]
async fn a_node_answers_with_its_own_cards() {
    let site = Site::open(Role::Member).await;
    let body: FreeBody =
        serde_json::from_value(site.get("/api/v1/gpus/free", &[]).await.json()).unwrap();
    assert!(body.fitting > 0, "{body:?}");
    assert!(body.offers.iter().all(|offer| offer.host == site.host));
    let who = site.get("/who.txt", &[]).await.text();
    assert!(who.contains(site.host.as_str()), "{who}");
    site.stop().await;
}

/// Runs the program against a server.
#[expect(clippy::disallowed_methods, reason = "the tests start the program itself")]
async fn ask(site: &Site, folder: &Path, arguments: &[&str]) -> Output {
    let token = folder.join("token");
    std::fs::write(&token, site.token()).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_smonitor"));
    command.args(arguments).arg("--token-file").arg(&token).current_dir(folder);
    command.env_clear().env("HOME", folder).env("SMONITOR_URL", site.origin());
    tokio::process::Command::from(command).output().await.unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_ask_a_smonitor_and_say_by_code_whether_something_fits() {
    let site = cluster(Role::Member, three()).await;
    let folder = tempfile::tempdir().unwrap();
    let free = ask(&site, folder.path(), &["free", "--gpus", "2", "--memory", "40G"]).await;
    assert_eq!(free.status.code(), Some(0), "{free:?}");
    assert_eq!(stdout(&free), get(&site, "/free.txt?gpus=2&memory=40G").await.text());
    let none = ask(&site, folder.path(), &["free", "--gpus", "5"]).await;
    assert_eq!(none.status.code(), Some(1));
    assert!(stdout(&none).contains("Nearest: 4 free on gpu-2"), "{none:?}");
    let spread = ask(&site, folder.path(), &["free", "--gpus", "5", "--any-host", "--json"]).await;
    assert_eq!(spread.status.code(), Some(0));
    let body: FreeBody = serde_json::from_slice(&spread.stdout).unwrap();
    assert_eq!(body.offers.len(), 2);
    let model = ask(&site, folder.path(), &["free", "--model", "b&gpus=1 ü", "--json"]).await;
    assert_eq!(model.status.code(), Some(1), "a name is one parameter: {model:?}");
    let who = ask(&site, folder.path(), &["who"]).await;
    assert_eq!(stdout(&who), get(&site, "/who.txt").await.text());
    let alice = ask(&site, folder.path(), &["who", "alice", "--json"]).await;
    let body: UsersBody = serde_json::from_slice(&alice.stdout).unwrap();
    assert_eq!(body.users.len(), 1);
    let top = ask(&site, folder.path(), &["top"]).await;
    assert_eq!(top.status.code(), Some(1));
    assert!(String::from_utf8(top.stderr).unwrap().contains("needs a terminal"));
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_is_told_as_soon_as_something_fits() {
    let site = cluster(Role::Member, vec![host("gpu-2", 0)]).await;
    let folder = tempfile::tempdir().unwrap();
    let waiting = async {
        let free = ask(&site, folder.path(), &["free", "--wait"]).await;
        assert_eq!(free.status.code(), Some(0), "{free:?}");
        assert!(stdout(&free).contains("ssh gpu-2.lab"), "{free:?}");
        assert!(free.stderr.is_empty(), "no progress where nobody sees it");
    };
    let freed = async {
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        let rows = vec![Arc::new(host("gpu-2", 1))];
        site.publisher.publish_overview(Overview { groups: Arc::default(), rows });
    };
    tokio::join!(waiting, freed);
    site.stop().await;
}
