//! What is remembered of one card, and what follows from it for its state.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::evidence::{Evidence, percent};
use super::health;
use super::links::{MachineLink, NvLinks};
use super::rules::Rules;
use super::spell::Spell;
use super::throttling::Throttling;
use super::xid_log::XidLog;
use super::{Moment, is_lost};
use crate::model::gpu::{ComputeMode, Gpu, GpuProcess, GpuState, Throttle};
use crate::model::{Reading, Reason, Text, UnixMillis};

/// Slices of a card that are remembered; a card has seven at most today.
const SLICES_MAX: usize = 64;

/// One card.
#[derive(Debug)]
pub(super) struct Tracker {
    longest_gap: Duration,
    uuid: Option<Text>,
    /// When it was last in the list of cards.
    pub(super) last_listed: Duration,
    /// Whether it was lost, not listed or without driver when it was last looked at.
    is_away: bool,
    counters: Counters,
    /// It computes nothing.
    idle: Spell,
    /// Nobody uses it.
    empty: Spell,
    /// Somebody has it and does not use it.
    unused: Spell,
    /// Hardware slows it down for heat.
    pub(super) overheated: Spell,
    /// It is under load.
    loaded: Spell,
    slices: HashMap<Text, Spell>,
    pub(super) throttling: Throttling,
    pub(super) machine_link: MachineLink,
    pub(super) nvlinks: NvLinks,
    pub(super) xids: XidLog,
    now_in: Option<Stay>,
    /// What it was before it could not be read.
    before: Option<Stay>,
}

/// Where the rules lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It cannot be read, or too little of it.
    Unreadable,
    Fault,
    Free,
    Held,
    Busy,
}

impl Verdict {
    fn state(self) -> GpuState {
        match self {
            Self::Unreadable => GpuState::Unknown,
            Self::Fault => GpuState::Fault,
            Self::Free => GpuState::Free,
            Self::Held => GpuState::Held,
            Self::Busy => GpuState::Busy,
        }
    }
}

/// How long a card has been what it is.
#[derive(Debug, Clone, Copy)]
struct Stay {
    verdict: Verdict,
    /// When it became so; none if that was not seen.
    since: Option<Moment>,
    /// When it was last seen so.
    seen: Duration,
}

/// Counters that begin anew when the driver is loaded or the card is reset.
#[derive(Debug, Default)]
struct Counters {
    energy: Option<u64>,
    replays: Option<u64>,
    uncorrected: Option<u64>,
}

impl Counters {
    /// Takes the newest and says whether one went back.
    fn went_back(&mut self, card: &Gpu) -> bool {
        let mut any = false;
        let mut take = |old: &mut Option<u64>, new: Option<u64>| {
            if let Some(new) = new {
                any |= old.is_some_and(|old| new < old);
                *old = Some(new);
            }
        };
        take(&mut self.energy, card.power.energy_joules.present().map(|energy| energy.0));
        take(&mut self.replays, card.pcie.replays.present().copied());
        take(&mut self.uncorrected, card.ecc.since_load.uncorrected.present().copied());
        any
    }
}

impl Tracker {
    pub(super) fn new(card: &Gpu, longest_gap: Duration, now: Moment) -> Self {
        let spell = Spell::new(longest_gap);
        Self {
            longest_gap,
            uuid: card.uuid.present().cloned(),
            last_listed: now.monotonic,
            is_away: false,
            counters: Counters::default(),
            idle: spell,
            empty: spell,
            unused: spell,
            overheated: spell,
            loaded: spell,
            slices: HashMap::new(),
            throttling: Throttling::new(longest_gap),
            machine_link: MachineLink::default(),
            nvlinks: NvLinks::default(),
            xids: XidLog::default(),
            now_in: None,
            before: None,
        }
    }

    /// Whether this remembers that very card. A lost card has no UUID.
    pub(super) fn is_of(&self, card: &Gpu) -> bool {
        match (&self.uuid, card.uuid.present()) {
            (Some(mine), Some(its)) => mine == its,
            _ => true,
        }
    }

