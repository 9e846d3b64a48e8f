#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::process::redact::command_lines;
use smonitor::model::process::COMMAND_MAX_CHARACTERS;

fuzz_target!(|data: &[u8]| {
    for cut in [false, true] {
        if let Some((masked, full)) = command_lines(data, cut) {
            assert!(masked.chars().count() <= COMMAND_MAX_CHARACTERS);
            assert!(!full.chars().any(char::is_control));
        }
    }
});
