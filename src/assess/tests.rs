//! The rules, on scripted cards and a clock whose hands are turned.

use std::time::Duration;

use super::*;
use crate::model::gpu::{
    DeviceSlice, GpuFinding, GpuMemory, GpuProcess, GpuProcessKind, Severity, Throttle,
};
use crate::model::{Bytes, Percent, Problem};

mod doc;
mod health;
mod people;
mod robust;
pub(super) mod rows;
mod slices;
mod states;
mod xids;

const GIB: u64 = 1 << 30;
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const NOON: UnixMillis = UnixMillis(1_780_000_000_000);

/// One machine under watch: what its cards are like, and a clock.
struct Watch {
    assessor: Assessor,
    gpus: Gpus,
    now: Moment,
    /// What the last look said.
    seen: Gpus,
}

impl Watch {
    /// A machine with one card on which nothing runs, not looked at yet.
    fn new() -> Self {
        Self::of(vec![idle_card(0)])
    }

    fn of(cards: Vec<Gpu>) -> Self {
        let gpus = Gpus {
            driver: DriverState::Running,
            driver_version: Reading::default(),
            nvml_version: Reading::default(),
            cuda_version: Reading::default(),
            cards,
            processes: Vec::new(),
            people: Vec::new(),
            events: Vec::new(),
            left_out: 0,
        };
        let now = Moment { monotonic: 1000 * SECOND, wall: NOON };
        Self { assessor: Assessor::new(2 * SECOND), seen: gpus.clone(), gpus, now }
    }

    /// Lets time pass without a look.
    fn pass(&mut self, time: Duration) -> &mut Self {
        self.now.monotonic += time;
        self.now.wall.0 += i64::try_from(time.as_millis()).unwrap();
        self
    }

    fn look(&mut self) -> &mut Self {
        let mut gpus = self.gpus.clone();
        self.assessor.assess(&mut gpus, self.now);
        self.seen = gpus;
        self
    }

    /// Looks now and every second for so long.
    fn watch(&mut self, time: Duration) -> &mut Self {
        self.look();
        let mut left = time;
        while left > Duration::ZERO {
            let step = left.min(SECOND);
            self.pass(step).look();
            left -= step;
        }
        self
    }

    fn card(&mut self) -> &mut Gpu {
        &mut self.gpus.cards[0]
    }

    fn use_card(&mut self, percent: f64) -> &mut Self {
        self.card().utilisation.gpu_percent = Reading::Present(Percent(percent));
        self
    }

    /// So much of its memory is used.
    fn fill(&mut self, percent: f64) -> &mut Self {
        self.card().memory = memory(24 * GIB, percent);
        self
    }

    /// Exactly these processes are on card 0.
    fn processes(&mut self, kinds: &[GpuProcessKind]) -> &mut Self {
        self.gpus.processes =
            (1..).zip(kinds).map(|(pid, kind)| process(0, pid, "alice", *kind)).collect();
        self.card().process_count = Reading::Present(u32::try_from(kinds.len()).unwrap());
        self
    }

    /// As a job does: a process, memory, utilisation.
    fn run_job(&mut self) -> &mut Self {
        self.processes(&[GpuProcessKind::Compute]).fill(50.0).use_card(90.0)
    }

    fn end_job(&mut self) -> &mut Self {
        self.processes(&[]).fill(0.5).use_card(0.0)
    }

    fn state(&self) -> GpuState {
        self.seen.cards[0].state
    }

    fn since(&self) -> Reading<UnixMillis> {
        self.seen.cards[0].state_since_ms
    }

    fn idle_since(&self) -> Reading<UnixMillis> {
        self.seen.cards[0].idle_since_ms
    }

    fn findings(&self) -> &[GpuFinding] {
        &self.seen.cards[0].health.findings
    }
}

fn present<T>(value: T) -> Reading<T> {
    Reading::Present(value)
}

fn measuring<T>() -> Reading<T> {
    Reading::absent(Reason::Measuring)
}

fn memory(total: u64, percent: f64) -> GpuMemory {
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let used = (total as f64 * percent / 100.0) as u64;
    GpuMemory {
        total_bytes: present(Bytes(total)),
        used_bytes: present(Bytes(used)),
        used_percent: present(Percent(percent)),
        ..GpuMemory::default()
    }
}

fn idle_card(index: u32) -> Gpu {
    let mut card = Gpu {
        key: format!("0000:{:02x}:00.0", index + 1).into(),
        index,
        name: present("NVIDIA RTX A5000".into()),
        uuid: present(format!("GPU-{index}").into()),
        memory: memory(24 * GIB, 0.5),
        process_count: present(0),
        throttle: present(vec![Throttle::Idle]),
        ..Gpu::default()
    };
    card.utilisation.gpu_percent = present(Percent(0.0));
    card
}

fn process(gpu: u32, pid: u32, user: &str, kind: GpuProcessKind) -> GpuProcess {
    let nothing = Reading::absent(Reason::NotSupported);
    GpuProcess {
        key: format!("{gpu}-{pid}-1").into(),
        gpu,
        slice: None,
        pid,
        kinds: vec![kind],
        memory_bytes: present(Bytes(GIB)),
        gpu_percent: nothing,
        memory_percent: nothing,
        encoder_percent: nothing,
        decoder_percent: nothing,
        name: present("python3".into()),
        user: present(user.into()),
        user_id: present(1000 + u32::try_from(user.len()).unwrap()),
        started_at_ms: present(UnixMillis(NOON.0 - i64::from(pid) * 1000)),
        cpu_percent: nothing,
        resident_bytes: Reading::absent(Reason::NotSupported),
        command: Reading::absent(Reason::NotSupported),
        place: Reading::absent(Reason::NotSupported),
    }
}

fn problem(reason: Reason) -> Option<Problem> {
    Some(Problem { reason, since_ms: NOON })
}
