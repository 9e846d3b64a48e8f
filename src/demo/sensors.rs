//! The made-up sensors: a drive that is nearly too warm, a fan that stands still, and the power of
//! the processors, which only root may read.

use super::moment::Moment;
use crate::model::sensor::{Fan, Power, Sensors, Temperature, Voltage};
use crate::model::{Celsius, Reading, Reason, Text, Volts, Watts};

/// A drive whose air is blocked.
const WARM_DRIVE: u32 = 3;
/// A fan that stands still.
const DEAD_FAN: u32 = 5;

/// Sockets, each with its own chip.
const SOCKETS: u32 = 2;

pub(super) fn sensors(moment: Moment) -> Sensors {
    Sensors {
        temperatures: temperatures(moment),
        fans: (1..=8).map(|number| fan(moment, number)).collect(),
        power: power(moment),
        voltages: voltages(moment),
        left_out: 0,
    }
}

fn key(chip: &str, number: u32, channel: &str) -> Text {
    format!("{chip}-{number}/{channel}").into()
}

fn temperatures(moment: Moment) -> Vec<Temperature> {
    let row = |chip: &str,
               number: u32,
               label: &str,
               (low, high): (f64, f64),
               limits: [Option<f64>; 2]| {
        let name = format!("{chip} {number} {label}");
        let limit = |limit: Option<f64>| {
            Reading::from_option(limit.map(Celsius::new), Reason::NotSupported)
        };
        Temperature {
            key: key(chip, number, "temp1"),
            chip: chip.into(),
            label: label.into(),
            // Chips have steps of an eighth of a degree.
            celsius: Reading::Present(Celsius::new(
                (moment.between(&name, 90.0, low, high) * 8.0).round() / 8.0,
            )),
            high_celsius: limit(limits[0]),
            critical_celsius: limit(limits[1]),
        }
    };
    let mut rows = Vec::new();
    for dimm in 0..16 {
        // The modules in the middle of a row get less air.
        let warmer = f64::from(dimm % 8).min(f64::from(7 - dimm % 8));
        let range = (43.0 + warmer, 48.0 + warmer);
        rows.push(row("jc42", dimm, "temp1", range, [Some(85.0), Some(95.0)]));
    }
    for socket in 0..SOCKETS {
        let range = (61.0 + 4.0 * f64::from(socket), 72.0 + 4.0 * f64::from(socket));
        rows.push(row("k10temp", socket, "Tctl", range, [Some(90.0), Some(95.0)]));
    }
    rows.push(row("mlx5", 0, "asic", (58.0, 63.0), [None, Some(105.0)]));
    rows.push(row("mlx5", 1, "asic", (57.0, 61.0), [None, Some(105.0)]));
    for drive in 0..8 {
        let range = if drive == WARM_DRIVE { (78.4, 80.9) } else { (39.0, 46.0) };
        rows.push(row("nvme", drive, "Composite", range, [Some(81.8), Some(84.8)]));
    }
    rows
}

fn fan(moment: Moment, number: u32) -> Fan {
    let label = format!("fan{number}");
    let turning = moment.between(&label, 60.0, 7200.0, 8100.0) as u32;
    Fan {
        key: key("nct6798", 0, &label),
        chip: "nct6798".into(),
        revolutions_per_minute: Reading::Present(if number == DEAD_FAN { 0 } else { turning }),
        low_revolutions_per_minute: Reading::Present(500),
        label: label.into(),
    }
}

fn power(moment: Moment) -> Vec<Power> {
    let supply = Power {
        key: key("power_meter", 0, "power1"),
        chip: "power_meter".into(),
        label: "power1".into(),
        watts: Reading::Present(Watts::new(moment.between("power", 30.0, 2310.0, 2890.0))),
        limit_watts: Reading::Present(Watts::new(3600.0)),
    };
    let package = |socket: u32| Power {
        key: key("rapl", socket, "energy"),
        chip: "rapl".into(),
        label: format!("package-{socket}").into(),
        watts: Reading::absent(Reason::PermissionDenied),
        limit_watts: Reading::absent(Reason::NotSupported),
    };
    std::iter::once(supply).chain((0..SOCKETS).map(package)).collect()
}

fn voltages(moment: Moment) -> Vec<Voltage> {
    let row = |(number, (label, usual)): (u32, (&str, f64))| {
        let wobble = moment.between(label, 15.0, 0.995, 1.005);
        Voltage {
            key: key("nct6798", 0, &format!("in{number}")),
            chip: "nct6798".into(),
            label: label.into(),
            volts: Reading::Present(Volts::new(usual * wobble)),
        }
    };
    let lines = [("P12V", 12.09), ("P5V", 5.02), ("P3V3", 3.31), ("P1V8", 1.79), ("VBAT", 3.06)];
    (0..).zip(lines).map(row).collect()
}
