//! Sources that panic or fail one time in four: the page goes on ticking, and shows which they are.

use std::time::Duration;

use smonitor::clock::Clock;

use super::client::Socket;
use super::shaky::{BAD, GOOD, MachineStalls, Running, Seen, TOPIC};

const INTERVAL: Duration = Duration::from_millis(300);
const TICKS: u32 = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_ticks_on_though_sources_panic_and_fail_one_time_in_four() {
    let running = Running::start(INTERVAL);
    let mut socket = Socket::greeted(running.address, "/ws", &[]).await;
    let clock = Clock::system();
    let stalls = MachineStalls::watch(clock.clone());
    socket.ask("subscribe", TOPIC).await;
    let (mut seen, began) = (Seen::default(), clock.monotonic());
    while clock.monotonic().saturating_sub(began) < INTERVAL * TICKS {
        let said = socket.next().await;
        seen.take(said.text(), clock.monotonic());
    }
    println!("the machine stood still for {:?}; {:#?}", stalls.longest(), seen.sections);
    let at_most = INTERVAL * 2 + stalls.longest();
    assert!(seen.longest_gap <= at_most, "{:?}, {at_most:?} would do", seen.longest_gap);
    for name in GOOD {
        let section = seen.sections[name];
        assert_eq!(section.fell_ill, 0, "{name} is well");
        assert!(section.longest_ms <= at_most.as_millis() as i64, "{name}: {section:?}");
        // A tick is not caught up with when the machine stood still.
        assert!(section.values >= u64::from(TICKS) * 3 / 4, "{name}: {section:?}");
    }
    for name in BAD {
        let section = seen.sections[name];
        assert!(section.fell_ill >= 2, "{name} says that it failed: {section:?}");
        assert!(section.came_back >= 2, "{name} comes back: {section:?}");
        assert!(section.values >= u64::from(TICKS) / 2, "{name}: {section:?}");
    }
    drop(socket);
    running.stop().await;
}
