//! The last ten minutes of a host, kept while it is published.

use std::collections::{BTreeMap, VecDeque};

use crate::model::gpu::{GPUS_MAX, Gpu};
use crate::model::recent::{
    RECENT_MAX_POINTS, RECENT_SPAN_MS, RecentCpu, RecentDisks, RecentDocument, RecentGpu,
    RecentMemory, RecentNetwork,
};
use crate::model::{BytesPerSecond, HostId, Percent, Reading, Snapshot, Text, UnixMillis};

/// Two readings at a time.
type Point<T> = (UnixMillis, Reading<T>, Reading<T>);

#[derive(Default)]
pub(super) struct Recent {
    cpu: VecDeque<Point<Percent>>,
    memory: VecDeque<Point<Percent>>,
    network: VecDeque<Point<BytesPerSecond>>,
    disks: VecDeque<Point<BytesPerSecond>>,
    /// By key; at most [`GPUS_MAX`].
    gpus: BTreeMap<Text, Card>,
}

/// A card: its last index, and its load.
#[derive(Default)]
struct Card {
    index: u32,
    points: VecDeque<Point<Percent>>,
}

impl Recent {
    /// Takes in what a snapshot adds.
    pub(super) fn push(&mut self, snapshot: &Snapshot) {
        if let Reading::Present(at) = snapshot.cpu.taken_at_ms {
            let usage = snapshot.cpu.value.as_ref().and_then(|cpu| cpu.usage);
            let (busy, iowait) = (usage.map(|u| u.busy_percent), usage.map(|u| u.iowait_percent));
            append(&mut self.cpu, (at, busy, iowait));
        }
        if let Reading::Present(at) = snapshot.memory.taken_at_ms {
            let memory = snapshot.memory.value.as_ref();
            let used = memory.and_then(|memory| memory.used_percent);
            let swap = memory.and_then(|memory| memory.swap).and_then(|swap| swap.used_percent);
            append(&mut self.memory, (at, used, swap));
        }
        if let Reading::Present(at) = snapshot.network.taken_at_ms {
            let network = snapshot.network.value.as_ref();
            let received = network.and_then(|network| network.received_bytes_per_second);
            let sent = network.and_then(|network| network.sent_bytes_per_second);
            append(&mut self.network, (at, received, sent));
        }
        if let Reading::Present(at) = snapshot.disks.taken_at_ms {
            let disks = snapshot.disks.value.as_ref();
            let read = disks.and_then(|disks| disks.read_bytes_per_second);
            let written = disks.and_then(|disks| disks.written_bytes_per_second);
            append(&mut self.disks, (at, read, written));
        }
        if let Reading::Present(at) = snapshot.gpus.taken_at_ms {
            let cards = snapshot.gpus.value.present().map_or(&[][..], |gpus| &gpus.cards);
            self.push_cards(at, cards);
        }
    }

    /// Takes in the cards of a reading. One that is gone stays until its last point expires, or
    /// until its place is needed.
    fn push_cards(&mut self, at: UnixMillis, cards: &[Gpu]) {
        let outside =
            |point: &Point<Percent>| point.0.0 > at.0 || at.since(point.0) > RECENT_SPAN_MS;
        self.gpus.retain(|_, card| {
            card.points.retain(|point| !outside(point));
            !card.points.is_empty()
        });
        for card in cards.iter().take(GPUS_MAX) {
            if !self.gpus.contains_key(&card.key) && self.gpus.len() >= GPUS_MAX {
                self.forget_oldest();
            }
            let kept = self.gpus.entry(card.key.clone()).or_default();
            kept.index = card.index;
            let load = card.utilisation.gpu_percent;
            append(&mut kept.points, (at, load, card.memory.used_percent));
        }
    }

    /// Forgets the card that has not been seen for the longest time.
    fn forget_oldest(&mut self) {
        let last = |card: &Card| card.points.back().map(|point| point.0.0);
        let oldest = self.gpus.iter().min_by_key(|(_, card)| last(card));
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            self.gpus.remove(&key);
        }
    }

    fn cards(&self) -> Vec<RecentGpu> {
        let mut cards: Vec<(&Text, &Card)> = self.gpus.iter().collect();
        // Stable, so that of two with the same index, one of them gone, the order stays.
        cards.sort_by_key(|(_, card)| card.index);
        let one = |(key, card): (&Text, &Card)| {
            let (times_ms, gpu_percent, memory_percent) = columns(&card.points);
            RecentGpu { key: key.clone(), times_ms, gpu_percent, memory_percent }
        };
        cards.into_iter().map(one).collect()
    }

    pub(super) fn document(&self, host: &HostId) -> RecentDocument {
        let (times_ms, busy_percent, iowait_percent) = columns(&self.cpu);
        let cpu = RecentCpu { times_ms, busy_percent, iowait_percent };
        let (times_ms, used_percent, swap_percent) = columns(&self.memory);
        let memory = RecentMemory { times_ms, used_percent, swap_percent };
        let (times_ms, received_bytes_per_second, sent_bytes_per_second) = columns(&self.network);
        let network = RecentNetwork { times_ms, received_bytes_per_second, sent_bytes_per_second };
        let (times_ms, read_bytes_per_second, written_bytes_per_second) = columns(&self.disks);
        let disks = RecentDisks { times_ms, read_bytes_per_second, written_bytes_per_second };
        RecentDocument { host: host.clone(), cpu, memory, network, disks, gpus: self.cards() }
    }
}

fn append<T>(points: &mut VecDeque<Point<T>>, point: Point<T>) {
    // A clock that was set back: what now lies in the future was measured on another clock.
    while points.back().is_some_and(|last| last.0.0 >= point.0.0) {
        points.pop_back();
    }
    let expired = |first: &Point<T>| point.0.since(first.0) > RECENT_SPAN_MS;
    while points.len() >= RECENT_MAX_POINTS || points.front().is_some_and(expired) {
        points.pop_front();
    }
    points.push_back(point);
}

/// The times, and each of the two readings by itself.
type Columns<T> = (Vec<UnixMillis>, Vec<Reading<T>>, Vec<Reading<T>>);

fn columns<T: Copy>(points: &VecDeque<Point<T>>) -> Columns<T> {
    let mut columns = (Vec::new(), Vec::new(), Vec::new());
    for (at, one, two) in points {
        columns.0.push(*at);
        columns.1.push(*one);
        columns.2.push(*two);
    }
    columns
}

#[cfg(test)]
mod tests;
