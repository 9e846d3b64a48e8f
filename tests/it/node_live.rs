//! The node with all its sources on the machine the tests run on, while the machine is unwell.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use smonitor::clock::Clock;
use smonitor::feed::{self, Event, Feed, Subscription};
use smonitor::host::{Context, Roots, sources};
use smonitor::model::HostId;
use smonitor::model::wire::Topic;
use smonitor::node::{Node, Settings};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::{Client, member};

const INTERVAL: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(20);

/// Ends its process however the test ends.
struct Guest(Child);

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start() -> (Feed, HostId, CancellationToken) {
    let clock = Clock::system();
    let settings = feed::Settings { fresh_for: INTERVAL, wait_at_most: PATIENCE };
    let (feed, publisher) = feed::new(settings, clock.clone());
    let context = Context { roots: Roots::live(), clock, rate_window: Duration::from_secs(60) };
    let host = HostId::parse("here").unwrap();
    let settings = Settings {
        host: host.clone(),
        interval: INTERVAL,
        process_interval: INTERVAL,
        linger: Duration::ZERO,
        track_gpus: None,
    };
    let node = Node::new(
        settings,
        sources(&context, smonitor::host::Settings::default()),
        context,
        publisher,
    )
    .unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(node.run(stop.clone(), || {}));
    (feed, host, stop)
}

async fn frame(subscription: &mut Subscription, client: &mut Client) {
    match timeout(PATIENCE, subscription.next()).await.expect("a frame in time") {
        Event::Frame(frame) => client.take(frame.json()),
        Event::Gone => panic!("gone"),
    }
}

/// Processes started since boot, by the kernel's count.
fn started() -> u64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap();
    let line = stat.lines().find_map(|line| line.strip_prefix("processes ")).unwrap();
    line.parse().unwrap()
}

/// As many processes as the machine can start, each gone at once.
#[expect(clippy::disallowed_methods, reason = "the test makes the processes it looks at")]
fn storm() -> Guest {
    let script = "if command -v perl >/dev/null; then
            exec perl -e 'for (;;) { my $p = fork; exit 0 if defined $p && !$p; waitpid $p, 0 if $p }'
        fi
        while :; do (:); done";
    let mut command = Command::new("sh");
    Guest(command.args(["-c", script]).stdin(Stdio::null()).spawn().unwrap())
}

/// What is wrong with a section, and when it was read.
fn section(document: &Value, key: &str) -> (Value, i64) {
    (document[key]["problem"].clone(), document[key]["taken_at_ms"].as_i64().unwrap_or(0))
}

#[tokio::test]
async fn thousands_of_short_lived_processes_a_second_delay_nothing() {
    let (feed, host, _stop) = start();
    let mut viewer = feed.subscribe(&Topic::Host(host.clone()), member()).unwrap();
    let mut table = feed.subscribe(&Topic::Processes(host), member()).unwrap();
    let (mut seen, mut rows) = (Client::default(), Client::default());
    frame(&mut viewer, &mut seen).await;
    frame(&mut table, &mut rows).await;
    let clock = Clock::system();
    let (before, began) = (started(), clock.monotonic());
    let _storms = [storm(), storm()];
    let mut times = BTreeSet::new();
    let mut ticks = BTreeSet::new();
    while ticks.len() < 25 || times.len() < 25 {
        tokio::select! {
            () = frame(&mut viewer, &mut seen) => {
                for key in ["system", "cpu", "memory", "disks", "network"] {
                    let (problem, _) = section(&seen.document, key);
                    assert_eq!(problem, Value::Null, "{key}");
                }
                times.insert(section(&seen.document, "cpu").1);
            }
            () = frame(&mut table, &mut rows) => {
                let (problem, taken) = section(&rows.document, "summary");
                assert_eq!(problem, Value::Null, "the process table");
                assert!(rows.document["processes"].as_array().unwrap().len() > 2);
                ticks.insert(taken);
            }
        }
    }
    let seconds = (clock.monotonic() - began).as_secs_f64();
    let rate = (started() - before) as f64 / seconds;
    assert!(rate > 100.0, "a storm: {rate} processes a second");
    println!("{rate:.0} processes a second; 25 ticks of each in {seconds:.1} s");
}
