//! L5, what the program can do besides serving: check-config, doctor, snapshot. Each prints once
//! and ends.

pub mod check_config;
pub mod doctor;
pub mod measure;
pub mod text;
