#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::logins::logind::{parse_session, session_of};

fuzz_target!(|data: &[u8]| {
    let _ = session_of(data);
    if let Some(session) = parse_session(data) {
        assert!(!session.user.is_empty() && !session.user.chars().any(char::is_control));
    }
});
