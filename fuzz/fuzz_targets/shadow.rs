#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::account::parse_shadow;

fuzz_target!(|data: &[u8]| {
    let _ = parse_shadow(data);
});
