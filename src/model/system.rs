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
}
