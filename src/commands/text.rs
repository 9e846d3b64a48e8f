//! A look at a machine as text for a terminal. Units as on the page: memory in powers of 1024,
//! one decimal under 100; an absent value is `–` with its reason.

use std::fmt::Write as _;

use crate::model::process::ProcessRow;
use crate::model::{Bytes, Percent, Reading, Reason, Seconds};

use super::measure::Look;

/// How many processes are listed.
const TOP: usize = 10;

/// The look as text, lines at most `width` characters long.
#[must_use]
pub fn look(look: &Look, width: usize) -> String {
    let mut lines = header(look);
    lines.extend(cpu(look));
    lines.extend(memory(look));
    lines.push(String::new());
    lines.extend(processes(look));
    let mut text = String::new();
    for line in lines {
        // What other people named their processes must not move this terminal's cursor.
        let cut: String = harmless(&line).chars().take(width).collect();
        let _ = writeln!(text, "{}", cut.trim_end());
    }
    text
}

fn header(look: &Look) -> Vec<String> {
    let system = look.host.system.value.as_ref();
    let os = system.and_then(|s| s.operating_system.as_ref().map(|os| os.pretty_name.clone()));
    let kernel = system.and_then(|s| s.kernel_release.clone());
    let up = system.and_then(|s| s.uptime_seconds);
    vec![format!(
        "{}  {}, kernel {}, up {}",
        look.host.host,
        shown(&os, Clone::clone),
        shown(&kernel, Clone::clone),
        shown(&up, |up| duration(*up)),
    )]
}

fn cpu(look: &Look) -> Vec<String> {
    let cpu = match &look.host.cpu.value {
        Reading::Present(cpu) => cpu,
        Reading::Absent { absent } => return vec![format!("CPU      – ({absent})")],
    };
    let usage = cpu.usage;
    vec![
        format!(
            "CPU      {}  user {}  system {}  iowait {}  steal {}",
            shown(&usage, |usage| percent(usage.busy_percent)),
            shown(&usage, |usage| percent(usage.user_percent)),
            shown(&usage, |usage| percent(usage.system_percent)),
            shown(&usage, |usage| percent(usage.iowait_percent)),
            shown(&usage, |usage| percent(usage.steal_percent)),
        ),
        format!(
            "         {}, {} cores, {} threads, load {}",
            shown(&cpu.brand, Clone::clone),
            shown(&cpu.cores, ToString::to_string),
            shown(&cpu.threads, ToString::to_string),
            shown(&cpu.load, |load| format!("{} {} {}", load.one, load.five, load.fifteen)),
        ),
    ]
}

fn memory(look: &Look) -> Vec<String> {
    let memory = match &look.host.memory.value {
        Reading::Present(memory) => memory,
        Reading::Absent { absent } => return vec![format!("Memory   – ({absent})")],
    };
    let swap = shown(&memory.swap, |swap| {
        format!("{} of {}", bytes(swap.used_bytes), bytes(swap.total_bytes))
    });
    vec![
        format!(
            "Memory   {}  {} of {}, {} available",
            shown(&memory.used_percent, |used| percent(*used)),
            bytes(memory.used_bytes),
            bytes(memory.total_bytes),
            shown(&memory.available_bytes, |available| bytes(*available)),
        ),
        format!("Swap     {swap}"),
    ]
}

fn processes(look: &Look) -> Vec<String> {
    let summary = match &look.processes.summary.value {
        Reading::Present(summary) => summary,
        Reading::Absent { absent } => return vec![format!("Processes – ({absent})")],
    };
    let mut rows: Vec<&ProcessRow> = look.processes.processes.iter().collect();
    let busy = |row: &ProcessRow| row.cpu_percent.present().map_or(-1.0, |percent| percent.0);
    rows.sort_by(|a, b| {
        busy(b).total_cmp(&busy(a)).then(b.resident_bytes.0.cmp(&a.resident_bytes.0))
    });
    let mut lines = vec![
        format!(
            "Processes {}, {} running, {} threads; the busiest:",
            summary.total, summary.running, summary.threads
        ),
        format!("{:>8} {:<12} {:>7} {:>10}  COMMAND", "PID", "USER", "CPU", "MEMORY"),
    ];
    lines.extend(rows.into_iter().take(TOP).map(|row| {
        format!(
            "{:>8} {:<12} {:>7} {:>10}  {}",
            row.pid,
            shown(&row.user, |user| user.chars().take(12).collect()),
            shown(&row.cpu_percent, |cpu| format!("{:.1} %", cpu.0)),
            bytes(row.resident_bytes),
            shown(&row.command, ToString::to_string),
        )
    }));
    lines
}

