//! The made-up process table: kernel threads, daemons, people's shells and training jobs that
//! start, grow, idle and end.

use std::sync::Arc;

use crate::model::place::Place;
use crate::model::process::{Process, ProcessRow, ProcessState, ProcessSummary, ProcessTable};
use crate::model::{Bytes, Percent, Reading, Reason, Seconds, UnixMillis};

use super::moment::Moment;
use super::noise::Noise;
use super::work::{self, Work};

const USERS: [(&str, u32); 10] = [
    ("alice", 1001),
    ("bob", 1002),
    ("carol", 1003),
    ("dave", 1004),
    ("erin", 1005),
    ("frank", 1006),
    ("grace", 1007),
    ("heidi", 1008),
    ("ivan", 1009),
    ("judy", 1010),
];

const DAEMONS: [(&str, &str, &str, u32); 14] = [
    ("systemd", "/sbin/init", "root", 0),
    ("systemd-journal", "/usr/lib/systemd/systemd-journald", "root", 0),
    ("systemd-udevd", "/usr/lib/systemd/systemd-udevd", "root", 0),
    ("systemd-resolve", "/usr/lib/systemd/systemd-resolved", "systemd-resolve", 991),
    ("systemd-timesyn", "/usr/lib/systemd/systemd-timesyncd", "systemd-timesync", 996),
    ("dbus-daemon", "@dbus-daemon --system --address=systemd: --nofork", "messagebus", 101),
    ("cron", "/usr/sbin/cron -f -P", "root", 0),
    ("sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", "root", 0),
    ("rsyslogd", "/usr/sbin/rsyslogd -n -iNONE", "syslog", 103),
    ("containerd", "/usr/bin/containerd", "root", 0),
    (
        "dockerd",
        "/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock",
        "root",
        0,
    ),
    (
        "nvidia-persiste",
        "/usr/bin/nvidia-persistenced --user nvidia-persistenced",
        "nvidia-persistenced",
        120,
    ),
    ("nfsd", "/usr/sbin/rpc.mountd", "root", 0),
    ("smonitor", "smonitor --mode node", "smonitor", 998),
];

/// The service of each of [`DAEMONS`].
const UNITS: [&str; 14] = [
    "init.scope",
    "systemd-journald.service",
    "systemd-udevd.service",
    "systemd-resolved.service",
    "systemd-timesyncd.service",
    "dbus.service",
    "cron.service",
    "ssh.service",
    "rsyslog.service",
    "containerd.service",
    "docker.service",
    "nvidia-persistenced.service",
    "nfs-mountd.service",
    "smonitor.service",
];

const JOBS: [(&str, &str); 8] = [
    ("python", "python train.py --config configs/vit_large.yaml --batch-size 256 --seed {n}"),
    ("python", "python -m torch.distributed.run --nproc_per_node=4 pretrain.py --shard {n}"),
    ("python", "python finetune.py --model llama-8b --lora-rank 16 --hf-token=*** --run {n}"),
    ("python3.11", "python3.11 eval.py --checkpoint runs/{n}/last.ckpt --split test"),
    ("jupyter-lab", "jupyter-lab --no-browser --port 8{n}"),
    ("rsync", "rsync -a --info=progress2 dataset-{n}/ nas:/datasets/{n}/"),
    ("gcc", "gcc -O2 -c kernels_{n}.c -o kernels_{n}.o"),
    ("node", "node server.js --port 3{n}"),
];

/// One made-up process before it is put into a row.
pub(super) struct Sketch {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) name: String,
    pub(super) command: String,
    pub(super) user: (String, u32),
    pub(super) state: ProcessState,
    pub(super) cpu: f64,
    /// What `cpu` is on average; the time used so far must not shrink when `cpu` does.
    pub(super) usual_cpu: f64,
    pub(super) resident: f64,
    pub(super) threads: u32,
    pub(super) nice: i32,
    pub(super) started: UnixMillis,
    pub(super) kernel: bool,
    pub(super) place: Arc<Place>,
}

pub(super) fn table(moment: Moment, boot: UnixMillis, memory: Bytes) -> ProcessTable {
    let Moment { noise, at, .. } = moment;
    let mut sketches = background(moment, boot);
    sketches.extend(jobs(noise, at));
    sketches.extend(work::works(moment).into_iter().map(of_work));
    of_sketches(at, boot, memory, sketches)
}

/// What runs on every machine: the kernel's threads, services, people's shells.
pub(super) fn background(moment: Moment, boot: UnixMillis) -> Vec<Sketch> {
    let Moment { noise, at, .. } = moment;
    let mut sketches = daemons(noise, at, boot);
    sketches.extend(kernel_threads(noise, boot));
    sketches.extend(shells(noise, at));
    sketches
}

/// The table of these processes.
pub(super) fn of_sketches(
    at: UnixMillis,
    boot: UnixMillis,
    memory: Bytes,
    mut sketches: Vec<Sketch>,
) -> ProcessTable {
    sketches.sort_by_key(|sketch| sketch.pid);
    sketches.dedup_by_key(|sketch| sketch.pid);
    let rows: Vec<Process> =
        sketches.into_iter().map(|sketch| row(sketch, at, boot, memory)).collect();
    ProcessTable { summary: summary(&rows), rows }
}

