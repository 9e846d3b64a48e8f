#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::network::dev::parse;

fuzz_target!(|data: &[u8]| {
    let _ = parse(data);
});
