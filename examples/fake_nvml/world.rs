//! The scenario as it is now, and what this library remembers beyond it: counts of calls, which
//! events were delivered, whether it is initialised. Knows no NVML function but by name.

use std::collections::BTreeMap;
use std::ffi::{CStr, OsStr, c_char, c_uint, c_void};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nvml_wrapper_sys::bindings as nvml;
use serde_json::Value;

use crate::answer::{Code, put_text};

/// How often a call that hangs looks whether it may go on.
const HANG_LOOK: Duration = Duration::from_millis(5);

/// After this many looks (about two minutes) it gives up with a timeout, so that no test that
/// forgot to release it waits forever.
const HANG_LOOKS_MAX: u32 = 24_000;

/// What marks one state of the file: a new file in its place has another inode.
type Stamp = (u64, i64, i64, u64);

#[derive(Default)]
pub(crate) struct World {
    stamp: Option<Stamp>,
    scenario: Arc<Value>,
    pub(crate) initialised: u32,
    /// How often each function was called, by its name and by `name@card`.
    calls: BTreeMap<String, u64>,
    /// How often each value that changes was read.
    reads: BTreeMap<String, u64>,
    /// How often each question was refused because the card does not support it.
    unsupported: BTreeMap<String, u64>,
    pub(crate) last_event: u64,
    /// By number of the set: the masks of the cards that are registered with it.
    pub(crate) event_sets: BTreeMap<usize, BTreeMap<usize, u64>>,
    pub(crate) next_event_set: usize,
}

static WORLD: LazyLock<Mutex<World>> = LazyLock::new(Mutex::default);

/// Where this very copy of the library was loaded from.
static OWN_PATH: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let symbol = crate::system::nvmlInit_v2 as *const c_void;
    // SAFETY: all-zero is a value of Dl_info, which holds pointers only.
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    // SAFETY: the symbol is one of ours, and `info` lives through the call.
    if unsafe { libc::dladdr(symbol, &raw mut info) } == 0 || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the loader's text ends with a zero and lives as long as the library is loaded.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    Some(Path::new(OsStr::from_bytes(name.to_bytes())).to_owned())
});

pub(crate) fn lock() -> MutexGuard<'static, World> {
    WORLD.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// Reads the file again if it is another than at the last look.
    fn refresh(&mut self) -> Result<Arc<Value>, Code> {
        let own = OWN_PATH.as_deref().ok_or(nvml::nvmlReturn_enum_NVML_ERROR_UNKNOWN)?;
        let path = own.with_file_name("scenario.json");
        let stamp = std::fs::metadata(&path)
            .map(|it| (it.ino(), it.mtime(), it.mtime_nsec(), it.size()))
            .map_err(|error| complain(&path, &error))?;
        if self.stamp != Some(stamp) {
            let text = std::fs::read(&path).map_err(|error| complain(&path, &error))?;
            let scenario =
                serde_json::from_slice(&text).map_err(|error| complain(&path, &error))?;
            self.scenario = Arc::new(scenario);
            self.stamp = Some(stamp);
        }
        Ok(Arc::clone(&self.scenario))
    }

    /// How often the value of this name was read before.
    pub(crate) fn read_before(&mut self, name: &str) -> u64 {
        let count = self.reads.entry(name.to_owned()).or_default();
        *count += 1;
        *count - 1
    }

    pub(crate) fn note_unsupported(&mut self, question: &str) {
        *self.unsupported.entry(question.to_owned()).or_default() += 1;
    }

    /// How often that is, without reading it now.
    pub(crate) fn reads(&self, name: &str) -> u64 {
        self.reads.get(name).copied().unwrap_or(0)
    }
}

fn complain(path: &Path, error: &dyn std::fmt::Display) -> Code {
    eprintln!("test NVML library: {}: {error}", path.display());
    nvml::nvmlReturn_enum_NVML_ERROR_UNKNOWN
}

/// Begins a call: counts it, waits as the scenario says, and returns the scenario. `card` is null
/// for calls that are about no card.
pub(crate) fn enter(name: &str, card: Option<usize>) -> Result<Arc<Value>, Code> {
    let of_card = card.map(|card| format!("{name}@{card}"));
    let scenario = {
        let mut world = lock();
        *world.calls.entry(name.to_owned()).or_default() += 1;
        if let Some(of_card) = &of_card {
            *world.calls.entry(of_card.clone()).or_default() += 1;
        }
        world.refresh()?
    };
    if let Some(delay) = scenario["delay_us"][name].as_u64() {
        std::thread::sleep(Duration::from_micros(delay));
    }
    hang(scenario, |named| named == name || Some(named) == of_card.as_deref())
}

/// The scenario as it is now, for a call that is under way.
pub(crate) fn look() -> Result<Arc<Value>, Code> {
    lock().refresh()
}

/// Counts a call for a card that only the call itself found.
pub(crate) fn count_for(name: &str, card: usize) {
    *lock().calls.entry(format!("{name}@{card}")).or_default() += 1;
}

fn hang(mut scenario: Arc<Value>, is_this: impl Fn(&str) -> bool) -> Result<Arc<Value>, Code> {
    for _ in 0..HANG_LOOKS_MAX {
        let names = scenario["hang"].as_array().map_or(&[][..], Vec::as_slice);
        if !names.iter().filter_map(Value::as_str).any(&is_this) {
            return Ok(scenario);
        }
        std::thread::sleep(HANG_LOOK);
        scenario = lock().refresh()?;
    }
    Err(nvml::nvmlReturn_enum_NVML_ERROR_TIMEOUT)
}

/// How often a function was called since this copy was loaded; `name@3` counts those about card 3,
/// `*` all.
/// Not of NVML: for tests that look it up by its name.
///
/// # Safety
///
/// `name` is a text that ends with a zero.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn fake_nvml_calls(name: *const c_char) -> u64 {
    if name.is_null() {
        return 0;
    }
    // SAFETY: the caller's promise.
    let name = unsafe { CStr::from_ptr(name) };
    if name == c"*" {
        let of_all = lock();
        return of_all
            .calls
            .iter()
            .filter(|(name, _)| !name.contains('@'))
            .map(|(_, times)| times)
            .sum();
    }
    name.to_str().ok().and_then(|name| lock().calls.get(name).copied()).unwrap_or(0)
}

/// Writes which questions were refused as not supported more than once, a line each, and returns how
/// many those are. Not of NVML: for tests that look it up by its name.
///
/// # Safety
///
/// `to` is null or valid for writes of `length` characters.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn fake_nvml_asked_in_vain(to: *mut c_char, length: c_uint) -> u64 {
    let world = lock();
    let again: Vec<_> = world.unsupported.iter().filter(|(_, times)| **times > 1).collect();
    let lines: Vec<_> =
        again.iter().map(|(name, times)| format!("{name}: {times} times")).collect();
    let text = lines.join("\n");
    let cut = text.len().min((length as usize).saturating_sub(1));
    let shown = text.get(..cut).unwrap_or_default();
    // SAFETY: the caller's promise. That it was cut or could not be written is in the number.
    let _ = unsafe { put_text(to, length, shown) };
    again.len() as u64
}