fn of_work(work: Work) -> Sketch {
    Sketch {
        pid: work.pid,
        parent: work.parent,
        name: work.name.to_owned(),
        command: work.command,
        user: (work.user.0.to_owned(), work.user.1),
        state: if work.cpu > 90.0 { ProcessState::Running } else { ProcessState::Sleeping },
        cpu: work.cpu,
        usual_cpu: work.usual_cpu,
        resident: work.resident_bytes,
        threads: work.threads,
        nice: 0,
        started: work.started,
        kernel: false,
        place: work.place,
    }
}

fn daemons(noise: Noise, at: UnixMillis, boot: UnixMillis) -> Vec<Sketch> {
    let daemon = |(number, (name, command, user, id)): (usize, &(&str, &str, &str, u32))| {
        let pid = if number == 0 { 1 } else { 600 + 37 * index(number) };
        Sketch {
            pid,
            parent: u32::from(pid != 1),
            name: (*name).to_owned(),
            command: (*command).to_owned(),
            user: ((*user).to_owned(), *id),
            state: ProcessState::Sleeping,
            cpu: 0.6 * noise.wave(name, at, 15.0).powi(4),
            usual_cpu: 0.1,
            resident: 4e6 + 9e7 * noise.unit(name),
            threads: 1 + u32::from(number % 5 == 2) * 28,
            nice: 0,
            started: UnixMillis(boot.0 + 3000 + 200 * i64::from(index(number))),
            kernel: false,
            place: Arc::new(Place {
                unit: UNITS.get(number).map(|unit| (*unit).into()),
                ..Place::default()
            }),
        }
    };
    DAEMONS.iter().enumerate().map(daemon).collect()
}

fn kernel_threads(noise: Noise, boot: UnixMillis) -> Vec<Sketch> {
    let thread = |pid: u32, name: String| Sketch {
        pid,
        parent: if pid == 2 { 0 } else { 2 },
        command: format!("[{name}]"),
        name,
        user: ("root".to_owned(), 0),
        state: ProcessState::Idle,
        cpu: 0.0,
        usual_cpu: 0.0,
        resident: 0.0,
        threads: 1,
        nice: if noise.number(&format!("nice {pid}")).is_multiple_of(9) { -20 } else { 0 },
        started: boot,
        kernel: true,
        place: Arc::default(),
    };
    let mut threads = vec![thread(2, "kthreadd".to_owned())];
    for cpu in 0..64 {
        let first = 20 + 6 * cpu;
        for (offset, name) in ["cpuhp", "migration", "ksoftirqd"].into_iter().enumerate() {
            threads.push(thread(first + index(offset), format!("{name}/{cpu}")));
        }
    }
    for worker in 0..180 {
        let cpu = noise.number(&format!("worker {worker}")) % 128;
        threads.push(thread(1200 + worker * 3, format!("kworker/{cpu}:{}", worker % 4)));
    }
    threads
}

