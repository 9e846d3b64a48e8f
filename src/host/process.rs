//! Processes: the table of all of them, at every tick.
//!
//! The tick lists the processes and reads `PID/stat` of each ([`table`]). Owner, exact memory and
//! command line come from [`details`], new processes first, the others in turn, each about every
//! [`ROUND`] ticks, and names of users from [`users`]; neither holds up a tick.

use std::time::Duration;

use super::missing::Missing;
use super::sampler::Last;
use super::{Collected, Context, Source};
use crate::model::Reason;
use crate::model::source::SourceFinding;

pub mod details;
mod entry;
mod findings;
pub mod redact;
mod row;
pub mod stat;
pub mod table;
pub mod users;
pub mod visibility;

use details::{Details, Found, Identity, Wanted};
use entry::Entry;
use findings::{Facts, LeftOut};
use row::Machine;
use table::Reader;
use users::Users;

/// Ticks within which the details of every process are read again.
pub const ROUND: usize = 30;

/// How long the first run waits for details and names, so that the first table has them.
const FIRST_WAIT: [Duration; 2] = [Duration::from_millis(70), Duration::from_millis(30)];

/// How many processes have their memory read exactly in a tick because it changed.
const MOST_REFRESHED: usize = 256;

/// The source `processes`.
#[derive(Debug)]
pub struct ProcessSource {
    context: Context,
    reader: Reader,
    details: Details,
    users: Users,
    machine: Machine,
    /// By pid.
    entries: Vec<Entry>,
    pids: Vec<u32>,
    found: Vec<(Identity, Found)>,
    /// When the entries were read, and the latest start among them.
    last: Last<u64>,
    /// Where the next turn of the round begins.
    turn: usize,
    waited: bool,
    left_out: LeftOut,
    missing: Missing,
}

impl ProcessSource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            reader: Reader::new(&context.roots),
            details: Details::new(context.roots.clone(), context.clock.clone()),
            users: Users::new(context.roots.clone()),
            machine: Machine::new(context.clone()),
            entries: Vec::new(),
            pids: Vec::new(),
            found: Vec::new(),
            last: Last::default(),
            turn: 0,
            waited: false,
            left_out: LeftOut::new(),
            missing: Missing::new("processes"),
            context,
        }
    }

    /// Reads `stat` of every process that is there now.
    fn read_table(&mut self, now: Duration) -> Result<(), Reason> {
        let base = self.last.base(now, self.context.rate_window).map(|(newest, _)| *newest);
        self.reader.list(&mut self.pids)?;
        let mut before = std::mem::take(&mut self.entries).into_iter();
        self.entries.reserve(self.pids.len());
        self.left_out.clear();
        for &pid in &self.pids {
            while let Some(mut gone) = next_if(&mut before, |entry| entry.pid() < pid) {
                self.reader.close(&mut gone.file);
            }
            let known = next_if(&mut before, |entry| entry.pid() == pid);
            let mut entry = known.unwrap_or_else(Entry::vacant);
            let mut outcome = self.reader.read(pid, &mut entry.file);
            if outcome == Err(Reason::OutOfResources) {
                let most = self.reader.keep_fewer();
                let kept = self.entries.iter_mut().chain(before.as_mut_slice());
                for entry in kept {
                    self.reader.close_beyond(most, &mut entry.file);
                }
                outcome = self.reader.read(pid, &mut entry.file);
            }
            match outcome {
                Ok(stat) => {
                    entry.update(&stat, base);
                    self.entries.push(entry);
                    continue;
                }
                Err(Reason::Gone) => {}
                Err(reason) => *self.left_out.entry(reason).or_default() += 1,
            }
            self.reader.close(&mut entry.file);
        }
        for mut gone in before {
            self.reader.close(&mut gone.file);
        }
        let newest = self.entries.iter().map(|entry| entry.identity.start_ticks).max();
        self.last.replace(now, newest.unwrap_or_default());
        // One that cannot be read is left out; if none can be read, that is what there is to say.
        match self.left_out.keys().next() {
            Some(reason) if self.entries.is_empty() => Err(*reason),
            _ => Ok(()),
        }
    }

    /// Takes in what the details worker found.
    fn take_details(&mut self) {
        let stuck = self.details.take(&mut self.found);
        for (identity, found) in self.found.drain(..) {
            if let Some(entry) = find(&mut self.entries, identity) {
                entry.learn(found);
            }
        }
        if let Some(entry) = stuck.and_then(|identity| find(&mut self.entries, identity)) {
            entry.give_up(Reason::NotResponding);
        }
        if self.details.exhausted() {
            self.entries.iter_mut().for_each(|entry| entry.give_up(Reason::NotResponding));
        }
    }

    /// Orders the details that are wanted next.
    fn order_details(&mut self) {
        let count = self.entries.len();
        let length = count.div_ceil(ROUND);
        let turn = if self.turn >= count { 0 } else { self.turn };
        self.turn = turn + length;
        let mut refreshed = 0;
        let mut orders = Vec::new();
        for (index, entry) in self.entries.iter_mut().enumerate() {
            let in_turn = (turn..turn + length).contains(&index);
            if let Some(order) = entry.order(in_turn, refreshed < MOST_REFRESHED) {
                refreshed += usize::from(order.wanted == Wanted::Memory);
                orders.push(order);
            }
        }
        if let Err(reason) = self.details.order(&orders) {
            for entry in self.entries.iter_mut() {
                entry.refuse(&orders, reason);
            }
        }
    }

    /// The first table waits a little, so that it has commands and names.
    fn wait_for_details(&mut self) {
        if std::mem::replace(&mut self.waited, true) {
            return;
        }
        self.details.wait(FIRST_WAIT[0]);
        self.take_details();
        for entry in &mut self.entries {
            entry.settle();
            if let Some(uid) = entry.owner.present() {
                self.users.name(*uid, &self.context.clock);
            }
        }
        self.users.wait(FIRST_WAIT[1]);
    }
}

impl Source for ProcessSource {
    fn name(&self) -> &'static str {
        "processes"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        let now = self.context.now().monotonic;
        let elapsed = self.last.base(now, self.context.rate_window).map(|(_, elapsed)| elapsed);
        self.read_table(now)?;
        self.take_details();
        self.order_details();
        self.wait_for_details();
        self.users.update(now);
        self.machine.refresh(now);
        let users = &mut self.users;
        let clock = &self.context.clock;
        let table = row::table(&self.machine, &self.entries, elapsed, |uid| users.name(uid, clock));
        self.missing.begin(clock.wall());
        let facts = Facts {
            sees_other_users: table.summary.sees_other_users,
            visibility: self.machine.visibility(),
            left_out: &self.left_out,
            entries: &self.entries,
            details: &self.details,
            users: &self.users,
            reader: &self.reader,
        };
        facts.note(&mut self.missing);
        Ok(Collected::Processes(table))
    }

    fn findings(&self) -> Vec<SourceFinding> {
        self.missing.findings()
    }
}

/// Takes the next entry if it is such a one.
fn next_if(
    entries: &mut std::vec::IntoIter<Entry>,
    wanted: impl FnOnce(&Entry) -> bool,
) -> Option<Entry> {
    entries.as_slice().first().is_some_and(wanted).then(|| entries.next()).flatten()
}

/// The entry of this very process, not of another with its number.
fn find(entries: &mut [Entry], identity: Identity) -> Option<&mut Entry> {
    let index = entries.binary_search_by_key(&identity.pid, Entry::pid).ok()?;
    Some(&mut entries[index]).filter(|entry| entry.identity == identity)
}

#[cfg(test)]
mod tests;
