//! Whom `free`, `who` and `top` ask: a smonitor that runs somewhere, or this machine. Must not know what is
//! made of the answers.

use crate::assess::{board, finder};
use crate::cli;
use crate::config::Loaded;
use crate::model::Audience;
use crate::model::cluster::{FreeBody, UsersBody};
use crate::model::free::FreeQuestion;
use crate::{host, serve};

use super::local;
use super::measure::Local;
use super::remote::Remote;

/// The variable that says whom to ask where no flag does.
const URL_VARIABLE: &str = "SMONITOR_URL";

/// Whom is asked.
pub(super) enum Asked {
    /// This machine.
    Local(Local),
    /// A smonitor elsewhere.
    Remote(Remote),
}

impl Asked {
    /// Takes up with whom the flags or the environment name. Called within a runtime.
    ///
    /// # Errors
    /// In a sentence.
    pub(super) fn new(loaded: &Loaded, whom: &cli::Whom) -> Result<Self, String> {
        let url = whom.url.clone().or_else(|| std::env::var(URL_VARIABLE).ok());
        match url.filter(|url| !url.is_empty()) {
            Some(url) => Remote::new(&url, whom.token_file.as_deref()).map(Self::Remote),
            None if whom.token_file.is_some() => {
                Err("--token-file is for a smonitor elsewhere: name it with --url".to_owned())
            }
            None => {
                let (settings, context) = local(loaded);
                let audience = Audience::new(loaded.config.auth.role);
                let sources = host::sources(&context, serve::host_settings(&loaded.config)?);
                let local = Local::start(settings, sources, context, audience);
                local.map(Self::Local).map_err(|error| error.to_string())
            }
        }
    }

    /// Where cards are free.
    ///
    /// # Errors
    /// In a sentence.
    pub(super) async fn free(&self, question: &FreeQuestion) -> Result<FreeBody, String> {
        match self {
            Self::Remote(remote) => remote.get("api/v1/gpus/free", &question.to_pairs()).await,
            Self::Local(local) => {
                let overview = local.overview().await.map_err(|error| error.to_string())?;
                Ok(finder::find(&overview.rows, question, local.now()))
            }
        }
    }

    /// Who is on which card.
    ///
    /// # Errors
    /// In a sentence.
    pub(super) async fn users(&self, user: Option<&str>) -> Result<UsersBody, String> {
        match self {
            Self::Remote(remote) => {
                let parameters: Vec<_> =
                    user.map(|user| ("user", user.to_owned())).into_iter().collect();
                remote.get("api/v1/users", &parameters).await
            }
            Self::Local(local) => {
                let overview = local.overview().await.map_err(|error| error.to_string())?;
                Ok(board::board(&overview.rows, user, local.now()))
            }
        }
    }
}
