//! The last ten minutes of a host, kept while it is published.

use std::collections::VecDeque;

use crate::model::recent::{
    RECENT_MAX_POINTS, RECENT_SPAN_MS, RecentCpu, RecentDisks, RecentDocument, RecentMemory,
    RecentNetwork,
};
use crate::model::{BytesPerSecond, HostId, Percent, Reading, Snapshot, UnixMillis};

/// Two readings at a time.
type Point<T> = (UnixMillis, Reading<T>, Reading<T>);

#[derive(Default)]
pub(super) struct Recent {
    cpu: VecDeque<Point<Percent>>,
    memory: VecDeque<Point<Percent>>,
    network: VecDeque<Point<BytesPerSecond>>,
    disks: VecDeque<Point<BytesPerSecond>>,
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
        RecentDocument { host: host.clone(), cpu, memory, network, disks, gpus: Vec::new() }
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
