#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::parse::visible;

fuzz_target!(|data: &[u8]| {
    assert!(!visible(data).chars().any(char::is_control));
});
