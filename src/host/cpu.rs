//! Processors, from `stat`, `cpuinfo`, `loadavg`, `pressure/cpu` and the `cpu` devices.
//!
//! What the processors are is read again only when the set of online processors changes; how busy
//! they are at every run; how fast they run only every few seconds (see [`frequency`]).

use std::time::Duration;

use super::files::{self, Kept};
use super::missing::Missing;
use super::parse::{ParseError, Place, unsigned, words};
use super::sampler::Last;
use super::{Collected, Context, Source, pressure};
use crate::model::cpu::{Core, Cpu, Load};
use crate::model::source::SourceFinding;
use crate::model::{Reading, Reason};

pub mod frequency;
pub mod info;
pub mod times;
pub mod topology;

use frequency::FrequencyReader;
use times::{CpuTimes, StatSample};

/// How long it takes until a part of the description that could not be read is tried again.
const RETRY: Duration = Duration::from_secs(60);

/// The source `cpu`.
#[derive(Debug)]
pub struct CpuSource {
    context: Context,
    stat: Kept,
    loadavg: Kept,
    pressure: Kept,
    last: Last<StatSample>,
    described: Option<Described>,
    frequency: FrequencyReader,
    missing: Missing,
}

/// What the processors are.
#[derive(Debug, Clone)]
struct Described {
    online: Vec<u32>,
    at: Duration,
    brand: Reading<String>,
    sockets: Reading<u32>,
    cores: Reading<u32>,
}

impl CpuSource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        let kept = |path, cap| Kept::new(context.roots.proc(path), cap);
        Self {
            stat: kept("stat", files::LARGE),
            loadavg: kept("loadavg", files::SMALL),
            pressure: kept("pressure/cpu", files::SMALL),
            last: Last::default(),
            described: None,
            frequency: FrequencyReader::new(context.clone()),
            missing: Missing::new("cpu"),
            context,
        }
    }

    fn describe(&mut self, sample: &StatSample, now: Duration) -> Described {
        let online = || sample.cores.iter().map(|(id, _)| *id);
        if let Some(known) = &self.described {
            let complete = [known.brand.reason(), known.sockets.reason(), known.cores.reason()]
                .iter()
                .all(Option::is_none);
            let fresh = complete || now.saturating_sub(known.at) < RETRY;
            if fresh && online().eq(known.online.iter().copied()) {
                return known.clone();
            }
        }
        let online: Vec<u32> = online().collect();
        let roots = &self.context.roots;
        let cpuinfo = files::read(&roots.proc("cpuinfo"), files::LARGE);
        let cpuinfo = cpuinfo.map(|bytes| info::parse_cpuinfo(&bytes));
        let counts = topology::count(roots, &online, cpuinfo.as_ref().ok());
        self.frequency.set_processors(&online);
        let described = Described {
            at: now,
            brand: info::brand(roots, cpuinfo),
            sockets: counts.sockets,
            cores: counts.cores,
            online,
        };
        self.described = Some(described.clone());
        described
    }

    fn note_missing(&mut self, cpu: &Cpu) {
        let roots = &self.context.roots;
        let missing = &mut self.missing;
        missing.begin(self.context.clock.wall());
        missing.note_reading("cpuinfo", files::named(&roots.proc("cpuinfo")), &cpu.brand);
        missing.note_reading("cpufreq", "processor frequencies", &cpu.frequency);
        missing.note_reading("loadavg", files::named(&roots.proc("loadavg")), &cpu.load);
        missing.note_reading("pressure", files::named(&roots.proc("pressure/cpu")), &cpu.pressure);
    }
}

impl Source for CpuSource {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        let sample = times::parse_stat(self.stat.read()?)?;
        let now = self.context.now().monotonic;
        let described = self.describe(&sample, now);
        let base = self.last.base(now, self.context.rate_window).map(|(earlier, _)| earlier);
        let usage = base.and_then(|earlier| times::usage(&earlier.all, &sample.all));
        let cpu = Cpu {
            brand: described.brand,
            sockets: described.sockets,
            cores: described.cores,
            threads: Reading::from_option(
                u32::try_from(sample.cores.len()).ok().filter(|&count| count > 0),
                Reason::NotSupported,
            ),
            usage: Reading::from_option(usage, Reason::Measuring),
            per_core: per_core(base, &sample),
            frequency: self.frequency.read(now),
            load: self.loadavg.read().and_then(|bytes| Ok(parse_loadavg(bytes)?)).into(),
            seconds_total: sample.cores.iter().map(times::seconds).collect(),
            kernel: sample.kernel,
            pressure: self.pressure.read().and_then(|bytes| Ok(pressure::parse(bytes)?)).into(),
        };
        self.last.replace(now, sample);
        self.note_missing(&cpu);
        Ok(Collected::Cpu(cpu))
    }

    fn findings(&self) -> Vec<SourceFinding> {
        self.missing.findings()
    }
}

/// Each processor's share; one that was not there before is being measured.
fn per_core(base: Option<&StatSample>, sample: &StatSample) -> Vec<Core> {
    let earlier = |id: u32| -> Option<&CpuTimes> {
        let cores = &base?.cores;
        let index = cores.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(&cores[index].1)
    };
    let core = |(id, later): &(u32, CpuTimes)| {
        let usage = earlier(*id).and_then(|earlier| times::usage(earlier, later));
        let busy = usage.map(|usage| usage.busy_percent);
        Core { id: *id, busy_percent: Reading::from_option(busy, Reason::Measuring) }
    };
    sample.cores.iter().map(core).collect()
}

/// Parses `loadavg`: three averages, `runnable/all` threads, and the last process id.
///
/// # Errors
/// If one of the first four is missing or malformed.
pub fn parse_loadavg(bytes: &[u8]) -> Result<Load, ParseError> {
    let place = Place { file: "loadavg", line: 1 };
    let first = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let mut words = words(first);
    let mut average = || place.decimal(words.next().unwrap_or_default());
    let (one, five, fifteen) = (average()?, average()?, average()?);
    let threads = words.next().unwrap_or_default();
    let mut counts = threads.split(|&byte| byte == b'/').map(unsigned);
    let mut count = || counts.next().flatten().and_then(|count| u32::try_from(count).ok());
    match (count(), count()) {
        (Some(runnable_threads), Some(threads)) => {
            Ok(Load { one, five, fifteen, runnable_threads, threads })
        }
        _ => Err(place.expected("runnable/all threads", threads)),
    }
}

#[cfg(test)]
mod tests;
