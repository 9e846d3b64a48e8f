//! How an array is, from what `mdstat` says of it. Pure.

use crate::model::raid::{RaidAction, RaidMember, RaidMemberState, RaidState};

/// What `mdstat` says of an array, as far as its state follows from it.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    /// Whether it runs: `active`, and not `inactive` or `broken`.
    pub(super) runs: bool,
    /// `raid5`; nothing while it is inactive.
    pub(super) level: Option<&'a str>,
    /// `[UU_]`: whether each member works; nothing for levels without redundancy.
    pub(super) slots: Option<&'a [bool]>,
    /// How many members have each block, by the text (`2 near-copies`); for RAID 10.
    pub(super) copies: Option<usize>,
    /// Its members.
    pub(super) members: &'a [RaidMember],
    /// What it is doing.
    pub(super) action: Option<&'a RaidAction>,
}

pub(super) fn decide(facts: &Facts<'_>) -> RaidState {
    if !facts.runs || lacks_data(facts) {
        return RaidState::Inactive;
    }
    // Only what moves is going on: the others wait their turn (DELAYED, PENDING).
    let running = facts.action.filter(|action| action.done_percent.present().is_some());
    let is_complete = facts.slots.is_none_or(|slots| slots.iter().all(|works| *works));
    match (is_complete, running) {
        (true, None) => RaidState::Clean,
        (true, Some(_)) => RaidState::Working,
        (false, Some(action)) if action.kind.as_str() == "recovery" => RaidState::Recovering,
        (false, _) => RaidState::Degraded,
    }
}

/// Whether some data are on no member that works. The driver goes on calling such an array active.
fn lacks_data(facts: &Facts<'_>) -> bool {
    let Some(slots) = facts.slots else {
        // Every member of a level without redundancy is needed.
        return facts.members.iter().any(|member| member.state == RaidMemberState::Failed);
    };
    let missing = slots.iter().filter(|works| !**works).count();
    match facts.level {
        Some("raid4" | "raid5") => missing > 1,
        Some("raid6") => missing > 2,
        Some("raid10") => lacks_every_copy(slots, facts.copies.unwrap_or(2)),
        _ => !slots.is_empty() && missing == slots.len(),
    }
}

/// Copies lie on neighbours: those of block `n` begin at member `n × copies`, around the ring.
fn lacks_every_copy(slots: &[bool], copies: usize) -> bool {
    let count = slots.len();
    let copies = copies.max(1).min(count);
    (0..count).any(|block| (0..copies).all(|copy| !slots[(block * copies + copy) % count]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(level: &str, slots: &str, copies: Option<usize>) -> bool {
        let slots: Vec<bool> = slots.chars().map(|c| c == 'U').collect();
        let (level, slots) = (Some(level), Some(&slots[..]));
        let facts = Facts { runs: true, level, slots, copies, members: &[], action: None };
        decide(&facts) == RaidState::Inactive
    }

    #[test]
    fn every_level_can_lose_what_it_is_made_for_and_no_more() {
        for (level, good, bad) in [
            ("raid1", &["UU", "U_", "_U", "__U"][..], &["__"][..]),
            ("raid4", &["UUU", "_UU"], &["__U"]),
            ("raid5", &["UUUU", "UU_U"], &["U__U", "____"]),
            ("raid6", &["UUUU", "_UU_"], &["___U"]),
            ("raid10", &["UUUU", "U_U_", "_UU_"], &["UU__", "__UU", "____"]),
        ] {
            good.iter().for_each(|slots| assert!(!lost(level, slots, None), "{level} {slots}"));
            bad.iter().for_each(|slots| assert!(lost(level, slots, None), "{level} {slots}"));
        }
        assert!(!lost("raid10", "__U", Some(3)));
        assert!(!lost("raid10", "U_U", Some(2)), "three members, around the ring");
        assert!(lost("raid10", "_U_", Some(2)), "the last's second copy is on the first");
    }
}
