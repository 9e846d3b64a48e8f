//! Program files for supervisord: text out, no I/O.
//!
//! supervisord reads them in three steps, each with its own idea of special characters: Python's
//! `configparser` (a `;` or `#` behind white space begins a comment, whatever stands around it),
//! then `%` expressions, then, for commands, `shlex`.

use sha2::{Digest as _, Sha256};

/// Name of the program that serves, and of its file without `.conf`.
pub const WORKER: &str = "smonitor";
/// The same of the one that watches it.
pub const MANAGER: &str = "smonitor-manager";

/// Begins the line that tells whether somebody changed a file.
const CHECKSUM: &str = "; checksum ";

/// What the files say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// Absolute path of the executable.
    pub executable: String,
    /// Flags of the server.
    pub serve: Vec<String>,
    /// Flags of the manager.
    pub manage: Vec<String>,
    /// As whom the server runs; none: as whom supervisord runs.
    pub user: Option<String>,
    /// Where their output goes.
    pub log: Log,
}

/// Where output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Log {
    /// Into files of this folder, named as the programs.
    Folder(String),
    /// To supervisord's own standard output.
    Standard,
}

/// A path or a name that supervisord has no way to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("supervisord cannot be given {text:?}: choose one without {without}")]
pub struct Unspeakable {
    /// The path or name.
    pub text: String,
    /// What is wrong with it.
    pub without: &'static str,
}

impl Programs {
    /// Both files: name and content.
    ///
    /// # Errors
    /// If a path cannot be written so that supervisord understands it.
    pub fn files(&self) -> Result<[(String, String); 2], Unspeakable> {
        let files = [(WORKER, self.worker()?), (MANAGER, self.manager()?)];
        Ok(files.map(|(name, text)| (format!("{name}.conf"), sealed(&text))))
    }

    fn worker(&self) -> Result<String, Unspeakable> {
        let mut text = format!(
            "; The smonitor server, for supervisord. \"smonitor supervisor-conf\" wrote this file, and\n\
             ; writes it anew as long as nobody has changed it.\n\
             [program:{WORKER}]\n\
             command={}\n\
             environment=SMONITOR_MANAGER_MODE=\"supervisor\"\n",
            command(&self.executable, &self.serve)?
        );
        if let Some(user) = &self.user {
            text.push_str(&format!("user={}\n", value(user, 1)?));
        }
        text.push_str(
            "autostart=true\n\
             autorestart=true\n\
             startsecs=2\n\
             ; A full disk may last: hours of tries, ever further apart.\n\
             startretries=1000\n\
             stopsignal=TERM\n\
             ; It takes 8 s at most to let its viewers go.\n\
             stopwaitsecs=12\n",
        );
        text.push_str(&self.log(WORKER)?);
        Ok(text)
    }

    fn manager(&self) -> Result<String, Unspeakable> {
        let mut arguments = vec!["manager".to_owned()];
        arguments.extend_from_slice(&self.manage);
        let mut text = format!(
            "; The smonitor manager, for supervisord: watches the program {WORKER} and has supervisord\n\
             ; restart it when it hangs. \"smonitor supervisor-conf\" wrote this file, and writes it anew\n\
             ; as long as nobody has changed it.\n\
             [program:{MANAGER}]\n\
             command={}\n\
             ; If [unix_http_server] has username and password, put SUPERVISOR_USERNAME=\"...\" and\n\
             ; SUPERVISOR_PASSWORD=\"...\" behind a comma, and let nobody else read this file.\n\
             environment=SMONITOR_MANAGER_MODE=\"supervisor\"\n",
            command(&self.executable, &arguments)?
        );
        if self.user.is_some() {
            text.push_str("; No user=: only supervisord's own user may talk to it.\n");
        }
        text.push_str(
            "autostart=true\n\
             autorestart=true\n\
             startsecs=2\n\
             startretries=1000\n\
             stopsignal=TERM\n\
             stopwaitsecs=5\n",
        );
        text.push_str(&self.log(MANAGER)?);
        Ok(text)
    }

    fn log(&self, program: &str) -> Result<String, Unspeakable> {
        Ok(match &self.log {
            Log::Folder(folder) => format!(
                "redirect_stderr=true\n\
                 stdout_logfile={}\n\
                 stdout_logfile_maxbytes=10MB\n\
                 stdout_logfile_backups=3\n",
                // supervisord 4 expands the names of logs twice.
                value(&format!("{}/{program}.log", folder.trim_end_matches('/')), 2)?
            ),
            Log::Standard => "redirect_stderr=true\n\
                              stdout_logfile=/dev/fd/1\n\
                              stdout_logfile_maxbytes=0\n"
                .to_owned(),
        })
    }
}

/// A command line that supervisord takes apart into exactly these words.
fn command(executable: &str, arguments: &[String]) -> Result<String, Unspeakable> {
    let mut line = word(executable)?;
    for argument in arguments {
        line.push(' ');
        line.push_str(&word(argument)?);
    }
    Ok(line)
}

