//! Any table to any other table: the patch makes the one out of the other, for every audience.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::Value;
use smonitor::clock::Clock;
use smonitor::feed::{self, Event};
use smonitor::model::process::{Process, ProcessState};
use smonitor::model::wire::Topic;
use smonitor::model::{
    Audience, Bytes, HostId, Percent, Problem, Reading, Reason, Role, Snapshot, UnixMillis,
};

use crate::support::{Client, NOON, section, snapshot, sorted};

/// A process as its pid, which run of that pid, and a number that its values follow from.
type Sketch = BTreeMap<u8, (u8, u16)>;

fn process(pid: u8, (run, value): (u8, u16), like: &Process) -> Process {
    let mut process = like.clone();
    let row = &mut process.row;
    row.pid = u32::from(pid);
    row.key = format!("{pid}-{run}").into();
    row.cpu_percent = match value % 5 {
        0 => Reading::absent(Reason::Measuring),
        _ => Reading::Present(Percent(f64::from(value) / 10.0)),
    };
    row.resident_bytes = Bytes(u64::from(value / 7));
    row.state = if value % 3 == 0 { ProcessState::Running } else { ProcessState::Sleeping };
    let hostile = ["\"", "\\", "\u{202e}", "</script>", "\n"][usize::from(value % 5)];
    row.command = Reading::Present(format!("run {} {hostile} --password=***", value % 4).into());
    process.full_command = (value % 2 == 0).then(|| format!("secret {}", value % 6).into());
    process
}

fn with_table(host: &HostId, sketch: &Sketch, problem: Option<Problem>) -> Snapshot {
    let mut made = snapshot(host, 1, NOON);
    let mut table = made.processes.value.present().expect("the demo has processes").clone();
    let like = table.rows[0].clone();
    table.rows = sketch.iter().map(|(pid, of)| process(*pid, *of, &like)).collect();
    let mut processes = section(table, NOON);
    let changed = Arc::make_mut(&mut processes);
    changed.problem = problem;
    changed.taken_at_ms = Reading::Present(UnixMillis(NOON.0 + sketch.len() as i64));
    made.processes = processes;
    made
}

fn sketches() -> impl Strategy<Value = Sketch> {
    prop::collection::btree_map(0_u8..60, (0_u8..3, 0_u16..50), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn a_patch_makes_any_table_out_of_any_other(tables in prop::collection::vec(sketches(), 2..6), troubled in any::<bool>()) {
        let host = HostId::parse("any").unwrap();
        let (clock, _) = Clock::manual(NOON);
        let settings = feed::Settings {
            fresh_for: Duration::from_secs(3600),
            wait_at_most: Duration::from_secs(1),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            for role in [Role::Member, Role::Admin] {
                let audience = Audience::new(role);
                let (feed, publisher) = feed::new(settings, clock.clone());
                publisher.add_host(host.clone());
                let topic = Topic::Processes(host.clone());
                publisher.publish(&Arc::new(with_table(&host, &tables[0], None)));
                let mut viewer = feed.subscribe(&topic, audience).unwrap();
                let mut client = Client::default();
                for (step, table) in tables.iter().enumerate() {
                    if step > 0 {
                        let problem = troubled.then_some(Problem {
                            reason: Reason::NotResponding,
                            since_ms: UnixMillis(NOON.0 - step as i64),
                        });
                        publisher.publish(&Arc::new(with_table(&host, table, problem)));
                    }
                    let Event::Frame(frame) = viewer.next().await else { panic!("gone") };
                    client.take(frame.json());
                    let document = feed.document(&topic, audience).await.unwrap();
                    let document: Value = serde_json::from_slice(&document).unwrap();
                    assert_eq!(client.sorted(), sorted(document), "step {step} as {role:?}");
                }
                assert_eq!(client.fulls, 1);
            }
        });
    }
}
