//! A chip with its sensors, wherever it was found: reading it, and showing it as rows.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::{row_key, value};
use crate::host::files;
use crate::model::sensor::{Fan, Power, Sensors, Temperature, Voltage};
use crate::model::{Celsius, Reading, Reason, Text, Watts};

/// Some sensors behind one driver.
#[derive(Debug)]
pub(super) struct Chip {
    /// Its folder's name and inode: the same are the same chip, as long as the machine runs.
    pub(super) identity: (OsString, u64),
    /// The driver's name for it, `coretemp`.
    pub(super) name: String,
    /// The device it is on, `0000:00:18.3`: the same after the next start, unlike `hwmon3`.
    pub(super) device: Option<String>,
    /// The disk it is in, `nvme0n1`.
    pub(super) disk: Option<String>,
    /// Name and device, and a number if that is not unique.
    pub(super) key: String,
    /// What it is shown as.
    pub(super) title: Text,
    /// By number.
    pub(super) sensors: Vec<Sensor>,
    /// Says `suspended` while the device sleeps.
    pub(super) runtime_status: Option<PathBuf>,
    /// Whether asking costs a disk its sleep.
    pub(super) is_disk: bool,
    /// When a slow chip is read again; `None` for the others, which are read every time.
    pub(super) due: Option<Duration>,
}

/// One sensor.
#[derive(Debug)]
pub(super) struct Sensor {
    /// Its own name, `temp1`.
    pub(super) name: String,
    /// The driver's label, else its name.
    pub(super) label: Text,
    pub(super) key: Text,
    pub(super) kind: Kind,
    pub(super) input: PathBuf,
    /// Where its limits are: of a temperature the high and the critical one.
    pub(super) limits: [Option<PathBuf>; 2],
    pub(super) has_limits: bool,
    /// Says 1 if the sensor is broken (`temp1_fault`).
    pub(super) fault: Option<PathBuf>,
    /// Says 0 if the sensor is switched off (`temp1_enable`).
    pub(super) enable: Option<PathBuf>,
    pub(super) value: Result<i64, Reason>,
}

/// What a sensor measures, with its limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Temperature { high: Reading<Celsius>, critical: Reading<Celsius> },
    Fan { low: Reading<u32> },
    Power { limit: Reading<Watts> },
    Voltage,
}

impl Chip {
    /// Reads every sensor; whether one of them was there no more.
    pub(super) fn read(&mut self) -> bool {
        let is_asleep = self.runtime_status.as_ref().is_some_and(|path| {
            let status = files::read(path, files::SMALL);
            status.is_ok_and(|status| status.trim_ascii() == b"suspended")
        });
        for sensor in &mut self.sensors {
            // Reading would wake it.
            sensor.value = if is_asleep { Err(Reason::NotSupported) } else { sensor.read() };
            if !is_asleep && !std::mem::replace(&mut sensor.has_limits, true) {
                sensor.read_limits();
            }
        }
        self.sensors.iter().any(|sensor| sensor.value == Err(Reason::Gone))
    }

    /// Adds its sensors' rows.
    pub(super) fn show(&self, sensors: &mut Sensors) {
        for sensor in &self.sensors {
            let value = Reading::from(sensor.value);
            let (key, chip) = (sensor.key.clone(), self.title.clone());
            let label = sensor.label.clone();
            match sensor.kind {
                Kind::Temperature { high, critical } => sensors.temperatures.push(Temperature {
                    key,
                    chip,
                    label,
                    celsius: value.and_then(value::celsius),
                    high_celsius: high,
                    critical_celsius: critical,
                }),
                Kind::Fan { low } => sensors.fans.push(Fan {
                    key,
                    chip,
                    label,
                    revolutions_per_minute: value.and_then(value::revolutions),
                    low_revolutions_per_minute: low,
                }),
                Kind::Power { limit } => sensors.power.push(Power {
                    key,
                    chip,
                    label,
                    watts: value.and_then(value::watts),
                    limit_watts: limit,
                }),
                Kind::Voltage => sensors.voltages.push(Voltage {
                    key,
                    chip,
                    label,
                    volts: value.and_then(value::volts),
                }),
            }
        }
    }
}

impl Sensor {
    fn read(&self) -> Result<i64, Reason> {
        let says = |path: &Option<PathBuf>, wanted| {
            path.as_ref().is_some_and(|path| value::read(path) == Ok(wanted))
        };
        if says(&self.enable, 0) {
            return Err(Reason::NotSupported);
        }
        if says(&self.fault, 1) {
            return Err(Reason::ReadFailed);
        }
        value::read(&self.input)
    }

    fn read_limits(&mut self) {
        let [first, second] = self.limits.each_ref().map(|path| match path {
            Some(path) => Reading::from(value::read(path)),
            None => Reading::absent(Reason::NotSupported),
        });
        self.kind = match self.kind {
            Kind::Temperature { .. } => Kind::Temperature {
                high: first.and_then(value::limit),
                critical: second.and_then(value::limit),
            },
            Kind::Fan { .. } => Kind::Fan { low: first.and_then(value::low_revolutions) },
            Kind::Power { .. } => Kind::Power { limit: first.and_then(value::limit_watts) },
            Kind::Voltage => Kind::Voltage,
        };
    }
}

impl Kind {
    /// A kind of sensor whose limits were not read.
    pub(super) const TEMPERATURE: Self = Self::Temperature {
        high: Reading::absent(Reason::NotSupported),
        critical: Reading::absent(Reason::NotSupported),
    };
    /// The same of a fan.
    pub(super) const FAN: Self = Self::Fan { low: Reading::absent(Reason::NotSupported) };
    /// The same of power.
    pub(super) const POWER: Self = Self::Power { limit: Reading::absent(Reason::NotSupported) };
}

/// Gives every chip a key and a title of its own.
pub(super) fn name_apart(chips: &mut [Chip]) {
    // Where even the device is the same, the order of the folders decides.
    let number = |folder: &OsString| {
        let text = folder.to_string_lossy();
        let digits = text.trim_start_matches(|character: char| !character.is_ascii_digit());
        digits.parse().unwrap_or(u64::MAX)
    };
    chips.sort_by_key(|chip| number(&chip.identity.0));
    let mut named: HashMap<String, u32> = HashMap::new();
    for chip in chips.iter() {
        *named.entry(chip.name.clone()).or_default() += 1;
    }
    let mut seen: HashMap<String, u32> = HashMap::new();
    for chip in chips {
        let mut key = match &chip.device {
            Some(device) => format!("{}@{device}", chip.name),
            None => chip.name.clone(),
        };
        let times = seen.entry(key.clone()).or_default();
        *times += 1;
        if *times > 1 {
            key = format!("{key}#{times}");
        }
        let title = match (&chip.disk, &chip.device) {
            (Some(disk), _) => format!("{} {disk}", chip.name),
            // coretemp.1 says it all.
            (None, Some(device)) if named[&chip.name] > 1 && device.starts_with(&chip.name) => {
                device.clone()
            }
            (None, Some(device)) if named[&chip.name] > 1 => format!("{} {device}", chip.name),
            (None, _) => chip.name.clone(),
        };
        for sensor in &mut chip.sensors {
            sensor.key = row_key(&key, &sensor.name);
        }
        chip.title = Text::from(title);
        chip.key = key;
    }
}
