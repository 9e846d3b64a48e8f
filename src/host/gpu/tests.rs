//! What is told without the library; with it, see `tests/it/gpu`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::library::RETRY;
use super::*;
use crate::clock::{Clock, Manual};
use crate::host::Roots;

struct Machine {
    root: tempfile::TempDir,
    hands: Arc<Manual>,
    source: GpuSource,
}

/// A machine with cards of these addresses, each with its `power/runtime_status`.
fn machine(cards: &[(&str, &str)], settings: impl FnOnce(&Path) -> Settings) -> Machine {
    let root = tempfile::tempdir().unwrap();
    for (address, status) in cards {
        let folder = root.path().join("sys/bus/pci/devices").join(address);
        fs::create_dir_all(folder.join("power")).unwrap();
        fs::write(folder.join("vendor"), "0x10de\n").unwrap();
        fs::write(folder.join("class"), "0x030200\n").unwrap();
        fs::write(folder.join("power/runtime_status"), format!("{status}\n")).unwrap();
    }
    let (clock, hands) = Clock::manual(UnixMillis(1_000));
    let rate_window = Duration::from_secs(15);
    let context = Context { roots: Roots::at(root.path()), clock, rate_window };
    let source = GpuSource::with(context, settings(root.path()));
    Machine { root, hands, source }
}

impl Machine {
    fn gpus(&mut self) -> Result<Gpus, Reason> {
        self.source.collect().map(|collected| match collected {
            Collected::Gpus(gpus) => gpus,
            other => panic!("{other:?}"),
        })
    }

    fn told(&self) -> Vec<(String, Remedy)> {
        let findings = self.source.findings();
        findings.iter().map(|found| (found.what.to_string(), found.remedy)).collect()
    }
}

fn nothing_named(_: &Path) -> Settings {
    Settings::default()
}

fn library(root: &Path) -> PathBuf {
    root.join("libnvidia-ml.so.1")
}

fn named(root: &Path) -> Settings {
    Settings { library: Some(library(root)), wake: false }
}

const TWO: [(&str, &str); 2] = [("0000:c1:00.0", "active"), ("0000:3b:00.0", "suspended")];

#[test]
fn a_machine_without_a_card_has_no_section_and_nothing_is_wrong() {
    let mut machine = machine(&[], nothing_named);
    assert_eq!(machine.gpus(), Err(Reason::NotSupported));
    assert_eq!(machine.told(), []);
}

#[test]
fn cards_without_a_library_are_told_by_the_bus() {
    let mut machine = machine(&TWO, nothing_named);
    let gpus = machine.gpus().unwrap();
    assert_eq!(gpus.driver, DriverState::LibraryMissing);
    let cards: Vec<_> = gpus.cards.iter().map(|gpu| (gpu.index, gpu.key.as_str())).collect();
    assert_eq!(cards, [(0, "00000000:3B:00.0"), (1, "00000000:C1:00.0")]);
    for gpu in &gpus.cards {
        assert_eq!(gpu.name, Reading::absent(Reason::NotInstalled));
        assert_eq!(gpu.process_count, Reading::absent(Reason::NotInstalled));
    }
    assert_eq!(gpus.driver_version, Reading::absent(Reason::NotInstalled));
    assert_eq!(machine.told(), [(LIBRARY.to_owned(), Remedy::InstallProvider)]);
}

#[test]
fn cards_that_virtual_machines_have_need_no_driver() {
    let mut machine = machine(&TWO, nothing_named);
    for (address, _) in TWO {
        let driver = machine.root.path().join("sys/bus/pci/devices").join(address).join("driver");
        std::os::unix::fs::symlink("../../drivers/vfio-pci", driver).unwrap();
    }
    assert_eq!(machine.gpus().unwrap().cards.len(), 2);
    assert_eq!(machine.told(), []);
}

#[test]
fn what_failed_is_not_tried_again_before_half_a_minute() {
    let mut machine = machine(&TWO, named);
    let file = library(machine.root.path());
    fs::write(&file, "no library").unwrap();
    assert_eq!(machine.gpus().unwrap().driver, DriverState::Failing);
    assert_eq!(machine.told(), [(LIBRARY.to_owned(), Remedy::LookIntoLog)]);
    let failing = machine.source.findings()[0].problem;
    fs::remove_file(&file).unwrap();
    machine.hands.advance(RETRY - Duration::from_millis(1));
    assert_eq!(machine.gpus().unwrap().driver, DriverState::Failing, "not looked again yet");
    assert_eq!(machine.source.findings()[0].problem, failing, "since when it fails");
    machine.hands.advance(Duration::from_millis(1));
    assert_eq!(machine.gpus().unwrap().driver, DriverState::LibraryMissing);
}

#[test]
fn cards_that_sleep_are_not_woken_unless_that_is_wanted() {
    let asleep = [("0000:01:00.0", "suspended")];
    let mut machine_with = |wake| {
        let mut machine = machine(&asleep, |root| Settings { wake, ..named(root) });
        let gpus = machine.gpus().unwrap();
        (gpus.driver, gpus.cards[0].name.reason(), machine.told().len())
    };
    let quiet = (DriverState::Asleep, Some(Reason::NotCollected), 0);
    assert_eq!(machine_with(false), quiet);
    assert_eq!(machine_with(true).0, DriverState::LibraryMissing, "it was tried");

    // One that is awake is enough.
    let mut awake = machine(&TWO, named);
    assert_eq!(awake.gpus().unwrap().driver, DriverState::LibraryMissing);
}

#[test]
fn a_card_that_wakes_is_asked_at_once() {
    let mut machine = machine(&[("0000:01:00.0", "suspended")], named);
    assert_eq!(machine.gpus().unwrap().driver, DriverState::Asleep);
    let status = "sys/bus/pci/devices/0000:01:00.0/power/runtime_status";
    fs::write(machine.root.path().join(status), "active\n").unwrap();
    assert_eq!(machine.gpus().unwrap().driver, DriverState::LibraryMissing);
}

#[test]
fn a_named_library_is_missed_even_where_no_card_is() {
    let mut machine = machine(&[], named);
    let gpus = machine.gpus().unwrap();
    assert_eq!((gpus.driver, gpus.cards.len()), (DriverState::LibraryMissing, 0));
}
