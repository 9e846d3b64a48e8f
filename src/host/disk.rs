//! Block devices, from `diskstats`, `/sys/block` and `pressure/io`.
//!
//! What the devices do is one file, whatever their number. What they are is read when a device
//! appears, and again in turn, [`DESCRIBED_PER_RUN`] of them at every run: volumes grow and get
//! new names while they are in use. So a run costs the same with three disks and with a thousand.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::files::{self, Kept};
use super::order::natural;
use super::parse::visible;
use super::sampler::Last;
use super::{Collected, Context, Roots, Source, pressure};
use crate::model::disk::{DISKS_MAX, Disk, DiskActivity, DiskKind, Disks};
use crate::model::{Bytes, BytesPerSecond, Reading, Reason, Seconds, Text};

pub mod activity;
mod describe;
pub mod diskstats;

use activity::SECTOR_BYTES;
use describe::Description;
use diskstats::{Counters, Line};

/// How many of the devices that are known already are described anew at every run.
pub const DESCRIBED_PER_RUN: usize = 2;

/// The source `disks`.
#[derive(Debug)]
pub struct DiskSource {
    context: Context,
    diskstats: Kept,
    pressure: Kept,
    table: Table,
}

impl DiskSource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        let kept = |path, cap| Kept::new(context.roots.proc(path), cap);
        Self {
            diskstats: kept("diskstats", files::LARGE),
            pressure: kept("pressure/io", files::SMALL),
            table: Table::default(),
            context,
        }
    }
}

impl Source for DiskSource {
    fn name(&self) -> &'static str {
        "disks"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        let lines = diskstats::parse_diskstats(self.diskstats.read()?)?;
        let now = self.context.now().monotonic;
        self.table.follow(&self.context.roots, &lines);
        let mut disks = self.table.sample(&self.context, &lines, now);
        disks.pressure = self.pressure.read().and_then(|bytes| Ok(pressure::parse(bytes)?)).into();
        Ok(Collected::Disks(disks))
    }
}

/// The devices, as of the newest run.
#[derive(Debug, Default)]
struct Table {
    /// Number and name of every line of `diskstats`, to see whether one came or went.
    lines: Vec<((u32, u32), Vec<u8>)>,
    /// Whether `/sys/block` could be listed when that was last tried.
    listed: Option<Result<(), Reason>>,
    /// In the order of the rows.
    devices: Vec<Device>,
    /// Whose turn it is to be described anew.
    turn: usize,
}

/// One device that may have a row.
#[derive(Debug)]
struct Device {
    key: Text,
    number: (u32, u32),
    /// Its line in `diskstats`, from 0.
    line: usize,
    /// Lines of the paths to it; see [`describe::nvme_head`].
    paths: Vec<usize>,
    description: Description,
    last: Last<Counters>,
}

