//! The made-up memory, as full as the made-up processes make it, and its two nodes.

use super::cpu::pressure;
use super::moment::Moment;
use super::{GIB, SWAP};
use crate::model::memory::{MEMINFO_KEYS, Meminfo, Memory, Swap};
use crate::model::numa::{Numa, NumaNode};
use crate::model::process::ProcessTable;
use crate::model::{Bytes, BytesPerSecond, Percent, Reading, Reason};

fn free(moment: Moment) -> Bytes {
    Bytes(((90.0 + 6.0 * moment.wave("free", 200.0)) * GIB) as u64)
}

pub(super) fn memory(moment: Moment, processes: &ProcessTable) -> Memory {
    let resident: f64 =
        processes.rows.iter().map(|process| process.row.resident_bytes.0 as f64).sum();
    of_used(moment, Bytes((resident + 9.0 * GIB) as u64), free(moment))
}

/// Memory of which so much is used, and so much of the rest free.
pub(super) fn of_used(moment: Moment, used: Bytes, free: Bytes) -> Memory {
    let total = moment.hardware.memory;
    let available = Bytes(total.0.saturating_sub(used.0));
    let swap_used = Bytes((0.4 * GIB + 2.0e8 * moment.wave("swap", 600.0)) as u64);
    let buffers = Bytes((2.1 * GIB) as u64);
    let memory = Memory {
        total_bytes: total,
        used_bytes: used,
        used_percent: Reading::from_option(Percent::of_bytes(used, total), Reason::NotSupported),
        available_bytes: Reading::Present(available),
        free_bytes: free,
        buffers_bytes: Reading::Present(buffers),
        cached_bytes: Reading::Present(Bytes(
            available.0.saturating_sub(free.0).saturating_sub(buffers.0),
        )),
        shared_bytes: Reading::Present(Bytes((3.2 * GIB) as u64)),
        dirty_bytes: Reading::Present(Bytes((4.0e7 + 3.0e7 * moment.wave("dirty", 30.0)) as u64)),
        transparent_huge_bytes: Reading::Present(Bytes((11.5 * GIB) as u64)),
        huge_pages: Reading::absent(Reason::NotSupported),
        swap: Reading::Present(Swap {
            total_bytes: SWAP,
            used_bytes: swap_used,
            free_bytes: Bytes(SWAP.0 - swap_used.0),
            used_percent: Reading::from_option(
                Percent::of_bytes(swap_used, SWAP),
                Reason::NotSupported,
            ),
            in_bytes_per_second: Reading::Present(BytesPerSecond(0)),
            out_bytes_per_second: Reading::Present(BytesPerSecond(0)),
        }),
        pressure: Reading::Present(pressure(moment, "memory pressure", 0.3)),
        meminfo: Meminfo::default(),
    };
    Memory { meminfo: meminfo(&memory), ..memory }
}

/// What the made-up kernel would say of it.
fn meminfo(memory: &Memory) -> Meminfo {
    let present = |reading: Reading<Bytes>| reading.present().map(|bytes| bytes.0);
    let swap = memory.swap.present();
    let shared = present(memory.shared_bytes);
    let value = |key: &&str| match *key {
        "MemTotal" => Some(memory.total_bytes.0),
        "MemFree" => Some(memory.free_bytes.0),
        "MemAvailable" => present(memory.available_bytes),
        "Buffers" => present(memory.buffers_bytes),
        "Cached" => {
            present(memory.cached_bytes).zip(shared).map(|(cached, shared)| cached + shared)
        }
        "Shmem" => shared,
        "Dirty" => present(memory.dirty_bytes),
        "AnonHugePages" => present(memory.transparent_huge_bytes),
        "SwapTotal" => swap.map(|swap| swap.total_bytes.0),
        "SwapFree" => swap.map(|swap| swap.free_bytes.0),
        _ => None,
    };
    Meminfo { values: MEMINFO_KEYS.iter().map(value).collect() }
}

/// Two nodes, the second with less free: jobs ask for the cards that hang on it.
pub(super) fn numa(moment: Moment) -> Numa {
    of_free(moment, free(moment))
}

/// The two nodes of a machine that has so much free.
pub(super) fn of_free(moment: Moment, Bytes(free): Bytes) -> Numa {
    let threads = moment.hardware.threads;
    let (half, quarter) = (threads / 2, threads / 4);
    let node = |number: u32| {
        let total = Bytes(moment.hardware.memory.0 / 2);
        let free = Bytes(if number == 0 { free / 10 * 6 } else { free - free / 10 * 6 });
        let used = Bytes(total.0 - free.0);
        NumaNode {
            key: number.to_string().into(),
            cpus: if number == 0 {
                format!("0-{},{half}-{}", quarter - 1, half + quarter - 1)
            } else {
                format!("{quarter}-{},{}-{}", half - 1, half + quarter, threads - 1)
            }
            .into(),
            total_bytes: Reading::Present(total),
            free_bytes: Reading::Present(free),
            used_percent: Reading::from_option(
                Percent::of_bytes(used, total),
                Reason::NotSupported,
            ),
            misses_per_second: Reading::Present(
                moment.flow(&format!("misses {number}"), 35.0).events_per_second(),
            ),
            distances: if number == 0 { vec![10, 32] } else { vec![32, 10] },
        }
    };
    Numa { nodes: (0..2).map(node).collect() }
}
