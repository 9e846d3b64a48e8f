//! The system calls of a source's run, taken down by strace(1), and done again without the source.

use std::collections::HashMap;
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

/// How many runs are taken down; the one with the number of calls in the middle counts.
pub(crate) const RECORDED: usize = 7;

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

/// The calls of a run.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    calls: Vec<Call>,
    lines: Vec<String>,
    files: Vec<Option<OwnedFd>>,
    buffer: Vec<u8>,
    listing: Vec<MaybeUninit<u8>>,
}

impl Replay {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.calls.len()
    }

    /// How many are not done again.
    pub(crate) fn left_out(&self) -> usize {
        self.calls.iter().filter(|call| matches!(call, Call::Other)).count()
    }

    /// As strace(1) wrote them.
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Does them again.
    pub(crate) fn run(&mut self) {
        // What fails here failed there, too, or is gone by now.
        for call in &self.calls {
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
                            drop(RawDir::new(file, &mut self.listing).next());
                        }
                        Call::Rewind { .. } => drop(rustix::fs::seek(file, SeekFrom::Start(0))),
                        Call::Space { .. } => drop(rustix::fs::fstatvfs(file)),
                        _ => drop(rustix::fs::statat(file, c"", AtFlags::EMPTY_PATH)),
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
    let middle = |mut runs: Vec<Vec<&str>>| {
        runs.sort_by_key(Vec::len);
        replay(&runs[runs.len() / 2])
    };
    runs.into_iter().map(|(name, runs)| (name, middle(runs))).collect()
}

/// From lines such as `read(3</proc/stat>, ""..., 4096) = 1200`.
fn replay(lines: &[&str]) -> Replay {
    let mut replay = Replay {
        lines: lines.iter().map(|&it| it.to_owned()).collect(),
        listing: vec![MaybeUninit::uninit(); LISTING_BYTES],
        ..Replay::default()
    };
    let mut opened = Vec::new();
    for line in lines {
        let (name, rest) = line.split_once('(').expect("only such lines were kept");
        let first = rest.split(", ").next().unwrap_or_default();
        let path = || rest.split('"').nth(1).map(PathBuf::from);
        // After the contents, which are written as "" or ""...
        let numbers = || -> Vec<u64> {
            let (arguments, _) = rest.rsplit_once(" = ").unwrap_or((rest, ""));
            arguments
                .trim_end()
                .trim_end_matches(')')
                .split(", ")
                .filter_map(|it| it.parse().ok())
                .collect()
        };
        let file = || -> Option<usize> {
            let number: usize = first.trim_end_matches(')').split('<').next()?.parse().ok()?;
            Some(number)
        };
        let path_of_file = || Some(PathBuf::from(first.split_once('<')?.1.rsplit_once('>')?.0));
        let call = match name {
            "openat" | "open" => {
                let mut flags = OFlags::CLOEXEC;
                flags.set(OFlags::DIRECTORY, rest.contains("O_DIRECTORY"));
                flags.set(OFlags::PATH, rest.contains("O_PATH"));
                let number = rest
                    .rsplit_once(" = ")
                    .and_then(|(_, number)| number.split('<').next()?.parse::<usize>().ok());
                let file = number.unwrap_or(0);
                opened.push(file);
                path().map(|path| Call::Open { path, flags, file })
            }
            "read" => file()
                .zip(numbers().last().copied())
                .map(|(file, room)| Call::Read { file, room: room as usize }),
            "pread64" => match (file(), &numbers()[..]) {
                (Some(file), [room, offset]) => {
                    Some(Call::ReadAt { file, room: *room as usize, offset: *offset })
                }
                _ => None,
            },
            "getdents64" => file().map(|file| Call::List { file }),
            "lseek" => file().map(|file| Call::Rewind { file }),
            "close" => file().map(|file| Call::Close { file }),
            "fstatfs" => file().map(|file| Call::Space { file }),
            "fstat" => file().map(|file| Call::LookAt { file }),
            "statx" | "newfstatat" | "stat" | "lstat" => match path() {
                Some(path) if path.as_os_str().is_empty() => {
                    file().map(|file| Call::LookAt { file })
                }
                path => path.map(|path| Call::Look { path }),
            },
            "readlink" => path().map(|path| Call::Link { path }),
            _ => None,
        };
        let call = call.unwrap_or(Call::Other);
        if let Call::Read { room, .. } | Call::ReadAt { room, .. } = call {
            replay.buffer.resize(replay.buffer.len().max(room), 0);
        }
        if let Some(file) = file().filter(|_| !matches!(call, Call::Open { .. } | Call::Other)) {
            if replay.files.len() <= file {
                replay.files.resize_with(file + 1, || None);
            }
            // One that the source keeps open from run to run.
            if !opened.contains(&file) && replay.files[file].is_none() {
                replay.files[file] = path_of_file().and_then(|path| {
                    rustix::fs::openat(CWD, path, OFlags::CLOEXEC, Mode::empty()).ok()
                });
            }
        }
        replay.calls.push(call);
    }
    let most = opened.iter().max().map_or(0, |most| most + 1);
    replay.files.resize_with(replay.files.len().max(most), || None);
    replay
}
