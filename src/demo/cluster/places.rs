//! Where the processes of the made-up cluster run, and what they are called.

use super::jobs::Work;
use super::people::Person;
use super::scene::{Scene, Task};
use super::site::Access;
use crate::demo::containers::{self, PLAIN, Plan};
use crate::demo::moment::Moment;
use crate::model::container::{Container, ContainerHealth};
use crate::model::place::{ContainerRuntime, Place};
use crate::model::{Bytes, Reading, UnixMillis};

/// Services that answer questions: name, image, program, command.
const SERVICES: [[&str; 4]; 5] = [
    [
        "llm-serve",
        "vllm/vllm-openai:v0.6.3",
        "python3",
        "python3 -m vllm.entrypoints.openai.api_server --model /models/qwen-32b --api-key ***",
    ],
    [
        "triton",
        "nvcr.io/nvidia/tritonserver:24.09-py3",
        "tritonserver",
        "tritonserver --model-repository=/models --http-port=8000",
    ],
    [
        "whisper-api",
        "registry.example.org/speech/whisper:1.4",
        "python3.11",
        "python3.11 -m uvicorn whisper_api:app --workers 1",
    ],
    [
        "embedder",
        "ghcr.io/huggingface/text-embeddings-inference:1.5",
        "text-embeddings",
        "text-embeddings-router --model-id /models/bge-m3 --port 80",
    ],
    [
        "image-api",
        "registry.example.org/vision/sdxl:2026.10",
        "python",
        "python serve.py --checkpoint /models/sdxl --batch 4",
    ],
];

const TRAININGS: [&str; 5] = [
    "python -u pretrain.py --config configs/llama_13b.yaml --rank ",
    "python -m torch.distributed.run train.py --model vit_large --shard ",
    "python train_gnn.py --dataset ogbn --amp --fold ",
    "python diffusion.py --resume auto --precision bf16 --rank ",
    "python train_rl.py --env humanoid --envs 4096 --seed ",
];

const FINETUNINGS: [&str; 4] = [
    "python finetune.py --model llama-8b --lora-rank 16 --hf-token=*** --run ",
    "python sft.py --base qwen-7b --data instruct_v3 --run ",
    "python3.11 eval.py --split test --batch-size 64 --run ",
    "python distill.py --teacher runs/base --temperature 2 --run ",
];

fn service(task: &Task<'_>) -> &'static [&'static str; 4] {
    &SERVICES[task.job.dice.of(16).below(SERVICES.len() as u64) as usize]
}

/// The kernel's short name of a process.
pub(super) fn program(task: &Task<'_>) -> &'static str {
    match task.job.work {
        _ if task.guest.is_some() => "python",
        Work::Serving => service(task)[2],
        _ => "python",
    }
}

/// Its command line.
pub(super) fn command(task: &Task<'_>) -> String {
    let dice = task.job.dice.of(17);
    match task.job.work {
        _ if task.guest.is_some() => "python demo.py --checkpoint best.ckpt".to_owned(),
        Work::Serving => service(task)[3].to_owned(),
        Work::Notebook => {
            let number = dice.number() & 0xfff;
            format!("python -m ipykernel_launcher -f /run/user/kernel-{number:03x}.json")
        }
        Work::Training => {
            let first = TRAININGS[dice.below(TRAININGS.len() as u64) as usize];
            format!("{first}{}", rank(task))
        }
        Work::Finetuning => {
            let first = FINETUNINGS[dice.below(FINETUNINGS.len() as u64) as usize];
            format!("{first}{}", dice.number() % 90 + 10)
        }
    }
}

/// Which of the cards of its job it is on.
fn rank(task: &Task<'_>) -> u32 {
    (task.job.cards & ((1 << task.card.index) - 1)).count_ones()
}

/// Where a process on a card runs.
pub(super) fn place(scene: &Scene<'_>, task: &Task<'_>) -> Place {
    if let Some(plan) = plan(task) {
        let reference = containers::reference(own(scene, task), &plan);
        return Place { container: Some(reference), ..Place::default() };
    }
    let job = task.job;
    if task.guest.is_some() || job.access == Access::Sessions {
        let session = 400 + (u64::from(task.pid) * 7) % 900;
        return Place { session: Some(session.to_string().into()), ..Place::default() };
    }
    if job.work == Work::Notebook {
        return Place { unit: Some(Person::of(job.person).unit.into()), ..Place::default() };
    }
    // Numbers rise with time, as those of Slurm.
    let number = (job.start - crate::demo::BOOT.0).div_euclid(20_000);
    Place { slurm_job: Some(number.to_string().into()), ..Place::default() }
}

/// Chance of one container: started again, it is another one.
fn own(scene: &Scene<'_>, task: &Task<'_>) -> Moment {
    Moment::of(task.job.dice.of(18).number(), scene.moment.at, scene.moment.hardware)
}

/// The container of a process on a card, if it is in one.
fn plan(task: &Task<'_>) -> Option<Plan> {
    let job = task.job;
    let person = Person::of(job.person);
    if task.guest.is_some() {
        return None;
    }
    let runtime = match job.access {
        Access::Sessions => ContainerRuntime::Podman,
        Access::Batch | Access::Containers => ContainerRuntime::Docker,
    };
    let (name, image) = match (job.work, job.access) {
        (Work::Serving, _) => (service(task)[0], service(task)[1]),
        (Work::Notebook, Access::Containers | Access::Sessions) => {
            (person.notebook, "quay.io/jupyter/pytorch-notebook:cuda12-2026-09-14")
        }
        (_, Access::Containers) => (person.lab, "nvcr.io/nvidia/pytorch:24.10-py3"),
        _ => return None,
    };
    Some(Plan {
        name,
        runtime,
        image,
        health: (job.work == Work::Serving).then_some(ContainerHealth::Healthy),
        tasks: 61,
        limit: Some(Bytes(128 << 30)),
        ..PLAIN
    })
}

/// All containers with processes on cards, and the engine's own tools.
pub(super) fn containers(scene: &Scene<'_>, tasks: &[Task<'_>]) -> Vec<Container> {
    let mut rows: Vec<Container> = Vec::new();
    for task in tasks {
        let Some(plan) = plan(task) else { continue };
        let of_job =
            || tasks.iter().filter(|one| one.guest.is_none() && one.job.dice == task.job.dice);
        // A job on several cards is in one container.
        if of_job().next().is_some_and(|first| first.pid != task.pid) {
            continue;
        }
        let resident: f64 = of_job().map(|task| task.resident).sum();
        let plan = Plan {
            cpu: of_job().map(|task| task.cpu).sum(),
            mib: resident / 1_048_576.0,
            processes: of_job().count().try_into().unwrap_or(u32::MAX),
            ..plan
        };
        let row = containers::container(own(scene, task), &plan);
        rows.push(Container { started_at_ms: Reading::Present(task.start), ..row });
    }
    let tools = [
        ("node-exporter", "prom/node-exporter:v1.8.2"),
        ("watchtower", "nickfedor/watchtower:1.12"),
    ];
    for (name, image) in tools {
        let plan = Plan { name, image, cpu: 0.8, mib: 41.0, hours: 2, ..PLAIN };
        let row = containers::container(scene.moment, &plan);
        let started = UnixMillis(scene.host.hardware.boot.0 + 71_000);
        rows.push(Container { started_at_ms: Reading::Present(started), ..row });
    }
    let order = |row: &Container| row.name.present().unwrap_or(&row.short).clone();
    rows.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.key.cmp(&b.key)));
    rows
}
