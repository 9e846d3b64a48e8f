//! Takes out of a snapshot what an audience may not see. The one place that does it for what is said
//! of a host, whether as a document or as metrics.

use std::borrow::Cow;
use std::sync::Arc;

use crate::model::filesystem::FilesystemRole;
use crate::model::gpu::{GpuFinding, Gpus};
use crate::model::wire::HostRow;
use crate::model::{Audience, HostId, Reading, Reason, Section, Snapshot};

use super::Overview;

/// The snapshot as `audience` may see it, processes apart: they are another topic.
pub(super) fn host(snapshot: &Snapshot, audience: Audience) -> Cow<'_, Snapshot> {
    if audience.sees_names() {
        return Cow::Borrowed(snapshot);
    }
    let mut shown = snapshot.clone();
    whole(&mut shown.logins);
    whole(&mut shown.units);
    inside(&mut shown.network, |network| {
        network.primary = Reading::absent(Reason::Hidden);
        for interface in &mut network.interfaces {
            interface.addresses = Reading::absent(Reason::Hidden);
            interface.mac_address = Reading::absent(Reason::Hidden);
        }
    });
    // Where other filesystems are mounted tells of people and servers: `/home/alice`.
    inside(&mut shown.filesystems, |filesystems| {
        let all = filesystems.rows.len();
        filesystems.rows.retain(|row| row.role != FilesystemRole::Other);
        filesystems.left_out += (all - filesystems.rows.len()) as u64;
        for row in &mut filesystems.rows {
            row.mount_points.truncate(1);
            row.more_mount_points = 0;
        }
    });
    inside(&mut shown.disks, |disks| {
        for disk in &mut disks.rows {
            disk.name = disk.key.clone();
        }
    });
    inside(&mut shown.zfs, |zfs| zfs.pools.clear());
    inside(&mut shown.gpus, cards);
    // Even how many of them there are tells what people do.
    whole(&mut shown.containers);
    for source in Arc::make_mut(&mut shown.sources) {
        source.findings.clear();
    }
    Cow::Owned(shown)
}

/// The same to keep, with no processes in it whoever asks.
pub(super) fn without_processes(snapshot: &Snapshot, audience: Audience) -> Snapshot {
    let mut shown = host(snapshot, audience).into_owned();
    shown.processes = Arc::new(Section::not_collected(shown.processes.interval_ms));
    shown
}

/// Whether `audience` may know of the host in this line at all.
pub(super) fn sees(row: &HostRow, audience: Audience) -> bool {
    HostId::parse(&row.key).is_ok_and(|host| audience.sees_host(&host))
}

/// A line of the overview as `audience` may see it.
pub(super) fn row(row: &Arc<HostRow>, audience: Audience) -> Cow<'_, Arc<HostRow>> {
    if audience.sees_names() {
        return Cow::Borrowed(row);
    }
    let mut shown = HostRow::clone(row);
    shown.address = Reading::absent(Reason::Hidden);
    shown.users = Reading::absent(Reason::Hidden);
    Cow::Owned(Arc::new(shown))
}

/// The overview as `audience` may see it.
pub(super) fn overview(overview: &Overview, audience: Audience) -> Overview {
    let seen = overview.rows.iter().filter(|row| sees(row, audience));
    Overview {
        groups: overview.groups.clone(),
        rows: seen.map(|each| row(each, audience).into_owned()).collect(),
    }
}

/// Everybody who looks for a card may see which are free; who is on the others is not theirs to know.
fn cards(gpus: &mut Gpus) {
    gpus.processes.clear();
    gpus.people.clear();
    for card in &mut gpus.cards {
        card.uuid = Reading::absent(Reason::Hidden);
        card.serial = Reading::absent(Reason::Hidden);
        for slice in &mut card.slices {
            slice.uuid = Reading::absent(Reason::Hidden);
        }
        for finding in &mut card.health.findings {
            if let GpuFinding::GhostMemory { holders, .. } = finding {
                *holders = Reading::absent(Reason::Hidden);
            }
        }
    }
}

fn whole<T: Clone>(section: &mut Arc<Section<T>>) {
    if section.value.present().is_some() {
        Arc::make_mut(section).value = Reading::absent(Reason::Hidden);
    }
}

fn inside<T: Clone>(section: &mut Arc<Section<T>>, change: impl FnOnce(&mut T)) {
    if section.value.present().is_some()
        && let Reading::Present(value) = &mut Arc::make_mut(section).value
    {
        change(value);
    }
}
