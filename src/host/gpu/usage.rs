//! Which processes are on a card, and how much of it each uses: merging what the driver's lists say.
//! Pure; who they are stands in [`super::who`].

use std::collections::{BTreeMap, BTreeSet};

use nvml_wrapper::struct_wrappers::device::ProcessUtilizationSample;

use crate::model::gpu::GpuProcessKind;
use crate::model::{Bytes, Percent, Reading, Reason};

/// A process on a card or on one instance of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) pid: u32,
    /// In the order of declaration, each once.
    pub(super) kinds: Vec<GpuProcessKind>,
    pub(super) memory: Reading<Bytes>,
}

/// What one of the driver's lists says of one process: its number, and its memory if it is known.
pub(super) type Listed = (u32, Option<u64>);

/// One row a process of the three lists of a card, by pid. `most` is the size of the card's memory: a
/// process that uses more does not exist; some drivers of the 535 series wrote such lists.
pub(super) fn merge(
    lists: impl IntoIterator<Item = (GpuProcessKind, Vec<Listed>)>,
    most: Option<Bytes>,
) -> Vec<Found> {
    let mut merged: BTreeMap<u32, Found> = BTreeMap::new();
    for (kind, list) in lists {
        // Number 0 is what is left in rows that the driver did not fill in.
        for (pid, memory) in list.into_iter().filter(|(pid, _)| *pid != 0) {
            let memory = match memory {
                None => Reading::absent(Reason::NotSupported),
                Some(bytes) if most.is_some_and(|most| bytes > most.0) => {
                    Reading::absent(Reason::Malformed)
                }
                Some(bytes) => Reading::Present(Bytes(bytes)),
            };
            let found = merged.entry(pid).or_insert(Found { pid, kinds: Vec::new(), memory });
            if !found.kinds.contains(&kind) {
                found.kinds.push(kind);
                found.kinds.sort_unstable();
            }
            // Every list has the same sum over all that the process does; where they differ, one was
            // read a moment earlier.
            found.memory = match (found.memory, memory) {
                (Reading::Present(one), Reading::Present(other)) => {
                    Reading::Present(Bytes(one.0.max(other.0)))
                }
                (Reading::Absent { .. }, Reading::Present(other)) => Reading::Present(other),
                (kept, Reading::Absent { .. }) => kept,
            };
        }
    }
    merged.into_values().collect()
}

/// How much of a card a process used since the last reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shares {
    pub(super) gpu: Reading<Percent>,
    pub(super) memory: Reading<Percent>,
    pub(super) encoder: Reading<Percent>,
    pub(super) decoder: Reading<Percent>,
}

impl Shares {
    /// All absent.
    pub(super) fn absent(reason: Reason) -> Self {
        let absent = Reading::absent(reason);
        Self { gpu: absent, memory: absent, encoder: absent, decoder: absent }
    }
}

/// What is kept between two readings of the processes of one card.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// The newest sample seen, in microseconds of the driver's clock; 0: none yet.
    newest: u64,
    /// Whether there was a reading that this one goes on from.
    running: bool,
    /// The processes of that reading.
    before: BTreeSet<u32>,
}

/// A sum of samples.
#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    count: u32,
    values: [u64; 4],
}

impl Window {
    /// From when on samples are asked for.
    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// The next reading goes on from nothing: after a pause, the samples would be of the pause.
    pub(super) fn forget(&mut self) {
        self.running = false;
        self.before.clear();
    }

    /// The shares of `pids`, of the samples since the last reading: the mean of each process's.
    ///
    /// The driver writes no sample for a process that did nothing. So one without a sample that was
    /// there at the last reading already used nothing, 0 %; one that was not is being measured, and so
    /// is each at the first reading, whose samples may be of any time.
    pub(super) fn shares(
        &mut self,
        pids: &[u32],
        samples: &[ProcessUtilizationSample],
    ) -> BTreeMap<u32, Shares> {
        let earlier = self.newest;
        let mut sums: BTreeMap<u32, Sum> = BTreeMap::new();
        for sample in samples {
            // Some drivers give old samples again, and rows that they did not fill in.
            let values = [sample.sm_util, sample.mem_util, sample.enc_util, sample.dec_util];
            let plausible = values.iter().all(|value| *value <= 100);
            if sample.pid == 0 || sample.timestamp <= earlier || !plausible {
                continue;
            }
            self.newest = self.newest.max(sample.timestamp);
            let sum = sums.entry(sample.pid).or_default();
            sum.count += 1;
            for (sum, value) in sum.values.iter_mut().zip(values) {
                *sum += u64::from(value);
            }
        }
        let running = std::mem::replace(&mut self.running, true);
        let before = std::mem::replace(&mut self.before, pids.iter().copied().collect());
        let of = |pid: &u32| match sums.get(pid) {
            _ if !running => Shares::absent(Reason::Measuring),
            Some(sum) => sum.mean(),
            None if before.contains(pid) => Sum { count: 1, values: [0; 4] }.mean(),
            None => Shares::absent(Reason::Measuring),
        };
        pids.iter().map(|pid| (*pid, of(pid))).collect()
    }
}

impl Sum {
    #[expect(clippy::cast_precision_loss, reason = "a sum of percentages of a few samples")]
    fn mean(self) -> Shares {
        let [gpu, memory, encoder, decoder] = self.values.map(|sum| {
            let mean = sum as f64 / f64::from(self.count.max(1));
            Reading::Present(Percent((mean * 10.0).round() / 10.0))
        });
        Shares { gpu, memory, encoder, decoder }
    }
}

#[cfg(test)]
mod tests;
