//! ZFS pools, from the module's statistics and the space of mounted datasets.
//!
//! A pool is a folder of `spl/kstat/zfs`. What its datasets read and wrote is in `objset-*`, one
//! file per mounted dataset or volume since OpenZFS 0.8; before that in `io`, for the whole pool.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::files::{self, Kept};
use super::missing::Missing;
use super::order::natural;
use super::parse::visible;
use super::sampler::{Last, per_second};
use super::{Collected, Context, Source};
use crate::model::source::SourceFinding;
use crate::model::zfs::{POOLS_MAX, Zfs, ZfsPool};
use crate::model::{BytesPerSecond, Reading, Reason, Text};

pub mod kstat;
mod space;

use kstat::Transferred;
use space::Datasets;

/// The most datasets of a pool whose statistics are read; there is a file for each.
pub const OBJSETS_MAX: usize = 4096;

/// The source `zfs`.
#[derive(Debug)]
pub struct ZfsSource {
    context: Context,
    arcstats: Kept,
    /// What each pool's datasets had transferred, by the pool's name.
    transferred: BTreeMap<Text, Last<Sample>>,
    missing: Missing,
}

/// What a pool's datasets have transferred.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sample {
    /// Each by itself, by the name of its file.
    Datasets(BTreeMap<String, Transferred>),
    /// All together.
    Pool(Transferred),
}

impl ZfsSource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        let arcstats = Kept::new(context.roots.proc("spl/kstat/zfs/arcstats"), files::SMALL);
        Self { context, arcstats, transferred: BTreeMap::new(), missing: Missing::new("zfs") }
    }

    /// Names of all imported pools, in order. `$import` and its like are the module's own, for as
    /// long as it looks for pools.
    fn pools(&mut self) -> Result<Vec<String>, Reason> {
        let folder = self.context.roots.proc("spl/kstat/zfs");
        let entries = fs::read_dir(folder).map_err(|error| files::reason(&error))?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| files::reason(&error))?;
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            // A pool's name is ASCII.
            if let Ok(name) = entry.file_name().into_string()
                && is_folder
                && !name.starts_with('$')
            {
                names.push(name);
            }
        }
        names.sort_by(|one, other| natural(one, other));
        if let Some(more) = names.len().checked_sub(POOLS_MAX).filter(|more| *more > 0) {
            names.truncate(POOLS_MAX);
            self.find(format!("{more} pools"), Reason::OutOfResources);
        }
        Ok(names)
    }

    fn pool(
        &mut self,
        name: &str,
        datasets: &Result<Datasets, Reason>,
        now: Duration,
    ) -> Option<ZfsPool> {
        let folder = self.context.roots.proc("spl/kstat/zfs").join(name);
        let key = Text::from(visible(name.as_bytes()));
        let state = files::read(&folder.join("state"), files::SMALL);
        let state = Reading::from(state.and_then(|bytes| kstat::parse_state(&bytes)));
        let sample = match sample(&folder) {
            // Exported while it was read.
            Err(Reason::NotSupported) if !folder.exists() => return None,
            sample => sample,
        };
        if let Err(reason) = sample
            && reason != Reason::NotSupported
        {
            self.find(format!("datasets of {key}"), reason);
        }
        let last = self.transferred.entry(key.clone()).or_default();
        let rates = sample.map(|sample| {
            let base = last.base(now, self.context.rate_window);
            let rates = base.and_then(|(earlier, elapsed)| rates(earlier, &sample, elapsed));
            last.replace(now, sample);
            rates
        });
        let space = match (space::may_be_asked(&state), datasets) {
            (Err(reason), _) | (Ok(()), &Err(reason)) => Reading::absent(reason),
            (Ok(()), Ok(datasets)) => datasets.space(&self.context.roots, name),
        };
        let rate = |pick: fn(&(BytesPerSecond, BytesPerSecond)) -> BytesPerSecond| {
            Reading::from(rates)
                .and_then(|rates| Reading::from_option(rates.as_ref().map(pick), Reason::Measuring))
        };
        Some(ZfsPool {
            key,
            state,
            space,
            read_bytes_per_second: rate(|rates| rates.0),
            written_bytes_per_second: rate(|rates| rates.1),
        })
    }

    fn find(&mut self, what: String, reason: Reason) {
        self.missing.note(what.as_str(), what.as_str(), reason);
    }
}

impl Source for ZfsSource {
    fn name(&self) -> &'static str {
        "zfs"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        self.missing.begin(self.context.now().wall);
        let names = self.pools()?;
        let now = self.context.now().monotonic;
        let datasets = Datasets::read(&self.context.roots);
        let pools: Vec<ZfsPool> =
            names.iter().filter_map(|name| self.pool(name, &datasets, now)).collect();
        self.transferred.retain(|name, _| pools.iter().any(|pool| pool.key == *name));
        let cache = self.arcstats.read().and_then(|bytes| Ok(kstat::parse_arcstats(bytes)?));
        Ok(Collected::Zfs(Zfs { pools, cache: cache.into() }))
    }

    fn findings(&self) -> Vec<SourceFinding> {
        self.missing.findings()
    }
}

/// Reads what the pool's datasets have transferred.
fn sample(folder: &Path) -> Result<Sample, Reason> {
    let mut datasets = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|error| files::reason(&error))? {
        let name = entry.map_err(|error| files::reason(&error))?.file_name();
        let Some(name) = name.to_str().filter(|name| name.starts_with("objset-")) else { continue };
        if datasets.len() == OBJSETS_MAX {
            return Err(Reason::OutOfResources);
        }
        match files::read(&folder.join(name), files::SMALL) {
            Ok(bytes) => datasets.insert(name.to_owned(), kstat::parse_objset(&bytes)?),
            // Unmounted while it was read.
            Err(Reason::NotSupported) => continue,
            Err(reason) => return Err(reason),
        };
    }
    if !datasets.is_empty() {
        return Ok(Sample::Datasets(datasets));
    }
    let bytes = files::read(&folder.join("io"), files::SMALL)?;
    Ok(Sample::Pool(kstat::parse_io(&bytes)?))
}

/// Read and written per second. A dataset counts if it is in both samples and was not mounted anew
/// in between; `None` if none is.
fn rates(
    earlier: &Sample,
    later: &Sample,
    elapsed: Duration,
) -> Option<(BytesPerSecond, BytesPerSecond)> {
    let of_one = |earlier: &Transferred, later: &Transferred| -> Option<(f64, f64)> {
        let read = per_second(earlier.read, later.read, elapsed)?;
        Some((read, per_second(earlier.written, later.written, elapsed)?))
    };
    let (read, written) = match (earlier, later) {
        (Sample::Pool(earlier), Sample::Pool(later)) => of_one(earlier, later),
        (Sample::Datasets(earlier), Sample::Datasets(later)) => later
            .iter()
            .filter_map(|(name, later)| of_one(earlier.get(name)?, later))
            .reduce(|sum, one| (sum.0 + one.0, sum.1 + one.1)),
        _ => None,
    }?;
    Some((whole(read), whole(written)))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is not negative, and the nearest byte per second is what is wanted"
)]
fn whole(rate: f64) -> BytesPerSecond {
    BytesPerSecond(rate.round() as u64)
}

#[cfg(test)]
mod tests;
