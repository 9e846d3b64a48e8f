//! What the made-up machine does not let be read, and why.

use super::moment::Moment;
use super::{BOOT, containers, storage};
use crate::host::schedule::shortest_interval;
use crate::model::source::{Remedy, SourceFinding, SourceHealth, SourceState};
use crate::model::{Problem, Reading, Reason, Seconds, UnixMillis};

/// Counters of runs go out no more often than this, as those of a real machine.
const STEP_MS: i64 = 10_000;

/// What `source` finds missing.
pub(super) fn findings(source: &str, moment: Moment) -> Vec<SourceFinding> {
    let (what, problem) = match source {
        "filesystems" => (storage::STUCK, storage::stuck(moment)),
        "sensors" => (
            "/sys/class/powercap/intel-rapl:0/energy_uj",
            Problem { reason: Reason::PermissionDenied, since_ms: UnixMillis(BOOT.0 + 41_000) },
        ),
        "containers" => containers::forbidden(),
        _ => return Vec::new(),
    };
    vec![SourceFinding::new(source, what.into(), problem)]
}

/// How `source` is, which is read every `interval_ms`.
pub(super) fn health(source: &'static str, moment: Moment, interval_ms: u64) -> SourceHealth {
    told(source, moment, interval_ms, findings(source, moment))
}

/// How `source` is that has these findings.
pub(super) fn told(
    source: &'static str,
    moment: Moment,
    interval_ms: u64,
    findings: Vec<SourceFinding>,
) -> SourceHealth {
    let started = UnixMillis(moment.at.0.div_euclid(STEP_MS) * STEP_MS);
    let took = match source {
        "processes" => 0.021,
        "filesystems" | "sensors" => 0.0043,
        _ => 0.0006,
    };
    SourceHealth {
        name: source.to_owned(),
        state: if findings.is_empty() { SourceState::Well } else { SourceState::Partial },
        problem: None,
        remedy: Remedy::Nothing,
        findings,
        duration_seconds: Reading::Present(Seconds::new(
            took * (0.8 + 0.4 * moment.noise.unit(source)),
        )),
        interval_ms,
        started_at_ms: Reading::Present(started),
        runs: started.since(moment.hardware.boot).unsigned_abs() / interval_ms.max(1),
        failures: 0,
        skipped: 0,
    }
}

/// How often a demo reads `source`, in milliseconds.
pub(super) fn interval_ms(source: &str, usual_ms: u64) -> u64 {
    let shortest = u64::try_from(shortest_interval(source).as_millis()).unwrap_or(u64::MAX);
    usual_ms.max(shortest)
}
