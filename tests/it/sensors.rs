//! Sensors of machines out of files, to which something happens.

use std::fs;
use std::io::Write as _;
use std::time::Duration;

use smonitor::host::sensors::{LIST_LIFE, SLOW, SLOW_LIFE, SensorsSource};
use smonitor::host::{Collected, Source as _};
use smonitor::model::sensor::{SENSORS_MAX, Sensors, Temperature};
use smonitor::model::source::Remedy;
use smonitor::model::{Celsius, Reading, Reason, Watts};

use super::host_machine::Machine;

const TICK: Duration = Duration::from_secs(5);

fn sensors(source: &mut SensorsSource) -> Sensors {
    match source.collect() {
        Ok(Collected::Sensors(sensors)) => sensors,
        other => panic!("{other:?}"),
    }
}

fn row<'a>(sensors: &'a Sensors, key: &str) -> &'a Temperature {
    let found = sensors.temperatures.iter().find(|row| row.key.as_str() == key);
    found.unwrap_or_else(|| panic!("{key} is not in {:?}", keys(sensors)))
}

fn keys(sensors: &Sensors) -> Vec<&str> {
    sensors.temperatures.iter().map(|row| row.key.as_str()).collect()
}

fn write_chip(machine: &Machine, number: u32, name: &str, device: &str, celsius: i32) {
    let folder = format!("sys/class/hwmon/hwmon{number}");
    machine.write(&format!("{folder}/name"), format!("{name}\n"));
    machine.write(&format!("{folder}/temp1_input"), format!("{}\n", celsius * 1000));
    let _ = fs::remove_file(machine.path(&format!("{folder}/device")));
    let target = format!("../../../devices/{device}");
    std::os::unix::fs::symlink(target, machine.path(&format!("{folder}/device"))).unwrap();
}

