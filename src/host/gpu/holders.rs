//! Who has a card's device file open, for memory that no process on the card accounts for: a process
//! that hangs as it ends, or one that the driver does not list. Knows `/proc`, not NVML.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use crate::host::parse::{unsigned, visible};
use crate::host::{Context, Roots, files};
use crate::model::gpu::{DeviceHolder, Gpu, GpuFinding, Virtualisation};
use crate::model::process::ProcessRow;
use crate::model::{Bytes, Reading, Reason};

/// How long what was found is believed: a look costs a file or two of every process.
const LIFE: Duration = Duration::from_secs(30);

/// The most processes that are looked at in one look, and the most files of one.
const PROCESSES_MAX: usize = 20_000;
const FILES_MAX: usize = 4096;

/// The most holders of one card that are named.
const HOLDERS_MAX: usize = 32;

/// Memory that nobody accounts for is worth telling from here on: contexts and what the driver keeps
/// for itself differ between cards, and the lists are read a moment after the memory.
const LEAST_BYTES: u64 = 512 << 20;
const LEAST_SHARE: f64 = 0.03;

/// Memory of a card that nobody accounts for, if that is worth telling. Only where it is known of
/// every process: on a divided card, and with processes whose memory the driver does not tell, it is
/// not.
pub(super) fn ghost_memory(
    gpu: &Gpu,
    processes: impl IntoIterator<Item = Reading<Bytes>>,
) -> Option<Bytes> {
    // On the machine of virtual machines, they have it.
    let shared = gpu.virtualisation.present() == Some(&Virtualisation::Host);
    if shared || gpu.mig.present() == Some(&true) || gpu.process_count.present().is_none() {
        return None;
    }
    let (total, used) = (gpu.memory.total_bytes.present()?, gpu.memory.used_bytes.present()?);
    // Old drivers count what they keep for themselves as used.
    gpu.memory.reserved_bytes.present()?;
    let mut known: u64 = 0;
    for memory in processes {
        known = known.saturating_add(memory.present()?.0);
    }
    let ghost = used.0.saturating_sub(known);
    let share = share(ghost, total.0);
    (ghost >= LEAST_BYTES && share > LEAST_SHARE).then_some(Bytes(ghost))
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no more than 53 bits")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// What a look at all processes gave.
#[derive(Debug, Default)]
struct Looked {
    /// Pids by the number of the device file that they have open.
    open: BTreeMap<u32, Vec<u32>>,
    /// Processes that could not be looked at.
    refused: usize,
}

impl Looked {
    /// Those that have device file `minor` open. With what was seen of smonitor's own user only,
    /// "nobody" would be a guess.
    fn of(&self, minor: u32) -> Result<Vec<u32>, Reason> {
        match self.open.get(&minor) {
            Some(pids) => Ok(pids.clone()),
            None if self.refused > 0 => Err(Reason::PermissionDenied),
            None => Ok(Vec::new()),
        }
    }
}

/// Looks for holders, seldom.
#[derive(Debug, Default)]
pub(super) struct Holders {
    looked: Option<(Duration, Result<Looked, Reason>)>,
}

impl Holders {
    /// The pids that have device file `minor` open, ascending. They are looked for if what is known
    /// is older than [`LIFE`].
    ///
    /// # Errors
    /// Why it cannot be told: other users' files may not be looked at.
    pub(super) fn of(&mut self, context: &Context, minor: u32) -> Result<Vec<u32>, Reason> {
        let now = context.clock.monotonic();
        let fresh = |at: &Duration| now.saturating_sub(*at) < LIFE;
        if !self.looked.as_ref().is_some_and(|(at, _)| fresh(at)) {
            self.looked = Some((now, look(&context.roots)));
        }
        match &self.looked {
            Some((_, Ok(looked))) => looked.of(minor),
            Some((_, Err(reason))) => Err(*reason),
            None => Err(Reason::NotCollected),
        }
    }
}

/// Who has which card's device file open.
fn look(roots: &Roots) -> Result<Looked, Reason> {
    let entries = fs::read_dir(roots.proc("")).map_err(|error| files::reason(&error))?;
    let mut found = Looked::default();
    let mut looked = 0_usize;
    for entry in entries {
        let entry = entry.map_err(|error| files::reason(&error))?;
        let name = entry.file_name();
        let pid = unsigned(name.as_encoded_bytes()).and_then(|pid| u32::try_from(pid).ok());
        let Some(pid) = pid else { continue };
        if looked == PROCESSES_MAX {
            tracing::debug!(PROCESSES_MAX, "more processes than are looked at");
            break;
        }
        looked += 1;
        match open_devices(roots, pid) {
            Ok(minors) => {
                for minor in minors {
                    found.open.entry(minor).or_default().push(pid);
                }
            }
            Err(Reason::PermissionDenied) => found.refused += 1,
            // It ended meanwhile.
            Err(_) => {}
        }
    }
    for pids in found.open.values_mut() {
        pids.sort_unstable();
    }
    Ok(found)
}

/// The numbers of the cards whose device files a process has open, each once.
fn open_devices(roots: &Roots, pid: u32) -> Result<Vec<u32>, Reason> {
    let folder = roots.proc(format!("{pid}/fd"));
    let entries = fs::read_dir(&folder).map_err(|error| files::reason(&error))?;
    let mut minors = Vec::new();
    for entry in entries.take(FILES_MAX) {
        let entry = entry.map_err(|error| files::reason(&error))?;
        let Ok(target) = fs::read_link(entry.path()) else { continue };
        if let Some(minor) = Roots::nvidia_minor(&target)
            && !minors.contains(&minor)
        {
            minors.push(minor);
        }
    }
    Ok(minors)
}

/// The finding: how much, and who. `rows` are the holders that can be seen, by pid.
pub(super) fn finding(
    roots: &Roots,
    bytes: Bytes,
    pids: Result<Vec<u32>, Reason>,
    rows: &[ProcessRow],
) -> GpuFinding {
    let holder = |pid: u32| {
        let row = rows.binary_search_by_key(&pid, |row| row.pid).ok().and_then(|at| rows.get(at));
        let name = row.map(|row| row.name.clone()).or_else(|| {
            let name = files::read(&roots.proc(format!("{pid}/comm")), files::SMALL).ok()?;
            Some(visible(name.trim_ascii()).into())
        })?;
        let user = row.map_or(Reading::absent(Reason::Gone), |row| row.user.clone());
        Some(DeviceHolder { pid, name, user })
    };
    let holders =
        pids.map(|pids| pids.into_iter().filter_map(holder).take(HOLDERS_MAX).collect::<Vec<_>>());
    GpuFinding::GhostMemory { bytes, holders: holders.into() }
}

#[cfg(test)]
mod tests;