/// A value, or `–` and why there is none.
pub(super) fn shown<T>(reading: &Reading<T>, show: impl FnOnce(&T) -> String) -> String {
    match reading {
        Reading::Present(value) => show(value),
        Reading::Absent { absent } => format!("– ({absent})"),
    }
}

fn percent(percent: Percent) -> String {
    format!("{:.0} %", percent.0)
}

/// Bytes in powers of 1024, one decimal under 100.
pub(super) fn bytes(bytes: Bytes) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes.0 as f64;
    let mut unit = 0;
    // 1023.95 would be shown as 1024.0 of the smaller unit.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let decimals = usize::from(unit > 0 && value < 99.95);
    format!("{value:.decimals$} {}", UNITS[unit])
}

/// `41 d 03:12`, or `03:12:45` within a day.
pub(super) fn duration(seconds: Seconds) -> String {
    let whole = seconds.0.max(0.0) as u64;
    let (days, hours, minutes) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60);
    if days > 0 {
        format!("{days} d {hours:02}:{minutes:02}")
    } else {
        format!("{hours:02}:{minutes:02}:{:02}", whole % 60)
    }
}

/// How long something has been so, in one unit: `8 s`, `12 min`, `3 h`, `2 d`.
pub(super) fn age(millis: i64) -> String {
    // What began less than a second ago has not been so for no time at all.
    let seconds = (millis.max(0) as u64).div_ceil(1000).max(1);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A reason as words of a sentence.
pub(super) fn reason_words(reason: Reason) -> String {
    reason.as_str().replace('_', " ")
}

/// Words in lines of at most `width` characters; a longer word has a line of its own. What other
/// people named their files must not move this terminal's cursor.
pub(super) fn wrapped(words: &str, width: usize) -> Vec<String> {
    let mut together: Vec<String> = Vec::new();
    for word in words.split(' ').map(harmless) {
        match together.last_mut() {
            Some(last) if is_unit_of(last, &word) => *last = format!("{last} {word}"),
            _ => together.push(word),
        }
    }
    let mut lines = vec![String::new()];
    for word in together {
        let line = lines.last_mut().expect("there is always one");
        let used = line.chars().count();
        if used > 0 && used + 1 + word.chars().count() > width {
            lines.push(word);
        } else {
            if used > 0 {
                line.push(' ');
            }
            line.push_str(&word);
        }
    }
    lines
}

/// Whether `word` is the unit of the number before: the two stay together.
fn is_unit_of(number: &str, word: &str) -> bool {
    let unit = word.trim_end_matches([';', ',', ':']);
    number.ends_with(|c: char| c.is_ascii_digit()) && ["ms", "s", "min", "h", "d"].contains(&unit)
}

fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_decimal_under_a_hundred() {
        for (number, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (102_400, "100 KiB"),
            (1_073_741_823, "1.0 GiB"),
            (432_551_231_488, "403 GiB"),
            (u64::MAX, "16384 PiB"),
        ] {
            assert_eq!(bytes(Bytes(number)), text);
        }
    }

    #[test]
    fn ages_are_in_the_unit_that_tells_most() {
        for (millis, text) in [
            (-5, "1 s"),
            (0, "1 s"),
            (1001, "2 s"),
            (119_000, "119 s"),
            (120_000, "2 min"),
            (7_199_000, "119 min"),
            (7_200_000, "2 h"),
            (172_800_000, "2 d"),
            (i64::MAX, "106751991167 d"),
        ] {
            assert_eq!(age(millis), text);
        }
    }

    #[test]
    fn lines_break_between_words_and_move_no_cursor() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("one two three", usize::MAX), ["one two three"]);
        assert_eq!(wrapped("every 2 s, on", 9), ["every", "2 s, on"], "a unit stays at its number");
        assert_eq!(wrapped("a longlonglong b", 4), ["a", "longlonglong", "b"]);
        assert_eq!(wrapped("a\x1b[2Jb\nc", 80), ["a\u{fffd}[2Jb\u{fffd}c"]);
        assert_eq!(wrapped("", 80), [""]);
    }

    #[test]
    fn durations_read_like_uptime() {
        assert_eq!(duration(Seconds(3_553_920.0)), "41 d 03:12");
        assert_eq!(duration(Seconds(59.9)), "00:00:59");
    }
}
