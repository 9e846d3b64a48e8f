//! Beginning and end, what is of no card, and the way to the handles of cards and instances.

use std::ffi::{CStr, c_char, c_int, c_uint};

use nvml_wrapper_sys::bindings as nvml;
use serde_json::Value;

use crate::answer::{
    Asked, Code, ERRORS, Handle, INVALID_ARGUMENT, NOT_FOUND, NOT_SUPPORTED, Outcome, bad,
    enter_initialised, leave, narrow, put, put_text, refused,
};
use crate::world;

fn init(name: &str) -> Outcome {
    let scenario = world::enter(name, None)?;
    refused(&scenario["init"])?;
    world::lock().initialised += 1;
    Ok(())
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn nvmlInit_v2() -> Code {
    leave(init("nvmlInit_v2"))
}

#[unsafe(no_mangle)]
extern "C" fn nvmlInit() -> Code {
    leave(init("nvmlInit"))
}

#[unsafe(no_mangle)]
extern "C" fn nvmlInitWithFlags(_flags: c_uint) -> Code {
    leave(init("nvmlInitWithFlags"))
}

#[unsafe(no_mangle)]
extern "C" fn nvmlShutdown() -> Code {
    leave(enter_initialised("nvmlShutdown", None).map(|_| world::lock().initialised -= 1))
}

#[unsafe(no_mangle)]
extern "C" fn nvmlErrorString(code: Code) -> *const c_char {
    let known = ERRORS.iter().find(|(_, one, _)| *one == code).map(|(.., text)| *text);
    let text = if code == 0 { c"Success" } else { known.unwrap_or(c"Unknown Error") };
    text.as_ptr()
}

/// # Safety
///
/// As `put_text`.
unsafe fn system_text(name: &str, key: &str, to: *mut c_char, length: c_uint) -> Outcome {
    let scenario = enter_initialised(name, None)?;
    let value = scenario["system"].get(key).ok_or(NOT_SUPPORTED)?;
    refused(value)?;
    // SAFETY: the caller's promise.
    unsafe { put_text(to, length, value.as_str().ok_or_else(|| bad(name, value))?) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlSystemGetDriverVersion(to: *mut c_char, length: c_uint) -> Code {
    // SAFETY: as NVML asks of its callers.
    leave(unsafe { system_text("nvmlSystemGetDriverVersion", "DriverVersion", to, length) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlSystemGetNVMLVersion(to: *mut c_char, length: c_uint) -> Code {
    // SAFETY: as NVML asks of its callers.
    leave(unsafe { system_text("nvmlSystemGetNVMLVersion", "NVMLVersion", to, length) })
}

/// # Safety
///
/// As `put`.
unsafe fn cuda_version(name: &str, to: *mut c_int) -> Outcome {
    let scenario = enter_initialised(name, None)?;
    let value = scenario["system"].get("CudaDriverVersion").ok_or(NOT_SUPPORTED)?;
    refused(value)?;
    let version = narrow(value.as_u64().ok_or_else(|| bad(name, value))?)?;
    // SAFETY: the caller's promise.
    unsafe { put(to, version) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlSystemGetCudaDriverVersion_v2(to: *mut c_int) -> Code {
    // SAFETY: as NVML asks of its callers.
    leave(unsafe { cuda_version("nvmlSystemGetCudaDriverVersion_v2", to) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlSystemGetCudaDriverVersion(to: *mut c_int) -> Code {
    // SAFETY: as NVML asks of its callers.
    leave(unsafe { cuda_version("nvmlSystemGetCudaDriverVersion", to) })
}

fn count(name: &str) -> Result<c_uint, Code> {
    let scenario = enter_initialised(name, None)?;
    if let Some(value) = scenario.get("count") {
        refused(value)?;
        return narrow(value.as_u64().ok_or_else(|| bad(name, value))?);
    }
    narrow(scenario["cards"].as_array().map_or(0, Vec::len) as u64)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetCount_v2(to: *mut c_uint) -> Code {
    // SAFETY: as NVML asks of its callers.
    leave(count("nvmlDeviceGetCount_v2").and_then(|count| unsafe { put(to, count) }))
}

/// The handle of the first card that is the one; a lost card has none.
fn handle(
    name: &str,
    is_it: impl Fn(usize, &Value) -> bool,
    otherwise: Code,
) -> Result<nvml::nvmlDevice_t, Code> {
    let scenario = enter_initialised(name, None)?;
    let cards = scenario["cards"].as_array().map_or(&[][..], Vec::as_slice);
    let found = cards.iter().enumerate().find(|(index, card)| is_it(*index, card));
    let (index, card) = found.ok_or(otherwise)?;
    world::count_for(name, index);
    refused(&card["handle"])?;
    if card["lost"].as_bool() == Some(true) {
        return Err(nvml::nvmlReturn_enum_NVML_ERROR_GPU_IS_LOST);
    }
    Ok(Handle { card: index, slot: None }.pointer())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetHandleByIndex_v2(
    wanted: c_uint,
    to: *mut nvml::nvmlDevice_t,
) -> Code {
    let found = handle(
        "nvmlDeviceGetHandleByIndex_v2",
        |index, _| index == wanted as usize,
        INVALID_ARGUMENT,
    );
    // SAFETY: as NVML asks of its callers.
    leave(found.and_then(|handle| unsafe { put(to, handle) }))
}

/// # Safety
///
/// `text` is null or ends with a zero.
unsafe fn text_of<'a>(text: *const c_char) -> Result<&'a str, Code> {
    if text.is_null() {
        return Err(INVALID_ARGUMENT);
    }
    // SAFETY: not null, and the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_str().map_err(|_| INVALID_ARGUMENT)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetHandleByUUID(
    uuid: *const c_char,
    to: *mut nvml::nvmlDevice_t,
) -> Code {
    // SAFETY: as NVML asks of its callers.
    let found = unsafe { text_of(uuid) }.and_then(|uuid| {
        handle("nvmlDeviceGetHandleByUUID", |_, card| card["UUID"] == uuid, NOT_FOUND)
    });
    // SAFETY: as NVML asks of its callers.
    leave(found.and_then(|handle| unsafe { put(to, handle) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetHandleByPciBusId_v2(
    address: *const c_char,
    to: *mut nvml::nvmlDevice_t,
) -> Code {
    // SAFETY: as NVML asks of its callers.
    let found = unsafe { text_of(address) }.and_then(|address| {
        let is_it = |_: usize, card: &Value| {
            let known = card["PciInfo"]["busId"].as_str().unwrap_or_default();
            known.eq_ignore_ascii_case(address)
                || known
                    .strip_prefix("0000")
                    .is_some_and(|short| short.eq_ignore_ascii_case(address))
        };
        handle("nvmlDeviceGetHandleByPciBusId_v2", is_it, NOT_FOUND)
    });
    // SAFETY: as NVML asks of its callers.
    leave(found.and_then(|handle| unsafe { put(to, handle) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetHandleBySerial(
    serial: *const c_char,
    to: *mut nvml::nvmlDevice_t,
) -> Code {
    // SAFETY: as NVML asks of its callers.
    let found = unsafe { text_of(serial) }.and_then(|serial| {
        handle("nvmlDeviceGetHandleBySerial", |_, card| card["Serial"] == serial, NOT_FOUND)
    });
    // SAFETY: as NVML asks of its callers.
    leave(found.and_then(|handle| unsafe { put(to, handle) }))
}

fn instance(device: nvml::nvmlDevice_t, slot: c_uint) -> Result<nvml::nvmlDevice_t, Code> {
    let asked = Asked::new("nvmlDeviceGetMigDeviceHandleByIndex", device)?;
    asked.at(&["MigMode"])?;
    let slot = slot as usize;
    let most = asked.number(&["MaxMigDeviceCount"])?;
    if asked.handle.slot.is_some() || slot as u64 >= most {
        return Err(INVALID_ARGUMENT);
    }
    let there = &asked.card()["mig"][slot];
    refused(there)?;
    if !there.is_object() {
        return Err(NOT_FOUND);
    }
    Ok(Handle { slot: Some(slot), ..asked.handle }.pointer())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetMigDeviceHandleByIndex(
    device: nvml::nvmlDevice_t,
    slot: c_uint,
    to: *mut nvml::nvmlDevice_t,
) -> Code {
    // SAFETY: as NVML asks of its callers.
    leave(instance(device, slot).and_then(|handle| unsafe { put(to, handle) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceIsMigDeviceHandle(
    device: nvml::nvmlDevice_t,
    to: *mut c_uint,
) -> Code {
    let asked = Asked::new("nvmlDeviceIsMigDeviceHandle", device);
    // SAFETY: as NVML asks of its callers.
    leave(asked.and_then(|asked| unsafe { put(to, asked.handle.slot.is_some().into()) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetDeviceHandleFromMigDeviceHandle(
    device: nvml::nvmlDevice_t,
    to: *mut nvml::nvmlDevice_t,
) -> Code {
    let whole = Asked::new("nvmlDeviceGetDeviceHandleFromMigDeviceHandle", device).and_then(|it| {
        it.handle.slot.ok_or(INVALID_ARGUMENT)?;
        Ok(Handle { slot: None, ..it.handle }.pointer())
    });
    // SAFETY: as NVML asks of its callers.
    leave(whole.and_then(|handle| unsafe { put(to, handle) }))
}
