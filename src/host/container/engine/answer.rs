//! What an engine's answers say: JSON in, typed out, no I/O. An engine is believed in nothing: texts
//! are cut and made harmless, an id is 64 digits or it is none, what has another type is left out.
//!
//! Docker Engine API 1.24 to 1.51, `SystemVersion`, `ContainerList`, `ContainerInspect`; Podman 4 and 5
//! speak the same.

use serde_json::{Map, Value};

use crate::host::parse::{unsigned, visible};
use crate::model::container::{ContainerHealth, ContainerState, LABELS_MAX, Label};
use crate::model::{Reason, Text, UnixMillis};

/// Most letters that are kept of a text.
const TEXT_MAX: usize = 200;

/// Digits of an id.
const ID_DIGITS: usize = 64;

/// A container as the list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name, without the slash that Docker writes before it.
    pub name: Option<Text>,
    /// The image it was made from.
    pub image: Option<Text>,
    /// What it is doing.
    pub state: Option<ContainerState>,
    /// Outcome of its health check, where the list has it.
    pub health: Option<ContainerHealth>,
    /// Its labels by name, no more than [`LABELS_MAX`].
    pub labels: Option<Vec<Label>>,
}

/// What is told of one container by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Details {
    /// Outcome of its health check, if it has one.
    pub health: Option<ContainerHealth>,
    /// How often it was started again.
    pub restarts: Option<u32>,
    /// When it was started.
    pub started_at: Option<UnixMillis>,
}

/// What the engine calls itself: `Docker Engine - Community 28.2.2`, `Podman Engine 5.4.0`.
///
/// # Errors
/// [`Reason::Malformed`] if there is no version.
pub fn version(bytes: &[u8]) -> Result<Text, Reason> {
    let object = object(bytes)?;
    let version = text(object.get("Version")).ok_or(Reason::Malformed)?;
    let component = object.get("Components").and_then(|all| text(all.get(0)?.get("Name")));
    let platform = || object.get("Platform").and_then(|platform| text(platform.get("Name")));
    let name = match component.as_deref() {
        // Docker's own part, whose maker is told elsewhere, if at all.
        Some("Engine") | None => platform().unwrap_or_else(|| "Docker Engine".into()),
        Some(name) => name.into(),
    };
    Ok(Text::from(format!("{name} {version}")))
}

/// The containers of a list by their ids. An entry without an id is left out.
///
/// # Errors
/// [`Reason::Malformed`] if it is no list.
pub fn list(bytes: &[u8]) -> Result<Vec<(Text, Listed)>, Reason> {
    let Value::Array(entries) = json(bytes)? else { return Err(malformed("a list")) };
    Ok(entries.iter().filter_map(listed).collect())
}

/// What is told of one container.
///
/// # Errors
/// [`Reason::Malformed`] if it is no object.
pub fn details(bytes: &[u8]) -> Result<Details, Reason> {
    let object = object(bytes)?;
    let state = object.get("State");
    let health = state.and_then(|state| state.get("Health")?.get("Status")?.as_str());
    let restarts = object.get("RestartCount").and_then(Value::as_u64);
    let started_at = state.and_then(|state| time(state.get("StartedAt")?.as_str()?));
    Ok(Details {
        health: health.and_then(health_of),
        restarts: restarts.and_then(|restarts| u32::try_from(restarts).ok()),
        started_at,
    })
}

fn listed(entry: &Value) -> Option<(Text, Listed)> {
    let id = entry.get("Id")?.as_str().filter(|id| is_id(id))?;
    let name = entry.get("Names").and_then(|names| names.get(0)?.as_str());
    let name = name.map(|name| name.strip_prefix('/').unwrap_or(name));
    let labels = match entry.get("Labels") {
        Some(Value::Object(labels)) => Some(labels_of(labels)),
        Some(Value::Null) | None => Some(Vec::new()),
        Some(_) => None,
    };
    let listed = Listed {
        name: name.and_then(shown),
        image: text(entry.get("Image")),
        state: entry.get("State").and_then(Value::as_str).map(state_of),
        health: entry.get("Status").and_then(Value::as_str).and_then(marked),
        labels,
    };
    Some((id.into(), listed))
}

