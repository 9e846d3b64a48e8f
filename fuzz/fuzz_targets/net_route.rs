#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::network::route::default_interface;

fuzz_target!(|data: &[u8]| {
    let _ = default_interface(data);
});
