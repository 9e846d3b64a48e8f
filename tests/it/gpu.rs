//! The source `gpus` against the test NVML library: the real code path, loading included.

use std::time::Duration;

use serde_json::{Value, json};
use smonitor::host::gpu::{GpuSource, Settings};
use smonitor::host::{Collected, Source};

use super::host_machine::Machine;
use super::support::nvml::Fake;

mod cards;
mod driver;
mod golden;
mod processes;
mod stuck;

/// Long enough that whatever is looked at only now and then is looked at again.
const LONG: Duration = Duration::from_secs(3600);

/// A machine with cards, and who looks at them.
///
/// The source is given up first: it gives the library back.
struct Watched {
    source: GpuSource,
    machine: Machine,
    fake: Fake,
}

impl Watched {
    fn new(world: &str) -> Self {
        Self::with(Machine::empty(), Fake::new(world))
    }

    fn with(machine: Machine, fake: Fake) -> Self {
        let settings = Settings { library: Some(fake.library()), ..Settings::default() };
        let source = GpuSource::with(machine.context(), settings);
        Self { source, machine, fake }
    }

    /// What there is to see two seconds later, as on the wire.
    fn look(&mut self) -> Value {
        self.look_after(Duration::from_secs(2))
    }

    fn look_after(&mut self, time: Duration) -> Value {
        self.machine.pass(time);
        match self.source.collect() {
            Ok(Collected::Gpus(gpus)) => json!(gpus),
            Ok(other) => panic!("not cards: {other:?}"),
            Err(reason) => json!({ "failed": reason }),
        }
    }

    /// Objects for which somebody could do something, by reason.
    fn findings(&self) -> Vec<Value> {
        self.source.findings().iter().map(|finding| json!(finding)).collect()
    }
}

fn absent(reason: &str) -> Value {
    json!({ "absent": reason })
}

/// All values below this one, each with its path.
fn leaves(value: &Value) -> Vec<(String, Value)> {
    fn walk(path: &str, value: &Value, found: &mut Vec<(String, Value)>) {
        match value {
            Value::Object(object) if !object.contains_key("absent") => {
                for (key, value) in object {
                    walk(&format!("{path}/{key}"), value, found);
                }
            }
            other => found.push((path.to_owned(), other.clone())),
        }
    }
    let mut found = Vec::new();
    walk("", value, &mut found);
    found
}
