//! Real containers of Docker, Podman and LXC, against the kernel's counters and `docker stats`.

#![allow(clippy::disallowed_methods, reason = "real containers take real time and programs")]

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use smonitor::host::container::ContainerSource;
use smonitor::model::container::{Container, ContainerHealth, ContainerState, Containers};
use smonitor::model::place::ContainerRuntime;
use smonitor::model::{Bytes, Percent, Reading, Reason};

use super::daemons::{Docker, Lxc, Podman, done};
use super::engine::{live, until};
use super::{containers, row};
use crate::host_machine::pause;

const MIB: u64 = 1 << 20;

fn docker_row<'a>(told: &'a Containers, id: &str) -> Option<&'a Container> {
    row(told, &format!("docker/{id}"))
}

/// The folder of a group of Docker's, in whatever version the machine has.
fn group(controller: &str, id: &str) -> PathBuf {
    let v1 = PathBuf::from(format!("/sys/fs/cgroup/{controller}/docker/{id}"));
    let candidates = [
        v1,
        format!("/sys/fs/cgroup/system.slice/docker-{id}.scope").into(),
        format!("/sys/fs/cgroup/docker/{id}").into(),
    ];
    candidates.into_iter().find(|path| path.exists()).unwrap()
}

/// Processor time of a container in seconds, as the kernel counts it.
fn cpu_seconds(id: &str) -> f64 {
    if let Ok(text) = fs::read_to_string(group("cpuacct", id).join("cpuacct.usage")) {
        return text.trim().parse::<f64>().unwrap() / 1e9;
    }
    value(&group("cpuacct", id).join("cpu.stat"), "usage_usec") as f64 / 1e6
}

fn value(file: &PathBuf, key: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
    line.unwrap().trim().parse().unwrap()
}

fn oom_kills(id: &str) -> u64 {
    let folder = group("memory", id);
    let v1 = folder.join("memory.oom_control");
    value(&if v1.exists() { v1 } else { folder.join("memory.events") }, "oom_kill")
}

fn is_within_5_percent(one: f64, other: f64) -> bool {
    (one - other).abs() <= other.abs() * 0.05
}

/// Lets a second pass.
fn second() {
    for _ in 0..100 {
        pause();
    }
}

/// A share of a processor against the kernel's own counter read around the same moments: what is
/// shown must lie within what these allow, and 5 %.
fn cpu_agrees(source: &mut ContainerSource, id: &str) -> f64 {
    let around = |source: &mut ContainerSource| {
        let (early, before) = (Instant::now(), cpu_seconds(id));
        let told = containers(source);
        (early, before, told, cpu_seconds(id), Instant::now())
    };
    let (early, low, _, high, late) = around(source);
    second();
    let (early_2, low_2, told, high_2, late_2) = around(source);
    let shown = docker_row(&told, id).unwrap().cpu_percent.present().unwrap().0;
    let least = (low_2 - high) / (late_2 - early).as_secs_f64() * 100.0;
    let most = (high_2 - low) / (early_2 - late).as_secs_f64() * 100.0;
    assert!(
        (least * 0.95..=most * 1.05).contains(&shown),
        "{shown} % is not between {least} and {most}"
    );
    shown
}

/// Bytes of `docker stats`: `12.3MiB`.
fn bytes(text: &str) -> f64 {
    let digits = text.find(|c: char| c.is_ascii_alphabetic()).unwrap();
    let unit = match &text[digits..] {
        "B" => 1.0,
        "KiB" | "kB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        other => panic!("{other}"),
    };
    text[..digits].parse::<f64>().unwrap() * unit
}

/// What `docker stats` says: percent of a processor, bytes, and the limit.
fn stats(docker: &Docker, id: &str) -> (f64, f64, f64) {
    let said = docker.cli(&["stats", "--no-stream", "--format", "{{.CPUPerc}} {{.MemUsage}}", id]);
    let words: Vec<&str> = said.split_whitespace().collect();
    let cpu = words[0].strip_suffix('%').unwrap().parse().unwrap();
    (cpu, bytes(words[1]), bytes(words[3]))
}

