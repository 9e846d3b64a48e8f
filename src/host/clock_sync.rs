//! Whether the machine's clock is kept right, as the kernel knows it: adjtimex(2), which only reads
//! when it is told to change nothing.

use super::{Collected, Context, Source};
use crate::model::clock_sync::ClockSync;
use crate::model::{Reading, Reason, Seconds};

mod adjtimex;

/// `STA_UNSYNC`: no time service keeps the clock, or none has for so long that it may be 16 seconds
/// off.
const UNSYNCHRONISED: i32 = 0x0040;

/// `STA_NANO`: `offset` is in nanoseconds, else in microseconds. The errors never are.
const NANOSECONDS: i32 = 0x2000;

/// The source `clock`.
#[derive(Debug)]
pub struct ClockSource {
    context: Context,
}

impl ClockSource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self { context }
    }
}

impl Source for ClockSource {
    fn name(&self) -> &'static str {
        "clock"
    }

    /// There is a kernel to ask only on the live machine. A container has the clock of its host,
    /// but may forbid the call.
    fn collect(&mut self) -> Result<Collected, Reason> {
        if !self.context.roots.is_live() {
            return Err(Reason::NotSupported);
        }
        Ok(Collected::ClockSync(judge(adjtimex::read()?)))
    }
}

/// What is used of `struct timex`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Timex {
    status: i32,
    offset: i64,
    estimated_error: i64,
    maximum_error: i64,
}

/// The call's own verdict, `TIME_ERROR`, is not asked: it is also given for a jittering pulse of a
/// reference clock, while the time service goes on.
#[expect(clippy::cast_precision_loss, reason = "errors beyond a century need no microseconds")]
fn judge(timex: Timex) -> ClockSync {
    let synchronised = timex.status & UNSYNCHRONISED == 0;
    let per_second = if timex.status & NANOSECONDS == 0 { 1e6 } else { 1e9 };
    // Nobody estimates while nobody keeps the clock; what stands there is the largest there is.
    let error = |microseconds: i64| {
        let error = synchronised.then(|| Seconds::new(microseconds as f64 / 1e6));
        Reading::from_option(error, Reason::NotSupported)
    };
    ClockSync {
        synchronised,
        offset_seconds: Seconds::new(timex.offset as f64 / per_second),
        estimated_error_seconds: error(timex.estimated_error),
        maximum_error_seconds: error(timex.maximum_error),
    }
}

#[cfg(test)]
mod tests;
