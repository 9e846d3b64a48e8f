//! L3, the node role: measures the machine it runs on, when somebody looks.
//!
//! One loop, which never waits for a source: it follows the feed's demand, starts sources when
//! they are due, has what they bring judged, folds it into the newest snapshot and publishes it. Knows nothing of
//! viewers, sockets or kernel files.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::feed::{Demand, Publisher};
use crate::host::schedule::workers::{Finished, Workers};
use crate::host::schedule::{Ending, Plan, Schedule, Tier, shortest_interval};
use crate::host::{Context, Source};
use crate::model::HostId;
use crate::model::wire::Topic;

mod assemble;

use assemble::Assembly;

/// A snapshot waits this long for the sources started with it. Longer than any of them takes on a
/// healthy machine, short enough not to be seen.
const GATHER: Duration = Duration::from_millis(150);

/// A run that takes longer than this is stuck in the kernel.
const DEADLINE: Duration = Duration::from_secs(5);

/// The loop turns at least this often, whether or not there is anything to do: a watchdog can
/// tell an idle node from a dead one.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// How the node measures.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name it goes by.
    pub host: HostId,
    /// Time between readings while somebody looks.
    pub interval: Duration,
    /// The same for the process table.
    pub process_interval: Duration,
    /// How long collection goes on after the last viewer has left.
    pub linger: Duration,
    /// How often graphics cards are looked at while nobody looks, so that since when they are idle is
    /// known when somebody comes; none: not at all. On a machine without cards this costs one try at
    /// start and one in ten minutes.
    pub track_gpus: Option<Duration>,
}

impl Settings {
    /// How a source of this name is run.
    #[must_use]
    pub fn plan(&self, name: &'static str) -> Plan {
        let (tier, interval) = match name {
            "processes" => (Tier::Detail, self.process_interval),
            _ => (Tier::Summary, self.interval.max(shortest_interval(name))),
        };
        let background = self.track_gpus.filter(|_| name == "gpus");
        // Somebody who looks is no reason to look less often.
        let interval = background.map_or(interval, |background| interval.min(background));
        Plan { name, tier, interval, background, deadline: DEADLINE }
    }

    /// Whether `demand` asks for a tier at `now`.
    fn wants(&self, tier: Tier, demand: &Demand, now: Duration) -> bool {
        let wanted = |topic: &Topic| demand.of(topic).is_wanted(now, self.linger);
        match tier {
            Tier::Summary => wanted(&Topic::Overview) || wanted(&Topic::Host(self.host.clone())),
            Tier::Detail => wanted(&Topic::Processes(self.host.clone())),
        }
    }
}

/// A node, ready to run.
pub struct Node {
    settings: Settings,
    context: Context,
    publisher: Publisher,
    demand: watch::Receiver<Demand>,
    workers: Workers,
    finished: mpsc::Receiver<Finished>,
    schedule: Schedule,
    assembly: Assembly,
}

impl Node {
    /// Starts the sources' threads and announces the host.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn new(
        settings: Settings,
        sources: Vec<Box<dyn Source>>,
        context: Context,
        publisher: Publisher,
    ) -> std::io::Result<Self> {
        let plans: Vec<Plan> = sources.iter().map(|source| settings.plan(source.name())).collect();
        let names = plans.iter().map(|plan| plan.name).collect();
        let (workers, finished) = Workers::spawn(sources, &context)?;
        publisher.add_host(settings.host.clone());
        Ok(Self {
            demand: publisher.demand(),
            assembly: Assembly::new(&settings, names),
            schedule: Schedule::new(&plans, GATHER),
            settings,
            context,
            publisher,
            workers,
            finished,
        })
    }

    /// For sources that say themselves how cards are, as made-up ones do: they know since when.
    #[must_use]
    pub fn with_judged_cards(mut self) -> Self {
        self.assembly.takes_judgements();
        self
    }

    /// Measures until `stop`. `beat` is called at every turn of the loop.
    pub async fn run(mut self, stop: CancellationToken, beat: impl Fn()) {
        loop {
            beat();
            let wake_after = self.turn().unwrap_or(HEARTBEAT).min(HEARTBEAT);
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Some(finished) = self.finished.recv() => self.take(finished),
                Ok(()) = self.demand.changed() => {}
                () = tokio::time::sleep(wake_after) => {}
            }
        }
    }

    /// One turn: starts what is due, publishes what is ready, says when to come back.
    fn turn(&mut self) -> Option<Duration> {
        while let Ok(finished) = self.finished.try_recv() {
            self.take(finished);
        }
        let now = self.context.now();
        let demand = self.demand.borrow_and_update().clone();
        let settings = &self.settings;
        let turn = self.schedule.turn(now, |tier| settings.wants(tier, &demand, now.monotonic));
        for number in &turn.stuck {
            if let Some(problem) = self.schedule.problem(*number) {
                self.assembly.failed(*number, problem, now);
            }
        }
        for number in turn.start {
            self.workers.start(number);
        }
        if turn.publish {
            let snapshot = self.assembly.snapshot(now, self.schedule.health());
            self.publisher.publish(&Arc::new(snapshot));
        }
        turn.wake_after
    }

    fn take(&mut self, finished: Finished) {
        let Finished { number, outcome, findings, at } = finished;
        self.schedule.found(number, findings);
        match outcome {
            Ok(collected) => {
                let was_for_nobody = self.schedule.runs_for_nobody(number);
                self.schedule.ended(number, Ending::Done, at);
                self.assembly.collected(collected, at);
                if was_for_nobody {
                    // Charts of the last minutes go on, so that whoever comes has them.
                    self.publisher.remember(self.assembly.newest());
                }
            }
            Err(reason) => {
                self.schedule.ended(number, Ending::Failed(reason), at);
                if let Some(problem) = self.schedule.problem(number) {
                    self.assembly.failed(number, problem, at);
                }
            }
        }
    }
}
