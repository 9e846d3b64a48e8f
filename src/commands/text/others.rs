//! What is said in a line or two: address, clock, who is logged in, what failed, what is missing.

use super::given;
use super::table::{Column, Line, and_more, heaviest, table};
use super::units::{age, cell, reason_words, shown, time};
use crate::commands::measure::Look;
use crate::model::login::Login;
use crate::model::source::SourceState;
use crate::model::{Problem, Reading};

/// The most sessions that are shown.
const MOST_SESSIONS: usize = 12;

/// The most failed units that are shown.
const MOST_UNITS: usize = 8;

/// Under what address the machine is known, and whether its clock is right.
pub(super) fn summary(look: &Look) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Reading::Present(network) = &look.host.network.value {
        let address = shown(&network.primary, |primary| {
            let mac = primary.mac_address.present().map_or(String::new(), |mac| format!(", {mac}"));
            format!("{} on {}{mac}", primary.address, primary.interface)
        });
        lines.push(Line::Said("Address", address));
    }
    match given("Clock", &look.host.clock) {
        Ok(clock) if clock.synchronised => {
            let error = clock.maximum_error_seconds.present();
            let error = error.map_or(String::new(), |error| {
                format!(", wrong by at most {:.1} ms", error.0 * 1000.0)
            });
            lines.push(Line::Said("Clock", format!("synchronised{error}")));
        }
        Ok(_) => lines.push(Line::Said("Clock", "not synchronised".to_owned())),
        Err(mut why) => lines.append(&mut why),
    }
    lines
}

pub(super) fn logins(look: &Look) -> Vec<Line> {
    let logins = match given("Logins", &look.host.logins) {
        Ok(logins) => logins,
        Err(lines) => return lines,
    };
    if logins.sessions.is_empty() {
        return vec![Line::Said("Logins", "nobody".to_owned())];
    }
    let busiest = |login: &Login| login.idle_seconds.present().map_or(f64::MIN, |idle| -idle.0);
    let (rows, left_out) = heaviest(&logins.sessions, MOST_SESSIONS, busiest);
    let columns = [
        Column::Left("LOGIN", 16),
        Column::Left("TERMINAL", 10),
        Column::Left("FROM", 30),
        Column::Right("SINCE"),
        Column::Right("IDLE"),
    ];
    let cells = rows.into_iter().map(|login| {
        [
            login.user.to_string(),
            cell(&login.terminal, ToString::to_string),
            cell(&login.from, ToString::to_string),
            cell(&login.login_at_ms, |at| age(look.at.since(*at))),
            cell(&login.idle_seconds, |idle| time(*idle)),
        ]
    });
    let mut lines = table(columns, cells.collect());
    lines.extend(and_more(left_out as u64 + logins.left_out));
    lines
}

pub(super) fn failed(look: &Look) -> Vec<Line> {
    let units = match given("Units", &look.host.units) {
        Ok(units) => units,
        Err(lines) => return lines,
    };
    let mut lines: Vec<Line> = units
        .failed
        .iter()
        .take(MOST_UNITS)
        .map(|unit| {
            let since = unit.since_ms.present().map(|since| age(look.at.since(*since)));
            let since = since.map_or(String::new(), |since| format!(" for {since}"));
            Line::Said("Failed", format!("{}{since}: {}", unit.key, unit.description))
        })
        .collect();
    let left_out = units.failed.len().saturating_sub(MOST_UNITS) as u64 + units.left_out;
    lines.extend(and_more(left_out));
    lines
}

/// What could not be read, and why. What mends it is the doctor's to say.
pub(super) fn missing(look: &Look) -> Vec<Line> {
    let trouble = |problem: Problem| {
        format!("{} for {}", reason_words(problem.reason), age(look.at.since(problem.since_ms)))
    };
    let mut lines = Vec::new();
    for source in &look.host.sources {
        let is_there = source.state != SourceState::NotThere;
        if let Some(problem) = source.problem.filter(|_| is_there) {
            lines.push(Line::Said("Missing", format!("{}: {}", source.name, trouble(problem))));
        }
        if source.state == SourceState::Waiting {
            lines.push(Line::Said("Missing", format!("{}: not read yet", source.name)));
        }
        for finding in &source.findings {
            let (what, why) = (&finding.what, trouble(finding.problem));
            lines.push(Line::Said("Missing", format!("{}: {what}: {why}", source.name)));
        }
    }
    if !lines.is_empty() {
        lines.push(Line::Said("", "smonitor doctor says what mends it".to_owned()));
    }
    lines
}
