//! What is wrong with a card, in findings for which page and terminal have sentences.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::rules::Rules;
use super::tracker::Tracker;
use super::{Moment, is_lost};
use crate::model::gpu::{Gpu, GpuFinding, GpuTemperature, Severity, Throttle};
use crate::model::{Celsius, Percent, Problem};

/// Fills in the findings of a card, worst first. Returns whether it is faulty: for each such reason there
/// is a critical finding that tells it.
pub(super) fn examine(
    tracker: &mut Tracker,
    card: &mut Gpu,
    siblings: Option<&BTreeSet<u32>>,
    can_be_read: bool,
    now: Moment,
) -> bool {
    let mut findings = std::mem::take(&mut card.health.findings);
    // What only the source can know, and found; the rest is decided here and anew every time.
    findings.retain(|finding| {
        matches!(finding, GpuFinding::Lost { .. } | GpuFinding::GhostMemory { .. })
    });
    if is_lost(card)
        && !findings.iter().any(|finding| matches!(finding, GpuFinding::Lost { .. }))
        && let Some(Problem { since_ms, .. }) = card.problem
    {
        findings.push(GpuFinding::Lost { since_ms });
    }
    let mut is_faulty = findings.iter().any(|finding| matches!(finding, GpuFinding::Lost { .. }));
    is_faulty |= tracker.xids.is_faulty(now);
    findings.extend(tracker.xids.findings(now));
    if can_be_read {
        is_faulty |= examine_memory(card, &mut findings);
        is_faulty |= examine_heat(tracker, card, &mut findings, now);
        let is_under_load = tracker.is_under_load_for_long(now);
        findings.extend(tracker.machine_link.look(&card.pcie, is_under_load));
        findings.extend(tracker.nvlinks.look(card, siblings, now));
    }
    findings.sort_by_key(|finding| (Reverse(finding.severity()), rank(finding)));
    card.health.severity = findings.iter().map(GpuFinding::severity).max();
    card.health.findings = findings;
    is_faulty
}

fn examine_memory(card: &Gpu, findings: &mut Vec<GpuFinding>) -> bool {
    let before = findings.len();
    if let Some(count) = card.ecc.since_load.uncorrected.present().filter(|count| **count > 0) {
        findings.push(GpuFinding::UncorrectedMemoryErrors { count: *count });
    }
    let remap = card.row_remap.present();
    if remap.is_some_and(|remap| remap.failed) {
        findings.push(GpuFinding::RowRemapFailed);
    }
    let is_faulty = findings.len() > before;
    if remap.is_some_and(|remap| remap.pending)
        || card.retired_pages.present().is_some_and(|pages| pages.pending)
    {
        findings.push(GpuFinding::MemoryRepairPending);
    }
    is_faulty
}

fn examine_heat(
    tracker: &Tracker,
    card: &Gpu,
    findings: &mut Vec<GpuFinding>,
    now: Moment,
) -> bool {
    let mut throttled = tracker.throttling.findings();
    let mut is_faulty = false;
    if let Some(lasts) = tracker.overheated.lasts(now)
        && lasts >= Rules::THERMAL_FAULT_AFTER
    {
        is_faulty = true;
        // That it lasts until now says more than the share of minutes gone by.
        throttled.retain(|finding| {
            !matches!(finding, GpuFinding::Throttled { reason: Throttle::HardwareThermal, .. })
        });
        throttled.push(GpuFinding::Throttled {
            reason: Throttle::HardwareThermal,
            share_percent: Percent(100.0),
            over_ms: lasts.as_secs().saturating_mul(1000),
            severity: Severity::Critical,
        });
    }
    findings.append(&mut throttled);
    if let Some((celsius, slowdown_celsius)) = heat(&card.temperature) {
        let left = slowdown_celsius.0 - celsius.0;
        is_faulty |= left <= 0.0;
        if left <= Rules::HOT_WITHIN_CELSIUS {
            let is_critical = left <= Rules::CRITICAL_WITHIN_CELSIUS;
            let severity = if is_critical { Severity::Critical } else { Severity::Warning };
            findings.push(GpuFinding::Hot { celsius, slowdown_celsius, severity });
        }
    }
    is_faulty
}

/// How warm the chip is, and where it slows down; cards that tell only how far they are from there give
/// limits that are no temperatures.
fn heat(temperature: &GpuTemperature) -> Option<(Celsius, Celsius)> {
    let now = *temperature.gpu_celsius.present()?;
    let slowdown = *temperature.slowdown_celsius.present()?;
    (now.0.is_finite() && slowdown.0.is_finite() && slowdown.0 > 0.0).then_some((now, slowdown))
}

/// The order of findings that are equally bad.
fn rank(finding: &GpuFinding) -> (u8, u32) {
    match finding {
        GpuFinding::Lost { .. } => (0, 0),
        GpuFinding::UncorrectedMemoryErrors { .. } => (1, 0),
        GpuFinding::RowRemapFailed => (2, 0),
        GpuFinding::Xid { code, .. } => (3, *code),
        GpuFinding::Hot { .. } => (4, 0),
        GpuFinding::Throttled { reason, .. } => (5, u32::from(*reason as u8)),
        GpuFinding::MemoryRepairPending => (6, 0),
        GpuFinding::LinkBelowMaximum { .. } => (7, 0),
        GpuFinding::NvLinkDown { .. } => (8, 0),
        GpuFinding::NvLinkErrors { .. } => (9, 0),
        GpuFinding::GhostMemory { .. } => (10, 0),
    }
}
