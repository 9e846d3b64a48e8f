//! Wounds for tests of what restarts the server; not in release builds.
//!
//! `SMONITOR_INTERNAL_FAULT` says what SIGUSR1 does to the worker: `panic` ends the task that
//! measures, `deadlock` blocks every thread of the runtime for ever.

/// The task that measures, with the wound that was asked for; without one it is the task itself.
#[cfg(not(debug_assertions))]
pub(super) fn around<F: Future>(measuring: F) -> F {
    measuring
}

/// The task that measures, with the wound that was asked for; without one it is the task itself.
#[cfg(debug_assertions)]
pub(super) async fn around<F: Future>(measuring: F) -> F::Output {
    use tokio::signal::unix::{SignalKind, signal};
    let wound = std::env::var("SMONITOR_INTERNAL_FAULT").unwrap_or_default();
    let signals = match wound.as_str() {
        "panic" | "deadlock" => signal(SignalKind::user_defined1()).ok(),
        _ => None,
    };
    let Some(mut signals) = signals else { return measuring.await };
    tokio::select! {
        output = measuring => output,
        _ = signals.recv() => match wound.as_str() {
            "panic" => panic!("SIGUSR1 came, and a test wants a panic"),
            _ => deadlock(),
        },
    }
}

#[cfg(debug_assertions)]
fn deadlock() -> ! {
    static NEVER_FREE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _held = NEVER_FREE.lock();
    let threads = tokio::runtime::Handle::current().metrics().num_workers();
    // One waits behind this task and cannot be taken by another thread.
    for _ in 0..=threads {
        tokio::spawn(async {
            let _never = NEVER_FREE.lock();
        });
    }
    loop {
        std::thread::park();
    }
}
