#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::sensors::{hwmon, value};

fuzz_target!(|data: &[u8]| {
    if let Ok(name) = std::str::from_utf8(data) {
        let _ = hwmon::parse_file_name(name);
    }
    if let Some(number) = value::parse(data) {
        let _ = (value::celsius(number), value::limit(number), value::revolutions(number));
        let _ = (value::watts(number), value::volts(number));
    }
});
