//! Temperatures, fans, power, voltages.

use super::Known;
use super::text::Page;

pub(super) const ORIGIN: &str =
    "section `sensors`: the kernel's hwmon, thermal and powercap devices";

metrics! {
    TEMPERATURE: Gauge "smonitor_temperature_celsius", ["sensor", "chip", "label"],
        "A temperature.";
    TEMPERATURE_HIGH: Gauge "smonitor_temperature_high_celsius", ["sensor", "chip", "label"],
        "From here on it is too warm.";
    TEMPERATURE_CRITICAL: Gauge "smonitor_temperature_critical_celsius", ["sensor", "chip", "label"],
        "From here on the hardware protects itself.";
    FAN: Gauge "smonitor_fan_rpm", ["sensor", "chip", "label"],
        "Revolutions of a fan per minute; 0 is a fan that stands still.";
    FAN_LOW: Gauge "smonitor_fan_low_rpm", ["sensor", "chip", "label"],
        "Below this the fan is broken.";
    POWER: Gauge "smonitor_power_watts", ["sensor", "chip", "label"],
        "Power that a chip or a processor package draws.";
    POWER_LIMIT: Gauge "smonitor_power_limit_watts", ["sensor", "chip", "label"],
        "Power that it may draw.";
    VOLTAGE: Gauge "smonitor_voltage_volts", ["sensor", "chip", "label"], "A voltage.";
}

pub(super) fn write(page: &mut Page, known: Known<'_>) {
    let Some(sensors) = known.fresh(&known.snapshot.sensors) else { return };
    macro_rules! family {
        ($metric:ident, $list:ident, $field:ident) => {
            page.family(&$metric, |samples| {
                for row in &sensors.$list {
                    samples.add(&[&row.key, &row.chip, &row.label], row.$field);
                }
            });
        };
    }
    family!(TEMPERATURE, temperatures, celsius);
    family!(TEMPERATURE_HIGH, temperatures, high_celsius);
    family!(TEMPERATURE_CRITICAL, temperatures, critical_celsius);
    family!(FAN, fans, revolutions_per_minute);
    family!(FAN_LOW, fans, low_revolutions_per_minute);
    family!(POWER, power, watts);
    family!(POWER_LIMIT, power, limit_watts);
    family!(VOLTAGE, voltages, volts);
}
