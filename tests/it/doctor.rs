//! What the doctor says of sources in every state there is.

use std::time::Duration;

use smonitor::clock::Clock;
use smonitor::commands::doctor::{Finding, Status, report, sources};
use smonitor::commands::measure::{self, Look};
use smonitor::commands::remedy::Reader;
use smonitor::host::{Collected, Context, Roots, Source};
use smonitor::model::gpu::DriverState;
use smonitor::model::source::{Remedy, SourceFinding, SourceHealth, SourceState};
use smonitor::model::{Audience, HostId, Problem, Reading, Reason, Role, UnixMillis};
use smonitor::{demo, node};

use crate::support::{NOON, demo_look};

fn reader() -> Reader {
    Reader { program: "/usr/bin/smonitor".to_owned(), is_root: false, group: Some(998) }
}

fn since(seconds: i64, reason: Reason) -> Problem {
    Problem { reason, since_ms: UnixMillis(NOON.0 - seconds * 1000) }
}

/// One source in every state, out of those of the demo machine.
fn every_state() -> Look {
    let mut look = demo_look(3, NOON);
    let set = |name: &str, state, problem: Option<Problem>, sources: &mut Vec<SourceHealth>| {
        let health = sources.iter_mut().find(|health| health.name == name).unwrap();
        health.state = state;
        health.problem = problem;
        health.remedy = problem.map_or(Remedy::Nothing, |p| Remedy::of(name, p.reason));
    };
    let all = &mut look.host.sources;
    set("raid", SourceState::Stuck, Some(since(400, Reason::NotResponding)), all);
    set("cpu", SourceState::Failing, Some(since(7, Reason::Malformed)), all);
    set("units", SourceState::Forbidden, Some(since(90, Reason::PermissionDenied)), all);
    set("memory", SourceState::Slow, None, all);
    set("zfs", SourceState::NotThere, Some(since(9, Reason::NotSupported)), all);
    set("numa", SourceState::Waiting, None, all);
    let processes = all.iter_mut().find(|health| health.name == "processes").unwrap();
    processes.state = SourceState::Partial;
    for (what, problem) in [
        ("process 4711 (python)", since(3000, Reason::NotResponding)),
        ("command lines of 3 processes", since(12, Reason::PermissionDenied)),
        ("process 4712 (python)", since(200_000, Reason::NotResponding)),
    ] {
        processes.findings.push(SourceFinding::new("processes", what.into(), problem));
    }
    look
}

#[test]
fn golden_every_state_on_a_terminal() {
    let findings = sources::examine(&every_state(), &reader());
    insta::assert_snapshot!("doctor-every-state", report::text(&findings, 80));
    let bad = findings.iter().filter(|finding| finding.status == Status::Bad);
    assert_eq!(bad.map(|finding| &*finding.what).collect::<Vec<_>>(), ["raid", "cpu"]);
}

#[test]
fn lines_are_as_wide_as_the_terminal_and_whole_in_a_file() {
    let findings = sources::examine(&every_state(), &reader());
    for width in [60, 80, 120] {
        let text = report::text(&findings, width);
        // A file's name is not broken.
        let one_word = |line: &str| line.trim_matches(|c| " ·→".contains(c)).contains(' ');
        let wide = text.lines().find(|line| line.chars().count() > width && one_word(line));
        assert_eq!(wide, None);
    }
    let whole = report::text(&findings, usize::MAX);
    assert!(whole.contains("sudo chgrp 998 /sys/class/powercap/intel-rapl:0/energy_uj && "));
}

#[test]
fn json_has_the_same_and_the_sources_as_they_are() {
    let look = every_state();
    let findings = sources::examine(&look, &reader());
    let json = report::json(&findings, &look.host.sources);
    assert_eq!(json["ok"], false);
    assert_eq!(json["findings"].as_array().unwrap().len(), look.host.sources.len());
    assert_eq!(json["findings"][0]["what"], "raid");
    assert_eq!(json["findings"][0]["status"], "problem");
    let sources: Vec<SourceHealth> = serde_json::from_value(json["sources"].clone()).unwrap();
    assert_eq!(sources, look.host.sources);
}

/// A source that is in the kernel and does not come back.
struct Hanging(std::sync::mpsc::Receiver<()>);

impl Source for Hanging {
    fn name(&self) -> &'static str {
        "filesystems"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        // Until the test has ended.
        let _ = self.0.recv();
        Err(Reason::Gone)
    }
}

/// Takes as long as the deadline of a source.
#[tokio::test]
async fn a_source_that_hangs_is_told_and_not_waited_for() {
    let context = Context {
        roots: Roots::live(),
        clock: Clock::system(),
        rate_window: Duration::from_secs(10),
    };
    let (end, hangs) = std::sync::mpsc::channel();
    let mut all = demo::sources(1, &context);
    all.retain(|source| source.name() != "filesystems");
    all.push(Box::new(Hanging(hangs)));
    let settings = node::Settings {
        host: HostId::parse("gpu-01").unwrap(),
        interval: Duration::from_secs(2),
        process_interval: Duration::from_secs(2),
        linger: Duration::from_secs(1),
    };
    let begun = context.clock.monotonic();
    let clock = context.clock.clone();
    let look = measure::look(settings, all, context, Audience::new(Role::Admin)).await.unwrap();
    let took = clock.monotonic() - begun;
    assert!((4.5..7.5).contains(&took.as_secs_f64()), "{took:?}");
    let found = sources::examine(&look, &reader());
    let [Finding { what, status, says, mend, .. }, ..] = &found[..] else { panic!() };
    assert_eq!((&**what, *status), ("filesystems", Status::Bad));
    assert!(says.starts_with("stuck: not responding for "), "{says}");
    assert!(mend.as_ref().unwrap().contains("umount -l"), "{mend:?}");
    assert_eq!(look.host.filesystems.value, Reading::absent(Reason::NotResponding));
    assert!(found[1..].iter().all(|finding| finding.status != Status::Bad), "{found:#?}");
    drop(end);
}

#[test]
fn the_driver_and_the_engines_are_told() {
    let says = |look: &Look, name: &str| {
        let found = sources::examine(look, &reader());
        found.into_iter().find(|finding| finding.what == name).unwrap()
    };
    let mut look = demo_look(3, NOON);
    let well = says(&look, "gpus");
    assert_eq!((well.status, &well.mend), (Status::Good, &None));
    assert!(well.says.ends_with("; driver 550.90.07, 8 cards"), "{}", well.says);
    let engines = says(&look, "containers");
    assert!(
        engines.says.ends_with(
            "; 10 containers, engines: Docker Engine - Community 28.2.2, \
             unix:///run/user/1010/podman/podman.sock (permission denied); what is missing:"
        ),
        "{}",
        engines.says
    );
    let Reading::Present(gpus) = &mut look.host.gpus.value else { panic!() };
    gpus.driver = DriverState::NotLoaded;
    gpus.cards.truncate(1);
    let unloaded = says(&look, "gpus");
    assert_eq!(unloaded.status, Status::Limited, "cards nobody can use are not well");
    assert!(unloaded.says.ends_with("; 1 card, the driver's kernel module is not loaded"));
    assert!(unloaded.mend.unwrap().starts_with("sudo modprobe nvidia"));
    let Reading::Present(containers) = &mut look.host.containers.value else { panic!() };
    containers.engines.clear();
    containers.rows.truncate(1);
    let health = look.host.sources.iter_mut().find(|health| health.name == "containers").unwrap();
    (health.state, health.findings) = (SourceState::Well, Vec::new());
    assert!(
        says(&look, "containers").says.ends_with("; 1 container, no engine is asked for names")
    );
}
