//! Containers: machines out of files, engines that lie, and real Docker, Podman and LXC.

use smonitor::host::container::ContainerSource;
use smonitor::host::{Collected, Source as _};
use smonitor::model::container::{Container, Containers};

mod daemons;
mod engine;
mod fake;
mod made;
mod real;
mod stopped;

/// What a run tells.
fn containers(source: &mut ContainerSource) -> Containers {
    match source.collect() {
        Ok(Collected::Containers(containers)) => containers,
        other => panic!("not containers: {other:?}"),
    }
}

/// The row of this container.
fn row<'a>(containers: &'a Containers, key: &str) -> Option<&'a Container> {
    containers.rows.iter().find(|row| &*row.key == key)
}
