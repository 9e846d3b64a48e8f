//! What is wrong with the made-up cards.

use super::{GHOST, HOT, LOST, NARROW};
use crate::demo::GIB;
use crate::demo::moment::Moment;
use crate::demo::work::{self, Work};
use crate::model::gpu::{
    DeviceHolder, GpuFinding, GpuHealth, Severity, Throttle, XidAction, XidClass,
};
use crate::model::{Bytes, Celsius, Percent, Reading};

/// How much was left on the card that nobody uses.
pub(super) const LEFT_GIB: f64 = 23.4;

/// What is wrong with a card as warm as this, worst first.
pub(super) fn health(
    moment: Moment,
    index: u32,
    works: &[Work],
    celsius: Celsius,
    slowdown: Celsius,
) -> GpuHealth {
    let findings = match index {
        LOST => lost(moment),
        HOT => hot(moment, celsius, slowdown),
        NARROW => vec![GpuFinding::LinkBelowMaximum {
            generation: 4,
            most_generation: 4,
            width: 8,
            most_width: 16,
        }],
        GHOST => vec![ghost(works)],
        _ => Vec::new(),
    };
    let severity = match index {
        LOST => Some(Severity::Critical),
        _ if findings.is_empty() => None,
        _ => Some(Severity::Warning),
    };
    GpuHealth { severity, findings }
}

fn lost(moment: Moment) -> Vec<GpuFinding> {
    let at_ms = super::lost_since(moment.at);
    vec![
        GpuFinding::Lost { since_ms: at_ms },
        GpuFinding::Xid {
            code: 79,
            class: XidClass::Bus,
            action: XidAction::CheckHardware,
            severity: Severity::Critical,
            at_ms,
            count: 1,
        },
    ]
}

fn hot(moment: Moment, celsius: Celsius, slowdown_celsius: Celsius) -> Vec<GpuFinding> {
    let mut findings = Vec::new();
    if slowdown_celsius.0 - celsius.0 <= 10.0 {
        let severity = Severity::Warning;
        findings.push(GpuFinding::Hot { celsius, slowdown_celsius, severity });
    }
    let share = moment.between("throttled share", 300.0, 27.0, 44.0);
    findings.push(GpuFinding::Throttled {
        reason: Throttle::SoftwareThermal,
        share_percent: Percent::of(share, 100.0).unwrap_or_default(),
        over_ms: 300_000,
        severity: Severity::Warning,
    });
    findings
}

/// A process that ended badly has a child that still has the device open.
fn ghost(works: &[Work]) -> GpuFinding {
    let holder = works.get(work::LEFT_BEHIND).map(|work| DeviceHolder {
        pid: work.pid,
        name: work.name.into(),
        user: Reading::Present(work.user.0.into()),
    });
    GpuFinding::GhostMemory {
        bytes: Bytes((LEFT_GIB * GIB) as u64),
        holders: Reading::Present(holder.into_iter().collect()),
    }
}
