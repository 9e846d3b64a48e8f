//! Containers, from their control groups: which there are by the paths, what they use by the files.
//! Neither takes an engine nor more rights than anybody has. Engines that the settings name are asked
//! for what only they know.
//!
//! A container is the same as long as its folder is: one that was started again has another. Those
//! that are gone have no row from the next run on.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use super::missing::Missing;
use super::order::natural;
use super::sampler::Last;
use super::{Collected, Context, Source, files, memory, system};
use crate::model::container::{
    CONTAINERS_MAX, Container, ContainerEngine, ContainerState, Containers,
};
use crate::model::place::ContainerRuntime;
use crate::model::source::{Remedy, SourceFinding};
use crate::model::{Bytes, Reading, Reason, Text, UnixMillis};

pub mod engine;
pub mod hierarchy;
pub mod inside;
pub mod rates;
pub mod sample;
pub mod v1;
pub mod v2;
pub mod walk;

pub use engine::{Engine, Settings};

use engine::{Desk, Told, Wanted};
use hierarchy::Hierarchies;
use inside::Networks;
use rates::Counters;
use walk::{Group, Walk};

/// Trees with more groups than this are walked over only every [`WALK_LIFE`]. For 256 it takes about
/// a millisecond.
pub const WALKED_ALWAYS: usize = 256;

/// How long it is believed which containers there are in larger trees.
pub const WALK_LIFE: Duration = Duration::from_secs(4);

/// How long it is believed where the trees are mounted.
const TREES_LIFE: Duration = Duration::from_secs(60);

/// The source `containers`.
#[derive(Debug)]
pub struct ContainerSource {
    context: Context,
    trees: Option<(Duration, Hierarchies)>,
    walked: Option<Walked>,
    known: BTreeMap<Text, Known>,
    desks: Vec<Desk>,
    missing: Missing,
}

/// What the last walk told, but for the containers.
#[derive(Debug, Clone, Copy)]
struct Walked {
    at: Duration,
    looked_at: usize,
    cut: bool,
    problem: Option<Reason>,
    left_out: u64,
}

/// A container, and what has to be remembered of it.
#[derive(Debug)]
struct Known {
    group: Group,
    last: Last<Counters>,
    /// The process whose network is taken for the container's.
    first: Option<u32>,
    started_at: Reading<UnixMillis>,
    /// Whether it is known not to be frozen.
    thawed: bool,
}

impl Known {
    fn new(group: Group) -> Self {
        let started_at = Reading::absent(Reason::NotCollected);
        Self { group, last: Last::default(), first: None, started_at, thawed: false }
    }

    /// Whether its folder is there and still the same.
    fn is_there(&self) -> bool {
        let folder = self.group.tree.join(&self.group.path);
        std::fs::metadata(folder).is_ok_and(|metadata| metadata.ino() == self.group.inode)
    }

    /// Whether an engine that can be asked may have made it.
    fn is_of_an_engine(&self) -> bool {
        let found = &self.group.found;
        // Of others the id is a name.
        let has_id = found.name.is_none() && found.id != found.container.short;
        match found.container.runtime {
            ContainerRuntime::Docker | ContainerRuntime::Podman | ContainerRuntime::Unknown => {
                has_id
            }
            ContainerRuntime::Containerd
            | ContainerRuntime::Crio
            | ContainerRuntime::Lxc
            | ContainerRuntime::Incus
            | ContainerRuntime::Apptainer
            | ContainerRuntime::Nspawn => false,
        }
    }
}

/// What is the same for all containers of a run.
struct Machine {
    memory: Reading<Bytes>,
    networks: Result<Networks, Reason>,
    /// Read when the first one wants it: the file is long on a large machine.
    boot_time: Option<Result<UnixMillis, Reason>>,
}

