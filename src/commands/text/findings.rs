//! What is wrong with a graphics card, in sentences that say what to do.

use super::table::Line;
use super::units::{age, bytes, percent, reason_words};
use crate::commands::measure::Look;
use crate::commands::xid;
use crate::model::gpu::{DeviceHolder, Gpu, GpuFinding, Severity, Throttle};
use crate::model::{Reading, UnixMillis};

/// The most holders of a device that are named.
const MOST_HOLDERS: usize = 4;

/// A line, or several, for each finding, worst first.
pub(super) fn of_card(look: &Look, card: &Gpu) -> Vec<Line> {
    let findings = card.health.findings.iter();
    findings
        .map(|finding| {
            let label = match finding.severity() {
                Severity::Critical => "FAULT",
                Severity::Warning => "Warning",
                Severity::Info => "Note",
            };
            Line::Said(label, format!("GPU {} {}", card.index, sentence(look.at, card, finding)))
        })
        .collect()
}

/// What is wrong and what to do. Goes after `GPU 3 `.
fn sentence(now: UnixMillis, card: &Gpu, finding: &GpuFinding) -> String {
    let index = card.index;
    match finding {
        GpuFinding::Lost { since_ms } => format!(
            "fell off the bus {} ago: restart the machine; if it comes again, check power and \
             seating",
            age(now.since(*since_ms))
        ),
        GpuFinding::Xid { code, class, action, at_ms, count, .. } => {
            let what = xid::happened(*code)
                .map_or_else(|| format!("about {}", xid::about(*class)), ToOwned::to_owned);
            let often = if *count > 1 { format!(", {count} times") } else { String::new() };
            let ago = age(now.since(*at_ms));
            let remedy = xid::remedy(*action, index);
            format!("reported XID {code} {ago} ago{often}: {what}; {remedy}")
        }
        GpuFinding::UncorrectedMemoryErrors { count } => format!(
            "has {count} memory {} that could not be corrected: end what runs on it, then \
             nvidia-smi -r -i {index}",
            if *count == 1 { "error" } else { "errors" }
        ),
        GpuFinding::RowRemapFailed => {
            "could not replace a bad row of its memory: have the card replaced".to_owned()
        }
        GpuFinding::MemoryRepairPending => format!(
            "will replace bad memory once it is reset: when it is free, nvidia-smi -r -i {index}"
        ),
        GpuFinding::Hot { celsius, slowdown_celsius, .. } => format!(
            "is at {:.0} °C and slows down at {:.0} °C: check fans and air",
            celsius.0, slowdown_celsius.0
        ),
        GpuFinding::Throttled { reason, share_percent, over_ms, .. } => format!(
            "was held back by {} for {} of its work in the last {}{}",
            held_by(*reason),
            percent(*share_percent),
            age(i64::try_from(*over_ms).unwrap_or(i64::MAX)),
            throttle_remedy(*reason)
        ),
        GpuFinding::LinkBelowMaximum { generation, most_generation, width, most_width } => format!(
            "is linked by PCIe {generation} with {width} lanes and could have PCIe \
             {most_generation} with {most_width}: check its seating and the riser"
        ),
        GpuFinding::NvLinkDown { links } => format!(
            "has NVLinks that do not work ({}): nvidia-smi nvlink -s -i {index} says more; check \
             bridges and switches",
            numbers(links)
        ),
        GpuFinding::NvLinkErrors { links, count } => format!(
            "had {count} more {} on NVLinks ({}): watch whether they go on",
            if *count == 1 { "error" } else { "errors" },
            numbers(links)
        ),
        GpuFinding::GhostMemory { bytes: left, holders } => {
            format!("has {} in use by nobody to be seen; {}", bytes(*left), holding(index, holders))
        }
    }
}

fn held_by(reason: Throttle) -> &'static str {
    match reason {
        Throttle::Idle => "having nothing to do",
        Throttle::ApplicationsClocks => "clocks that somebody set",
        Throttle::PowerCap => "its power limit",
        Throttle::HardwareSlowdown => "its hardware",
        Throttle::SyncBoost => "other cards it keeps step with",
        Throttle::SoftwareThermal | Throttle::HardwareThermal => "heat",
        Throttle::PowerBrake => "the power supply",
        Throttle::DisplayClock => "clocks of the display",
        Throttle::Other => "a reason this version does not know",
    }
}

/// Those that are meant need no remedy.
fn throttle_remedy(reason: Throttle) -> &'static str {
    match reason {
        Throttle::SoftwareThermal | Throttle::HardwareThermal => ": check fans and air",
        Throttle::HardwareSlowdown | Throttle::PowerBrake => ": check power supply and cables",
        _ => "",
    }
}

fn holding(index: u32, holders: &Reading<Vec<DeviceHolder>>) -> String {
    match holders {
        Reading::Absent { absent } => {
            let why = reason_words(*absent);
            format!("who has it open cannot be told ({why}): sudo fuser -v /dev/nvidia*")
        }
        Reading::Present(holders) if holders.is_empty() => {
            format!("nobody has it open: nvidia-smi -r -i {index} frees it")
        }
        Reading::Present(holders) => {
            let each = holders.iter().take(MOST_HOLDERS).map(|holder| {
                let user = holder.user.present().map_or("unknown", |user| user.as_str());
                format!("{} ({}, of {user})", holder.pid, holder.name)
            });
            let each: Vec<String> = each.collect();
            let more = holders.len().saturating_sub(MOST_HOLDERS);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("open in {}{more}: ask them, or end it", each.join(", "))
        }
    }
}

fn numbers(numbers: &[u32]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
