#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::process::visibility::hides_processes;

fuzz_target!(|data: &[u8]| {
    let _ = hides_processes(data);
});
