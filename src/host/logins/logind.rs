//! Sessions of systemd-logind: one file each below `systemd/sessions`, assignments as a shell would
//! read them. The form is systemd's own affair and has only ever grown; what is not known is passed
//! over, and what is missing is absent.

use std::path::Path;

use crate::host::files;
use crate::host::parse::{lines, unsigned, visible};
use crate::host::system::unquote;
use crate::model::{Reason, UnixMillis};

/// Most files that are looked at. logind itself stops at 8192 sessions.
const MOST_FILES: usize = 8192;

/// A person's session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who (`USER`), or the number where there is no name.
    pub user: String,
    /// The terminal (`TTY`), below the folder of devices.
    pub line: Option<Vec<u8>>,
    /// Where from (`REMOTE_HOST`), if from elsewhere.
    pub from: Option<String>,
    /// Since when (`REALTIME`, microseconds since 1970).
    pub login_at: Option<UnixMillis>,
    /// The process that opened it (`LEADER`).
    pub pid: Option<u32>,
}

/// Reads all sessions, with their ids.
///
/// # Errors
/// Why the folder could not be listed.
pub(super) fn read(folder: &Path) -> Result<Vec<(Vec<u8>, Session)>, Reason> {
    let entries = std::fs::read_dir(folder).map_err(|error| files::reason(&error))?;
    let mut sessions = Vec::new();
    for entry in entries.take(MOST_FILES).filter_map(Result::ok) {
        let id = entry.file_name().into_encoded_bytes();
        // `3.ref` is a pipe, which would be waited for; `.#3…` is a file in the making.
        let is_session = !id.contains(&b'.') && entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_session {
            continue;
        }
        // One that cannot be read has just ended.
        let Ok(bytes) = files::read(&entry.path(), files::SMALL) else { continue };
        sessions.extend(parse_session(&bytes).map(|session| (id, session)));
    }
    Ok(sessions)
}

/// Parses the file of a session. None if it is no person's (a login screen's, a job's, the service
/// manager's own), is closing (only leftovers of it run), or names no user.
#[must_use]
pub fn parse_session(bytes: &[u8]) -> Option<Session> {
    let [mut user, mut uid, mut line, mut host, mut class, mut state] = [const { None }; 6];
    let [mut remote, mut leader, mut realtime] = [const { None }; 3];
    for (_, text) in lines("session", bytes) {
        let Some(equals) = text.iter().position(|&byte| byte == b'=') else { continue };
        let slot = match &text[..equals] {
            b"USER" => &mut user,
            b"UID" => &mut uid,
            b"TTY" => &mut line,
            b"REMOTE" => &mut remote,
            b"REMOTE_HOST" => &mut host,
            b"CLASS" => &mut class,
            b"STATE" => &mut state,
            b"LEADER" => &mut leader,
            b"REALTIME" => &mut realtime,
            _ => continue,
        };
        *slot = Some(unquote(&text[equals + 1..])).filter(|value| !value.is_empty());
    }
    // `user`, `user-early`, `user-light`…; before there were classes every session was a user's.
    let is_persons = class.is_none_or(|class| class == b"user" || class.starts_with(b"user-"));
    if !is_persons || state.is_some_and(|state| state == b"closing") {
        return None;
    }
    let number = |value: Option<Vec<u8>>| unsigned(&value?);
    let microseconds = number(realtime).and_then(|micros| i64::try_from(micros).ok());
    let is_remote = remote.is_none_or(|remote| remote != b"0");
    let pid = number(leader).and_then(|pid| u32::try_from(pid).ok());
    Some(Session {
        user: visible(&user.or(uid)?),
        line,
        from: host.filter(|_| is_remote).map(|host| visible(&host)),
        login_at: microseconds.map(|micros| UnixMillis(micros / 1000)),
        pid: pid.filter(|&pid| pid > 0),
    })
}

/// The session a process belongs to by its `cgroup` file: `…/session-3.scope…` is session `3`.
#[must_use]
pub fn session_of(cgroup: &[u8]) -> Option<&[u8]> {
    lines("cgroup", cgroup)
        .flat_map(|(_, line)| line.split(|&byte| byte == b'/'))
        .find_map(|part| part.strip_prefix(b"session-")?.strip_suffix(b".scope"))
}

#[cfg(test)]
mod tests;
