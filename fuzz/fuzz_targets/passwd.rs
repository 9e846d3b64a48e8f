#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::process::users::parse_passwd;

fuzz_target!(|data: &[u8]| {
    let _ = parse_passwd(data);
});
