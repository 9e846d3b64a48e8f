//! What one reading says about whether a card is used: activity, processes, memory. Each may be
//! unknown; how the three are weighed stands here and nowhere else.

use super::rules::Rules;
use crate::model::gpu::{DeviceSlice, Gpu, GpuMemory, GpuProcess, GpuProcessKind};
use crate::model::{Percent, Reading};

/// What is known of a card, or of a slice of one, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Evidence {
    /// Whether it computes.
    pub(super) is_active: Option<bool>,
    /// Whether somebody's process computes on it, or may: graphics alone does not count.
    has_compute: Option<bool>,
    /// Whether there is any process.
    has_process: Option<bool>,
    /// Whether more memory is used than an empty card has in use.
    is_filled: Option<bool>,
    /// Whether more memory is used than that, screens not forgiven.
    is_filled_strictly: Option<bool>,
}

impl Evidence {
    /// Of a whole card.
    pub(super) fn of_card(card: &Gpu, processes: &[GpuProcess]) -> Self {
        let here = || processes.iter().filter(|process| process.gpu == card.index);
        let crowd = Crowd::new(card.process_count, here());
        let limit = if crowd.is_graphics_only() {
            Rules::IDLE_BELOW_PERCENT_GRAPHICS
        } else {
            Rules::IDLE_BELOW_PERCENT
        };
        let engines = &card.utilisation;
        // Video engines are not part of the first figure; whoever transcodes uses the card.
        let own = [
            engines.gpu_percent,
            engines.encoder_percent,
            engines.decoder_percent,
            engines.jpeg_percent,
            engines.ofa_percent,
        ];
        let of_processes =
            here().flat_map(|row| [row.gpu_percent, row.encoder_percent, row.decoder_percent]);
        let works = own.into_iter().chain(of_processes).filter_map(percent).any(|p| p >= limit);
        let is_active = match (works, percent(engines.gpu_percent)) {
            (true, _) => Some(true),
            (false, Some(_)) => Some(false),
            (false, None) => None,
        };
        Self::new(is_active, crowd, &card.memory)
    }

    /// Of a slice, which has no utilisation.
    pub(super) fn of_slice(slice: &DeviceSlice, processes: &[GpuProcess]) -> Self {
        let here = processes.iter().filter(|row| row.slice.as_ref() == Some(&slice.key));
        Self::new(None, Crowd::new(slice.process_count, here), &slice.memory)
    }

    fn new(is_active: Option<bool>, crowd: Crowd, memory: &GpuMemory) -> Self {
        let share = used_percent(memory);
        let is_filled_strictly = share.map(|share| share >= Rules::EMPTY_BELOW_PERCENT);
        let are_screens = crowd.is_graphics_only()
            && share.is_some_and(|share| share < Rules::EMPTY_BELOW_PERCENT_GRAPHICS)
            && memory
                .used_bytes
                .present()
                .is_some_and(|used| used.0 < Rules::EMPTY_BELOW_BYTES_GRAPHICS);
        Self {
            is_active,
            has_compute: crowd.compute().map(|count| count > 0),
            has_process: crowd.all.map(|count| count > 0),
            is_filled: is_filled_strictly.map(|is_filled| is_filled && !are_screens),
            is_filled_strictly,
        }
    }

    /// Whether nobody uses it now. One sign of use is enough to say no; to say yes takes two of the
    /// three that say so, or nothing can be told.
    pub(super) fn is_empty(&self) -> Option<bool> {
        let signs = [self.is_active, self.has_compute, self.is_filled];
        if signs.contains(&Some(true)) {
            return Some(false);
        }
        (signs.iter().flatten().count() >= 2).then_some(true)
    }

    /// Whether somebody has it and does not use it now.
    pub(super) fn is_unused(&self) -> Option<bool> {
        let is_taken = self.has_process == Some(true) || self.is_filled_strictly == Some(true);
        match self.is_active {
            Some(is_active) => Some(is_taken && !is_active && self.is_empty() != Some(true)),
            None if is_taken => None,
            None => Some(false),
        }
    }

    /// Whether a process that computes, or may, is on it.
    pub(super) fn has_compute(&self) -> bool {
        self.has_compute == Some(true)
    }
}

/// How many processes there are, and of what kind.
#[derive(Debug, Clone, Copy)]
struct Crowd {
    /// All, if that is known. More than there are rows for: the others are taken to compute.
    all: Option<u32>,
    /// Those that only draw.
    graphics: u32,
}

impl Crowd {
    fn new<'a>(count: Reading<u32>, rows: impl Iterator<Item = &'a GpuProcess>) -> Self {
        let (mut all, mut graphics) = (0_u32, 0_u32);
        for row in rows {
            all = all.saturating_add(1);
            let only_draws = !row.kinds.is_empty()
                && row.kinds.iter().all(|kind| *kind == GpuProcessKind::Graphics);
            graphics = graphics.saturating_add(u32::from(only_draws));
        }
        let all = match count.present() {
            Some(count) => Some(all.max(*count)),
            None => (all > 0).then_some(all),
        };
        Self { all, graphics }
    }

    fn compute(self) -> Option<u32> {
        self.all.map(|all| all.saturating_sub(self.graphics))
    }

    fn is_graphics_only(self) -> bool {
        self.all.is_some_and(|all| all > 0 && all == self.graphics)
    }
}

/// Used of all memory in percent, as it is shown.
fn used_percent(memory: &GpuMemory) -> Option<f64> {
    percent(memory.used_percent).or_else(|| {
        let (used, total) = (memory.used_bytes.present()?, memory.total_bytes.present()?);
        Percent::of_bytes(*used, *total).map(|percent| percent.0)
    })
}

/// A share that is a number.
pub(super) fn percent(reading: Reading<Percent>) -> Option<f64> {
    reading.present().map(|percent| percent.0).filter(|percent| percent.is_finite())
}
