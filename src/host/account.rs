//! When accounts of users end. Source: `/etc/shadow` (shadow(5)), of which only names and field 8
//! are kept. Who logs in and how is not known here.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use super::parse::{lines, unsigned};
use super::{Context, files};
use crate::model::account::AccountEnd;
use crate::model::{Reading, Reason, UnixMillis};

/// How long what was read is believed.
pub const LIFE: Duration = Duration::from_secs(60);

/// Most bytes of the file that are read; a line has about 150.
const FILE_BYTES: usize = 16 << 20;

const MILLIS_PER_DAY: i64 = 86_400_000;

/// The ends of all accounts that the file has.
#[derive(Debug)]
pub struct Accounts {
    context: Context,
    read_at: Option<Duration>,
    known: Result<HashMap<String, Field>, Reason>,
}

/// What field 8 says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// It is empty, or `-1`, which tools take for empty.
    Never,
    /// The day the account ends, from the beginning of 1970. 0 is such a day, as it is for PAM:
    /// `chage -E 0` is how accounts are closed.
    Day(u32),
    /// Something else, or there is no such field.
    Malformed,
}

impl Field {
    /// When that is, and whether it is past at `now`. A day begins at 00:00 UTC, wherever the
    /// machine stands.
    #[must_use]
    pub fn end(self, now: UnixMillis) -> Reading<AccountEnd> {
        match self {
            Self::Never => Reading::Present(AccountEnd::Never),
            Self::Day(day) => {
                let at_ms = UnixMillis(i64::from(day) * MILLIS_PER_DAY);
                Reading::Present(AccountEnd::At { at_ms, expired: now >= at_ms })
            }
            Self::Malformed => Reading::absent(Reason::Malformed),
        }
    }
}

impl Accounts {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: &Context) -> Self {
        let known = Err(Reason::NotCollected);
        Self { context: context.clone(), read_at: None, known }
    }

    /// When the account of this user ends. Reads the file if what is known is older than [`LIFE`].
    ///
    /// Absent, that is unknown: `permission_denied` where the file may not be read,
    /// `not_supported` where there is none or it does not have the user, whom a directory server
    /// may know.
    pub fn end_of(&mut self, user: &str, now: UnixMillis) -> Reading<AccountEnd> {
        let monotonic = self.context.clock.monotonic();
        if self.read_at.is_none_or(|at| monotonic.saturating_sub(at) >= LIFE) {
            self.read_at = Some(monotonic);
            self.known = read(&self.context.roots.etc("shadow"));
        }
        match &self.known {
            Ok(known) => match known.get(user) {
                Some(field) => field.end(now),
                None => Reading::absent(Reason::NotSupported),
            },
            Err(reason) => Reading::absent(*reason),
        }
    }
}

/// Reads the file and leaves nothing of it in memory but what [`parse_shadow`] gives.
fn read(path: &Path) -> Result<HashMap<String, Field>, Reason> {
    let file = File::open(path).map_err(|error| files::reason(&error))?;
    let length = file.metadata().map_err(|error| files::reason(&error))?.len();
    // With room for all of it, it is not moved while it is read, and so is in one place only.
    let room = usize::try_from(length).unwrap_or(usize::MAX).min(FILE_BYTES) + 1;
    let mut bytes = Vec::with_capacity(room);
    let outcome = file.take(FILE_BYTES as u64 + 1).read_to_end(&mut bytes);
    let known = match outcome {
        Ok(_) if bytes.len() > FILE_BYTES => Err(Reason::OutOfResources),
        Ok(_) => Ok(parse_shadow(&bytes)),
        Err(error) => Err(files::reason(&error)),
    };
    bytes.fill(0);
    // Without a reader the compiler may leave out what is written to memory that is given back.
    std::hint::black_box(&bytes);
    known
}

/// Parses `shadow`, shadow(5): names and field 8 of `name:password:…`. The first line of a name
/// counts; comments and the `+` of NIS are passed over.
#[must_use]
pub fn parse_shadow(bytes: &[u8]) -> HashMap<String, Field> {
    let mut known = HashMap::new();
    for (_, line) in lines("shadow", bytes) {
        let mut fields = line.split(|&byte| byte == b':');
        let name = fields.next().unwrap_or_default();
        let is_entry = !name.is_empty() && !matches!(name[0], b'#' | b'+' | b'-');
        let Some(name) = std::str::from_utf8(name).ok().filter(|_| is_entry) else { continue };
        let field = fields.nth(6).map_or(Field::Malformed, field);
        known.entry(name.to_owned()).or_insert(field);
    }
    known
}

fn field(text: &[u8]) -> Field {
    match text.trim_ascii() {
        b"" | b"-1" => Field::Never,
        digits => unsigned(digits)
            .and_then(|day| u32::try_from(day).ok())
            .map_or(Field::Malformed, Field::Day),
    }
}

#[cfg(test)]
mod tests;
