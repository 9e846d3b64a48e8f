//! Parts that a source did not get though it got the rest, and since when each is missing.

use crate::model::source::{Remedy, SourceFinding};
use crate::model::{Problem, Reading, Reason, Text, UnixMillis};

/// What is missing now. A part that was missing at the run before for the same reason keeps the
/// time at which that began.
#[derive(Debug)]
pub struct Missing {
    source: &'static str,
    now: UnixMillis,
    before: Vec<Part>,
    found: Vec<Part>,
}

/// A finding with what makes it the same as that of the run before: its text may have a number.
#[derive(Debug)]
struct Part {
    name: Text,
    finding: SourceFinding,
}

impl Missing {
    /// Nothing is missing from this source.
    #[must_use]
    pub fn new(source: &'static str) -> Self {
        Self { source, now: UnixMillis(0), before: Vec::new(), found: Vec::new() }
    }

    /// Begins a run: what is missing is to be told again.
    pub fn begin(&mut self, now: UnixMillis) {
        self.now = now;
        self.before = std::mem::take(&mut self.found);
    }

    /// A part is missing; what mends it is what usually does.
    pub fn note(&mut self, name: impl Into<Text>, what: impl Into<Text>, reason: Reason) {
        self.note_with(name, what, reason, Remedy::of(self.source, reason));
    }

    /// A part is missing.
    pub fn note_with(
        &mut self,
        name: impl Into<Text>,
        what: impl Into<Text>,
        reason: Reason,
        remedy: Remedy,
    ) {
        let name = name.into();
        let earlier = self.before.iter().find(|part| part.name == name);
        let since_ms = match earlier.map(|part| part.finding.problem) {
            Some(problem) if problem.reason == reason => problem.since_ms,
            _ => self.now,
        };
        let problem = Problem { reason, since_ms };
        self.found
            .push(Part { name, finding: SourceFinding { what: what.into(), problem, remedy } });
    }

    /// A part is missing since a time that the source knows itself.
    pub fn note_since(&mut self, name: impl Into<Text>, what: impl Into<Text>, problem: Problem) {
        let finding = SourceFinding::new(self.source, what.into(), problem);
        self.found.push(Part { name: name.into(), finding });
    }

    /// A part that was to be read from `file`. That a machine does not offer it, or that it is
    /// being measured, is nothing to tell.
    pub fn note_reading<T>(
        &mut self,
        file: &'static str,
        what: impl Into<Text>,
        part: &Reading<T>,
    ) {
        if let Some(reason) = part.reason().filter(|reason| is_trouble(*reason)) {
            self.note(file, what, reason);
        }
    }

    /// What is missing since the last [`Missing::begin`].
    #[must_use]
    pub fn findings(&self) -> Vec<SourceFinding> {
        self.found.iter().map(|part| part.finding.clone()).collect()
    }
}

/// Whether somebody could do something about it.
fn is_trouble(reason: Reason) -> bool {
    match reason {
        Reason::PermissionDenied
        | Reason::NotResponding
        | Reason::ReadFailed
        | Reason::Malformed
        | Reason::OutOfResources => true,
        Reason::Measuring
        | Reason::NotSupported
        | Reason::NotInstalled
        | Reason::NotCollected
        | Reason::Gone
        | Reason::Hidden => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn since(missing: &Missing) -> Vec<i64> {
        missing.findings().iter().map(|finding| finding.problem.since_ms.0).collect()
    }

    #[test]
    fn a_part_that_stays_missing_keeps_its_beginning() {
        let mut missing = Missing::new("processes");
        let mut run = |now, parts: &[(&str, &str, Reason)]| {
            missing.begin(UnixMillis(now));
            for (name, what, reason) in parts {
                missing.note(*name, *what, *reason);
            }
            since(&missing)
        };
        let denied = Reason::PermissionDenied;
        assert_eq!(run(1, &[("a", "3 of a", denied)]), [1]);
        assert_eq!(run(2, &[("b", "b", denied), ("a", "4 of a", denied)]), [2, 1]);
        assert_eq!(run(3, &[("a", "4 of a", Reason::ReadFailed)]), [3], "another reason");
        assert_eq!(run(4, &[]), [0_i64; 0]);
        assert_eq!(run(5, &[("a", "a", Reason::ReadFailed)]), [5], "it was there in between");
    }

    #[test]
    fn what_nobody_can_mend_is_not_told() {
        let mut missing = Missing::new("cpu");
        missing.begin(UnixMillis(7));
        for reason in Reason::ALL {
            missing.note_reading("file", "file", &Reading::<u8>::absent(reason));
        }
        missing.note_reading("file", "file", &Reading::Present(1));
        let told: Vec<_> = missing.findings().iter().map(|f| f.problem.reason).collect();
        assert_eq!(
            told,
            [
                Reason::PermissionDenied,
                Reason::NotResponding,
                Reason::ReadFailed,
                Reason::Malformed,
                Reason::OutOfResources
            ]
        );
    }
}
