//! Main memory and swap, from `meminfo`, `vmstat` and `pressure/memory`.

use std::time::Duration;

use super::files::{self, Kept};
use super::missing::Missing;
use super::parse::{ParseError, lines, unsigned, words};
use super::sampler::{Last, per_second};
use super::{Collected, Context, Source, pressure};
use crate::model::memory::{HugePages, MEMINFO_KEYS, Meminfo, Memory, Swap};
use crate::model::source::SourceFinding;
use crate::model::{Bytes, BytesPerSecond, Percent, Reading, Reason};

/// The source `memory`.
#[derive(Debug)]
pub struct MemorySource {
    context: Context,
    meminfo: Kept,
    vmstat: Kept,
    pressure: Kept,
    swapped: Last<Swapped>,
    page_size: u64,
    missing: Missing,
}

impl MemorySource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        let kept = |path| Kept::new(context.roots.proc(path), files::SMALL);
        Self {
            meminfo: kept("meminfo"),
            vmstat: kept("vmstat"),
            pressure: kept("pressure/memory"),
            swapped: Last::default(),
            page_size: rustix::param::page_size() as u64,
            missing: Missing::new("memory"),
            context,
        }
    }

    /// Bytes per second in and out of swap.
    fn swap_rates(&mut self) -> Result<(Reading<BytesPerSecond>, Reading<BytesPerSecond>), Reason> {
        let swapped = parse_vmstat(self.vmstat.read()?)?;
        let now = self.context.now().monotonic;
        let base = self.swapped.base(now, self.context.rate_window);
        let page_size = self.page_size;
        let rate = |pages: fn(&Swapped) -> u64| {
            let rate = base.and_then(|(earlier, elapsed)| {
                byte_rate(pages(earlier), pages(&swapped), page_size, elapsed)
            });
            Reading::from_option(rate, Reason::Measuring)
        };
        let rates = (rate(|swapped| swapped.pages_in), rate(|swapped| swapped.pages_out));
        self.swapped.replace(now, swapped);
        Ok(rates)
    }

    fn note_missing(&mut self, memory: &Memory) {
        let roots = &self.context.roots;
        let missing = &mut self.missing;
        missing.begin(self.context.clock.wall());
        let pressure = files::named(&roots.proc("pressure/memory"));
        missing.note_reading("pressure", pressure, &memory.pressure);
        if let Reading::Present(swap) = &memory.swap {
            let vmstat = files::named(&roots.proc("vmstat"));
            missing.note_reading("vmstat", vmstat, &swap.in_bytes_per_second);
        }
    }
}

impl Source for MemorySource {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        let mut memory = parse_meminfo(self.meminfo.read()?)?;
        memory.pressure = self.pressure.read().and_then(|bytes| Ok(pressure::parse(bytes)?)).into();
        if let Reading::Present(swap) = &mut memory.swap {
            let rates = self.swap_rates();
            let absent = |reason| (Reading::absent(reason), Reading::absent(reason));
            (swap.in_bytes_per_second, swap.out_bytes_per_second) = rates.unwrap_or_else(absent);
        }
        self.note_missing(&memory);
        Ok(Collected::Memory(memory))
    }

    fn findings(&self) -> Vec<SourceFinding> {
        self.missing.findings()
    }
}

/// Pages moved since boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swapped {
    /// `pswpin`.
    pub pages_in: u64,
    /// `pswpout`.
    pub pages_out: u64,
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rate is not negative, and the nearest byte per second is what is wanted"
)]
fn byte_rate(
    earlier: u64,
    later: u64,
    page_size: u64,
    elapsed: Duration,
) -> Option<BytesPerSecond> {
    let pages = per_second(earlier, later, elapsed)?;
    Some(BytesPerSecond((pages * page_size as f64).round() as u64))
}

/// Parses `vmstat`.
///
/// # Errors
/// If a value is no number, or `pswpin` or `pswpout` are missing.
pub fn parse_vmstat(bytes: &[u8]) -> Result<Swapped, ParseError> {
    const FILE: &str = "vmstat";
    let (mut pages_in, mut pages_out) = (None, None);
    for (place, line) in lines(FILE, bytes) {
        let slot = match line.split(|&byte| byte == b' ').next() {
            Some(b"pswpin") => &mut pages_in,
            Some(b"pswpout") => &mut pages_out,
            _ => continue,
        };
        *slot = Some(place.unsigned(words(line).nth(1).unwrap_or_default())?);
    }
    let missing = |wanted| ParseError::Missing { file: FILE, wanted };
    Ok(Swapped {
        pages_in: pages_in.ok_or(missing("pswpin"))?,
        pages_out: pages_out.ok_or(missing("pswpout"))?,
    })
}