#[test]
fn figures_of_docker_are_those_of_the_kernel_and_of_docker_stats() {
    let Some(docker) = Docker::start() else { return };
    let script = "dd if=/dev/zero of=/m/x bs=1M count=24 2>/dev/null; while :; do :; done";
    let options = ["--memory", "64m", "--pids-limit", "50", "--tmpfs", "/m"];
    let id = docker.start_container(&options, script);
    let limited = docker.start_container(&["--cpus", "0.1"], "while :; do :; done");
    let mut source = live(&[]);
    containers(&mut source);
    second();
    let told = containers(&mut source);
    let row = docker_row(&told, &id).unwrap();
    assert_eq!((&*row.short, row.runtime), (&id[..12], ContainerRuntime::Docker));
    assert_eq!(row.name.reason(), Some(Reason::NotCollected), "no engine is asked");
    assert_eq!(row.cpu_limit_percent, Reading::Present(None));
    assert_eq!(row.throttled_percent.reason(), Some(Reason::NotSupported));
    assert_eq!(row.memory_limit_bytes, Reading::Present(Some(Bytes(64 * MIB))));
    assert_eq!(row.tasks_limit, Reading::Present(Some(50)));
    assert_eq!((row.processes, row.tasks), (Reading::Present(1), Reading::Present(1)));
    assert_eq!(row.shares_network, Reading::Present(false));
    assert_eq!(row.received_bytes_per_second.present().map(|rate| rate.0), Some(0));
    assert_eq!(row.oom_kills, Reading::Present(0));
    let started: i64 = row.started_at_ms.present().unwrap().0;
    let clock = smonitor::clock::Clock::system().wall().0;
    assert!((clock - 60_000..=clock + 1000).contains(&started), "{started} at {clock}");
    let row = docker_row(&told, &limited).unwrap();
    assert_eq!(row.cpu_limit_percent, Reading::Present(Some(Percent(10.0))));
    assert_eq!(row.memory_limit_bytes, Reading::Present(None));
    let throttled = row.throttled_percent.present().unwrap().0;
    assert!(throttled > 0.0, "it wants all and gets a tenth");
    let shown = cpu_agrees(&mut source, &limited);
    assert!(shown < 15.0, "{shown} %");
    docker.cli(&["kill", &limited]);
    assert!(docker_row(&containers(&mut source), &limited).is_none(), "gone at once");

    cpu_agrees(&mut source, &id);
    // Both look for a second, not for the same one: on a busy machine they may differ once.
    let mut last = (0.0, 0.0);
    let agrees = (0..8).any(|_| {
        containers(&mut source);
        let (cpu, memory, limit) = stats(&docker, &id);
        let told = containers(&mut source);
        let row = docker_row(&told, &id).unwrap();
        let ours = row.memory_bytes.present().unwrap().0 as f64;
        assert!(is_within_5_percent(ours, memory), "{ours} is not {memory}");
        assert!(ours > 24.0 * MIB as f64, "a file in memory is no cache to drop");
        assert!(is_within_5_percent(64.0 * MIB as f64, limit));
        last = (row.cpu_percent.present().unwrap().0, cpu);
        is_within_5_percent(last.0, last.1)
    });
    assert!(agrees, "{} % is not {} %", last.0, last.1);

    // It sleeps: nothing is made up from before.
    docker.cli(&["pause", &id]);
    containers(&mut source);
    second();
    let told = containers(&mut source);
    let row = docker_row(&told, &id).unwrap();
    assert_eq!(row.state, Reading::Present(ContainerState::Paused));
    assert_eq!(row.cpu_percent, Reading::Present(Percent(0.0)));
    docker.cli(&["unpause", &id]);
    assert!(docker_row(&containers(&mut source), &id).unwrap().state.present().is_none());
}

