//! Who is logged in, from `utmp` and the sessions of logind.
//!
//! Where `utmp` names anybody it leads, because it alone knows the terminals of ssh and the panes
//! of tmux; sessions that only logind knows (without a terminal, as editors and file transfers
//! open them, and graphical ones on systems that have given up `utmp`) come after. A session that
//! both know is told once: it is the same if the process is, or the terminal, or if the process of
//! the record runs inside of the session by its control group. Where `utmp` names nobody, logind
//! stands alone.
//!
//! A record of `utmp` outlives its session where the program that should have ended it was killed.
//! So one whose process is gone is left out, as `who` does. A number that another process has been
//! given since keeps the record alive; that is rare, and telling by times would fail whenever the
//! clock is set.

use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use super::parse::visible;
use super::{Collected, Context, Source, files};
use crate::model::login::{LOGINS_MAX, Login, LoginOrigin, Logins};
use crate::model::source::SourceFinding;
use crate::model::{Problem, Reading, Reason, Seconds, Text, UnixMillis};

pub mod logind;
pub mod utmp;

use logind::Session;
use utmp::Record;

/// The source `logins`.
#[derive(Debug)]
pub struct LoginSource {
    context: Context,
    /// What is wrong with `utmp` while logind tells more.
    utmp_problem: Option<Problem>,
}

impl LoginSource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self { context, utmp_problem: None }
    }

    fn utmp(&self) -> PathBuf {
        self.context.roots.run("utmp")
    }

    /// Records whose process is there.
    fn records(&self) -> Result<Vec<Record>, Reason> {
        let mut records = utmp::parse(&files::read(&self.utmp(), files::LARGE)?)?;
        // Where processes of others are hidden nobody can say which are gone: all are believed.
        if self.has_process(1) {
            records.retain(|record| record.pid.is_none_or(|pid| self.has_process(pid)));
        }
        Ok(records)
    }

    fn has_process(&self, pid: u32) -> bool {
        let found = std::fs::symlink_metadata(self.context.roots.proc(pid.to_string()));
        !found.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
    }

    /// Ids of the sessions that these records are of.
    fn told_by(&self, records: &[Record], sessions: &[(Vec<u8>, Session)]) -> HashSet<Vec<u8>> {
        let groups = records.iter().filter_map(|record| record.pid).filter_map(|pid| {
            let path = self.context.roots.proc(pid.to_string()).join("cgroup");
            let cgroup = files::read(&path, files::SMALL).ok()?;
            logind::session_of(&cgroup).map(<[u8]>::to_vec)
        });
        let mut told: HashSet<Vec<u8>> = groups.collect();
        let pids: HashSet<u32> = records.iter().filter_map(|record| record.pid).collect();
        let lines: HashSet<&[u8]> = records.iter().map(|record| &record.line[..]).collect();
        told.extend(sessions.iter().filter_map(|(id, session)| {
            let by_pid = session.pid.is_some_and(|pid| pids.contains(&pid));
            let by_line = session.line.as_ref().is_some_and(|line| lines.contains(&line[..]));
            (by_pid || by_line).then(|| id.clone())
        }));
        told
    }

    fn of_record(&self, record: Record, now: UnixMillis) -> Login {
        let Record { user, line, from, login_at, pid } = record;
        let terminal = visible(&line);
        Login {
            key: format!("{terminal} {} {}", pid.unwrap_or(0), login_at.0).into(),
            user: user.into(),
            idle_seconds: self.idle(&line, now),
            terminal: reading((!terminal.is_empty()).then(|| terminal.into())),
            from: reading(from.map(Text::from)),
            login_at_ms: Reading::Present(login_at),
            pid: reading(pid),
        }
    }

    fn of_session(&self, id: &[u8], session: Session, now: UnixMillis) -> Login {
        let Session { user, line, from, login_at, pid } = session;
        Login {
            key: format!("session {}", visible(id)).into(),
            user: user.into(),
            idle_seconds: self.idle(line.as_deref().unwrap_or_default(), now),
            terminal: reading(line.map(|line| visible(&line).into())),
            from: reading(from.map(Text::from)),
            login_at_ms: reading(login_at),
            pid: reading(pid),
        }
    }

    /// Time since the terminal was last read from. The kernel keeps that time to eight seconds. A
    /// clock that was set back meanwhile makes it 0: somebody has typed since.
    fn idle(&self, line: &[u8], now: UnixMillis) -> Reading<Seconds> {
        if !is_terminal(line) {
            return Reading::absent(Reason::NotSupported);
        }
        let path = self.context.roots.dev(std::ffi::OsStr::from_bytes(line));
        let accessed = std::fs::symlink_metadata(path).and_then(|found| found.accessed());
        accessed.map_err(|error| files::reason(&error)).map(|at| idle_since(at, now)).into()
    }

    fn note_utmp(&mut self, problem: Option<Reason>) {
        let since = |reason| match self.utmp_problem {
            Some(earlier) if earlier.reason == reason => earlier,
            _ => Problem { reason, since_ms: self.context.now().wall },
        };
        self.utmp_problem = problem.map(since);
    }
}