fn labels_of(labels: &Map<String, Value>) -> Vec<Label> {
    let mut pairs: Vec<(&String, &str)> =
        labels.iter().filter_map(|(name, value)| Some((name, value.as_str()?))).collect();
    pairs.sort_unstable();
    pairs.truncate(LABELS_MAX);
    let label = |(name, value): (&String, &str)| Label { name: cut(name), value: cut(value) };
    pairs.into_iter().map(label).collect()
}

fn state_of(word: &str) -> ContainerState {
    match word {
        "running" => ContainerState::Running,
        "paused" => ContainerState::Paused,
        "restarting" => ContainerState::Restarting,
        "removing" => ContainerState::Removing,
        "created" | "configured" | "initialized" | "exited" | "stopped" | "dead" => {
            ContainerState::Ended
        }
        _ => ContainerState::Other,
    }
}

/// The mark at the end of a status for people: `Up 5 seconds (healthy)`.
fn marked(status: &str) -> Option<ContainerHealth> {
    let mark = status.strip_suffix(')')?.rsplit_once('(')?.1;
    health_of(mark.strip_prefix("health: ").unwrap_or(mark))
}

/// `none`, the empty word of Podman and whatever else there is mean that there is no check.
fn health_of(word: &str) -> Option<ContainerHealth> {
    match word {
        "starting" => Some(ContainerHealth::Starting),
        "healthy" => Some(ContainerHealth::Healthy),
        "unhealthy" => Some(ContainerHealth::Unhealthy),
        _ => None,
    }
}

fn is_id(id: &str) -> bool {
    id.len() == ID_DIGITS && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A time of RFC 3339, `2026-12-01T12:17:54.449810738Z`, or with an offset; none before 1970, which
/// engines write for never.
#[must_use]
pub fn time(text: &str) -> Option<UnixMillis> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| {
        unsigned(bytes.get(from..to)?).and_then(|number| i64::try_from(number).ok())
    };
    let is = |at: usize, wanted: u8| bytes.get(at).copied() == Some(wanted);
    if !(is(4, b'-') && is(7, b'-') && is(10, b'T') && is(13, b':') && is(16, b':')) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let in_range = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !in_range {
        return None;
    }
    let rest = bytes.get(19..)?;
    let digits = match rest.strip_prefix(b".") {
        Some(fraction) => fraction.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        None => 0,
    };
    let fraction = rest.get(1..=digits).unwrap_or_default();
    let mut millis = 0;
    for place in 0..3 {
        millis = millis * 10 + i64::from(fraction.get(place).map_or(0, |digit| digit - b'0'));
    }
    let zone = rest.get(if digits > 0 { digits + 1 } else { 0 }..)?;
    let offset = match zone {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), hours @ .., b':', _, _] if hours.len() == 2 => {
            let hours = i64::try_from(unsigned(hours)?).ok()?;
            let minutes = i64::try_from(unsigned(zone.get(4..6)?)?).ok()?;
            let minutes = hours * 60 + minutes;
            if *sign == b'+' { minutes } else { -minutes }
        }
        _ => return None,
    };
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(UnixMillis((seconds - offset * 60) * 1000 + millis))
}

/// By the Gregorian calendar. Years are counted from March, so that a leap day is the last one.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 719_469
}

fn json(bytes: &[u8]) -> Result<Value, Reason> {
    serde_json::from_slice(bytes).map_err(|error| {
        tracing::debug!(%error, "an engine's answer is no JSON");
        Reason::Malformed
    })
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, Reason> {
    match json(bytes)? {
        Value::Object(object) => Ok(object),
        _ => Err(malformed("an object")),
    }
}

fn malformed(wanted: &str) -> Reason {
    tracing::debug!(wanted, "an engine's answer is something else");
    Reason::Malformed
}

fn text(value: Option<&Value>) -> Option<Text> {
    shown(value?.as_str()?)
}

fn shown(text: &str) -> Option<Text> {
    (!text.is_empty()).then(|| cut(text))
}

fn cut(text: &str) -> Text {
    let end = text.char_indices().nth(TEXT_MAX).map_or(text.len(), |(end, _)| end);
    visible(&text.as_bytes()[..end]).into()
}

#[cfg(test)]
mod tests;
