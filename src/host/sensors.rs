//! Temperatures, fans, power and voltages, from `class/hwmon`, `class/thermal` and `class/powercap`.
//!
//! What a sensor is called and what its limits are is read once, its value at every run. The list
//! of chips is looked through again every [`LIST_LIFE`], or when one has gone. A chip that took
//! longer than [`SLOW`] (behind a slow bus, or a disk that is busy) is read only every
//! [`SLOW_LIFE`] from then on, and all such chips together take no more than about [`SLOW_BUDGET`]
//! of a run: their values are up to half a minute old, or a little more where there are many.
//! Disks are always read so, because asking for their temperature can keep them from sleeping.
//! A device that sleeps (runtime power management) is not woken.

use std::time::Duration;

use super::missing::Missing;
use super::order::natural;
use super::{Collected, Context, Source};
use crate::model::sensor::{SENSORS_MAX, Sensors};
use crate::model::source::SourceFinding;
use crate::model::{Reason, Text};

pub mod chip;
pub mod hwmon;
pub mod rapl;
pub mod value;
pub mod zone;

use chip::Chip;
use rapl::Domain;

/// How long the list of chips is believed.
pub const LIST_LIFE: Duration = Duration::from_secs(60);

/// A chip that takes longer is slow.
pub const SLOW: Duration = Duration::from_millis(50);

/// How long values of a slow chip are given again.
pub const SLOW_LIFE: Duration = Duration::from_secs(30);

/// How long the slow chips of one run take together; the next of them waits for the next run.
pub const SLOW_BUDGET: Duration = Duration::from_millis(250);

/// The source `sensors`.
#[derive(Debug)]
pub struct SensorsSource {
    context: Context,
    /// Chips of `hwmon` in their order, and after them thermal zones.
    chips: Vec<Chip>,
    domains: Vec<Domain>,
    listed_at: Option<Duration>,
    missing: Missing,
}

impl SensorsSource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            context,
            chips: Vec::new(),
            domains: Vec::new(),
            listed_at: None,
            missing: Missing::new("sensors"),
        }
    }

    /// Looks what chips there are; those that were there before stay as they are.
    fn list(&mut self, now: Duration) {
        let roots = &self.context.roots;
        let mut before = std::mem::take(&mut self.chips);
        let mut chips = hwmon::list(roots, &mut before);
        chip::name_apart(&mut chips);
        let mut zones = zone::list(roots, &chips, &mut before);
        chip::name_apart(&mut zones);
        let in_order = |one: &Chip, other: &Chip| natural(&one.key, &other.key);
        chips.sort_by(in_order);
        zones.sort_by(in_order);
        chips.append(&mut zones);
        self.chips = chips;
        self.domains = rapl::list(roots, std::mem::take(&mut self.domains));
        self.listed_at = Some(now);
    }

    /// Reads what is due; whether a chip has gone.
    fn read(&mut self, now: Duration) -> bool {
        let clock = &self.context.clock;
        let mut due: Vec<&mut Chip> =
            self.chips.iter_mut().filter(|chip| chip.due.is_none_or(|due| due <= now)).collect();
        // Slow ones last, and of them first what has waited longest.
        due.sort_by_key(|chip| chip.due);
        let mut spent = Duration::ZERO;
        let mut gone = false;
        for chip in due {
            if chip.due.is_some() && spent >= SLOW_BUDGET {
                continue;
            }
            let begun = clock.monotonic();
            gone |= chip.read();
            let ended = clock.monotonic();
            let took = ended.saturating_sub(begun);
            if chip.due.is_some() {
                spent += took;
            }
            let is_slow = took > SLOW || chip.is_disk;
            chip.due = is_slow.then_some(ended + SLOW_LIFE);
        }
        for domain in &mut self.domains {
            gone |= domain.read(clock, self.context.rate_window);
        }
        gone
    }

    fn sensors(&self) -> Sensors {
        let mut sensors = Sensors::default();
        self.chips.iter().for_each(|chip| chip.show(&mut sensors));
        self.domains.iter().for_each(|domain| sensors.power.push(domain.shown()));
        let mut left_out = 0;
        let mut cut = |length: usize| left_out += length.saturating_sub(SENSORS_MAX) as u64;
        cut(sensors.temperatures.len());
        cut(sensors.fans.len());
        cut(sensors.power.len());
        cut(sensors.voltages.len());
        sensors.temperatures.truncate(SENSORS_MAX);
        sensors.fans.truncate(SENSORS_MAX);
        sensors.power.truncate(SENSORS_MAX);
        sensors.voltages.truncate(SENSORS_MAX);
        Sensors { left_out, ..sensors }
    }
}

impl Source for SensorsSource {
    fn name(&self) -> &'static str {
        "sensors"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        let now = self.context.clock.monotonic();
        if self.listed_at.is_none_or(|at| now.saturating_sub(at) >= LIST_LIFE) {
            self.list(now);
        }
        if self.read(now) {
            // Something has gone: what is there now is seen at the next run.
            self.listed_at = None;
        }
        self.missing.begin(self.context.clock.wall());
        if self.domains.iter().any(Domain::is_refused) {
            self.missing.note("rapl", rapl::FILES, Reason::PermissionDenied);
        }
        let sensors = self.sensors();
        if sensors == Sensors::default() {
            return Err(Reason::NotSupported);
        }
        Ok(Collected::Sensors(sensors))
    }

    fn findings(&self) -> Vec<SourceFinding> {
        self.missing.findings()
    }
}

/// The key of a row: the chip's and the sensor's own name.
fn row_key(chip: &str, sensor: &str) -> Text {
    Text::from(format!("{chip}/{sensor}"))
}
