#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::raid::mdstat::parse_mdstat;

fuzz_target!(|data: &[u8]| {
    for array in parse_mdstat(data).unwrap_or_default() {
        let done = array.action.and_then(|action| action.done_percent.present().copied());
        assert!(done.is_none_or(|done| (0.0..=100.0).contains(&done.0)));
    }
});
