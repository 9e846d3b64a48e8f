//! What a frame to many viewers costs the server: CPU time per viewer and frame, and memory per
//! viewer, beside the same bytes written to bare sockets in the same run.
//!
//!     cargo bench --bench fanout [-- VIEWERS]
//!
//! The viewers are another process, so that only the server's own time is counted.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a bench ends it")]
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a bench starts its viewers and reads the time")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use smonitor::clock::Clock;
use smonitor::feed::{self, Publisher};
use smonitor::model::wire::{Mode, Topic};
use smonitor::model::{Audience, HostId, Percent, Reading, Role, Snapshot, UnixMillis};
use smonitor::web::{self, Access, Auth};
use smonitor::{demo, model};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const TICKS: usize = 21;

/// Rows whose change makes a frame of about 50 KB.
const CHANGED_ROWS: usize = 560;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, role, address, count, query] = &arguments[..]
        && role == "clients"
    {
        return clients(address.parse().unwrap(), count.parse().unwrap(), query);
    }
    let viewers = arguments.iter().skip(1).find_map(|a| a.parse().ok()).unwrap_or(1000);
    rustix::process::setrlimit(
        rustix::process::Resource::Nofile,
        rustix::process::Rlimit { current: Some(20_000), maximum: Some(20_000) },
    )
    .ok();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!("{viewers} viewers of one topic, {TICKS} ticks, server CPU per viewer and frame");
    let text = runtime.block_on(served(viewers, ""));
    let deflate = runtime.block_on(served(viewers, "?encoding=deflate"));
    let bare = runtime.block_on(bare(viewers, text.frame_bytes));
    for (name, run) in [("text", &text), ("deflate", &deflate), ("bare sockets, text", &bare)] {
        println!(
            "{name:20} {:6.1} µs  {:4.2} × bare  frame {:6} B on the wire, encodings per tick {}, RSS per viewer idle {:5.1} KB, after {:5.1} KB",
            run.cpu.as_secs_f64() * 1e6 / viewers as f64,
            run.cpu.as_secs_f64() / bare.cpu.as_secs_f64(),
            run.frame_bytes,
            run.encodings,
            run.idle_bytes as f64 / viewers as f64 / 1e3,
            run.after_bytes as f64 / viewers as f64 / 1e3,
        );
    }
}

struct Run {
    /// Median CPU time of a tick.
    cpu: Duration,
    frame_bytes: usize,
    encodings: u64,
    idle_bytes: i64,
    after_bytes: i64,
}

/// The real thing: feed, web layer, sockets.
async fn served(viewers: usize, query: &str) -> Run {
    let host = HostId::parse("bench").unwrap();
    let clock = Clock::system();
    let settings = feed::Settings {
        fresh_for: Duration::from_secs(3600),
        wait_at_most: Duration::from_secs(5),
    };
    let (feed, publisher) = feed::new(settings, clock.clone());
    publisher.add_host(host.clone());
    let mut snapshot = first_snapshot(&host);
    publisher.publish(&Arc::new(snapshot.clone()));
    let listener = web::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let (access, _) = Access::open(Auth::Open { role: Role::Member }, None, clock.clone()).unwrap();
    let settings = web::Settings {
        access_log: false,
        limits: web::Limits {
            viewers: 20_000,
            viewers_per_address: 20_000,
            spare_connections: 20_000,
            ..web::Limits::default()
        },
        ..web::Settings::new(Mode::Node, "bench")
    };
    let parts = web::Parts {
        feed: feed.clone(),
        access,
        clock,
        stop: stop.clone(),
        tracker: tokio_util::task::TaskTracker::new(),
    };
    let web = web::Web::new(&listener, settings, parts).unwrap();
    let serving = tokio::spawn(web.serve(listener));
    let before = resident();
    let mut audience = Clients::start(address, viewers, query);
    audience.wait("connected").await;
    let idle_bytes = resident() - before;
    audience.say("subscribe");
    audience.wait("full").await;
    let mut cpu = Vec::new();
    let mut encodings = 0;
    for tick in 0..TICKS {
        change(&mut snapshot, tick);
        let (start, encoded) = (cpu_time(), feed.encodings());
        publish(&publisher, &snapshot);
        audience.wait("frame").await;
        cpu.push(cpu_time() - start);
        encodings = feed.encodings() - encoded;
    }
    let after_bytes = resident() - before;
    let mut probe = feed.subscribe(&Topic::Processes(host), Audience::new(Role::Member)).unwrap();
    let _ = probe.next().await;
    change(&mut snapshot, TICKS);
    publish(&publisher, &snapshot);
    let feed::Event::Frame(frame) = probe.next().await else { unreachable!("not removed") };
    let frame_bytes = if query.is_empty() {
        frame.json().len()
    } else {
        frame.deflated().map_or(frame.json().len(), |deflated| deflated.len())
    };
    drop(audience);
    stop.cancel();
    serving.await.unwrap();
    Run { cpu: median(cpu), frame_bytes, encodings, idle_bytes, after_bytes }
}

