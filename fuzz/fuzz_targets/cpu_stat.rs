#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::cpu::times::{parse_stat, usage};

fuzz_target!(|data: &[u8]| {
    let middle = data.len() / 2;
    if let (Ok(earlier), Ok(later)) = (parse_stat(&data[..middle]), parse_stat(&data[middle..])) {
        if let Some(usage) = usage(&earlier.all, &later.all) {
            assert!((0.0..=100.0).contains(&usage.busy_percent.0));
        }
    }
});
