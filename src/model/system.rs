//! The machine and its operating system.

use serde::{Deserialize, Serialize};

use super::{Reading, Seconds, UnixMillis};

/// What changes rarely or never while the machine is up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct System {
    /// The kernel's node name (`/proc/sys/kernel/hostname`).
    pub hostname: Reading<String>,
    /// The distribution (`/etc/os-release`, else `/usr/lib/os-release`).
    pub operating_system: Reading<OperatingSystem>,
    /// The kernel's name (`/proc/sys/kernel/ostype`), for example `Linux`.
    pub kernel_name: Reading<String>,
    /// The kernel's release (`/proc/sys/kernel/osrelease`).
    pub kernel_release: Reading<String>,
    /// The kernel's build (`/proc/sys/kernel/version`), for `/metrics` only: it is not on the wire.
    #[serde(skip)]
    #[cfg_attr(test, ts(skip))]
    pub kernel_version: Reading<String>,
    /// The NIS domain (`/proc/sys/kernel/domainname`), for `/metrics` only: it is not on the wire.
    #[serde(skip)]
    #[cfg_attr(test, ts(skip))]
    pub domain_name: Reading<String>,
    /// The processor architecture smonitor was built for, for example `x86_64`.
    pub architecture: String,
    /// When the kernel started (`/proc/stat`, `btime`, whole seconds).
    pub boot_time_ms: Reading<UnixMillis>,
    /// Seconds since the kernel started, suspended time included (`/proc/uptime`, first field).
    pub uptime_seconds: Reading<Seconds>,
}

/// A distribution, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct OperatingSystem {
    /// `NAME`, for example `Ubuntu`; `Linux` where the file does not say, as os-release(5) wants.
    pub name: String,
    /// `VERSION_ID`, for example `24.04`; absent on rolling releases.
    pub version: Reading<String>,
    /// `VERSION_CODENAME`, for example `noble`.
    pub codename: Reading<String>,
    /// `PRETTY_NAME`, else name and version.
    pub pretty_name: String,
    /// What else the file says, for `/metrics` only: it is not on the wire.
    #[serde(skip)]
    #[cfg_attr(test, ts(skip))]
    pub release: OsRelease,
}

/// The rest of `os-release`; empty is what the file does not say (os-release(5)).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OsRelease {
    /// `ID`, for example `ubuntu`.
    pub id: String,
    /// `ID_LIKE`, for example `debian`.
    pub id_like: String,
    /// `VERSION`, for example `24.04.3 LTS (Noble Numbat)`.
    pub version: String,
    /// `VARIANT`, for example `Server Edition`.
    pub variant: String,
    /// `VARIANT_ID`, for example `server`.
    pub variant_id: String,
    /// `BUILD_ID`.
    pub build_id: String,
    /// `IMAGE_ID`.
    pub image_id: String,
    /// `IMAGE_VERSION`.
    pub image_version: String,
}
