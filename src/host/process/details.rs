//! What costs more than a tick may: owner, shared memory, place and command line of processes.
//!
//! Read by a thread of its own, because `cmdline` waits for a lock that the process's own threads
//! may hold for as long as a dead disk or network lets them. A worker that has not come back after
//! [`DEADLINE`] is left behind with the process it is stuck on and another takes its place, at most
//! [`MOST_STUCK`] times; the process it hangs on is not asked again before it has returned. No lock
//! is held during a system call.

use std::collections::{HashSet, VecDeque};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::redact;
use super::stat::{parse_stat, parse_statm};
use crate::clock::Clock;
use crate::host::{Roots, TakenAt, files, place};
use crate::model::place::Place;
use crate::model::{Reason, Text, UnixMillis};

/// A worker that is busy with one process for longer is stuck in the kernel.
pub const DEADLINE: Duration = Duration::from_secs(1);

/// How many workers may be left behind.
pub const MOST_STUCK: usize = 4;

/// How much of a command line is read, in bytes.
const COMMAND_LINE_BYTES: usize = 8 << 10;

/// Most places that are shared; processes beyond have each its own.
const MOST_PLACES: usize = 1 << 14;

/// Most jobs that wait.
const MOST_WAITING: usize = 1 << 17;

/// Which process: a pid that is used again has another start time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// Process id.
    pub pid: u32,
    /// Start time in ticks since boot.
    pub start_ticks: u64,
}

/// What to read of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Owner, memory, place and command line.
    Everything,
    /// Owner only: a kernel thread has no memory and no command line.
    Owner,
    /// Memory only.
    Memory,
}

/// What was read of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Number of the effective user.
    Owner(Result<u32, Reason>),
    /// Memory.
    Memory(Result<Memory, Reason>),
    /// Where it belongs. Equal places are one and the same, however many processes have it.
    Place(Result<Arc<Place>, Reason>),
    /// Command line; `None` if it has none.
    Command(Result<Option<Command>, Reason>),
    /// That was all that was wanted.
    Done,
}

/// Memory in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Resident pages backed by files or shared.
    pub shared: u64,
    /// What has to be added to the resident pages that `stat` tells. Since Linux 6.2 that file has
    /// an estimate, which is off by up to a few hundred pages for every processor of the machine;
    /// `statm` is exact, but reading it at every tick would double the cost of the tick. The error
    /// changes slowly, so it is measured here by reading both at the same moment.
    pub correction: i64,
}

/// A command line in the two forms that are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Secrets masked.
    pub masked: Text,
    /// As it is, if that differs.
    pub full: Option<Text>,
}

/// An order for the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Of which process.
    pub identity: Identity,
    /// What to read.
    pub wanted: Wanted,
    /// Whether it goes before all that are not.
    pub urgent: bool,
}

/// The desk: orders go in, findings come out.
#[derive(Debug)]
pub struct Details {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    roots: Roots,
    clock: Clock,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// New and changed processes.
    urgent: VecDeque<Order>,
    /// All others, in turn.
    routine: VecDeque<Order>,
    found: Vec<(Identity, Found)>,
    /// The worker that takes orders, by number.
    active: Option<u64>,
    /// What it is busy with and since when.
    busy: Option<(Identity, TakenAt)>,
    /// Workers that were left behind, and what they hang on.
    stuck: Vec<Stuck>,
    next_worker: u64,
    closed: bool,
}

/// A worker that was left behind.
#[derive(Debug, PartialEq, Eq)]
struct Stuck {
    worker: u64,
    identity: Identity,
    since: UnixMillis,
}

impl Details {
    /// No thread is started before there is something to do.
    #[must_use]
    pub fn new(roots: Roots, clock: Clock) -> Self {
        let (state, changed) = (Mutex::default(), Condvar::new());
        Self { shared: Arc::new(Shared { roots, clock, state, changed }) }
    }

    /// Orders readings. Whoever orders keeps from ordering a process twice before it is
    /// [`Found::Done`].
    ///
    /// # Errors
    /// Nothing was ordered: [`Reason::NotResponding`] if all workers are stuck,
    /// [`Reason::OutOfResources`] if too many orders wait or no thread can be started.
    pub fn order(&self, orders: &[Order]) -> Result<(), Reason> {
        if orders.is_empty() {
            return Ok(());
        }
        let mut state = self.shared.lock();
        if state.urgent.len() + state.routine.len() + orders.len() > MOST_WAITING {
            return Err(Reason::OutOfResources);
        }
        self.shared.ensure_worker(&mut state)?;
        for order in orders {
            let queue = if order.urgent { &mut state.urgent } else { &mut state.routine };
            queue.push_back(*order);
        }
        drop(state);
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Takes what was found since the last call, into `found`, and leaves a stuck worker behind.
    /// Gives the process it hangs on.
    pub fn take(&self, found: &mut Vec<(Identity, Found)>) -> Option<Identity> {
        let mut state = self.shared.lock();
        found.append(&mut state.found);
        let (identity, since) = state.busy?;
        if self.shared.clock.monotonic().saturating_sub(since.monotonic) < DEADLINE {
            return None;
        }
        let worker = state.active.take()?;
        state.busy = None;
        state.stuck.push(Stuck { worker, identity, since: since.wall });
        tracing::warn!(pid = identity.pid, "reading a process is stuck in the kernel");
        if !(state.urgent.is_empty() && state.routine.is_empty())
            && let Err(reason) = self.shared.ensure_worker(&mut state)
        {
            tracing::debug!(%reason, "no worker takes the place of the stuck one");
        }
        Some(identity)
    }

    /// The processes that workers hang on, and since when.
    #[must_use]
    pub fn stuck(&self) -> Vec<(Identity, UnixMillis)> {
        self.shared.lock().stuck.iter().map(|stuck| (stuck.identity, stuck.since)).collect()
    }

    /// Whether every worker there may be is stuck.
    #[must_use]
    pub fn exhausted(&self) -> bool {
        let state = self.shared.lock();
        state.active.is_none() && state.stuck.len() > MOST_STUCK
    }

    /// Waits until all orders are done, or `limit` has passed.
    pub fn wait(&self, limit: Duration) {
        let state = self.shared.lock();
        let pending = |state: &mut State| {
            state.busy.is_some() || !(state.urgent.is_empty() && state.routine.is_empty())
        };
        // Whether the time ran out is of no interest.
        drop(self.shared.changed.wait_timeout_while(state, limit, pending));
    }
}

impl Drop for Details {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is complete before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ensure_worker(self: &Arc<Self>, state: &mut State) -> Result<(), Reason> {
        if state.active.is_some() {
            return Ok(());
        }
        if state.stuck.len() > MOST_STUCK {
            return Err(Reason::NotResponding);
        }
        let number = state.next_worker;
        let shared = Arc::clone(self);
        std::thread::Builder::new()
            .name("process-details".to_owned())
            .spawn(move || shared.work(number))
            .map_err(|error| files::reason(&error))?;
        state.next_worker += 1;
        state.active = Some(number);
        Ok(())
    }