impl ContainerSource {
    /// Without an engine.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self::with(context, Settings::default())
    }

    /// With these engines. Nothing is asked yet.
    #[must_use]
    pub fn with(context: Context, settings: Settings) -> Self {
        let desk = |engine| Desk::new(engine, context.clone());
        Self {
            desks: settings.engines.into_iter().map(desk).collect(),
            context,
            trees: None,
            walked: None,
            known: BTreeMap::new(),
            missing: Missing::new("containers"),
        }
    }

    /// Where the trees are.
    fn trees(&mut self) -> Result<Hierarchies, Reason> {
        let now = self.context.clock.monotonic();
        if let Some((at, trees)) = &self.trees
            && now.saturating_sub(*at) < TREES_LIFE
        {
            return Ok(trees.clone());
        }
        self.trees = None;
        let trees = Hierarchies::find(&self.context.roots)?;
        self.trees = Some((now, trees.clone()));
        Ok(trees)
    }

    /// Looks which containers there are, if it is time.
    fn look(&mut self, trees: &Hierarchies) -> Walked {
        let now = self.context.clock.monotonic();
        let is_fresh = |walked: &Walked| {
            walked.looked_at > WALKED_ALWAYS && now.saturating_sub(walked.at) < WALK_LIFE
        };
        if let Some(walked) = self.walked.filter(is_fresh) {
            return walked;
        }
        let Walk { groups, looked_at, cut, problem } = walk::walk(&trees.to_walk());
        let left_out = groups.len().saturating_sub(CONTAINERS_MAX) as u64;
        let mut before = std::mem::take(&mut self.known);
        for (key, group) in groups.into_iter().take(CONTAINERS_MAX) {
            let known = match before.remove(&key) {
                Some(known) if known.group.is_same(&group) => Known { group, ..known },
                _ => Known::new(group),
            };
            self.known.insert(key, known);
        }
        let walked = Walked { at: now, looked_at, cut, problem, left_out };
        self.walked = Some(walked);
        walked
    }

    /// The rows of all containers that are still there and have a process.
    fn rows(&mut self, trees: &Hierarchies) -> Vec<Container> {
        if self.known.is_empty() {
            return Vec::new();
        }
        let mut machine = Machine {
            memory: memory_of(&self.context),
            networks: Networks::of(&self.context.roots),
            boot_time: None,
        };
        let context = &self.context;
        let mut rows = Vec::with_capacity(self.known.len());
        let desks = &self.desks;
        self.known.retain(|_, known| match row(context, trees, known, &mut machine) {
            Ok(row) => {
                rows.extend(row.map(|row| with_engines(row, known, desks)));
                true
            }
            Err(Gone) => false,
        });
        rows.sort_by(|one, other| {
            let name = |row: &Container| row.name.present().unwrap_or(&row.short).clone();
            natural(&name(one), &name(other)).then_with(|| one.key.cmp(&other.key))
        });
        rows
    }

    /// Takes what engines answered, and asks again where it is time.
    fn turn_engines(&mut self) {
        if self.desks.is_empty() {
            return;
        }
        let of_engine = self.known.values().filter(|known| known.is_of_an_engine());
        let wanted: Wanted =
            of_engine.map(|known| (known.group.found.id.clone(), known.group.inode)).collect();
        for desk in &mut self.desks {
            desk.turn(&wanted);
        }
    }

    fn engines(&self) -> Vec<ContainerEngine> {
        let engine = |desk: &Desk| ContainerEngine {
            address: desk.engine().address().clone(),
            version: desk.version(),
            problem: desk.problem(),
        };
        self.desks.iter().map(engine).collect()
    }

    fn note_missing(&mut self, walked: Walked) {
        self.missing.begin(self.context.clock.wall());
        if walked.cut {
            let what = format!("control groups beyond {}", walk::GROUPS_MAX);
            // It is our own bound: no limit of the system has to be raised.
            self.missing.note_with("cut", what, Reason::OutOfResources, Remedy::Nothing);
        }
        if let Some(reason) = walked.problem {
            let remedy = Remedy::of("cgroup", reason);
            self.missing.note_with("groups", "control groups", reason, remedy);
        }
        for desk in &self.desks {
            if let Some(problem) = desk.problem() {
                let address = desk.engine().address();
                self.missing.note_since(address.clone(), address.clone(), problem);
            }
        }
    }
}

impl Source for ContainerSource {
    fn name(&self) -> &'static str {
        "containers"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        let trees = self.trees()?;
        let walked = self.look(&trees);
        self.turn_engines();
        let rows = self.rows(&trees);
        self.note_missing(walked);
        Ok(Collected::Containers(Containers {
            engines: self.engines(),
            rows,
            left_out: walked.left_out,
        }))
    }

    fn findings(&self) -> Vec<SourceFinding> {
        self.missing.findings()
    }
}

/// The container ended while it was read, or before.
struct Gone;

/// Reads a container; no row for one without processes, which is one that is being made or has ended.
fn row(
    context: &Context,
    trees: &Hierarchies,
    known: &mut Known,
    machine: &mut Machine,
) -> Result<Option<Container>, Gone> {
    if !known.is_there() {
        return Err(Gone);
    }
    let now = context.clock.monotonic();
    let sample = sample::read(trees, &known.group.path);
    let processes = inside::processes(&known.group, known.first);
    // What is not there because the group is gone must not look like what the kernel does not have.
    if !known.is_there() {
        return Err(Gone);
    }
    let mut row = empty(&known.group);
    row.processes = Reading::from(processes.as_ref().map_err(|reason| *reason)).and_then(|found| {
        Reading::from_option(u32::try_from(found.count).ok(), Reason::OutOfResources)
    });
    if processes.as_ref().is_ok_and(|found| found.count == 0) {
        return Ok(None);
    }
    let network = processes.and_then(|found| {
        if known.first.is_none() || !found.has_wanted {
            let (first, start) = inside::oldest(&context.roots, &found.first)?;
            known.first = Some(first);
            if known.started_at.present().is_none() {
                known.started_at = machine.time_of(context, start).into();
            }
        }
        let first = known.first.ok_or(Reason::Gone)?;
        inside::network(&context.roots, first, machine.networks?)
    });
    let counters = Counters::of(&sample, network);
    let base = known.last.base(now, context.rate_window);
    rates::fill(&mut row, &sample, base, machine.memory);
    rates::fill_network(&mut row, network, base);
    row.started_at_ms = known.started_at;
    known.thawed = sample.frozen == Ok(false);
    if sample.frozen == Ok(true) {
        row.state = Reading::Present(ContainerState::Paused);
    }
    known.last.replace(now, counters);
    Ok(Some(row))
}