/// The limit: the same number of bytes, framed beforehand, written to bare sockets.
async fn bare(viewers: usize, frame_bytes: usize) -> Run {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut audience = Clients::start(listener.local_addr().unwrap(), viewers, "bare");
    let (ticks, _) = tokio::sync::broadcast::channel::<bytes::Bytes>(4);
    for _ in 0..viewers {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.set_nodelay(true).unwrap();
        let mut tick = ticks.subscribe();
        tokio::spawn(async move {
            while let Ok(bytes) = tick.recv().await {
                if socket.write_all(&bytes).await.is_err() {
                    return;
                }
            }
        });
    }
    audience.wait("connected").await;
    audience.say("subscribe");
    let mut framed = vec![0_u8; 4 + frame_bytes];
    framed[0] = 0x81;
    framed[1] = 126;
    let length = u16::try_from(frame_bytes).expect("a frame under 64 KiB");
    framed[2..4].copy_from_slice(&length.to_be_bytes());
    let framed = bytes::Bytes::from(framed);
    ticks.send(framed.clone()).unwrap();
    audience.wait("full").await;
    let mut cpu = Vec::new();
    for _ in 0..TICKS {
        let start = cpu_time();
        ticks.send(framed.clone()).unwrap();
        audience.wait("frame").await;
        cpu.push(cpu_time() - start);
    }
    Run { cpu: median(cpu), frame_bytes, encodings: 0, idle_bytes: 0, after_bytes: 0 }
}

fn first_snapshot(host: &HostId) -> Snapshot {
    Snapshot { host: host.clone(), ..demo::snapshot(1, UnixMillis(1_795_176_000_000)) }
}

fn change(snapshot: &mut Snapshot, tick: usize) {
    let section = Arc::make_mut(&mut snapshot.processes);
    let Reading::Present(table) = &mut section.value else { unreachable!("made present") };
    for (number, process) in table.rows.iter_mut().take(CHANGED_ROWS).enumerate() {
        process.row.cpu_percent = Reading::Present(Percent((tick * 7 + number) as f64 / 10.0));
        process.row.cpu_time_seconds = model::Seconds::new((tick * 1000 + number) as f64 / 100.0);
    }
}

fn publish(publisher: &Publisher, snapshot: &Snapshot) {
    publisher.publish(&Arc::new(snapshot.clone()));
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

fn resident() -> i64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: i64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// The viewers' process: told what to do by lines, answers by lines.
struct Clients {
    child: Child,
    lines: tokio::sync::mpsc::Receiver<String>,
}

impl Clients {
    fn start(address: SocketAddr, count: usize, query: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["clients", &address.to_string(), &count.to_string(), query])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = tokio::sync::mpsc::channel(64);
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    fn say(&mut self, what: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        writeln!(stdin, "{what}").unwrap();
    }

    async fn wait(&mut self, what: &str) {
        let line = tokio::time::timeout(Duration::from_secs(60), self.lines.recv()).await;
        assert_eq!(line.expect("viewers answer in time").as_deref(), Some(what));
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Connects `count` viewers, then reports every frame that all of them have got.
fn clients(address: SocketAddr, count: usize, query: &str) {
    rustix::process::setrlimit(
        rustix::process::Resource::Nofile,
        rustix::process::Rlimit { current: Some(20_000), maximum: Some(20_000) },
    )
    .ok();
    let mut sockets: Vec<TcpStream> = (0..count)
        .map(|_| {
            let mut socket = TcpStream::connect(address).unwrap();
            if query != "bare" {
                let upgrade = format!(
                    "GET /ws{query} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\n\
                     Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                     Sec-WebSocket-Version: 13\r\n\r\n"
                );
                socket.write_all(upgrade.as_bytes()).unwrap();
                head(&mut socket);
                frame(&mut socket);
            }
            socket
        })
        .collect();
    println!("connected");
    std::io::stdin().lock().lines().next();
    if query != "bare" {
        let message = br#"{"type":"subscribe","topic":"host/bench/processes"}"#;
        // A mask of zeros is a mask.
        let mut framed = vec![0x81, 0x80 | u8::try_from(message.len()).unwrap(), 0, 0, 0, 0];
        framed.extend_from_slice(message);
        for socket in &mut sockets {
            socket.write_all(&framed).unwrap();
        }
    }
    for round in 0.. {
        for socket in &mut sockets {
            frame(socket);
        }
        println!("{}", if round == 0 { "full" } else { "frame" });
    }
}

fn head(socket: &mut TcpStream) {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte).unwrap();
        seen.push(byte[0]);
    }
    assert!(seen.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&seen));
}

/// Reads one message, which may come in several frames.
fn frame(socket: &mut TcpStream) {
    while !last_piece(socket) {}
}

/// Reads one frame; whether it is the last of its message.
fn last_piece(socket: &mut TcpStream) -> bool {
    let mut head = [0; 2];
    if socket.read_exact(&mut head).is_err() {
        std::process::exit(0);
    }
    let length = match head[1] {
        126 => {
            let mut length = [0; 2];
            socket.read_exact(&mut length).unwrap();
            usize::from(u16::from_be_bytes(length))
        }
        127 => {
            let mut length = [0; 8];
            socket.read_exact(&mut length).unwrap();
            usize::try_from(u64::from_be_bytes(length)).unwrap()
        }
        short => usize::from(short),
    };
    let mut body = vec![0; length];
    socket.read_exact(&mut body).unwrap();
    head[0] & 0x80 != 0
}
