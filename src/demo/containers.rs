//! Containers of the made-up machine: one engine that answers, one that may not be asked, and
//! runtimes that need none.

use super::BOOT;
use super::moment::Moment;
use crate::model::container::{
    Container, ContainerEngine, ContainerHealth, ContainerState, Containers, Label,
};
use crate::model::place::{ContainerRef, ContainerRuntime, Place};
use crate::model::{Bytes, PerSecond, Percent, Problem, Reading, Reason, Text, UnixMillis};

const MIB: f64 = 1_048_576.0;
const GIB: u64 = 1 << 30;
const POD: &str = "6f1c0b1e-52a4-4c0e-9d57-0b8f6f3f2a91";
const HOUR_MS: i64 = 3_600_000;

/// The engine that may not be asked.
const FORBIDDEN: &str = "unix:///run/user/1010/podman/podman.sock";

/// A made-up container.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) name: &'static str,
    pub(super) runtime: ContainerRuntime,
    pub(super) image: &'static str,
    /// Started when, after the machine.
    pub(super) hours: i64,
    pub(super) health: Option<ContainerHealth>,
    pub(super) restarts: u32,
    /// Share of one processor, on average.
    pub(super) cpu: f64,
    /// The most it may use.
    pub(super) cpu_limit: Option<f64>,
    pub(super) mib: f64,
    pub(super) limit: Option<Bytes>,
    pub(super) tasks: u32,
    pub(super) tasks_limit: Option<u32>,
    pub(super) processes: u32,
    pub(super) kills: u64,
    pub(super) project: &'static str,
}

/// The least of a container.
pub(super) const PLAIN: Plan = Plan {
    name: "",
    runtime: ContainerRuntime::Docker,
    image: "",
    hours: 0,
    health: None,
    restarts: 0,
    cpu: 0.0,
    cpu_limit: None,
    mib: 0.0,
    limit: None,
    tasks: 7,
    tasks_limit: None,
    processes: 1,
    kills: 0,
    project: "",
};

const PLANS: [Plan; 10] = [
    Plan {
        name: "llm-serve",
        image: "vllm/vllm-openai:v0.6.3",
        hours: 2600,
        health: Some(ContainerHealth::Healthy),
        cpu: 244.0,
        cpu_limit: Some(1600.0),
        mib: 18_900.0,
        limit: Some(Bytes(128 * GIB)),
        tasks: 214,
        project: "llm",
        ..PLAIN
    },
    Plan {
        name: "grace-notebook",
        image: "quay.io/jupyter/pytorch-notebook:cuda12-2026-09-14",
        hours: 6800,
        health: Some(ContainerHealth::Starting),
        cpu: 38.0,
        cpu_limit: Some(800.0),
        mib: 3600.0,
        limit: Some(Bytes(32 * GIB)),
        tasks: 61,
        tasks_limit: Some(4096),
        processes: 2,
        ..PLAIN
    },
    Plan {
        name: "mlflow",
        image: "ghcr.io/mlflow/mlflow:v2.17.1",
        hours: 900,
        cpu: 3.0,
        mib: 640.0,
        limit: Some(Bytes(2 * GIB)),
        project: "mlflow",
        ..PLAIN
    },
    Plan {
        name: "mlflow-db",
        image: "postgres:16.4",
        hours: 900,
        health: Some(ContainerHealth::Healthy),
        cpu: 7.0,
        mib: 940.0,
        limit: Some(Bytes(4 * GIB)),
        tasks: 12,
        project: "mlflow",
        ..PLAIN
    },
    // More work than it may do, and more memory than it may have.
    Plan {
        name: "preprocess",
        image: "registry.example.org/data/preprocess:2026.11",
        hours: 7100,
        restarts: 3,
        cpu: 392.0,
        cpu_limit: Some(400.0),
        mib: 23_600.0,
        limit: Some(Bytes(24 * GIB)),
        tasks: 31,
        kills: 3,
        ..PLAIN
    },
    Plan {
        name: "label-studio",
        image: "heartexlabs/label-studio:1.13.1",
        hours: 5000,
        health: Some(ContainerHealth::Unhealthy),
        restarts: 14,
        cpu: 12.0,
        mib: 1360.0,
        tasks: 19,
        ..PLAIN
    },
    Plan {
        name: "registry-mirror",
        image: "registry:2.8.3",
        hours: 300,
        mib: 54.0,
        limit: Some(Bytes(GIB)),
        ..PLAIN
    },
    Plan {
        name: "judy-webapp",
        runtime: ContainerRuntime::Podman,
        hours: 4400,
        cpu: 4.0,
        mib: 310.0,
        tasks_limit: Some(2048),
        ..PLAIN
    },
    Plan {
        name: "erin-lab",
        runtime: ContainerRuntime::Lxc,
        hours: 40,
        cpu: 105.0,
        cpu_limit: Some(3200.0),
        mib: 12_400.0,
        limit: Some(Bytes(96 * GIB)),
        tasks: 96,
        processes: 3,
        ..PLAIN
    },
    Plan {
        name: "triton",
        runtime: ContainerRuntime::Containerd,
        hours: 6100,
        cpu: 22.0,
        cpu_limit: Some(400.0),
        mib: 5050.0,
        limit: Some(Bytes(16 * GIB)),
        tasks: 53,
        tasks_limit: Some(1024),
        ..PLAIN
    },
];

