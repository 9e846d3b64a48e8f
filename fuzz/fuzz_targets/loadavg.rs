#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::cpu::parse_loadavg;

fuzz_target!(|data: &[u8]| {
    let _ = parse_loadavg(data);
});
