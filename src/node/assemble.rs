//! Puts snapshots together: the newest value of every source, with its age and trouble.

use std::sync::Arc;

use crate::assess::{Assessor, Moment};
use crate::host::{Collected, TakenAt};
use crate::model::cluster::HostStatus;
use crate::model::gpu::Gpus;
use crate::model::source::SourceHealth;
use crate::model::{Problem, Reading, Section, Snapshot, UnixMillis};

use super::Settings;

/// smonitor's own health goes out this often, or at once when a source falls ill or recovers: its
/// counters change with every run and are not worth a message each time.
const HEALTH_INTERVAL_MS: i64 = 10_000;

pub(super) struct Assembly {
    /// Which section each source fills, by the source's number.
    names: Vec<&'static str>,
    /// The newest of everything.
    newest: Snapshot,
    assessor: Assessor,
    /// Whether cards come with what is to be said of them.
    is_judged: bool,
    sources_taken_at: Option<UnixMillis>,
}

impl Assembly {
    pub(super) fn new(settings: &Settings, names: Vec<&'static str>) -> Self {
        let interval =
            |name| u64::try_from(settings.plan(name).interval.as_millis()).unwrap_or(u64::MAX);
        let mut newest = Snapshot::not_collected(settings.host.clone(), UnixMillis(0), interval);
        newest.status = Arc::new(HostStatus::own(&settings.host, env!("CARGO_PKG_VERSION")));
        let gpus = settings.plan("gpus");
        let assessor = Assessor::new(gpus.background.unwrap_or(gpus.interval));
        Self { names, newest, assessor, is_judged: false, sources_taken_at: None }
    }

    /// Cards come with states, health and people: nothing is judged here.
    pub(super) fn takes_judgements(&mut self) {
        self.is_judged = true;
    }

    /// A source brought a value: its section is well and new.
    pub(super) fn collected(&mut self, mut collected: Collected, taken: TakenAt) {
        let newest = &mut self.newest;
        let at = taken.wall;
        if let Collected::Gpus(gpus) = &mut collected
            && !self.is_judged
        {
            self.assessor.assess(gpus, moment(taken));
        }
        macro_rules! renew_one {
            ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
                match collected {
                    $( Collected::$type(value) => renew(&mut newest.$key, value, at), )*
                    Collected::Processes(value) => renew(&mut newest.processes, value, at),
                }
            };
        }
        crate::host_sections!(renew_one);
    }

    /// A source failed or hangs: its section keeps what it has and says what is wrong.
    pub(super) fn failed(&mut self, number: usize, problem: Problem, at: TakenAt) {
        let Some(name) = self.names.get(number).copied() else { return };
        let newest = &mut self.newest;
        if name == "gpus" {
            cards_unreadable(&mut self.assessor, &mut newest.gpus, problem, at);
        }
        macro_rules! mark_one {
            ($( $(#[$doc:meta])* $key:ident: $type:ident, )*) => {
                match name {
                    $( stringify!($key) => mark(&mut newest.$key, problem), )*
                    "processes" => mark(&mut newest.processes, problem),
                    // A source without a section of its own shows in the list of sources.
                    _ => {}
                }
            };
        }
        crate::host_sections!(mark_one);
    }

    /// The newest of everything, not yet published.
    pub(super) fn newest(&self) -> &Snapshot {
        &self.newest
    }

    pub(super) fn snapshot(&mut self, now: TakenAt, health: Vec<SourceHealth>) -> Snapshot {
        let due = self.sources_taken_at.is_none_or(|at| {
            // A clock that was set back must not silence the list.
            !(0..HEALTH_INTERVAL_MS).contains(&now.wall.since(at))
        });
        let news = |list: &[SourceHealth]| -> Vec<_> {
            // Numbers in the text of a finding may change with every run, too.
            let missing = |s: &SourceHealth| -> Vec<_> {
                s.findings.iter().map(|finding| (finding.problem, finding.remedy)).collect()
            };
            list.iter().map(|s| (s.state, s.problem, missing(s))).collect()
        };
        if due || news(&health) != news(&self.newest.sources) {
            self.newest.sources = Arc::new(health);
            self.sources_taken_at = Some(now.wall);
        }
        self.newest.taken_at_ms = now.wall;
        self.newest.clone()
    }
}

/// The last values of cards stay as those of every section do; what they are now is not known.
fn cards_unreadable(
    assessor: &mut Assessor,
    section: &mut Arc<Section<Gpus>>,
    problem: Problem,
    at: TakenAt,
) {
    if section.problem.is_some_and(|earlier| earlier.reason == problem.reason) {
        return;
    }
    if let Reading::Present(gpus) = &mut Arc::make_mut(section).value {
        assessor.unreadable(gpus, problem.reason, moment(at));
    }
}

fn moment(at: TakenAt) -> Moment {
    Moment { monotonic: at.monotonic, wall: at.wall }
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
