#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some((pid, _)) = smonitor::manager::datagram::parse(data) {
        assert!(pid > 0);
    }
});