    fn work(&self, number: u64) {
        let mut places = Places::default();
        while let Some(order) = self.next(number) {
            self.read(order, &mut places);
            if !self.finish(number, order.identity) {
                return;
            }
        }
    }

    /// The next order, when there is one; `None` when the desk is closed.
    fn next(&self, number: u64) -> Option<Order> {
        let mut state = self.lock();
        loop {
            if state.closed || state.active != Some(number) {
                return None;
            }
            let next = state.urgent.pop_front();
            if let Some(order) = next.or_else(|| state.routine.pop_front()) {
                let (monotonic, wall) = (self.clock.monotonic(), self.clock.wall());
                state.busy = Some((order.identity, TakenAt { monotonic, wall }));
                return Some(order);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Notes that the job is done; whether this worker goes on.
    fn finish(&self, number: u64, identity: Identity) -> bool {
        let mut state = self.lock();
        state.found.push((identity, Found::Done));
        if let Some(index) = state.stuck.iter().position(|stuck| stuck.worker == number) {
            state.stuck.remove(index);
            tracing::info!(pid = identity.pid, "reading a process came back");
            if state.active.is_some() {
                return false;
            }
            state.active = Some(number);
        }
        state.busy = None;
        // Whoever waits, waits for all orders; a system call for each would be a tenth of the work.
        if state.urgent.is_empty() && state.routine.is_empty() {
            self.changed.notify_all();
        }
        true
    }

    /// Reads what may block last, so that what does not is there in any case.
    fn read(&self, order: Order, places: &mut Places) {
        let Order { identity, wanted, .. } = order;
        let folder = self.roots.proc(identity.pid.to_string());
        let report = |found| self.lock().found.push((identity, found));
        if wanted != Wanted::Memory {
            // The owner of the folder is the effective user.
            let owner = std::fs::metadata(&folder).map(|metadata| metadata.uid());
            report(Found::Owner(owner.map_err(|error| gone(files::reason(&error)))));
        }
        if wanted != Wanted::Owner {
            report(Found::Memory(memory(&folder).map_err(gone)));
        }
        if wanted == Wanted::Everything {
            report(Found::Place(places.read(&folder)));
            let bytes = files::read_up_to(&folder.join("cmdline"), COMMAND_LINE_BYTES);
            report(Found::Command(bytes.map_err(gone).map(|bytes| command(&bytes))));
        }
    }
}

fn memory(folder: &Path) -> Result<Memory, Reason> {
    let stat = files::read(&folder.join("stat"), files::SMALL)?;
    let statm = files::read(&folder.join("statm"), files::SMALL)?;
    let (estimate, exact) = (parse_stat(&stat)?.resident_pages, parse_statm(&statm)?);
    let difference = i128::from(exact.resident) - i128::from(estimate);
    let correction = i64::try_from(difference).map_err(|_| Reason::Malformed)?;
    Ok(Memory { shared: exact.shared, correction })
}

/// The places of processes, each once.
#[derive(Debug, Default)]
struct Places(HashSet<Arc<Place>>);

impl Places {
    fn read(&mut self, folder: &Path) -> Result<Arc<Place>, Reason> {
        let bytes = files::read(&folder.join("cgroup"), place::FILE_BYTES).map_err(|reason| {
            // A kernel without control groups has no such file for processes that are there.
            if folder.is_dir() { reason } else { gone(reason) }
        })?;
        Ok(self.share(place::parse_cgroup(&bytes)))
    }

    fn share(&mut self, place: Place) -> Arc<Place> {
        if let Some(known) = self.0.get(&place) {
            return Arc::clone(known);
        }
        if self.0.len() >= MOST_PLACES {
            self.0.retain(|place| Arc::strong_count(place) > 1);
        }
        let place = Arc::new(place);
        if self.0.len() < MOST_PLACES {
            self.0.insert(Arc::clone(&place));
        }
        place
    }
}

/// A file of a process that is not there means that the process is not there.
fn gone(reason: Reason) -> Reason {
    if reason == Reason::NotSupported { Reason::Gone } else { reason }
}

/// The two forms of a `cmdline`.
fn command(bytes: &[u8]) -> Option<Command> {
    let cut = bytes.len() >= COMMAND_LINE_BYTES;
    let (masked, full) = redact::command_lines(bytes, cut)?;
    let full = (full != masked).then(|| Text::from(full));
    Some(Command { masked: Text::from(masked), full })
}

#[cfg(test)]
mod tests;