    pub(super) fn is_away(&mut self) {
        self.is_away = true;
    }

    /// Judges the card by what was read of it and what is remembered.
    pub(super) fn judge(
        &mut self,
        card: &mut Gpu,
        processes: &[GpuProcess],
        siblings: Option<&BTreeSet<u32>>,
        drives: bool,
        now: Moment,
    ) {
        if self.uuid.is_none() {
            self.uuid = card.uuid.present().cloned();
        }
        self.notice_reset(card, drives);
        self.xids.forget_old(now);
        let can_be_read = drives && card.problem.is_none();
        let evidence = can_be_read.then(|| Evidence::of_card(card, processes));
        self.look(card, evidence, now);
        let verdict_of_slices = self.judge_slices(card, processes, can_be_read, now);
        let is_faulty = health::examine(self, card, siblings, can_be_read, now);
        let verdict = if !drives {
            Verdict::Unreadable
        } else if is_faulty {
            Verdict::Fault
        } else if let Some(evidence) = evidence {
            if card.mig == Reading::Present(true) {
                if evidence.has_compute() { Verdict::Busy } else { verdict_of_slices }
            } else {
                self.weigh(
                    evidence,
                    card.compute_mode == Reading::Present(ComputeMode::Prohibited),
                    now,
                )
            }
        } else {
            Verdict::Unreadable
        };
        if verdict == Verdict::Fault {
            for slice in &mut card.slices {
                slice.state = GpuState::Fault;
            }
        }
        card.state = verdict.state();
        card.state_since_ms = Reading::from_option(self.turned(verdict, now), Reason::Measuring);
        card.idle_since_ms = match card.problem {
            Some(problem) => Reading::absent(problem.reason),
            None if !drives => Reading::absent(Reason::NotResponding),
            None => match card.utilisation.gpu_percent.reason() {
                Some(reason) => Reading::absent(reason),
                None => self.idle.since(now),
            },
        };
    }

    /// The whole card could not be asked. Returns since when that is so.
    pub(super) fn turned_unreadable(&mut self, now: Moment) -> Option<UnixMillis> {
        self.turned(Verdict::Unreadable, now)
    }

    /// Whether it was under load long enough for its link to be as fast as it gets.
    pub(super) fn is_under_load_for_long(&self, now: Moment) -> bool {
        self.loaded.has_lasted(Rules::LINK_FAST_AFTER, now)
    }

    /// A card that was away and is back, or whose counters began anew, was reset.
    fn notice_reset(&mut self, card: &Gpu, drives: bool) {
        if !drives || is_lost(card) {
            self.is_away = true;
        } else if card.problem.is_none()
            && (self.counters.went_back(card) || std::mem::take(&mut self.is_away))
        {
            self.is_away = false;
            self.xids.card_was_reset();
            self.nvlinks.card_was_reset();
            self.machine_link.card_was_reset();
        }
    }

    fn look(&mut self, card: &Gpu, evidence: Option<Evidence>, now: Moment) {
        self.idle.look(evidence.and_then(|seen| seen.is_active).map(|is_active| !is_active), now);
        self.empty.look(evidence.and_then(|seen| seen.is_empty()), now);
        self.unused.look(evidence.and_then(|seen| seen.is_unused()), now);
        let readable = evidence.is_some();
        let loaded = percent(card.utilisation.gpu_percent)
            .filter(|_| readable)
            .map(|share| share >= Rules::LOADED_FROM_PERCENT);
        self.loaded.look(loaded, now);
        let reasons = card.throttle.present().filter(|_| readable).map(Vec::as_slice);
        self.overheated.look(reasons.map(|all| all.contains(&Throttle::HardwareThermal)), now);
        self.throttling.look(reasons.filter(|_| loaded == Some(true)), now);
    }

