//! A Docker that stands still, as one does whose disk is full or gone.

use rustix::process::Signal;
use smonitor::model::{Reading, Reason};

use super::daemons::{Docker, signal};
use super::engine::{live, until};
use super::{containers, row};

#[test]
fn a_docker_that_stands_still_delays_nobody_and_is_told() {
    let Some(docker) = Docker::start() else { return };
    let id = docker.start_container(&["--name", "works"], "while :; do :; done");
    let key = format!("docker/{id}");
    let mut source = live(&[&docker.address()]);
    until(&mut source, "a name", |told| {
        row(told, &key).is_some_and(|row| row.restarts.present().is_some())
    });
    signal(docker.pid(), Signal::STOP);
    // `until` fails if a single run takes long.
    let told = until(&mut source, "a problem", |told| told.engines[0].problem.is_some());
    let problem = told.engines[0].problem.unwrap();
    assert_eq!(problem.reason, Reason::NotResponding);
    let stopped = row(&told, &key).unwrap();
    assert_eq!(stopped.name, Reading::Present("works".into()), "it has not changed");
    assert_eq!(stopped.state.reason(), Some(Reason::NotResponding), "it may have");
    let cpu = stopped.cpu_percent.present();
    assert!(cpu.is_some_and(|percent| percent.0 > 0.0), "figures need no engine: {cpu:?}");
    // The first request has given up, and the next one hangs again: it is the same trouble.
    for _ in 0..20 {
        crate::host_machine::pause();
        let later = containers(&mut source);
        assert_eq!(later.engines[0].problem, Some(problem), "since when it began");
    }
    signal(docker.pid(), Signal::CONT);
    let well = until(&mut source, "an answer", |told| told.engines[0].problem.is_none());
    assert!(row(&well, &key).unwrap().restarts.present().is_some());
}
