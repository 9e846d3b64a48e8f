//! Links of a card: to the machine and to other cards.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::Moment;
use super::rules::Rules;
use crate::model::gpu::{Gpu, GpuFinding, GpuPcie};
use crate::model::{Reading, Text};

/// Links of a card that are remembered; cards have 18 at most today.
const LINKS_MAX: usize = 64;

/// By model: the numbers of links that work on at least one card.
pub(super) fn active_of_models(cards: &[Gpu]) -> HashMap<Text, BTreeSet<u32>> {
    let mut active: HashMap<Text, BTreeSet<u32>> = HashMap::new();
    for card in cards {
        let Some(model) = card.name.present() else { continue };
        for link in card.nvlinks.present().into_iter().flatten() {
            if link.active == Reading::Present(true) {
                active.entry(model.clone()).or_default().insert(link.link);
            }
        }
    }
    active
}

/// What is remembered of the links to other cards.
#[derive(Debug, Default)]
pub(super) struct NvLinks {
    known: BTreeMap<u32, Known>,
}

#[derive(Debug, Default)]
struct Known {
    has_worked: bool,
    /// Errors when it was first seen, or when a day without another had passed.
    base: Option<u64>,
    newest: u64,
    grown_at: Option<Duration>,
}

impl NvLinks {
    /// The card was reset: counters begin anew, and links are trained again.
    pub(super) fn card_was_reset(&mut self) {
        self.known.clear();
    }

    /// Takes note of the links, and says what is wrong with them.
    ///
    /// A link that does not work is a finding only if it has worked since smonitor watches, or works on
    /// another card of the same model while some of this card do: many cards have links to which
    /// nothing is wired.
    pub(super) fn look(
        &mut self,
        card: &Gpu,
        siblings: Option<&BTreeSet<u32>>,
        now: Moment,
    ) -> Vec<GpuFinding> {
        let links = card.nvlinks.present().map(Vec::as_slice).unwrap_or_default();
        let some_work = links.iter().any(|link| link.active == Reading::Present(true));
        let (mut down, mut with_errors, mut errors) = (Vec::new(), Vec::new(), 0_u64);
        for link in links.iter().take(LINKS_MAX) {
            let known = self.known.entry(link.link).or_default();
            match link.active {
                Reading::Present(true) => known.has_worked = true,
                Reading::Present(false) => {
                    let works_elsewhere =
                        siblings.is_some_and(|active| active.contains(&link.link));
                    if known.has_worked || (some_work && works_elsewhere) {
                        down.push(link.link);
                    }
                }
                Reading::Absent { .. } => {}
            }
            let more = known.errors_more(link.errors.present().copied(), now);
            if more > 0 {
                with_errors.push(link.link);
                errors = errors.saturating_add(more);
            }
        }
        down.sort_unstable();
        with_errors.sort_unstable();
        let mut findings = Vec::new();
        if !down.is_empty() {
            findings.push(GpuFinding::NvLinkDown { links: down });
        }
        if errors >= Rules::NVLINK_ERRORS_FROM {
            findings.push(GpuFinding::NvLinkErrors { links: with_errors, count: errors });
        }
        findings
    }
}

impl Known {
    fn errors_more(&mut self, count: Option<u64>, now: Moment) -> u64 {
        if let Some(count) = count {
            let base = *self.base.get_or_insert(count);
            if count < self.newest || count < base {
                self.base = Some(count);
            } else if count > self.newest && count > base {
                self.grown_at = Some(now.monotonic);
            }
            self.newest = count;
        }
        let is_old =
            self.grown_at.is_some_and(|at| now.monotonic.saturating_sub(at) >= Rules::XID_KEPT);
        if is_old {
            (self.base, self.grown_at) = (Some(self.newest), None);
        }
        self.base.map_or(0, |base| self.newest.saturating_sub(base))
    }
}

/// The link to the machine. Its generation goes down while the card has nothing to do, so what was seen
/// under load is remembered until a better one is seen.
#[derive(Debug, Default)]
pub(super) struct MachineLink {
    slow_under_load: Option<u32>,
}

impl MachineLink {
    pub(super) fn card_was_reset(&mut self) {
        self.slow_under_load = None;
    }

    pub(super) fn look(&mut self, pcie: &GpuPcie, is_under_load: bool) -> Option<GpuFinding> {
        let generation = *pcie.generation.present()?;
        let most_generation = *pcie.most_generation.present()?;
        let width = *pcie.width.present()?;
        let most_width = *pcie.most_width.present()?;
        if generation >= most_generation {
            self.slow_under_load = None;
        } else if is_under_load {
            self.slow_under_load = Some(generation);
        }
        let is_narrow = width > 0 && width < most_width;
        (is_narrow || self.slow_under_load.is_some()).then_some(GpuFinding::LinkBelowMaximum {
            generation: self.slow_under_load.unwrap_or(generation),
            most_generation,
            width,
            most_width,
        })
    }
}
