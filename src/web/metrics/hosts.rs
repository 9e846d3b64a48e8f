//! Whether hosts are up: of an app each of its hosts, of a node itself.

use super::text::Page;
use crate::model::cluster::HostState;

pub(super) const ORIGIN: &str = "`status` of each host";

metrics! {
    UP: Gauge "smonitor_host_up", ["host"],
        "Whether what is shown of the host is true now: 1, or 0 if it is stale, down or not heard of yet.";
}

/// A host in maintenance is neither, so it has no sample.
pub(super) fn write<'a>(page: &mut Page, hosts: impl Iterator<Item = (&'a str, HostState)>) {
    page.family(&UP, |samples| {
        for (host, state) in hosts.filter(|(_, state)| *state != HostState::Maintenance) {
            samples.add(&[host], state.is_current());
        }
    });
}
