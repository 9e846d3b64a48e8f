//! Temperatures, fans, power, voltages. Sources: `/sys/class/hwmon` (kernel document
//! hwmon/sysfs-interface.rst), `/sys/class/thermal`, `/sys/class/powercap`.

use serde::{Deserialize, Serialize};

use super::{Celsius, Reading, Text, Volts, Watts};

/// The most rows of each list that are kept.
pub const SENSORS_MAX: usize = 512;

/// All sensors that this machine has and lets us read. A sensor whose chip is asleep or faulty is a
/// row with an absent value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Sensors {
    /// Temperatures, by chip and number; thermal zones that no chip shows come last.
    pub temperatures: Vec<Temperature>,
    /// Fans, by chip and number.
    pub fans: Vec<Fan>,
    /// Power: of chips (`power*`) and of processor packages (RAPL).
    pub power: Vec<Power>,
    /// Voltages (`in*`).
    pub voltages: Vec<Voltage>,
    /// Sensors beyond [`SENSORS_MAX`] of a list, which have no row.
    pub left_out: u64,
}

/// A temperature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Temperature {
    /// Identity of the row.
    pub key: Text,
    /// The chip's name, `coretemp`.
    pub chip: Text,
    /// What it measures: the driver's label (`Package id 0`), else `temp1`.
    pub label: Text,
    /// Now.
    pub celsius: Reading<Celsius>,
    /// From here on it is too warm (`temp*_max`, or the zone's `hot` trip point).
    pub high_celsius: Reading<Celsius>,
    /// From here on the hardware protects itself (`temp*_crit`, or the zone's `critical`).
    pub critical_celsius: Reading<Celsius>,
}

/// A fan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Fan {
    /// Identity of the row.
    pub key: Text,
    /// The chip's name.
    pub chip: Text,
    /// The driver's label, else `fan1`.
    pub label: Text,
    /// Revolutions per minute (`fan*_input`). 0 is a reading: it stands still.
    pub revolutions_per_minute: Reading<u32>,
    /// Below this it is broken (`fan*_min`).
    pub low_revolutions_per_minute: Reading<u32>,
}

/// Power that something draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Power {
    /// Identity of the row.
    pub key: Text,
    /// The chip's name, or `rapl`.
    pub chip: Text,
    /// The driver's label, else `power1`; of RAPL the domain: `package-0`, `dram`.
    pub label: Text,
    /// Now (`power*_average` or `power*_input`; of RAPL the energy since the last sample).
    pub watts: Reading<Watts>,
    /// At most (`power*_cap`; of RAPL the long-term constraint).
    pub limit_watts: Reading<Watts>,
}

/// A voltage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
pub struct Voltage {
    /// Identity of the row.
    pub key: Text,
    /// The chip's name.
    pub chip: Text,
    /// The driver's label, else `in1`.
    pub label: Text,
    /// Now (`in*_input`).
    pub volts: Reading<Volts>,
}
