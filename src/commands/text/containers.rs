//! Containers. An engine that does not answer is among what is missing.

use super::given;
use super::table::{Column, Line, and_more, heaviest, table};
use super::units::{bytes, cell, percent};
use crate::commands::measure::Look;
use crate::model::container::{Container, ContainerHealth, ContainerState};
use crate::model::place::ContainerRuntime;
use crate::model::{Percent, Reading};

/// The most containers that are shown: those that use the most of the processor.
const MOST: usize = 20;

/// What is noteworthy of waiting for a limit.
const THROTTLED: Percent = Percent(5.0);

pub(super) fn containers(look: &Look) -> Vec<Line> {
    let containers = match given("Container", &look.host.containers) {
        Ok(containers) => containers,
        Err(lines) => return lines,
    };
    let weight = |row: &Container| row.cpu_percent.present().map_or(0.0, |cpu| cpu.0);
    let (rows, left_out) = heaviest(&containers.rows, MOST, weight);
    if rows.is_empty() {
        return Vec::new();
    }
    let columns = [
        Column::Left("CONTAINER", 20),
        Column::Left("KIND", 10),
        Column::Right("CPU"),
        Column::Right("MEMORY"),
        Column::Right("LIMIT"),
        Column::Right("PIDS"),
        Column::Left("STATE", 200),
    ];
    let mut lines = table(columns, rows.into_iter().map(row).collect());
    lines.extend(and_more(left_out as u64 + containers.left_out));
    lines
}

fn row(row: &Container) -> [String; 7] {
    let cpu = match (&row.cpu_percent, &row.cpu_limit_percent) {
        (Reading::Present(cpu), Reading::Present(Some(limit))) => {
            format!("{:.0}/{}", cpu.0, percent(*limit))
        }
        (cpu, _) => cell(cpu, |cpu| percent(*cpu)),
    };
    let limit =
        cell(&row.memory_limit_bytes, |limit| limit.map_or_else(|| "none".to_owned(), bytes));
    [
        row.name.present().unwrap_or(&row.short).to_string(),
        kind(row),
        cpu,
        cell(&row.memory_bytes, |memory| bytes(*memory)),
        limit,
        cell(&row.tasks, ToString::to_string),
        state(row),
    ]
}

fn kind(row: &Container) -> String {
    match (&row.pod, row.runtime) {
        (Some(_), _) => "pod".to_owned(),
        (None, ContainerRuntime::Unknown) => "–".to_owned(),
        (None, runtime) => runtime.as_str().to_owned(),
    }
}

/// The state, and what is noteworthy besides.
fn state(row: &Container) -> String {
    let mut parts = Vec::new();
    parts.extend(row.state.present().map(|state| {
        match state {
            ContainerState::Running => "running",
            ContainerState::Paused => "paused",
            ContainerState::Restarting => "restarting",
            ContainerState::Removing => "being removed",
            ContainerState::Ended => "ended",
            ContainerState::Other => "other",
        }
        .to_owned()
    }));
    match row.health.present() {
        Some(ContainerHealth::Unhealthy) => parts.push("UNHEALTHY".to_owned()),
        Some(ContainerHealth::Healthy) => parts.push("healthy".to_owned()),
        Some(ContainerHealth::Starting) => parts.push("health not known yet".to_owned()),
        None => {}
    }
    if let Some(share) = row.throttled_percent.present().filter(|share| **share >= THROTTLED) {
        parts.push(format!("waits {} for its limit", percent(*share)));
    }
    match row.oom_kills.present() {
        None | Some(0) => {}
        Some(1) => parts.push("1 killed for memory".to_owned()),
        Some(kills) => parts.push(format!("{kills} killed for memory")),
    }
    match row.restarts.present() {
        None | Some(0) => {}
        Some(1) => parts.push("1 restart".to_owned()),
        Some(restarts) => parts.push(format!("{restarts} restarts")),
    }
    if parts.is_empty() { "–".to_owned() } else { parts.join(", ") }
}
