//! What is remembered of one process from tick to tick.

use std::sync::{Arc, LazyLock};

use super::details::{Command, Found, Identity, Memory, Order, Wanted};
use super::stat::Stat;
use super::table::StatFile;
use crate::host::parse::visible;
use crate::model::place::Place;
use crate::model::process::ProcessState;
use crate::model::{Reading, Reason, Text};

/// A process that turns up after the first tick has its command line read this often at first: it
/// may have been caught between fork and exec.
const FIRST_LOOKS: u8 = 3;

/// Kernel threads belong to the machine.
static MACHINE: LazyLock<Arc<Place>> = LazyLock::new(Arc::default);

/// One process.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) file: StatFile,
    pub(super) identity: Identity,
    pub(super) key: Text,
    pub(super) name: Text,
    /// `[name]`
    bracketed: Text,
    pub(super) sample: Sample,
    /// Processor time since the tick before, in ticks; `None` if it was not seen then.
    pub(super) grown: Option<u64>,
    pub(super) owner: Reading<u32>,
    memory: Reading<Memory>,
    pub(super) command: Reading<Option<Command>>,
    pub(super) place: Reading<Arc<Place>>,
    comm: Vec<u8>,
    /// Resident pages when the details of memory were last ordered.
    resident_then: u64,
    /// An order waits or is being carried out.
    pending: bool,
    changed: bool,
    looks: u8,
}

/// What the tick reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) state: ProcessState,
    pub(super) parent_pid: u32,
    pub(super) kernel_thread: bool,
    pub(super) cpu_ticks: u64,
    pub(super) nice: i32,
    pub(super) threads: u32,
    pub(super) virtual_bytes: u64,
    pub(super) resident_pages: u64,
}

impl From<&Stat<'_>> for Sample {
    fn from(stat: &Stat<'_>) -> Self {
        Self {
            state: stat.state,
            parent_pid: stat.parent_pid,
            kernel_thread: stat.kernel_thread,
            cpu_ticks: stat.cpu_ticks,
            nice: stat.nice,
            threads: stat.threads,
            virtual_bytes: stat.virtual_bytes,
            resident_pages: stat.resident_pages,
        }
    }
}

