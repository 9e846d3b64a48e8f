//! Graphics cards, by NVML, and the processes on them. Knows what is read, not how a card is doing.
//!
//! [`library`] loads NVML and says in which state the driver is, [`pci`] knows the cards without it;
//! [`card`] says what is read of a card when, [`read`], [`links`] and [`slices`] read it, by the
//! questions of [`ask`] and the few calls of [`raw`]; [`usage`] merges what the driver's lists say of
//! processes, [`who`] adds whose they are. States, findings and classes of errors are filled in above.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;

use super::missing::Missing;
use super::process::follow::Follower;
use super::process::visibility::in_pid_namespace;
use super::{Collected, Context, Source};
use crate::model::gpu::{
    DriverState, GPU_EVENTS_MAX, GPU_PROCESSES_MAX, GPUS_MAX, Gpu, GpuEvent, GpuProcess, Gpus,
    XidAction, XidClass,
};
use crate::model::source::{Remedy, SourceFinding};
use crate::model::{Bytes, Reading, Reason, Text, UnixMillis};

mod ask;
mod blank;
mod card;
mod devices;
mod holders;
mod library;
mod links;
mod pci;
mod raw;
mod read;
mod slices;
mod usage;
mod value;
mod who;

use card::{Card, Moment, OnCard};
pub use devices::device_files;
use holders::Holders;
use library::Driver;
pub use library::Settings;
use links::Direction;
use pci::PciCard;
use raw::Handle;
use who::Ends;

/// The source `gpus`.
#[derive(Debug)]
pub struct GpuSource {
    context: Context,
    driver: Driver,
    /// By PCI address: those of the last run, and those that were lost.
    cards: BTreeMap<String, Card>,
    /// Versions of driver, library and CUDA.
    versions: [Reading<Text>; 3],
    /// Which loading of the library the versions and events are of.
    load: u64,
    /// Which card is which, by the library's handle.
    handles: Vec<(Handle, u32)>,
    events: VecDeque<GpuEvent>,
    /// Whose traffic is measured next.
    turn: usize,
    follower: Follower,
    holders: Holders,
    ends: Ends,
    missing: Missing,
}

