//! Lists, whose callers first ask how long they are: processes, their utilisation, retired pages.

use std::ffi::{c_uint, c_ulonglong};

use nvml_wrapper_sys::bindings as nvml;
use serde_json::Value;

use crate::answer::{
    Asked, Code, INSUFFICIENT_SIZE, INVALID_ARGUMENT, NOT_FOUND, Outcome, bad, below, leave,
    narrow, refused,
};
use crate::world;

/// What the driver says of memory, instances and the like that it does not know.
const UNKNOWN_LONG: u64 = u64::MAX;
const UNKNOWN_INT: c_uint = c_uint::MAX;

/// When the first samples were taken, microseconds since 1970: 2026-11-20T12:00:00Z.
const FIRST_SAMPLE_US: u64 = 1_795_176_000_000_000;
/// From one reading of samples to the next.
const SAMPLE_STEP_US: u64 = 1_000_000;

/// The protocol of all lists: without room, the length; with too little, the length and an error;
/// else the list. A caller who asks for the length of a list that is in a `race` hears less than it
/// then has.
///
/// # Safety
///
/// `count` is null or valid, `to` is null or valid for `*count` items.
unsafe fn list<T>(
    asked: &Asked,
    what: &str,
    items: Vec<T>,
    count: *mut c_uint,
    to: *mut T,
) -> Outcome {
    if count.is_null() {
        return Err(INVALID_ARGUMENT);
    }
    // SAFETY: not null, and the caller's promise.
    let count = unsafe { &mut *count };
    let room = *count as usize;
    let length: c_uint = narrow(items.len() as u64)?;
    if to.is_null() || room == 0 {
        *count = length - hidden(asked, what).min(length);
        return if *count == 0 { Ok(()) } else { Err(INSUFFICIENT_SIZE) };
    }
    *count = length;
    if room < items.len() {
        return Err(INSUFFICIENT_SIZE);
    }
    for (at, item) in items.into_iter().enumerate() {
        // SAFETY: there is room for all items.
        unsafe { to.add(at).write(item) };
    }
    Ok(())
}

/// How many items came since the length was asked for: `"race": {"ComputeRunningProcesses":
/// {"more": 9, "times": 1}}`; without `times`, each time.
fn hidden(asked: &Asked, what: &str) -> c_uint {
    let race = &asked.card()["race"][what];
    let Some(more) = race["more"].as_u64() else {
        return 0;
    };
    let name = format!("race@{} {what}", asked.handle.card);
    let before = world::lock().read_before(&name);
    let goes_on = race["times"].as_u64().is_none_or(|times| before < times);
    if goes_on { narrow(more).unwrap_or(0) } else { 0 }
}

/// The processes of this kind. A card has one list; an instance has those with its numbers.
fn processes<'a>(asked: &'a Asked, what: &str, kind: &str) -> Result<Vec<&'a Value>, Code> {
    asked.noted(what, refused(&asked.target()[what]))?;
    let card = asked.card();
    let all = asked.noted("processes", below(card, &["processes"]))?;
    let all = all.as_array().ok_or_else(|| bad(what, all))?;
    let target = asked.target();
    let is_on = |process: &Value| {
        asked.handle.slot.is_none()
            || (process["gi"] == target["GpuInstanceId"]
                && process["ci"] == target["ComputeInstanceId"])
    };
    let has_kind = |process: &Value| {
        process["kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind))
    };
    Ok(all.iter().filter(|process| has_kind(process) && is_on(process)).collect())
}

fn pid(process: &Value) -> Result<c_uint, Code> {
    narrow(process["pid"].as_u64().ok_or_else(|| bad("pid", process))?)
}

fn process(process: &Value) -> Result<nvml::nvmlProcessInfo_t, Code> {
    let instance = |key: &str| process[key].as_u64().map_or(Ok(UNKNOWN_INT), narrow);
    Ok(nvml::nvmlProcessInfo_t {
        pid: pid(process)?,
        usedGpuMemory: process["memory"].as_u64().unwrap_or(UNKNOWN_LONG),
        gpuInstanceId: instance("gi")?,
        computeInstanceId: instance("ci")?,
    })
}

fn process_v1(process: &Value) -> Result<nvml::nvmlProcessInfo_v1_t, Code> {
    let usedGpuMemory = process["memory"].as_u64().unwrap_or(UNKNOWN_LONG);
    Ok(nvml::nvmlProcessInfo_v1_t { pid: pid(process)?, usedGpuMemory })
}

macro_rules! process_lists {
    ($($name:ident => $what:literal, $kind:literal, $type:ty, $make:ident;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(
            device: nvml::nvmlDevice_t,
            count: *mut c_uint,
            to: *mut $type,
        ) -> Code {
            leave(Asked::new(stringify!($name), device).and_then(|asked| {
                let rows = processes(&asked, $what, $kind)?;
                let items = rows.into_iter().map($make).collect::<Result<Vec<_>, _>>()?;
                // SAFETY: as NVML asks of its callers.
                unsafe { list(&asked, $what, items, count, to) }
            }))
        }
    )*};
}

