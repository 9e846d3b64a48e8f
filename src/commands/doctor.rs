//! `smonitor doctor`: what is read, what is not, why, and the command that mends it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cli::{Exit, Form};
use crate::config::{Config, Loaded};
use crate::host;
use crate::model::process::ProcessRow;
use crate::model::source::{SourceHealth, SourceState};
use crate::model::{Audience, Reading, Reason, Role};
use crate::state_dir::StateDir;

use super::measure::{self, Look};
use super::text::shown;
use super::{local, wait_for};

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
}

impl Finding {
    /// All is well.
    #[must_use]
    pub fn good(what: &str, says: impl Into<String>) -> Self {
        Self { what: what.to_owned(), status: Status::Good, says: says.into(), mend: None }
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

/// Examines everything and renders the findings. Fails if something does not work.
///
/// # Errors
/// If there is no thread or runtime to look with.
pub(super) fn run(loaded: &Loaded, form: Form) -> Result<(String, Exit), String> {
    let mut findings = surroundings(loaded);
    let (settings, context) = local(loaded);
    let sources = host::sources(&context);
    // The doctor is run by who administers the machine, who may see everything on it.
    let look = measure::look(settings, sources, context, Audience::new(Role::Admin));
    match wait_for(async { Ok(look.await) })? {
        Ok(look) => findings.extend(examine(&look)),
        Err(error) => {
            findings.push(Finding::bad("sources", error.to_string(), mend(Reason::NotResponding)));
        }
    }
    let worked = findings.iter().all(|finding| finding.status != Status::Bad);
    let rendered = match form {
        Form::Text => text(&findings),
        Form::Json => format!("{:#}", json(&findings)),
    };
    Ok((rendered, if worked { Exit::Success } else { Exit::Failure }))
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

/// The folder is needed for the access token only; where none is asked for, none is made.
fn state_folder(config: &Config) -> Finding {
    let path = config.state_dir.display();
    if !config.needs_token() {
        return Finding::good("state folder", format!("{path}, not needed: no token is asked for"));
    }
    match StateDir::open(&config.state_dir) {
        Ok(_) => Finding::good("state folder", path.to_string()),
        Err(error) => Finding::bad(
            "state folder",
            error.to_string(),
            "name a folder that smonitor's user may write to with --state-dir",
        ),
    }
}

/// What a look at the machine tells about smonitor's own sources.
#[must_use]
pub fn examine(look: &Look) -> Vec<Finding> {
    let mut findings: Vec<Finding> = look.host.sources.iter().map(source).collect();
    findings.extend(process_view(look));
    if let Reading::Present(cpu) = &look.host.cpu.value {
        findings.push(part("cpu frequency", &cpu.frequency));
        findings.push(part("cpu pressure", &cpu.pressure));
    }
    if let Reading::Present(memory) = &look.host.memory.value {
        findings.push(part("swap", &memory.swap));
        findings.push(part("memory pressure", &memory.pressure));
    }
    findings
}

fn source(health: &SourceHealth) -> Finding {
    let what = format!("source {}", health.name);
    let Some(problem) = health.problem else {
        let took = shown(&health.duration_seconds, |took| format!("{:.1} ms", took.0 * 1000.0));
        return Finding::good(&what, format!("read in {took}"));
    };
    let (says, mend) = (problem.reason.as_str(), mend(problem.reason));
    match health.state {
        // That a machine has none of it, or the account no right to it, is no fault to mend first.
        SourceState::NotThere | SourceState::Forbidden => Finding::limited(&what, says, mend),
        _ => Finding::bad(&what, says, mend),
    }
}

/// A part of a source that may well be missing on this kind of machine.
fn part<T>(what: &str, reading: &Reading<T>) -> Finding {
    match reading.reason() {
        None => Finding::good(what, "read"),
        Some(reason) => Finding::limited(what, reason.as_str(), mend(reason)),
    }
}

fn process_view(look: &Look) -> Option<Finding> {
    let summary = look.processes.summary.value.present()?;
    let refused = |row: &&ProcessRow| row.command.reason() == Some(Reason::PermissionDenied);
    let unnamed = look.processes.processes.iter().filter(refused).count();
    Some(if !summary.sees_other_users {
        Finding::limited(
            "processes",
            format!(
                "only {} of smonitor's own user are visible: /proc hides the others",
                summary.total
            ),
            "run smonitor as root, or in the group that the gid= option of /proc names (mount | grep hidepid)",
        )
    } else if unnamed > 0 {
        Finding::limited(
            "processes",
            format!("{} visible, {unnamed} without a command line", summary.total),
            "run smonitor as root, or give it CAP_SYS_PTRACE",
        )
    } else {
        Finding::good("processes", format!("{} visible, of all users", summary.total))
    })
}

/// What to do about a reason, in one sentence.
fn mend(reason: Reason) -> &'static str {
    match reason {
        Reason::Measuring | Reason::NotCollected => "nothing: it comes with the next sample",
        Reason::NotSupported => "nothing: this kernel or machine does not offer it",
        Reason::PermissionDenied => "run smonitor as root, or give its user the right to read it",
        Reason::NotInstalled => "install the software that provides it",
        Reason::NotResponding => {
            "find what hangs: look for state D in 'ps axo pid,stat,wchan:32,comm' and at dmesg"
        }
        Reason::ReadFailed => "look into the log with --log-level debug, and at dmesg",
        Reason::Malformed => "please report it, with the log of --log-level debug",
        Reason::OutOfResources => "raise the limit of open files (ulimit -n), or free memory",
        Reason::Gone => "nothing: it ended while it was read",
        Reason::Hidden => "nothing: your role may not see it",
    }
}

/// The findings for a terminal.
#[must_use]
pub fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.what.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for finding in findings {
        let mark = match finding.status {
            Status::Good => "ok     ",
            Status::Limited => "limited",
            Status::Bad => "PROBLEM",
        };
        let _ = writeln!(text, "{mark}  {:width$}  {}", finding.what, finding.says);
        if let Some(mend) = &finding.mend {
            let _ = writeln!(text, "{:9}{:width$}  → {mend}", "", "");
        }
    }
    text
}

/// The findings for programs.
#[must_use]
pub fn json(findings: &[Finding]) -> Value {
    let list: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let status = match finding.status {
                Status::Good => "ok",
                Status::Limited => "limited",
                Status::Bad => "problem",
            };
            json!({ "what": finding.what, "status": status, "says": finding.says, "mend": finding.mend })
        })
        .collect();
    json!({ "findings": list })
}
