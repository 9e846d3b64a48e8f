#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::network::{addresses, attributes};

fuzz_target!(|data: &[u8]| {
    let _ = attributes::parse_number(data);
    let _ = attributes::parse_device_type(data);
    let _ = attributes::parse_state(data);
    let _ = attributes::parse_speed(data);
    let _ = attributes::parse_duplex(data);
    let _ = attributes::parse_hardware_address(data);
    let _ = addresses::parse(data);
});
