//! `smonitor who`: who is on which card, on this machine or in a cluster.

use crate::cli::{self, Exit, Form};
use crate::config::Loaded;
use crate::plain_text::{self, Who};

use super::ask::Asked;
use super::wait_for;

/// Asks and renders the answer.
///
/// # Errors
/// What went wrong, where, and what to do, in a sentence.
pub(super) fn run(loaded: &Loaded, options: &cli::Who) -> Result<(String, Exit), String> {
    let user = options.user.as_deref();
    let body = wait_for(async { Asked::new(loaded, &options.whom)?.users(user).await })?;
    let text = match options.form {
        Form::Text => {
            let whom = user.map_or(Who::All, Who::Only);
            plain_text::who(&body, whom, cli::terminal_width())
        }
        Form::Json => serde_json::to_string_pretty(&body)
            .map_err(|error| format!("the answer cannot be written as JSON: {error}"))?,
    };
    Ok((text, Exit::Success))
}
