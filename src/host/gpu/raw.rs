//! The calls of NVML that nvml-wrapper does not wrap, or wraps so that an error would cost more than
//! the value. Knows the calls, not what their answers mean. See decision 16.
//!
//! What holds for every call here: the function's address comes from the library that `nvml` keeps
//! loaded for as long as it is borrowed; the handle comes from the same library and is only handed
//! back to it; every pointer is to a variable of ours, of the type that the header says, which lives
//! through the call; the library keeps none of them.
#![expect(unsafe_code, reason = "calls that no safe crate has; see decision 16")]

use nvml_wrapper::error::{NvmlError, nvml_sym, nvml_try};
use nvml_wrapper::{Device, Nvml};
use nvml_wrapper_sys::bindings as sys;

/// What tells one card from another as long as the library is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Handle(usize);

impl Handle {
    pub(super) fn of(device: &Device<'_>) -> Self {
        // SAFETY: the handle is compared, never used.
        Self(unsafe { device.handle() } as usize)
    }
}

/// nvmlDeviceGetRemappedRows: corrected, uncorrected, whether one is pending, whether one failed.
pub(super) fn remapped_rows(device: &Device<'_>) -> Result<[u32; 4], NvmlError> {
    let call = nvml_sym(device.nvml().lib().nvmlDeviceGetRemappedRows.as_ref())?;
    let [mut corrected, mut uncorrected, mut pending, mut failed] = [0; 4];
    // SAFETY: see the head of this file.
    nvml_try(unsafe {
        call(device.handle(), &mut corrected, &mut uncorrected, &mut pending, &mut failed)
    })?;
    Ok([corrected, uncorrected, pending, failed])
}

/// nvmlDeviceGetJpgUtilization, in percent.
pub(super) fn jpeg_utilization(device: &Device<'_>) -> Result<u32, NvmlError> {
    let call = nvml_sym(device.nvml().lib().nvmlDeviceGetJpgUtilization.as_ref())?;
    let [mut percent, mut period] = [0; 2];
    // SAFETY: see the head of this file.
    nvml_try(unsafe { call(device.handle(), &mut percent, &mut period) })?;
    Ok(percent)
}

/// nvmlDeviceGetOfaUtilization, in percent.
pub(super) fn ofa_utilization(device: &Device<'_>) -> Result<u32, NvmlError> {
    let call = nvml_sym(device.nvml().lib().nvmlDeviceGetOfaUtilization.as_ref())?;
    let [mut percent, mut period] = [0; 2];
    // SAFETY: see the head of this file.
    nvml_try(unsafe { call(device.handle(), &mut percent, &mut period) })?;
    Ok(percent)
}

/// nvmlDeviceGetGpuInstanceId of an instance.
pub(super) fn gpu_instance(device: &Device<'_>) -> Result<u32, NvmlError> {
    let call = nvml_sym(device.nvml().lib().nvmlDeviceGetGpuInstanceId.as_ref())?;
    let mut id = 0;
    // SAFETY: see the head of this file.
    nvml_try(unsafe { call(device.handle(), &mut id) })?;
    Ok(id)
}

/// nvmlDeviceGetComputeInstanceId of an instance.
pub(super) fn compute_instance(device: &Device<'_>) -> Result<u32, NvmlError> {
    let call = nvml_sym(device.nvml().lib().nvmlDeviceGetComputeInstanceId.as_ref())?;
    let mut id = 0;
    // SAFETY: see the head of this file.
    nvml_try(unsafe { call(device.handle(), &mut id) })?;
    Ok(id)
}

/// nvmlDeviceGetMemoryInfo, of drivers before its second version: total, used, free, in bytes.
pub(super) fn memory_first_version(device: &Device<'_>) -> Result<[u64; 3], NvmlError> {
    let call = nvml_sym(device.nvml().lib().nvmlDeviceGetMemoryInfo.as_ref())?;
    let mut memory = sys::nvmlMemory_t { total: 0, free: 0, used: 0 };
    // SAFETY: see the head of this file.
    nvml_try(unsafe { call(device.handle(), &mut memory) })?;
    Ok([memory.total, memory.used, memory.free])
}

