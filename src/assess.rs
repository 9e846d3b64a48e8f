//! L2, judges what was read: which card is free, held or faulty, since when, what is wrong with it,
//! and who sits on it without using it.
//!
//! Rules and nothing else: no I/O and no clock of its own; time comes with every call. Knows the words
//! of `model` and not where values come from or who sees them. docs/gpu.md tells users the same rules;
//! a test holds the two together.
//!
//! What a rule needs to remember stands in a [`Tracker`] for each card. A [`spell::Spell`] is how long
//! something has lasted, and whether its beginning was seen: smonitor never says "since" for what it
//! did not see begin.

use std::collections::HashMap;
use std::time::Duration;

use crate::model::gpu::{DriverState, GPUS_MAX, Gpu, GpuState, Gpus};
use crate::model::{Reading, Reason, Text, UnixMillis};

pub mod board;
mod evidence;
pub mod finder;
mod health;
mod links;
pub mod people;
pub mod rules;
mod spell;
mod throttling;
mod tracker;
pub mod xid;
mod xid_log;

use rules::Rules;
use tracker::Tracker;
use xid_log::NewEvents;

/// A moment, on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// By a clock that never jumps: what durations are measured with.
    pub monotonic: Duration,
    /// By the time of day: what is reported.
    pub wall: UnixMillis,
}

/// Remembers what it was shown of the cards of one machine, and judges by that.
#[derive(Debug)]
pub struct Assessor {
    longest_gap: Duration,
    trackers: HashMap<Text, Tracker>,
    events: NewEvents,
}

impl Assessor {
    /// An assessor of cards that are read every `interval` while somebody looks. A pause of
    /// [`Rules::LONGEST_GAP`], or of three intervals if that is longer, is one about which nothing is
    /// known.
    #[must_use]
    pub fn new(interval: Duration) -> Self {
        Self {
            longest_gap: Rules::LONGEST_GAP.max(interval.saturating_mul(3)),
            trackers: HashMap::new(),
            events: NewEvents::default(),
        }
    }

    /// Judges what was read at `now`: fills in the state of every card and slice, since when, what is
    /// wrong with it, what events mean, and who holds cards without using them.
    pub fn assess(&mut self, gpus: &mut Gpus, now: Moment) {
        xid::explain(&mut gpus.events);
        let new_events = self.events.among(&gpus.events);
        let drives = gpus.driver == DriverState::Running;
        self.follow_cards(gpus, now);
        let Gpus { cards, processes, .. } = &mut *gpus;
        let siblings = links::active_of_models(cards);
        for card in cards.iter_mut() {
            let Some(tracker) = self.trackers.get_mut(&card.key) else { continue };
            for event in new_events.iter().filter(|event| event.gpu == card.index) {
                tracker.xids.note(event, now);
            }
            let siblings = card.name.present().and_then(|model| siblings.get(model));
            tracker.judge(card, processes, siblings, drives, now);
        }
        people::fill(gpus);
    }

    /// The cards could not be read, for `reason`: what was read last stays, and nothing is claimed of
    /// how they are now.
    pub fn unreadable(&mut self, gpus: &mut Gpus, reason: Reason, now: Moment) {
        for card in &mut gpus.cards {
            let tracker = self.trackers.get_mut(&card.key);
            card.state = GpuState::Unknown;
            card.state_since_ms = Reading::from_option(
                tracker.and_then(|tracker| tracker.turned_unreadable(now)),
                Reason::Measuring,
            );
            card.idle_since_ms = Reading::absent(reason);
            for slice in &mut card.slices {
                slice.state = GpuState::Unknown;
            }
        }
        for user in &mut gpus.people {
            user.held_gpus.clear();
        }
    }

    /// Makes trackers for new cards, begins anew where another card sits at the same address, and
    /// forgets cards that are long gone.
    fn follow_cards(&mut self, gpus: &Gpus, now: Moment) {
        for (key, tracker) in &mut self.trackers {
            if !gpus.cards.iter().any(|card| card.key == *key) {
                tracker.is_away();
            }
        }
        self.trackers.retain(|_, tracker| {
            now.monotonic.saturating_sub(tracker.last_listed) <= Rules::XID_KEPT
        });
        for card in gpus.cards.iter().take(GPUS_MAX) {
            // A bound, should an address be new every time.
            let is_full = self.trackers.len() >= 2 * GPUS_MAX;
            match self.trackers.get_mut(&card.key) {
                Some(tracker) if tracker.is_of(card) => tracker.last_listed = now.monotonic,
                None if is_full => {}
                _ => {
                    let tracker = Tracker::new(card, self.longest_gap, now);
                    self.trackers.insert(card.key.clone(), tracker);
                }
            }
        }
    }
}

/// Whether the card fell off the bus.
fn is_lost(card: &Gpu) -> bool {
    card.problem.is_some_and(|problem| problem.reason == Reason::Gone)
}

#[cfg(test)]
mod tests;
