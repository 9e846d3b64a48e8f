//! Puts snapshots together: the newest value of every source, with its age and trouble.

use std::sync::Arc;

use crate::host::{Collected, TakenAt};
use crate::model::cpu::Cpu;
use crate::model::memory::Memory;
use crate::model::process::ProcessTable;
use crate::model::source::SourceHealth;
use crate::model::system::System;
use crate::model::{HostId, Problem, Reading, Section, Snapshot, UnixMillis};

use super::Settings;

/// smonitor's own health goes out this often, or at once when a source falls ill or recovers: its
/// counters change with every run and are not worth a message each time.
const HEALTH_INTERVAL_MS: i64 = 10_000;

pub(super) struct Assembly {
    host: HostId,
    /// Which section each source fills, by the source's number.
    names: Vec<&'static str>,
    system: Arc<Section<System>>,
    cpu: Arc<Section<Cpu>>,
    memory: Arc<Section<Memory>>,
    processes: Arc<Section<ProcessTable>>,
    sources: Arc<Vec<SourceHealth>>,
    sources_taken_at: Option<UnixMillis>,
}

impl Assembly {
    pub(super) fn new(settings: &Settings, names: Vec<&'static str>) -> Self {
        let interval =
            |name| u64::try_from(settings.plan(name).interval.as_millis()).unwrap_or(u64::MAX);
        Self {
            host: settings.host.clone(),
            names,
            system: Arc::new(Section::not_collected(interval("system"))),
            cpu: Arc::new(Section::not_collected(interval("cpu"))),
            memory: Arc::new(Section::not_collected(interval("memory"))),
            processes: Arc::new(Section::not_collected(interval("processes"))),
            sources: Arc::default(),
            sources_taken_at: None,
        }
    }

    /// A source brought a value: its section is well and new.
    pub(super) fn collected(&mut self, collected: Collected, at: UnixMillis) {
        match collected {
            Collected::System(value) => renew(&mut self.system, value, at),
            Collected::Cpu(value) => renew(&mut self.cpu, value, at),
            Collected::Memory(value) => renew(&mut self.memory, value, at),
            Collected::Processes(value) => renew(&mut self.processes, value, at),
        }
    }

    /// A source failed or hangs: its section keeps what it has and says what is wrong.
    pub(super) fn failed(&mut self, number: usize, problem: Problem) {
        match self.names.get(number).copied() {
            Some("system") => mark(&mut self.system, problem),
            Some("cpu") => mark(&mut self.cpu, problem),
            Some("memory") => mark(&mut self.memory, problem),
            Some("processes") => mark(&mut self.processes, problem),
            // A source without a section of its own shows in the list of sources.
            _ => {}
        }
    }

    pub(super) fn snapshot(&mut self, now: TakenAt, health: Vec<SourceHealth>) -> Snapshot {
        let due = self.sources_taken_at.is_none_or(|at| {
            // A clock that was set back must not silence the list.
            !(0..HEALTH_INTERVAL_MS).contains(&now.wall.since(at))
        });
        let problems =
            |list: &[SourceHealth]| -> Vec<_> { list.iter().map(|s| s.problem).collect() };
        if due || problems(&health) != problems(&self.sources) {
            self.sources = Arc::new(health);
            self.sources_taken_at = Some(now.wall);
        }
        Snapshot {
            host: self.host.clone(),
            taken_at_ms: now.wall,
            system: self.system.clone(),
            cpu: self.cpu.clone(),
            memory: self.memory.clone(),
            processes: self.processes.clone(),
            sources: self.sources.clone(),
        }
    }
}

fn renew<T>(section: &mut Arc<Section<T>>, value: T, at: UnixMillis) {
    *section = Arc::new(Section {
        taken_at_ms: Reading::Present(at),
        interval_ms: section.interval_ms,
        problem: None,
        value: Reading::Present(value),
    });
}

fn mark<T: Clone>(section: &mut Arc<Section<T>>, problem: Problem) {
    if section.problem == Some(problem) {
        return;
    }
    let section = Arc::make_mut(section);
    section.problem = Some(problem);
    if section.value.present().is_none() {
        section.value = Reading::absent(problem.reason);
        section.taken_at_ms = Reading::absent(problem.reason);
    }
}
