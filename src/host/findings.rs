//! What a source did not get, with the time since when: a finding that comes again is the same one.

use crate::model::source::SourceFinding;
use crate::model::{Problem, Reason, UnixMillis};

/// The findings of one source, run by run.
#[derive(Debug)]
pub(super) struct Findings {
    source: &'static str,
    before: Vec<SourceFinding>,
    now: Vec<SourceFinding>,
}

impl Findings {
    pub(super) fn of(source: &'static str) -> Self {
        Self { source, before: Vec::new(), now: Vec::new() }
    }

    /// A new run: nothing is found yet.
    pub(super) fn begin(&mut self) {
        self.before = std::mem::take(&mut self.now);
    }

    /// `what` is missing in this run.
    pub(super) fn add(&mut self, what: &str, reason: Reason, at: UnixMillis) {
        let same = |finding: &&SourceFinding| {
            finding.what.as_str() == what && finding.problem.reason == reason
        };
        let since_ms = self.before.iter().find(same).map_or(at, |earlier| earlier.problem.since_ms);
        let problem = Problem { reason, since_ms };
        self.now.push(SourceFinding::new(self.source, what.into(), problem));
    }

    /// All of this run.
    pub(super) fn list(&self) -> &[SourceFinding] {
        &self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_as_old_as_its_first_run_in_a_row() {
        let mut findings = Findings::of("raid");
        let since = |findings: &Findings| findings.list()[0].problem.since_ms;
        for (at, reason, wanted) in [
            (1, Reason::ReadFailed, 1),
            (2, Reason::ReadFailed, 1),
            (3, Reason::PermissionDenied, 3),
        ] {
            findings.begin();
            findings.add("node0", reason, UnixMillis(at));
            assert_eq!((findings.list().len(), since(&findings)), (1, UnixMillis(wanted)));
        }
        findings.begin();
        assert_eq!(findings.list(), []);
        findings.begin();
        findings.add("node0", Reason::PermissionDenied, UnixMillis(9));
        assert_eq!(since(&findings), UnixMillis(9), "it was well in between");
    }
}
