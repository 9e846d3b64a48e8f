//! Test support: a machine out of files, captured or made, at two points in time.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use smonitor::clock::{Clock, Manual};
use smonitor::host::{Collected, Context, Roots, Source, sources};
use smonitor::model::process::ProcessTable;
use smonitor::model::{Reading, Reason, UnixMillis};

/// The time between the two points.
pub(crate) const BETWEEN: Duration = Duration::from_secs(10);

/// A folder that stands for a machine's root, with a clock that is moved by hand.
pub(crate) struct Machine {
    folder: tempfile::TempDir,
    hands: Arc<Manual>,
    context: Context,
}

impl Machine {
    pub(crate) fn empty() -> Self {
        // In memory, if that can be had: a large machine is thousands of small files.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let (clock, hands) = Clock::manual(UnixMillis(1_800_000_000_000));
        let roots = Roots::at(folder.path());
        let context = Context { roots, clock, rate_window: Duration::from_secs(60) };
        Self { folder, hands, context }
    }

    /// A copy of this folder of `tests/fixtures`.
    pub(crate) fn of(fixture: &str) -> Self {
        let machine = Self::empty();
        machine.overlay(fixture);
        machine
    }

    /// Copies this folder of `tests/fixtures` over what is there. A process that is not in it is
    /// gone, if it has processes at all.
    pub(crate) fn overlay(&self, fixture: &str) {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(fixture);
        if fixtures.join("proc").exists() && self.path("proc").exists() {
            for entry in fs::read_dir(self.path("proc")).unwrap().map(Result::unwrap) {
                let is_pid = entry.file_name().to_str().unwrap().parse::<u32>().is_ok();
                if is_pid && !fixtures.join("proc").join(entry.file_name()).exists() {
                    fs::remove_dir_all(entry.path()).unwrap();
                }
            }
        }
        copy(&fixtures, self.folder.path());
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Replaces a file, the way a new one comes to be: not in place.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        if !path.exists() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            return fs::write(path, text).unwrap();
        }
        let new = path.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, path).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }

    pub(crate) fn context(&self) -> Context {
        self.context.clone()
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.hands.advance(time);
    }

    /// Sets the time of day, as somebody who corrects it does.
    pub(crate) fn step_clock(&self, milliseconds: i64) {
        let now = self.context.now().wall;
        self.hands.set_wall(UnixMillis(now.0 + milliseconds));
    }

    pub(crate) fn sources(&self) -> Vec<Box<dyn Source>> {
        sources(&self.context, smonitor::host::Settings::default())
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_symlink() {
            // As it is: what it leads to need not be there.
            let _ = fs::remove_file(&target);
            std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else {
            // Not in place: another thread may be reading it.
            let new = to.join(".new");
            fs::copy(entry.path(), &new).unwrap();
            fs::rename(new, target).unwrap();
        }
    }
}

/// Runs the source until the details of its processes are there; no time passes.
pub(crate) fn settled(source: &mut dyn Source) -> ProcessTable {
    for _ in 0..500 {
        let table = processes(source.collect());
        let waits = |row: &smonitor::model::process::Process| {
            let row = &row.row;
            [row.command.reason(), row.shared_bytes.reason(), row.user.reason()]
                .contains(&Some(Reason::NotCollected))
        };
        if !table.rows.iter().any(waits) {
            return table;
        }
        pause();
    }
    panic!("the details of some process never came");
}

#[expect(clippy::disallowed_methods, reason = "waits for another thread, in a test")]
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}

pub(crate) fn processes(collected: Result<Collected, Reason>) -> ProcessTable {
    match collected {
        Ok(Collected::Processes(table)) => table,
        other => panic!("not a process table: {other:?}"),
    }
}

/// What all sources say at the two points in time, as one document.
pub(crate) fn story(machine: &Machine, then: impl FnOnce(&Machine)) -> Value {
    told(machine.sources(), machine, then)
}

/// The same of some sources only, for a machine that has files for no more.
pub(crate) fn story_of(names: &[&str], machine: &Machine, then: impl FnOnce(&Machine)) -> Value {
    let mut sources = machine.sources();
    sources.retain(|source| names.contains(&source.name()));
    assert_eq!(sources.len(), names.len());
    told(sources, machine, then)
}

fn told(
    mut sources: Vec<Box<dyn Source>>,
    machine: &Machine,
    then: impl FnOnce(&Machine),
) -> Value {
    for source in &mut sources {
        if source.name() == "processes" {
            settled(source.as_mut());
        }
    }
    let first = round(&mut sources);
    machine.pass(BETWEEN);
    then(machine);
    json!({ "first": first, "second": round(&mut sources) })
}

fn round(sources: &mut [Box<dyn Source>]) -> Value {
    let all = sources.iter_mut().map(|source| (source.name().to_owned(), shown(source.collect())));
    Value::Object(all.collect())
}

fn shown(collected: Result<Collected, Reason>) -> Value {
    match collected {
        Ok(Collected::System(mut system)) => {
            system.architecture = "(of the test)".to_owned();
            json!(system)
        }
        Ok(Collected::Cpu(cpu)) => {
            let cores: BTreeMap<u32, String> = cpu
                .per_core
                .iter()
                .map(|core| (core.id, one_line(&json!(core.busy_percent))))
                .collect();
            let mut shown = json!(cpu);
            shown["per_core"] = json!(cores);
            shown
        }
        Ok(Collected::Processes(table)) => {
            json!({ "summary": table.summary, "rows": table.rows.iter().map(shown_row).collect::<Value>() })
        }
        Ok(Collected::Disks(disks)) => {
            let rows: Vec<_> = disks.rows.iter().map(|row| one_line(&json!(row))).collect();
            let mut shown = json!(disks);
            shown["rows"] = json!(rows);
            shown
        }
        Ok(Collected::Filesystems(filesystems)) => {
            let rows = filesystems.rows.into_iter().map(|mut row| {
                // The time of day at which it was read: it changes when the clock is set.
                row.taken_at_ms = row.taken_at_ms.map(|_| UnixMillis(0));
                Value::String(one_line(&json!(row)))
            });
            json!({ "rows": rows.collect::<Value>(), "left_out": filesystems.left_out })
        }
        Ok(other) => plainly(&other),
        Err(reason) => json!({ "failed": reason }),
    }
}

/// What needs no special care, as it is on the wire.
fn plainly(collected: &Collected) -> Value {
    macro_rules! each {
        ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
            match collected {
                $( Collected::$type(value) => json!(value), )*
                Collected::Processes(table) => json!(table.summary),
            }
        };
    }
    smonitor::host_sections!(each)
}

/// A process in one line, but for the command: the files of a fixture belong to whoever checked
/// them out.
fn shown_row(process: &smonitor::model::process::Process) -> Value {
    let mut row = process.row.clone();
    if row.user.present().is_some() && row.user_id.present().is_some() {
        row.user = Reading::Present("(owner)".into());
        row.user_id = Reading::Present(0);
    }
    let mut row = json!(row);
    if let Some(full) = &process.full_command {
        row["full_command"] = json!(full);
    }
    Value::String(one_line(&row))
}

fn one_line(value: &Value) -> String {
    value.to_string().replace('"', "")
}
