//! Memory nodes, from `/sys/devices/system/node` (kernel documents ABI/stable/sysfs-devices-node,
//! admin-guide/numastat.rst).

use std::collections::BTreeMap;
use std::fs;

use super::missing::Missing;
use super::parse::{ParseError, Place, lines, unsigned, visible, words};
use super::sampler::{Last, per_second};
use super::{Collected, Context, Source, files};
use crate::model::numa::{Numa, NumaNode};
use crate::model::source::SourceFinding;
use crate::model::{Bytes, PerSecond, Percent, Reading, Reason};

/// The source `numa`.
#[derive(Debug)]
pub struct NumaSource {
    context: Context,
    /// `numa_miss` of each node, by its number.
    misses: BTreeMap<u32, Last<u64>>,
    missing: Missing,
}

impl NumaSource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self { context, misses: BTreeMap::new(), missing: Missing::new("numa") }
    }

    fn node(&mut self, number: u32) -> Result<NumaNode, Reason> {
        let folder = self.context.roots.sys(format!("devices/system/node/node{number}"));
        let read = |name: &str| files::read(&folder.join(name), files::SMALL);
        // A node whose processors are not known would look like one that has none.
        let cpus = visible(read("cpulist")?.trim_ascii()).into();
        let memory = read("meminfo").and_then(|bytes| Ok(parse_meminfo(&bytes)?));
        let misses = read("numastat").and_then(|bytes| Ok(parse_numastat(&bytes)?));
        let distances = read("distance").and_then(|bytes| Ok(parse_distance(&bytes)?));
        let distances = distances.unwrap_or_else(|reason| {
            if reason != Reason::NotSupported {
                self.find(&format!("node{number}/distance"), reason);
            }
            Vec::new()
        });
        let memory = Reading::from(memory);
        Ok(NumaNode {
            key: number.to_string().into(),
            cpus,
            total_bytes: memory.map(|memory| memory.total),
            free_bytes: memory.map(|memory| memory.free),
            used_percent: memory.and_then(|memory| {
                let used = Bytes(memory.total.0.saturating_sub(memory.free.0));
                let percent = Percent::of_bytes(used, memory.total).map(Percent::clamped);
                Reading::from_option(percent, Reason::NotSupported)
            }),
            misses_per_second: Reading::from(misses)
                .and_then(|misses| self.miss_rate(number, misses)),
            distances,
        })
    }

    fn find(&mut self, what: &str, reason: Reason) {
        self.missing.note(what, what, reason);
    }

    fn miss_rate(&mut self, number: u32, misses: u64) -> Reading<PerSecond> {
        let now = self.context.now().monotonic;
        let last = self.misses.entry(number).or_default();
        let rate = last
            .base(now, self.context.rate_window)
            .and_then(|(earlier, elapsed)| per_second(*earlier, misses, elapsed));
        last.replace(now, misses);
        Reading::from_option(rate.map(PerSecond::new), Reason::Measuring)
    }
}

impl Source for NumaSource {
    fn name(&self) -> &'static str {
        "numa"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        self.missing.begin(self.context.now().wall);
        let folder = self.context.roots.sys("devices/system/node");
        let entries = fs::read_dir(folder).map_err(|error| files::reason(&error))?;
        let mut numbers = Vec::new();
        for entry in entries {
            let name = entry.map_err(|error| files::reason(&error))?.file_name();
            numbers.extend(node_number(name.as_encoded_bytes()));
        }
        numbers.sort_unstable();
        self.misses.retain(|number, _| numbers.contains(number));
        let mut nodes = Vec::with_capacity(numbers.len());
        for number in numbers {
            match self.node(number) {
                Ok(node) => nodes.push(node),
                // Memory that was taken out while it was read is just gone.
                Err(Reason::NotSupported | Reason::Gone) => {}
                Err(reason) => self.find(&format!("node{number}"), reason),
            }
        }
        if nodes.is_empty() {
            return Err(self
                .missing
                .findings()
                .first()
                .map_or(Reason::NotSupported, |it| it.problem.reason));
        }
        Ok(Collected::Numa(Numa { nodes }))
    }

    fn findings(&self) -> Vec<SourceFinding> {
        self.missing.findings()
    }
}

/// The number of a node's folder; other things lie beside them.
fn node_number(name: &[u8]) -> Option<u32> {
    u32::try_from(unsigned(name.strip_prefix(b"node")?)?).ok()
}

/// A node's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeMemory {
    /// `MemTotal`; 0 for a node with processors only.
    pub total: Bytes,
    /// `MemFree`.
    pub free: Bytes,
}

/// Parses a node's `meminfo`: `Node 0 MemTotal: 1024 kB`.
///
/// # Errors
/// If `MemTotal` or `MemFree` are missing or no numbers of kB.
pub fn parse_meminfo(bytes: &[u8]) -> Result<NodeMemory, ParseError> {
    const FILE: &str = "node/meminfo";
    let (mut total, mut free) = (None, None);
    for (place, line) in lines(FILE, bytes) {
        let mut words = words(line).skip(2);
        let slot = match words.next() {
            Some(b"MemTotal:") => &mut total,
            Some(b"MemFree:") => &mut free,
            _ => continue,
        };
        let kib = place.unsigned(words.next().unwrap_or_default())?;
        *slot = Some(Bytes(kib.saturating_mul(1024)));
    }
    let missing = |wanted| ParseError::Missing { file: FILE, wanted };
    Ok(NodeMemory {
        total: total.ok_or(missing("MemTotal"))?,
        free: free.ok_or(missing("MemFree"))?,
    })
}

/// Parses `numastat`, a name and a number of pages a line, for `numa_miss`.
///
/// # Errors
/// If that is missing or no number.
pub fn parse_numastat(bytes: &[u8]) -> Result<u64, ParseError> {
    const FILE: &str = "numastat";
    for (place, line) in lines(FILE, bytes) {
        let mut words = words(line);
        if words.next() == Some(b"numa_miss") {
            return place.unsigned(words.next().unwrap_or_default());
        }
    }
    Err(ParseError::Missing { file: FILE, wanted: "numa_miss" })
}

/// Parses `distance`: a number for every node.
///
/// # Errors
/// If one is no number.
pub fn parse_distance(bytes: &[u8]) -> Result<Vec<u32>, ParseError> {
    let place = Place { file: "distance", line: 1 };
    let distance = |word| {
        let distance = u32::try_from(place.unsigned(word)?);
        distance.map_err(|_| place.expected("a distance", word))
    };
    words(bytes.trim_ascii()).map(distance).collect()
}

#[cfg(test)]
mod tests;
