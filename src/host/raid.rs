//! Arrays of the multiple-device driver, from `mdstat`.
//!
//! A container, which holds the members of arrays with metadata of a BIOS (Intel RST, DDF), shows
//! there as an inactive array and is none: it is left out, the arrays in it are not.

use super::files::{self, Kept};
use super::missing::Missing;
use super::order::natural;
use super::{Collected, Context, Source};
use crate::model::Reason;
use crate::model::raid::{ARRAYS_MAX, Raid};
use crate::model::source::SourceFinding;

pub mod mdstat;
mod state;

/// The source `raid`.
#[derive(Debug)]
pub struct RaidSource {
    context: Context,
    mdstat: Kept,
    missing: Missing,
}

impl RaidSource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        let mdstat = Kept::new(context.roots.proc("mdstat"), files::LARGE);
        Self { context, mdstat, missing: Missing::new("raid") }
    }
}

impl Source for RaidSource {
    fn name(&self) -> &'static str {
        "raid"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        self.missing.begin(self.context.now().wall);
        let mut arrays = mdstat::parse_mdstat(self.mdstat.read()?)?;
        arrays.sort_by(|one, other| natural(&one.key, &other.key));
        if let Some(more) = arrays.len().checked_sub(ARRAYS_MAX).filter(|more| *more > 0) {
            arrays.truncate(ARRAYS_MAX);
            self.missing.note("arrays", format!("{more} arrays"), Reason::OutOfResources);
        }
        Ok(Collected::Raid(Raid { arrays }))
    }

    fn findings(&self) -> Vec<SourceFinding> {
        self.missing.findings()
    }
}

#[cfg(test)]
mod tests;