#[test]
fn docker_tells_names_and_what_it_does_and_the_kernel_who_was_killed() {
    let Some(docker) = Docker::start() else { return };
    let evil = "evil=\u{1b}[2J\u{202e}x\ny";
    let named = docker.start_container(&["--name", "a.b_c-1", "--label", evil], "sleep 1000");
    let check = ["--health-cmd", "exit 0", "--health-interval", "1s"];
    let well = docker.start_container(&check, "sleep 1000");
    let again = docker.start_container(&["--restart", "always"], "sleep 1; exit 1");
    let options = ["--memory", "16m", "--memory-swap", "16m"];
    let killed =
        docker.start_container(&options, "while :; do tail -c 60m /dev/zero; sleep 0.3; done");
    let host = docker.cli(&["run", "-d", "--network", "host", "t:1", "/bin/sleep", "1000"]);
    let tcp = format!("tcp://127.0.0.1:{}", docker.port);
    let mut source = live(&[&docker.address()]);

    let told = until(&mut source, "a name", |told| {
        docker_row(told, &named).is_some_and(|row| row.restarts.present().is_some())
    });
    let row = docker_row(&told, &named).unwrap();
    assert_eq!(row.name, Reading::Present("a.b_c-1".into()));
    assert_eq!(row.image, Reading::Present("t:1".into()));
    assert_eq!(row.state, Reading::Present(ContainerState::Running));
    assert_eq!(row.health.reason(), Some(Reason::NotSupported), "it has no check");
    assert_eq!(row.restarts, Reading::Present(0));
    let labels = row.labels.present().unwrap();
    assert_eq!(&*labels[0].value, "\u{241b}[2J\u{fffd}x\u{240a}y");
    let version = docker.cli(&["version", "-f", "{{.Server.Version}}"]);
    assert!(told.engines[0].version.present().unwrap().ends_with(&version));
    assert_eq!(docker_row(&told, &host).unwrap().shares_network, Reading::Present(true));

    until(&mut source, "healthy", |told| {
        docker_row(told, &well).unwrap().health == Reading::Present(ContainerHealth::Healthy)
    });
    until(&mut source, "a restart", |told| {
        let row = docker_row(told, &again);
        row.is_some_and(|row| row.restarts.present().is_some_and(|count| *count > 0))
    });
    let told = until(&mut source, "a kill", |told| {
        docker_row(told, &killed).unwrap().oom_kills.present().is_some_and(|count| *count > 0)
    });
    let shown = *docker_row(&told, &killed).unwrap().oom_kills.present().unwrap();
    assert!(shown <= oom_kills(&killed));
    until(&mut source, "a kill now", |told| {
        let rate = docker_row(told, &killed).unwrap().oom_kills_per_second;
        rate.present().is_some_and(|rate| rate.0 > 0.0)
    });
    docker.cli(&["pause", &named]);
    let told = containers(&mut source);
    let state = docker_row(&told, &named).unwrap().state;
    assert_eq!(state, Reading::Present(ContainerState::Paused), "at once, by its control group");

    let names = |told: &Containers| -> Vec<String> {
        let named = told.rows.iter().filter(|row| row.image.present().is_some());
        named.filter_map(|row| row.name.present().map(ToString::to_string)).collect()
    };
    let mut sorted = names(&told);
    assert!(sorted.len() >= 4, "{sorted:?}");
    sorted.sort();
    assert_eq!(names(&told), sorted, "by name");
    let mut by_port = live(&[&tcp]);
    until(&mut by_port, "a name over the network", |told| {
        docker_row(told, &named).unwrap().name == Reading::Present("a.b_c-1".into())
    });
}

#[test]
fn twenty_containers_come_and_go_while_they_are_looked_at() {
    let Some(docker) = Docker::start() else { return };
    let mut source = live(&[&docker.address()]);
    let busy = AtomicBool::new(true);
    let mut most = 0;
    std::thread::scope(|scope| {
        let docker = &docker;
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                scope.spawn(move || {
                    for number in 0..5 {
                        let name = format!("burst-{worker}-{number}");
                        let id = docker.start_container(&["--name", &name], "sleep 1000");
                        docker.cli(&["rm", "-f", &id]);
                    }
                })
            })
            .collect();
        let busy = &busy;
        scope.spawn(move || {
            workers.into_iter().for_each(|worker| drop(worker.join()));
            busy.store(false, Ordering::Relaxed);
        });
        while busy.load(Ordering::Relaxed) {
            let told = containers(&mut source);
            let ours = told
                .rows
                .iter()
                .filter(|row| row.name.present().is_some_and(|name| name.starts_with("burst-")));
            for row in ours {
                // What sleeps uses next to nothing: more would be another's.
                assert!(
                    row.cpu_percent.present().is_none_or(|percent| percent.0 <= 100.0),
                    "{row:#?}"
                );
                assert!(
                    row.memory_bytes.present().is_none_or(|bytes| bytes.0 < 64 * MIB),
                    "{row:#?}"
                );
                assert_ne!(
                    row.memory_bytes.reason(),
                    Some(Reason::NotSupported),
                    "a row that is half gone"
                );
            }
            most = most.max(
                told.rows.iter().filter(|row| row.runtime == ContainerRuntime::Docker).count(),
            );
            pause();
        }
    });
    assert!(most > 0, "none was ever seen");
    let left = containers(&mut source);
    let ours = docker.cli(&["ps", "-q", "--no-trunc"]);
    assert!(ours.is_empty());
    let burst =
        |row: &&Container| row.name.present().is_some_and(|name| name.starts_with("burst-"));
    assert_eq!(left.rows.iter().filter(burst).count(), 0, "those that are gone have no row");
}

