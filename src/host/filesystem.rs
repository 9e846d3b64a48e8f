//! Mounted filesystems and how full they are, from `self/mountinfo`, `filesystems` and statfs(2).
//!
//! What a row is and what has none: [`kind`] and [`table`]. Filesystems that answer from memory or a
//! disk of this machine are asked here, one after the other. Those whose answer may never come
//! (network, FUSE, ZFS, and whatever is mounted below such) are asked by [`watchers`]: a run waits for
//! them for [`PATIENCE`] at most, and only for those that are known to be quick or were not asked
//! before. The row of one that does not answer keeps what it said last, with the time of that.
//!
//! **Where the machine is.** Usually the mounts are those that smonitor itself sees. If the roots are
//! another folder with a live procfs in it, smonitor runs in a container that has the machine's root
//! mounted there: then the mounts are those of process 1, and each is asked below that folder, if
//! the files found there are of the same device (a mount that was not carried into the container is
//! `gone`: asking its empty folder would tell of another filesystem). Anything else is a captured
//! machine: what statfs(2) said is in a file, see [`ask::parse_captured`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use self::ask::{Captured, Numbers, Target};
use self::changes::MountTable;
use self::mountinfo::KernelTypes;
use self::table::{Entry, Table};
use self::watchers::{Waiting, Watchers};
use super::{Collected, Context, Source, files};
use crate::model::filesystem::{Filesystem, FilesystemMedium, Filesystems};
use crate::model::source::{Remedy, SourceFinding};
use crate::model::{Problem, Reading, Reason, Text, UnixMillis};

pub mod ask;
pub mod changes;
pub mod kind;
pub mod mountinfo;
pub mod table;
mod tree;
pub mod watchers;

/// How long a run waits for answers that may not come, all of them together.
pub const PATIENCE: Duration = Duration::from_millis(100);

/// The source `filesystems`.
#[derive(Debug)]
pub struct FilesystemSource {
    context: Context,
    kind: Machine,
    mounts: MountTable,
    /// The table as it was read last, with where to ask each.
    entries: Vec<(Entry, Arc<Target>)>,
    left_out: u64,
    /// What is wrong with the table itself.
    table_problem: Option<Problem>,
    known: HashMap<Text, Known>,
    watchers: Watchers,
}

/// What kind of machine is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Machine {
    /// A running one.
    Running,
    /// Files only.
    Captured,
}

/// What is known of a filesystem from one run to the next.
#[derive(Debug, Clone, Default)]
struct Known {
    numbers: Option<(Numbers, UnixMillis)>,
    /// Why there are no numbers, if it was asked.
    absent: Option<Reason>,
    problem: Option<Problem>,
    /// Whether the last answer came at once.
    is_swift: bool,
    is_asked: bool,
}

