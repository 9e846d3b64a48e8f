//! How full pools are. The module's statistics do not say; the mounted datasets do, by statfs(2).

use std::collections::BTreeMap;

use crate::host::filesystem::ask::{self, Captured, Numbers, Target};
use crate::host::filesystem::mountinfo::{self, KernelTypes, Mount, unescape};
use crate::host::filesystem::table::{self, Entry, Table};
use crate::host::{Roots, files};
use crate::model::filesystem::Space;
use crate::model::zfs::ZfsState;
use crate::model::{Bytes, Percent, Reading, Reason};

/// The machine's mounted datasets.
#[derive(Debug)]
pub(super) struct Datasets {
    by_pool: BTreeMap<Vec<u8>, Table>,
    /// What the datasets of a captured machine said; nothing for a running one.
    captured: Option<Captured>,
}

impl Datasets {
    /// Reads the mount table: that of the machine, which is process 1's where the roots are those
    /// of a host that is mounted into a container.
    ///
    /// # Errors
    /// Why it could not be read.
    pub(super) fn read(roots: &Roots) -> Result<Self, Reason> {
        let is_running = roots.is_live() || files::is_procfs(&roots.proc(""));
        let path = if is_running && !roots.is_live() { "1/mountinfo" } else { "self/mountinfo" };
        let bytes = files::read(&roots.proc(path), files::LARGE)?;
        let captured = match files::read(&roots.captured_statfs(), files::LARGE) {
            _ if is_running => None,
            Ok(bytes) => Some(ask::parse_captured(&bytes)?),
            Err(_) => Some(Captured::default()),
        };
        Ok(Self { by_pool: by_pool(&bytes), captured })
    }

    /// The space of a pool: what its mounted datasets use together, and what the one that may use
    /// the most still has, because the others have quotas.
    pub(super) fn space(&self, roots: &Roots, pool: &str) -> Reading<Space> {
        let Some(table) = self.by_pool.get(pool.as_bytes()) else {
            return Reading::absent(Reason::NotSupported);
        };
        if table.left_out > 0 {
            return Reading::absent(Reason::OutOfResources);
        }
        let mut told = Vec::with_capacity(table.entries.len());
        for entry in &table.entries {
            match self.ask(roots, entry) {
                Ok(numbers) => told.push(Told::from(numbers)),
                // Unmounted meanwhile, or hidden by another mount.
                Err(Reason::Gone) => {}
                // A sum that lacks a dataset would be too small.
                Err(reason) => return Reading::absent(reason),
            }
        }
        Reading::from_option(sum(&told), Reason::NotSupported)
    }

    fn ask(&self, roots: &Roots, entry: &Entry) -> Result<Numbers, Reason> {
        match &self.captured {
            Some(captured) => captured.ask(entry),
            None => Target::new(entry, roots).ask(),
        }
    }
}

/// Whether statfs(2) of a pool's datasets comes back: not while input and output have stopped.
pub(super) fn may_be_asked(state: &Reading<ZfsState>) -> Result<(), Reason> {
    match state {
        Reading::Present(ZfsState::Suspended | ZfsState::Unavailable | ZfsState::Faulted) => {
            Err(Reason::NotResponding)
        }
        Reading::Absent { absent: Reason::Gone } => Err(Reason::Gone),
        // Before 0.8 the module does not tell.
        Reading::Present(_) | Reading::Absent { .. } => Ok(()),
    }
}

/// The mounted datasets of each pool, each once, snapshots left out.
fn by_pool(mountinfo: &[u8]) -> BTreeMap<Vec<u8>, Table> {
    let (mounts, _) = mountinfo::parse_mountinfo(mountinfo);
    let mut by_pool: BTreeMap<Vec<u8>, Vec<Mount<'_>>> = BTreeMap::new();
    for mount in mounts.into_iter().filter(|mount| mount.kind == b"zfs") {
        let dataset = unescape(mount.source);
        if dataset.contains(&b'@') {
            continue;
        }
        let pool = dataset.split(|&byte| byte == b'/').next().unwrap_or_default();
        by_pool.entry(pool.to_vec()).or_default().push(mount);
    }
    let types = KernelTypes::default();
    by_pool.into_iter().map(|(pool, mounts)| (pool, table::build(&mounts, &types))).collect()
}

/// What one dataset says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    used: u64,
    available: u64,
}

impl From<Numbers> for Told {
    fn from(numbers: Numbers) -> Self {
        let bytes = |blocks: u64| blocks.saturating_mul(numbers.block_size);
        let used = bytes(numbers.blocks.saturating_sub(numbers.free));
        Self { used, available: bytes(numbers.available) }
    }
}

fn sum(datasets: &[Told]) -> Option<Space> {
    let used = Bytes(datasets.iter().map(|one| one.used).fold(0, u64::saturating_add));
    let available = Bytes(datasets.iter().map(|one| one.available).max()?);
    let total = Bytes(used.0.saturating_add(available.0));
    let percent = Percent::of_bytes(used, total);
    Some(Space {
        total_bytes: total,
        used_bytes: used,
        available_bytes: available,
        used_percent: Reading::from_option(percent, Reason::NotSupported),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_is_a_sum_and_available_is_not() {
        let told = |used, available| Told { used, available };
        let space = sum(&[told(10_240, 92_160), told(10_240, 5000), told(0, 92_160)]).unwrap();
        assert_eq!(space.used_bytes, Bytes(20_480));
        assert_eq!(space.available_bytes, Bytes(92_160));
        assert_eq!(space.total_bytes, Bytes(112_640));
        assert_eq!(space.used_percent, Reading::Present(Percent(18.2)));
        assert_eq!(sum(&[]), None);
    }

    #[test]
    fn a_dataset_counts_once_and_its_snapshots_never() {
        let pools = by_pool(
            b"1 1 8:2 / / rw - ext4 /dev/sda2 rw\n\
            2 1 0:45 / /tank rw - zfs tank rw\n\
            3 2 0:46 / /tank/my\\040home rw - zfs tank/my\\040home rw\n\
            4 1 0:46 /alice /home/alice rw - zfs tank/my\\040home rw\n\
            5 2 0:47 / /tank/.zfs/snapshot/monday ro - zfs tank@monday ro\n\
            6 1 0:48 / /tanker rw - zfs tanker/x rw\n",
        );
        let devices = |pool: &[u8]| -> Vec<String> {
            pools[pool].entries.iter().map(|entry| entry.device.to_string()).collect()
        };
        assert_eq!(pools.len(), 2);
        let mut tank = devices(b"tank");
        tank.sort();
        assert_eq!(tank, ["tank", "tank/my home"]);
        assert_eq!(devices(b"tanker"), ["tanker/x"]);
    }

    #[test]
    fn a_pool_that_has_stopped_is_not_asked() {
        use ZfsState::{Degraded, Faulted, Online, Suspended, Unavailable};
        for state in [Suspended, Unavailable, Faulted] {
            assert_eq!(may_be_asked(&Reading::Present(state)), Err(Reason::NotResponding));
        }
        assert_eq!(may_be_asked(&Reading::absent(Reason::Gone)), Err(Reason::Gone));
        for state in [Online, Degraded] {
            assert_eq!(may_be_asked(&Reading::Present(state)), Ok(()));
        }
        assert_eq!(may_be_asked(&Reading::absent(Reason::NotSupported)), Ok(()));
    }
}