impl GpuSource {
    /// Nothing is loaded yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self::with(context, Settings::default())
    }

    /// Nothing is loaded yet.
    #[must_use]
    pub fn with(context: Context, settings: Settings) -> Self {
        Self {
            driver: Driver::new(settings),
            cards: BTreeMap::new(),
            versions: [const { Reading::absent(Reason::NotCollected) }; 3],
            load: 0,
            handles: Vec::new(),
            events: VecDeque::new(),
            turn: 0,
            follower: Follower::new(context.clone()),
            holders: Holders::default(),
            ends: Ends::new(context.clone()),
            missing: Missing::new("gpus"),
            context,
        }
    }

    /// The state of the driver, and the library loaded if there is one to load.
    fn ask_driver(&mut self, now: Duration, bus: &[PciCard]) -> DriverState {
        // A captured machine's cards are not this one's.
        if !self.context.roots.is_live() && !self.driver.is_named() {
            return DriverState::LibraryMissing;
        }
        if self.cards.values().any(Card::is_lost) {
            self.driver.renew(now, bus)
        } else {
            self.driver.ensure(now, bus)
        }
    }

    /// Cards that no driver serves.
    fn without_driver(&mut self, driver: DriverState, bus: &[PciCard]) -> Result<Gpus, Reason> {
        self.cards.clear();
        self.handles.clear();
        let nothing_expected = matches!(
            driver,
            DriverState::LibraryMissing | DriverState::NotLoaded | DriverState::Asleep
        );
        if bus.is_empty() && (nothing_expected && !self.driver.is_named()) {
            return Err(Reason::NotSupported);
        }
        let reason = why(driver);
        let cards: Vec<Gpu> = (0..)
            .zip(bus.iter().take(GPUS_MAX))
            .map(|(index, card)| blank::unread(&card.address, index, reason))
            .collect();
        let left_out = (bus.len() - cards.len()) as u64;
        Ok(Gpus {
            driver,
            driver_version: Reading::absent(reason),
            nvml_version: Reading::absent(reason),
            cuda_version: Reading::absent(reason),
            cards,
            processes: Vec::new(),
            people: Vec::new(),
            events: self.events.iter().cloned().collect(),
            left_out,
        })
    }

    /// Cards that the driver serves.
    fn with_driver(&mut self, bus: &[PciCard]) -> Result<Gpus, Reason> {
        let now = self.context.now();
        let at = Moment {
            monotonic: now.monotonic,
            wall: now.wall,
            window: self.context.rate_window,
            load: self.driver.loads(),
        };
        let count = self.driver.library().map(|library| library.nvml.device_count());
        let count = match count {
            Some(Ok(count)) => count,
            Some(Err(error)) => {
                let driver = self.driver.fail(&error, now.monotonic);
                return self.without_driver(driver, bus);
            }
            None => return Err(Reason::ReadFailed),
        };
        if count == 0 && bus.is_empty() && !self.driver.is_named() {
            return Err(Reason::NotSupported);
        }
        let kept = count.min(u32::try_from(GPUS_MAX).unwrap_or(u32::MAX));
        let on_cards = self.read_cards(count, kept, at, bus);
        self.read_events(at.wall);
        let mut cards: Vec<Gpu> = self.cards.values().map(|card| card.gpu.clone()).collect();
        cards.sort_by_key(|gpu| gpu.index);
        let most = cards.len().saturating_sub(GPUS_MAX);
        cards.truncate(GPUS_MAX);
        let (processes, more) = self.processes(on_cards, &mut cards);
        let people = who::people(&processes, |name, id| self.ends.of(name, id));
        let [driver_version, nvml_version, cuda_version] = self.versions.clone();
        Ok(Gpus {
            driver: DriverState::Running,
            driver_version,
            nvml_version,
            cuda_version,
            cards,
            processes,
            people,
            events: self.events.iter().cloned().collect(),
            left_out: u64::from(count - kept) + (more + most) as u64,
        })
    }

    /// Reads the first `kept` cards of `count`, and notes which of those known before are not there.
    fn read_cards(&mut self, count: u32, kept: u32, at: Moment, bus: &[PciCard]) -> Vec<OnCard> {
        let Some(library) = self.driver.library() else { return Vec::new() };
        if self.load != at.load {
            self.load = at.load;
            self.versions = versions(&library.nvml);
            self.handles.clear();
            library.watch(0..kept);
        }
        let mut on_cards: Vec<OnCard> = Vec::new();
        let mut seen = BTreeSet::new();
        for index in 0..kept {
            let device = library.nvml.device_by_index(index);
            let address = device.as_ref().ok().and_then(|device| device.pci_info().ok());
            let address = address.and_then(|info| pci::normal(&info.bus_id));
            let address = address.unwrap_or_else(|| guess(&self.cards, index, count, bus));
            let card =
                self.cards.entry(address.clone()).or_insert_with(|| Card::new(&address, index));
            match &device {
                Ok(device) => {
                    let handle = Handle::of(device);
                    self.handles.retain(|(known, _)| *known != handle);
                    self.handles.push((handle, index));
                    on_cards.extend(card.read(index, device, at));
                }
                Err(error) => card.fail_at(index, ask::reason(error), at.wall),
            }
            seen.insert(address);
        }
        // What is not listed any more fell off the bus, unless a virtual machine was given it.
        let given = |key: &str| bus.iter().any(|card| card.address == key && card.is_given_away());
        self.cards.retain(|key, _| seen.contains(key) || !given(key));
        for (index, (_, card)) in
            (kept..).zip(self.cards.iter_mut().filter(|(key, _)| !seen.contains(*key)))
        {
            card.fail_at(index, Reason::Gone, at.wall);
        }
        self.measure_traffic(at);
        on_cards
    }

    /// Has the driver measure the traffic of one card in one direction, if it does not count it.
    fn measure_traffic(&mut self, at: Moment) {
        let wanting: Vec<(&str, Direction)> = self
            .cards
            .iter()
            .flat_map(|(key, card)| {
                let directions = [Direction::Received, Direction::Sent];
                let wanted = directions.into_iter().filter(|direction| card.wants(*direction));
                wanted.map(|direction| (key.as_str(), direction))
            })
            .collect();
        let Some(turn) = self.turn.checked_rem(wanting.len()) else { return };
        let (key, direction) = (wanting[turn].0.to_owned(), wanting[turn].1);
        self.turn = turn + 1;
        if let (Some(card), Some(library)) = (self.cards.get_mut(&key), self.driver.library())
            && let Ok(device) = library.nvml.device_by_index(card.gpu.index)
        {
            card.measure(&device, at, direction);
        }
    }

    /// Takes the errors that the driver reported since the last run. What a code means, and what to
    /// do, is filled in above.
    fn read_events(&mut self, now: UnixMillis) {
        let Some(library) = self.driver.library() else { return };
        for _ in 0..GPU_EVENTS_MAX {
            let Some((handle, code)) = library.next_event() else { break };
            let Some((_, gpu)) = self.handles.iter().find(|(known, _)| *known == handle) else {
                tracing::debug!(code, "an error of a card that is not listed");
                continue;
            };
            let (class, action) = (XidClass::Unknown, XidAction::LookUp);
            self.events.push_front(GpuEvent { at_ms: now, gpu: *gpu, code, class, action });
            self.events.truncate(GPU_EVENTS_MAX);
        }
    }

    /// Whose the processes are, and how many are left out. Cards get the finding of memory that
    /// nobody accounts for.
    fn processes(
        &mut self,
        mut on_cards: Vec<OnCard>,
        cards: &mut [Gpu],
    ) -> (Vec<GpuProcess>, usize) {
        let more = on_cards.len().saturating_sub(GPU_PROCESSES_MAX);
        on_cards.truncate(GPU_PROCESSES_MAX);
        if in_pid_namespace(&self.context.roots) == Some(true) {
            if !on_cards.is_empty() {
                // The driver's numbers are the machine's; here they are somebody else's.
                let what = "owners of processes on cards";
                let remedy = Remedy::ShareProcesses;
                self.missing.note_with("pid namespace", what, Reason::NotSupported, remedy);
            }
            return (who::processes(on_cards, &Err(Reason::Gone)), more);
        }
        let ghosts = if more == 0 { self.ghosts(&on_cards, cards) } else { Vec::new() };
        let pids: BTreeSet<u32> = on_cards
            .iter()
            .map(|one| one.found.pid)
            .chain(ghosts.iter().filter_map(|ghost| ghost.holders.as_ref().ok()).flatten().copied())
            .collect();
        let pids: Vec<u32> = pids.into_iter().collect();
        let seen = self.follower.read(&pids);
        self.follower.note(&mut self.missing);
        for ghost in ghosts {
            let rows = seen.as_deref().unwrap_or_default();
            if let Some(gpu) = cards.get_mut(ghost.at) {
                let roots = &self.context.roots;
                gpu.health.findings.push(holders::finding(roots, ghost.bytes, ghost.holders, rows));
            }
        }
        (who::processes(on_cards, &seen), more)
    }

    /// Cards with memory that nobody accounts for, and who has their device files open otherwise.
    fn ghosts(&mut self, on_cards: &[OnCard], cards: &[Gpu]) -> Vec<Ghost> {
        let own = std::process::id();
        let mut ghosts = Vec::new();
        for (at, gpu) in cards.iter().enumerate() {
            let here = || on_cards.iter().filter(|one| one.gpu == gpu.index);
            let Some(bytes) = holders::ghost_memory(gpu, here().map(|one| one.found.memory)) else {
                continue;
            };
            let holders = match gpu.minor {
                Reading::Present(minor) => self.holders.of(&self.context, minor),
                Reading::Absent { absent } => Err(absent),
            };
            let listed = |pid: &u32| *pid == own || here().any(|one| one.found.pid == *pid);
            let holders = holders.map(|pids| pids.into_iter().filter(|pid| !listed(pid)).collect());
            ghosts.push(Ghost { at, bytes, holders });
        }
        ghosts
    }

    /// What somebody could mend.
    fn note(&mut self, driver: DriverState, bus: &[PciCard]) {
        let (what, remedy) = match driver {
            DriverState::LibraryMissing => (LIBRARY, Remedy::InstallProvider),
            DriverState::NotLoaded => ("nvidia", Remedy::LoadDriver),
            DriverState::VersionMismatch => (LIBRARY, Remedy::RestartMachine),
            DriverState::Forbidden => ("nvidiactl", Remedy::RunPrivileged),
            DriverState::Failing => (LIBRARY, Remedy::LookIntoLog),
            DriverState::Running | DriverState::Asleep => {
                for card in self.cards.values() {
                    let what = format!("values of card {}", card.gpu.index);
                    if let Some(reason) = card.trouble() {
                        self.missing.note(what.as_str(), what.as_str(), reason);
                    }
                }
                return;
            }
        };
        // Cards that virtual machines have need no driver here.
        if bus.is_empty() || !bus.iter().all(PciCard::is_given_away) {
            self.missing.note_with("driver", what, why(driver), remedy);
        }
    }
}

