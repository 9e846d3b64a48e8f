//! What people do on the made-up machine's cards and in its containers: the one list from which the
//! process table, the cards and the containers are made, so that the three agree.

use std::sync::Arc;

use super::moment::Moment;
use super::processes::shell;
use super::{BOOT, containers};
use crate::model::place::Place;
use crate::model::{Text, UnixMillis};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// How long a training job reads its data before it computes.
const LOADING_SECONDS: f64 = 240.0;

/// Where something runs.
#[derive(Debug, Clone, Copy)]
enum Where {
    /// In a container, by its name.
    Container(&'static str),
    /// In a batch job: the first that there was, and one more a round.
    Slurm(u32),
    /// In somebody's session: the number of a shell. It is whose shell it is.
    Session(u32),
    /// In a service.
    Unit(&'static str),
}

/// What it takes of a card.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// Index of the card.
    pub(super) gpu: u32,
    /// The instance of a divided card.
    pub(super) slice: Option<u32>,
    /// Memory once everything is loaded.
    pub(super) gib: f64,
    /// Share of time it computes.
    pub(super) level: f64,
}

/// Something that runs.
#[derive(Debug, Clone, Copy)]
struct Plan {
    name: &'static str,
    command: &'static str,
    user: (&'static str, u32),
    place: Where,
    /// Hours from one start to the next; 0: as long as its container.
    hours: i64,
    cpu: f64,
    /// Memory of the machine.
    gib: f64,
    threads: u32,
    part: Option<Part>,
}

/// Something that runs, at a moment.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) name: &'static str,
    pub(super) command: String,
    pub(super) user: (&'static str, u32),
    pub(super) place: Arc<Place>,
    pub(super) started: UnixMillis,
    /// Share of a processor now, and on average.
    pub(super) cpu: f64,
    pub(super) usual_cpu: f64,
    /// Memory of the machine.
    pub(super) resident_bytes: f64,
    pub(super) threads: u32,
    /// What it takes of a card now.
    pub(super) part: Option<Part>,
    /// Share of time that it keeps its card busy on the whole.
    pub(super) usual_level: f64,
}

/// A card that is held by a kernel nobody uses.
pub(super) const HELD: u32 = 3;

const fn on(gpu: u32, gib: f64, level: f64) -> Option<Part> {
    Some(Part { gpu, slice: None, gib, level })
}

const fn on_slice(slice: u32, gib: f64, level: f64) -> Option<Part> {
    Some(Part { gpu: 4, slice: Some(slice), gib, level })
}

const TRAIN: &str = "python -u pretrain.py --config configs/llama_13b.yaml --nodes 1 --rank ";

const PLANS: [Plan; 18] = [
    plan(
        "python",
        TRAIN,
        ("alice", 1001),
        Where::Slurm(48_213),
        38,
        118.0,
        31.0,
        on(0, 72.6, 97.0),
    ),
    plan(
        "python",
        TRAIN,
        ("alice", 1001),
        Where::Slurm(48_213),
        38,
        116.0,
        31.0,
        on(1, 72.4, 99.0),
    ),
    plan(
        "python3",
        "python3 -m vllm.entrypoints.openai.api_server --model /models/qwen-32b --api-key ***",
        ("bob", 1002),
        Where::Container("llm-serve"),
        0,
        240.0,
        18.0,
        on(2, 61.5, 44.0),
    ),
    plan(
        "python3.11",
        "python3.11 eval.py --checkpoint runs/31/last.ckpt --split test",
        ("", 0),
        Where::Session(4),
        5,
        96.0,
        6.5,
        on(2, 7.8, 12.0),
    ),
    plan(
        "python",
        "/opt/jupyterhub/bin/python -m ipykernel_launcher -f /home/dave/.local/kernel-7c1.json",
        ("dave", 1004),
        Where::Unit("jupyter-dave.service"),
        -1,
        0.3,
        9.2,
        on(HELD, 21.3, 0.0),
    ),
    plan(
        "python",
        "python diffusion.py --resume auto --precision bf16",
        ("erin", 1_001_000),
        Where::Container("erin-lab"),
        27,
        104.0,
        12.0,
        on_slice(1, 33.4, 91.0),
    ),
    plan(
        "python",
        "/opt/conda/bin/python -m ipykernel_launcher -f /root/.local/kernel-02f.json",
        ("root", 0),
        Where::Container("grace-notebook"),
        11,
        38.0,
        3.4,
        on_slice(7, 6.2, 55.0),
    ),
    plan(
        "tritonserver",
        "tritonserver --model-repository=/models --http-port=8000",
        ("frank", 1006),
        Where::Container("triton"),
        0,
        22.0,
        4.8,
        on_slice(8, 4.9, 30.0),
    ),
    plan(
        "bash",
        "/bin/sh /entrypoint.sh",
        ("root", 0),
        Where::Container("grace-notebook"),
        0,
        0.0,
        0.004,
        None,
    ),
    plan(
        "init",
        "/sbin/init",
        ("root", 1_000_000),
        Where::Container("erin-lab"),
        0,
        0.1,
        0.012,
        None,
    ),
    plan(
        "sshd",
        "sshd: /usr/sbin/sshd -D [listener]",
        ("root", 1_000_000),
        Where::Container("erin-lab"),
        0,
        0.0,
        0.009,
        None,
    ),
    plan(
        "postgres",
        "postgres",
        ("postgres", 999),
        Where::Container("mlflow-db"),
        0,
        7.0,
        0.9,
        None,
    ),
    plan(
        "mlflow",
        "/usr/bin/python3 /usr/bin/mlflow server --host 0.0.0.0",
        ("root", 0),
        Where::Container("mlflow"),
        0,
        3.0,
        0.6,
        None,
    ),
    plan(
        "python3",
        "python3 tokenise.py --input /data/raw --workers 24",
        ("carol", 1003),
        Where::Container("preprocess"),
        0,
        340.0,
        23.0,
        None,
    ),
    plan(
        "label-studio",
        "label-studio start --port 8080",
        ("root", 0),
        Where::Container("label-studio"),
        0,
        12.0,
        1.3,
        None,
    ),
    plan(
        "registry",
        "registry serve /etc/docker/registry/config.yml",
        ("root", 0),
        Where::Container("registry-mirror"),
        0,
        0.0,
        0.05,
        None,
    ),
    plan(
        "node",
        "node build/index.js",
        ("judy", 1010),
        Where::Container("judy-webapp"),
        0,
        4.0,
        0.3,
        None,
    ),
    // It ended badly and left memory on a card; its child still has the device open.
    plan(
        "python",
        "python -c from multiprocessing.spawn import spawn_main; spawn_main()",
        ("", 0),
        Where::Session(17),
        73,
        0.0,
        1.7,
        None,
    ),
];

#[expect(clippy::too_many_arguments, reason = "a row of a table")]
const fn plan(
    name: &'static str,
    command: &'static str,
    user: (&'static str, u32),
    place: Where,
    hours: i64,
    cpu: f64,
    gib: f64,
    part: Option<Part>,
) -> Plan {
    let threads = if part.is_some() { 47 } else { 6 };
    Plan { name, command, user, place, hours, cpu, gib, threads, part }
}

/// The number of the work that left memory on a card.
pub(super) const LEFT_BEHIND: usize = PLANS.len() - 1;

/// Since when nobody computes on the card that is held: three to seven hours.
pub(super) fn held_since(at: UnixMillis) -> UnixMillis {
    UnixMillis(at.0.div_euclid(4 * HOUR_MS) * 4 * HOUR_MS - 165 * 60_000)
}

/// Everything that runs, in the order of the list.
pub(super) fn works(moment: Moment) -> Vec<Work> {
    (0..).zip(PLANS).map(|(number, plan)| work(moment, number, plan)).collect()
}

fn work(moment: Moment, number: u32, plan: Plan) -> Work {
    let label = format!("work {number}");
    let (started, round) = match (plan.hours, plan.place) {
        (0, Where::Container(name)) => (containers::started(moment, name), 0),
        // The evening before: long before it was used last.
        (-1, _) => {
            let day = moment.at.0.div_euclid(DAY_MS);
            (UnixMillis(day * DAY_MS - 3 * HOUR_MS), day)
        }
        // Everything of a batch job starts together.
        (hours, Where::Slurm(job)) => round(moment, &format!("job {job}"), hours),
        (hours, _) => round(moment, &label, hours),
    };
    // Nothing in a container is older than it.
    let started = match plan.place {
        Where::Container(name) => later(started, containers::started(moment, name)),
        _ => started,
    };
    let age = moment.at.since(started) as f64 / 1000.0;
    let own_shell = match plan.place {
        Where::Session(number) => Some(shell(moment.noise, number, moment.at)),
        _ => None,
    };
    let paused = matches!(plan.place, Where::Container(name) if containers::paused(name));
    let busy = if paused { 0.0 } else { 0.85 + 0.3 * moment.wave(&label, 9.0) };
    let grown = (age / LOADING_SECONDS).clamp(0.05, 1.0);
    let rank = if plan.command == TRAIN { number.to_string() } else { String::new() };
    Work {
        pid: 230_000 + number * 1009 + (round.unsigned_abs() % 997) as u32,
        parent: own_shell.as_ref().map_or(1, |shell| shell.pid + 1),
        name: plan.name,
        command: format!("{}{rank}", plan.command),
        user: match own_shell {
            Some(shell) if plan.user.0.is_empty() => shell.user,
            _ => plan.user,
        },
        place: Arc::new(place(moment, plan.place, round)),
        started,
        cpu: plan.cpu * busy,
        usual_cpu: plan.cpu * 0.85,
        resident_bytes: plan.gib * super::GIB * grown,
        threads: plan.threads,
        usual_level: plan.part.map_or(0.0, |part| part.level),
        part: plan.part.map(|part| Part {
            gib: part.gib * grown,
            level: level(moment, &label, part.level, age),
            ..part
        }),
    }
}

/// How busy a card is kept: nothing while data is loaded, less while a checkpoint is written.
fn level(moment: Moment, label: &str, usual: f64, age: f64) -> f64 {
    if age < LOADING_SECONDS {
        return 0.0;
    }
    let saves = usual > 80.0 && age.rem_euclid(840.0) < 25.0;
    let spread = (100.0 - usual).min(usual * 0.6);
    let wave = moment.wave(&format!("{label} level"), 13.0) - 0.5;
    let level = usual + spread * wave * if usual > 80.0 { 0.8 } else { 1.8 };
    (if saves { level * 0.12 } else { level }).clamp(0.0, 100.0).round()
}

/// When the round that is on began, and its number.
fn round(moment: Moment, label: &str, hours: i64) -> (UnixMillis, i64) {
    let period = hours.max(1) * HOUR_MS;
    let phase = (moment.noise.number(label) % 36_000_000) as i64;
    let round = (moment.at.0 - phase).div_euclid(period);
    (later(UnixMillis(phase + round * period), UnixMillis(BOOT.0 + 60_000)), round)
}

fn later(one: UnixMillis, other: UnixMillis) -> UnixMillis {
    UnixMillis(one.0.max(other.0))
}

fn place(moment: Moment, place: Where, round: i64) -> Place {
    let none = Place::default();
    match place {
        Where::Container(name) => containers::place(moment, name),
        Where::Slurm(first) => {
            let job = i64::from(first) + round.rem_euclid(10_000);
            Place { slurm_job: Some(job.to_string().into()), ..none }
        }
        Where::Session(shell) => Place { session: Some(session(shell)), ..none },
        Where::Unit(unit) => Place { unit: Some(unit.into()), ..none },
    }
}

/// The session of a shell.
pub(super) fn session(shell: u32) -> Text {
    (shell * 13 + 211).to_string().into()
}
