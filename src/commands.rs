//! L5, the other commands: check-config, doctor, snapshot.

pub mod doctor;
pub mod measure;
pub mod text;
