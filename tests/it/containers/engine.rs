//! Engines that behave, and engines that do not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use smonitor::clock::Clock;
use smonitor::host::container::{ContainerSource, Engine, Settings};
use smonitor::host::{Context, Roots, Source as _};
use smonitor::model::container::{Container, ContainerHealth, ContainerState, Containers};
use smonitor::model::source::Remedy;
use smonitor::model::{Reading, Reason, UnixMillis};

use super::fake::{self, Answer, good, json};
use super::made::{ID, OTHER, lay, machine};
use super::{containers, row};
use crate::host_machine::{Machine, pause};

const RUNNING: &str = r#""Names":["/web"],"Image":"nginx:1","State":"running",
    "Status":"Up 2 hours (healthy)","Labels":{"b":"2","a":"1"}"#;
const ONE: &str = r#"{"RestartCount":3,"State":{"StartedAt":"2026-12-01T12:17:54.5Z",
    "Health":{"Status":"healthy"}}}"#;

fn list(entry: &str) -> String {
    format!(r#"[{{"Id":"{ID}",{entry}}}]"#)
}

/// A source of this machine with engines; real time passes.
fn source(machine: &Machine, addresses: &[&str]) -> ContainerSource {
    let engines = addresses.iter().map(|address| Engine::parse(address).unwrap()).collect();
    let context = Context { clock: Clock::system(), ..machine.context() };
    ContainerSource::with(context, Settings { engines })
}

/// A source of this very machine.
pub(super) fn live(addresses: &[&str]) -> ContainerSource {
    let engines = addresses.iter().map(|address| Engine::parse(address).unwrap()).collect();
    let rate_window = Duration::from_secs(60);
    let context = Context { roots: Roots::live(), clock: Clock::system(), rate_window };
    ContainerSource::with(context, Settings { engines })
}

pub(super) fn address(socket: &Path) -> String {
    format!("unix://{}", socket.display())
}

/// Runs until it is so. No run may take long, whatever an engine does.
#[allow(clippy::disallowed_methods, reason = "engines take real time")]
pub(super) fn until(
    source: &mut ContainerSource,
    what: &str,
    is_so: impl Fn(&Containers) -> bool,
) -> Containers {
    let begun = Instant::now();
    loop {
        let before = Instant::now();
        let told = containers(source);
        let took = before.elapsed();
        assert!(took < Duration::from_secs(1), "a run took {took:?}");
        if is_so(&told) {
            return told;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{what} never came: {told:#?}");
        pause();
    }
}

fn named(told: &Containers) -> &Container {
    row(told, &format!("docker/{ID}")).unwrap()
}

#[test]
fn an_engine_tells_what_control_groups_do_not() {
    let machine = machine();
    lay(&machine, ID, 100, 1);
    lay(&machine, OTHER, 200, 1);
    let socket = machine.path("e.sock");
    let asked = fake::listen(&socket, good(&list(RUNNING), ONE));
    let mut source = source(&machine, &[&address(&socket)]);
    let first = containers(&mut source);
    assert_eq!(named(&first).name.reason(), Some(Reason::NotCollected), "nobody waits for it");
    let told = until(&mut source, "a name", |told| named(told).name.present().is_some());
    let row = named(&told);
    assert_eq!(row.name, Reading::Present("web".into()));
    assert_eq!(row.image, Reading::Present("nginx:1".into()));
    assert_eq!(row.state, Reading::Present(ContainerState::Running));
    assert_eq!(row.health, Reading::Present(ContainerHealth::Healthy));
    assert_eq!(row.restarts, Reading::Present(3));
    assert_eq!(row.started_at_ms, Reading::Present(UnixMillis(1_796_127_474_500)));
    let labels = row.labels.present().unwrap();
    assert_eq!(labels.iter().map(|label| &*label.name).collect::<Vec<_>>(), ["a", "b"]);
    let other = super::row(&told, &format!("docker/{OTHER}")).unwrap();
    assert_eq!(other.name.reason(), Some(Reason::NotCollected), "this engine does not know it");
    assert_eq!(told.engines[0].version, Reading::Present("Docker Engine 1.2".into()));
    assert_eq!(told.engines[0].problem, None);
    assert!(source.findings().is_empty());
    let wanted = ["GET /version", "GET /containers/json", &format!("GET /containers/{ID}/json")];
    assert_eq!(*asked.lock().unwrap(), wanted, "and nothing else, once");
}

#[test]
fn what_may_have_changed_is_asked_again_and_what_has_not_is_not() {
    let machine = machine();
    lay(&machine, ID, 100, 1);
    let socket = machine.path("e.sock");
    let now = Arc::new(std::sync::Mutex::new(list(RUNNING)));
    let told_now = Arc::clone(&now);
    let asked = fake::listen(
        &socket,
        Arc::new(move |path, to| good(&told_now.lock().unwrap(), ONE)(path, to)),
    );
    let engines = vec![Engine::parse(&address(&socket)).unwrap()];
    // Time is moved by hand: rounds come as soon as they are due.
    let mut source = ContainerSource::with(machine.context(), Settings { engines });
    let round = |source: &mut ContainerSource, seconds: u64| {
        let before = asked.lock().unwrap().len();
        machine.pass(Duration::from_secs(seconds));
        let mut quiet = 0;
        let mut length = before;
        // A round is over when nothing more comes: the next one is not before time has passed.
        while quiet < 30 {
            containers(source);
            pause();
            let now = asked.lock().unwrap().len();
            quiet = if now > before && now == length { quiet + 1 } else { 0 };
            length = now;
        }
        asked.lock().unwrap()[before..].to_vec()
    };
    let one = format!("GET /containers/{ID}/json");
    let list_only = ["GET /containers/json"];
    assert_eq!(round(&mut source, 5), ["GET /version", "GET /containers/json", &one]);
    assert_eq!(round(&mut source, 5), list_only);
    *now.lock().unwrap() = list(&RUNNING.replace("(healthy)", "(unhealthy)"));
    assert_eq!(round(&mut source, 5), ["GET /containers/json", &one]);
    let told = containers(&mut source);
    assert_eq!(named(&told).health, Reading::Present(ContainerHealth::Unhealthy));
    assert_eq!(round(&mut source, 50), ["GET /version", "GET /containers/json"]);
    assert_eq!(round(&mut source, 15), ["GET /containers/json", &one], "now and then all the same");
    // One that is new to the engine, or was started again, is asked for soon.
    lay(&machine, OTHER, 200, 1);
    assert_eq!(round(&mut source, 1), list_only);
}

#[test]
fn an_engine_at_a_port_is_asked_as_well_and_of_two_the_first_that_knows_is_believed() {
    let machine = machine();
    lay(&machine, ID, 100, 1);
    let socket = machine.path("e.sock");
    fake::listen(&socket, good("[]", "{}"));
    let (port, _) = fake::listen_tcp(good(&list(RUNNING), ONE));
    let tcp = format!("tcp://127.0.0.1:{port}");
    let mut source = source(&machine, &[&address(&socket), &tcp]);
    let told = until(&mut source, "a name", |told| named(told).name.present().is_some());
    assert_eq!(told.engines.len(), 2);
    assert_eq!(&*told.engines[1].address, &*tcp);
}

/// What an engine says wrongly, and the word for it.
fn fails_with(reason: Reason, answer: Answer) {
    let machine = machine();
    lay(&machine, ID, 100, 1);
    let socket = machine.path("e.sock");
    fake::listen(&socket, answer);
    let mut source = source(&machine, &[&address(&socket)]);
    let told = until(&mut source, reason.as_str(), |told| told.engines[0].problem.is_some());
    let problem = told.engines[0].problem.unwrap();
    assert_eq!(problem.reason, reason);
    let row = named(&told);
    assert_eq!(row.name.reason(), Some(reason));
    assert_eq!(row.image.reason(), Some(reason));
    assert!(row.memory_bytes.present().is_some(), "figures need no engine");
    let findings = source.findings();
    assert_eq!(findings.len(), 1);
    assert_eq!((&*findings[0].what, findings[0].problem), (&*address(&socket), problem));
    let joins = findings[0].remedy == Remedy::JoinEngineGroup;
    assert_eq!(joins, reason == Reason::PermissionDenied);
}

/// Behaves but for the list.
fn but_the_list(
    list: impl Fn(&mut dyn std::io::Write) -> std::io::Result<()> + Send + Sync + 'static,
) -> Answer {
    Arc::new(move |path, to| match path {
        "/containers/json" => list(to),
        _ => good("[]", ONE)(path, to),
    })
}

#[test]
fn garbage_is_malformed() {
    fails_with(
        Reason::Malformed,
        Arc::new(|_, to| to.write_all(b"\x16\x03\x01\xff garbage\r\n\r\n")),
    );
    fails_with(Reason::Malformed, but_the_list(|to| to.write_all(&json("{\"not\":\"a list\"}"))));
    fails_with(Reason::Malformed, but_the_list(|to| to.write_all(&json(&"[".repeat(100_000)))));
    fails_with(
        Reason::Malformed,
        but_the_list(|to| to.write_all(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n")),
    );
    fails_with(
        Reason::ReadFailed,
        but_the_list(|to| to.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[")),
    );
    fails_with(Reason::ReadFailed, Arc::new(|_, _| Ok(())));
    fails_with(
        Reason::PermissionDenied,
        Arc::new(|_, to| to.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")),
    );
}

#[test]
fn what_never_ends_is_left_off() {
    fails_with(
        Reason::OutOfResources,
        but_the_list(|to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            loop {
                to.write_all(b"10000\r\n")?;
                to.write_all(&[b' '; 0x10000])?;
                to.write_all(b"\r\n")?;
            }
        }),
    );
    fails_with(
        Reason::Malformed,
        but_the_list(|to| {
            to.write_all(b"HTTP/1.1 200 OK\r\n")?;
            loop {
                to.write_all(b"X-More: and more\r\n")?;
            }
        }),
    );
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a slow engine takes real time")]
fn a_slow_drip_is_not_waited_for() {
    let begun = Instant::now();
    fails_with(
        Reason::NotResponding,
        but_the_list(|to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")?;
            loop {
                to.write_all(b" ")?;
                pause();
            }
        }),
    );
    assert!(begun.elapsed() < Duration::from_secs(8));
}

#[test]
fn ids_that_are_paths_lead_nowhere_and_lies_about_types_cost_what_they_are_about() {
    let machine = machine();
    lay(&machine, ID, 100, 1);
    let socket = machine.path("e.sock");
    let lies = format!(
        r#"[{{"Id":"../../../etc/passwd","Names":["/a"]}},{{"Id":"{ID}/../../images"}},7,null,
            {{"Id":"{ID}","Names":[7],"Image":"a\u001b]0;x\u0007","State":[],"Labels":"x"}},
            {{"Id":"{OTHER}","Names":["/not-here"],"State":"running"}}]"#
    );
    let asked = fake::listen(&socket, good(&lies, r#"{"RestartCount":"many","State":7}"#));
    let mut source = source(&machine, &[&address(&socket)]);
    let told = until(&mut source, "an image", |told| named(told).image.present().is_some());
    assert_eq!(told.rows.len(), 1, "what has no control group is no container of this machine");
    let row = named(&told);
    assert_eq!(row.image, Reading::Present("a\u{241b}]0;x\u{2407}".into()));
    for reason in
        [row.name.reason(), row.state.reason(), row.labels.reason(), row.restarts.reason()]
    {
        assert_eq!(reason, Some(Reason::Malformed));
    }
    assert_eq!(row.health.reason(), Some(Reason::NotSupported));
    assert!(row.started_at_ms.present().is_some(), "by its oldest process");
    let all = asked.lock().unwrap();
    assert!(all.iter().all(|path| !path.contains("..") && !path.contains(OTHER)), "{all:?}");
}

#[test]
fn what_is_wrong_with_one_container_costs_that_one() {
    for (wrong, reason) in [
        (json("7"), Reason::Malformed),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n".to_vec(), Reason::ReadFailed),
        (json(&" ".repeat(1 << 20)), Reason::OutOfResources),
    ] {
        let machine = machine();
        lay(&machine, ID, 100, 1);
        lay(&machine, OTHER, 200, 1);
        let socket = machine.path("e.sock");
        let both = format!(r#"[{{"Id":"{OTHER}",{RUNNING}}},{{"Id":"{ID}",{RUNNING}}}]"#);
        let good = good(&both, ONE);
        fake::listen(
            &socket,
            Arc::new(
                move |path, to| {
                    if path.contains(OTHER) { to.write_all(&wrong) } else { good(path, to) }
                },
            ),
        );
        let mut source = source(&machine, &[&address(&socket)]);
        let told = until(&mut source, "details", |told| named(told).restarts.present().is_some());
        let other = row(&told, &format!("docker/{OTHER}")).unwrap();
        assert_eq!(other.restarts.reason(), Some(reason));
        assert_eq!(other.name, Reading::Present("web".into()));
        assert_eq!(told.engines[0].problem, None);
    }
}

#[test]
fn no_socket_and_a_closed_one_say_what_would_mend_it() {
    let machine = machine();
    lay(&machine, ID, 100, 1);
    let socket = machine.path("e.sock");
    let mut source = source(&machine, &[&address(&socket)]);
    let told = until(&mut source, "a problem", |told| told.engines[0].problem.is_some());
    assert_eq!(told.engines[0].problem.unwrap().reason, Reason::NotInstalled);
    assert_eq!(source.findings()[0].remedy, Remedy::InstallProvider);
    // It is started later, and is found.
    fake::listen(&socket, good(&list(RUNNING), ONE));
    let told = until(&mut source, "a name", |told| named(told).name.present().is_some());
    assert_eq!(told.engines[0].problem, None);
    assert!(source.findings().is_empty());
}

#[test]
fn trouble_that_goes_on_keeps_its_beginning() {
    let machine = machine();
    let engines = vec![Engine::parse(&address(&machine.path("none.sock"))).unwrap()];
    // Time is moved by hand: every round begins at another moment.
    let mut source = ContainerSource::with(machine.context(), Settings { engines });
    let began = until(&mut source, "a problem", |told| told.engines[0].problem.is_some());
    for _ in 0..3 {
        machine.pass(Duration::from_secs(5));
        containers(&mut source);
        for _ in 0..10 {
            pause();
        }
        assert_eq!(containers(&mut source).engines, began.engines);
    }
    assert_eq!(source.findings()[0].problem, began.engines[0].problem.unwrap());
}

#[test]
fn a_socket_of_a_group_we_are_not_in_says_so() {
    if rustix::process::geteuid().is_root() {
        println!("skipped: root may open every socket");
        return;
    }
    let machine = machine();
    lay(&machine, ID, 100, 1);
    let socket = machine.path("e.sock");
    fake::listen(&socket, good("[]", "{}"));
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o000)).unwrap();
    let mut source = source(&machine, &[&address(&socket)]);
    let told = until(&mut source, "a problem", |told| told.engines[0].problem.is_some());
    assert_eq!(told.engines[0].problem.unwrap().reason, Reason::PermissionDenied);
    assert_eq!(source.findings()[0].remedy, Remedy::JoinEngineGroup);
}
