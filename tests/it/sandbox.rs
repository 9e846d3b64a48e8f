//! Escapes from the sandbox, each of which the kernel must refuse, and what must go on working in it.
//!
//! The guards bind a thread and what it starts, so each attempt runs on a thread of its own. Where it
//! does no harm it is made outside first: it must succeed there, or fail in another way, so that it is
//! the sandbox that refuses it.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests start processes, and say what they cannot show here"
)]

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use smonitor::model::server::{Guard, GuardState};
use smonitor::sandbox::{self, Mode, Network, Settings};

mod escapes_by_files;
mod escapes_by_network;
mod escapes_by_processes;
mod kernel;
mod modes;
mod program;
mod raw;
mod works;

/// A state folder and a folder that is not to be touched.
pub(crate) struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stage = Self { folder };
        std::fs::create_dir(stage.state()).unwrap();
        std::fs::create_dir(stage.outside()).unwrap();
        std::fs::create_dir(stage.empty()).unwrap();
        std::fs::write(stage.file(), "not to be changed").unwrap();
        std::fs::write(stage.state().join("own"), "own").unwrap();
        stage
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn outside(&self) -> PathBuf {
        self.folder.path().join("outside")
    }

    /// An empty folder that is not to be touched either.
    fn empty(&self) -> PathBuf {
        self.folder.path().join("empty")
    }

    /// A file outside.
    fn file(&self) -> PathBuf {
        self.outside().join("file")
    }

    /// A name outside that is free.
    fn free(&self) -> PathBuf {
        self.outside().join("new")
    }
}

fn settings(writable: &[PathBuf]) -> Settings {
    Settings {
        mode: Mode::Auto,
        writable: writable.to_vec(),
        devices: Vec::new(),
        network: Network::None,
        without_landlock: None,
    }
}

fn on_a_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

/// Runs it in the sandbox.
fn inside<T: Send>(settings: &Settings, work: impl FnOnce() -> T + Send) -> T {
    on_a_thread(|| {
        sandbox::enter(settings).unwrap();
        work()
    })
}

/// Whether the kernel here has everything; says what is skipped if not.
fn has_all_guards(test: &str) -> bool {
    let found = sandbox::probe(&settings(&[std::env::temp_dir()])).unwrap();
    let guards = sandbox::guards(&found);
    let missing = guards.iter().find(|(_, guard)| guard.state != GuardState::On);
    if let Some((name, Guard { note, .. })) = missing {
        eprintln!("skipped {test}: {name} cannot be guarded here: {note:?}");
    }
    missing.is_none()
}

/// What a guard answers, and nothing else.
fn is_refusal(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::PERM | Errno::ACCESS | Errno::NOSYS))
}

fn assert_refused<T: std::fmt::Debug>(name: &str, result: io::Result<T>) {
    match result {
        Ok(came) => panic!("{name} came through: {came:?}"),
        Err(error) => assert!(is_refusal(&error), "{name}: not the sandbox refused it: {error}"),
    }
}

/// One way out: it succeeds outside and is refused inside.
fn refused_only_inside(name: &str, attempt: impl Fn(&Stage) -> io::Result<()> + Sync) {
    let stage = Stage::new();
    on_a_thread(|| attempt(&stage)).unwrap_or_else(|error| panic!("{name}, outside: {error}"));
    let stage = Stage::new();
    let result = inside(&settings(&[stage.state()]), || attempt(&stage));
    assert_refused(name, result);
    let untouched = std::fs::read(stage.file()).unwrap();
    assert_eq!(untouched, b"not to be changed", "{name} was refused and happened");
    assert_eq!(names(&stage.outside()), ["file"], "{name} was refused and happened");
    assert!(stage.empty().is_dir(), "{name} was refused and happened");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
