//! A filesystem in a program (FUSE), as small as one can be: an empty folder that tells its size, or
//! keeps silent. It runs in a process of its own: were it in the test's, a thread of the test that
//! hangs in the kernel would keep the very descriptor open that lets it go.
//!
//! The form of the messages is that of linux/fuse.h, protocol 7.31.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests start processes, and say why they do not run"
)]

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use rustix::mount::MountFlags;

const FOLDER: &str = "SMONITOR_TEST_FUSE_FOLDER";
const COUNT: &str = "SMONITOR_TEST_FUSE_COUNT";
const OPTIONS: &str = "SMONITOR_TEST_FUSE_OPTIONS";

/// Size in blocks of [`BLOCK_BYTES`], as it tells it.
pub(crate) const BLOCKS: u64 = 1000;
/// Bytes of a block.
pub(crate) const BLOCK_BYTES: u64 = 4096;

const GETATTR: u32 = 3;
const STATFS: u32 = 17;
const INIT: u32 = 26;

/// A running server of some mounts.
pub(crate) struct Server {
    child: Child,
    orders: ChildStdin,
    told: BufReader<ChildStdout>,
    folder: PathBuf,
}

impl Server {
    /// Serves `count` mounts in `folder`, answering. `options`: of mount(2), beyond the usual.
    pub(crate) fn start(folder: &Path, count: usize, options: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "filesystem::fuse::serves", "--ignored", "--nocapture"]);
        command.env(FOLDER, folder).env(COUNT, count.to_string()).env(OPTIONS, options);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (orders, told) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let told = BufReader::new(told);
        let mut server = Self { child, orders, told, folder: folder.to_owned() };
        server.hear("ready");
        server
    }

    /// Where mount `number` is.
    pub(crate) fn point(&self, number: usize) -> PathBuf {
        point(&self.folder, number)
    }

    /// From now on keeps questions for later. Gives how often each mount was asked until now.
    pub(crate) fn keep_silent(&mut self) -> Vec<usize> {
        counts(&self.order("silent"))
    }

    /// Answers what it was asked and what it is going to be.
    pub(crate) fn answer(&mut self) {
        self.order("answer");
    }

    /// How often each mount was asked for its size.
    pub(crate) fn asked(&mut self) -> Vec<usize> {
        counts(&self.order("count"))
    }

    pub(crate) fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    fn order(&mut self, order: &str) -> String {
        writeln!(self.orders, "{order}").unwrap();
        self.hear(order)
    }

    fn hear(&mut self, word: &str) -> String {
        let start = format!("fuse {word}");
        loop {
            let mut line = String::new();
            assert!(self.told.read_line(&mut line).unwrap() > 0, "the FUSE server ended");
            // The test harness talks too.
            if let Some(rest) = line.find(&start).map(|at| &line[at + start.len()..]) {
                return rest.trim().to_owned();
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The kernel gives up the connections with the last descriptor: nobody hangs any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn counts(told: &str) -> Vec<usize> {
    told.split_whitespace().map(|count| count.parse().unwrap()).collect()
}

fn point(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("fuse{number}"))
}

#[derive(Default)]
struct Desk {
    silent: bool,
    waiting: VecDeque<(usize, u64)>,
    asked: Vec<usize>,
}

#[test]
#[ignore = "the server of other tests, which start it"]
fn serves() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let count: usize = std::env::var(COUNT).unwrap().parse().unwrap();
    let options = std::env::var(OPTIONS).unwrap();
    let desk = Arc::new(Mutex::new(Desk { asked: vec![0; count], ..Desk::default() }));
    let devices: Vec<Arc<File>> = (0..count)
        .map(|number| Arc::new(mount(&point(Path::new(&folder), number), &options)))
        .collect();
    for (number, device) in devices.iter().enumerate() {
        let (device, desk) = (device.clone(), desk.clone());
        std::thread::spawn(move || serve(number, &device, &desk));
    }
    println!("fuse ready");
    for line in std::io::stdin().lines() {
        let order = line.unwrap();
        let mut desk = desk.lock().unwrap();
        desk.silent = match order.as_str() {
            "silent" => true,
            "answer" => false,
            _ => desk.silent,
        };
        if !desk.silent {
            for (number, unique) in std::mem::take(&mut desk.waiting) {
                answer(&devices[number], unique, 0, &size());
            }
        }
        let counts: Vec<String> = desk.asked.iter().map(ToString::to_string).collect();
        println!("fuse {order} {}", counts.join(" "));
    }
}

fn mount(point: &Path, options: &str) -> File {
    std::fs::create_dir_all(point).unwrap();
    let device = OpenOptions::new().read(true).write(true).open("/dev/fuse").unwrap();
    let options =
        std::ffi::CString::new(format!("fd={},rootmode=40000,{options}", device.as_raw_fd()))
            .unwrap();
    rustix::mount::mount("made", point, "fuse.made", MountFlags::empty(), &*options).unwrap();
    device
}

fn serve(number: usize, device: &File, desk: &Mutex<Desk>) {
    let mut message = vec![0; 1 << 20];
    loop {
        // The end of the connection is the end of the thread.
        let Ok(length) = (&mut &*device).read(&mut message) else { return };
        if length < 40 {
            return;
        }
        let word = |at: usize| u32::from_ne_bytes(message[at..at + 4].try_into().unwrap());
        let unique = u64::from_ne_bytes(message[8..16].try_into().unwrap());
        match word(4) {
            INIT => answer(device, unique, 0, &init()),
            GETATTR => answer(device, unique, 0, &attributes()),
            STATFS => {
                let mut desk = desk.lock().unwrap();
                desk.asked[number] += 1;
                if desk.silent {
                    desk.waiting.push_back((number, unique));
                } else {
                    answer(device, unique, 0, &size());
                }
            }
            // ENOSYS: not known here. Some messages want no answer; then the kernel refuses it.
            _ => answer(device, unique, -38, &[]),
        }
    }
}

fn answer(device: &File, unique: u64, error: i32, body: &[u8]) {
    let mut message = Vec::new();
    message.extend(u32::try_from(16 + body.len()).unwrap().to_ne_bytes());
    message.extend(error.to_ne_bytes());
    message.extend(unique.to_ne_bytes());
    message.extend(body);
    let _ = (&mut &*device).write(&message);
}

/// `fuse_init_out`
fn init() -> Vec<u8> {
    let mut body = Vec::new();
    for word in [7_u32, 31, 65536, 0] {
        body.extend(word.to_ne_bytes());
    }
    for half in [16_u16, 12] {
        body.extend(half.to_ne_bytes());
    }
    body.extend(65536_u32.to_ne_bytes());
    body.resize(64, 0);
    body
}

/// `fuse_attr_out` of an empty folder
fn attributes() -> Vec<u8> {
    let mut body = vec![0; 16];
    for long in [1_u64, 0, 0, 0, 0, 0] {
        body.extend(long.to_ne_bytes());
    }
    for word in [0_u32, 0, 0, 0o040_755, 2, 0, 0, 0, 4096, 0] {
        body.extend(word.to_ne_bytes());
    }
    body
}

/// `fuse_statfs_out`: half full
fn size() -> Vec<u8> {
    let mut body = Vec::new();
    for long in [BLOCKS, BLOCKS / 2, BLOCKS / 2, 100, 90] {
        body.extend(long.to_ne_bytes());
    }
    let block = u32::try_from(BLOCK_BYTES).unwrap();
    for word in [block, 255, block, 0, 0, 0, 0, 0, 0, 0] {
        body.extend(word.to_ne_bytes());
    }
    body
}

/// Whether there can be one.
pub(crate) fn is_there(test: &str) -> bool {
    let there = OpenOptions::new().read(true).write(true).open("/dev/fuse").is_ok();
    if !there {
        eprintln!("skipped {test}: there is no FUSE here");
    }
    there
}
