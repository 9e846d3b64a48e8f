#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::memory::{parse_meminfo, parse_vmstat};

fuzz_target!(|data: &[u8]| {
    let _ = parse_vmstat(data);
    if let Ok(memory) = parse_meminfo(data) {
        assert!(memory.used_bytes.0 <= memory.total_bytes.0);
    }
});
