//! Values of a card: each function reads the entry of its own name.

use std::ffi::{c_char, c_int, c_longlong, c_uint, c_ulonglong};

use nvml_wrapper_sys::bindings as nvml;
use serde_json::Value;

use crate::answer::{
    Asked, Code, INVALID_ARGUMENT, NOT_SUPPORTED, OK, Outcome, UNKNOWN, bad, characters, leave,
    narrow, put, put_text, refused,
};

/// Functions that write one number: `name => path in the scenario: type`.
macro_rules! numbers {
    ($($name:ident => $($key:literal).+: $type:ty;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(device: nvml::nvmlDevice_t, to: *mut $type) -> Code {
            let number = Asked::new(stringify!($name), device)
                .and_then(|asked| asked.number(&[$($key),+]))
                .and_then(narrow::<$type>);
            // SAFETY: as NVML asks of its callers.
            leave(number.and_then(|number| unsafe { put(to, number) }))
        }
    )*};
}

numbers! {
    nvmlDeviceGetMinorNumber => "MinorNumber": c_uint;
    nvmlDeviceGetBoardId => "BoardId": c_uint;
    nvmlDeviceGetBrand => "Brand": nvml::nvmlBrandType_t;
    nvmlDeviceGetBusType => "BusType": nvml::nvmlBusType_t;
    nvmlDeviceGetNumGpuCores => "NumGpuCores": c_uint;
    nvmlDeviceGetMemoryBusWidth => "MemoryBusWidth": c_uint;
    nvmlDeviceGetNumaNodeId => "NumaNodeId": c_uint;
    nvmlDeviceGetIrqNum => "IrqNum": c_uint;
    nvmlDeviceGetMultiGpuBoard => "MultiGpuBoard": c_uint;
    nvmlDeviceGetPowerSource => "PowerSource": nvml::nvmlPowerSource_t;
    nvmlDeviceGetArchitecture => "Architecture": nvml::nvmlDeviceArchitecture_t;
    nvmlDeviceGetNumFans => "NumFans": c_uint;
    nvmlDeviceGetFanSpeed => "FanSpeed": c_uint;
    nvmlDeviceGetPowerUsage => "PowerUsage": c_uint;
    nvmlDeviceGetEnforcedPowerLimit => "EnforcedPowerLimit": c_uint;
    nvmlDeviceGetPowerManagementLimit => "PowerManagementLimit": c_uint;
    nvmlDeviceGetPowerManagementDefaultLimit => "PowerManagementDefaultLimit": c_uint;
    nvmlDeviceGetPowerManagementMode => "PowerManagementMode": nvml::nvmlEnableState_t;
    nvmlDeviceGetTotalEnergyConsumption => "TotalEnergyConsumption": c_ulonglong;
    nvmlDeviceGetPerformanceState => "PerformanceState": nvml::nvmlPstates_t;
    nvmlDeviceGetPowerState => "PerformanceState": nvml::nvmlPstates_t;
    nvmlDeviceGetCurrentClocksEventReasons => "CurrentClocksEventReasons": c_ulonglong;
    nvmlDeviceGetCurrentClocksThrottleReasons => "CurrentClocksEventReasons": c_ulonglong;
    nvmlDeviceGetSupportedClocksEventReasons => "SupportedClocksEventReasons": c_ulonglong;
    nvmlDeviceGetSupportedClocksThrottleReasons => "SupportedClocksEventReasons": c_ulonglong;
    nvmlDeviceGetCurrPcieLinkGeneration => "CurrPcieLinkGeneration": c_uint;
    nvmlDeviceGetCurrPcieLinkWidth => "CurrPcieLinkWidth": c_uint;
    nvmlDeviceGetMaxPcieLinkGeneration => "MaxPcieLinkGeneration": c_uint;
    nvmlDeviceGetGpuMaxPcieLinkGeneration => "GpuMaxPcieLinkGeneration": c_uint;
    nvmlDeviceGetMaxPcieLinkWidth => "MaxPcieLinkWidth": c_uint;
    nvmlDeviceGetPcieLinkMaxSpeed => "PcieLinkMaxSpeed": c_uint;
    nvmlDeviceGetPcieSpeed => "PcieSpeed": c_uint;
    nvmlDeviceGetPcieReplayCounter => "PcieReplayCounter": c_uint;
    nvmlDeviceGetDefaultEccMode => "DefaultEccMode": nvml::nvmlEnableState_t;
    nvmlDeviceGetRetiredPagesPendingStatus => "RetiredPagesPendingStatus": nvml::nvmlEnableState_t;
    nvmlDeviceGetComputeMode => "ComputeMode": nvml::nvmlComputeMode_t;
    nvmlDeviceGetPersistenceMode => "PersistenceMode": nvml::nvmlEnableState_t;
    nvmlDeviceGetAccountingMode => "AccountingMode": nvml::nvmlEnableState_t;
    nvmlDeviceGetDisplayMode => "DisplayMode": nvml::nvmlEnableState_t;
    nvmlDeviceGetDisplayActive => "DisplayActive": nvml::nvmlEnableState_t;
    nvmlDeviceGetVirtualizationMode => "VirtualizationMode": nvml::nvmlGpuVirtualizationMode_t;
    nvmlDeviceGetHostVgpuMode => "HostVgpuMode": nvml::nvmlHostVgpuMode_t;
    nvmlDeviceGetMaxMigDeviceCount => "MaxMigDeviceCount": c_uint;
    nvmlDeviceGetGpuInstanceId => "GpuInstanceId": c_uint;
    nvmlDeviceGetComputeInstanceId => "ComputeInstanceId": c_uint;
    nvmlDeviceGetSupportedEventTypes => "SupportedEventTypes": c_ulonglong;
    nvmlDeviceGetModuleId => "ModuleId": c_uint;
}

