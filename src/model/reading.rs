//! A reading: a value, or the reason why there is none. Absent is never zero.

use serde::{Deserialize, Serialize};

/// A value that was read, or the reason why it could not be.
///
/// In JSON a present reading is the bare value and an absent one is `{"absent":"<reason>"}`, so
/// that a reader can never mistake "we do not know" for 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(untagged)]
pub enum Reading<T> {
    /// No value, and why. Tried first when parsing: no value type of ours has a key `absent`.
    Absent {
        /// Why there is no value.
        absent: Reason,
    },
    /// The value.
    Present(T),
}

/// Why a value is absent. A closed list: the same word is label, log field and key of the page's
/// text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A rate needs two samples and there is only one so far (or a counter was reset in between).
    Measuring,
    /// This kernel, machine or device does not offer the value.
    NotSupported,
    /// The operating system refused: the account smonitor runs under may not read it.
    PermissionDenied,
    /// The software that would provide the value is not installed.
    NotInstalled,
    /// What provides the value did not answer before its deadline and has not answered since.
    NotResponding,
    /// Reading failed with an input/output error.
    ReadFailed,
    /// What was read does not have the documented form.
    Malformed,
    /// smonitor ran into a limit of its own (file descriptors, memory, a cap).
    OutOfResources,
    /// Nobody asked for it yet, so it was not collected.
    NotCollected,
    /// What it belongs to (a process, a device, a mount) ended while it was read.
    Gone,
    /// The viewer's role may not see it.
    Hidden,
}

impl Reason {
    /// Every reason, in the order of declaration; tests walk over it.
    pub const ALL: [Self; 11] = [
        Self::Measuring,
        Self::NotSupported,
        Self::PermissionDenied,
        Self::NotInstalled,
        Self::NotResponding,
        Self::ReadFailed,
        Self::Malformed,
        Self::OutOfResources,
        Self::NotCollected,
        Self::Gone,
        Self::Hidden,
    ];

    /// The word used on the wire, in logs and as a label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Measuring => "measuring",
            Self::NotSupported => "not_supported",
            Self::PermissionDenied => "permission_denied",
            Self::NotInstalled => "not_installed",
            Self::NotResponding => "not_responding",
            Self::ReadFailed => "read_failed",
            Self::Malformed => "malformed",
            Self::OutOfResources => "out_of_resources",
            Self::NotCollected => "not_collected",
            Self::Gone => "gone",
            Self::Hidden => "hidden",
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<T> Reading<T> {
    /// An absent reading.
    #[must_use]
    pub const fn absent(reason: Reason) -> Self {
        Self::Absent { absent: reason }
    }

    /// The value, if there is one.
    pub fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent { .. } => None,
        }
    }

    /// Why there is no value, if there is none.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Present(_) => None,
            Self::Absent { absent } => Some(*absent),
        }
    }

    /// Applies `f` to a present value and keeps an absent one's reason.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Reading<U> {
        match self {
            Self::Present(value) => Reading::Present(f(value)),
            Self::Absent { absent } => Reading::Absent { absent },
        }
    }

    /// Like `map`, for a step that can itself come out absent.
    pub fn and_then<U>(self, f: impl FnOnce(T) -> Reading<U>) -> Reading<U> {
        match self {
            Self::Present(value) => f(value),
            Self::Absent { absent } => Reading::Absent { absent },
        }
    }

    /// A reading that borrows the value.
    pub fn as_ref(&self) -> Reading<&T> {
        match self {
            Self::Present(value) => Reading::Present(value),
            Self::Absent { absent } => Reading::Absent { absent: *absent },
        }
    }

    /// A present reading of `Some`, or absent with `reason`.
    pub fn from_option(value: Option<T>, reason: Reason) -> Self {
        value.map_or(Self::Absent { absent: reason }, Self::Present)
    }
}

/// Not collected: what a part of a value is that nobody has read yet.
impl<T> Default for Reading<T> {
    fn default() -> Self {
        Self::absent(Reason::NotCollected)
    }
}

impl<T> From<Result<T, Reason>> for Reading<T> {
    fn from(result: Result<T, Reason>) -> Self {
        match result {
            Ok(value) => Self::Present(value),
            Err(absent) => Self::Absent { absent },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_reading_says_why_and_is_never_zero() {
        for reason in Reason::ALL {
            let json = serde_json::to_string(&Reading::<u64>::absent(reason)).unwrap();
            assert_eq!(json, format!(r#"{{"absent":"{reason}"}}"#));
            let back: Reading<u64> = serde_json::from_str(&json).unwrap();
            assert_eq!(back.reason(), Some(reason));
        }
        assert_eq!(serde_json::to_string(&Reading::Present(0_u64)).unwrap(), "0");
    }

    #[test]
    fn present_objects_survive_the_untagged_form() {
        let reading: Reading<crate::model::pressure::PressureLine> =
            serde_json::from_str(r#"{"average_10s_percent":1.5,"average_60s_percent":0,"average_300s_percent":0,"total_seconds":2}"#).unwrap();
        assert!(reading.present().is_some());
    }
}
