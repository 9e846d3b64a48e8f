//! What the operating system says of smonitor's own process. Not a source: it is asked when somebody
//! wants to know, and answers at once.

use std::path::Path;

use rustix::process::{Resource, getrlimit};

use super::process::stat;
use super::{Roots, files};
use crate::model::{Bytes, Reading, Reason, Seconds};

/// The process that runs this.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OwnProcess {
    /// User and system time (`/proc/self/stat`).
    pub cpu_seconds: Reading<Seconds>,
    /// Resident memory (`/proc/self/statm`).
    pub resident_bytes: Reading<Bytes>,
    /// Address space (`/proc/self/stat`).
    pub virtual_bytes: Reading<Bytes>,
    /// Open files (`/proc/self/fd`).
    pub open_files: Reading<u64>,
    /// How many there may be (getrlimit(2)); absent if there is no limit.
    pub open_files_limit: Reading<u64>,
}

impl OwnProcess {
    /// Asks.
    #[must_use]
    pub fn read(roots: &Roots) -> Self {
        let own = roots.proc("self");
        let bytes = files::read(&own.join("stat"), files::SMALL);
        let stat = bytes.as_deref().map_err(|reason| *reason);
        let stat: Reading<_> = stat.and_then(|bytes| Ok(stat::parse_stat(bytes)?)).into();
        Self {
            cpu_seconds: stat.map(|stat| Seconds::new(seconds(stat.cpu_ticks))),
            resident_bytes: resident(&own).into(),
            virtual_bytes: stat.map(|stat| Bytes(stat.virtual_bytes)),
            open_files: open_files(&own.join("fd")).into(),
            open_files_limit: Reading::from_option(
                getrlimit(Resource::Nofile).current,
                Reason::NotSupported,
            ),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of ticks needs no more than 53 bits")]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

fn resident(own: &Path) -> Result<Bytes, Reason> {
    let pages = stat::parse_statm(&files::read(&own.join("statm"), files::SMALL)?)?.resident;
    Ok(Bytes(pages.saturating_mul(rustix::param::page_size() as u64)))
}

/// Since Linux 6.2 the folder's size says how many there are; before, it is 0 and they are counted.
fn open_files(folder: &Path) -> Result<u64, Reason> {
    let read_failed = |error: std::io::Error| files::reason(&error);
    match std::fs::metadata(folder).map_err(read_failed)?.len() {
        0 => Ok(std::fs::read_dir(folder).map_err(read_failed)?.count() as u64),
        count => Ok(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_described() {
        let own = OwnProcess::read(&Roots::live());
        assert!(own.resident_bytes.present().unwrap().0 > 1 << 20);
        assert!(own.virtual_bytes.present().unwrap().0 >= own.resident_bytes.present().unwrap().0);
        let open = *own.open_files.present().unwrap();
        assert!(own.open_files_limit.present().is_none_or(|limit| *limit > open));
        // Other tests open and close files meanwhile.
        let counted = std::fs::read_dir(Roots::live().proc("self/fd")).unwrap().count() as u64;
        assert!(open.abs_diff(counted) < 100, "{open} open, {counted} counted");
        assert!(own.cpu_seconds.present().unwrap().0 < 3600.0);
    }

    #[test]
    fn where_there_is_nothing_everything_is_absent() {
        let folder = tempfile::tempdir().unwrap();
        let own = OwnProcess::read(&Roots::at(folder.path()));
        assert_eq!(own.cpu_seconds.reason(), Some(Reason::NotSupported));
        assert_eq!(own.open_files.reason(), Some(Reason::NotSupported));
    }
}
