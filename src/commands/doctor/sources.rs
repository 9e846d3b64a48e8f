//! What a look at the machine tells about smonitor's own sources.

use super::{Finding, Status};
use crate::commands::measure::Look;
use crate::commands::remedy::{self, Reader};
use crate::commands::text::{age, driver_words, reason_words, shown};
use crate::model::container::Containers;
use crate::model::gpu::Gpus;
use crate::model::source::{SourceFinding, SourceHealth, SourceState};
use crate::model::{Problem, Reading, Reason};

/// A finding for every source, the worst first.
#[must_use]
pub fn examine(look: &Look, reader: &Reader) -> Vec<Finding> {
    let mut sources: Vec<&SourceHealth> = look.host.sources.iter().collect();
    sources.sort_by_key(|health| health.state);
    sources.into_iter().map(|health| source(look, health, reader)).collect()
}

fn source(look: &Look, health: &SourceHealth, reader: &Reader) -> Finding {
    let status = match health.state {
        SourceState::Stuck | SourceState::Failing => Status::Bad,
        SourceState::Forbidden | SourceState::Partial | SourceState::Waiting => Status::Limited,
        SourceState::Slow | SourceState::Well | SourceState::NotThere => Status::Good,
    };
    let part = |finding: &SourceFinding| Finding {
        what: finding.what.to_string(),
        status: Status::Limited,
        says: trouble(look, finding.problem),
        mend: remedy::sentence(finding.remedy, &finding.what, reader),
        parts: Vec::new(),
    };
    // Those with the same remedy stand together, so that it is said once.
    let mut parts: Vec<Finding> = health.findings.iter().map(part).collect();
    parts.sort_by(|a, b| a.mend.cmp(&b.mend));
    let mend = health.problem.filter(|_| status != Status::Good);
    let mut mend = mend.and_then(|_| remedy::sentence(health.remedy, &health.name, reader));
    let mut status = status;
    // The source can be well, having found out that the driver is not.
    if let Some((_, what_mends)) = driver(look, health).filter(|_| mend.is_none()) {
        status = if status == Status::Good { Status::Limited } else { status };
        mend = Some(what_mends.to_owned());
    }
    Finding { what: health.name.clone(), status, says: says(look, health), mend, parts }
}

/// What is wrong with the driver of the cards, and what mends it, if this is their source.
fn driver(look: &Look, health: &SourceHealth) -> Option<(&'static str, &'static str)> {
    let gpus = look.host.gpus.value.present().filter(|_| health.name == "gpus")?;
    driver_words(gpus.driver)
}

/// How a source is, in words.
fn says(look: &Look, health: &SourceHealth) -> String {
    let every = format!("every {}", age(i64::try_from(health.interval_ms).unwrap_or(i64::MAX)));
    let took = shown(&health.duration_seconds, |took| format!("{:.1} ms", took.0 * 1000.0));
    let trouble = health.problem.map(|problem| trouble(look, problem)).unwrap_or_default();
    let read = format!("read in {took}, {every}");
    match health.state {
        SourceState::NotThere => "not on this machine".to_owned(),
        SourceState::Waiting => format!("waiting: not read yet; {every}"),
        SourceState::Stuck => {
            format!("stuck: {trouble}, its last reading has not come back; {every}")
        }
        SourceState::Failing => format!("failing: {trouble}; gave up after {took}, {every}"),
        SourceState::Forbidden => format!("forbidden: {trouble}; {every}"),
        // How many there are says nothing while an unknown number is missing, but for these.
        SourceState::Partial if ["gpus", "containers"].contains(&&*health.name) => {
            format!("partial: {read}{}; what is missing:", besides(look, &health.name))
        }
        SourceState::Partial => format!("partial: {read}; what is missing:"),
        SourceState::Slow => format!("slow: {read}{}", besides(look, &health.name)),
        SourceState::Well => format!("well: {read}{}", besides(look, &health.name)),
    }
}

fn trouble(look: &Look, problem: Problem) -> String {
    format!("{} for {}", reason_words(problem.reason), age(look.at.since(problem.since_ms)))
}

/// What else there is to say of a source that is well.
fn besides(look: &Look, source: &str) -> String {
    match source {
        "cpu" => look.host.cpu.value.present().map(|cpu| {
            not_offered(&[
                ("frequency", cpu.frequency.reason()),
                ("pressure", cpu.pressure.reason()),
            ])
        }),
        "memory" => look.host.memory.value.present().map(|memory| {
            not_offered(&[("swap", memory.swap.reason()), ("pressure", memory.pressure.reason())])
        }),
        "processes" => match &look.processes.summary.value {
            Reading::Present(summary) => {
                let processes = if summary.total == 1 { "process" } else { "processes" };
                Some(format!("; {} {processes}, of all users", summary.total))
            }
            Reading::Absent { .. } => None,
        },
        "gpus" => look.host.gpus.value.present().map(cards),
        "containers" => look.host.containers.value.present().map(containers),
        _ => None,
    }
    .unwrap_or_default()
}

/// The driver and how many cards it serves, or why it serves none and what mends that.
fn cards(gpus: &Gpus) -> String {
    let count = match gpus.cards.len() {
        1 => "1 card".to_owned(),
        count => format!("{count} cards"),
    };
    match driver_words(gpus.driver) {
        None => {
            let version = shown(&gpus.driver_version, ToString::to_string);
            format!("; driver {version}, {count}")
        }
        Some((what, _)) => format!("; {count}, {what}"),
    }
}

/// How many containers there are, and which engines are asked about them.
fn containers(containers: &Containers) -> String {
    let all = containers.rows.len() as u64 + containers.left_out;
    let count = if all == 1 { "1 container".to_owned() } else { format!("{all} containers") };
    let engines = containers.engines.iter().map(|engine| match (&engine.version, engine.problem) {
        (Reading::Present(version), None) => version.to_string(),
        (_, None) => engine.address.to_string(),
        (_, Some(problem)) => format!("{} ({})", engine.address, reason_words(problem.reason)),
    });
    let engines: Vec<String> = engines.collect();
    if engines.is_empty() {
        return format!("; {count}, no engine is asked for names");
    }
    format!("; {count}, engines: {}", engines.join(", "))
}

/// Parts that many machines have and this one does not. Nothing is wrong with that.
fn not_offered(parts: &[(&str, Option<Reason>)]) -> String {
    let names: Vec<&str> = parts
        .iter()
        .filter(|(_, reason)| *reason == Some(Reason::NotSupported))
        .map(|(name, _)| *name)
        .collect();
    if names.is_empty() { String::new() } else { format!("; no {} here", names.join(", no ")) }
}