impl FilesystemSource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        let roots = &context.roots;
        let is_running = roots.is_live() || files::is_procfs(&roots.proc(""));
        let table = if is_running && !roots.is_live() { "1/mountinfo" } else { "self/mountinfo" };
        Self {
            kind: if is_running { Machine::Running } else { Machine::Captured },
            mounts: MountTable::new(roots.proc(table), is_running),
            entries: Vec::new(),
            left_out: 0,
            table_problem: None,
            known: HashMap::new(),
            watchers: Watchers::new(context.clone()),
            context,
        }
    }

    /// How many threads wait for answers, those that hang included.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.watchers.threads()
    }

    fn read_table(&mut self) -> Result<(), Reason> {
        let now = self.context.clock.monotonic();
        let Some(bytes) = self.mounts.read_if_changed(now)? else { return Ok(()) };
        let (mounts, malformed) = mountinfo::parse_mountinfo(&bytes);
        let malformed = malformed.map(Reason::from);
        if let (true, Some(reason)) = (mounts.is_empty(), malformed) {
            self.mounts.forget();
            return Err(reason);
        }
        let since_ms = self.context.clock.wall();
        self.table_problem =
            malformed.map(|reason| self.table_problem.unwrap_or(Problem { reason, since_ms }));
        let Table { entries, left_out } = table::build(&mounts, &self.kernel_types());
        let roots = &self.context.roots;
        let with_target = |entry: Entry| {
            let target = Arc::new(Target::new(&entry, roots));
            (entry, target)
        };
        self.entries = entries.into_iter().map(with_target).collect();
        self.left_out = left_out;
        let mut known = std::mem::take(&mut self.known);
        let keep = |(entry, _): &(Entry, _)| {
            let known = known.remove(&entry.key).unwrap_or_default();
            (entry.key.clone(), known)
        };
        self.known = self.entries.iter().map(keep).collect();
        self.watchers.keep_only(|key| self.known.contains_key(key));
        Ok(())
    }

    /// Without the kernel's list of types, devices have to do.
    fn kernel_types(&self) -> KernelTypes {
        files::read(&self.context.roots.proc("filesystems"), files::SMALL)
            .map(|bytes| mountinfo::parse_filesystems(&bytes))
            .unwrap_or_default()
    }

    /// Asks everything; how long it waits is bounded by the watchers' patience and by disks of this
    /// machine.
    fn ask_all(&mut self) -> Result<(), Reason> {
        if self.kind == Machine::Captured {
            return self.look_up_all();
        }
        self.take_answers();
        for (entry, target) in self.entries.iter().filter(|(entry, _)| entry.may_hang) {
            let target = Arc::clone(target);
            self.watchers.order(&entry.key, target);
        }
        for (entry, target) in self.entries.iter().filter(|(entry, _)| !entry.may_hang) {
            let outcome = target.ask();
            if let Some(known) = self.known.get_mut(&entry.key) {
                known.learn(outcome, self.context.clock.wall());
            }
        }
        let is_quick = |entry: &Entry| {
            self.known.get(&entry.key).is_some_and(|known| known.is_swift || !known.is_asked)
        };
        let watched = self.entries.iter().map(|(entry, _)| entry).filter(|entry| entry.may_hang);
        let quick: Vec<&Text> =
            watched.clone().filter(|entry| is_quick(entry)).map(|entry| &entry.key).collect();
        self.watchers.wait(&quick, PATIENCE);
        for entry in watched {
            if let Some(known) = self.known.get_mut(&entry.key) {
                known.is_asked = true;
            }
        }
        self.take_answers();
        self.mark_waiting();
        Ok(())
    }

    fn look_up_all(&mut self) -> Result<(), Reason> {
        let captured = match files::read(&self.context.roots.captured_statfs(), files::LARGE) {
            Ok(bytes) => ask::parse_captured(&bytes)?,
            Err(Reason::NotSupported) => Captured::default(),
            Err(reason) => return Err(reason),
        };
        for (entry, _) in &self.entries {
            if let Some(known) = self.known.get_mut(&entry.key) {
                known.learn(captured.ask(entry), self.context.clock.wall());
            }
        }
        Ok(())
    }

    fn take_answers(&mut self) {
        for answer in self.watchers.take() {
            // One that was unmounted meanwhile is not known any more.
            if let Some(known) = self.known.get_mut(&answer.key) {
                if known.problem.is_some_and(|problem| problem.reason == Reason::NotResponding) {
                    tracing::info!(filesystem = %answer.key, "a filesystem answers again");
                }
                known.learn(answer.outcome, answer.at);
                known.is_swift = answer.is_swift;
            }
        }
    }

    fn mark_waiting(&mut self) {
        for (entry, _) in self.entries.iter().filter(|(entry, _)| entry.may_hang) {
            let Some(known) = self.known.get_mut(&entry.key) else { continue };
            let (reason, since_ms) = match self.watchers.waiting(&entry.key) {
                Some(Waiting::NotResponding(since)) => (Reason::NotResponding, since),
                Some(Waiting::NoThread(since)) => (Reason::OutOfResources, since),
                Some(Waiting::Briefly) | None => continue,
            };
            let problem = Problem { reason, since_ms };
            if known.problem != Some(problem) {
                tracing::warn!(filesystem = %entry.key, %reason, "a filesystem does not answer");
            }
            known.problem = Some(problem);
            known.absent = Some(reason);
        }
    }

    fn row(&self, entry: &Entry) -> Filesystem {
        let known = self.known.get(&entry.key).cloned().unwrap_or_default();
        let absent = known.absent.unwrap_or(Reason::NotCollected);
        let (space, inodes, taken_at_ms) = match known.numbers {
            Some((numbers, at)) => (numbers.space(), numbers.inodes(), Reading::Present(at)),
            None => (Reading::absent(absent), Reading::absent(absent), Reading::absent(absent)),
        };
        // Where every mount could be written through, the filesystem itself has changed its mind.
        let turned = !entry.is_asked_read_only
            && known.numbers.is_some_and(|(numbers, _)| numbers.is_read_only);
        Filesystem {
            key: entry.key.clone(),
            device: entry.device.clone(),
            filesystem_type: entry.filesystem_type.clone(),
            role: entry.role,
            medium: entry.medium,
            mount_points: entry.mount_points.clone(),
            more_mount_points: entry.more_mount_points,
            read_only: entry.read_only || turned,
            space,
            inodes,
            taken_at_ms,
            problem: known.problem,
        }
    }

    fn finding(&self, entry: &Entry) -> Option<SourceFinding> {
        let problem = self.known.get(&entry.key)?.problem?;
        let what = entry.mount_points.first().unwrap_or(&entry.key).clone();
        let remedy = remedy(entry.medium, problem.reason, rustix::process::geteuid().is_root());
        let usual = SourceFinding::new(self.name(), what, problem);
        Some(SourceFinding { remedy: remedy.unwrap_or(usual.remedy), ..usual })
    }
}

