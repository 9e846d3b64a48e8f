//! Two hundred viewers on a thread of their own, and somebody beside them who knocks all the time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::ledger::{Failed, Ledger, Mark, Outcome};
use super::server::Server;
use super::viewer::{self, Frames};

/// A new connection that asks `/healthz` comes this often.
const PROBE_EVERY: Duration = Duration::from_millis(20);
/// A probe that gets no answer for so long is given up.
const PROBE_AT_MOST: Duration = Duration::from_secs(20);

/// The viewers; dropping them closes all connections.
#[derive(Debug)]
pub(super) struct Fleet {
    ledger: Arc<Ledger>,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Fleet {
    /// Sends `viewers` to the server and waits until all of them see fresh values.
    pub(super) fn start(server: &Server, viewers: usize) -> Self {
        smonitor::host::raise_open_file_limit();
        let ledger = Arc::new(Ledger::new(server.address, server.token(), viewers));
        let stop = CancellationToken::new();
        let thread = {
            let (ledger, stop) = (ledger.clone(), stop.clone());
            std::thread::Builder::new()
                .name("viewers".to_owned())
                .spawn(move || run(&ledger, viewers, &stop))
                .unwrap()
        };
        let fleet = Self { ledger, stop, thread: Some(thread) };
        let outcome = fleet.until(Duration::ZERO, Duration::from_secs(30));
        assert_eq!(outcome.back.len(), viewers, "nobody is live to begin with: {outcome:?}");
        fleet
    }

    /// Counts anew from this moment.
    pub(super) fn mark(&self) -> Mark {
        self.ledger.begin()
    }

    /// Waits until every viewer sees values that were taken after the mark, over a connection
    /// opened after it, and has seen them for a second; or until `patience` after the mark.
    pub(super) fn until_live(&self, patience: Duration) -> Outcome {
        self.until(Duration::from_secs(1), patience)
    }

    fn until(&self, steady: Duration, patience: Duration) -> Outcome {
        let mut live_since = None;
        let mark = self.ledger.mark();
        loop {
            let now = Instant::now();
            live_since = self.ledger.all_live().then(|| live_since.unwrap_or(now));
            let is_steady = live_since.is_some_and(|since| now - since >= steady);
            if is_steady || now - mark.at > patience + steady {
                return self.ledger.outcome();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What happened since the mark.
    pub(super) fn outcome(&self) -> Outcome {
        self.ledger.outcome()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the viewers failed, see above");
        }
    }
}

fn run(ledger: &Arc<Ledger>, viewers: usize, stop: &CancellationToken) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let frames = Arc::new(Frames::default());
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..viewers {
            tasks.spawn(viewer::stay(ledger.clone(), frames.clone(), number));
        }
        tasks.spawn(knock(ledger.clone()));
        tokio::select! {
            () = stop.cancelled() => {}
            // They stay for ever: an end is a panic.
            ended = tasks.join_next() => ended.unwrap().unwrap(),
        }
    });
}

async fn knock(ledger: Arc<Ledger>) {
    let mut times = tokio::time::interval(PROBE_EVERY);
    times.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        times.tick().await;
        let ledger = ledger.clone();
        tokio::spawn(async move {
            ledger.probe_begins();
            let started = Instant::now();
            let outcome = timeout(PROBE_AT_MOST, probe(ledger.address)).await;
            ledger.probed(started, outcome.unwrap_or(Err(Failed::TimedOut)));
        });
    }
}

async fn probe(address: SocketAddr) -> Result<(), Failed> {
    let mut stream = TcpStream::connect(address).await.map_err(|_| Failed::Refused)?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    let exchange = async {
        stream.write_all(request.as_bytes()).await?;
        stream.read_to_end(&mut answer).await
    };
    // A reset after a whole answer is as good as an end.
    let _ = exchange.await;
    let status = answer.strip_prefix(b"HTTP/1.1 ").and_then(|rest| rest.get(..3));
    match status.and_then(|status| std::str::from_utf8(status).ok()?.parse().ok()) {
        Some(200) => Ok(()),
        Some(status) => Err(Failed::Answered(status)),
        None => Err(Failed::Cut),
    }
}
