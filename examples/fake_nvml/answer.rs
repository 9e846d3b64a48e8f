//! From a value of the scenario to what a caller of NVML gets: a code, and something written where
//! a pointer points.

use std::ffi::{CStr, c_char, c_uint};
use std::sync::Arc;

use nvml_wrapper_sys::bindings as nvml;
use serde_json::Value;

use crate::world;

pub(crate) type Code = nvml::nvmlReturn_t;
pub(crate) type Outcome = Result<(), Code>;

pub(crate) const OK: Code = nvml::nvmlReturn_enum_NVML_SUCCESS;
pub(crate) const INVALID_ARGUMENT: Code = nvml::nvmlReturn_enum_NVML_ERROR_INVALID_ARGUMENT;
pub(crate) const INSUFFICIENT_SIZE: Code = nvml::nvmlReturn_enum_NVML_ERROR_INSUFFICIENT_SIZE;
pub(crate) const NOT_FOUND: Code = nvml::nvmlReturn_enum_NVML_ERROR_NOT_FOUND;
pub(crate) const NOT_SUPPORTED: Code = nvml::nvmlReturn_enum_NVML_ERROR_NOT_SUPPORTED;
pub(crate) const UNKNOWN: Code = nvml::nvmlReturn_enum_NVML_ERROR_UNKNOWN;

/// Every error a scenario can name, as in `NVML_ERROR_…`, with what the library says of it.
pub(crate) const ERRORS: [(&str, Code, &CStr); 31] = [
    ("UNINITIALIZED", 1, c"Uninitialized"),
    ("INVALID_ARGUMENT", 2, c"Invalid Argument"),
    ("NOT_SUPPORTED", 3, c"Not Supported"),
    ("NO_PERMISSION", 4, c"Insufficient Permissions"),
    ("ALREADY_INITIALIZED", 5, c"Already Initialized"),
    ("NOT_FOUND", 6, c"Not Found"),
    ("INSUFFICIENT_SIZE", 7, c"Insufficient Size"),
    ("INSUFFICIENT_POWER", 8, c"Insufficient External Power"),
    ("DRIVER_NOT_LOADED", 9, c"Driver Not Loaded"),
    ("TIMEOUT", 10, c"Timeout"),
    ("IRQ_ISSUE", 11, c"Interrupt Request Issue"),
    ("LIBRARY_NOT_FOUND", 12, c"NVML Shared Library Not Found"),
    ("FUNCTION_NOT_FOUND", 13, c"Function Not Found"),
    ("CORRUPTED_INFOROM", 14, c"Corrupted infoROM"),
    ("GPU_IS_LOST", 15, c"GPU is lost"),
    ("RESET_REQUIRED", 16, c"GPU requires restart"),
    ("OPERATING_SYSTEM", 17, c"The operating system has blocked the request."),
    ("LIB_RM_VERSION_MISMATCH", 18, c"RM has detected an NVML/RM version mismatch."),
    ("IN_USE", 19, c"In use by another client"),
    ("MEMORY", 20, c"Insufficient Memory"),
    ("NO_DATA", 21, c"No data"),
    ("VGPU_ECC_NOT_SUPPORTED", 22, c"ECC is enabled on the GPU, and vGPU needs it off"),
    ("INSUFFICIENT_RESOURCES", 23, c"Insufficient Resources"),
    ("FREQ_NOT_SUPPORTED", 24, c"Requested frequency not supported"),
    ("ARGUMENT_VERSION_MISMATCH", 25, c"Argument version mismatch"),
    ("DEPRECATED", 26, c"Deprecated"),
    ("NOT_READY", 27, c"Not ready"),
    ("GPU_NOT_FOUND", 28, c"No GPUs were found"),
    ("INVALID_STATE", 29, c"Invalid state"),
    ("RESET_TYPE_NOT_SUPPORTED", 30, c"Reset type not supported"),
    ("UNKNOWN", 999, c"Unknown Error"),
];

/// Ends a call.
pub(crate) fn leave(outcome: Outcome) -> Code {
    outcome.err().unwrap_or(OK)
}

/// A handle: the card, and one more than the slot of an instance of it, or 0 for the whole card.
#[derive(Clone, Copy)]
pub(crate) struct Handle {
    pub(crate) card: usize,
    pub(crate) slot: Option<usize>,
}

/// So that a handle is not taken for a small number or a null.
const HANDLE_MARK: usize = 0x4e56_0000;

impl Handle {
    pub(crate) fn parse(device: nvml::nvmlDevice_t) -> Result<Self, Code> {
        let bits = device.addr().checked_sub(HANDLE_MARK).ok_or(INVALID_ARGUMENT)?;
        if bits > 0xffff {
            return Err(INVALID_ARGUMENT);
        }
        Ok(Self { card: bits >> 8, slot: (bits & 0xff).checked_sub(1) })
    }

    pub(crate) fn pointer(self) -> nvml::nvmlDevice_t {
        let slot = self.slot.map_or(0, |slot| slot + 1);
        std::ptr::without_provenance_mut(HANDLE_MARK + (self.card << 8) + slot)
    }
}

/// A call about a card that began.
pub(crate) struct Asked {
    scenario: Arc<Value>,
    pub(crate) handle: Handle,
    name: &'static str,
}

impl Asked {
    /// Begins a call about a card. A lost card answers nothing.
    pub(crate) fn new(name: &'static str, device: nvml::nvmlDevice_t) -> Result<Self, Code> {
        let handle = Handle::parse(device)?;
        let scenario = enter_initialised(name, Some(handle.card))?;
        let asked = Self { scenario, handle, name };
        let card = asked.card();
        if !card.is_object() || !asked.target().is_object() {
            return Err(INVALID_ARGUMENT);
        }
        if card["lost"].as_bool() == Some(true) {
            return Err(nvml::nvmlReturn_enum_NVML_ERROR_GPU_IS_LOST);
        }
        Ok(asked)
    }

