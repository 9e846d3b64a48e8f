//! The threads that run sources, one each. Only they ever wait for the kernel.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tokio::sync::mpsc;

use crate::host::{Collected, Context, Source, TakenAt};
use crate::model::Reason;
use crate::model::source::{FINDINGS_MAX, SourceFinding};

/// Enough for parsers that work in buffers on the heap; the default of 2 MiB would only cost
/// address space, but a small stack also shows a runaway recursion early.
const STACK_BYTES: usize = 512 * 1024;

/// A run that ended.
#[derive(Debug)]
pub struct Finished {
    /// Which source.
    pub number: usize,
    /// What it read, or why it could not.
    pub outcome: Result<Collected, Reason>,
    /// Parts that were not read though the rest was.
    pub findings: Vec<SourceFinding>,
    /// When it ended.
    pub at: TakenAt,
}

/// A thread per source. Dropping this lets each end as soon as it is not in the kernel.
#[derive(Debug)]
pub struct Workers {
    starters: Vec<SyncSender<()>>,
}

impl Workers {
    /// Starts the threads. What they finish comes out of the receiver, at most one run per source
    /// at a time.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn spawn(
        sources: Vec<Box<dyn Source>>,
        context: &Context,
    ) -> std::io::Result<(Self, mpsc::Receiver<Finished>)> {
        let (done, finished) = mpsc::channel(sources.len().max(1));
        let mut starters = Vec::with_capacity(sources.len());
        for (number, source) in sources.into_iter().enumerate() {
            let (starter, start) = sync_channel(1);
            let (done, context) = (done.clone(), context.clone());
            std::thread::Builder::new()
                .name(format!("source-{}", source.name()))
                .stack_size(STACK_BYTES)
                .spawn(move || work(number, source, &start, &done, &context))?;
            starters.push(starter);
        }
        Ok((Self { starters }, finished))
    }

    /// Starts a run; never waits. The schedule does not start what has not ended.
    pub fn start(&self, number: usize) {
        if let Some(starter) = self.starters.get(number)
            && starter.try_send(()).is_err()
        {
            tracing::error!(number, "a source's thread has ended");
        }
    }
}

fn work(
    number: usize,
    mut source: Box<dyn Source>,
    start: &Receiver<()>,
    done: &mpsc::Sender<Finished>,
    context: &Context,
) {
    while start.recv().is_ok() {
        // A source that panics is a failed run, not the end of the source: it may do better on
        // the next one, as it does when a file it tripped over is gone.
        let run = AssertUnwindSafe(|| {
            let outcome = source.collect();
            let mut findings = source.findings();
            findings.truncate(FINDINGS_MAX);
            (outcome, findings)
        });
        let (outcome, findings) = catch_unwind(run).unwrap_or_else(|_| {
            tracing::error!(source = source.name(), "a source panicked");
            (Err(Reason::ReadFailed), Vec::new())
        });
        if done.blocking_send(Finished { number, outcome, findings, at: context.now() }).is_err() {
            return;
        }
    }
}
