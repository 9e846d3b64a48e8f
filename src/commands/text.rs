//! A look at a machine as text for a terminal. Units as on the page: memory in powers of 1024,
//! one decimal under 100; an absent value is `–` with its reason.

use std::fmt::Write as _;

use crate::model::process::ProcessRow;
use crate::model::{Reading, Reason, Section};
use crate::plain_text::{table, units};

use super::measure::Look;

mod containers;
mod devices;
mod findings;
mod gpu;
mod others;
mod storage;

pub(super) use gpu::driver as driver_words;
pub(super) use table::wrapped;
pub(super) use units::{age, reason_words, shown};

use table::Line;
use units::{bytes, duration, percent};

/// How many processes are listed.
const TOP: usize = 10;

/// The look as text, lines at most `width` characters long. What other people named their processes
/// and files does not move this terminal's cursor.
#[must_use]
pub fn look(look: &Look, width: usize) -> String {
    let blocks = [
        [header(look), cpu(look), memory(look), others::summary(look)].concat(),
        gpu::gpus(look),
        containers::containers(look),
        storage::filesystems(look),
        storage::disks(look),
        devices::network(look),
        devices::sensors(look),
        others::logins(look),
        others::failed(look),
        others::missing(look),
        processes(look, Busiest::Cpu, TOP),
    ];
    let blocks = blocks.into_iter().filter(|block| !block.is_empty());
    let lines = blocks.collect::<Vec<_>>().join(&Line::Row(String::new()));
    let mut text = String::new();
    for line in lines.iter().flat_map(|line| line.set(width)) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// What a machine is and does, for a view that shows it again and again.
pub(super) struct Parts {
    /// Name, system, how long it has been up; processors, memory.
    pub(super) head: Vec<String>,
    /// Cards, what is wrong with them, who is on them.
    pub(super) gpus: Vec<String>,
    /// Processes.
    pub(super) processes: Vec<String>,
}

/// What processes are listed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Busiest {
    /// Processor time.
    Cpu,
    /// Memory.
    Memory,
}

/// The parts of a look, each line at most `width` long, with this many processes.
#[must_use]
pub(super) fn parts(look: &Look, width: usize, by: Busiest, most: usize) -> Parts {
    let set = |lines: Vec<Line>| -> Vec<String> {
        let lines = lines.iter().flat_map(|line| line.set(width));
        lines.map(|line| line.trim_end().to_owned()).collect()
    };
    Parts {
        head: set([header(look), cpu(look), memory(look)].concat()),
        gpus: set(gpu::gpus(look)),
        processes: set(processes(look, by, most)),
    }
}

fn header(look: &Look) -> Vec<Line> {
    let system = look.host.system.value.as_ref();
    let os = system.and_then(|s| s.operating_system.as_ref().map(|os| os.pretty_name.clone()));
    let kernel = system.and_then(|s| s.kernel_release.clone());
    let up = system.and_then(|s| s.uptime_seconds);
    vec![Line::Row(format!(
        "{}  {}, kernel {}, up {}",
        look.host.host,
        shown(&os, Clone::clone),
        shown(&kernel, Clone::clone),
        shown(&up, |up| duration(*up)),
    ))]
}

fn cpu(look: &Look) -> Vec<Line> {
    let cpu = match &look.host.cpu.value {
        Reading::Present(cpu) => cpu,
        Reading::Absent { absent } => return vec![Line::Said("CPU", format!("– ({absent})"))],
    };
    let usage = cpu.usage;
    vec![
        Line::Said(
            "CPU",
            format!(
                "{}  user {}  system {}  iowait {}  steal {}",
                shown(&usage, |usage| percent(usage.busy_percent)),
                shown(&usage, |usage| percent(usage.user_percent)),
                shown(&usage, |usage| percent(usage.system_percent)),
                shown(&usage, |usage| percent(usage.iowait_percent)),
                shown(&usage, |usage| percent(usage.steal_percent)),
            ),
        ),
        Line::Said(
            "",
            format!(
                "{}, {} cores, {} threads, load {}",
                shown(&cpu.brand, Clone::clone),
                shown(&cpu.cores, ToString::to_string),
                shown(&cpu.threads, ToString::to_string),
                shown(&cpu.load, |load| format!("{} {} {}", load.one, load.five, load.fifteen)),
            ),
        ),
    ]
}

fn memory(look: &Look) -> Vec<Line> {
    let memory = match &look.host.memory.value {
        Reading::Present(memory) => memory,
        Reading::Absent { absent } => return vec![Line::Said("Memory", format!("– ({absent})"))],
    };
    let swap = shown(&memory.swap, |swap| {
        format!("{} of {}", bytes(swap.used_bytes), bytes(swap.total_bytes))
    });
    vec![
        Line::Said(
            "Memory",
            format!(
                "{}  {} of {}, {} available",
                shown(&memory.used_percent, |used| percent(*used)),
                bytes(memory.used_bytes),
                bytes(memory.total_bytes),
                shown(&memory.available_bytes, |available| bytes(*available)),
            ),
        ),
        Line::Said("Swap", swap),
    ]
}

fn processes(look: &Look, by: Busiest, most: usize) -> Vec<Line> {
    let summary = match &look.processes.summary.value {
        Reading::Present(summary) => summary,
        Reading::Absent { absent } => return vec![Line::Row(format!("Processes – ({absent})"))],
    };
    let mut rows: Vec<&ProcessRow> = look.processes.processes.iter().collect();
    let busy = |row: &ProcessRow| row.cpu_percent.present().map_or(-1.0, |percent| percent.0);
    let memory = |row: &ProcessRow| std::cmp::Reverse(row.resident_bytes.0);
    rows.sort_by(|a, b| match by {
        Busiest::Cpu => busy(b).total_cmp(&busy(a)).then(memory(a).cmp(&memory(b))),
        Busiest::Memory => memory(a).cmp(&memory(b)).then(busy(b).total_cmp(&busy(a))),
    });
    let listed = match by {
        Busiest::Cpu => "the busiest",
        Busiest::Memory => "the largest",
    };
    let mut lines = vec![
        Line::Row(format!(
            "Processes {}, {} running, {} threads; {listed}:",
            summary.total, summary.running, summary.threads
        )),
        Line::Row(format!("{:>8} {:<12} {:>7} {:>10}  COMMAND", "PID", "USER", "CPU", "MEMORY")),
    ];
    lines.extend(rows.into_iter().take(most).map(|row| {
        Line::Row(format!(
            "{:>8} {:<12} {:>7} {:>10}  {}",
            row.pid,
            shown(&row.user, |user| user.chars().take(12).collect()),
            shown(&row.cpu_percent, |cpu| format!("{:.1} %", cpu.0)),
            bytes(row.resident_bytes),
            shown(&row.command, ToString::to_string),
        ))
    }));
    lines
}

/// The value of a section, or the line that says why there is none; no line if this machine has no
/// such thing, or nobody reads it.
fn given<'a, T>(title: &'static str, section: &'a Section<T>) -> Result<&'a T, Vec<Line>> {
    match &section.value {
        Reading::Present(value) => Ok(value),
        Reading::Absent {
            absent: Reason::NotSupported | Reason::NotInstalled | Reason::NotCollected,
        } => Err(Vec::new()),
        Reading::Absent { absent } => Err(vec![Line::Said(title, format!("– ({absent})"))]),
    }
}
