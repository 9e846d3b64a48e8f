//! Network and sockets: machines out of files to which something happens, and this very machine.

use std::time::Duration;

use smonitor::host::network::{LIFE, NetworkSource};
use smonitor::host::{Collected, Context, Source};
use smonitor::model::Reason;
use smonitor::model::network::{Interface, Network, Sockets};

mod live;
mod made;
mod sockets;

fn network(source: &mut NetworkSource) -> Network {
    match source.collect() {
        Ok(Collected::Network(network)) => network,
        other => panic!("{other:?}"),
    }
}

fn sockets(collected: Result<Collected, Reason>) -> Sockets {
    match collected {
        Ok(Collected::Sockets(sockets)) => sockets,
        other => panic!("{other:?}"),
    }
}

fn row<'a>(network: &'a Network, name: &str) -> &'a Interface {
    let found = network.interfaces.iter().find(|interface| interface.key.as_str() == name);
    found.unwrap_or_else(|| panic!("{name} is not in {:?}", names(network)))
}

fn names(network: &Network) -> Vec<&str> {
    network.interfaces.iter().map(|interface| interface.key.as_str()).collect()
}

fn live_context() -> Context {
    Context {
        roots: smonitor::host::Roots::live(),
        clock: smonitor::clock::Clock::system(),
        rate_window: Duration::from_secs(60),
    }
}
