#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::process::stat::{parse_stat, parse_statm};

fuzz_target!(|data: &[u8]| {
    let _ = (parse_stat(data), parse_statm(data));
});
