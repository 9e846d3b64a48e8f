#![no_main]

use libfuzzer_sys::fuzz_target;
use smonitor::model::wire::{ClientMessage, Topic};

fuzz_target!(|data: &[u8]| {
    if let Ok(message) = serde_json::from_slice::<ClientMessage>(data) {
        // What was understood reads back as the same.
        let written = serde_json::to_vec(&message).expect("plain types");
        assert_eq!(serde_json::from_slice::<ClientMessage>(&written).ok(), Some(message));
    }
    if let Ok(Ok(topic)) = std::str::from_utf8(data).map(str::parse::<Topic>) {
        assert_eq!(topic.to_string().as_bytes(), data);
    }
});
