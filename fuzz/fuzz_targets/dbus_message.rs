#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::host::units::message::{self, Message};
use smonitor::host::units::systemd;

fuzz_target!(|data: &[u8]| {
    if let Some(prefix) = data.first_chunk() {
        assert!(message::length(prefix).is_ok_and(|length| length <= message::LONGEST)
            || message::length(prefix).is_err());
    }
    if let Ok(message) = Message::parse(data) {
        // Whatever it says it is.
        for signature in [message.signature, b"a(ssssssouso)", b"v"] {
            let message = Message { signature, ..message };
            let _ = (systemd::failed_units(&message), systemd::since(&message));
        }
    }
});
