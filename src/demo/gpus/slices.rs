//! The instances of the made-up card that is divided.

use super::people::whole_pages;
use crate::demo::moment::Moment;
use crate::model::gpu::{DeviceSlice, GpuMemory, GpuProcess, GpuState};
use crate::model::{Bytes, Percent, Reading, Reason};

/// Number of the instance, its profile and its memory in GiB.
const SLICES: [(u32, &str, f64); 5] = [
    (1, "3g.40gb", 39.25),
    (7, "1g.10gb", 9.5),
    (8, "1g.10gb", 9.5),
    (9, "1g.10gb", 9.5),
    (10, "1g.10gb", 9.5),
];

/// What an empty instance has in use.
const EMPTY_GIB: f64 = 0.0127;

/// Identity of the instance of that number.
pub(super) fn key(number: u32) -> String {
    format!("{}:{number}", super::DIVIDED)
}

pub(super) fn slices(moment: Moment, processes: &[GpuProcess]) -> Vec<DeviceSlice> {
    SLICES.into_iter().map(|slice| one(moment, slice, processes)).collect()
}

fn one(
    moment: Moment,
    (number, profile, gib): (u32, &str, f64),
    processes: &[GpuProcess],
) -> DeviceSlice {
    let key = key(number);
    let mine = || processes.iter().filter(|row| row.slice.as_deref() == Some(key.as_str()));
    let used = mine().filter_map(|row| row.memory_bytes.present()).map(|bytes| bytes.0).sum();
    let count = u32::try_from(mine().count()).unwrap_or(u32::MAX);
    let total = Bytes(whole_pages(gib));
    let used = Bytes(if count == 0 { (EMPTY_GIB * crate::demo::GIB) as u64 } else { used });
    DeviceSlice {
        uuid: Reading::Present(format!("MIG-{}", super::card::uuid(moment, &key)).into()),
        profile: Reading::Present(profile.into()),
        gpu_instance: Reading::Present(number),
        compute_instance: Reading::Present(0),
        state: if count == 0 { GpuState::Free } else { GpuState::Busy },
        memory: GpuMemory {
            total_bytes: Reading::Present(total),
            used_bytes: Reading::Present(used),
            reserved_bytes: Reading::Present(Bytes(0)),
            free_bytes: Reading::Present(Bytes(total.0.saturating_sub(used.0))),
            used_percent: Reading::from_option(
                Percent::of_bytes(used, total),
                Reason::NotSupported,
            ),
            bar1_total_bytes: super::not_supported(),
            bar1_used_bytes: super::not_supported(),
        },
        process_count: Reading::Present(count),
        key: key.into(),
    }
}
