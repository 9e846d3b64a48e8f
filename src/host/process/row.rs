//! From what is remembered of processes to the rows that are shown. Pure, but for [`Machine`],
//! which reads what the rows are measured against.

use std::time::Duration;

use super::entry::Entry;
use super::visibility::{self, Visibility};
use crate::host::{Context, files, memory, system};
use crate::model::process::{Process, ProcessRow, ProcessState, ProcessSummary, ProcessTable};
use crate::model::{Bytes, Percent, Reading, Reason, Seconds, Text, UnixMillis};

/// How long what is known of the machine is believed.
const LIFE: Duration = Duration::from_secs(60);

/// A boot time that moves by less is the clock being kept in step, not set: start times of
/// processes do not follow it.
const BOOT_TIME_JITTER_MILLIS: u64 = 2000;

/// What rows are measured against.
#[derive(Debug)]
pub(super) struct Machine {
    context: Context,
    read_at: Option<Duration>,
    boot_time: Reading<UnixMillis>,
    memory: Reading<Bytes>,
    page_size: u64,
    ticks_per_second: u64,
    visibility: Visibility,
}

impl Machine {
    pub(super) fn new(context: Context) -> Self {
        Self {
            context,
            read_at: None,
            boot_time: Reading::absent(Reason::NotCollected),
            memory: Reading::absent(Reason::NotCollected),
            page_size: rustix::param::page_size() as u64,
            ticks_per_second: rustix::param::clock_ticks_per_second().max(1),
            visibility: Visibility::default(),
        }
    }

    /// Reads what has become too old.
    pub(super) fn refresh(&mut self, now: Duration) {
        if self.read_at.is_some_and(|at| now.saturating_sub(at) < LIFE) {
            return;
        }
        self.read_at = Some(now);
        let boot_time = system::read_boot_time(&self.context);
        let jitter = match (&self.boot_time, &boot_time) {
            (Reading::Present(known), Ok(now)) => known.0.abs_diff(now.0) < BOOT_TIME_JITTER_MILLIS,
            _ => false,
        };
        if !jitter {
            self.boot_time = boot_time.into();
        }
        let meminfo = files::read(&self.context.roots.proc("meminfo"), files::SMALL);
        let total = meminfo.and_then(|bytes| Ok(memory::parse_meminfo(&bytes)?.total_bytes));
        self.memory = total.into();
        self.visibility = Visibility::read(&self.context.roots);
    }

    /// Whose processes are hidden.
    pub(super) fn visibility(&self) -> &Visibility {
        &self.visibility
    }

    fn started_at(&self, start_ticks: u64) -> Reading<UnixMillis> {
        let since_boot = u128::from(start_ticks) * 1000 / u128::from(self.ticks_per_second);
        self.boot_time.and_then(|boot| {
            let started =
                i64::try_from(since_boot).ok().and_then(|since| boot.0.checked_add(since));
            Reading::from_option(started.map(UnixMillis), Reason::Malformed)
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds are kept; 53 bits are 285 years")]
    fn seconds(&self, ticks: u64) -> f64 {
        ticks as f64 / self.ticks_per_second as f64
    }
}

/// The table of these processes, with processor time measured over `elapsed`.
pub(super) fn table(
    machine: &Machine,
    entries: &[Entry],
    elapsed: Option<Duration>,
    mut user_name: impl FnMut(&Entry, u32) -> Text,
) -> ProcessTable {
    let mut summary = ProcessSummary {
        total: 0,
        running: 0,
        uninterruptible: 0,
        stopped: 0,
        zombie: 0,
        threads: 0,
        kernel_threads: 0,
        sees_other_users: visibility::sees_other_users(&machine.visibility, entries),
    };
    let rows = entries.iter().map(|entry| {
        count(&mut summary, entry);
        Process { row: row(machine, entry, elapsed, &mut user_name), full_command: full(entry) }
    });
    let rows = rows.collect();
    ProcessTable { summary, rows }
}

fn count(summary: &mut ProcessSummary, entry: &Entry) {
    summary.total += 1;
    match entry.sample.state {
        ProcessState::Running => summary.running += 1,
        ProcessState::Uninterruptible => summary.uninterruptible += 1,
        ProcessState::Stopped | ProcessState::Traced => summary.stopped += 1,
        ProcessState::Zombie => summary.zombie += 1,
        ProcessState::Sleeping | ProcessState::Idle | ProcessState::Dead | ProcessState::Other => {}
    }
    summary.threads = summary.threads.saturating_add(entry.sample.threads);
    summary.kernel_threads += u32::from(entry.sample.kernel_thread);
}

/// The row of one process.
pub(super) fn row(
    machine: &Machine,
    entry: &Entry,
    elapsed: Option<Duration>,
    user_name: &mut impl FnMut(&Entry, u32) -> Text,
) -> ProcessRow {
    let sample = &entry.sample;
    let bytes = |pages: u64| Bytes(pages.saturating_mul(machine.page_size));
    let resident = bytes(entry.resident_pages());
    let memory_percent = machine.memory.and_then(|total| {
        let percent = Percent::of_bytes(resident, total).map(Percent::clamped);
        Reading::from_option(percent, Reason::NotSupported)
    });
    let cpu_percent = entry
        .grown
        .zip(elapsed)
        .and_then(|(ticks, elapsed)| Percent::of(machine.seconds(ticks), elapsed.as_secs_f64()));
    ProcessRow {
        key: entry.key.clone(),
        pid: entry.identity.pid,
        parent_pid: sample.parent_pid,
        name: entry.name.clone(),
        user: entry.owner.map(|uid| user_name(entry, uid)),
        user_id: entry.owner,
        state: sample.state,
        cpu_percent: Reading::from_option(cpu_percent, Reason::Measuring),
        resident_bytes: resident,
        memory_percent,
        virtual_bytes: Bytes(sample.virtual_bytes),
        shared_bytes: entry.shared_pages().map(bytes),
        cpu_time_seconds: Seconds::new(machine.seconds(sample.cpu_ticks)),
        started_at_ms: machine.started_at(entry.identity.start_ticks),
        threads: sample.threads,
        nice: sample.nice,
        kernel_thread: sample.kernel_thread,
        command: entry.shown_command(),
        place: entry.place.clone(),
    }
}

fn full(entry: &Entry) -> Option<Text> {
    entry.command.present()?.as_ref()?.full.clone()
}
