#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::manager::supervised::watch::Info;
use smonitor::manager::supervised::xmlrpc::{self, Answer};

fuzz_target!(|data: &[u8]| {
    if let Ok(Answer::Returned(value)) = xmlrpc::parse(data) {
        let _ = Info::from_answer(&value);
    }
});