/// Functions that write two numbers.
macro_rules! pairs {
    ($($name:ident => $key:literal [$first:literal, $second:literal]: $type:ty;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(
            device: nvml::nvmlDevice_t,
            first: *mut $type,
            second: *mut $type,
        ) -> Code {
            let numbers = Asked::new(stringify!($name), device).and_then(|asked| {
                Ok((
                    narrow::<$type>(asked.number(&[$key, $first])?)?,
                    narrow::<$type>(asked.number(&[$key, $second])?)?,
                ))
            });
            // SAFETY: as NVML asks of its callers.
            leave(numbers.and_then(|(one, two)| unsafe {
                put(first, one).and_then(|()| put(second, two))
            }))
        }
    )*};
}

pairs! {
    nvmlDeviceGetEncoderUtilization => "EncoderUtilization" ["percent", "period_us"]: c_uint;
    nvmlDeviceGetDecoderUtilization => "DecoderUtilization" ["percent", "period_us"]: c_uint;
    nvmlDeviceGetJpgUtilization => "JpgUtilization" ["percent", "period_us"]: c_uint;
    nvmlDeviceGetOfaUtilization => "OfaUtilization" ["percent", "period_us"]: c_uint;
    nvmlDeviceGetPowerManagementLimitConstraints =>
        "PowerManagementLimitConstraints" ["min", "max"]: c_uint;
    nvmlDeviceGetEccMode => "EccMode" ["current", "pending"]: nvml::nvmlEnableState_t;
    nvmlDeviceGetMigMode => "MigMode" ["current", "pending"]: c_uint;
    nvmlDeviceGetCudaComputeCapability => "CudaComputeCapability" ["major", "minor"]: c_int;
    nvmlDeviceGetMinMaxFanSpeed => "MinMaxFanSpeed" ["min", "max"]: c_uint;
    nvmlDeviceGetGspFirmwareMode => "GspFirmwareMode" ["enabled", "default"]: c_uint;
    nvmlDeviceGetDriverModel => "DriverModel" ["current", "pending"]: nvml::nvmlDriverModel_t;
    nvmlDeviceGetDriverModel_v2 => "DriverModel" ["current", "pending"]: nvml::nvmlDriverModel_t;
}

/// Functions that write a text.
macro_rules! texts {
    ($($name:ident => $key:literal;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(
            device: nvml::nvmlDevice_t,
            to: *mut c_char,
            length: c_uint,
        ) -> Code {
            leave(Asked::new(stringify!($name), device).and_then(|asked| {
                // SAFETY: as NVML asks of its callers.
                unsafe { put_text(to, length, asked.text(&[$key])?) }
            }))
        }
    )*};
}

