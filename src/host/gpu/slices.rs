//! Instances of a card that is divided (MIG). Knows the calls, not when they are made.

use nvml_wrapper::Device;
use nvml_wrapper::error::NvmlError;

use super::ask::{Calls, reason};
use super::value::{known, profile, text};
use super::{raw, read};
use crate::model::gpu::{DeviceSlice, GpuState};
use crate::model::{Reading, Reason};

/// The most instances of a card that are kept; NVIDIA's have seven.
const SLICES_MAX: u32 = 64;

/// The instances of the card number `index`, each with the handle by which it is asked.
///
/// # Errors
/// Why there is none to be had.
pub(super) fn read<'a>(
    index: u32,
    device: &Device<'a>,
    calls: &mut Calls,
    known_slices: &[DeviceSlice],
) -> Result<Vec<(DeviceSlice, Device<'a>)>, Reason> {
    let count = calls.ask("nvmlDeviceGetMaxMigDeviceCount", || device.mig_device_count());
    let count = match count {
        Reading::Present(count) => count.min(SLICES_MAX),
        Reading::Absent { absent } => return Err(absent),
    };
    let mut slices = Vec::new();
    for number in 0..count {
        let handle = calls.raw("nvmlDeviceGetMigDeviceHandleByIndex", || {
            match device.mig_device_by_index(number) {
                // A place without an instance.
                Err(NvmlError::NotFound) => Ok(None),
                handle => handle.map(Some),
            }
        });
        match handle {
            Ok(Ok(Some(handle))) => {
                let slice = one(index, number, &handle, calls, known_slices);
                slices.push((slice, handle));
            }
            Ok(Ok(None)) => {}
            Ok(Err(reason)) => return Err(reason),
            Err(error) if slices.is_empty() => return Err(reason(&error)),
            Err(_) => {}
        }
    }
    Ok(slices)
}

fn one(
    index: u32,
    number: u32,
    handle: &Device<'_>,
    calls: &mut Calls,
    known_slices: &[DeviceSlice],
) -> DeviceSlice {
    let uuid = calls.ask("nvmlDeviceGetUUID of an instance", || handle.uuid()).map(text);
    let mut memory = read::memory(handle, calls);
    read::window(&mut memory, handle, calls);
    // An instance never changes: what has the same UUID is the same.
    let known_one = known_slices
        .iter()
        .find(|slice| slice.uuid == uuid && uuid.present().is_some())
        .filter(|slice| slice.profile.present().is_some());
    let (profile, gpu_instance, compute_instance) = match known_one {
        Some(slice) => (slice.profile.clone(), slice.gpu_instance, slice.compute_instance),
        None => (
            calls.ask("nvmlDeviceGetName of an instance", || handle.name()).and_then(|name| {
                Reading::from_option(profile(&name).map(Into::into), Reason::NotSupported)
            }),
            calls.ask("nvmlDeviceGetGpuInstanceId", || raw::gpu_instance(handle)).and_then(known),
            calls
                .ask("nvmlDeviceGetComputeInstanceId", || raw::compute_instance(handle))
                .and_then(known),
        ),
    };
    DeviceSlice {
        key: format!("{index}:{number}").into(),
        uuid,
        profile,
        gpu_instance,
        compute_instance,
        state: GpuState::Unknown,
        memory,
        process_count: Reading::absent(Reason::NotCollected),
    }
}