/// What mends it, where that is not the usual for the reason.
fn remedy(medium: FilesystemMedium, reason: Reason, is_root: bool) -> Option<Remedy> {
    match (medium, reason) {
        // The threads are held by mounts that hang.
        (_, Reason::OutOfResources) => Some(Remedy::RepairOrUnmount),
        // Its server or program is gone.
        (FilesystemMedium::Network | FilesystemMedium::Fuse, Reason::ReadFailed) => {
            Some(Remedy::RepairOrUnmount)
        }
        // What a user mounts for himself is closed for root too, and rightly so.
        (FilesystemMedium::Fuse, Reason::PermissionDenied) if is_root => Some(Remedy::Nothing),
        _ => None,
    }
}

impl Known {
    /// Takes an answer in.
    fn learn(&mut self, outcome: Result<Numbers, Reason>, at: UnixMillis) {
        self.is_asked = true;
        match outcome {
            Ok(numbers) => {
                *self = Self { numbers: Some((numbers, at)), is_asked: true, ..Self::default() };
            }
            Err(reason) => {
                self.numbers = None;
                self.absent = Some(reason);
                // That it was just unmounted, or does not know the question, is nothing wrong.
                let is_wrong = !matches!(reason, Reason::Gone | Reason::NotSupported);
                let since = self.problem.filter(|problem| problem.reason == reason);
                self.problem = is_wrong.then(|| since.unwrap_or(Problem { reason, since_ms: at }));
            }
        }
    }
}

impl Source for FilesystemSource {
    fn name(&self) -> &'static str {
        "filesystems"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        self.read_table()?;
        self.ask_all()?;
        let rows = self.entries.iter().map(|(entry, _)| self.row(entry)).collect();
        Ok(Collected::Filesystems(Filesystems { rows, left_out: self.left_out }))
    }

    fn findings(&self) -> Vec<SourceFinding> {
        let table = self
            .table_problem
            .map(|problem| SourceFinding::new(self.name(), "mountinfo".into(), problem));
        let rows = self.entries.iter().filter_map(|(entry, _)| self.finding(entry));
        table.into_iter().chain(rows).collect()
    }
}

#[cfg(test)]
mod tests;
