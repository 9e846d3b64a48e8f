//! The system calls of a source's run, taken down by strace(1), and done again without the source.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawDir, SeekFrom};

/// The first argument of the run that is watched.
pub(crate) const TRACE: &str = "trace";

/// Begins the name of a file that is not there: asking for it marks a place in the record.
const MARK: &str = "smonitor-bench";

/// How many runs are taken down: a minute of ticks, in which everything that is done now and then
/// is done at least once.
pub(crate) const RECORDED: usize = 30;

/// As much as the standard library asks for.
const LISTING_BYTES: usize = 32 << 10;

/// Marks a place in the record.
pub(crate) fn mark(what: &str) {
    let _ = rustix::fs::stat(format!("{MARK}:{what}"));
}

/// One system call, as far as it is done again.
#[derive(Debug)]
enum Call {
    Open {
        path: PathBuf,
        flags: OFlags,
        file: usize,
    },
    Read {
        file: usize,
        room: usize,
    },
    ReadAt {
        file: usize,
        room: usize,
        offset: u64,
    },
    List {
        file: usize,
    },
    Rewind {
        file: usize,
    },
    Close {
        file: usize,
    },
    Space {
        file: usize,
    },
    Look {
        path: PathBuf,
    },
    LookAt {
        file: usize,
    },
    Link {
        path: PathBuf,
    },
    /// Counted only.
    Other,
}

/// The calls of some runs.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    runs: Vec<Vec<Call>>,
    lines: Vec<String>,
    files: Vec<Option<OwnedFd>>,
    buffer: Vec<u8>,
    listing: Vec<MaybeUninit<u8>>,
}

impl Replay {
    /// How many there are in a run, on average.
    pub(crate) fn mean_count(&self) -> f64 {
        self.runs.iter().map(Vec::len).sum::<usize>() as f64 / self.runs.len() as f64
    }

    /// Whether there is any that can be done again.
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.iter().flatten().all(|call| matches!(call, Call::Other))
    }

    fn make_room(&mut self, file: usize, room: usize) {
        let files = self.files.len().max(file + 1);
        self.files.resize_with(files, || None);
        self.buffer.resize(self.buffer.len().max(room), 0);
    }

    /// As strace(1) wrote them.
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Does those of one run again, of the first after the last.
    pub(crate) fn run(&mut self, number: usize) {
        // What fails here failed there, too, or is gone by now.
        for call in &self.runs[number % self.runs.len()] {
            match call {
                Call::Open { path, flags, file } => {
                    self.files[*file] = rustix::fs::openat(CWD, path, *flags, Mode::empty()).ok();
                }
                Call::Close { file } => self.files[*file] = None,
                Call::Look { path } => drop(rustix::fs::lstat(path)),
                Call::Link { path } => drop(rustix::fs::readlink(path, Vec::with_capacity(256))),
                Call::Other => {}
                Call::Read { file, .. }
                | Call::ReadAt { file, .. }
                | Call::List { file }
                | Call::Rewind { file }
                | Call::Space { file }
                | Call::LookAt { file } => {
                    let Some(file) = &self.files[*file] else { continue };
                    match call {
                        Call::Read { room, .. } => {
                            let _ = rustix::io::read(file, &mut self.buffer[..*room]);
                        }
                        Call::ReadAt { room, offset, .. } => {
                            let _ = rustix::io::pread(file, &mut self.buffer[..*room], *offset);
                        }
                        Call::List { .. } => {
                            let _ = RawDir::new(file, &mut self.listing).next();
                        }
                        Call::Rewind { .. } => {
                            let _ = rustix::fs::seek(file, SeekFrom::Start(0));
                        }
                        Call::Space { .. } => {
                            let _ = rustix::fs::fstatvfs(file);
                        }
                        _ => {
                            let _ = rustix::fs::statat(file, c"", AtFlags::EMPTY_PATH);
                        }
                    }
                }
            }
        }
    }
}

/// Has this program run again, watched, with `arguments`; gives back what each source did, by name.
/// Nothing without strace(1).
pub(crate) fn record(root: &Path) -> HashMap<String, Replay> {
    let folder = tempfile::tempdir().expect("there is room for a record");
    let own = std::env::current_exe().expect("this program is somewhere");
    let mut prefix = OsString::from(folder.path());
    prefix.push("/calls");
    // A file for each thread, whole names, no contents.
    let status = Command::new("strace")
        .args(["-ff", "-y", "-s", "0", "-o"])
        .arg(prefix)
        .arg(own)
        .args([TRACE.as_ref(), root.as_os_str()])
        .stdout(Stdio::null())
        .status();
    if !status.is_ok_and(|status| status.success()) {
        return HashMap::new();
    }
    let files = std::fs::read_dir(folder.path()).expect("it was made").map(Result::unwrap);
    for file in files {
        let record = String::from_utf8_lossy(&std::fs::read(file.path()).unwrap()).into_owned();
        if record.contains(MARK) {
            let pid = file.path().extension().unwrap().to_string_lossy().into_owned();
            // What was its own folder there is ours here.
            return parse(&record.replace(&format!("/proc/{pid}/"), "/proc/self/"));
        }
    }
    HashMap::new()
}

