//! The program: arguments in, exit code out. Everything else is in the library.

use std::process::ExitCode;

use smonitor::{cli, commands};

fn main() -> ExitCode {
    commands::run(&cli::parse()).into()
}