#[test]
fn podman_tells_names_too() {
    let Some(podman) = Podman::start() else { return };
    let run = [
        "run",
        "-d",
        "--network",
        "none",
        "--name",
        "pod-1",
        "--memory",
        "32m",
        "--label",
        "who=me",
    ];
    let script = ["t:1", "/bin/sh", "-c", "while :; do :; done"];
    let id = podman.cli(&[&run[..], &script].concat());
    let key = format!("podman/{id}");
    let mut source = live(&[&podman.address()]);
    let told = until(&mut source, "a name", |told| {
        row(told, &key).is_some_and(|row| {
            row.restarts.present().is_some() && row.cpu_percent.present().is_some()
        })
    });
    let row = row(&told, &key).unwrap();
    assert_eq!(row.name, Reading::Present("pod-1".into()));
    assert_eq!(row.image, Reading::Present("localhost/t:1".into()));
    assert_eq!(row.state, Reading::Present(ContainerState::Running));
    assert_eq!(row.memory_limit_bytes, Reading::Present(Some(Bytes(32 * MIB))));
    assert!(row.cpu_percent.present().unwrap().0 > 0.0);
    assert_eq!(
        row.labels.present().unwrap().iter().filter(|label| &*label.name == "who").count(),
        1
    );
    assert!(told.engines[0].version.present().unwrap().starts_with("Podman Engine "));
    podman.cli(&["rm", "-f", "-t", "0", &id]);
    assert!(super::row(&containers(&mut source), &key).is_none());
}

#[test]
fn lxc_is_known_by_its_control_group() {
    let name = format!("smonitor-{}", std::process::id());
    let Some(lxc) = Lxc::start(&name) else { return };
    let mut source = live(&[]);
    let key = format!("lxc/{name}");
    let told = until(&mut source, "figures", |told| {
        row(told, &key).is_some_and(|row| row.cpu_percent.present().is_some())
    });
    let row = row(&told, &key).unwrap();
    assert_eq!((&row.name, &*row.short), (&Reading::Present(name.as_str().into()), &*name));
    assert!(
        row.memory_bytes.present().is_some() && row.tasks.present().is_some_and(|tasks| *tasks > 0)
    );
    lxc.run("lxc-freeze", &[]);
    let frozen = until(&mut source, "a pause", |told| {
        super::row(told, &key).unwrap().state.present().is_some()
    });
    assert_eq!(super::row(&frozen, &key).unwrap().state, Reading::Present(ContainerState::Paused));
    lxc.run("lxc-unfreeze", &[]);

    // Two interfaces inside, tied to each other: what is said on one is heard on the other.
    let pid = lxc.run("lxc-info", &["-p", "-H"]);
    let inside = |arguments: &[&str]| {
        done(std::process::Command::new("nsenter").args(["-t", &pid, "-n"]).args(arguments))
    };
    inside(&["ip", "link", "add", "one", "type", "veth", "peer", "name", "two"]);
    inside(&["ip", "link", "set", "one", "up"]);
    inside(&["ip", "link", "set", "two", "up"]);
    containers(&mut source);
    let before = traffic(&pid);
    let begun = smonitor::clock::Clock::system();
    containers(&mut source);
    inside(&["ip", "address", "add", "10.9.8.1/24", "dev", "one"]);
    let probe = ["busybox", "arping", "-c", "1", "-I", "one", "10.9.8.2"];
    let _ = std::process::Command::new("nsenter").args(["-t", &pid, "-n"]).args(probe).output();
    let told = containers(&mut source);
    let rate = super::row(&told, &key).unwrap().received_bytes_per_second.present().unwrap().0;
    let seconds = begun.monotonic().as_secs_f64();
    let heard = (traffic(&pid) - before) as f64;
    assert!(heard > 0.0 && rate > 0, "{heard} bytes, {rate} per second");
    assert!(
        rate as f64 * seconds <= heard * 1.1 + 200.0,
        "{rate} for {seconds} s is more than {heard}"
    );
    assert!(Duration::from_secs(20).as_secs_f64() > seconds);
    lxc.run("lxc-stop", &["-k"]);
    until(&mut source, "the end", |told| super::row(told, &key).is_none());
}

/// Bytes received in the network of a process.
fn traffic(pid: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/net/dev")).unwrap();
    let lines = text.lines().skip(2).filter_map(|line| line.split_once(':'));
    let others = lines.filter(|(name, _)| name.trim() != "lo");
    others
        .map(|(_, numbers)| numbers.split_whitespace().next().unwrap().parse::<u64>().unwrap())
        .sum()
}
