#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::numa::{parse_distance, parse_meminfo, parse_numastat};

fuzz_target!(|data: &[u8]| {
    let _ = (parse_meminfo(data), parse_numastat(data), parse_distance(data));
});
