//! What guests are told: load and no names. Everything that names a person, a place or a service in
//! a host's document must be missing from theirs, in documents and in patches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use smonitor::clock::Clock;
use smonitor::feed::{self, Event};
use smonitor::model::filesystem::FilesystemRole;
use smonitor::model::gpu::GpuFinding;
use smonitor::model::source::{Remedy, SourceFinding, SourceHealth, SourceState};
use smonitor::model::wire::{HostDocument, Topic};
use smonitor::model::{Audience, HostId, Problem, Reading, Reason, Role, Snapshot, UnixMillis};
use smonitor::web::metrics::{Format, page};

use crate::metrics::machine::own;
use crate::metrics::scrape::Scrape;
use crate::support::{NOON, snapshot};

/// The demo machine, whose sources have something to tell about a place.
fn machine(id: &HostId, at: UnixMillis) -> Snapshot {
    let mut snapshot = snapshot(id, 3, at);
    let problem = Problem { reason: Reason::NotResponding, since_ms: NOON };
    let mut sources = health();
    sources.findings = vec![SourceFinding::new("filesystems", "/mnt/of-bob".into(), problem)];
    snapshot.sources = Arc::new(vec![sources]);
    snapshot
}

fn health() -> SourceHealth {
    SourceHealth {
        name: "filesystems".to_owned(),
        state: SourceState::Partial,
        problem: None,
        remedy: Remedy::Nothing,
        findings: Vec::new(),
        duration_seconds: Reading::absent(Reason::NotCollected),
        interval_ms: 5000,
        started_at_ms: Reading::absent(Reason::NotCollected),
        runs: 1,
        failures: 0,
        skipped: 0,
    }
}

/// Every name that a member is told.
fn names(document: &HostDocument) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    names.extend(names_of_cards(document));
    names.extend(names_of_containers(document));
    let mut add = |text: &str| names.insert(text.to_owned());
    for login in &document.logins.value.present().unwrap().sessions {
        add(&login.user);
        login.from.present().map(|from| add(from));
    }
    let network = document.network.value.present().unwrap();
    add(&network.primary.present().unwrap().address);
    for interface in &network.interfaces {
        interface.mac_address.present().map(|mac| add(mac));
        for address in interface.addresses.present().into_iter().flatten() {
            add(&address.address);
        }
    }
    for row in &document.filesystems.value.present().unwrap().rows {
        if row.role == FilesystemRole::Other {
            add(&row.device);
            row.mount_points.iter().for_each(|place| {
                add(place);
            });
        }
    }
    for pool in &document.zfs.value.present().unwrap().pools {
        add(&pool.key);
    }
    for unit in &document.units.value.present().unwrap().failed {
        add(&unit.key);
        add(&unit.description);
    }
    for source in &document.sources {
        source.findings.iter().for_each(|finding| {
            add(&finding.what);
        });
    }
    names
}

/// Who is on the cards, with what, where; and what tells one board from all others.
fn names_of_cards(document: &HostDocument) -> Vec<String> {
    let gpus = document.gpus.value.present().unwrap();
    let mut names = Vec::new();
    for process in &gpus.processes {
        let texts = [&process.name, &process.user, &process.command];
        names.extend(texts.iter().filter_map(|text| text.present()).map(ToString::to_string));
        let place = process.place.present().cloned().unwrap_or_default();
        let parts = [&place.slurm_job, &place.unit, &place.session, &place.pod];
        names.extend(parts.into_iter().flatten().map(ToString::to_string));
        names.push(process.key.to_string());
    }
    for person in &gpus.people {
        names.extend(person.user.present().map(ToString::to_string));
        names.extend(person.containers.iter().map(|container| container.key.to_string()));
    }
    for card in &gpus.cards {
        names.extend(
            [&card.uuid, &card.serial]
                .iter()
                .filter_map(|id| id.present())
                .map(ToString::to_string),
        );
        names.extend(
            card.slices.iter().filter_map(|slice| slice.uuid.present()).map(ToString::to_string),
        );
        for finding in &card.health.findings {
            if let GpuFinding::GhostMemory { holders, .. } = finding {
                let holders = holders.present().into_iter().flatten();
                names.extend(holders.map(|holder| holder.name.to_string()));
            }
        }
    }
    names
}

