//! An app over an app: hosts of a site, their details through both, and a site that is lost.

use smonitor::model::cluster::{HostState, TroubleKind};
use smonitor::model::wire::HostDocument;

use super::app::{App, host};
use super::node::real;
use crate::support::member;

#[tokio::test(flavor = "multi_thread")]
async fn hosts_of_a_site_are_shown_with_it_and_lost_with_it() {
    let node = real("inside", "127.0.0.1:0");
    let middle = App::of(vec![host("gpu-1", node.address)]);
    let served = middle.serve("127.0.0.1:0");
    let upper = App::of(vec![host("lab", served.address)]);
    let row = upper.until("lab~gpu-1", |row| row.cpu_percent.present().is_some()).await;
    assert_eq!(row.status.state, HostState::Up);
    assert_eq!(row.status.name.as_str(), "gpu-1");
    assert_eq!(row.status.group.as_str(), "lab / all");
    assert!(upper.row("lab").await.is_none(), "the site itself is no host");
    let overview = upper.feed.overview(member()).await.unwrap();
    let groups: Vec<_> = overview.groups.iter().map(|group| group.as_str()).collect();
    assert_eq!(groups, ["all", "lab / all"]);

    let _page = upper.look("host/lab~gpu-1");
    let topic = "host/lab~gpu-1".parse().unwrap();
    let mut last = None;
    for _ in 0..20 {
        let bytes = upper.feed.document(&topic, member()).await.unwrap();
        let document: HostDocument = serde_json::from_slice(&bytes).unwrap();
        if document.gpus.value.present().is_some() {
            last = Some(document);
            break;
        }
        tokio::time::sleep(super::node::INTERVAL).await;
    }
    let document = last.expect("details come through both");
    assert_eq!(document.host.as_str(), "lab~gpu-1");
    assert!(document.cpu.value.present().is_some());

    drop(served);
    let lost = upper.until("lab~gpu-1", |row| row.status.state == HostState::Down).await;
    assert_eq!(lost.status.trouble.unwrap().kind, TroubleKind::Refused);
    assert!(lost.cpu_percent.present().is_some());
}

/// Where a host of the site is lost, the site is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_host_of_a_site_does_not_make_the_site_slow() {
    let node = real("inside", "127.0.0.1:0");
    let dead = super::node::liar(super::node::Reply::Hang).await;
    let middle = App::of(vec![host("alive", node.address), host("dead", dead.address)]);
    let served = middle.serve("127.0.0.1:0");
    let upper = App::of(vec![host("lab", served.address)]);
    let dead = upper.until("lab~dead", |row| row.status.state == HostState::Down).await;
    assert_eq!(dead.status.trouble.unwrap().kind, TroubleKind::ReadTimeout);
    let _page = upper.look("host/lab~dead");
    let _looking = upper.look("overview");
    for _ in 0..12 {
        tokio::time::sleep(super::node::INTERVAL).await;
        let alive = upper.row("lab~alive").await.unwrap();
        assert_eq!(alive.status.state, HostState::Up, "{:?}", alive.status);
    }
}