    /// Free, held or busy, of a card that is not divided.
    fn weigh(&self, evidence: Evidence, is_prohibited: bool, now: Moment) -> Verdict {
        match evidence.is_empty() {
            // Nobody may compute on it: it is of no use to anybody, and used by nobody.
            Some(true) if is_prohibited => Verdict::Unreadable,
            Some(true) => settled(&self.empty, now),
            None => Verdict::Unreadable,
            Some(false) if evidence.is_unused() == Some(true) => {
                if self.unused.has_lasted(Rules::HELD_AFTER, now) {
                    Verdict::Held
                } else {
                    Verdict::Busy
                }
            }
            Some(false) => Verdict::Busy,
        }
    }

    /// Judges slices, each by itself, and says what follows for a card that is divided.
    fn judge_slices(
        &mut self,
        card: &mut Gpu,
        processes: &[GpuProcess],
        can_be_read: bool,
        now: Moment,
    ) -> Verdict {
        let keys: BTreeSet<&Text> = card.slices.iter().map(|slice| &slice.key).collect();
        self.slices.retain(|key, _| keys.contains(key));
        let mut verdicts = Vec::with_capacity(card.slices.len());
        for slice in &mut card.slices {
            if self.slices.len() >= SLICES_MAX && !self.slices.contains_key(&slice.key) {
                verdicts.push(Verdict::Unreadable);
                continue;
            }
            let empty = self
                .slices
                .entry(slice.key.clone())
                .or_insert_with(|| Spell::new(self.longest_gap));
            let is_empty =
                can_be_read.then(|| Evidence::of_slice(slice, processes).is_empty()).flatten();
            empty.look(is_empty, now);
            let verdict = match is_empty {
                Some(true) => settled(empty, now),
                Some(false) => Verdict::Busy,
                None => Verdict::Unreadable,
            };
            slice.state = verdict.state();
            verdicts.push(verdict);
        }
        // A card that is to be divided and is not yet is of no use: nobody can compute on it.
        let none = verdicts.is_empty().then_some(Verdict::Unreadable);
        let worst = [Verdict::Busy, Verdict::Unreadable];
        none.or_else(|| worst.into_iter().find(|verdict| verdicts.contains(verdict)))
            .unwrap_or(Verdict::Free)
    }

    /// Notes what the card is now. Returns since when, if that was seen.
    fn turned(&mut self, verdict: Verdict, now: Moment) -> Option<UnixMillis> {
        let recent = |stay: Option<Stay>| {
            stay.filter(|stay| now.monotonic.saturating_sub(stay.seen) <= self.longest_gap)
        };
        let (was, before) = (recent(self.now_in), recent(self.before));
        let since = match was {
            None => None,
            Some(was) if was.verdict == verdict => was.since,
            Some(was) => match before {
                // It could not be read for a moment and is what it was.
                Some(before) if was.verdict == Verdict::Unreadable && before.verdict == verdict => {
                    before.since
                }
                _ => self.is_beginning_seen(was.verdict, verdict).then_some(now),
            },
        };
        if verdict != Verdict::Unreadable {
            self.before = None;
        } else if let Some(was) = was.filter(|was| was.verdict != verdict) {
            self.before = Some(was);
        }
        let since = since.map(|since| since.as_told_at(now));
        self.now_in = Some(Stay { verdict, since, seen: now.monotonic });
        since.map(|since| since.wall)
    }

    /// Whether a change of state, seen now, is when the new state began. A card that turns out to be
    /// free or held after it was watched for long enough may have been so for days.
    fn is_beginning_seen(&self, from: Verdict, to: Verdict) -> bool {
        match (from, to) {
            (_, Verdict::Unreadable) => true,
            (Verdict::Unreadable, _) => false,
            (_, Verdict::Fault | Verdict::Busy) | (Verdict::Fault, _) => true,
            (_, Verdict::Free) => true,
            (_, Verdict::Held) => self.unused.is_begin_known(),
        }
    }
}

/// What an empty card, or slice, is. One that was seen in use stays busy for a moment: jobs follow each
/// other. Of one that was empty when it was first seen nothing speaks against its being free.
fn settled(empty: &Spell, now: Moment) -> Verdict {
    if empty.is_begin_known() && !empty.has_lasted(Rules::FREE_AFTER, now) {
        Verdict::Busy
    } else {
        Verdict::Free
    }
}
