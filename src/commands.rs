//! L5, the other commands: everything that answers and ends. Each prints through `cli` and says
//! by its [`crate::cli::Exit`] how it went.

pub mod check_config;
