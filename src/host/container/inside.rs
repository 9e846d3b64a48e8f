//! What is inside a container's group: its processes, the oldest of them, and through that one the
//! network they use. Reads `cgroup.procs`, `/proc/PID/stat` and `/proc/PID/net/dev`, which anybody may
//! read.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::walk::Group;
use crate::host::network::{dev, namespace};
use crate::host::parse::{ParseError, Place, lines};
use crate::host::process::stat;
use crate::host::{Roots, files};
use crate::model::Reason;

/// How many processes are looked at to find the oldest.
const ASKED_MAX: usize = 16;

/// The processes of a group and those below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Processes {
    /// How many there are.
    pub count: u64,
    /// The first of them by number. One that cannot be seen from here has none.
    pub first: Vec<u32>,
    /// One that was asked for, if it is among them.
    pub has_wanted: bool,
}

/// Lists the processes of a container. Whether `wanted` is among them is told.
///
/// # Errors
/// [`Reason::NotSupported`] if the group is gone; [`Reason::OutOfResources`] if there are too many
/// groups or processes to count.
pub fn processes(group: &Group, wanted: Option<u32>) -> Result<Processes, Reason> {
    let mut found = Processes::default();
    let own = files::read(&group.tree.join(&group.path).join("cgroup.procs"), files::LARGE);
    match own {
        Ok(bytes) => found.add(&bytes, wanted)?,
        // Version 2 has no such list for a group whose threads are in several.
        Err(Reason::NotSupported) if group.tree.join(&group.path).is_dir() => {}
        Err(reason) => return Err(reason),
    }
    for inner in &group.inner {
        match files::read(&group.tree.join(inner).join("cgroup.procs"), files::LARGE) {
            Ok(bytes) => found.add(&bytes, wanted)?,
            Err(Reason::NotSupported) => {}
            Err(reason) => return Err(reason),
        }
    }
    if group.inner_cut { Err(Reason::OutOfResources) } else { Ok(found) }
}

impl Processes {
    fn add(&mut self, bytes: &[u8], wanted: Option<u32>) -> Result<(), ParseError> {
        for pid in parse_procs(bytes) {
            let pid = pid?;
            self.count += 1;
            self.has_wanted |= pid.is_some() && pid == wanted;
            if let Some(pid) = pid {
                // Few and short lists: a container's first process has the lowest number unless
                // numbers began anew.
                let at = self.first.partition_point(|other| *other < pid);
                if at < ASKED_MAX {
                    self.first.insert(at, pid);
                    self.first.truncate(ASKED_MAX);
                }
            }
        }
        Ok(())
    }
}

/// Parses `cgroup.procs`: a number a line; 0 (here `None`) for a process of a pid namespace that
/// cannot be seen from here.
pub fn parse_procs(bytes: &[u8]) -> impl Iterator<Item = Result<Option<u32>, ParseError>> {
    let lines = lines("cgroup.procs", bytes).filter(|(_, line)| !line.is_empty());
    lines.map(|(place, line)| pid(place, line))
}

fn pid(place: Place, line: &[u8]) -> Result<Option<u32>, ParseError> {
    let number = place.unsigned(line)?;
    let pid = u32::try_from(number).map_err(|_| place.expected("a process id", line))?;
    Ok((pid != 0).then_some(pid))
}

/// The oldest of these: its number, and when it started, in ticks since boot.
///
/// # Errors
/// Why none of them could be read; [`Reason::Gone`] if there is none.
pub fn oldest(roots: &Roots, pids: &[u32]) -> Result<(u32, u64), Reason> {
    let mut problem = Reason::Gone;
    let mut oldest: Option<(u64, u32)> = None;
    for pid in pids {
        let bytes = files::read(&roots.proc(format!("{pid}/stat")), files::SMALL);
        match bytes.and_then(|bytes| Ok(stat::parse_stat(&bytes)?.start_ticks)) {
            Ok(start) if oldest.is_none_or(|(earliest, _)| start < earliest) => {
                oldest = Some((start, *pid));
            }
            Ok(_) | Err(Reason::NotSupported | Reason::Gone) => {}
            Err(reason) => problem = reason,
        }
    }
    oldest.map(|(start, pid)| (pid, start)).ok_or(problem)
}

/// What the interfaces of a network have carried, loopback left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// Number of the network: another one is another network.
    pub network: (u64, u64),
    /// Bytes received.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
}

/// The network that a process uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkOf {
    /// The machine's.
    Machine,
    /// One of its own.
    Own(Carried),
}

/// By what networks are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Networks {
    machine: (u64, u64),
    /// Whether the kernel keeps these files: of a captured machine each is another one at each look.
    are_kept: bool,
}

impl Networks {
    /// The number of the machine's network is that of its list of interfaces. The kernel makes that
    /// file once for each network, so its number tells networks apart without the right to trace a
    /// process, which `/proc/PID/ns/net` takes.
    ///
    /// # Errors
    /// Why there is no such list.
    pub fn of(roots: &Roots) -> Result<Self, Reason> {
        let are_kept = roots.is_live() || files::is_procfs(&roots.proc(""));
        Ok(Self { machine: number(&namespace(roots, "dev"))?, are_kept })
    }
}

fn number(path: &Path) -> Result<(u64, u64), Reason> {
    let metadata = std::fs::metadata(path).map_err(|error| gone(files::reason(&error)))?;
    Ok((metadata.dev(), metadata.ino()))
}

/// The network that this process uses.
///
/// # Errors
/// Why that cannot be told; [`Reason::Gone`] if the process ended.
pub fn network(roots: &Roots, pid: u32, networks: Networks) -> Result<NetworkOf, Reason> {
    let path = roots.proc(format!("{pid}/net/dev"));
    let number = number(&path)?;
    if number == networks.machine {
        return Ok(NetworkOf::Machine);
    }
    let network = if networks.are_kept { number } else { (0, u64::from(pid)) };
    let bytes = files::read(&path, files::LARGE).map_err(gone)?;
    let mut carried = Carried { network, received: 0, sent: 0 };
    for line in dev::parse(&bytes).map_err(Reason::from)? {
        if line.name != b"lo" {
            carried.received = carried.received.saturating_add(line.received.bytes);
            carried.sent = carried.sent.saturating_add(line.sent.bytes);
        }
    }
    Ok(NetworkOf::Own(carried))
}

/// Every process has this file.
fn gone(reason: Reason) -> Reason {
    if reason == Reason::NotSupported { Reason::Gone } else { reason }
}

#[cfg(test)]
mod tests;
