//! Every threshold, in one place. docs/gpu.md names the same numbers.

use std::time::Duration;

const MINUTE: u64 = 60;

/// The thresholds of all rules.
#[derive(Debug, Clone, Copy)]
pub struct Rules;

impl Rules {
    /// A card whose utilisation is below this computes nothing. Above the flicker that drivers report
    /// of cards on which nothing runs.
    pub const IDLE_BELOW_PERCENT: f64 = 2.0;
    /// The same while nothing but screens is drawn on it: a blinking cursor is no job.
    pub const IDLE_BELOW_PERCENT_GRAPHICS: f64 = 5.0;
    /// Memory below this share is what driver and firmware keep for themselves.
    pub const EMPTY_BELOW_PERCENT: f64 = 2.0;
    /// The same while nothing but screens is drawn on it, provided it is also below
    /// [`Self::EMPTY_BELOW_BYTES_GRAPHICS`].
    pub const EMPTY_BELOW_PERCENT_GRAPHICS: f64 = 5.0;
    /// The most memory that screens may take of a free card.
    pub const EMPTY_BELOW_BYTES_GRAPHICS: u64 = 1 << 30;
    /// So long a card has to be empty before it is free: programs that start one after the other
    /// leave it empty for seconds.
    pub const FREE_AFTER: Duration = Duration::from_secs(30);
    /// So long a card has to be taken and idle before it is held: loading data and thinking about a
    /// plot take minutes.
    pub const HELD_AFTER: Duration = Duration::from_secs(10 * MINUTE);
    /// After a longer pause nothing is known of what happened in it.
    pub const LONGEST_GAP: Duration = Duration::from_secs(MINUTE);

    /// Hardware that slows down for heat this long is at fault; a peak is not.
    pub const THERMAL_FAULT_AFTER: Duration = Duration::from_secs(30);
    /// Warm: so close to where it slows down.
    pub const HOT_WITHIN_CELSIUS: f64 = 10.0;
    /// Hot: so close to where it slows down.
    pub const CRITICAL_WITHIN_CELSIUS: f64 = 3.0;

    /// From here on a card is under load, so that its clocks and its link have reason to be fast.
    pub const LOADED_FROM_PERCENT: f64 = 10.0;
    /// So long it has to be under load before its link is expected to be at full speed.
    pub const LINK_FAST_AFTER: Duration = Duration::from_secs(30);
    /// Over so long it is measured what holds clocks back.
    pub const THROTTLE_WINDOW: Duration = Duration::from_secs(5 * MINUTE);
    /// Less load than this in that time says nothing.
    pub const THROTTLE_LEAST_LOAD: Duration = Duration::from_secs(30);
    /// Heat and power brake are told from this share of the time under load.
    pub const THROTTLE_FROM_PERCENT: f64 = 10.0;
    /// The power limit is told from this share; big jobs touch it now and then on every card.
    pub const POWER_CAP_FROM_PERCENT: f64 = 50.0;

    /// XID errors are told, and errors on NVLinks counted, for this long after the last one.
    pub const XID_KEPT: Duration = Duration::from_secs(24 * 60 * MINUTE);
    /// An XID error that passes by itself makes a card faulty for this long.
    pub const XID_SHORT_FAULT: Duration = Duration::from_secs(10 * MINUTE);
    /// So many errors on NVLinks are told; one now and then is repaired by sending again.
    pub const NVLINK_ERRORS_FROM: u64 = 10;
}
