//! Reads some processes again and again and remembers what is known of each. What [`super`], which
//! has them all, and [`super::follow`], which has a few, share; which ones is not known here.

use std::time::Duration;

use super::details::{Details, Found, Identity, Wanted};
use super::entry::Entry;
use super::findings::{Facts, LeftOut};
use super::inside::Inside;
use super::row::Machine;
use super::table::Reader;
use super::users::Users;
use crate::clock::Clock;
use crate::host::Context;
use crate::host::missing::Missing;
use crate::host::sampler::Last;
use crate::model::{Reason, Text};

/// Ticks within which the details of every process are read again.
pub const ROUND: usize = 30;

/// How long the first run waits for details and names, so that the first rows have them.
const FIRST_WAIT: Wait = Wait {
    details: Duration::from_millis(70),
    names: Duration::from_millis(30),
    inside: Duration::from_millis(30),
};

/// How long any other run waits for those of processes that are new to it, where it waits at all.
const NEW_WAIT: Wait = Wait {
    details: Duration::from_millis(20),
    names: Duration::from_millis(5),
    inside: Duration::from_millis(5),
};

/// How long a run waits, at most, for what others read.
#[derive(Debug, Clone, Copy)]
struct Wait {
    details: Duration,
    /// Names of users.
    names: Duration,
    /// Names of users that only their container knows.
    inside: Duration,
}

/// How many processes have their memory read exactly in a tick because it changed.
const MOST_REFRESHED: usize = 256;

/// Which processes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All there are. A run after the first does not wait for details.
    All,
    /// Some, by a choice that may change. A run waits a moment for details of new ones.
    Chosen,
}

/// Some processes and what is known of them.
#[derive(Debug)]
pub(super) struct Watch {
    scope: Scope,
    context: Context,
    reader: Reader,
    details: Details,
    users: Users,
    inside: Inside,
    machine: Machine,
    /// By pid.
    entries: Vec<Entry>,
    found: Vec<(Identity, Found)>,
    /// When the entries were read, and the latest start among all processes then.
    last: Last<u64>,
    /// Where the next turn of the round begins.
    turn: usize,
    waited: bool,
    left_out: LeftOut,
}

impl Watch {
    /// Nothing is read yet.
    pub(super) fn new(context: Context, scope: Scope) -> Self {
        Self {
            scope,
            reader: Reader::new(&context.roots),
            details: Details::new(context.roots.clone(), context.clock.clone()),
            users: Users::new(context.roots.clone()),
            inside: Inside::new(context.roots.clone(), context.clock.clone()),
            machine: Machine::new(context.clone()),
            entries: Vec::new(),
            found: Vec::new(),
            last: Last::default(),
            turn: 0,
            waited: false,
            left_out: LeftOut::new(),
            context,
        }
    }

    /// Fills `pids` with all processes there are.
    pub(super) fn list(&mut self, pids: &mut Vec<u32>) -> Result<(), Reason> {
        self.reader.list(pids)
    }

    /// Reads these processes, ascending by pid, and takes in and orders details. Gives the time
    /// since the run before, if rates can be taken over it.
    pub(super) fn read(&mut self, pids: &[u32]) -> Result<Option<Duration>, Reason> {
        let now = self.context.now().monotonic;
        let elapsed = self.last.base(now, self.context.rate_window).map(|(_, elapsed)| elapsed);
        self.read_table(now, pids)?;
        self.take_details();
        self.order_details();
        self.wait_for_details();
        self.users.update(now);
        self.inside.update();
        self.machine.refresh(now);
        Ok(elapsed)
    }

    /// What rows are made of, and who knows the names of users.
    pub(super) fn known(&mut self) -> (&Machine, &[Entry], impl FnMut(&Entry, u32) -> Text) {
        let (users, inside) = (&mut self.users, &mut self.inside);
        let clock = &self.context.clock;
        let name = move |entry: &Entry, uid| user_name(users, inside, clock, entry.identity, uid);
        (&self.machine, &self.entries, name)
    }

    /// Waits for whatever is ordered, however slow the machine.
    #[cfg(test)]
    pub(super) fn settle_for_tests(&self) {
        self.details.wait(Duration::from_secs(20));
    }

    /// Notes what is missing.
    pub(super) fn note(&self, sees_other_users: bool, missing: &mut Missing) {
        let facts = Facts {
            sees_other_users,
            visibility: self.machine.visibility(),
            left_out: &self.left_out,
            entries: &self.entries,
            details: &self.details,
            users: &self.users,
            inside: &self.inside,
            reader: &self.reader,
        };
        facts.note(missing);
    }

    /// Reads `stat` of these processes, as far as they are there.
    fn read_table(&mut self, now: Duration, pids: &[u32]) -> Result<(), Reason> {
        let base = self.last.base(now, self.context.rate_window).map(|(newest, _)| *newest);
        self.reader.begin()?;
        let mut before = std::mem::take(&mut self.entries).into_iter();
        self.entries.reserve(pids.len());
        self.left_out.clear();
        for &pid in pids {
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
        let newest = match self.scope {
            Scope::All => self.entries.iter().map(|entry| entry.identity.start_ticks).max(),
            // A process that is new among the chosen may have run for days: none can be said to
            // have started since.
            Scope::Chosen => Some(u64::MAX),
        };
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

    /// The first run waits a little, so that its rows have commands and names; so does any other
    /// that has new processes and may wait.
    fn wait_for_details(&mut self) {
        let is_first = !std::mem::replace(&mut self.waited, true);
        let has_new = || self.entries.iter().any(Entry::is_new);
        let wait = match self.scope {
            _ if is_first => FIRST_WAIT,
            Scope::Chosen if has_new() => NEW_WAIT,
            _ => return,
        };
        self.details.wait(wait.details);
        self.take_details();
        if is_first {
            self.entries.iter_mut().for_each(Entry::settle);
        }
        self.ask_for_names();
        self.users.wait(wait.names);
        self.users.update(self.context.clock.monotonic());
        self.ask_for_names();
        self.inside.wait(wait.inside);
    }

    fn ask_for_names(&mut self) {
        for entry in &self.entries {
            if let Some(uid) = entry.owner.present() {
                let (users, inside) = (&mut self.users, &mut self.inside);
                user_name(users, inside, &self.context.clock, entry.identity, *uid);
            }
        }
    }
}

/// The name this machine has for the user; else the one its container has; else the number.
fn user_name(
    users: &mut Users,
    inside: &mut Inside,
    clock: &Clock,
    process: Identity,
    uid: u32,
) -> Text {
    let (name, nameless) = users.look_up(uid, clock);
    if nameless { inside.name(process, uid).unwrap_or(name) } else { name }
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