texts! {
    nvmlDeviceGetName => "Name";
    nvmlDeviceGetUUID => "UUID";
    nvmlDeviceGetSerial => "Serial";
    nvmlDeviceGetVbiosVersion => "VbiosVersion";
    nvmlDeviceGetBoardPartNumber => "BoardPartNumber";
    nvmlDeviceGetInforomImageVersion => "InforomImageVersion";
}

/// Functions whose argument chooses one of several numbers: `name => key[names by number]: type`.
/// A number without a name is asked for by its digits.
macro_rules! chosen {
    ($($name:ident($argument:ty) => $key:literal $names:tt: $type:ty;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(
            device: nvml::nvmlDevice_t,
            which: $argument,
            to: *mut $type,
        ) -> Code {
            let number = Asked::new(stringify!($name), device)
                .and_then(|asked| asked.number(&[$key, &choice(&$names, which)]))
                .and_then(narrow::<$type>);
            // SAFETY: as NVML asks of its callers.
            leave(number.and_then(|number| unsafe { put(to, number) }))
        }
    )*};
}

pub(crate) const CLOCKS: [&str; 4] = ["graphics", "sm", "memory", "video"];
const THRESHOLDS: [&str; 4] = ["shutdown", "slowdown", "memory_max", "gpu_max"];
const ERROR_TYPES: [&str; 2] = ["corrected", "uncorrected"];
const ERROR_COUNTERS: [&str; 2] = ["volatile", "aggregate"];
const ERROR_PLACES: [&str; 8] = [
    "l1_cache",
    "l2_cache",
    "dram",
    "register_file",
    "texture_memory",
    "texture_shm",
    "cbu",
    "sram",
];

chosen! {
    nvmlDeviceGetClockInfo(nvml::nvmlClockType_t) => "ClockInfo" CLOCKS: c_uint;
    nvmlDeviceGetMaxClockInfo(nvml::nvmlClockType_t) => "MaxClockInfo" CLOCKS: c_uint;
    nvmlDeviceGetApplicationsClock(nvml::nvmlClockType_t) => "ApplicationsClock" CLOCKS: c_uint;
    nvmlDeviceGetDefaultApplicationsClock(nvml::nvmlClockType_t) =>
        "DefaultApplicationsClock" CLOCKS: c_uint;
    nvmlDeviceGetMaxCustomerBoostClock(nvml::nvmlClockType_t) =>
        "MaxCustomerBoostClock" CLOCKS: c_uint;
    nvmlDeviceGetTemperature(nvml::nvmlTemperatureSensors_t) => "Temperature" ["gpu"]: c_uint;
    nvmlDeviceGetTemperatureThreshold(nvml::nvmlTemperatureThresholds_t) =>
        "TemperatureThreshold" THRESHOLDS: c_uint;
    nvmlDeviceGetPcieThroughput(nvml::nvmlPcieUtilCounter_t) =>
        "PcieThroughput" ["tx", "rx"]: c_uint;
    nvmlDeviceGetTargetFanSpeed(c_uint) => "TargetFanSpeed" [""; 0]: c_uint;
}

pub(crate) fn choice(names: &[&str], which: c_uint) -> String {
    names.get(which as usize).map_or_else(|| which.to_string(), |name| (*name).to_owned())
}

/// Every fan has a speed of its own: `"FanSpeeds": [30, 31]`.
#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetFanSpeed_v2(
    device: nvml::nvmlDevice_t,
    fan: c_uint,
    to: *mut c_uint,
) -> Code {
    let number = Asked::new("nvmlDeviceGetFanSpeed_v2", device).and_then(|asked| {
        let all = asked.at(&["FanSpeeds"])?;
        let one = all.get(fan as usize).ok_or(INVALID_ARGUMENT)?;
        asked.noted(&format!("FanSpeeds.{fan}"), refused(one))?;
        narrow(asked.number_of(one, &format!("FanSpeeds.{fan}"))?)
    });
    // SAFETY: as NVML asks of its callers.
    leave(number.and_then(|number| unsafe { put(to, number) }))
}

/// The place in the list of the scenario, which is the order of PCI addresses.
#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetIndex(device: nvml::nvmlDevice_t, to: *mut c_uint) -> Code {
    let index = Asked::new("nvmlDeviceGetIndex", device).and_then(|asked| {
        refused(&asked.target()["Index"])?;
        narrow(asked.handle.card as u64)
    });
    // SAFETY: as NVML asks of its callers.
    leave(index.and_then(|index| unsafe { put(to, index) }))
}

