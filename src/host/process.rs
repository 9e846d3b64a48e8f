//! Processes: the table of all of them, at every tick.
//!
//! The tick lists the processes and reads `PID/stat` of each ([`table`]). Owner, exact memory and
//! command line come from [`details`], new processes first, the others in turn, each about every
//! [`ROUND`] ticks, and names of users from [`users`]; neither holds up a tick.

use super::missing::Missing;
use super::{Collected, Context, Source};
use crate::model::Reason;
use crate::model::source::SourceFinding;

pub mod details;
mod entry;
mod findings;
pub mod follow;
pub mod inside;
pub mod redact;
mod row;
pub mod stat;
pub mod table;
pub mod users;
pub mod visibility;
mod watch;

pub use watch::ROUND;
use watch::{Scope, Watch};

/// The source `processes`.
#[derive(Debug)]
pub struct ProcessSource {
    context: Context,
    watch: Watch,
    pids: Vec<u32>,
    missing: Missing,
}

impl ProcessSource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        let watch = Watch::new(context.clone(), Scope::All);
        Self { context, watch, pids: Vec::new(), missing: Missing::new("processes") }
    }
}

impl Source for ProcessSource {
    fn name(&self) -> &'static str {
        "processes"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        self.watch.list(&mut self.pids)?;
        let elapsed = self.watch.read(&self.pids)?;
        let (machine, entries, user_name) = self.watch.known();
        let table = row::table(machine, entries, elapsed, user_name);
        self.missing.begin(self.context.clock.wall());
        self.watch.note(table.summary.sees_other_users, &mut self.missing);
        Ok(Collected::Processes(table))
    }

    fn findings(&self) -> Vec<SourceFinding> {
        self.missing.findings()
    }
}

#[cfg(test)]
mod tests;
