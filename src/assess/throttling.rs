//! What held clocks back while the card was under load, over the last minutes.

use std::collections::VecDeque;
use std::time::Duration;

use super::Moment;
use super::rules::Rules;
use crate::model::Percent;
use crate::model::gpu::{GpuFinding, Severity, Throttle};

/// Time is added up in pieces of this length, so that memory does not grow with the rate of readings.
const PIECE: Duration = Duration::from_secs(10);

/// Reasons that are told, and how bad each is.
const TOLD: [(Throttle, Severity); 5] = [
    (Throttle::HardwareThermal, Severity::Warning),
    (Throttle::PowerBrake, Severity::Warning),
    (Throttle::HardwareSlowdown, Severity::Warning),
    (Throttle::SoftwareThermal, Severity::Warning),
    (Throttle::PowerCap, Severity::Info),
];

/// The last minutes, in pieces.
#[derive(Debug)]
pub(super) struct Throttling {
    longest_gap: Duration,
    pieces: VecDeque<Piece>,
    looked: Option<Duration>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Piece {
    number: u64,
    under_load: Duration,
    held_back: [Duration; TOLD.len()],
}

impl Throttling {
    pub(super) fn new(longest_gap: Duration) -> Self {
        Self { longest_gap, pieces: VecDeque::new(), looked: None }
    }

    /// Takes note of what holds the card back now; none if it is not under load, or that is not known.
    /// The time since the last look counts as it is now.
    pub(super) fn look(&mut self, reasons: Option<&[Throttle]>, now: Moment) {
        let earlier = self.looked.replace(now.monotonic);
        let first = number(now.monotonic.saturating_sub(Rules::THROTTLE_WINDOW));
        self.pieces.retain(|piece| piece.number > first);
        let (Some(reasons), Some(earlier)) = (reasons, earlier) else { return };
        let passed = now.monotonic.saturating_sub(earlier);
        if passed > self.longest_gap {
            return;
        }
        let number = number(now.monotonic);
        if self.pieces.back().is_none_or(|piece| piece.number != number) {
            self.pieces.push_back(Piece { number, ..Piece::default() });
        }
        let Some(piece) = self.pieces.back_mut() else { return };
        piece.under_load += passed;
        for (held_back, (reason, _)) in piece.held_back.iter_mut().zip(TOLD) {
            if is_told(reason, reasons) {
                *held_back += passed;
            }
        }
    }

    /// What held it back for a good part of the time.
    pub(super) fn findings(&self) -> Vec<GpuFinding> {
        let under_load: Duration = self.pieces.iter().map(|piece| piece.under_load).sum();
        if under_load < Rules::THROTTLE_LEAST_LOAD {
            return Vec::new();
        }
        let told = TOLD.iter().enumerate().filter_map(|(at, (reason, severity))| {
            let held_back: Duration =
                self.pieces.iter().filter_map(|piece| piece.held_back.get(at)).sum();
            let share = Percent::of(held_back.as_secs_f64(), under_load.as_secs_f64())?;
            let from = match severity {
                Severity::Info => Rules::POWER_CAP_FROM_PERCENT,
                _ => Rules::THROTTLE_FROM_PERCENT,
            };
            (share.0 >= from).then(|| GpuFinding::Throttled {
                reason: *reason,
                // Whole percents and pieces: nobody needs more, and the line stays still.
                share_percent: Percent(share.0.round()),
                over_ms: whole_pieces_ms(under_load),
                severity: *severity,
            })
        });
        told.collect()
    }
}

/// Hardware slowdown stands beside its cause where that is known, and says nothing more then.
fn is_told(reason: Throttle, reasons: &[Throttle]) -> bool {
    let has = |reason| reasons.contains(&reason);
    has(reason)
        && (reason != Throttle::HardwareSlowdown
            || !(has(Throttle::HardwareThermal) || has(Throttle::PowerBrake)))
}

fn number(at: Duration) -> u64 {
    at.as_secs() / PIECE.as_secs()
}

fn whole_pieces_ms(time: Duration) -> u64 {
    number(time).saturating_mul(PIECE.as_secs()).saturating_mul(1000)
}