fn parse(record: &str) -> HashMap<String, Replay> {
    let mut runs: HashMap<String, Vec<Vec<&str>>> = HashMap::new();
    let mut run: Option<(&str, Vec<&str>)> = None;
    for line in record.lines() {
        let marked = line.split_once(MARK).and_then(|(_, rest)| rest[1..].split_once('"'));
        match (marked, &mut run) {
            (Some(("end", _)), _) => {
                if let Some((name, calls)) = run.take() {
                    runs.entry(name.to_owned()).or_default().push(calls);
                }
            }
            (Some((name, _)), _) => run = Some((name, Vec::new())),
            (None, Some((_, calls))) if line.contains('(') => calls.push(line),
            _ => {}
        }
    }
    runs.into_iter().map(|(name, runs)| (name, replay(&runs))).collect()
}

fn replay(runs: &[Vec<&str>]) -> Replay {
    let mut replay = Replay {
        lines: runs.iter().flatten().map(|&line| line.to_owned()).collect(),
        listing: vec![MaybeUninit::uninit(); LISTING_BYTES],
        ..Replay::default()
    };
    let mut opened = BTreeSet::new();
    for run in runs {
        let mut calls = Vec::with_capacity(run.len());
        for line in run {
            let call = call(line);
            match &call {
                Call::Open { file, .. } => {
                    opened.insert(*file);
                    replay.make_room(*file, 0);
                }
                Call::Read { file, room } | Call::ReadAt { file, room, .. } => {
                    replay.make_room(*file, *room);
                }
                Call::List { file } | Call::Rewind { file } | Call::Close { file } => {
                    replay.make_room(*file, 0);
                }
                Call::Space { file } | Call::LookAt { file } => replay.make_room(*file, 0),
                Call::Look { .. } | Call::Link { .. } | Call::Other => {}
            }
            // One that the source keeps open from run to run.
            if let Some((file, path)) = descriptor(line)
                && !matches!(call, Call::Open { .. } | Call::Other)
                && !opened.contains(&file)
                && replay.files[file].is_none()
            {
                let flags = OFlags::CLOEXEC;
                replay.files[file] = rustix::fs::openat(CWD, path, flags, Mode::empty()).ok();
            }
            calls.push(call);
        }
        replay.runs.push(calls);
    }
    replay
}

/// From a line such as `read(3</proc/stat>, ""..., 4096) = 1200`.
fn call(line: &str) -> Call {
    let (name, rest) = line.split_once('(').expect("only such lines were kept");
    let (arguments, result) = rest.rsplit_once(" = ").unwrap_or((rest, ""));
    let path = rest.split('"').nth(1).filter(|path| !path.is_empty()).map(PathBuf::from);
    let file = descriptor(line).map(|(file, _)| file);
    // After the contents, which are written as "" or ""...
    let numbers: Vec<u64> = arguments
        .trim_end()
        .trim_end_matches(')')
        .split(", ")
        .filter_map(|word| word.parse().ok())
        .collect();
    let room = || numbers.first().and_then(|room| usize::try_from(*room).ok());
    let call = || {
        Some(match name {
            "openat" | "open" => {
                let mut flags = OFlags::CLOEXEC;
                flags.set(OFlags::DIRECTORY, rest.contains("O_DIRECTORY"));
                flags.set(OFlags::PATH, rest.contains("O_PATH"));
                // One that failed has no number; nobody uses the one of standard input.
                let file = result.split('<').next().and_then(|number| number.trim().parse().ok());
                Call::Open { path: path?, flags, file: file.unwrap_or(0) }
            }
            "read" => Call::Read { file: file?, room: room()? },
            "pread64" => Call::ReadAt { file: file?, room: room()?, offset: *numbers.get(1)? },
            "getdents64" => Call::List { file: file? },
            "lseek" => Call::Rewind { file: file? },
            "close" => Call::Close { file: file? },
            "fstatfs" => Call::Space { file: file? },
            "fstat" => Call::LookAt { file: file? },
            "statx" | "newfstatat" | "stat" | "lstat" => match path {
                Some(path) => Call::Look { path },
                None => Call::LookAt { file: file? },
            },
            "readlink" => Call::Link { path: path? },
            _ => return None,
        })
    };
    call().unwrap_or(Call::Other)
}

/// The first argument, if it is an open file: its number and path.
fn descriptor(line: &str) -> Option<(usize, &str)> {
    let (_, rest) = line.split_once('(')?;
    let (number, rest) = rest.split_once('<')?;
    let (path, _) = rest.split_once('>')?;
    Some((number.parse().ok()?, path))
}
