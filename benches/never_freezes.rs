//! Whether a page ever stands still: a minute (or ten) of a real server with one viewer, where of
//! four sources one panics one run in four and another fails one run in four.
//!
//!     cargo bench --bench never_freezes [-- SECONDS [INTERVAL_MS]]
//!
//! Prints the longest gap between two frames (the machine's own standstill beside it), what the
//! viewer saw of every section, and the slope of the resident set over the second half.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a bench ends it")]
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use smonitor::clock::Clock;
use tokio_tungstenite::tungstenite::Message;

#[path = "../tests/it/web/shaky.rs"]
mod shaky;

use shaky::{MachineStalls, Running, Seen, TOPIC};

/// How often memory is looked at.
const LOOKS: u32 = 20;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let seconds = numbers.next().unwrap_or(60);
    let interval = Duration::from_millis(numbers.next().unwrap_or(1000));
    // What the panics on purpose have to say is no news.
    std::panic::set_hook(Box::new(|_| ()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run(Duration::from_secs(seconds), interval));
    runtime.shutdown_background();
}

async fn run(lasts: Duration, interval: Duration) {
    let running = Running::start(interval);
    let tcp = tokio::net::TcpStream::connect(running.address).await.unwrap();
    let url = format!("ws://{}/ws", running.address);
    let (mut socket, _) = tokio_tungstenite::client_async(url, tcp).await.unwrap();
    let subscribe = format!(r#"{{"type":"subscribe","topic":"{TOPIC}"}}"#);
    socket.send(Message::text(subscribe)).await.unwrap();
    let clock = Clock::system();
    let stalls = MachineStalls::watch(clock.clone());
    let mut seen = Seen::default();
    let mut memory = Vec::new();
    let began = clock.monotonic();
    loop {
        let now = clock.monotonic().saturating_sub(began);
        if now >= lasts {
            break;
        }
        if now >= lasts / LOOKS * memory.len() as u32 {
            memory.push((now, resident()));
        }
        match tokio::time::timeout(Duration::from_secs(30), socket.next()).await {
            Ok(Some(Ok(Message::Text(text)))) => seen.take(&text, clock.monotonic()),
            Ok(Some(Ok(_))) => {}
            end => unreachable!("the page stands still: {end:?}"),
        }
    }
    println!(
        "{lasts:?} at {interval:?}: {} frames, longest gap {:?} (the machine stood still for {:?})",
        seen.frames,
        seen.longest_gap,
        stalls.longest()
    );
    for (name, section) in &seen.sections {
        println!(
            "  {name}: {} values, at most {} ms apart; said {} times that it fails, came back {} times",
            section.values, section.longest_ms, section.fell_ill, section.came_back
        );
    }
    let half = &memory[memory.len() / 2..];
    let (first, last) = (half[0], half[half.len() - 1]);
    let grown = last.1 as f64 - first.1 as f64;
    let all: Vec<_> =
        memory.iter().map(|(_, bytes)| format!("{:.1}", *bytes as f64 / 1e6)).collect();
    println!("  RSS MB: {}", all.join(" "));
    println!(
        "  slope over the second half: {:+.0} bytes a minute",
        grown / (last.0.saturating_sub(first.0)).as_secs_f64().max(1.0) * 60.0
    );
    drop(socket);
    running.stop().await;
}

fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * rustix::param::page_size() as u64
}
