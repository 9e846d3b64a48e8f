#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::cpu::info::parse_cpuinfo;

fuzz_target!(|data: &[u8]| {
    let info = parse_cpuinfo(data);
    assert!(info.megahertz.iter().all(|&megahertz| megahertz > 0.0));
});
