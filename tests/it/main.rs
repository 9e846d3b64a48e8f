//! All integration tests in one binary, so that they link once.

mod host_golden;
mod host_live;
mod host_machine;
mod host_made;
