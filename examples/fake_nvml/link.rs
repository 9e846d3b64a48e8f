//! NVLink: `"NvLink"` is a list, one entry a link. A card without it supports none of this; a link
//! beyond the list is an invalid argument.

use std::ffi::{c_uint, c_ulonglong};

use nvml_wrapper_sys::bindings as nvml;
use serde_json::Value;

use crate::answer::{Asked, Code, INVALID_ARGUMENT, below, leave, narrow, put, refused};
use crate::card::{choice, pci};

const COUNTERS: [&str; 5] = ["replay", "recovery", "crc_flit", "crc_data", "ecc_data"];
const CAPABILITIES: [&str; 6] =
    ["p2p", "sysmem_access", "p2p_atomics", "sysmem_atomics", "sli_bridge", "valid"];

fn entry<'a>(asked: &'a Asked, link: c_uint, path: &[&str]) -> Result<&'a Value, Code> {
    let one = asked.at(&["NvLink"])?.get(link as usize).ok_or(INVALID_ARGUMENT)?;
    let what = format!("NvLink.{link}.{}", path.join("."));
    asked.noted(&what, refused(one).and_then(|()| below(one, path)))
}

fn number(
    name: &'static str,
    device: nvml::nvmlDevice_t,
    link: c_uint,
    path: &[&str],
) -> Result<u64, Code> {
    let asked = Asked::new(name, device)?;
    let value = entry(&asked, link, path)?;
    asked.number_of(value, &format!("NvLink.{link}.{}", path.join(".")))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetNvLinkState(
    device: nvml::nvmlDevice_t,
    link: c_uint,
    to: *mut nvml::nvmlEnableState_t,
) -> Code {
    let state = number("nvmlDeviceGetNvLinkState", device, link, &["state"]).and_then(narrow);
    // SAFETY: as NVML asks of its callers.
    leave(state.and_then(|state| unsafe { put(to, state) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetNvLinkVersion(
    device: nvml::nvmlDevice_t,
    link: c_uint,
    to: *mut c_uint,
) -> Code {
    let version = number("nvmlDeviceGetNvLinkVersion", device, link, &["version"]).and_then(narrow);
    // SAFETY: as NVML asks of its callers.
    leave(version.and_then(|version| unsafe { put(to, version) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetNvLinkErrorCounter(
    device: nvml::nvmlDevice_t,
    link: c_uint,
    counter: nvml::nvmlNvLinkErrorCounter_t,
    to: *mut c_ulonglong,
) -> Code {
    let path = ["errors", &choice(&COUNTERS, counter)];
    let count = number("nvmlDeviceGetNvLinkErrorCounter", device, link, &path);
    // SAFETY: as NVML asks of its callers.
    leave(count.and_then(|count| unsafe { put(to, count) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetNvLinkCapability(
    device: nvml::nvmlDevice_t,
    link: c_uint,
    capability: nvml::nvmlNvLinkCapability_t,
    to: *mut c_uint,
) -> Code {
    let path = ["capabilities", &choice(&CAPABILITIES, capability)];
    let has = number("nvmlDeviceGetNvLinkCapability", device, link, &path).and_then(narrow);
    // SAFETY: as NVML asks of its callers.
    leave(has.and_then(|has| unsafe { put(to, has) }))
}

/// 0 another card, 1 a bridge of an IBM processor, 2 a switch, 255 unknown.
#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetNvLinkRemoteDeviceType(
    device: nvml::nvmlDevice_t,
    link: c_uint,
    to: *mut nvml::nvmlIntNvLinkDeviceType_t,
) -> Code {
    let name = "nvmlDeviceGetNvLinkRemoteDeviceType";
    let kind = number(name, device, link, &["remote_type"]).and_then(narrow);
    // SAFETY: as NVML asks of its callers.
    leave(kind.and_then(|kind| unsafe { put(to, kind) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetNvLinkRemotePciInfo_v2(
    device: nvml::nvmlDevice_t,
    link: c_uint,
    to: *mut nvml::nvmlPciInfo_t,
) -> Code {
    let remote = Asked::new("nvmlDeviceGetNvLinkRemotePciInfo_v2", device)
        .and_then(|asked| pci(entry(&asked, link, &["remote"])?));
    // SAFETY: as NVML asks of its callers.
    leave(remote.and_then(|remote| unsafe { put(to, remote) }))
}
