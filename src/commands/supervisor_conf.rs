//! Writes the two program files for supervisord, where it is told to, and says what it wrote and
//! how to go on. Run by the administrator; nothing else of smonitor writes there.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::cli::{Exit, Overrides, SupervisorConf};
use crate::config::{Loaded, Surroundings};

pub mod program_files;

use program_files::{Log, Programs, is_untouched};

/// As whom the server runs under root's supervisord, unless told otherwise.
pub const USER: &str = "smonitor";
/// Where root's programs write their logs.
const LOGS: &str = "/var/log";

/// Writes the files. What is printed, or why nothing was written.
///
/// # Errors
/// A sentence for people.
pub fn run(
    wanted: &SupervisorConf,
    overrides: &Overrides,
    surroundings: &Surroundings,
    loaded: &Loaded,
) -> Result<(String, Exit), String> {
    let folder = surroundings.working_directory.join(&wanted.folder);
    let executable = std::env::current_exe()
        .map_err(|error| format!("cannot find the program's own file: {error}"))?;
    let user = match (&wanted.user, surroundings.is_root) {
        (Some(user), _) => Some(user.clone()),
        (None, true) => Some(USER.to_owned()),
        (None, false) => None,
    };
    let log = match &wanted.log_dir {
        _ if wanted.log_to_stdout => Log::Standard,
        Some(logs) => Log::Folder(text(&surroundings.working_directory.join(logs))?),
        None if surroundings.is_root => Log::Folder(LOGS.to_owned()),
        None => Log::Folder(text(&folder)?),
    };
    let (serve, manage) = flags(overrides, surroundings, loaded)?;
    let programs = Programs { executable: text(&executable)?, serve, manage, user, log };
    let files = programs.files().map_err(|error| error.to_string())?;
    let folder = Folder(folder);
    let mut said = String::new();
    for (name, is_new) in folder.write(&files, wanted.force)? {
        let did = if is_new { "wrote" } else { "left as it is" };
        said.push_str(&format!("{did}: {}\n", folder.0.join(name).display()));
    }
    said.push_str(&how_to_go_on(&folder, &programs, surroundings, loaded));
    Ok((said, Exit::Success))
}

/// Flags for server and manager: absolute, and the same however they are started.
fn flags(
    overrides: &Overrides,
    surroundings: &Surroundings,
    loaded: &Loaded,
) -> Result<(Vec<String>, Vec<String>), String> {
    let absolute = |path: &Path| text(&surroundings.working_directory.join(path));
    let mut both = Vec::new();
    if let Some(file) = &loaded.file {
        both.extend(["--config".to_owned(), absolute(file)?]);
    }
    both.extend(["--state-dir".to_owned(), absolute(&loaded.config.state_dir)?]);
    if let Some(level) = overrides.log_level {
        both.extend(["--log-level".to_owned(), level.to_owned()]);
    }
    let mut serve = vec!["--mode".to_owned(), overrides.mode.unwrap_or("node").to_owned()];
    serve.extend_from_slice(&both);
    if let Some(host) = &overrides.host {
        serve.extend(["--host".to_owned(), host.clone()]);
    }
    if let Some(port) = overrides.port {
        serve.extend(["--port".to_owned(), port.to_string()]);
    }
    if overrides.disable_log {
        serve.push("--disable-log".to_owned());
    }
    Ok((serve, both))
}

fn text(path: &Path) -> Result<String, String> {
    let text = path.to_str().map(ToOwned::to_owned);
    text.ok_or_else(|| format!("{} is not written in UTF-8; choose another path", path.display()))
}

/// Where the files go.
struct Folder(PathBuf);

impl Folder {
    /// Writes both files or none; says of each whether it is new. A file that somebody changed is
    /// only replaced by force.
    fn write<'a>(
        &self,
        files: &'a [(String, String)],
        force: bool,
    ) -> Result<Vec<(&'a str, bool)>, String> {
        let mut there = Vec::new();
        for (name, content) in files {
            let path = self.0.join(name);
            let old = match fs::read(&path) {
                Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
            };
            let is_same = old.as_ref() == Some(content);
            if !force && !is_same && old.is_some_and(|old| !is_untouched(&old)) {
                return Err(format!(
                    "{} was changed by somebody, so nothing was written; move it away, name another \
                     folder, or replace it with --force",
                    path.display()
                ));
            }
            there.push(is_same);
        }
        fs::create_dir_all(&self.0)
            .map_err(|error| format!("cannot make the folder {}: {error}", self.0.display()))?;
        let mut written = Vec::new();
        for ((name, content), is_same) in files.iter().zip(there) {
            if !is_same {
                self.replace(name, content).map_err(|error| {
                    format!("cannot write {}: {error}", self.0.join(name).display())
                })?;
            }
            written.push((name.as_str(), !is_same));
        }
        Ok(written)
    }

    /// supervisord, reading just now, finds the old file or the new one.
    fn replace(&self, name: &str, content: &str) -> io::Result<()> {
        let temporary = self.0.join(format!(".{name}.{}.new", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o644);
        let written = options
            .open(&temporary)
            .and_then(|mut file| file.write_all(content.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&temporary, self.0.join(name)));
        written.inspect_err(|_| {
            // Best effort: what matters is the error that is returned.
            let _ = fs::remove_file(&temporary);
        })
    }
}

/// What to run next; first what is missing for it.
fn how_to_go_on(
    folder: &Folder,
    programs: &Programs,
    surroundings: &Surroundings,
    loaded: &Loaded,
) -> String {
    let shell = |path: &Path| {
        let path = path.display().to_string();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
        if path.chars().all(is_plain) { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
    };
    let state_dir = &loaded.config.state_dir;
    let mut said = String::from("\nTo go on:\n");
    if let Some(user) = programs.user.as_deref().filter(|user| *user != "root") {
        if uzers::get_user_by_name(user).is_none() {
            said.push_str(&format!("  useradd --system {user}\n"));
        }
        if surroundings.is_root && !belongs_to(state_dir, user) {
            said.push_str(&format!("  install -d -m 700 -o {user} {}\n", shell(state_dir)));
        }
    }
    let file = |program| shell(&folder.0.join(format!("{program}.conf")));
    said.push_str(&format!(
        "  cp {} {} /etc/supervisor/conf.d/\n  supervisorctl update\n  supervisorctl status\n\n\
         The folder is Debian's; elsewhere it is the one that [include] of supervisord.conf names.\n",
        file(program_files::WORKER),
        file(program_files::MANAGER)
    ));
    said
}

fn belongs_to(path: &Path, user: &str) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let owner = fs::metadata(path).ok().map(|metadata| metadata.uid());
    owner.is_some() && owner == uzers::get_user_by_name(user).map(|user| user.uid())
}