#[test]
fn keys_are_the_same_whatever_the_chips_are_numbered() {
    let keys_of = |order: [u32; 3]| {
        let machine = Machine::empty();
        write_chip(&machine, order[0], "amdgpu", "0000:03:00.0", 40);
        write_chip(&machine, order[1], "amdgpu", "0000:83:00.0", 50);
        write_chip(&machine, order[2], "k10temp", "0000:00:18.3", 60);
        let sensors = sensors(&mut SensorsSource::new(machine.context()));
        let values: Vec<f64> =
            sensors.temperatures.iter().map(|row| row.celsius.present().unwrap().0).collect();
        assert_eq!(values, [40.0, 50.0, 60.0], "{order:?}");
        keys(&sensors).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let wanted =
        ["amdgpu@0000:03:00.0/temp1", "amdgpu@0000:83:00.0/temp1", "k10temp@0000:00:18.3/temp1"];
    assert_eq!(keys_of([0, 1, 2]), wanted);
    assert_eq!(keys_of([5, 3, 10]), wanted);
}

#[test]
fn two_chips_on_one_device_are_two() {
    let machine = Machine::empty();
    write_chip(&machine, 10, "asus", "asus-nb-wmi", 41);
    write_chip(&machine, 9, "asus", "asus-nb-wmi", 40);
    let sensors = sensors(&mut SensorsSource::new(machine.context()));
    assert_eq!(keys(&sensors), ["asus@asus-nb-wmi/temp1", "asus@asus-nb-wmi#2/temp1"]);
    assert_eq!(sensors.temperatures[0].celsius, Reading::Present(Celsius(40.0)));
}

#[test]
fn chips_come_within_a_minute_and_go_at_once() {
    let machine = Machine::empty();
    write_chip(&machine, 0, "k10temp", "0000:00:18.3", 60);
    write_chip(&machine, 1, "nvme", "nvme0", 40);
    let mut source = SensorsSource::new(machine.context());
    assert_eq!(keys(&sensors(&mut source)).len(), 2);
    write_chip(&machine, 2, "coretemp", "coretemp.0", 30);
    machine.pass(LIST_LIFE - TICK);
    assert_eq!(keys(&sensors(&mut source)).len(), 2);
    machine.pass(TICK);
    assert_eq!(keys(&sensors(&mut source)).len(), 3);
    machine.remove("sys/class/hwmon/hwmon1");
    machine.pass(TICK);
    let going = sensors(&mut source);
    assert_eq!(row(&going, "nvme@nvme0/temp1").celsius, Reading::absent(Reason::Gone));
    machine.pass(TICK);
    assert_eq!(
        keys(&sensors(&mut source)),
        ["coretemp@coretemp.0/temp1", "k10temp@0000:00:18.3/temp1"]
    );
}

#[test]
fn another_chip_with_the_number_of_one_that_went_is_another() {
    let machine = Machine::empty();
    write_chip(&machine, 0, "nvme", "nvme0", 40);
    let mut source = SensorsSource::new(machine.context());
    sensors(&mut source);
    // A disk was pulled and another put in, between two runs.
    machine.remove("sys/class/hwmon/hwmon0");
    write_chip(&machine, 0, "drivetemp", "2:0:0:0", 30);
    machine.pass(LIST_LIFE);
    assert_eq!(keys(&sensors(&mut source)), ["drivetemp@2:0:0:0/temp1"]);
}

#[test]
fn labels_and_limits_are_read_once_and_values_every_time() {
    let machine = Machine::of("made-sensors-server/t0");
    let mut source = SensorsSource::new(machine.context());
    sensors(&mut source);
    machine.write("sys/class/hwmon/hwmon4/temp1_label", "another\n");
    machine.write("sys/class/hwmon/hwmon4/temp1_crit", "1000\n");
    machine.write("sys/class/hwmon/hwmon4/temp1_input", "71500\n");
    machine.pass(LIST_LIFE);
    let later = sensors(&mut source);
    let package = row(&later, "coretemp@coretemp.0/temp1");
    assert_eq!(package.label.as_str(), "Package id 0");
    assert_eq!(package.critical_celsius, Reading::Present(Celsius(91.0)));
    assert_eq!(package.celsius, Reading::Present(Celsius(71.5)));
}

#[test]
fn disks_are_asked_twice_a_minute() {
    let machine = Machine::of("made-sensors-server/t0");
    let mut source = SensorsSource::new(machine.context());
    let key = "drivetemp@0:0:0:0/temp1";
    assert_eq!(row(&sensors(&mut source), key).celsius, Reading::Present(Celsius(33.0)));
    machine.write("sys/class/hwmon/hwmon0/temp1_input", "44000\n");
    machine.pass(SLOW_LIFE - TICK);
    assert_eq!(row(&sensors(&mut source), key).celsius, Reading::Present(Celsius(33.0)));
    machine.pass(TICK);
    assert_eq!(row(&sensors(&mut source), key).celsius, Reading::Present(Celsius(44.0)));
}

#[test]
fn a_chip_that_takes_long_is_asked_twice_a_minute() {
    let machine = Machine::empty();
    write_chip(&machine, 0, "k10temp", "0000:00:18.3", 60);
    write_chip(&machine, 1, "slow", "0-0048", 0);
    let path = machine.path("sys/class/hwmon/hwmon1/temp1_input");
    fs::remove_file(&path).unwrap();
    let (kind, mode) =
        (rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR);
    rustix::fs::mknodat(rustix::fs::CWD, &path, kind, mode, 0).unwrap();
    let mut source = SensorsSource::new(machine.context());
    let key = "slow@0-0048/temp1";
    let first = std::thread::scope(|scope| {
        scope.spawn(|| {
            // Opens as soon as it is read.
            let fifo = fs::OpenOptions::new().write(true).open(&path).unwrap();
            machine.pass(SLOW + Duration::from_millis(1));
            (&fifo).write_all(b"40000\n").unwrap();
        });
        sensors(&mut source)
    });
    assert_eq!(row(&first, key).celsius, Reading::Present(Celsius(40.0)));
    machine.write("sys/class/hwmon/hwmon1/temp1_input", "50000\n");
    machine.write("sys/class/hwmon/hwmon0/temp1_input", "70000\n");
    machine.pass(SLOW_LIFE - TICK);
    let second = sensors(&mut source);
    assert_eq!(row(&second, key).celsius, Reading::Present(Celsius(40.0)));
    assert_eq!(row(&second, "k10temp@0000:00:18.3/temp1").celsius, Reading::Present(Celsius(70.0)));
    machine.pass(TICK);
    assert_eq!(row(&sensors(&mut source), key).celsius, Reading::Present(Celsius(50.0)));
    // It was fast this time, so it is one like the others again.
    machine.write("sys/class/hwmon/hwmon1/temp1_input", "55000\n");
    machine.pass(TICK);
    assert_eq!(row(&sensors(&mut source), key).celsius, Reading::Present(Celsius(55.0)));
}

#[test]
fn a_graphics_card_that_sleeps_is_not_asked() {
    let machine = Machine::of("made-sensors-laptop/t0");
    let mut source = SensorsSource::new(machine.context());
    let key = "amdgpu@0000:03:00.0/temp1";
    let asleep = sensors(&mut source);
    assert_eq!(row(&asleep, key).celsius, Reading::absent(Reason::NotSupported));
    assert_eq!(row(&asleep, key).high_celsius, Reading::absent(Reason::NotSupported));
    machine.write("sys/devices/0000:03:00.0/power/runtime_status", "active\n");
    machine.pass(TICK);
    let awake = sensors(&mut source);
    assert_eq!(row(&awake, key).celsius, Reading::Present(Celsius(30.0)));
    assert_eq!(row(&awake, key).critical_celsius, Reading::Present(Celsius(100.0)));
}

#[test]
fn a_machine_without_sensors_does_not_have_them() {
    let machine = Machine::empty();
    let mut source = SensorsSource::new(machine.context());
    assert_eq!(source.collect(), Err(Reason::NotSupported));
    // Some have the folders, and nothing in them.
    fs::create_dir_all(machine.path("sys/class/hwmon")).unwrap();
    fs::create_dir_all(machine.path("sys/class/thermal")).unwrap();
    machine.write("sys/class/hwmon/hwmon0/name", "rpi_volt\n");
    machine.write("sys/class/hwmon/hwmon0/in0_lcrit_alarm", "0\n");
    machine.pass(LIST_LIFE);
    assert_eq!(source.collect(), Err(Reason::NotSupported));
    assert_eq!(source.findings(), []);
}

#[test]
fn a_file_of_rubbish_spoils_only_its_own_row() {
    let machine = Machine::of("made-sensors-server/t0");
    machine.write("sys/class/hwmon/hwmon4/temp1_input", [0xff; 500]);
    machine.write("sys/class/hwmon/hwmon4/temp2_label", b"\x1b]0;x\x07\xff");
    machine.write("sys/class/powercap/intel-rapl:0/energy_uj", "-5\n");
    let sensors = sensors(&mut SensorsSource::new(machine.context()));
    assert_eq!(
        row(&sensors, "coretemp@coretemp.0/temp1").celsius,
        Reading::absent(Reason::Malformed)
    );
    let second = row(&sensors, "coretemp@coretemp.0/temp2");
    assert_eq!(second.celsius, Reading::Present(Celsius(58.0)));
    assert_eq!(second.label.as_str(), "␛]0;x␇\u{fffd}");
    let power = sensors.power.iter().find(|row| row.key.as_str() == "rapl/package-0").unwrap();
    assert_eq!(power.watts, Reading::absent(Reason::Malformed));
}

#[test]
fn more_sensors_than_rows_are_counted() {
    let machine = Machine::empty();
    write_chip(&machine, 0, "coretemp", "coretemp.0", 40);
    for number in 2..=SENSORS_MAX + 10 {
        machine.write(&format!("sys/class/hwmon/hwmon0/temp{number}_input"), "50000\n");
    }
    let sensors = sensors(&mut SensorsSource::new(machine.context()));
    assert_eq!((sensors.temperatures.len(), sensors.left_out), (SENSORS_MAX, 10));
    assert_eq!(sensors.temperatures[9].label.as_str(), "temp10");
}

#[test]
fn energy_that_only_root_may_read_is_a_row_and_a_finding() {
    let machine = Machine::of("made-sensors-server/t0");
    for domain in ["intel-rapl:0", "intel-rapl:0:0", "intel-rapl:1", "intel-rapl:1:0"] {
        let path = machine.path(&format!("sys/class/powercap/{domain}/energy_uj"));
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    }
    let context = machine.context();
    // Root reads whatever it wants, so this is a thread that may not.
    let ordinary = std::thread::spawn(move || {
        let none = rustix::thread::CapabilitySet::empty();
        let sets =
            rustix::thread::CapabilitySets { effective: none, permitted: none, inheritable: none };
        rustix::thread::set_capabilities(None, sets).unwrap();
        let mut source = SensorsSource::new(context);
        (sensors(&mut source), source.findings())
    });
    let (sensors, findings) = ordinary.join().unwrap();
    assert_eq!(sensors.power.iter().filter(|row| row.chip.as_str() == "rapl").count(), 4);
    let package = sensors.power.iter().find(|row| row.key.as_str() == "rapl/package-0").unwrap();
    assert_eq!(package.watts, Reading::absent(Reason::PermissionDenied));
    assert_eq!(package.limit_watts, Reading::Present(Watts(205.0)), "everybody may read it");
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!(finding.what.as_str(), "powercap/*/energy_uj");
    assert_eq!(finding.problem.reason, Reason::PermissionDenied);
    assert_eq!(finding.remedy, Remedy::RunPrivileged);
}

#[test]
fn energy_after_a_pause_is_measured_anew() {
    let machine = Machine::of("made-sensors-server/t0");
    let mut source = SensorsSource::new(machine.context());
    let package = |source: &mut SensorsSource| {
        sensors(source).power.iter().find(|row| row.key.as_str() == "rapl/package-0").unwrap().watts
    };
    assert_eq!(package(&mut source), Reading::absent(Reason::Measuring));
    machine.pass(TICK);
    machine.write("sys/class/powercap/intel-rapl:0/energy_uj", "50500000000\n");
    assert_eq!(package(&mut source), Reading::Present(Watts(100.0)));
    machine.pass(machine.context().rate_window + TICK);
    machine.write("sys/class/powercap/intel-rapl:0/energy_uj", "60500000000\n");
    assert_eq!(package(&mut source), Reading::absent(Reason::Measuring));
}

#[test]
fn a_zone_that_no_chip_shows_is_shown() {
    let machine = Machine::of("made-sensors-pi/t0");
    machine.remove("sys/class/hwmon");
    let sensors = sensors(&mut SensorsSource::new(machine.context()));
    let zone = row(&sensors, "cpu-thermal/temp1");
    assert_eq!(zone.celsius, Reading::Present(Celsius(48.3)));
    assert_eq!(zone.critical_celsius, Reading::Present(Celsius(110.0)));
    assert_eq!(zone.high_celsius, Reading::absent(Reason::NotSupported));
}