/// Memory of a card that nobody accounts for.
#[derive(Debug)]
struct Ghost {
    /// Which of the cards.
    at: usize,
    bytes: Bytes,
    holders: Result<Vec<u32>, Reason>,
}

impl Source for GpuSource {
    fn name(&self) -> &'static str {
        "gpus"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        let now = self.context.now();
        self.missing.begin(now.wall);
        let bus = pci::cards(&self.context.roots).unwrap_or_else(|reason| {
            self.missing.note("bus/pci/devices", "bus/pci/devices", reason);
            Vec::new()
        });
        let gpus = match self.ask_driver(now.monotonic, &bus) {
            DriverState::Running => self.with_driver(&bus),
            driver => self.without_driver(driver, &bus),
        }?;
        self.note(gpus.driver, &bus);
        Ok(Collected::Gpus(gpus))
    }

    fn findings(&self) -> Vec<SourceFinding> {
        self.missing.findings()
    }
}

/// What NVML is called.
const LIBRARY: &str = "libnvidia-ml.so.1";

/// Why nothing can be read of a card in that state of the driver.
fn why(driver: DriverState) -> Reason {
    match driver {
        DriverState::LibraryMissing | DriverState::NotLoaded => Reason::NotInstalled,
        DriverState::Forbidden => Reason::PermissionDenied,
        DriverState::Asleep | DriverState::Running => Reason::NotCollected,
        DriverState::VersionMismatch | DriverState::Failing => Reason::ReadFailed,
    }
}

/// Versions of driver, library and CUDA.
fn versions(nvml: &Nvml) -> [Reading<Text>; 3] {
    let text = |version: Result<String, NvmlError>| {
        Reading::from(version.map(value::text).map_err(|error| ask::reason(&error)))
    };
    let cuda = Reading::from(nvml.sys_cuda_driver_version().map_err(|error| ask::reason(&error)));
    [
        text(nvml.sys_driver_version()),
        text(nvml.sys_nvml_version()),
        cuda.and_then(value::cuda_version),
    ]
}

/// The address of a card that does not tell it any more: what was number `index` before, or what is
/// in its place on the bus, whose order is the driver's. A card without either goes by its number.
fn guess(cards: &BTreeMap<String, Card>, index: u32, count: u32, bus: &[PciCard]) -> String {
    let before = cards.iter().find(|(_, card)| card.gpu.index == index).map(|(key, _)| key.clone());
    before
        .or_else(|| {
            let whole = bus.len() == count as usize;
            bus.get(index as usize).filter(|_| whole).map(|card| card.address.clone())
        })
        .unwrap_or_else(|| format!("index-{index}"))
}

#[cfg(test)]
mod tests;
