//! `smonitor check-config`: whether the settings are right, and what they are.

use std::fmt::Write as _;

use serde_json::json;

use crate::cli::{self, Cli, Exit, Form};
use crate::config::{self, Faults, Loaded, Surroundings};

/// Checks the settings that this command line, environment and file make, and prints the result.
#[must_use]
pub fn run(cli: &Cli, form: Form, surroundings: &Surroundings) -> Exit {
    let (text, exit) = match (config::load(&cli.overrides, surroundings), form) {
        (Ok(loaded), Form::Text) => (good(&loaded), Exit::Success),
        (Ok(loaded), Form::Json) => (good_json(&loaded), Exit::Success),
        (Err(faults), Form::Text) => (bad(&faults), Exit::Failure),
        (Err(faults), Form::Json) => (bad_json(&faults), Exit::Failure),
    };
    match cli::print(&text) {
        Ok(()) => exit,
        Err(error) => {
            cli::complain(&format!("smonitor: standard output cannot be written: {error}"));
            Exit::Failure
        }
    }
}

fn good(loaded: &Loaded) -> String {
    let mut text = "ok\n\n".to_owned();
    let values: Vec<_> = loaded.effective.iter().map(|one| one.value.to_string()).collect();
    let path_width = loaded.effective.iter().map(|one| one.path.len()).max().unwrap_or(0);
    // One long list should not push every origin out of sight.
    let value_width = values.iter().map(String::len).filter(|len| *len <= 40).max().unwrap_or(0);
    for (one, value) in loaded.effective.iter().zip(values) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:path_width$}  {value:value_width$}  {}", one.path, one.origin);
    }
    for notice in &loaded.notices {
        let _ = writeln!(text, "\nnotice: {notice}");
    }
    for warning in &loaded.warnings {
        let _ = writeln!(text, "\nwarning: {warning}");
    }
    text
}

fn good_json(loaded: &Loaded) -> String {
    let answer = json!({
        "ok": true,
        "file": loaded.file,
        "settings": loaded.effective,
        "notices": loaded.notices,
        "warnings": loaded.warnings,
    });
    format!("{answer:#}")
}

fn bad(faults: &Faults) -> String {
    let count = faults.0.len();
    let noun = if count == 1 { "fault" } else { "faults" };
    format!("{faults}\n\n{count} {noun}")
}

fn bad_json(faults: &Faults) -> String {
    format!("{:#}", json!({ "ok": false, "faults": faults.0 }))
}
