//! L1, the wish to stop, carried to everything that runs. Must not know what runs.
//!
//! Whoever runs for long holds a [`Shutdown`] and stops soon after it was triggered; whoever
//! started tasks through it can wait until they have ended. Upgraded sockets need this most: the
//! HTTP server forgets them.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A wish to stop that everybody shares. Clones are the same wish.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    token: CancellationToken,
    tasks: TaskTracker,
}

impl Shutdown {
    /// A wish that nobody has had yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks everybody to stop. Asking again changes nothing.
    pub fn trigger(&self) {
        self.token.cancel();
    }

    /// Whether everybody was asked to stop.
    #[must_use]
    pub fn is_triggered(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Returns when everybody is asked to stop.
    pub async fn wait(&self) {
        self.token.cancelled().await;
    }

    /// The same wish in the form that libraries take.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Starts a task that [`drained`](Self::drained) waits for. It has to watch for the wish
    /// itself.
    pub fn spawn<F>(&self, task: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tasks.spawn(task)
    }

    /// Where [`drained`](Self::drained) looks, for libraries that spawn tasks themselves.
    #[must_use]
    pub fn tracker(&self) -> TaskTracker {
        self.tasks.clone()
    }

    /// Tasks that have not ended.
    #[must_use]
    pub fn running(&self) -> usize {
        self.tasks.len()
    }

    /// Asks everybody to stop and waits for the tasks, at most `patience`. Says how many tasks had
    /// not ended by then.
    pub async fn drained(&self, patience: Duration) -> usize {
        self.trigger();
        self.tasks.close();
        // Too late is told by the count.
        let _ = tokio::time::timeout(patience, self.tasks.wait()).await;
        self.tasks.len()
    }

    /// Listens for signals until the process ends. SIGINT and SIGTERM trigger; one more while
    /// stopping ends the process at once with code 130 or 143, as a shell expects it. SIGHUP
    /// triggers where a terminal is attached (it was closed); without one `on_hang_up` is called.
    ///
    /// # Errors
    /// If the kernel refuses a signal handler.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn listen_to_signals(
        &self,
        mut on_hang_up: impl FnMut() + Send + 'static,
    ) -> std::io::Result<()> {
        let mut signals = Signals::new()?;
        let shutdown = self.clone();
        let has_terminal = has_terminal();
        tokio::spawn(async move {
            loop {
                let came = signals.next().await;
                match reaction(came, shutdown.is_triggered(), has_terminal) {
                    Reaction::Stop => {
                        tracing::info!("{} came, stopping; once more stops at once", came.name());
                        shutdown.trigger();
                    }
                    Reaction::Exit(code) => {
                        tracing::warn!("{} came again, stopping at once", came.name());
                        std::process::exit(code);
                    }
                    Reaction::Reload => on_hang_up(),
                    Reaction::Ignore => {}
                }
            }
        });
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    Interrupt,
    Terminate,
    HangUp,
}

impl Came {
    fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
            Self::HangUp => "SIGHUP",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reaction {
    Stop,
    Exit(i32),
    Reload,
    Ignore,
}

fn reaction(came: Came, is_stopping: bool, has_terminal: bool) -> Reaction {
    match came {
        Came::Interrupt if is_stopping => Reaction::Exit(130),
        Came::Terminate if is_stopping => Reaction::Exit(143),
        Came::Interrupt | Came::Terminate => Reaction::Stop,
        // A terminal that closes may say so twice, by the kernel and by the shell: not "at once".
        Came::HangUp if has_terminal && !is_stopping => Reaction::Stop,
        Came::HangUp if is_stopping => Reaction::Ignore,
        Came::HangUp => Reaction::Reload,
    }
}

/// Whether somebody's terminal is attached. Asked at the start: when SIGHUP comes, the terminal is
/// gone. A process started with nohup has none of the three.
fn has_terminal() -> bool {
    use std::io::{IsTerminal as _, stderr, stdin, stdout};
    stdin().is_terminal() || stdout().is_terminal() || stderr().is_terminal()
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Came {
        tokio::select! {
            _ = self.interrupt.recv() => Came::Interrupt,
            _ = self.terminate.recv() => Came::Terminate,
            _ = self.hang_up.recv() => Came::HangUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_signal_is_meant() {
        for (came, is_stopping, terminal, wanted) in [
            (Came::Interrupt, false, true, Reaction::Stop),
            (Came::Terminate, false, false, Reaction::Stop),
            (Came::Interrupt, true, false, Reaction::Exit(130)),
            (Came::Terminate, true, true, Reaction::Exit(143)),
            (Came::HangUp, false, true, Reaction::Stop),
            (Came::HangUp, false, false, Reaction::Reload),
            (Came::HangUp, true, false, Reaction::Ignore),
            (Came::HangUp, true, true, Reaction::Ignore),
        ] {
            assert_eq!(reaction(came, is_stopping, terminal), wanted, "{came:?} {is_stopping}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn everybody_hears_of_it_and_is_waited_for() {
        let shutdown = Shutdown::new();
        let heard = shutdown.clone();
        let task = shutdown.spawn(async move {
            heard.wait().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        });
        assert!(!shutdown.is_triggered());
        assert_eq!(shutdown.running(), 1);
        assert_eq!(shutdown.drained(Duration::from_secs(5)).await, 0);
        assert!(shutdown.is_triggered() && task.is_finished());
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_end_is_counted_not_waited_for() {
        let shutdown = Shutdown::new();
        shutdown.spawn(std::future::pending::<()>());
        assert_eq!(shutdown.drained(Duration::from_secs(5)).await, 1);
    }
}
