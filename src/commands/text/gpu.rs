//! Graphics cards, who is on them, and what is wrong with them.

use super::findings;
use super::given;
use super::table::{Column, Line, and_more, heaviest, table};
use super::units::{age, bytes, cell, date, percent, short_model};
use crate::commands::measure::Look;
use crate::model::account::AccountEnd;
use crate::model::gpu::{
    DeviceSlice, DriverState, Gpu, GpuMemory, GpuProcess, GpuState, GpuUser, Gpus,
};
use crate::model::place::{ContainerRef, Place};
use crate::model::{Reading, UnixMillis};

/// The most processes that are shown, those with the most memory.
const MOST_PROCESSES: usize = 24;

/// The most people that are shown.
const MOST_PEOPLE: usize = 16;

pub(super) fn gpus(look: &Look) -> Vec<Line> {
    let gpus = match given("GPU", &look.host.gpus) {
        Ok(gpus) => gpus,
        Err(lines) => return lines,
    };
    let model = only_model(&gpus.cards);
    let mut lines = vec![Line::Said("GPU", headline(gpus, model.as_deref()))];
    let states = states(&gpus.cards);
    if !states.is_empty() {
        lines.push(Line::Said("", states));
    }
    if let Some((what, mend)) = driver(gpus.driver) {
        lines.push(Line::Said("", format!("{what}: {mend}")));
    }
    if !gpus.cards.is_empty() {
        lines.extend(cards(look, gpus, model.is_none()));
    }
    lines.extend(findings::of_cards(look, &gpus.cards));
    let blocks = [processes(look, gpus), people(look, gpus)];
    for block in blocks.into_iter().filter(|block| !block.is_empty()) {
        lines.push(Line::Row(String::new()));
        lines.extend(block);
    }
    if gpus.left_out > 0 {
        lines.push(Line::Row(format!("and {} more cards and processes", gpus.left_out)));
    }
    lines
}

/// What is wrong with the driver, and what mends it; nothing if it serves the cards.
pub(in crate::commands) fn driver(state: DriverState) -> Option<(&'static str, &'static str)> {
    Some(match state {
        DriverState::Running => return None,
        DriverState::LibraryMissing => (
            "the driver's library libnvidia-ml.so.1 is not installed",
            "install the driver; into a container pass it with its devices: docker run --gpus all",
        ),
        DriverState::NotLoaded => {
            ("the driver's kernel module is not loaded", "sudo modprobe nvidia; dmesg says more")
        }
        DriverState::VersionMismatch => (
            "library and kernel module are of different versions, as after an upgrade",
            "restart the machine, or end what uses the cards and load the new module",
        ),
        DriverState::Forbidden => (
            "smonitor's user may not open the devices",
            "ls -l /dev/nvidia* shows who may; put smonitor's user into that group",
        ),
        DriverState::Asleep => (
            "every card is switched off to save power, and to ask would wake them",
            "set gpu.wake to true if smonitor should wake them",
        ),
        DriverState::Failing => {
            ("the driver fails", "the log of smonitor has the code; dmesg may say more")
        }
    })
}

/// The model, if all cards are of one.
fn only_model(cards: &[Gpu]) -> Option<String> {
    let mut names = cards.iter().map(|card| card.name.present());
    let first = names.next()??;
    names.all(|name| name == Some(first)).then(|| short_model(first).to_owned())
}

fn headline(gpus: &Gpus, model: Option<&str>) -> String {
    let mut parts = Vec::new();
    match (gpus.cards.len(), model) {
        (0, _) => parts.push("no card".to_owned()),
        (count, Some(model)) => parts.push(format!("{count} × {model}")),
        (1, None) => parts.push("1 card".to_owned()),
        (count, None) => parts.push(format!("{count} cards")),
    }
    if let Reading::Present(version) = &gpus.driver_version {
        parts.push(format!("driver {version}"));
    }
    if let Reading::Present(version) = &gpus.cuda_version {
        parts.push(format!("CUDA {version}"));
    }
    parts.join(", ")
}

