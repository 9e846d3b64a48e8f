//! NVML itself: found at run time, loaded when it is first needed, and again when it failed. Knows
//! states of the driver, not cards.

use std::path::PathBuf;
use std::time::Duration;

use nvml_wrapper::Nvml;
use nvml_wrapper::bitmasks::event::EventTypes;
use nvml_wrapper::error::NvmlError;

use super::pci::PciCard;
use super::raw::{EventSet, Handle};
use crate::model::gpu::DriverState;

/// What failed is not tried again before this has passed: a failure may take the driver seconds.
pub(super) const RETRY: Duration = Duration::from_secs(30);

/// How the library is found, and whether cards that sleep may be woken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The file; `None`: `libnvidia-ml.so.1` where the system looks for libraries.
    pub library: Option<PathBuf>,
    /// Whether the driver is asked although every card is switched off by runtime power management,
    /// as in laptops: to ask wakes them, and as long as smonitor watches they stay awake.
    pub wake: bool,
}

/// The library, loaded.
#[derive(Debug)]
pub(super) struct Library {
    pub(super) nvml: Nvml,
    /// `None` if the driver has no events.
    events: Option<EventSet>,
}

impl Library {
    fn load(settings: &Settings) -> Result<Self, NvmlError> {
        let mut builder = Nvml::builder();
        if let Some(path) = &settings.library {
            builder.lib_path(path.as_os_str());
        }
        let nvml = builder.init()?;
        Ok(Self { nvml, events: None })
    }

    /// Has errors of these cards told to [`Library::next_event`]. A card that has no such events is
    /// passed over.
    pub(super) fn watch(&mut self, devices: impl IntoIterator<Item = u32>) {
        let nvml = &self.nvml;
        let mut set = match EventSet::create(nvml) {
            Ok(set) => set,
            Err(error) => {
                tracing::debug!(%error, "no events of cards");
                return;
            }
        };
        let mut any = false;
        for device in devices.into_iter().filter_map(|index| nvml.device_by_index(index).ok()) {
            let errors = EventTypes::CRITICAL_XID_ERROR;
            if !device.supported_event_types().is_ok_and(|kinds| kinds.contains(errors)) {
                continue;
            }
            match set.register(&device, errors.bits()) {
                Ok(()) => any = true,
                Err(error) => tracing::debug!(%error, "nvmlDeviceRegisterEvents"),
            }
        }
        if any {
            self.events = Some(set);
        } else {
            set.free(nvml);
        }
    }

    /// The next error that the driver reported, if there is one: of which card, and its number.
    pub(super) fn next_event(&mut self) -> Option<(Handle, u32)> {
        match self.events.as_mut()?.next(&self.nvml) {
            Ok((card, number)) => Some((card, u32::try_from(number).unwrap_or(u32::MAX))),
            Err(NvmlError::Timeout | NvmlError::GpuLost) => None,
            Err(error) => {
                tracing::debug!(%error, "nvmlEventSetWait");
                None
            }
        }
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        if let Some(events) = self.events.take() {
            events.free(&self.nvml);
        }
    }
}

/// The library and what came of the last try to load it.
#[derive(Debug)]
pub(super) struct Driver {
    settings: Settings,
    library: Option<Library>,
    state: DriverState,
    tried_at: Option<Duration>,
    /// Counts how often it was loaded, so that others see that it was loaded anew.
    loads: u64,
}

impl Driver {
    /// Nothing is loaded.
    pub(super) fn new(settings: Settings) -> Self {
        let state = DriverState::LibraryMissing;
        Self { settings, library: None, state, tried_at: None, loads: 0 }
    }

    /// Whether a file was named.
    pub(super) fn is_named(&self) -> bool {
        self.settings.library.is_some()
    }

    pub(super) fn loads(&self) -> u64 {
        self.loads
    }

    pub(super) fn library(&mut self) -> Option<&mut Library> {
        self.library.as_mut()
    }

