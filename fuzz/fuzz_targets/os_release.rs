#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::system::{parse_boot_time, parse_os_release, parse_uptime};

fuzz_target!(|data: &[u8]| {
    assert!(!parse_os_release(data).pretty_name.is_empty());
    let _ = (parse_boot_time(data), parse_uptime(data));
});