/// Parses `meminfo`. Pressure and the swap rates are not in it and come out absent.
///
/// # Errors
/// If a value is no number of kB, or `MemTotal` or `MemFree` are missing.
pub fn parse_meminfo(bytes: &[u8]) -> Result<Memory, ParseError> {
    const FILE: &str = "meminfo";
    let mut fields = Fields::default();
    let mut known = Known::default();
    for (place, line) in lines(FILE, bytes) {
        known.take(line);
        let mut words = words(line);
        let key = words.next();
        let slot = match key {
            Some(b"MemTotal:") => &mut fields.total,
            Some(b"MemFree:") => &mut fields.free,
            Some(b"MemAvailable:") => &mut fields.available,
            Some(b"Buffers:") => &mut fields.buffers,
            Some(b"Cached:") => &mut fields.cached,
            Some(b"Shmem:") => &mut fields.shared,
            Some(b"SReclaimable:") => &mut fields.reclaimable,
            Some(b"Dirty:") => &mut fields.dirty,
            Some(b"AnonHugePages:") => &mut fields.transparent_huge,
            Some(b"HugePages_Total:") => &mut fields.huge_pages_total,
            Some(b"HugePages_Free:") => &mut fields.huge_pages_free,
            Some(b"HugePages_Rsvd:") => &mut fields.huge_pages_reserved,
            Some(b"Hugepagesize:") => &mut fields.huge_page_size,
            Some(b"SwapTotal:") => &mut fields.swap_total,
            Some(b"SwapFree:") => &mut fields.swap_free,
            _ => continue,
        };
        let number = place.unsigned(words.next().unwrap_or_default())?;
        let is_count = key.is_some_and(|key| key.starts_with(b"HugePages_"));
        *slot = Some(if is_count { number } else { number.saturating_mul(1024) });
    }
    let memory = fields.into_memory()?;
    Ok(Memory { meminfo: known.meminfo, ..memory })
}

/// All the lines that have a name here. What is malformed in one of them is as if it was not there.
#[derive(Default)]
struct Known {
    meminfo: Meminfo,
    /// Where the next key is looked for first: the kernel's order is ours, with gaps.
    next: usize,
}

impl Known {
    fn take(&mut self, line: &[u8]) {
        self.meminfo.values.resize(MEMINFO_KEYS.len(), None);
        let mut words = words(line);
        let Some(key) = words.next().and_then(|key| key.strip_suffix(b":")) else { return };
        let (before, after) = MEMINFO_KEYS.split_at(self.next);
        let mut places = (self.next..).zip(after).chain((0..).zip(before));
        let found = places.find(|(_, name)| name.as_bytes() == key);
        let Some((place, _)) = found else { return };
        self.next = place + 1;
        let number = words.next().and_then(unsigned);
        let unit = if words.next() == Some(b"kB") { 1024 } else { 1 };
        self.meminfo.values[place] = number.and_then(|number| number.checked_mul(unit));
    }
}

/// The fields of `meminfo` that are used, in bytes; counts of huge pages as they are.
#[derive(Default)]
struct Fields {
    total: Option<u64>,
    free: Option<u64>,
    available: Option<u64>,
    buffers: Option<u64>,
    cached: Option<u64>,
    shared: Option<u64>,
    reclaimable: Option<u64>,
    dirty: Option<u64>,
    transparent_huge: Option<u64>,
    huge_pages_total: Option<u64>,
    huge_pages_free: Option<u64>,
    huge_pages_reserved: Option<u64>,
    huge_page_size: Option<u64>,
    swap_total: Option<u64>,
    swap_free: Option<u64>,
}

impl Fields {
    fn into_memory(self) -> Result<Memory, ParseError> {
        let missing = |wanted| ParseError::Missing { file: "meminfo", wanted };
        let total = self.total.filter(|&total| total > 0).ok_or(missing("MemTotal"))?;
        let free = self.free.ok_or(missing("MemFree"))?;
        let cached = self.cached.map(|cached| {
            cached
                .saturating_add(self.reclaimable.unwrap_or(0))
                .saturating_sub(self.shared.unwrap_or(0))
        });
        // Without the kernel's estimate, what is free or can be dropped.
        let not_used = self.available.unwrap_or_else(|| {
            free.saturating_add(self.buffers.unwrap_or(0)).saturating_add(cached.unwrap_or(0))
        });
        let used = Bytes(total.saturating_sub(not_used));
        Ok(Memory {
            total_bytes: Bytes(total),
            used_bytes: used,
            used_percent: used_percent(used, Bytes(total)),
            available_bytes: reading(self.available),
            free_bytes: Bytes(free),
            buffers_bytes: reading(self.buffers),
            cached_bytes: reading(cached),
            shared_bytes: reading(self.shared),
            dirty_bytes: reading(self.dirty),
            transparent_huge_bytes: reading(self.transparent_huge),
            huge_pages: Reading::from_option(self.huge_pages(), Reason::NotSupported),
            swap: self.swap(),
            pressure: Reading::absent(Reason::NotCollected),
            meminfo: Meminfo::default(),
        })
    }

    fn huge_pages(&self) -> Option<HugePages> {
        Some(HugePages {
            page_bytes: Bytes(self.huge_page_size?),
            total: self.huge_pages_total.filter(|&total| total > 0)?,
            free: self.huge_pages_free?,
            reserved: self.huge_pages_reserved.unwrap_or(0),
        })
    }

    fn swap(&self) -> Reading<Swap> {
        let (Some(total), Some(free)) = (self.swap_total, self.swap_free) else {
            return Reading::absent(Reason::NotSupported);
        };
        if total == 0 {
            return Reading::absent(Reason::NotSupported);
        }
        let used = Bytes(total.saturating_sub(free));
        Reading::Present(Swap {
            total_bytes: Bytes(total),
            used_bytes: used,
            free_bytes: Bytes(free),
            used_percent: used_percent(used, Bytes(total)),
            in_bytes_per_second: Reading::absent(Reason::NotCollected),
            out_bytes_per_second: Reading::absent(Reason::NotCollected),
        })
    }
}

fn reading(bytes: Option<u64>) -> Reading<Bytes> {
    Reading::from_option(bytes.map(Bytes), Reason::NotSupported)
}

fn used_percent(used: Bytes, total: Bytes) -> Reading<Percent> {
    let percent = Percent::of_bytes(used, total).map(Percent::clamped);
    Reading::from_option(percent, Reason::NotSupported)
}

#[cfg(test)]
mod tests;