/// The row with what engines told of it.
fn with_engines(row: Container, known: &Known, desks: &[Desk]) -> Container {
    if !known.is_of_an_engine() {
        return row;
    }
    let told = desks.iter().find_map(|desk| Some((desk.told(&known.group.found.id)?, desk)));
    match told {
        Some((told, desk)) => {
            let problem = desk.problem().map(|problem| problem.reason);
            with_told(row, told, known.thawed, problem)
        }
        None => {
            let problem = desks.iter().find_map(Desk::problem);
            let reason = problem.map_or(Reason::NotCollected, |problem| problem.reason);
            let state = match row.state {
                Reading::Absent { .. } => Reading::absent(reason),
                frozen @ Reading::Present(_) => frozen,
            };
            Container {
                name: Reading::absent(reason),
                image: Reading::absent(reason),
                health: Reading::absent(reason),
                restarts: Reading::absent(reason),
                labels: Reading::absent(reason),
                state,
                ..row
            }
        }
    }
}

/// What does not change while a container runs is believed also when its engine has stopped
/// answering; what does is not.
fn with_told(row: Container, told: &Told, thawed: bool, problem: Option<Reason>) -> Container {
    let state = match (row.state, problem) {
        // Control groups tell this one, and sooner.
        (frozen @ Reading::Present(_), _) => frozen,
        (_, Some(reason)) => Reading::absent(reason),
        // It was frozen when the engine was asked, and is not any more.
        (_, None) if thawed && told.state == Reading::Present(ContainerState::Paused) => {
            Reading::Present(ContainerState::Running)
        }
        (_, None) => told.state,
    };
    Container {
        name: told.name.clone(),
        image: told.image.clone(),
        labels: told.labels.clone(),
        state,
        health: problem.map_or(told.health, Reading::absent),
        restarts: problem.map_or(told.restarts, Reading::absent),
        started_at_ms: match told.started_at {
            Reading::Present(_) => told.started_at,
            Reading::Absent { .. } => row.started_at_ms,
        },
        ..row
    }
}

impl Machine {
    /// When that was, in ticks since boot.
    fn time_of(&mut self, context: &Context, ticks: u64) -> Result<UnixMillis, Reason> {
        let boot = *self.boot_time.get_or_insert_with(|| system::read_boot_time(context));
        let since = u128::from(ticks) * 1000 / u128::from(rustix::param::clock_ticks_per_second());
        let since = i64::try_from(since).map_err(|_| Reason::Malformed)?;
        boot?.0.checked_add(since).map(UnixMillis).ok_or(Reason::Malformed)
    }
}

fn memory_of(context: &Context) -> Reading<Bytes> {
    let bytes = files::read(&context.roots.proc("meminfo"), files::SMALL);
    bytes.and_then(|bytes| Ok(memory::parse_meminfo(&bytes)?.total_bytes)).into()
}

/// What the path of its group tells, and nothing else yet.
fn empty(group: &Group) -> Container {
    let found = &group.found;
    Container {
        key: found.container.key.clone(),
        runtime: found.container.runtime,
        short: found.container.short.clone(),
        name: Reading::from_option(found.name.clone(), Reason::NotCollected),
        image: Reading::default(),
        state: Reading::default(),
        health: Reading::default(),
        restarts: Reading::default(),
        labels: Reading::default(),
        pod: found.pod.clone(),
        started_at_ms: Reading::default(),
        cpu_percent: Reading::default(),
        cpu_limit_percent: Reading::default(),
        throttled_percent: Reading::default(),
        memory_bytes: Reading::default(),
        memory_limit_bytes: Reading::default(),
        memory_percent: Reading::default(),
        cache_bytes: Reading::default(),
        swap_bytes: Reading::default(),
        read_bytes_per_second: Reading::default(),
        written_bytes_per_second: Reading::default(),
        shares_network: Reading::default(),
        received_bytes_per_second: Reading::default(),
        sent_bytes_per_second: Reading::default(),
        tasks: Reading::default(),
        tasks_limit: Reading::default(),
        processes: Reading::default(),
        oom_kills: Reading::default(),
        oom_kills_per_second: Reading::default(),
    }
}
