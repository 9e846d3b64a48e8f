#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::logins::utmp;

fuzz_target!(|data: &[u8]| {
    for record in utmp::parse(data).into_iter().flatten() {
        assert!(!record.user.is_empty() && record.line.len() <= 32);
        assert!(!record.user.chars().any(char::is_control));
    }
});