/// How many cards are in each state.
fn states(cards: &[Gpu]) -> String {
    let states = [
        (GpuState::Free, "free"),
        (GpuState::Held, "held"),
        (GpuState::Busy, "busy"),
        (GpuState::Fault, "faulty"),
        (GpuState::Unknown, "unknown"),
    ];
    let counted = states.into_iter().filter_map(|(state, word)| {
        let count = cards.iter().filter(|card| card.state == state).count();
        (count > 0).then(|| format!("{count} {word}"))
    });
    counted.collect::<Vec<_>>().join(", ")
}

fn cards(look: &Look, gpus: &Gpus, with_model: bool) -> Vec<Line> {
    let mut rows = Vec::new();
    for card in &gpus.cards {
        rows.push(card_row(look, gpus, card));
        rows.extend(card.slices.iter().map(|slice| slice_row(gpus, card, slice)));
    }
    let model = Column::Left("MODEL", 16);
    let [gpu, state, usage, memory, heat, power, users] = [
        Column::Left("GPU", 5),
        Column::Left("STATE", 12),
        Column::Right("USE"),
        Column::Right("MEMORY"),
        Column::Right("TEMP"),
        Column::Right("POWER"),
        Column::Left("USERS", 200),
    ];
    if with_model {
        return table([gpu, model, state, usage, memory, heat, power, users], rows);
    }
    let rows = rows.into_iter().map(|[index, _, a, b, c, d, e, f]| [index, a, b, c, d, e, f]);
    table([gpu, state, usage, memory, heat, power, users], rows.collect())
}

fn card_row(look: &Look, gpus: &Gpus, card: &Gpu) -> [String; 8] {
    let power = match (&card.power.draw_watts, &card.power.limit_watts) {
        (Reading::Present(draw), Reading::Present(limit)) => {
            format!("{:.0}/{:.0} W", draw.0, limit.0)
        }
        (Reading::Present(draw), Reading::Absent { .. }) => format!("{:.0} W", draw.0),
        (Reading::Absent { .. }, _) => "–".to_owned(),
    };
    [
        card.index.to_string(),
        cell(&card.name, |name| short_model(name).to_owned()),
        state(look.at, card),
        cell(&card.utilisation.gpu_percent, |share| percent(*share)),
        memory(&card.memory),
        cell(&card.temperature.gpu_celsius, |now| format!("{:.0} °C", now.0)),
        power,
        users(gpus.processes.iter().filter(|row| row.gpu == card.index)),
    ]
}

fn slice_row(gpus: &Gpus, card: &Gpu, slice: &DeviceSlice) -> [String; 8] {
    let profile = cell(&slice.profile, ToString::to_string);
    [
        slice.key.to_string(),
        profile.clone(),
        format!("{} {profile}", word(slice.state)),
        String::new(),
        memory(&slice.memory),
        String::new(),
        String::new(),
        users(
            gpus.processes
                .iter()
                .filter(|row| row.gpu == card.index && row.slice.as_ref() == Some(&slice.key)),
        ),
    ]
}

fn word(state: GpuState) -> &'static str {
    match state {
        GpuState::Unknown => "unknown",
        GpuState::Fault => "FAULT",
        GpuState::Free => "free",
        GpuState::Held => "held",
        GpuState::Busy => "busy",
    }
}

/// The state, and for how long nothing has been computed.
fn state(now: UnixMillis, card: &Gpu) -> String {
    let word = word(card.state);
    match (card.state, &card.idle_since_ms) {
        (GpuState::Free | GpuState::Held, Reading::Present(since)) => {
            format!("{word} {}", age(now.since(*since)))
        }
        _ => word.to_owned(),
    }
}

/// `72.6/80.0 GiB`.
fn memory(memory: &GpuMemory) -> String {
    match (&memory.used_bytes, &memory.total_bytes) {
        (Reading::Present(used), Reading::Present(total)) => {
            let (used, total) = (bytes(*used), bytes(*total));
            match (used.rsplit_once(' '), total.rsplit_once(' ')) {
                (Some((number, unit)), Some((_, other))) if unit == other => {
                    format!("{number}/{total}")
                }
                _ => format!("{used}/{total}"),
            }
        }
        (Reading::Present(used), Reading::Absent { .. }) => bytes(*used),
        (Reading::Absent { .. }, _) => "–".to_owned(),
    }
}