    /// Loads the library if it is not, and if it is time to.
    pub(super) fn ensure(&mut self, now: Duration, bus: &[PciCard]) -> DriverState {
        if self.library.is_some() {
            return DriverState::Running;
        }
        let asleep = !bus.is_empty() && bus.iter().all(|card| card.suspended);
        if asleep && !self.settings.wake {
            self.state = DriverState::Asleep;
            self.tried_at = None;
            return self.state;
        }
        if self.tried_at.is_none_or(|at| now.saturating_sub(at) >= RETRY) {
            self.tried_at = Some(now);
            self.state = self.load();
        }
        self.state
    }

    /// Gives the library back and loads it anew, unless that was tried a moment ago: a card that was
    /// lost and reset is seen again only then.
    pub(super) fn renew(&mut self, now: Duration, bus: &[PciCard]) -> DriverState {
        if self.tried_at.is_none_or(|at| now.saturating_sub(at) >= RETRY) {
            self.library = None;
        }
        self.ensure(now, bus)
    }

    /// The driver went away while the library was loaded, as in an upgrade.
    pub(super) fn fail(&mut self, error: &NvmlError, now: Duration) -> DriverState {
        tracing::warn!(%error, "the driver of the graphics cards does not answer any more");
        self.library = None;
        self.tried_at = Some(now);
        self.state = state(error);
        self.state
    }

    fn load(&mut self) -> DriverState {
        match Library::load(&self.settings) {
            Ok(library) => {
                self.library = Some(library);
                self.loads += 1;
                DriverState::Running
            }
            Err(error) => {
                let state = state(&error);
                if state == self.state && self.loads == 0 {
                    tracing::debug!(%error, "NVML");
                } else {
                    tracing::warn!(%error, "the driver of the graphics cards does not answer");
                }
                state
            }
        }
    }
}

/// What an error of loading or of nvmlInit says of the driver.
fn state(error: &NvmlError) -> DriverState {
    match error {
        NvmlError::LibloadingError(error) if is_missing(error) => DriverState::LibraryMissing,
        NvmlError::LibraryNotFound => DriverState::LibraryMissing,
        NvmlError::DriverNotLoaded => DriverState::NotLoaded,
        NvmlError::LibRmVersionMismatch => DriverState::VersionMismatch,
        NvmlError::NoPermission => DriverState::Forbidden,
        _ => DriverState::Failing,
    }
}

/// Whether the loader found no file, as opposed to one that it could not use. It tells by text only,
/// which it has in English whatever the language: smonitor sets no locale.
fn is_missing(error: &impl std::error::Error) -> bool {
    let mut error: Option<&dyn std::error::Error> = Some(error);
    while let Some(one) = error {
        if one.to_string().contains("No such file or directory") {
            return true;
        }
        error = one.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_a_state_that_says_what_to_do() {
        for (error, wanted) in [
            (NvmlError::LibraryNotFound, DriverState::LibraryMissing),
            (NvmlError::DriverNotLoaded, DriverState::NotLoaded),
            (NvmlError::LibRmVersionMismatch, DriverState::VersionMismatch),
            (NvmlError::NoPermission, DriverState::Forbidden),
            (NvmlError::Unknown, DriverState::Failing),
            (NvmlError::GpuLost, DriverState::Failing),
            (NvmlError::FailedToLoadSymbol("nvmlInit_v2".to_owned()), DriverState::Failing),
        ] {
            assert_eq!(state(&error), wanted, "{error}");
        }
    }

    #[test]
    fn a_library_that_is_not_there_is_told_from_one_that_cannot_be_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("libnvidia-ml.so.1");
        let load = || {
            let settings = Settings { library: Some(path.clone()), wake: false };
            Library::load(&settings).map_err(|error| state(&error)).unwrap_err()
        };
        assert_eq!(load(), DriverState::LibraryMissing);
        std::fs::write(&path, [0x7f; 64]).unwrap();
        assert_eq!(load(), DriverState::Failing);
    }
}
