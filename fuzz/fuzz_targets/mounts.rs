#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::process::visibility::hiding;

fuzz_target!(|data: &[u8]| {
    let _ = hiding(data);
});
