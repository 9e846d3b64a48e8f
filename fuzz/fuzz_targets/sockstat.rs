#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::sockets::parse_sockstat;

fuzz_target!(|data: &[u8]| {
    let _ = parse_sockstat(data);
});