    pub(crate) fn card(&self) -> &Value {
        &self.scenario["cards"][self.handle.card]
    }

    /// The card, or the instance if the handle is of one.
    pub(crate) fn target(&self) -> &Value {
        self.handle.slot.map_or_else(|| self.card(), |slot| &self.card()["mig"][slot])
    }

    /// The value at this path, or the error that stands there or above it. What is not there is not
    /// supported.
    pub(crate) fn at(&self, path: &[&str]) -> Result<&Value, Code> {
        self.noted(&path.join("."), below(self.target(), path))
    }

    /// Notes a question that the card does not support, so that a test can see whether it is put
    /// again.
    pub(crate) fn noted<T>(&self, what: &str, answer: Result<T, Code>) -> Result<T, Code> {
        if answer.as_ref().err() == Some(&NOT_SUPPORTED) {
            world::lock().note_unsupported(&self.question(what));
        }
        answer
    }

    fn question(&self, what: &str) -> String {
        let slot = self.handle.slot.map_or_else(String::new, |slot| format!(".{slot}"));
        format!("{}@{}{slot} {what}", self.name, self.handle.card)
    }

    pub(crate) fn number(&self, path: &[&str]) -> Result<u64, Code> {
        self.number_of(self.at(path)?, &path.join("."))
    }

    /// A number, or one that changes with each reading: `{"from": 5, "step": 2}`, or
    /// `{"sequence": [1, 2]}` whose last stays.
    pub(crate) fn number_of(&self, value: &Value, what: &str) -> Result<u64, Code> {
        if let Some(flag) = value.as_bool() {
            return Ok(u64::from(flag));
        }
        if let Some(number) = value.as_u64() {
            return Ok(number);
        }
        let name = self.question(what);
        let before = world::lock().read_before(&name);
        if let Some(sequence) = value["sequence"].as_array() {
            let at = usize::try_from(before).unwrap_or(usize::MAX);
            let now = sequence.get(at).or_else(|| sequence.last()).ok_or(UNKNOWN)?;
            refused(now)?;
            return now.as_u64().ok_or(UNKNOWN);
        }
        match (value["from"].as_u64(), value["step"].as_u64()) {
            (Some(from), Some(step)) => Ok(from.wrapping_add(step.wrapping_mul(before))),
            _ => Err(bad(&name, value)),
        }
    }

    pub(crate) fn text(&self, path: &[&str]) -> Result<&str, Code> {
        let value = self.at(path)?;
        value.as_str().ok_or_else(|| bad(self.name, value))
    }
}

/// The value at this path, or the error that stands there or above it.
pub(crate) fn below<'a>(mut value: &'a Value, path: &[&str]) -> Result<&'a Value, Code> {
    for key in path {
        value = value.get(key).ok_or(NOT_SUPPORTED)?;
        refused(value)?;
    }
    Ok(value)
}

/// Begins a call that needs nvmlInit before it.
pub(crate) fn enter_initialised(name: &str, card: Option<usize>) -> Result<Arc<Value>, Code> {
    let scenario = world::enter(name, card)?;
    if world::lock().initialised == 0 {
        return Err(nvml::nvmlReturn_enum_NVML_ERROR_UNINITIALIZED);
    }
    Ok(scenario)
}

/// A value that no reader can make sense of is a mistake of whoever wrote the scenario.
pub(crate) fn bad(name: &str, value: &Value) -> Code {
    eprintln!("test NVML library: {name}: cannot be {value}");
    UNKNOWN
}

/// The error that stands in place of a value.
pub(crate) fn refused(value: &Value) -> Outcome {
    let Some(error) = value.get("error") else {
        return Ok(());
    };
    let known = ERRORS.iter().find(|(name, ..)| Some(*name) == error.as_str());
    Err(known.map_or_else(|| bad("error", error), |(_, code, _)| *code))
}

/// Writes through a caller's pointer.
///
/// # Safety
///
/// `to` is null or valid for a write.
pub(crate) unsafe fn put<T>(to: *mut T, value: T) -> Outcome {
    if to.is_null() {
        return Err(INVALID_ARGUMENT);
    }
    // SAFETY: not null, and the caller's promise.
    unsafe { to.write(value) };
    Ok(())
}

/// A number as a caller's narrower type.
pub(crate) fn narrow<T: TryFrom<u64>>(number: u64) -> Result<T, Code> {
    T::try_from(number).map_err(|_| bad("number", &Value::from(number)))
}

/// Writes a text with its zero.
///
/// # Safety
///
/// `to` is null or valid for writes of `length` characters.
pub(crate) unsafe fn put_text(to: *mut c_char, length: c_uint, text: &str) -> Outcome {
    if to.is_null() {
        return Err(INVALID_ARGUMENT);
    }
    if text.len() >= length as usize {
        return Err(INSUFFICIENT_SIZE);
    }
    // SAFETY: there is room for the text and its zero.
    unsafe {
        to.cast::<u8>().copy_from_nonoverlapping(text.as_ptr(), text.len());
        to.cast::<u8>().add(text.len()).write(0);
    }
    Ok(())
}

/// A text as an array of characters that ends with zeros; cut if it is too long.
pub(crate) fn characters<const LENGTH: usize>(text: &str) -> [c_char; LENGTH] {
    let mut all = [0; LENGTH];
    for (to, from) in all.iter_mut().zip(text.bytes()).take(LENGTH - 1) {
        *to = from.cast_signed();
    }
    all
}
