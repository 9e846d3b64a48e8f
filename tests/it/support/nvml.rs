//! The test NVML library in a folder of its own, with its own world: see
//! `tests/fixtures/nvml/README.md`.

use std::ffi::{CStr, CString, c_char, c_uint};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

const FIXTURES: &str = "tests/fixtures/nvml";

/// A copy of the library beside a scenario; both go when it is dropped.
#[derive(Debug)]
pub(crate) struct Fake {
    loaded: OnceLock<libloading::Library>,
    folder: tempfile::TempDir,
}

impl Fake {
    /// The scenario of this name.
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(FIXTURES).join(format!("{name}.json"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!("{}: {error}", path.display());
        });
        Self::of(&serde_json::from_str(&text).unwrap())
    }

    /// A scenario that a test made.
    pub(crate) fn of(scenario: &Value) -> Self {
        let fake = Self { loaded: OnceLock::new(), folder: tempfile::tempdir().unwrap() };
        // A copy: the loader takes a link for the library that it has already.
        std::fs::copy(built(), fake.file()).unwrap();
        fake.replace(scenario);
        fake
    }

    /// Takes functions away, as an old driver lacks them: to look one up fails for real.
    pub(crate) fn without(self, names: &[&str]) -> Self {
        assert!(self.loaded.get().is_none(), "before it is loaded");
        let mut bytes = std::fs::read(self.file()).unwrap();
        for name in names {
            let symbol = [b"\0", name.as_bytes(), b"\0"].concat();
            let places: Vec<_> = bytes
                .windows(symbol.len())
                .enumerate()
                .filter_map(|(at, window)| (window == symbol).then_some(at + 1))
                .collect();
            assert!(!places.is_empty(), "the test NVML library has no {name}");
            for at in places {
                bytes[at] = b'X';
            }
        }
        std::fs::write(self.file(), bytes).unwrap();
        self
    }

    /// What to load.
    pub(crate) fn library(&self) -> PathBuf {
        self.loaded();
        self.file()
    }

    /// Changes the world between two calls.
    pub(crate) fn scenario(&self, change: impl FnOnce(&mut Value)) {
        let mut scenario = self.now();
        change(&mut scenario);
        self.replace(&scenario);
    }

    /// The world as it is.
    pub(crate) fn now(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path()).unwrap()).unwrap()
    }

    /// How often a function was called; `name@3` counts the calls about card 3, `*` all.
    #[allow(unsafe_code, reason = "the only way to ask a library that is loaded at run time")]
    pub(crate) fn calls(&self, name: &str) -> u64 {
        let name = CString::new(name).unwrap();
        // SAFETY: our own library; the function has this type.
        unsafe {
            let calls = self
                .loaded()
                .get::<unsafe extern "C" fn(*const c_char) -> u64>(b"fake_nvml_calls\0");
            calls.unwrap()(name.as_ptr())
        }
    }

    /// Questions that were refused as not supported, and put again.
    #[allow(unsafe_code, reason = "the only way to ask a library that is loaded at run time")]
    pub(crate) fn asked_in_vain(&self) -> String {
        let mut text = vec![0_u8; 1 << 16];
        let length = c_uint::try_from(text.len()).unwrap();
        // SAFETY: our own library; the function has this type, and as much room as it is told.
        unsafe {
            let asked = self.loaded().get::<unsafe extern "C" fn(*mut c_char, c_uint) -> u64>(
                b"fake_nvml_asked_in_vain\0",
            );
            asked.unwrap()(text.as_mut_ptr().cast(), length);
        }
        CStr::from_bytes_until_nul(&text).unwrap().to_str().unwrap().to_owned()
    }

    /// Once it is loaded here it stays, with its counts, when the program gives it back.
    #[allow(unsafe_code, reason = "a library is loaded at run time, as the program does")]
    fn loaded(&self) -> &libloading::Library {
        // SAFETY: our own library, whose initialisers do nothing.
        self.loaded.get_or_init(|| unsafe { libloading::Library::new(self.file()) }.unwrap())
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("libnvidia-ml.so.1")
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("scenario.json")
    }

    /// In one step: a reader sees the old world or the new one.
    fn replace(&self, scenario: &Value) {
        let new = tempfile::NamedTempFile::new_in(self.folder.path()).unwrap();
        std::fs::write(new.path(), serde_json::to_vec(scenario).unwrap()).unwrap();
        new.persist(self.path()).unwrap();
    }
}

/// Cargo builds examples with the tests, beside them.
fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    let library = profile.join("examples/libfake_nvml.so");
    assert!(
        library.is_file(),
        "{} is missing: run `cargo build --example fake_nvml` (for a bench with --release)",
        library.display()
    );
    library
}