/// `00000000:3B:00.0` into its numbers.
pub(crate) fn pci(value: &Value) -> Result<nvml::nvmlPciInfo_t, Code> {
    let address = value["busId"].as_str().ok_or_else(|| bad("busId", value))?;
    let number = |digits: Option<&str>| {
        digits.and_then(|digits| c_uint::from_str_radix(digits, 16).ok()).ok_or(UNKNOWN)
    };
    let mut parts = address.split([':', '.']);
    let (domain, bus, device) =
        (number(parts.next())?, number(parts.next())?, number(parts.next())?);
    let of = |key: &str| value[key].as_u64().map_or(Ok(0), narrow);
    Ok(nvml::nvmlPciInfo_t {
        busIdLegacy: characters(address.get(4..).unwrap_or(address)),
        domain,
        bus,
        device,
        pciDeviceId: of("pciDeviceId")?,
        pciSubSystemId: of("pciSubSystemId")?,
        busId: characters(address),
    })
}

fn own_pci(name: &'static str, device: nvml::nvmlDevice_t) -> Result<nvml::nvmlPciInfo_t, Code> {
    let asked = Asked::new(name, device)?;
    pci(asked.at(&["PciInfo"])?)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetPciInfo_v3(
    device: nvml::nvmlDevice_t,
    to: *mut nvml::nvmlPciInfo_t,
) -> Code {
    // SAFETY: as NVML asks of its callers.
    leave(own_pci("nvmlDeviceGetPciInfo_v3", device).and_then(|pci| unsafe { put(to, pci) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetPciInfo_v2(
    device: nvml::nvmlDevice_t,
    to: *mut nvml::nvmlPciInfo_t,
) -> Code {
    // SAFETY: as NVML asks of its callers.
    leave(own_pci("nvmlDeviceGetPciInfo_v2", device).and_then(|pci| unsafe { put(to, pci) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetUtilizationRates(
    device: nvml::nvmlDevice_t,
    to: *mut nvml::nvmlUtilization_t,
) -> Code {
    let rates = Asked::new("nvmlDeviceGetUtilizationRates", device).and_then(|asked| {
        Ok(nvml::nvmlUtilization_t {
            gpu: narrow(asked.number(&["UtilizationRates", "gpu"])?)?,
            memory: narrow(asked.number(&["UtilizationRates", "memory"])?)?,
        })
    });
    // SAFETY: as NVML asks of its callers.
    leave(rates.and_then(|rates| unsafe { put(to, rates) }))
}

/// Total, reserved, used and free of `MemoryInfo`: free is what is left.
fn memory(name: &'static str, device: nvml::nvmlDevice_t) -> Result<[u64; 4], Code> {
    let asked = Asked::new(name, device)?;
    let of = |key| asked.number(&["MemoryInfo", key]);
    let (total, reserved, used) = (of("total")?, of("reserved")?, of("used")?);
    Ok([total, reserved, used, total.saturating_sub(reserved + used)])
}

/// The first form counts what is reserved as used.
#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetMemoryInfo(
    device: nvml::nvmlDevice_t,
    to: *mut nvml::nvmlMemory_t,
) -> Code {
    let memory = memory("nvmlDeviceGetMemoryInfo", device).map(|[total, reserved, used, free]| {
        nvml::nvmlMemory_t { total, free, used: used + reserved }
    });
    // SAFETY: as NVML asks of its callers.
    leave(memory.and_then(|memory| unsafe { put(to, memory) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetMemoryInfo_v2(
    device: nvml::nvmlDevice_t,
    to: *mut nvml::nvmlMemory_v2_t,
) -> Code {
    let known = (size_of::<nvml::nvmlMemory_v2_t>() | (2 << 24)) as c_uint;
    // SAFETY: as NVML asks of its callers, null apart, which is looked at first.
    let version = if to.is_null() { 0 } else { unsafe { (*to).version } };
    let memory = memory("nvmlDeviceGetMemoryInfo_v2", device).and_then(|all| {
        if version != known {
            return Err(nvml::nvmlReturn_enum_NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
        }
        let [total, reserved, used, free] = all;
        Ok(nvml::nvmlMemory_v2_t { version, total, reserved, free, used })
    });
    // SAFETY: as NVML asks of its callers.
    leave(memory.and_then(|memory| unsafe { put(to, memory) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetBAR1MemoryInfo(
    device: nvml::nvmlDevice_t,
    to: *mut nvml::nvmlBAR1Memory_t,
) -> Code {
    let memory = Asked::new("nvmlDeviceGetBAR1MemoryInfo", device).and_then(|asked| {
        let total = asked.number(&["BAR1MemoryInfo", "total"])?;
        let used = asked.number(&["BAR1MemoryInfo", "used"])?;
        let free = total.saturating_sub(used);
        Ok(nvml::nvmlBAR1Memory_t { bar1Total: total, bar1Free: free, bar1Used: used })
    });
    // SAFETY: as NVML asks of its callers.
    leave(memory.and_then(|memory| unsafe { put(to, memory) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetTotalEccErrors(
    device: nvml::nvmlDevice_t,
    kind: nvml::nvmlMemoryErrorType_t,
    counter: nvml::nvmlEccCounterType_t,
    to: *mut c_ulonglong,
) -> Code {
    let count = Asked::new("nvmlDeviceGetTotalEccErrors", device).and_then(|asked| {
        let (kind, counter) = (choice(&ERROR_TYPES, kind), choice(&ERROR_COUNTERS, counter));
        asked.number(&["TotalEccErrors", &kind, &counter])
    });
    // SAFETY: as NVML asks of its callers.
    leave(count.and_then(|count| unsafe { put(to, count) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetMemoryErrorCounter(
    device: nvml::nvmlDevice_t,
    kind: nvml::nvmlMemoryErrorType_t,
    counter: nvml::nvmlEccCounterType_t,
    place: nvml::nvmlMemoryLocation_t,
    to: *mut c_ulonglong,
) -> Code {
    let count = Asked::new("nvmlDeviceGetMemoryErrorCounter", device).and_then(|asked| {
        let (kind, counter) = (choice(&ERROR_TYPES, kind), choice(&ERROR_COUNTERS, counter));
        asked.number(&["MemoryErrorCounter", &kind, &counter, &choice(&ERROR_PLACES, place)])
    });
    // SAFETY: as NVML asks of its callers.
    leave(count.and_then(|count| unsafe { put(to, count) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetRemappedRows(
    device: nvml::nvmlDevice_t,
    corrected: *mut c_uint,
    uncorrected: *mut c_uint,
    pending: *mut c_uint,
    failed: *mut c_uint,
) -> Code {
    leave(Asked::new("nvmlDeviceGetRemappedRows", device).and_then(|asked| {
        let of = |key| asked.number(&["RemappedRows", key]).and_then(narrow::<c_uint>);
        // SAFETY: as NVML asks of its callers.
        unsafe {
            put(corrected, of("corrected")?)?;
            put(uncorrected, of("uncorrected")?)?;
            put(pending, of("pending")?)?;
            put(failed, of("failed")?)
        }
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetRowRemapperHistogram(
    device: nvml::nvmlDevice_t,
    to: *mut nvml::nvmlRowRemapperHistogramValues_t,
) -> Code {
    let values = Asked::new("nvmlDeviceGetRowRemapperHistogram", device).and_then(|asked| {
        let of = |key| asked.number(&["RowRemapperHistogram", key]).and_then(narrow::<c_uint>);
        Ok(nvml::nvmlRowRemapperHistogramValues_t {
            max: of("max")?,
            high: of("high")?,
            partial: of("partial")?,
            low: of("low")?,
            none: of("none")?,
        })
    });
    // SAFETY: as NVML asks of its callers.
    leave(values.and_then(|values| unsafe { put(to, values) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetAttributes_v2(
    device: nvml::nvmlDevice_t,
    to: *mut nvml::nvmlDeviceAttributes_t,
) -> Code {
    let attributes = Asked::new("nvmlDeviceGetAttributes_v2", device).and_then(|asked| {
        let all = asked.at(&["Attributes"])?;
        let of = |key: &str| narrow::<c_uint>(all[key].as_u64().unwrap_or(0));
        Ok(nvml::nvmlDeviceAttributes_t {
            multiprocessorCount: of("multiprocessorCount")?,
            sharedCopyEngineCount: of("sharedCopyEngineCount")?,
            sharedDecoderCount: of("sharedDecoderCount")?,
            sharedEncoderCount: of("sharedEncoderCount")?,
            sharedJpegCount: of("sharedJpegCount")?,
            sharedOfaCount: of("sharedOfaCount")?,
            gpuInstanceSliceCount: of("gpuInstanceSliceCount")?,
            computeInstanceSliceCount: of("computeInstanceSliceCount")?,
            memorySizeMB: all["memorySizeMB"].as_u64().ok_or_else(|| bad("Attributes", all))?,
        })
    });
    // SAFETY: as NVML asks of its callers.
    leave(attributes.and_then(|attributes| unsafe { put(to, attributes) }))
}

/// A field: a bare number is an unsigned one, of 32 bits if it fits; `{"ullong": 5}` and its like
/// say which.
fn field(asked: &Asked, id: c_uint, scope: c_uint) -> Result<(c_uint, nvml::nvmlValue_t), Code> {
    let all = &asked.target()["FieldValues"];
    let value = all
        .get(format!("{id}:{scope}"))
        .or_else(|| all.get(id.to_string()))
        .ok_or(NOT_SUPPORTED)?;
    refused(value)?;
    if let Some(number) = value.get("double").and_then(Value::as_f64) {
        return Ok((
            nvml::nvmlValueType_enum_NVML_VALUE_TYPE_DOUBLE,
            nvml::nvmlValue_t { dVal: number },
        ));
    }
    if let Some(number) = value.get("sllong").and_then(Value::as_i64) {
        let kind = nvml::nvmlValueType_enum_NVML_VALUE_TYPE_SIGNED_LONG_LONG;
        return Ok((kind, nvml::nvmlValue_t { sllVal: number }));
    }
    if let Some(number) = value.get("sint").and_then(Value::as_i64) {
        let kind = nvml::nvmlValueType_enum_NVML_VALUE_TYPE_SIGNED_INT;
        let number = c_int::try_from(number).map_err(|_| bad("FieldValues", value))?;
        return Ok((kind, nvml::nvmlValue_t { siVal: number }));
    }
    let what = format!("FieldValues.{id}:{scope}");
    if let Some(number) = value.get("ulong") {
        let kind = nvml::nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_LONG;
        return Ok((kind, nvml::nvmlValue_t { ulVal: asked.number_of(number, &what)? }));
    }
    let (long, number) = match value.get("ullong") {
        Some(number) => (true, asked.number_of(number, &what)?),
        None => (false, asked.number_of(value, &what)?),
    };
    Ok(match c_uint::try_from(number) {
        Ok(number) if !long => (
            nvml::nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_INT,
            nvml::nvmlValue_t { uiVal: number },
        ),
        _ => (
            nvml::nvmlValueType_enum_NVML_VALUE_TYPE_UNSIGNED_LONG_LONG,
            nvml::nvmlValue_t { ullVal: number },
        ),
    })
}

/// # Safety
///
/// `values` is null or valid for `count` values.
unsafe fn fields(
    device: nvml::nvmlDevice_t,
    count: c_int,
    values: *mut nvml::nvmlFieldValue_t,
) -> Outcome {
    let asked = Asked::new("nvmlDeviceGetFieldValues", device)?;
    let count = usize::try_from(count).map_err(|_| INVALID_ARGUMENT)?;
    if values.is_null() || count == 0 {
        return Err(INVALID_ARGUMENT);
    }
    refused(&asked.target()["FieldValues"])?;
    // SAFETY: not null, and the caller's promise.
    let values = unsafe { std::slice::from_raw_parts_mut(values, count) };
    for value in values {
        let what = format!("FieldValues.{}:{}", value.fieldId, value.scopeId);
        let answer = asked.noted(&what, field(&asked, value.fieldId, value.scopeId));
        value.nvmlReturn = answer.as_ref().err().copied().unwrap_or(OK);
        value.timestamp = time_us();
        value.latencyUsec = 0;
        if let Ok((kind, number)) = answer {
            value.valueType = kind;
            value.value = number;
        }
    }
    Ok(())
}

/// Of the machine's clock, as the real library does.
fn time_us() -> c_longlong {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| c_longlong::try_from(since.as_micros()).unwrap_or(c_longlong::MAX))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn nvmlDeviceGetFieldValues(
    device: nvml::nvmlDevice_t,
    count: c_int,
    values: *mut nvml::nvmlFieldValue_t,
) -> Code {
    // SAFETY: as NVML asks of its callers.
    leave(unsafe { fields(device, count, values) })
}
