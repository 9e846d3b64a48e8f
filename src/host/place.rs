//! `/proc/PID/cgroup` (cgroups(7)): which container, pod, batch job, service or session a process
//! belongs to. Bytes in, a [`Place`] out, no I/O; what a container does or is called by its engine
//! is not known here.
//!
//! A path says what whoever made the group wrote into it. Where a form is not known for certain
//! nothing is said: a wrong guess is worse than none.

use std::borrow::Cow;

use super::parse::visible;
use crate::model::Text;
use crate::model::place::{ContainerRef, ContainerRuntime, Place};

mod container;
mod unit;

pub use container::{FoundContainer, container_of};

/// Most bytes of the file that are looked at.
pub const FILE_BYTES: usize = 64 << 10;

/// The longest path the kernel writes; it writes none at all where one would be longer.
const PATH_BYTES: usize = 4096;

/// The longest name of a group the kernel has.
const NAME_BYTES: usize = 255;

/// What the kernel puts behind a group that was removed while the process was in it.
const DELETED: &str = " (deleted)";

/// Parses `/proc/PID/cgroup` of cgroup v1, v2 and both at once.
///
/// Every line is looked at, since hierarchies may differ: the container is the one of the line
/// with most containers around one another; service and session come from the line of systemd
/// (`name=systemd`), else that of cgroup v2, else any. In a container they are those of the systemd
/// inside. Lines of another form are passed over.
#[must_use]
pub fn parse_cgroup(bytes: &[u8]) -> Place {
    let mut lines: Vec<Line<'_>> = bytes.split(|&byte| byte == b'\n').filter_map(line).collect();
    lines.sort_by_key(|line| line.rank);
    let found: Vec<_> = lines.iter().map(|line| container::innermost(&line.path)).collect();
    // The first of equals: `max_by_key` gives the last.
    let best = found.iter().rev().flatten().max_by_key(|found| found.depth);
    let mut place = Place {
        container: best.map(|best| best.found.container.clone()),
        pod: best.and_then(|best| best.found.pod.clone()),
        ..Place::default()
    };
    for (line, found) in lines.iter().zip(&found) {
        if place.pod.is_none() {
            place.pod = container::pod_of(&line.path);
        }
        if place.slurm_job.is_none() {
            place.slurm_job = unit::slurm_job(&line.path);
        }
        // A line without the container tells of whoever started it.
        let below = match (best, found) {
            (Some(best), Some(found)) if found.found.container == best.found.container => {
                &line.path[found.found.group_len..]
            }
            (Some(_), _) => continue,
            (None, _) => &line.path,
        };
        if place.unit.is_none() && place.session.is_none() {
            (place.unit, place.session) = unit::unit_and_session(below);
        }
    }
    if place.slurm_job.is_some() && place.unit.as_ref().is_some_and(|unit| unit::is_slurm(unit)) {
        // Every job runs below it: it says nothing more.
        place.unit = None;
    }
    place
}

/// One line.
struct Line<'a> {
    /// Which tells most of services and sessions: the lowest.
    rank: u8,
    path: Cow<'a, str>,
}

/// `hierarchy:controllers:path`; the path may hold colons.
fn line(bytes: &[u8]) -> Option<Line<'_>> {
    let mut fields = bytes.splitn(3, |&byte| byte == b':');
    let (number, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
    super::parse::unsigned(number)?;
    if !path.starts_with(b"/") || path.len() > PATH_BYTES {
        return None;
    }
    let rank = match controllers {
        b"name=systemd" => 0,
        b"" => 1,
        _ => 2,
    };
    let path = match String::from_utf8_lossy(path) {
        Cow::Borrowed(path) => Cow::Borrowed(path.strip_suffix(DELETED).unwrap_or(path)),
        owned @ Cow::Owned(_) => owned,
    };
    Some(Line { rank, path })
}

/// The names in a path with where each ends, in bytes. Names the kernel does not have are passed
/// over.
fn names(path: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut end = 0;
    path.split('/').filter_map(move |name| {
        // The slash before every name but the first.
        let start = end;
        end = start + name.len() + 1;
        let known = !name.is_empty() && name != ".." && name.len() <= NAME_BYTES;
        known.then_some((name, start + name.len()))
    })
}

/// A name as it may be shown.
fn shown(name: &str) -> Text {
    Text::from(visible(name.as_bytes()))
}

#[cfg(test)]
mod tests;
