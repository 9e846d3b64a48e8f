//! Events: `"events": [{"number": 1, "card": 3, "type": 8, "data": 79}]`. Each is delivered once, by
//! its number, to a set that its card is registered with.

use std::collections::BTreeMap;
use std::ffi::{c_uint, c_ulonglong};
use std::time::{Duration, Instant};

use nvml_wrapper_sys::bindings as nvml;
use serde_json::Value;

use crate::answer::{
    Asked, Code, Handle, INVALID_ARGUMENT, NOT_SUPPORTED, Outcome, bad, enter_initialised, leave,
    narrow, put, refused,
};
use crate::world;

/// How often a waiting set looks for an event.
const LOOK: Duration = Duration::from_millis(5);

/// What nvmlEventTypeXidCriticalError is.
const XID: u64 = 8;

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlEventSetCreate(to: *mut nvml::nvmlEventSet_t) -> Code {
    let set = enter_initialised("nvmlEventSetCreate", None).map(|_| {
        let mut world = world::lock();
        world.next_event_set += 1;
        let number = world.next_event_set;
        world.event_sets.insert(number, BTreeMap::new());
        std::ptr::without_provenance_mut(number)
    });
    // SAFETY: as NVML asks of its callers.
    leave(set.and_then(|set| unsafe { put(to, set) }))
}

#[unsafe(no_mangle)]
extern "C" fn nvmlEventSetFree(set: nvml::nvmlEventSet_t) -> Code {
    leave(enter_initialised("nvmlEventSetFree", None).and_then(|_| {
        world::lock().event_sets.remove(&set.addr()).map(|_| ()).ok_or(INVALID_ARGUMENT)
    }))
}

fn register(device: nvml::nvmlDevice_t, mask: u64, set: nvml::nvmlEventSet_t) -> Outcome {
    let asked = Asked::new("nvmlDeviceRegisterEvents", device)?;
    if mask & !asked.number(&["SupportedEventTypes"])? != 0 {
        return Err(NOT_SUPPORTED);
    }
    let mut world = world::lock();
    let cards = world.event_sets.get_mut(&set.addr()).ok_or(INVALID_ARGUMENT)?;
    *cards.entry(asked.handle.card).or_default() |= mask;
    Ok(())
}

#[unsafe(no_mangle)]
extern "C" fn nvmlDeviceRegisterEvents(
    device: nvml::nvmlDevice_t,
    mask: c_ulonglong,
    set: nvml::nvmlEventSet_t,
) -> Code {
    leave(register(device, mask, set))
}

/// The oldest event that this set has not seen.
fn next(set: usize, scenario: &Value) -> Result<Option<nvml::nvmlEventData_t>, Code> {
    let mut world = world::lock();
    let cards = world.event_sets.get(&set).ok_or(INVALID_ARGUMENT)?;
    let all = scenario["events"].as_array().map_or(&[][..], Vec::as_slice);
    let number = |event: &Value| event["number"].as_u64().unwrap_or(0);
    let kind = |event: &Value| event["type"].as_u64().unwrap_or(XID);
    let card = |event: &Value| event["card"].as_u64().and_then(|card| usize::try_from(card).ok());
    let is_for = |event: &Value| {
        card(event).and_then(|card| cards.get(&card)).is_some_and(|mask| mask & kind(event) != 0)
            || event.get("error").is_some()
    };
    let last = world.last_event;
    let fresh = all.iter().filter(|event| number(event) > last && is_for(event));
    let Some(event) = fresh.min_by_key(|event| number(event)) else {
        return Ok(None);
    };
    world.last_event = number(event);
    refused(event)?;
    let card = card(event).ok_or_else(|| bad("events", event))?;
    let instance = |key: &str| event[key].as_u64().map_or(Ok(c_uint::MAX), narrow);
    Ok(Some(nvml::nvmlEventData_t {
        device: Handle { card, slot: None }.pointer(),
        eventType: kind(event),
        eventData: event["data"].as_u64().ok_or_else(|| bad("events", event))?,
        gpuInstanceId: instance("gi")?,
        computeInstanceId: instance("ci")?,
    }))
}

fn wait(set: nvml::nvmlEventSet_t, timeout_ms: c_uint) -> Result<nvml::nvmlEventData_t, Code> {
    let mut scenario = enter_initialised("nvmlEventSetWait_v2", None)?;
    let began = Instant::now();
    let most = Duration::from_millis(timeout_ms.into());
    loop {
        if let Some(event) = next(set.addr(), &scenario)? {
            return Ok(event);
        }
        if began.elapsed() >= most {
            return Err(nvml::nvmlReturn_enum_NVML_ERROR_TIMEOUT);
        }
        std::thread::sleep(LOOK.min(most));
        scenario = world::look()?;
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlEventSetWait_v2(
    set: nvml::nvmlEventSet_t,
    to: *mut nvml::nvmlEventData_t,
    timeout_ms: c_uint,
) -> Code {
    // SAFETY: as NVML asks of its callers.
    leave(wait(set, timeout_ms).and_then(|event| unsafe { put(to, event) }))
}
