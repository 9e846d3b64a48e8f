//! One card over time: what is read of it when, and what is remembered. Knows when, not how.

use std::collections::BTreeMap;
use std::time::Duration;

use nvml_wrapper::Device;
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::struct_wrappers::device::ProcessInfo;

use super::ask::Calls;
use super::links::{Direction, Traffic, nvlinks};
use super::usage::{Found, Listed, Shares, Window, merge};
use super::{blank, read, slices};
use crate::model::gpu::{Gpu, GpuMemory, GpuProcessKind};
use crate::model::{Problem, Reading, Reason, Text, UnixMillis};

/// What changes slowly is read again after this many runs or this much time, whichever comes first.
const SLOW_RUNS: u32 = 10;
const SLOW: Duration = Duration::from_secs(10);

/// A card.
#[derive(Debug)]
pub(super) struct Card {
    /// Its row.
    pub(super) gpu: Gpu,
    calls: Calls,
    /// What its instances answered.
    slice_calls: Calls,
    /// Which loading of the library its identity was read with.
    load: u64,
    /// Whether it ever was.
    identified: bool,
    /// When its slow values were read, and how many runs ago.
    slow: Option<(Duration, u32)>,
    traffic: Traffic,
    window: Window,
    /// When it was read last.
    read_at: Option<Duration>,
}

/// A process on a card: where, and how much of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OnCard {
    pub(super) gpu: u32,
    pub(super) slice: Option<Text>,
    pub(super) found: Found,
    pub(super) shares: Shares,
}

/// When a run is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) monotonic: Duration,
    pub(super) wall: UnixMillis,
    /// See [`crate::host::Context::rate_window`].
    pub(super) window: Duration,
    /// Which loading of the library this is.
    pub(super) load: u64,
}

impl Card {
    /// Nothing is read yet.
    pub(super) fn new(address: &str, index: u32) -> Self {
        Self {
            gpu: blank::unread(address, index, Reason::NotCollected),
            calls: Calls::default(),
            slice_calls: Calls::default(),
            load: 0,
            identified: false,
            slow: None,
            traffic: Traffic::default(),
            window: Window::default(),
            read_at: None,
        }
    }

    /// Why some of its values cannot be read, if somebody could mend that.
    pub(super) fn trouble(&self) -> Option<Reason> {
        self.calls.trouble().or(self.slice_calls.trouble())
    }

    /// Whether it fell off the bus.
    pub(super) fn is_lost(&self) -> bool {
        self.gpu.problem.is_some_and(|problem| problem.reason == Reason::Gone)
    }

    /// Whether a direction of its traffic has to be measured by the driver.
    pub(super) fn wants(&self, direction: Direction) -> bool {
        !self.is_lost() && self.traffic.wants(direction)
    }

    /// Has the driver measure one direction of its traffic.
    pub(super) fn measure(&mut self, device: &Device<'_>, at: Moment, direction: Direction) {
        self.traffic.measure(&mut self.gpu, device, &mut self.calls, at.monotonic, direction);
    }

    /// Reads the card and gives the processes on it.
    pub(super) fn read(&mut self, index: u32, device: &Device<'_>, at: Moment) -> Vec<OnCard> {
        self.calls.begin();
        self.slice_calls.begin();
        self.gpu.index = index;
        if self.load != at.load {
            self.load = at.load;
            self.calls = Calls::default();
            self.slice_calls = Calls::default();
            self.slow = None;
            let before = self.gpu.clone();
            read::identity(&mut self.gpu, device, &mut self.calls);
            if self.calls.is_lost() {
                // What it was is known still, if it was ever seen.
                self.gpu = before;
            } else {
                self.identified = true;
            }
        }
        if self.read_at.is_some_and(|earlier| at.monotonic.saturating_sub(earlier) > at.window) {
            self.window.forget();
        }
        self.read_at = Some(at.monotonic);
        read::live(&mut self.gpu, device, &mut self.calls);
        self.read_slowly(device, at);
        self.traffic.read(&mut self.gpu, device, &mut self.calls, at.monotonic, at.window);
        let processes = if self.gpu.mig == Reading::Present(true) {
            self.read_slices(device)
        } else {
            self.gpu.slices.clear();
            self.read_processes(device)
        };
        if self.calls.is_lost() || self.slice_calls.is_lost() {
            self.fail(Reason::Gone, at.wall);
            return Vec::new();
        }
        self.gpu.problem = None;
        processes
    }

    /// Nothing can be read of what is number `index` now.
    pub(super) fn fail_at(&mut self, index: u32, reason: Reason, now: UnixMillis) {
        self.gpu.index = index;
        self.calls.begin();
        self.slice_calls.begin();
        self.fail(reason, now);
    }

    fn fail(&mut self, reason: Reason, now: UnixMillis) {
        let same = self.gpu.problem.filter(|problem| problem.reason == reason);
        if self.identified {
            blank::quiet(&mut self.gpu, reason);
        } else {
            self.gpu = blank::unread(&self.gpu.key, self.gpu.index, reason);
        }
        self.gpu.problem = Some(same.unwrap_or(Problem { reason, since_ms: now }));
        self.slow = None;
        self.window.forget();
    }