/// Each name once, in the order of their processes.
fn users<'a>(processes: impl Iterator<Item = &'a GpuProcess>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for process in processes {
        let name = process.user.present().map_or("unknown", |user| user.as_str());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

fn processes(look: &Look, gpus: &Gpus) -> Vec<Line> {
    if gpus.processes.is_empty() {
        return Vec::new();
    }
    let weight =
        |row: &GpuProcess| row.memory_bytes.present().map_or(0.0, |memory| memory.0 as f64);
    let (rows, left_out) = heaviest(&gpus.processes, MOST_PROCESSES, weight);
    let columns = [
        Column::Left("GPU", 5),
        Column::Right("PID"),
        Column::Left("USER", 12),
        Column::Left("WHERE", 16),
        Column::Right("SINCE"),
        Column::Right("MEMORY"),
        Column::Right("SM"),
        Column::Left("COMMAND", 200),
    ];
    let cells = rows.into_iter().map(|row| {
        [
            row.slice.as_ref().map_or_else(|| row.gpu.to_string(), ToString::to_string),
            row.pid.to_string(),
            cell(&row.user, ToString::to_string),
            cell(&row.place, |place| place_words(look, place)),
            cell(&row.started_at_ms, |at| age(look.at.since(*at))),
            cell(&row.memory_bytes, |memory| bytes(*memory)),
            cell(&row.gpu_percent, |share| percent(*share)),
            cell(&row.command, ToString::to_string),
        ]
    });
    let mut lines = table(columns, cells.collect());
    lines.extend(and_more(left_out as u64));
    lines
}

/// Where a process belongs: the container or job that people know it by, else service or session.
fn place_words(look: &Look, place: &Place) -> String {
    let parts = [
        place.container.as_ref().map(|container| container_words(look, container)),
        place.slurm_job.as_ref().map(|job| format!("job {job}")),
        place.unit.as_ref().map(ToString::to_string),
        place.session.as_ref().map(|session| format!("session {session}")),
    ];
    parts.into_iter().flatten().next().unwrap_or_default()
}

/// The name of a container where one is known, else as short as people write it.
fn container_words(look: &Look, container: &ContainerRef) -> String {
    let rows = look.host.containers.value.present().map_or(&[][..], |all| &all.rows);
    let name = rows.iter().find(|row| row.key == container.key).and_then(|row| row.name.present());
    name.unwrap_or(&container.short).to_string()
}

fn people(look: &Look, gpus: &Gpus) -> Vec<Line> {
    if gpus.people.is_empty() {
        return Vec::new();
    }
    let shown = gpus.people.get(..MOST_PEOPLE).unwrap_or(&gpus.people);
    let columns = [
        Column::Left("USER", 16),
        Column::Left("GPUS", 12),
        Column::Left("UNUSED", 8),
        Column::Right("MEMORY"),
        Column::Right("PROCESSES"),
        Column::Right("SINCE"),
        Column::Left("ACCOUNT ENDS", 24),
    ];
    let cells = shown.iter().map(|person| {
        [
            person.user.present().map_or("unknown", |user| user.as_str()).to_owned(),
            numbers(&person.gpus),
            numbers(&person.held_gpus),
            cell(&person.memory_bytes, |memory| bytes(*memory)),
            person.processes.to_string(),
            cell(&person.since_ms, |at| age(look.at.since(*at))),
            account(person),
        ]
    });
    let mut lines = table(columns, cells.collect());
    lines.extend(and_more(gpus.people.len().saturating_sub(MOST_PEOPLE) as u64));
    lines
}

fn numbers(numbers: &[u32]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn account(person: &GpuUser) -> String {
    cell(&person.account_end, |end| match end {
        AccountEnd::Never => "never".to_owned(),
        AccountEnd::At { at_ms, expired: false } => format!("{} UTC", date(*at_ms)),
        AccountEnd::At { at_ms, expired: true } => format!("{} UTC, ENDED", date(*at_ms)),
    })
}
