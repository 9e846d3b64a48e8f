//! The delivery layer's promises, over real connections to a server in this process.
#![allow(clippy::unwrap_used, reason = "these are helpers of tests; clippy knows only #[test]")]

mod client;
mod draining;
mod free;
mod gate;
mod limits;
mod matrix;
mod never_freezes;
mod proxies;
mod rest;
mod secrets;
mod sessions;
mod shaky;
mod site;
mod socket;
mod trust;
mod viewers;
