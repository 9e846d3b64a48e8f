//! Parts that a source did not get, with the time since when: for [`Source::findings`].
//!
//! [`Source::findings`]: super::Source::findings

use crate::model::Text;
use crate::model::source::{FINDINGS_MAX, SourceFinding};

/// The findings of a source's last run.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<SourceFinding>);

impl Findings {
    /// What the run that just ended found. What the one before found too keeps its beginning.
    pub(super) fn renew(&mut self, mut found: Vec<SourceFinding>) {
        found.truncate(FINDINGS_MAX);
        for finding in &mut found {
            let same = |earlier: &&SourceFinding| {
                earlier.what == finding.what && earlier.problem.reason == finding.problem.reason
            };
            if let Some(earlier) = self.0.iter().find(same) {
                finding.problem.since_ms = earlier.problem.since_ms;
            }
        }
        self.0 = found;
    }

    /// All of them.
    pub(super) fn list(&self) -> Vec<SourceFinding> {
        self.0.clone()
    }
}

/// The finding that `what` is missing, with the usual remedy.
pub(super) fn missing(
    source: &str,
    what: &str,
    reason: crate::model::Reason,
    at: crate::model::UnixMillis,
) -> SourceFinding {
    let problem = crate::model::Problem { reason, since_ms: at };
    SourceFinding::new(source, Text::from(what), problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Reason, UnixMillis};

    #[test]
    fn what_goes_on_keeps_its_beginning() {
        let found = |what, at| missing("sensors", what, Reason::PermissionDenied, UnixMillis(at));
        let mut findings = Findings::default();
        findings.renew(vec![found("a", 1)]);
        findings.renew(vec![found("a", 2), found("b", 2)]);
        assert_eq!(findings.list(), [found("a", 1), found("b", 2)]);
        findings.renew(vec![found("b", 3)]);
        findings.renew(vec![found("a", 4), found("b", 4)]);
        assert_eq!(findings.list(), [found("a", 4), found("b", 2)]);
        findings.renew((0..100).map(|_| found("many", 5)).collect());
        assert_eq!(findings.list().len(), FINDINGS_MAX);
    }
}
