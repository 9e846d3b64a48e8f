#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::zfs::kstat::{parse_arcstats, parse_io, parse_objset, parse_state};

fuzz_target!(|data: &[u8]| {
    let _ = (parse_objset(data), parse_io(data), parse_arcstats(data), parse_state(data));
});