process_lists! {
    nvmlDeviceGetComputeRunningProcesses_v3 =>
        "ComputeRunningProcesses", "compute", nvml::nvmlProcessInfo_t, process;
    nvmlDeviceGetComputeRunningProcesses_v2 =>
        "ComputeRunningProcesses", "compute", nvml::nvmlProcessInfo_v2_t, process;
    nvmlDeviceGetComputeRunningProcesses =>
        "ComputeRunningProcesses", "compute", nvml::nvmlProcessInfo_v1_t, process_v1;
    nvmlDeviceGetGraphicsRunningProcesses_v3 =>
        "GraphicsRunningProcesses", "graphics", nvml::nvmlProcessInfo_t, process;
    nvmlDeviceGetGraphicsRunningProcesses_v2 =>
        "GraphicsRunningProcesses", "graphics", nvml::nvmlProcessInfo_v2_t, process;
    nvmlDeviceGetGraphicsRunningProcesses =>
        "GraphicsRunningProcesses", "graphics", nvml::nvmlProcessInfo_v1_t, process_v1;
    nvmlDeviceGetMPSComputeRunningProcesses_v3 =>
        "MPSComputeRunningProcesses", "mps", nvml::nvmlProcessInfo_t, process;
    nvmlDeviceGetMPSComputeRunningProcesses_v2 =>
        "MPSComputeRunningProcesses", "mps", nvml::nvmlProcessInfo_v2_t, process;
    nvmlDeviceGetMPSComputeRunningProcesses =>
        "MPSComputeRunningProcesses", "mps", nvml::nvmlProcessInfo_v1_t, process_v1;
}

/// Samples of utilisation newer than `last_seen`. Time goes on by one step with every reading of the
/// list (not of its length); a process whose sample has `age` was sampled that many steps ago, and
/// one with `"at"` always at that time.
fn samples(asked: &Asked, reads: bool, last_seen: u64) -> Result<Vec<Sample>, Code> {
    let all = asked.at(&["ProcessUtilization"])?;
    let all = all.as_array().ok_or_else(|| bad("ProcessUtilization", all))?;
    let name = format!("ProcessUtilization@{}", asked.handle.card);
    let steps = if reads { world::lock().read_before(&name) } else { world::lock().reads(&name) };
    let now = FIRST_SAMPLE_US + steps * SAMPLE_STEP_US;
    let mut fresh = Vec::new();
    for one in all {
        let age = one["age"].as_u64().unwrap_or(0);
        let at = one["at"].as_u64().unwrap_or(now - age * SAMPLE_STEP_US);
        let of = |key: &str| narrow::<c_uint>(one[key].as_u64().unwrap_or(0));
        if at > last_seen {
            fresh.push(Sample {
                pid: pid(one)?,
                timeStamp: at,
                smUtil: of("sm")?,
                memUtil: of("mem")?,
                encUtil: of("enc")?,
                decUtil: of("dec")?,
            });
        }
    }
    if fresh.is_empty() { Err(NOT_FOUND) } else { Ok(fresh) }
}

type Sample = nvml::nvmlProcessUtilizationSample_t;

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetProcessUtilization(
    device: nvml::nvmlDevice_t,
    to: *mut Sample,
    count: *mut c_uint,
    last_seen: c_ulonglong,
) -> Code {
    leave(Asked::new("nvmlDeviceGetProcessUtilization", device).and_then(|asked| {
        let items = samples(&asked, !to.is_null(), last_seen)?;
        // SAFETY: as NVML asks of its callers.
        unsafe { list(&asked, "ProcessUtilization", items, count, to) }
    }))
}

const CAUSES: [&str; 2] = ["single_bit", "double_bit"];

/// Address and time of the pages retired for this cause.
fn pages(asked: &Asked, cause: c_uint) -> Result<Vec<[u64; 2]>, Code> {
    let cause = CAUSES.get(cause as usize).ok_or(INVALID_ARGUMENT)?;
    let all = asked.at(&["RetiredPages", cause])?;
    let all = all.as_array().ok_or_else(|| bad("RetiredPages", all))?;
    all.iter()
        .map(|page| {
            let of = |key: &str| page[key].as_u64().ok_or_else(|| bad(key, page));
            Ok([of("address")?, of("timestamp")?])
        })
        .collect()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetRetiredPages(
    device: nvml::nvmlDevice_t,
    cause: nvml::nvmlPageRetirementCause_t,
    count: *mut c_uint,
    addresses: *mut c_ulonglong,
) -> Code {
    leave(Asked::new("nvmlDeviceGetRetiredPages", device).and_then(|asked| {
        let items = pages(&asked, cause)?.into_iter().map(|[address, _]| address).collect();
        // SAFETY: as NVML asks of its callers.
        unsafe { list(&asked, "RetiredPages", items, count, addresses) }
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetRetiredPages_v2(
    device: nvml::nvmlDevice_t,
    cause: nvml::nvmlPageRetirementCause_t,
    count: *mut c_uint,
    addresses: *mut c_ulonglong,
    times: *mut c_ulonglong,
) -> Code {
    leave(Asked::new("nvmlDeviceGetRetiredPages_v2", device).and_then(|asked| {
        let all = pages(&asked, cause)?;
        let stamps: Vec<_> = all.iter().map(|[_, time]| *time).collect();
        let items = all.into_iter().map(|[address, _]| address).collect();
        // SAFETY: as NVML asks of its callers.
        let has_room = !addresses.is_null() && !count.is_null() && unsafe { *count } > 0;
        // SAFETY: as NVML asks of its callers.
        unsafe { list(&asked, "RetiredPages", items, count, addresses) }?;
        if !has_room {
            return Ok(());
        }
        if times.is_null() {
            return Err(INVALID_ARGUMENT);
        }
        for (at, stamp) in stamps.into_iter().enumerate() {
            // SAFETY: the caller has as much room for times as for addresses, which sufficed.
            unsafe { times.add(at).write(stamp) };
        }
        Ok(())
    }))
}
