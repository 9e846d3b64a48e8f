//! How many sockets and cores the online processors make up.

use std::collections::BTreeSet;

use super::info::CpuInfo;
use crate::host::parse::signed;
use crate::host::{Roots, files};
use crate::model::{Reading, Reason};

/// Counts over the online processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) sockets: Reading<u32>,
    pub(super) cores: Reading<u32>,
}

/// Counts by the kernel's topology of each processor, `devices/system/cpu/cpuN/topology`
/// (kernel document admin-guide/cputopology.rst), else by `physical id` and `core id` of `cpuinfo`.
///
/// A core is a set of processors that are each other's `thread_siblings_list`: on some machines a
/// `core_id` occurs twice in a package. Only where that file is missing, package and `core_id`
/// make a core.
pub(super) fn count(roots: &Roots, online: &[u32], cpuinfo: Option<&CpuInfo>) -> Counts {
    let mut sockets = BTreeSet::new();
    let mut cores = BTreeSet::new();
    let mut refused = Reason::NotSupported;
    for id in online {
        let folder = roots.sys(format!("devices/system/cpu/cpu{id}/topology"));
        let read = |name: &str| files::read(&folder.join(name), files::SMALL);
        match read("physical_package_id").map(|bytes| signed(bytes.trim_ascii())) {
            // -1 is the kernel's "unknown".
            Ok(Some(package)) if package >= 0 => {
                sockets.insert(package);
            }
            Ok(_) => {}
            Err(reason) => refused = reason,
        }
        if let Ok(siblings) = read("thread_siblings_list") {
            cores.insert(siblings);
        } else if let Ok(core) = read("core_id") {
            let mut key = read("physical_package_id").unwrap_or_default();
            key.extend(core);
            cores.insert(key);
        }
    }
    let from_cpuinfo = |pick: fn(&(u64, u64)) -> (u64, u64)| {
        let distinct: BTreeSet<_> = cpuinfo.iter().flat_map(|info| &info.cores).map(pick).collect();
        distinct.len()
    };
    let reading = |found: usize, fallback: usize| {
        let count = if found > 0 { found } else { fallback };
        let count = u32::try_from(count).ok().filter(|&count| count > 0);
        Reading::from_option(count, refused)
    };
    Counts {
        sockets: reading(sockets.len(), from_cpuinfo(|&(package, _)| (package, 0))),
        cores: reading(cores.len(), from_cpuinfo(|&core| core)),
    }
}
