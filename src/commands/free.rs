//! `smonitor free`: where cards are free, on this machine or in a cluster; with `--wait` as soon as some are.

use std::time::Duration;

use crate::cli::{self, Exit, Form, Patience, Progress};
use crate::config::Loaded;
use crate::model::cluster::FreeBody;
use crate::plain_text;

use super::ask::Asked;
use super::wait_for;

/// Time between two questions of somebody who waits.
const ASK_EVERY: Duration = Duration::from_secs(5);

/// Asks and renders the answer.
///
/// # Errors
/// What went wrong, where, and what to do, in a sentence.
pub(super) fn run(loaded: &Loaded, options: &cli::Free) -> Result<(String, Exit), String> {
    wait_for(async {
        let answering = answer(loaded, options);
        tokio::select! {
            answer = answering => answer,
            _ = tokio::signal::ctrl_c(), if options.patience == Patience::Wait => {
                Ok((String::new(), Exit::Interrupted))
            }
        }
    })
}

async fn answer(loaded: &Loaded, options: &cli::Free) -> Result<(String, Exit), String> {
    let asked = Asked::new(loaded, &options.whom)?;
    let body = match options.patience {
        Patience::None => asked.free(&options.question).await?,
        Patience::Wait => as_soon_as_something_fits(&asked, options).await?,
    };
    let exit = if body.offers.is_empty() { Exit::Failure } else { Exit::Success };
    let text = match options.form {
        Form::Text => plain_text::free(&body, &options.question, cli::terminal_width()),
        Form::Json => serde_json::to_string_pretty(&body)
            .map_err(|error| format!("the answer cannot be written as JSON: {error}"))?,
    };
    Ok((text, exit))
}

async fn as_soon_as_something_fits(asked: &Asked, options: &cli::Free) -> Result<FreeBody, String> {
    let mut progress = Cleared(Progress::default());
    let mut has_answered = false;
    loop {
        match asked.free(&options.question).await {
            Ok(body) if !body.offers.is_empty() => return Ok(body),
            Ok(body) => {
                has_answered = true;
                progress.0.show(&format!(
                    "waiting: {} of {} cards that fit are free",
                    body.free, body.fitting
                ));
            }
            // Whoever waits for hours outlives a restart of the server, and a first mistake is told at once.
            Err(error) if has_answered => progress.0.show(&format!("waiting: {error}")),
            Err(error) => return Err(error),
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

/// Takes the line away however waiting ends.
struct Cleared(Progress);

impl Drop for Cleared {
    fn drop(&mut self) {
        self.0.clear();
    }
}