impl Table {
    /// Sees to it that there is a device for every line that is one.
    fn follow(&mut self, roots: &Roots, lines: &[Line<'_>]) {
        let known = self.lines.iter().map(|(number, name)| (*number, &name[..]));
        let same = known.eq(lines.iter().map(|line| (line.number, line.name)));
        if !same || self.listed != Some(Ok(())) {
            self.rebuild(roots, lines);
        } else if !self.devices.is_empty() {
            for _ in 0..DESCRIBED_PER_RUN.min(self.devices.len()) {
                self.turn = (self.turn + 1) % self.devices.len();
                self.describe_again(roots, self.turn);
            }
            self.sort();
        }
    }

    fn rebuild(&mut self, roots: &Roots, lines: &[Line<'_>]) {
        self.lines = lines.iter().map(|line| (line.number, line.name.to_vec())).collect();
        let names: Vec<String> = lines.iter().map(|line| visible(line.name)).collect();
        let all: BTreeSet<String> = names.iter().cloned().collect();
        let listed = describe::list(roots);
        let is_device = |name: &str| match &listed {
            Ok(listed) => listed.contains(name),
            Err(_) => !describe::looks_like_partition(name, &all),
        };
        let listed_at_all = listed.as_ref().map(|_| ()).map_err(|reason| *reason);
        let relisted = self.listed == Some(listed_at_all);
        let old = std::mem::take(&mut self.devices);
        let mut old: BTreeMap<_, _> =
            old.into_iter().map(|device| ((device.number, device.key.clone()), device)).collect();
        let mut paths: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (line, name) in names.iter().enumerate() {
            if describe::is_left_out(name) || !is_device(name) {
                continue;
            }
            if let Some(head) = describe::nvme_head(name).filter(|head| all.contains(head)) {
                paths.entry(head).or_default().push(line);
                continue;
            }
            let (key, number) = (Text::from(name.as_str()), lines[line].number);
            let known = old.remove(&(number, key.clone()));
            let description = match &known {
                Some(known) if relisted => known.description.clone(),
                _ => describe::describe(roots, name, listed_at_all),
            };
            let last = known.map(|known| known.last).unwrap_or_default();
            self.devices.push(Device { key, number, line, paths: Vec::new(), description, last });
        }
        for device in &mut self.devices {
            device.paths = paths.remove(device.key.as_str()).unwrap_or_default();
        }
        self.listed = Some(listed_at_all);
        self.sort();
    }

    fn describe_again(&mut self, roots: &Roots, index: usize) {
        let listed = self.listed.unwrap_or(Err(Reason::NotCollected));
        let device = &mut self.devices[index];
        let description = describe::describe(roots, &device.key, listed);
        // One that is just being unplugged stays what it was until its line is gone.
        if description.size_bytes.present().is_some() {
            device.description = description;
        }
    }

    fn sort(&mut self) {
        let order = |one: &Device, other: &Device| {
            let by_kind = one.description.kind.cmp(&other.description.kind);
            by_kind
                .then_with(|| natural(&one.description.name, &other.description.name))
                .then_with(|| natural(&one.key, &other.key))
        };
        if !self.devices.is_sorted_by(|one, other| order(one, other).is_le()) {
            self.devices.sort_by(order);
        }
    }

    fn sample(&mut self, context: &Context, lines: &[Line<'_>], now: Duration) -> Disks {
        let mut rows = Vec::with_capacity(self.devices.len().min(DISKS_MAX));
        let mut left_out = 0;
        let mut totals = Totals::default();
        let mut replaced = Vec::new();
        for (index, device) in self.devices.iter_mut().enumerate() {
            let counters = device.counters(lines);
            let activity = match device.last.base(now, context.rate_window) {
                Some((earlier, elapsed)) => {
                    let activity = activity::activity(earlier, &counters, elapsed);
                    if activity.is_none() {
                        replaced.push(index);
                    }
                    activity
                }
                None => None,
            };
            device.last.replace(now, counters);
            if device.description.is_unused() {
                continue;
            }
            if device.description.kind == DiskKind::Disk {
                totals.add(activity.as_ref());
            }
            if rows.len() < DISKS_MAX {
                rows.push(device.row(&counters, activity));
            } else {
                left_out += 1;
            }
        }
        // Another device with the same name and number: its row starts anew, with what it is.
        for index in replaced {
            self.describe_again(&context.roots, index);
            let device = &self.devices[index];
            if let Some(row) = rows.iter_mut().find(|row| row.key == device.key) {
                *row = device.row(&device.counters(lines), None);
            }
        }
        Disks {
            rows,
            left_out,
            read_bytes_per_second: totals.reading(totals.read),
            written_bytes_per_second: totals.reading(totals.written),
            pressure: Reading::absent(Reason::NotCollected),
        }
    }
}

impl Device {
    /// Its own counters, or those of the paths to it: before 6.4 the disk behind several
    /// controllers has none itself.
    fn counters(&self, lines: &[Line<'_>]) -> Counters {
        let own = lines[self.line].counters;
        if self.paths.is_empty() || own.reads > 0 || own.writes > 0 {
            return own;
        }
        let of_paths = self.paths.iter().map(|line| lines[*line].counters);
        of_paths.fold(Counters::default(), Counters::plus)
    }

    fn row(&self, counters: &Counters, activity: Option<DiskActivity>) -> Disk {
        let Description { name, kind, model, rotational, size_bytes } = self.description.clone();
        let bytes = |sectors: u64| Bytes(sectors.saturating_mul(SECTOR_BYTES));
        let are_timed = counters.are_timed();
        let time = |millis: u64| {
            Reading::from_option(are_timed.then(|| seconds(millis)), Reason::NotSupported)
        };
        Disk {
            key: self.key.clone(),
            name,
            kind,
            model,
            rotational,
            size_bytes,
            read_bytes_total: bytes(counters.read_sectors),
            written_bytes_total: bytes(counters.written_sectors),
            reads_total: counters.reads,
            writes_total: counters.writes,
            read_seconds_total: time(counters.read_millis),
            write_seconds_total: time(counters.write_millis),
            busy_seconds_total: time(counters.busy_millis),
            activity: Reading::from_option(activity, Reason::Measuring),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds are kept; 53 bits are 285,000 years")]
fn seconds(millis: u64) -> Seconds {
    Seconds::new(millis as f64 / 1e3)
}

/// All disks together.
#[derive(Debug, Default)]
struct Totals {
    disks: usize,
    measured: usize,
    read: u64,
    written: u64,
}

impl Totals {
    fn add(&mut self, activity: Option<&DiskActivity>) {
        self.disks += 1;
        let Some(activity) = activity else { return };
        self.measured += 1;
        self.read = self.read.saturating_add(activity.read_bytes_per_second.0);
        self.written = self.written.saturating_add(activity.written_bytes_per_second.0);
    }

    /// One that was just plugged in does not hide what the others do.
    fn reading(&self, sum: u64) -> Reading<BytesPerSecond> {
        match (self.disks, self.measured) {
            (0, _) => Reading::absent(Reason::NotSupported),
            (_, 0) => Reading::absent(Reason::Measuring),
            _ => Reading::Present(BytesPerSecond(sum)),
        }
    }
}