/// The containers at this moment.
pub(super) fn containers(moment: Moment) -> Containers {
    let mut rows: Vec<_> = PLANS.iter().map(|plan| container(moment, plan)).collect();
    let order = |row: &Container| row.name.present().unwrap_or(&row.short).clone();
    rows.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.key.cmp(&b.key)));
    Containers { engines: engines(), rows, left_out: 0 }
}

/// What is wrong with the engine that may not be asked.
pub(super) fn forbidden() -> (&'static str, Problem) {
    let since_ms = UnixMillis(BOOT.0 + 41_000);
    (FORBIDDEN, Problem { reason: Reason::PermissionDenied, since_ms })
}

fn engines() -> Vec<ContainerEngine> {
    let (address, problem) = forbidden();
    vec![
        ContainerEngine {
            address: "unix:///run/docker.sock".into(),
            version: Reading::Present("Docker Engine - Community 28.2.2".into()),
            problem: None,
        },
        ContainerEngine {
            address: address.into(),
            version: Reading::absent(problem.reason),
            problem: Some(problem),
        },
    ]
}

/// When the container of that name was started.
pub(super) fn started(moment: Moment, name: &str) -> UnixMillis {
    let hours = PLANS.iter().find(|plan| plan.name == name).map_or(0, |plan| plan.hours);
    let minutes = (moment.noise.number(name) % 55 + 3) as i64;
    UnixMillis(BOOT.0 + hours * HOUR_MS + minutes * 60_000)
}

/// Whether it is frozen.
pub(super) fn paused(name: &str) -> bool {
    name == "registry-mirror"
}

/// The place of processes in the container of that name.
pub(super) fn place(moment: Moment, name: &str) -> Place {
    let plan = PLANS.iter().find(|plan| plan.name == name);
    Place {
        container: plan.map(|plan| reference(moment, plan)),
        pod: plan.and_then(pod),
        ..Place::default()
    }
}

fn pod(plan: &Plan) -> Option<Text> {
    (plan.runtime == ContainerRuntime::Containerd).then(|| POD.into())
}

/// Which container it is.
pub(super) fn reference(moment: Moment, plan: &Plan) -> ContainerRef {
    let id = if plan.runtime == ContainerRuntime::Lxc {
        plan.name.to_owned()
    } else {
        let word = |part: u32| moment.noise.number(&format!("{} id {part}", plan.name));
        (0..4).map(|part| format!("{:016x}", word(part))).collect()
    };
    let short: String = id.chars().take(12).collect();
    let runtime = plan.runtime;
    let key = format!("{}/{id}", runtime.as_str()).into();
    ContainerRef { key, runtime, short: short.into() }
}

/// What only an engine knows: Docker's answers, Podman's may not be asked, the others have none.
fn told<T>(plan: &Plan, value: T) -> Reading<T> {
    match plan.runtime {
        ContainerRuntime::Docker => Reading::Present(value),
        ContainerRuntime::Podman => Reading::absent(Reason::PermissionDenied),
        _ => Reading::absent(Reason::NotCollected),
    }
}