fn names_of_containers(document: &HostDocument) -> Vec<String> {
    let containers = document.containers.value.present().unwrap();
    let mut names: Vec<String> =
        containers.engines.iter().map(|engine| engine.address.to_string()).collect();
    for row in &containers.rows {
        names.extend([row.key.to_string(), row.short.to_string()]);
        names.extend(
            [&row.name, &row.image]
                .iter()
                .filter_map(|text| text.present())
                .map(ToString::to_string),
        );
        names.extend(row.pod.iter().map(ToString::to_string));
        let labels = row.labels.present().into_iter().flatten();
        names.extend(labels.map(|label| label.value.to_string()));
    }
    names
}

/// All texts of a JSON value.
fn texts<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) => {
            found.insert(text);
        }
        Value::Array(list) => list.iter().for_each(|each| texts(each, found)),
        Value::Object(map) => map.values().for_each(|each| texts(each, found)),
        _ => {}
    }
}

#[tokio::test]
async fn a_guest_is_told_no_name_of_a_person_a_place_or_a_service() {
    let (clock, _hands) = Clock::manual(NOON);
    let settings =
        feed::Settings { fresh_for: Duration::from_secs(2), wait_at_most: Duration::from_secs(5) };
    let (feed, publisher) = feed::new(settings, clock);
    let id = HostId::parse("gpu-01").unwrap();
    publisher.add_host(id.clone());
    let topic = Topic::Host(id.clone());
    publisher.publish(&Arc::new(machine(&id, NOON)));

    let member = feed.document(&topic, Audience::new(Role::Member)).await.unwrap();
    let read = |document: &[u8]| serde_json::from_slice::<HostDocument>(document).unwrap();
    let told = read(&member);
    let names = names(&told);
    assert!(names.len() > 40, "the demo has names to hide: {names:?}");

    let mut guest = feed.subscribe(&topic, Audience::new(Role::Guest)).unwrap();
    for step in 1..10 {
        let Event::Frame(frame) = guest.next().await else { panic!("gone") };
        let message: Value = serde_json::from_slice(frame.json()).unwrap();
        let mut told = BTreeSet::new();
        texts(&message, &mut told);
        let leaked: Vec<_> = names.iter().filter(|name| told.contains(name.as_str())).collect();
        assert!(leaked.is_empty(), "frame {step} tells a guest {leaked:?}");
        let at = UnixMillis(NOON.0 + step * 30_000);
        publisher.publish(&Arc::new(machine(&id, at)));
    }

    let guest = feed.document(&topic, Audience::new(Role::Guest)).await.unwrap();
    let told: HostDocument = serde_json::from_slice(&guest).unwrap();
    assert_eq!(told.logins.value.reason(), Some(Reason::Hidden));
    assert!(told.cpu.value.present().is_some(), "load is for everybody");
    let (whole, cards) = (read(&member), told.gpus.value.present().unwrap());
    assert_eq!(told.containers.value.reason(), Some(Reason::Hidden));
    assert_eq!((cards.processes.len(), cards.people.len()), (0, 0));
    for (shown, all) in cards.cards.iter().zip(&whole.gpus.value.present().unwrap().cards) {
        assert_eq!((shown.state, &shown.utilisation), (all.state, &all.utilisation));
        assert_eq!(shown.process_count, all.process_count, "how many is for everybody");
        assert_eq!(shown.uuid.reason(), Some(Reason::Hidden));
    }
    let hidden = cards.cards.iter().flat_map(|card| &card.health.findings).any(|finding| {
        matches!(finding, GpuFinding::GhostMemory { holders, .. }
            if holders.reason() == Some(Reason::Hidden))
    });
    assert!(hidden, "that memory is used by nobody is told, and not who has the card open");
    let filesystems = told.filesystems.value.present().unwrap();
    assert!(!filesystems.rows.is_empty() && filesystems.left_out > 0, "the system's own are shown");

    // The same as metrics.
    let labels = async |role| {
        let snapshot = feed.snapshot(&id, Audience::new(role)).await.unwrap();
        let text = page(&snapshot, &own(), snapshot.taken_at_ms, Format::OpenMetrics);
        let scrape = Scrape::read(std::str::from_utf8(&text).unwrap());
        let series = scrape.samples.into_values().flat_map(BTreeMap::into_keys);
        series.flat_map(BTreeMap::into_values).collect::<BTreeSet<String>>()
    };
    let (guest, member) = (labels(Role::Guest).await, labels(Role::Member).await);
    let leaked: Vec<_> = names.intersection(&guest).collect();
    assert!(leaked.is_empty(), "metrics tell a guest {leaked:?}");
    assert!(names.intersection(&member).count() > 5, "members are told: {member:?}");
}