fn word(text: &str) -> Result<String, Unspeakable> {
    if text.chars().any(char::is_control) {
        return Err(Unspeakable { text: text.to_owned(), without: "control characters" });
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return Ok(text.replace('%', "%%"));
    }
    let mut quoted = String::from("\"");
    let mut before = 'x';
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            // Not even quotes keep these from beginning a comment; something in between does.
            ';' | '#' if before.is_whitespace() => quoted.extend(['"', '"', c]),
            '%' => quoted.push_str("%%"),
            c => quoted.push(c),
        }
        before = c;
    }
    quoted.push('"');
    Ok(quoted)
}

/// A value that is taken as it is, but for `%`, which is expanded so many times.
fn value(text: &str, expanded: u32) -> Result<String, Unspeakable> {
    let begins_comment = |pair: &[char]| pair[0].is_whitespace() && matches!(pair[1], ';' | '#');
    let chars: Vec<char> = text.chars().collect();
    let is_cut = chars.windows(2).any(begins_comment) || text.trim() != text;
    if is_cut || chars.iter().any(|c| c.is_control()) {
        let without = "control characters, spaces at an end, and \";\" or \"#\" behind a space";
        return Err(Unspeakable { text: text.to_owned(), without });
    }
    Ok(text.replace('%', &"%".repeat(1 << expanded)))
}

/// The text with a line by which [`is_untouched`] knows it.
fn sealed(text: &str) -> String {
    let (comment, rest) = text.split_once("\n[").unwrap_or((text, ""));
    format!("{comment}\n{CHECKSUM}{}\n[{rest}", checksum(text))
}

/// Whether a file is as this program, or another version of it, wrote it.
#[must_use]
pub fn is_untouched(content: &str) -> bool {
    let Some((before, rest)) = content.split_once(CHECKSUM) else { return false };
    let Some((sum, after)) = rest.split_once('\n') else { return false };
    checksum(&format!("{before}{after}")) == sum
}

fn checksum(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs() -> Programs {
        Programs {
            executable: "/opt/my tools/smonitor".to_owned(),
            serve: vec!["--config".to_owned(), "/a/100%/c.json".to_owned()],
            manage: Vec::new(),
            user: None,
            log: Log::Folder("/logs of 5%/".to_owned()),
        }
    }

    #[test]
    fn words_are_quoted_for_all_three_readers() {
        for (text, wanted) in [
            ("/usr/bin/smonitor", "/usr/bin/smonitor"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("100%", "100%%"),
            ("a \"b\\", "\"a \\\"b\\\\\""),
            ("a #b", "\"a \"\"#b\""),
            ("a;b", "\"a;b\""),
            ("it's", "\"it's\""),
            ("$HOME", "\"$HOME\""),
        ] {
            assert_eq!(word(text).as_deref(), Ok(wanted), "{text}");
        }
        assert!(word("a\nb").is_err());
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        for bad in ["/logs #1", "/logs ;", " /logs", "/lo\ngs"] {
            let programs = Programs { log: Log::Folder(bad.to_owned()), ..programs() };
            assert!(programs.files().is_err(), "{bad:?}");
        }
        let error = value("/a #b", 1).unwrap_err().to_string();
        assert!(error.contains("behind a space"), "{error}");
    }

    #[test]
    fn files_say_what_was_asked_for() {
        let [(name, worker), (_, manager)] = programs().files().unwrap();
        assert_eq!(name, "smonitor.conf");
        let command = "command=\"/opt/my tools/smonitor\" --config /a/100%%/c.json\n";
        assert!(worker.contains(command), "{worker}");
        assert!(worker.contains("stdout_logfile=/logs of 5%%%%/smonitor.log\n"), "{worker}");
        assert!(!worker.contains("user="), "{worker}");
        assert!(manager.contains("command=\"/opt/my tools/smonitor\" manager\n"), "{manager}");
        let container = Programs { log: Log::Standard, user: Some("web".to_owned()), ..programs() };
        let [(_, worker), (_, manager)] = container.files().unwrap();
        assert!(worker.contains("\nuser=web\n") && !manager.contains("\nuser="), "{manager}");
        assert!(worker.contains("\nstdout_logfile=/dev/fd/1\n"), "{worker}");
    }

    #[test]
    fn a_change_is_noticed() {
        for (name, content) in programs().files().unwrap() {
            assert!(is_untouched(&content), "{name}");
            assert!(!is_untouched(&content.replace("startsecs=2", "startsecs=3")), "{name}");
            assert!(!is_untouched(&format!("{content}\n")), "{name}");
            assert!(!is_untouched(&content.replace("; checksum", "; sum")), "{name}");
        }
        assert!(!is_untouched(""));
        assert!(!is_untouched("[program:smonitor]\n"));
    }
}
