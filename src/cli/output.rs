//! Words to the terminal.

use std::io;

/// Writes text to standard output, with a line break if it has none. A reader that went away
/// (`smonitor doctor | head -1`) is no failure and no panic; a full disk is told by the exit code.
///
/// # Errors
/// If the text could not be written for another reason than that.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    tolerate_broken_pipe(write_lines(&mut out, text))
}

/// Writes a sentence to standard error. There is nobody left to tell if that fails.
pub fn complain(text: &str) {
    let mut out = io::stderr().lock();
    let _ = write_lines(&mut out, text);
}

/// Columns of the terminal that standard output is; no limit if it is a file or a pipe.
#[must_use]
pub fn terminal_width() -> usize {
    let columns = rustix::termios::tcgetwinsize(io::stdout()).map_or(0, |size| size.ws_col);
    if columns == 0 { usize::MAX } else { usize::from(columns) }
}

/// Whether somebody sees what is written and can press keys.
#[must_use]
pub fn is_terminal() -> bool {
    use std::io::IsTerminal as _;
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// A line on standard error that is written over again and again; nothing where that is no terminal.
#[derive(Debug, Default)]
pub struct Progress {
    is_shown: bool,
}

impl Progress {
    /// Shows this line in place of the one before.
    pub fn show(&mut self, text: &str) {
        use std::io::IsTerminal as _;
        let mut out = io::stderr().lock();
        if out.is_terminal() {
            self.is_shown = true;
            // As with every word to standard error, there is nobody left to tell if that fails.
            let _ = io::Write::write_all(&mut out, format!("\r\x1b[K{text}").as_bytes());
            let _ = io::Write::flush(&mut out);
        }
    }

    /// Takes the line away.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            let mut out = io::stderr().lock();
            let _ = io::Write::write_all(&mut out, b"\r\x1b[K");
            let _ = io::Write::flush(&mut out);
        }
    }
}

fn write_lines(out: &mut impl io::Write, text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

fn tolerate_broken_pipe(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_with_exactly_one_line_break() {
        for text in ["a", "a\n"] {
            let mut out = Vec::new();
            write_lines(&mut out, text).unwrap();
            assert_eq!(out, b"a\n");
        }
    }

    #[test]
    fn only_a_broken_pipe_is_fine() {
        assert!(tolerate_broken_pipe(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
        assert!(tolerate_broken_pipe(Err(io::ErrorKind::StorageFull.into())).is_err());
    }
}
