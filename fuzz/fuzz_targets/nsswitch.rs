#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::name_service::passwd_services;

fuzz_target!(|data: &[u8]| {
    let _ = passwd_services(data);
});
