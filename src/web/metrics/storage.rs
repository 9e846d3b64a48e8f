//! Arrays of the MD driver, and ZFS.

use super::Known;
use super::text::Page;
use crate::model::raid::{Raid, RaidArray, RaidMemberState, RaidState};
use crate::model::zfs::{Zfs, ZfsPool, ZfsState};

pub(super) const ORIGIN: &str =
    "section `raid`: `mdstat`; section `zfs`: `spl/kstat/zfs` and statfs(2)";

metrics! {
    MD_STATE: Gauge "node_md_state", ["device", "state"],
        "What the array does: 1 for the state it is in, 0 for the others.";
    MD_DISKS: Gauge "node_md_disks", ["device", "state"], "Members that work, failed or are spare.";
    MD_REQUIRED: Gauge "node_md_disks_required", ["device"], "Members the array should have.";
    MD_BLOCKS: Gauge "node_md_blocks", ["device"], "Size of the array in blocks of 1024 bytes.";
    MD_CONDITION: Gauge "smonitor_raid_state", ["device", "state"],
        "How the array is: 1 for the state it is in, 0 for the others.";
    POOL_STATE: Gauge "node_zfs_zpool_state", ["zpool", "state"],
        "How the pool is: 1 for the state it is in, 0 for the others.";
    POOL_SIZE: Gauge "smonitor_zfs_pool_size_bytes", ["zpool"],
        "Space that datasets of the pool can use.";
    POOL_AVAILABLE: Gauge "smonitor_zfs_pool_avail_bytes", ["zpool"],
        "Space that the pool still has.";
    ARC_SIZE: Unknown "node_zfs_arc_size", [], "Size of the cache, in bytes.";
    ARC_TARGET: Unknown "node_zfs_arc_c", [], "Size that the cache aims at, in bytes.";
    ARC_LIMIT: Unknown "node_zfs_arc_c_max", [], "Size that the cache may have, in bytes.";
    ARC_HITS: Unknown "node_zfs_arc_hits", [], "Reads that the cache answered.";
    ARC_MISSES: Unknown "node_zfs_arc_misses", [], "Reads that it did not.";
}

pub(super) fn write(page: &mut Page, known: Known<'_>) {
    if let Some(raid) = known.fresh(&known.snapshot.raid) {
        arrays(page, raid);
    }
    if let Some(zfs) = known.fresh(&known.snapshot.zfs) {
        pools(page, zfs);
    }
}

fn arrays(page: &mut Page, raid: &Raid) {
    page.family(&MD_STATE, |samples| {
        for array in &raid.arrays {
            let now = activity(array);
            for state in ["active", "inactive", "recovering", "resync", "check"] {
                samples.add(&[&array.key, state], state == now);
            }
        }
    });
    page.family(&MD_DISKS, |samples| {
        for array in &raid.arrays {
            samples.add(&[&array.key, "active"], array.devices_working);
            for (state, wanted) in
                [("failed", RaidMemberState::Failed), ("spare", RaidMemberState::Spare)]
            {
                let members = array.members.iter().filter(|member| member.state == wanted);
                samples.add(&[&array.key, state], members.count());
            }
        }
    });
    page.family(&MD_REQUIRED, |samples| {
        for array in &raid.arrays {
            samples.add(&[&array.key], array.devices_wanted);
        }
    });
    page.family(&MD_BLOCKS, |samples| {
        for array in &raid.arrays {
            samples.add(&[&array.key], array.size_bytes.map(|size| size.0 / 1024));
        }
    });
    page.family(&MD_CONDITION, |samples| {
        const STATES: [(&str, RaidState); 5] = [
            ("clean", RaidState::Clean),
            ("working", RaidState::Working),
            ("recovering", RaidState::Recovering),
            ("degraded", RaidState::Degraded),
            ("inactive", RaidState::Inactive),
        ];
        for array in &raid.arrays {
            for (name, state) in STATES {
                samples.add(&[&array.key, name], array.state == state);
            }
        }
    });
}

/// What an array does, in node_exporter's words.
fn activity(array: &RaidArray) -> &'static str {
    if array.state == RaidState::Inactive {
        return "inactive";
    }
    match array.action.as_ref().map(|action| &*action.kind) {
        Some("recovery") => "recovering",
        Some("resync") => "resync",
        Some("check") => "check",
        _ => "active",
    }
}

fn pools(page: &mut Page, zfs: &Zfs) {
    page.family(&POOL_STATE, |samples| {
        const STATES: [(&str, ZfsState); 7] = [
            ("online", ZfsState::Online),
            ("degraded", ZfsState::Degraded),
            ("faulted", ZfsState::Faulted),
            ("offline", ZfsState::Offline),
            ("removed", ZfsState::Removed),
            ("unavail", ZfsState::Unavailable),
            ("suspended", ZfsState::Suspended),
        ];
        for pool in &zfs.pools {
            for (name, state) in STATES {
                samples.add(&[&pool.key, name], pool.state.map(|now| now == state));
            }
        }
    });
    let space = |pool: &ZfsPool| pool.space.present().copied();
    page.family(&POOL_SIZE, |samples| {
        for pool in &zfs.pools {
            samples.add(&[&pool.key], space(pool).map(|space| space.total_bytes));
        }
    });
    page.family(&POOL_AVAILABLE, |samples| {
        for pool in &zfs.pools {
            samples.add(&[&pool.key], space(pool).map(|space| space.available_bytes));
        }
    });
    page.single(&ARC_SIZE, zfs.cache.map(|cache| cache.size_bytes));
    page.single(&ARC_TARGET, zfs.cache.map(|cache| cache.target_bytes));
    page.single(&ARC_LIMIT, zfs.cache.map(|cache| cache.limit_bytes));
    page.single(&ARC_HITS, zfs.cache.map(|cache| cache.hits_total));
    page.single(&ARC_MISSES, zfs.cache.map(|cache| cache.misses_total));
}