/// nvmlDeviceGetCurrentClocksEventReasons, or what it was called before: bits of
/// nvmlClocksEventReasons.
pub(super) fn clocks_event_reasons(device: &Device<'_>) -> Result<u64, NvmlError> {
    let library = device.nvml().lib();
    let call = nvml_sym(library.nvmlDeviceGetCurrentClocksEventReasons.as_ref())
        .or_else(|_| nvml_sym(library.nvmlDeviceGetCurrentClocksThrottleReasons.as_ref()))?;
    let mut bits = 0;
    // SAFETY: see the head of this file.
    nvml_try(unsafe { call(device.handle(), &mut bits) })?;
    Ok(bits)
}

/// A number of nvmlDeviceGetFieldValues, with its width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Field {
    /// 32 bits; also negative numbers, of which no field read here has any.
    Narrow(u32),
    /// 64 bits.
    Wide(u64),
    /// A fraction, or a type that this version does not know.
    Other,
}

/// nvmlDeviceGetFieldValues of one field: `scope` is the number of a link, 0 for fields of the card.
pub(super) fn field(device: &Device<'_>, id: u32, scope: u32) -> Result<Field, NvmlError> {
    let call = nvml_sym(device.nvml().lib().nvmlDeviceGetFieldValues.as_ref())?;
    let mut value = sys::nvmlFieldValue_t {
        fieldId: id,
        scopeId: scope,
        timestamp: 0,
        latencyUsec: 0,
        valueType: 0,
        nvmlReturn: sys::nvmlReturn_enum_NVML_ERROR_UNKNOWN,
        value: sys::nvmlValue_t { ullVal: 0 },
    };
    // SAFETY: see the head of this file; 1 is the number of values behind the pointer.
    nvml_try(unsafe { call(device.handle(), 1, &mut value) })?;
    nvml_try(value.nvmlReturn)?;
    // SAFETY: every member of the union is a plain number within its eight bytes, which are all
    // initialised.
    Ok(unsafe {
        match value.valueType {
            sys::nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_INT => {
                Field::Narrow(value.value.uiVal)
            }
            sys::nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_LONG
            | sys::nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_LONG_LONG => {
                Field::Wide(value.value.ullVal)
            }
            _ => Field::Other,
        }
    })
}

/// Errors of all cards, as they come. To be given back by [`EventSet::free`].
#[derive(Debug)]
pub(super) struct EventSet(sys::nvmlEventSet_t);

// SAFETY: the header asks of a set that no two threads use it at once, not that it stays on one. It
// has no copy, and it is used through `&mut self` only.
unsafe impl Send for EventSet {}

impl EventSet {
    /// nvmlEventSetCreate.
    pub(super) fn create(nvml: &Nvml) -> Result<Self, NvmlError> {
        let call = nvml_sym(nvml.lib().nvmlEventSetCreate.as_ref())?;
        let mut set = std::ptr::null_mut();
        // SAFETY: see the head of this file.
        nvml_try(unsafe { call(&mut set) })?;
        Ok(Self(set))
    }

    /// nvmlDeviceRegisterEvents. nvml-wrapper's would give the whole set back if one card failed.
    pub(super) fn register(&mut self, device: &Device<'_>, kinds: u64) -> Result<(), NvmlError> {
        let call = nvml_sym(device.nvml().lib().nvmlDeviceRegisterEvents.as_ref())?;
        // SAFETY: see the head of this file; the set is of the same library, and was not freed,
        // which takes it away.
        nvml_try(unsafe { call(device.handle(), kinds, self.0) })
    }

    /// nvmlEventSetWait_v2 without waiting: the card and the number of the next error. Only events
    /// that are errors of the driver (XID) may be registered.
    pub(super) fn next(&mut self, nvml: &Nvml) -> Result<(Handle, u64), NvmlError> {
        let call = nvml_sym(nvml.lib().nvmlEventSetWait_v2.as_ref())?;
        let mut event = sys::nvmlEventData_t {
            device: std::ptr::null_mut(),
            eventType: 0,
            eventData: 0,
            gpuInstanceId: 0,
            computeInstanceId: 0,
        };
        // SAFETY: see the head of this file, and `register`.
        nvml_try(unsafe { call(self.0, &mut event, 0) })?;
        Ok((Handle(event.device as usize), event.eventData))
    }

    /// nvmlEventSetFree. `nvml` is what it was made with.
    pub(super) fn free(self, nvml: &Nvml) {
        if let Ok(call) = nvml_sym(nvml.lib().nvmlEventSetFree.as_ref())
            // SAFETY: see the head of this file; the set is not used afterwards, it is gone.
            && let Err(error) = nvml_try(unsafe { call(self.0) })
        {
            tracing::debug!(%error, "nvmlEventSetFree");
        }
    }
}