/// Somebody's shell.
pub(super) struct Shell {
    /// The process that let them in.
    pub(super) pid: u32,
    pub(super) user: (&'static str, u32),
    pub(super) started: UnixMillis,
    pub(super) terminal: String,
}

/// The shell of a number, 0 to 59.
pub(super) fn shell(noise: Noise, number: u32, at: UnixMillis) -> Shell {
    let name = format!("shell {number}");
    let days = 1.0 + 30.0 * noise.unit(&name);
    Shell {
        pid: 30_000 + number * 41,
        user: USERS[(noise.number(&name) % 10) as usize],
        started: UnixMillis(at.0 - at.0 % 86_400_000 - (days * 8.64e7) as i64),
        terminal: format!("pts/{number}"),
    }
}

fn shells(noise: Noise, at: UnixMillis) -> Vec<Sketch> {
    let mut sketches = Vec::new();
    for number in 0..60_u32 {
        let name = format!("shell {number}");
        let Shell { pid, user, started, terminal } = shell(noise, number, at);
        let place = in_session(number);
        let shell = |pid, parent, program: &str, command: String, cpu, resident| Sketch {
            pid,
            parent,
            name: program.to_owned(),
            command,
            user: (user.0.to_owned(), user.1),
            state: ProcessState::Sleeping,
            cpu,
            usual_cpu: 0.01,
            resident,
            threads: 1,
            nice: 0,
            started,
            kernel: false,
            place: Arc::clone(&place),
        };
        sketches.push(shell(pid, 859, "sshd", format!("sshd: {}@{terminal}", user.0), 0.0, 8e6));
        sketches.push(shell(pid + 1, pid, "bash", "-bash".to_owned(), 0.0, 5.5e6));
        if number % 3 == 0 {
            let cpu = 4.0 * noise.wave(&name, at, 7.0);
            sketches.push(shell(pid + 2, pid + 1, "nvim", "nvim model.py".to_owned(), cpu, 6.2e7));
        }
        if number % 7 == 0 {
            let cpu = 9.0 * noise.wave(&name, at, 5.0);
            sketches.push(shell(pid + 3, pid + 1, "htop", "htop".to_owned(), cpu, 7e6));
        }
    }
    sketches
}

fn in_session(shell: u32) -> Arc<Place> {
    Arc::new(Place { session: Some(work::session(shell)), ..Place::default() })
}

fn jobs(noise: Noise, at: UnixMillis) -> Vec<Sketch> {
    let mut sketches = Vec::new();
    for slot in 0..120_u64 {
        let name = format!("job {slot}");
        let kind = (noise.number(&name) % 8) as usize;
        let hours = 0.05 + 9.0 * noise.unit(&name).powi(3);
        let period = (hours * 3.6e6) as i64;
        let phase = (noise.number(&format!("{name} phase")) % 36_000_000) as i64;
        let round = (at.0 - phase).div_euclid(period);
        let started = UnixMillis(phase + round * period);
        let age = at.since(started) as f64 / 1000.0;
        // Between two jobs of a slot there is a pause.
        if noise.unit(&format!("{name} pause {round}")) < 0.3 {
            continue;
        }
        let run = format!("{name} round {round}");
        let user = USERS[(noise.number(&run) % 10) as usize];
        let (program, command) = JOBS[kind];
        let number = noise.number(&run) % 90 + 10;
        let heavy = kind < 4;
        let idle = noise.unit(&format!("{run} idle")) < 0.2;
        let appetite = if heavy { 320.0 } else { 60.0 } * noise.unit(&format!("{run} cpu")).powi(2);
        let cpu = if idle { 0.0 } else { appetite * (0.8 + 0.4 * noise.wave(&run, at, 8.0)) };
        let grown = (age / 300.0).min(1.0);
        let gib = if heavy { 11.0 } else { 0.6 } * noise.unit(&format!("{run} memory"));
        sketches.push(Sketch {
            pid: 100_000 + (slot * 1009 + (round.unsigned_abs() % 997)) as u32,
            parent: 30_001 + 41 * ((slot % 60) as u32),
            name: program.to_owned(),
            command: command.replace("{n}", &number.to_string()),
            user: (user.0.to_owned(), user.1),
            state: if cpu > 90.0 { ProcessState::Running } else { ProcessState::Sleeping },
            cpu,
            usual_cpu: if idle { 0.0 } else { appetite },
            resident: 3e7 + gib * 1.074e9 * grown,
            threads: if heavy { 34 + (number as u32 % 30) } else { 4 },
            nice: if number.is_multiple_of(11) { 10 } else { 0 },
            started,
            kernel: false,
            place: in_session((slot % 60) as u32),
        });
    }
    sketches
}

/// Resident memory changes in steps, as it does when allocators take pages in lots.
pub(super) fn in_lots(bytes: f64) -> Bytes {
    Bytes((bytes / 1_048_576.0).round() as u64 * 1_048_576)
}

fn row(sketch: Sketch, at: UnixMillis, boot: UnixMillis, memory: Bytes) -> Process {
    let resident = in_lots(sketch.resident);
    let ticks = sketch.started.since(boot) / 10;
    let row = ProcessRow {
        key: format!("{}-{ticks}", sketch.pid).into(),
        pid: sketch.pid,
        parent_pid: sketch.parent,
        name: sketch.name.into(),
        user: Reading::Present(sketch.user.0.into()),
        user_id: Reading::Present(sketch.user.1),
        state: sketch.state,
        cpu_percent: Reading::from_option(Percent::of(sketch.cpu, 100.0), Reason::Measuring),
        resident_bytes: resident,
        memory_percent: Reading::from_option(
            Percent::of_bytes(resident, memory),
            Reason::NotSupported,
        ),
        virtual_bytes: Bytes(resident.0 * 4),
        shared_bytes: Reading::Present(Bytes(resident.0 / 6)),
        cpu_time_seconds: Seconds::new(
            (at.since(sketch.started) as f64 / 1000.0 * sketch.usual_cpu / 100.0).max(0.0),
        ),
        started_at_ms: Reading::Present(sketch.started),
        threads: sketch.threads,
        nice: sketch.nice,
        kernel_thread: sketch.kernel,
        command: Reading::Present(sketch.command.into()),
        place: Reading::Present(sketch.place),
    };
    Process { row, full_command: None }
}

fn summary(rows: &[Process]) -> ProcessSummary {
    let count = |is: fn(&ProcessRow) -> bool| index(rows.iter().filter(|p| is(&p.row)).count());
    ProcessSummary {
        total: index(rows.len()),
        running: count(|row| row.state == ProcessState::Running),
        uninterruptible: count(|row| row.state == ProcessState::Uninterruptible),
        stopped: count(|row| matches!(row.state, ProcessState::Stopped | ProcessState::Traced)),
        zombie: count(|row| row.state == ProcessState::Zombie),
        threads: rows.iter().map(|process| process.row.threads).sum(),
        kernel_threads: count(|row| row.kernel_thread),
        sees_other_users: true,
    }
}

fn index(number: usize) -> u32 {
    u32::try_from(number).expect("a demo has few processes")
}