impl Source for LoginSource {
    fn name(&self) -> &'static str {
        "logins"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        let now = self.context.now().wall;
        let records = self.records();
        let sessions = logind::read(&self.context.roots.run("systemd/sessions"));
        let failed = records.as_ref().err().copied();
        // Without `utmp` nothing is wrong as long as there is logind.
        self.note_utmp(failed.filter(|&reason| reason != Reason::NotSupported && sessions.is_ok()));
        let (records, sessions) = match (records, sessions) {
            (Err(Reason::NotSupported), Err(reason)) | (Err(reason), Err(_)) => return Err(reason),
            (records, sessions) => (records.unwrap_or_default(), sessions.unwrap_or_default()),
        };
        let leads = !records.is_empty() || (failed.is_none() && sessions.is_empty());
        let origin = if leads { LoginOrigin::Utmp } else { LoginOrigin::Logind };
        let told = self.told_by(&records, &sessions);
        let mut logins: Vec<Login> =
            records.into_iter().map(|record| self.of_record(record, now)).collect();
        let others = sessions.into_iter().filter(|(id, _)| !told.contains(id));
        logins.extend(others.map(|(id, session)| self.of_session(&id, session, now)));
        Ok(Collected::Logins(in_order(origin, logins)))
    }

    fn findings(&self) -> Vec<SourceFinding> {
        let what = Text::from(visible(self.utmp().as_os_str().as_bytes()));
        let finding = |problem| SourceFinding::new(self.name(), what, problem);
        self.utmp_problem.map(finding).into_iter().collect()
    }
}

/// By login time, earliest first and those without one last; one row a key, no more than there is
/// room for.
fn in_order(origin: LoginOrigin, mut sessions: Vec<Login>) -> Logins {
    let at = |login: &Login| login.login_at_ms.present().map_or(i64::MAX, |at| at.0);
    sessions.sort_by(|a, b| at(a).cmp(&at(b)).then_with(|| a.key.cmp(&b.key)));
    sessions.dedup_by(|a, b| a.key == b.key);
    let left_out = sessions.len().saturating_sub(LOGINS_MAX) as u64;
    sessions.truncate(LOGINS_MAX);
    Logins { origin, sessions, left_out }
}

/// Whether this can be the name of a terminal. Programs may write what they like there, and those
/// in the group `utmp` are not all to be trusted: what leads elsewhere is not looked at.
fn is_terminal(line: &[u8]) -> bool {
    let is_name = |part: &[u8]| {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        !part.is_empty() && part.iter().all(plain)
    };
    line.split(|&byte| byte == b'/').all(is_name)
}

fn idle_since(accessed: std::time::SystemTime, now: UnixMillis) -> Seconds {
    let millis = accessed.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let accessed = UnixMillis(i64::try_from(millis).unwrap_or(i64::MAX));
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a few years are exact")]
    Seconds::new(now.since(accessed).max(0) as f64 / 1000.0)
}

fn reading<T>(value: Option<T>) -> Reading<T> {
    Reading::from_option(value, Reason::NotSupported)
}

#[cfg(test)]
mod tests;
