//! The delivery layer's promises, over real connections to a server in this process.
#![allow(clippy::unwrap_used, reason = "these are helpers of tests; clippy knows only #[test]")]

mod client;
mod gate;
mod limits;
mod matrix;
mod rest;
mod secrets;
mod sessions;
mod site;
mod socket;