/// The container of a plan, at this moment.
pub(super) fn container(moment: Moment, plan: &Plan) -> Container {
    let ContainerRef { key, runtime, short } = reference(moment, plan);
    let still = paused(plan.name);
    let percent =
        |value: f64| Reading::from_option(Percent::of(value, 100.0), Reason::NotSupported);
    let cpu = plan.cpu * moment.between(&format!("{} cpu", plan.name), 9.0, 0.86, 1.16);
    let cpu = plan.cpu_limit.map_or(cpu, |limit| cpu.min(limit));
    // Who is at the limit waits.
    let waits = plan.cpu_limit.map(|limit| ((cpu / limit - 0.86) * 480.0).clamp(0.0, 71.0));
    let mib = plan.mib * moment.between(&format!("{} memory", plan.name), 70.0, 0.97, 1.03);
    let memory = Bytes((mib * MIB) as u64);
    let memory = plan.limit.map_or(memory, |limit| Bytes(memory.0.min(limit.0)));
    let flow = |what: &str, mean: f64| {
        let mean = if still { 0.0 } else { mean };
        Reading::Present(moment.flow(&format!("{} {what}", plan.name), mean).bytes_per_second())
    };
    Container {
        key,
        runtime,
        short,
        name: match runtime {
            ContainerRuntime::Lxc => Reading::Present(plan.name.into()),
            _ => told(plan, plan.name.into()),
        },
        image: told(plan, plan.image.into()),
        state: match runtime {
            _ if still => Reading::Present(ContainerState::Paused),
            _ => told(plan, ContainerState::Running),
        },
        health: match plan.health {
            Some(health) => told(plan, health),
            None if runtime == ContainerRuntime::Docker => Reading::absent(Reason::NotSupported),
            None => told(plan, ContainerHealth::Starting),
        },
        restarts: told(plan, plan.restarts),
        labels: told(plan, labels(plan)),
        pod: pod(plan),
        started_at_ms: Reading::Present(started(moment, plan.name)),
        cpu_percent: percent(cpu),
        cpu_limit_percent: Reading::Present(
            plan.cpu_limit.and_then(|limit| Percent::of(limit, 100.0)),
        ),
        throttled_percent: match waits {
            Some(waits) => percent(waits),
            None => Reading::absent(Reason::NotSupported),
        },
        memory_bytes: Reading::Present(memory),
        memory_limit_bytes: Reading::Present(plan.limit),
        memory_percent: Reading::from_option(
            Percent::of_bytes(memory, plan.limit.unwrap_or(moment.hardware.memory)),
            Reason::NotSupported,
        ),
        cache_bytes: Reading::Present(Bytes((plan.mib * MIB * 0.21) as u64)),
        swap_bytes: Reading::Present(Bytes(if plan.kills > 0 { 131 << 20 } else { 0 })),
        read_bytes_per_second: flow("read", plan.cpu * 41_000.0),
        written_bytes_per_second: flow("written", plan.cpu * 9000.0),
        shares_network: Reading::Present(plan.name == "preprocess"),
        received_bytes_per_second: network(plan, flow("received", plan.cpu * 15_000.0)),
        sent_bytes_per_second: network(plan, flow("sent", plan.cpu * 22_000.0)),
        tasks: Reading::Present(plan.tasks),
        tasks_limit: Reading::Present(plan.tasks_limit),
        processes: Reading::Present(plan.processes),
        oom_kills: Reading::Present(plan.kills),
        oom_kills_per_second: Reading::Present(PerSecond(0.0)),
    }
}

fn network<T>(plan: &Plan, flow: Reading<T>) -> Reading<T> {
    if plan.name == "preprocess" { Reading::absent(Reason::NotSupported) } else { flow }
}

fn labels(plan: &Plan) -> Vec<Label> {
    let label = |name: &str, value: &str| Label { name: name.into(), value: value.into() };
    let mut labels = Vec::new();
    if !plan.project.is_empty() {
        labels.push(label("com.docker.compose.project", plan.project));
        labels.push(label("com.docker.compose.service", plan.name));
    }
    labels.push(label("org.opencontainers.image.title", plan.name));
    labels
}