    fn read_slowly(&mut self, device: &Device<'_>, at: Moment) {
        if let Some((earlier, runs)) = &mut self.slow {
            *runs += 1;
            if *runs < SLOW_RUNS && at.monotonic.saturating_sub(*earlier) < SLOW {
                return;
            }
            // Cards take turns: each goes on from a run of its own.
            self.slow = Some((at.monotonic, 0));
        } else {
            let earlier = self.gpu.index % SLOW_RUNS;
            let since = at.monotonic.saturating_sub(Duration::from_secs(earlier.into()));
            self.slow = Some((since, earlier));
        }
        read::slow(&mut self.gpu, device, &mut self.calls);
        self.gpu.nvlinks = nvlinks(device, &mut self.calls);
        let mig = self
            .calls
            .ask("nvmlDeviceGetMigMode", || device.mig_mode())
            .map(|mode| mode.current == 1);
        if mig != self.gpu.mig && self.gpu.mig.present().is_some() {
            // A card that is divided supports other things.
            self.calls = Calls::default();
            self.slice_calls = Calls::default();
        }
        self.gpu.mig = mig;
    }

    fn read_slices(&mut self, device: &Device<'_>) -> Vec<OnCard> {
        let index = self.gpu.index;
        let known = std::mem::take(&mut self.gpu.slices);
        let slices = match slices::read(index, device, &mut self.slice_calls, &known) {
            Ok(slices) => slices,
            Err(reason) => {
                self.gpu.process_count = Reading::absent(reason);
                return Vec::new();
            }
        };
        let mut processes = Vec::new();
        let mut count = Reading::Present(0_u32);
        for (mut slice, handle) in slices {
            let found = processes_of(&handle, &mut self.slice_calls, &slice.memory);
            slice.process_count = counted(&found);
            count = count.and_then(|sum| slice.process_count.map(|more| sum + more));
            processes.extend(found.unwrap_or_default().into_iter().map(|found| OnCard {
                gpu: index,
                slice: Some(slice.key.clone()),
                found,
                // The driver has no such figures for an instance.
                shares: Shares::absent(Reason::NotSupported),
            }));
            self.gpu.slices.push(slice);
        }
        self.gpu.process_count = count;
        processes
    }

    fn read_processes(&mut self, device: &Device<'_>) -> Vec<OnCard> {
        let found = processes_of(device, &mut self.calls, &self.gpu.memory);
        self.gpu.process_count = counted(&found);
        let found = found.unwrap_or_default();
        let pids: Vec<u32> = found.iter().map(|found| found.pid).collect();
        let mut shares = self.shares(device, &pids);
        let gpu = self.gpu.index;
        let on_card = |found: Found| {
            let shares =
                shares.remove(&found.pid).unwrap_or_else(|| Shares::absent(Reason::Measuring));
            OnCard { gpu, slice: None, found, shares }
        };
        found.into_iter().map(on_card).collect()
    }

    fn shares(&mut self, device: &Device<'_>, pids: &[u32]) -> BTreeMap<u32, Shares> {
        let since = self.window.newest();
        let samples = self.calls.raw("nvmlDeviceGetProcessUtilization", || {
            match device.process_utilization_stats(since) {
                // Nothing new since then.
                Err(NvmlError::NotFound) => Ok(Vec::new()),
                samples => samples,
            }
        });
        let reason = match samples {
            Ok(Ok(samples)) => return self.window.shares(pids, &samples),
            Ok(Err(reason)) => reason,
            Err(error) => super::ask::reason(&error),
        };
        self.window.forget();
        pids.iter().map(|pid| (*pid, Shares::absent(reason))).collect()
    }
}

fn counted(found: &Result<Vec<Found>, Reason>) -> Reading<u32> {
    let count = found.as_ref().map(|found| u32::try_from(found.len()).unwrap_or(u32::MAX));
    count.map_err(|reason| *reason).into()
}

/// The processes on a card or instance.
fn processes_of(
    device: &Device<'_>,
    calls: &mut Calls,
    memory: &GpuMemory,
) -> Result<Vec<Found>, Reason> {
    let compute = list(
        calls,
        ["nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2"],
        || device.running_compute_processes(),
        || device.running_compute_processes_v2(),
    )?;
    let mut lists = vec![(GpuProcessKind::Compute, compute)];
    let graphics = list(
        calls,
        ["nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v2"],
        || device.running_graphics_processes(),
        || device.running_graphics_processes_v2(),
    );
    let mps = list(
        calls,
        ["nvmlDeviceGetMPSComputeRunningProcesses_v3", ""],
        || device.mps_running_compute_processes(),
        || Err(NvmlError::NotSupported),
    );
    for (kind, list) in [(GpuProcessKind::Graphics, graphics), (GpuProcessKind::Mps, mps)] {
        match list {
            Ok(list) => lists.push((kind, list)),
            // Cards for computing only, and old drivers.
            Err(Reason::NotSupported) => {}
            // A list that is short of some would say that they are not there.
            Err(reason) => return Err(reason),
        }
    }
    Ok(merge(lists, memory.total_bytes.present().copied()))
}

fn list(
    calls: &mut Calls,
    [newer, older]: [&'static str; 2],
    ask_newer: impl FnMut() -> Result<Vec<ProcessInfo>, NvmlError>,
    ask_older: impl FnMut() -> Result<Vec<ProcessInfo>, NvmlError>,
) -> Result<Vec<Listed>, Reason> {
    let list = match calls.ask(newer, ask_newer) {
        Reading::Absent { absent: Reason::NotSupported } => calls.ask(older, ask_older),
        list => list,
    };
    match list {
        Reading::Absent { absent } => Err(absent),
        Reading::Present(list) => {
            let listed = |process: ProcessInfo| {
                let memory = match process.used_gpu_memory {
                    UsedGpuMemory::Used(bytes) => Some(bytes),
                    UsedGpuMemory::Unavailable => None,
                };
                (process.pid, memory)
            };
            Ok(list.into_iter().map(listed).collect())
        }
    }
}
