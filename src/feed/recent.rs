//! The last ten minutes of a host, kept while it is published.

use std::collections::VecDeque;

use crate::model::recent::{
    RECENT_MAX_POINTS, RECENT_SPAN_MS, RecentCpu, RecentDocument, RecentMemory,
};
use crate::model::{HostId, Percent, Reading, Snapshot, UnixMillis};

/// Two readings at a time.
type Point = (UnixMillis, Reading<Percent>, Reading<Percent>);

#[derive(Default)]
pub(super) struct Recent {
    cpu: VecDeque<Point>,
    memory: VecDeque<Point>,
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
    }

    pub(super) fn document(&self, host: &HostId) -> RecentDocument {
        let (times_ms, busy_percent, iowait_percent) = columns(&self.cpu);
        let cpu = RecentCpu { times_ms, busy_percent, iowait_percent };
        let (times_ms, used_percent, swap_percent) = columns(&self.memory);
        let memory = RecentMemory { times_ms, used_percent, swap_percent };
        RecentDocument { host: host.clone(), cpu, memory }
    }
}

fn append(points: &mut VecDeque<Point>, point: Point) {
    // A clock that was set back: what now lies in the future was measured on another clock.
    while points.back().is_some_and(|last| last.0.0 >= point.0.0) {
        points.pop_back();
    }
    let expired = |first: &Point| point.0.since(first.0) > RECENT_SPAN_MS;
    while points.len() >= RECENT_MAX_POINTS || points.front().is_some_and(expired) {
        points.pop_front();
    }
    points.push_back(point);
}

fn columns(
    points: &VecDeque<Point>,
) -> (Vec<UnixMillis>, Vec<Reading<Percent>>, Vec<Reading<Percent>>) {
    let mut columns = (Vec::new(), Vec::new(), Vec::new());
    for (at, one, two) in points {
        columns.0.push(*at);
        columns.1.push(*one);
        columns.2.push(*two);
    }
    columns
}
