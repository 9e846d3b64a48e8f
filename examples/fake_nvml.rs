//! A test NVML library: what `libnvidia-ml.so.1` answers, read from a file. It lets the real code
//! path, the loading of the library included, run where there is no card.
//!
//! It finds its own path and reads `scenario.json` beside itself, so that each test has its own
//! copy with its own world, many in one process. The form of the file stands in
//! `tests/fixtures/nvml/README.md`. What a scenario does not say, the card does not support: no
//! answer is invented here.
#![allow(unsafe_code, reason = "it stands in for a C library, whose callers pass pointers")]
#![allow(non_snake_case, reason = "the functions bear the names that the real library gives them")]
#![allow(
    clippy::disallowed_methods,
    reason = "it plays a driver that is slow, hangs and has a clock"
)]
#![allow(clippy::print_stderr, reason = "a library has no other way to say that its file is bad")]

#[path = "fake_nvml/answer.rs"]
mod answer;
#[path = "fake_nvml/card.rs"]
mod card;
#[path = "fake_nvml/events.rs"]
mod events;
#[path = "fake_nvml/link.rs"]
mod link;
#[path = "fake_nvml/lists.rs"]
mod lists;
#[path = "fake_nvml/system.rs"]
mod system;
#[path = "fake_nvml/world.rs"]
mod world;
