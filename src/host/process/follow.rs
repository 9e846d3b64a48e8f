//! A few processes, chosen anew at every run: for sources that know pids and want to know whose
//! they are. Knows nothing of why these.

use super::row;
use super::watch::{Scope, Watch};
use crate::host::Context;
use crate::host::missing::Missing;
use crate::model::Reason;
use crate::model::process::ProcessRow;

/// Reads the processes it is given.
#[derive(Debug)]
pub struct Follower {
    watch: Watch,
}

impl Follower {
    /// Nothing is read, and no thread started, before there is something to do.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self { watch: Watch::new(context, Scope::Chosen) }
    }

    /// The rows of these processes, ascending by pid, in that order; those that are gone are left
    /// out. Processor time is over the time since the last run that had the process, and is
    /// `measuring` for one that run did not have.
    ///
    /// Owner, place and command line of a process that is new here are waited for, 30 ms in all
    /// (100 at the first run); what has not come by then comes with a later run.
    ///
    /// # Errors
    /// Why none of them could be read, though some are there.
    pub fn read(&mut self, pids: &[u32]) -> Result<Vec<ProcessRow>, Reason> {
        debug_assert!(pids.is_sorted_by(|one, next| one < next), "ascending, each once");
        let elapsed = self.watch.read(pids)?;
        let (machine, entries, mut user_name) = self.watch.known();
        Ok(entries.iter().map(|entry| row::row(machine, entry, elapsed, &mut user_name)).collect())
    }

    /// Adds what was missing at the last run.
    pub fn note(&self, missing: &mut Missing) {
        // Whether all others can be seen is for the table of all processes to tell.
        self.watch.note(true, missing);
    }
}

#[cfg(test)]
mod tests;