impl Entry {
    /// A place for a process that is about to be read for the first time.
    pub(super) fn vacant() -> Self {
        Self {
            file: StatFile::default(),
            identity: Identity { pid: 0, start_ticks: 0 },
            key: Text::from(""),
            name: Text::from(""),
            bracketed: Text::from(""),
            sample: Sample {
                state: ProcessState::Other,
                parent_pid: 0,
                kernel_thread: false,
                cpu_ticks: 0,
                nice: 0,
                threads: 0,
                virtual_bytes: 0,
                resident_pages: 0,
            },
            grown: None,
            owner: Reading::absent(Reason::NotCollected),
            memory: Reading::absent(Reason::NotCollected),
            command: Reading::absent(Reason::NotCollected),
            place: Reading::absent(Reason::NotCollected),
            comm: Vec::new(),
            resident_then: 0,
            pending: false,
            changed: false,
            looks: 0,
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.identity.pid
    }

    /// Takes in what `stat` says. `base` is the latest start of any process at the tick before, if
    /// that is near enough to measure by.
    pub(super) fn update(&mut self, stat: &Stat<'_>, base: Option<u64>) {
        let identity = Identity { pid: stat.pid, start_ticks: stat.start_ticks };
        let sample = Sample::from(stat);
        if self.identity == identity && !self.key.is_empty() {
            let earlier = self.sample.cpu_ticks;
            self.grown = base.map(|_| sample.cpu_ticks.saturating_sub(earlier));
        } else {
            let file = std::mem::take(&mut self.file);
            *self = Self { file, ..Self::vacant() };
            self.identity = identity;
            self.key = Text::from(format!("{}-{}", identity.pid, identity.start_ticks));
            // What started after all others that were there at the tick before was not there
            // then, and all its time was spent since.
            let started_since = base.is_some_and(|newest| identity.start_ticks > newest);
            self.grown = started_since.then_some(sample.cpu_ticks);
            if sample.kernel_thread {
                self.memory = Reading::Present(Memory { shared: 0, correction: 0 });
                self.command = Reading::Present(None);
                self.place = Reading::Present(Arc::clone(&MACHINE));
            }
        }
        if self.comm != stat.comm || self.name.is_empty() {
            self.comm.clear();
            self.comm.extend_from_slice(stat.comm);
            let name = visible(stat.comm);
            self.bracketed = Text::from(format!("[{name}]"));
            self.name = Text::from(name);
            self.changed = true;
        }
        self.sample = sample;
    }

    /// The order that is due, if any: new and changed ones at once, all others in turn. `may_refresh`
    /// allows memory to be read out of turn where memory changed by more than an eighth.
    pub(super) fn order(&mut self, in_turn: bool, may_refresh: bool) -> Option<Order> {
        if self.pending {
            return None;
        }
        let resident = self.sample.resident_pages;
        let urgent = self.changed;
        let refresh = may_refresh && resident.abs_diff(self.resident_then) > self.resident_then / 8;
        let wanted = if urgent || in_turn || self.looks < FIRST_LOOKS {
            if self.sample.kernel_thread { Wanted::Owner } else { Wanted::Everything }
        } else if refresh && !self.sample.kernel_thread {
            Wanted::Memory
        } else {
            return None;
        };
        if wanted != Wanted::Memory {
            self.looks = self.looks.saturating_add(1);
        }
        self.changed = false;
        self.pending = true;
        self.resident_then = resident;
        Some(Order { identity: self.identity, wanted, urgent })
    }

    /// The order was not taken.
    pub(super) fn refuse(&mut self, orders: &[Order], reason: Reason) {
        let order = orders.binary_search_by_key(&self.identity, |order| order.identity);
        if let Ok(index) = order {
            self.pending = false;
            self.changed |= orders[index].urgent;
            self.give_up(reason);
        }
    }

    /// Takes in a finding. What was known stays if it cannot be read any more.
    pub(super) fn learn(&mut self, found: Found) {
        match found {
            Found::Owner(owner) => keep_known(&mut self.owner, owner),
            Found::Memory(memory) => keep_known(&mut self.memory, memory),
            Found::Place(place) => keep_known(&mut self.place, place),
            Found::Command(command) => {
                let same = matches!((&self.command, &command),
                    (Reading::Present(old), Ok(new)) if old == new);
                if !same {
                    keep_known(&mut self.command, command);
                }
            }
            Found::Done => self.pending = false,
        }
    }

    /// Resident pages: what this tick read, put right by what is known of its error.
    pub(super) fn resident_pages(&self) -> u64 {
        let correction = self.memory.present().map_or(0, |memory| memory.correction);
        self.sample.resident_pages.saturating_add_signed(correction)
    }

    /// Resident pages that are backed by files or shared.
    pub(super) fn shared_pages(&self) -> Reading<u64> {
        self.memory.map(|memory| memory.shared)
    }

    /// The command line for everybody; `[name]` where there is none.
    pub(super) fn shown_command(&self) -> Reading<Text> {
        match &self.command {
            Reading::Present(Some(command)) => Reading::Present(command.masked.clone()),
            Reading::Present(None) => Reading::Present(self.bracketed.clone()),
            Reading::Absent { absent } => Reading::absent(*absent),
        }
    }

    /// What is not known yet will not be known soon, for this reason.
    pub(super) fn give_up(&mut self, reason: Reason) {
        fn give_up<T>(reading: &mut Reading<T>, reason: Reason) {
            if reading.reason() == Some(Reason::NotCollected) {
                *reading = Reading::absent(reason);
            }
        }
        give_up(&mut self.owner, reason);
        give_up(&mut self.memory, reason);
        give_up(&mut self.command, reason);
        give_up(&mut self.place, reason);
    }

    /// Whether nothing is known yet but what the tick reads.
    pub(super) fn is_new(&self) -> bool {
        self.owner.reason() == Some(Reason::NotCollected)
    }

    /// A process that was there before the first tick has been through exec.
    pub(super) fn settle(&mut self) {
        self.looks = FIRST_LOOKS;
    }
}

fn keep_known<T>(reading: &mut Reading<T>, found: Result<T, Reason>) {
    if found.is_ok() || reading.present().is_none() {
        *reading = found.into();
    }
}
