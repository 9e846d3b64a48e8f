//! Asking NVML: what an error means as a reason, and which calls a card does not know. Knows no call.

use std::collections::{BTreeMap, BTreeSet};

use nvml_wrapper::error::NvmlError;

use crate::model::{Reading, Reason};

/// How often a call whose buffer was too small is made again: a list grew between the question how
/// long it is and the list.
const RETRIES: usize = 4;

/// What one card answered since the library was loaded.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Not asked again.
    unsupported: BTreeSet<&'static str>,
    /// The card fell off the bus: nothing else is asked in this run.
    lost: bool,
    /// Calls that failed when they were made last, and why. Some are not made at every run.
    failing: BTreeMap<&'static str, Reason>,
}

impl Calls {
    /// A run begins.
    pub(super) fn begin(&mut self) {
        self.lost = false;
    }

    /// Whether the card was found lost in this run.
    pub(super) fn is_lost(&self) -> bool {
        self.lost
    }

    /// Why calls fail that somebody could mend: a right that is missing before all else.
    pub(super) fn trouble(&self) -> Option<Reason> {
        let has = |reason| self.failing.values().any(|failing| *failing == reason);
        [Reason::PermissionDenied, Reason::ReadFailed].into_iter().find(|reason| has(*reason))
    }

    /// Makes `call`, unless the card is lost or is known not to support it.
    pub(super) fn ask<T>(
        &mut self,
        call: &'static str,
        ask: impl FnMut() -> Result<T, NvmlError>,
    ) -> Reading<T> {
        match self.raw(call, ask) {
            Ok(answer) => answer.into(),
            Err(error) => Reading::absent(reason(&error)),
        }
    }

    /// Like `ask`, for those that look at the error itself: `Err` is one that was not expected.
    pub(super) fn raw<T>(
        &mut self,
        call: &'static str,
        mut ask: impl FnMut() -> Result<T, NvmlError>,
    ) -> Result<Result<T, Reason>, NvmlError> {
        if self.lost {
            return Ok(Err(Reason::Gone));
        }
        if self.unsupported.contains(call) {
            return Ok(Err(Reason::NotSupported));
        }
        let mut tries = 0;
        let error = loop {
            match ask() {
                Ok(value) => {
                    self.failing.remove(call);
                    return Ok(Ok(value));
                }
                Err(NvmlError::InsufficientSize(_)) if tries < RETRIES => tries += 1,
                Err(error) => break error,
            }
        };
        match reason(&error) {
            Reason::NotSupported => {
                self.failing.remove(call);
                self.unsupported.insert(call);
            }
            Reason::Gone => self.lost = true,
            Reason::Measuring => {}
            reason => {
                if self.failing.insert(call, reason).is_none() {
                    tracing::debug!(call, %error, "NVML");
                }
            }
        }
        Err(error)
    }
}

/// Why there is no value.
pub(super) fn reason(error: &NvmlError) -> Reason {
    match error {
        NvmlError::NotSupported
        | NvmlError::FunctionNotFound
        | NvmlError::FailedToLoadSymbol(_)
        | NvmlError::VgpuEccNotSupported => Reason::NotSupported,
        NvmlError::NoPermission => Reason::PermissionDenied,
        NvmlError::GpuLost => Reason::Gone,
        NvmlError::NoData => Reason::Measuring,
        NvmlError::InsufficientMemory | NvmlError::InsufficientSize(_) => Reason::OutOfResources,
        NvmlError::Utf8Error(_)
        | NvmlError::UnexpectedVariant(_)
        | NvmlError::IncorrectBits(_)
        | NvmlError::StringTooLong { .. } => Reason::Malformed,
        _ => Reason::ReadFailed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_is_not_supported_is_made_once() {
        for error in [
            || NvmlError::NotSupported,
            || NvmlError::FunctionNotFound,
            || NvmlError::FailedToLoadSymbol("nvmlX".to_owned()),
        ] {
            let mut calls = Calls::default();
            let mut made = 0;
            for _ in 0..3 {
                calls.begin();
                let reading: Reading<u32> = calls.ask("nvmlX", || {
                    made += 1;
                    Err(error())
                });
                assert_eq!(reading, Reading::absent(Reason::NotSupported));
            }
            assert_eq!(made, 1);
            assert_eq!(calls.ask("nvmlY", || Ok(1)), Reading::Present(1), "only that one");
        }
    }

    #[test]
    fn what_fails_is_tried_again_at_the_next_run() {
        for (error, wanted) in [
            (NvmlError::Timeout, Reason::ReadFailed),
            (NvmlError::Unknown, Reason::ReadFailed),
            (NvmlError::NoPermission, Reason::PermissionDenied),
            (NvmlError::UnexpectedVariant(7), Reason::Malformed),
        ] {
            let mut calls = Calls::default();
            let mut errors = Some(error);
            let mut ask = || errors.take().map_or(Ok(5), Err);
            assert_eq!(calls.ask("nvmlX", &mut ask), Reading::absent(wanted));
            let told = Some(wanted).filter(|it| *it != Reason::Malformed);
            assert_eq!(calls.trouble(), told);
            calls.begin();
            assert_eq!(calls.trouble(), told, "until it is made again");
            assert_eq!(calls.ask("nvmlX", &mut ask), Reading::Present(5), "{wanted}");
            assert_eq!(calls.trouble(), None);
        }
    }

    #[test]
    fn a_lost_card_is_asked_nothing_more_in_that_run() {
        let mut calls = Calls::default();
        let lost: Reading<u32> = calls.ask("nvmlX", || Err(NvmlError::GpuLost));
        assert_eq!(lost, Reading::absent(Reason::Gone));
        assert!(calls.is_lost());
        let other: Reading<u32> = calls.ask("nvmlY", || panic!("asked a lost card"));
        assert_eq!(other, Reading::absent(Reason::Gone));
        calls.begin();
        assert_eq!(calls.ask("nvmlX", || Ok(1)), Reading::Present(1), "it came back");
    }

    #[test]
    fn a_list_that_grew_is_asked_for_again_and_not_for_ever() {
        let mut calls = Calls::default();
        let mut left = 2;
        let reading = calls.ask("nvmlX", || {
            left -= 1;
            if left >= 0 { Err(NvmlError::InsufficientSize(None)) } else { Ok(()) }
        });
        assert_eq!(reading, Reading::Present(()));
        let mut made = 0;
        let never: Reading<()> = calls.ask("nvmlX", || {
            made += 1;
            Err(NvmlError::InsufficientSize(Some(9)))
        });
        assert_eq!(never, Reading::absent(Reason::OutOfResources));
        assert_eq!(made, RETRIES + 1);
    }
}
