//! A server whose sources panic or fail one time in four, and a viewer that notes what comes of it.
//! For a test, and for `cargo bench --bench never_freezes`.
#![allow(clippy::unwrap_used, reason = "what goes wrong here ends the test or the bench")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use smonitor::clock::Clock;
use smonitor::demo;
use smonitor::feed;
use smonitor::host::{Collected, Context, Roots, Source};
use smonitor::model::wire::Mode;
use smonitor::model::{HostId, Reason, Role, UnixMillis};
use smonitor::node::{Node, Settings};
use smonitor::web::{self, Access, Auth, Web};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What a source does one time in four.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Panic,
    Error,
}

struct Shaky {
    name: &'static str,
    value: fn() -> Collected,
    fault: Fault,
    random: u64,
}

impl Source for Shaky {
    fn name(&self) -> &'static str {
        self.name
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        match self.fault {
            Fault::Panic if self.random.is_multiple_of(4) => panic!("one run in four, on purpose"),
            Fault::Error if self.random.is_multiple_of(4) => Err(Reason::ReadFailed),
            _ => Ok((self.value)()),
        }
    }
}

const AT: UnixMillis = UnixMillis(1_795_176_000_000);

/// Sections that are read at every tick. The first two are never at fault.
pub(crate) const GOOD: [&str; 2] = ["cpu", "disks"];
pub(crate) const BAD: [&str; 2] = ["memory", "network"];

fn sources() -> Vec<Box<dyn Source>> {
    let shaky = |name, value, seed, fault| {
        Box::new(Shaky { name, value, fault, random: seed }) as Box<dyn Source>
    };
    vec![
        shaky("cpu", || Collected::Cpu(demo::machine(1, AT).cpu), 1, Fault::None),
        shaky(
            "memory",
            || Collected::Memory(demo::machine(1, AT).memory),
            0x9e37_79b9_7f4a_7c15,
            Fault::Panic,
        ),
        shaky(
            "network",
            || Collected::Network(demo::machine(1, AT).network),
            0x2545_f491_4f6c_dd1d,
            Fault::Error,
        ),
        shaky("disks", || Collected::Disks(demo::machine(1, AT).disks), 1, Fault::None),
    ]
}

/// Node, feed and web server, as the product puts them together.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

pub(crate) const TOPIC: &str = "host/here";

impl Running {
    pub(crate) fn start(interval: Duration) -> Self {
        let clock = Clock::system();
        let settings = feed::Settings { fresh_for: interval, wait_at_most: Duration::from_secs(5) };
        let (feed, publisher) = feed::new(settings, clock.clone());
        let rate_window = Duration::from_secs(60);
        let context = Context { roots: Roots::live(), clock: clock.clone(), rate_window };
        let host = HostId::parse("here").unwrap();
        let settings = Settings {
            host,
            interval,
            process_interval: interval,
            linger: Duration::ZERO,
            track_gpus: None,
        };
        let node = Node::new(settings, sources(), context, publisher).unwrap();
        let auth = Auth::Open { role: Role::Admin };
        let (access, _) = Access::open(auth, None, clock.clone()).unwrap();
        let listener = web::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let tracker = TaskTracker::new();
        let parts = web::Parts { feed, access, clock, stop: stop.clone(), tracker };
        let settings = web::Settings { interval, ..web::Settings::new(Mode::Node, "0") };
        let web = Web::new(&listener, settings, parts).unwrap();
        let tasks =
            vec![tokio::spawn(node.run(stop.clone(), || {})), tokio::spawn(web.serve(listener))];
        Self { address, stop, tasks }
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

/// What a viewer saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) frames: u64,
    pub(crate) longest_gap: Duration,
    last_at: Option<Duration>,
    document: BTreeMap<String, Value>,
    pub(crate) sections: BTreeMap<String, SectionSeen>,
}

/// What a viewer saw of a section.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct SectionSeen {
    /// New values.
    pub(crate) values: u64,
    /// The longest time between two, by the times at which they were taken.
    pub(crate) longest_ms: i64,
    /// Times at which it began to say that something is wrong.
    pub(crate) fell_ill: u64,
    /// Times at which it had a new value after that.
    pub(crate) came_back: u64,
    last_ms: Option<i64>,
    is_ill: bool,
}

impl Seen {
    /// Takes a frame in that came at `now`.
    pub(crate) fn take(&mut self, text: &str, now: Duration) {
        let message: Value = serde_json::from_str(text).unwrap();
        let part = match message["type"].as_str() {
            Some("full") => &message["data"],
            Some("patch") => &message["patch"]["replace"],
            _ => return,
        };
        for (key, value) in part.as_object().unwrap() {
            self.document.insert(key.clone(), value.clone());
        }
        if let Some(before) = self.last_at.replace(now) {
            self.longest_gap = self.longest_gap.max(now.saturating_sub(before));
        }
        self.frames += 1;
        for name in GOOD.into_iter().chain(BAD) {
            if let Some(section) = self.document.get(name) {
                self.sections.entry(name.to_owned()).or_default().take(section);
            }
        }
    }
}

impl SectionSeen {
    fn take(&mut self, section: &Value) {
        let is_ill = !section["problem"].is_null();
        let taken = section["taken_at_ms"].as_i64();
        self.fell_ill += u64::from(is_ill && !self.is_ill);
        self.came_back += u64::from(!is_ill && self.is_ill);
        self.is_ill = is_ill;
        let Some(taken) = taken else { return };
        assert!(section["value"].get("absent").is_none(), "what was read once stays: {section}");
        if let Some(last) = self.last_ms.filter(|last| *last != taken) {
            self.longest_ms = self.longest_ms.max(taken - last);
        }
        if self.last_ms != Some(taken) {
            self.values += 1;
            self.last_ms = Some(taken);
        }
    }
}

/// How long the machine itself let a thread wait that only wanted to look at the clock: what cannot
/// be blamed on the server.
pub(crate) struct MachineStalls(Arc<AtomicU64>);

impl MachineStalls {
    const NAP: Duration = Duration::from_millis(10);

    pub(crate) fn watch(clock: Clock) -> Self {
        let longest = Arc::new(AtomicU64::new(0));
        let noted = Arc::downgrade(&longest);
        std::thread::spawn(move || {
            while let Some(longest) = noted.upgrade() {
                let before = clock.monotonic();
                std::thread::park_timeout(Self::NAP);
                let late = clock.monotonic().saturating_sub(before).saturating_sub(Self::NAP);
                longest.fetch_max(late.as_micros() as u64, Ordering::Relaxed);
            }
        });
        Self(longest)
    }

    pub(crate) fn longest(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }
}
