//! `smonitor doctor`: what is read, what is not, why, and the command that mends it.

use crate::cli::{self, Exit, Form};
use crate::config::{Config, Loaded};
use crate::host::process::visibility::in_pid_namespace;
use crate::host::{self, Roots};
use crate::model::source::Remedy;
use crate::model::{Audience, Role};
use crate::serve;
use crate::state_dir::StateDir;

use super::remedy::{self, Reader};
use super::{local, measure, wait_for};

mod guards;
pub mod report;
pub mod sources;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// As it should be.
    Good,
    /// Works, with less than there could be.
    Limited,
    /// Does not work.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: String,
    /// How it is.
    pub status: Status,
    /// How it is, in words.
    pub says: String,
    /// What would mend it, if anything would.
    pub mend: Option<String>,
    /// Parts of it that are missing.
    pub parts: Vec<Finding>,
}

impl Finding {
    /// All is well.
    #[must_use]
    pub fn good(what: &str, says: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            status: Status::Good,
            says: says.into(),
            mend: None,
            parts: Vec::new(),
        }
    }

    /// Something is missing, and what would bring it.
    #[must_use]
    pub fn limited(what: &str, says: impl Into<String>, mend: &str) -> Self {
        Self { status: Status::Limited, mend: Some(mend.to_owned()), ..Self::good(what, says) }
    }

    /// Something does not work, and what would mend it.
    #[must_use]
    pub fn bad(what: &str, says: impl Into<String>, mend: &str) -> Self {
        Self { status: Status::Bad, mend: Some(mend.to_owned()), ..Self::good(what, says) }
    }
}

/// Examines everything and renders the findings. Fails if something does not work; that something
/// may not be read, or is not there, is no failure.
///
/// # Errors
/// If there is no thread or runtime to look with.
pub(super) fn run(loaded: &Loaded, form: Form) -> Result<(String, Exit), String> {
    let mut findings = surroundings(loaded);
    let reader = Reader::here();
    let (settings, context) = local(loaded);
    findings.extend(namespace(&context.roots));
    findings.extend(guards::examine(&loaded.config));
    let all = host::sources(&context, serve::host_settings(&loaded.config)?);
    // The doctor is run by who administers the machine, who may see everything on it.
    let look = measure::look(settings, all, context, Audience::new(Role::Admin));
    let mut health = Vec::new();
    match wait_for(async { Ok(look.await) })? {
        Ok(look) => {
            findings.extend(sources::examine(&look, &reader));
            health = look.host.sources;
        }
        Err(error) => {
            let mend = remedy::sentence(Remedy::FindWhatHangs, "sources", &reader);
            let mend = mend.unwrap_or_default();
            findings.push(Finding::bad("sources", error.to_string(), &mend));
        }
    }
    let worked = findings.iter().all(|finding| finding.status != Status::Bad);
    let rendered = match form {
        Form::Text => report::text(&findings, cli::terminal_width()),
        Form::Json => format!("{:#}", report::json(&findings, &health)),
    };
    Ok((rendered, if worked { Exit::Success } else { Exit::Failure }))
}

/// Whether this is all of the machine.
fn namespace(roots: &Roots) -> Option<Finding> {
    in_pid_namespace(roots)?.then(|| {
        Finding::limited(
            "container",
            "this is a pid namespace: the machine's processes outside of it cannot be seen",
            "run smonitor on the machine itself, or in its namespace: docker run --pid=host",
        )
    })
}

/// Everything but the machine's values: settings, folder, access.
fn surroundings(loaded: &Loaded) -> Vec<Finding> {
    let config = &loaded.config;
    let file = loaded.file.as_ref().map_or_else(
        || "no file; defaults, environment and flags".to_owned(),
        |file| format!("from {}", file.display()),
    );
    let mut findings = vec![Finding::good("config", file)];
    for warning in &loaded.warnings {
        findings.push(Finding::limited(
            "config",
            warning,
            "smonitor check-config shows where it comes from",
        ));
    }
    findings.push(state_folder(config));
    let who = if config.needs_token() {
        "who has the access token"
    } else if config.is_published() {
        "everybody who reaches it"
    } else {
        "everybody on this machine"
    };
    findings.push(Finding::good(
        "access",
        format!(
            "{}:{}, open to {who} as {}",
            config.server.host,
            config.server.port,
            config.auth.role.as_str()
        ),
    ));
    findings
}

/// Where no token is asked for, smonitor does without the folder if need be; looking makes none.
fn state_folder(config: &Config) -> Finding {
    const MEND: &str = "name a folder that smonitor's user may write to with --state-dir";
    let path = config.state_dir.display();
    if !config.needs_token() {
        if !config.state_dir.exists() {
            let says =
                format!("{path}, made at the start: lock, list of restarts, manager's token");
            return Finding::good("state folder", says);
        }
        return match StateDir::open(&config.state_dir) {
            Ok(_) => Finding::good("state folder", path.to_string()),
            Err(error) => {
                let says = format!(
                    "{error}; without it a second smonitor is not noticed, restarts are not kept \
                     and POST /restart is off"
                );
                Finding::limited("state folder", says, MEND)
            }
        };
    }
    match StateDir::open(&config.state_dir) {
        Ok(_) => Finding::good("state folder", path.to_string()),
        Err(error) => Finding::bad("state folder", error.to_string(), MEND),
    }
}
