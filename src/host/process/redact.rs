//! Takes secrets out of command lines, so that they can be shown to people who may see what runs
//! but not what it was started with.
//!
//! Works on the arguments before they are joined, because `--token` and its value are two. What
//! gives a secret away is, from sure to vague: the shape of a known kind of key ([`shapes`]), the
//! name before it ([`names`]), its place in a URL, header or assignment ([`text`]), and a short
//! flag of a program that takes passwords that way ([`programs`]). A secret that none of these
//! give away stays; docs and configuration say so.

use std::borrow::Cow;
use std::ops::Range;

use crate::host::parse::visible;
use crate::model::process::COMMAND_MAX_CHARACTERS;

mod names;
mod programs;
mod shapes;
mod text;

use programs::Program;

/// What stands in place of a secret.
const MASK: &str = "***";

/// The masked and the full command line made of the bytes of a `cmdline`, each on one line and at
/// most [`COMMAND_MAX_CHARACTERS`] long; `None` if it is empty. `cut` says that bytes are missing
/// at the end: then the last argument is left out, because half a secret is hard to tell.
#[must_use]
pub fn command_lines(bytes: &[u8], cut: bool) -> Option<(String, String)> {
    let end = bytes.iter().rposition(|&byte| byte != 0)?;
    let mut arguments: Vec<String> = bytes[..=end].split(|&byte| byte == 0).map(visible).collect();
    if cut && arguments.len() > 1 {
        arguments.pop();
        arguments.push("…".to_owned());
    }
    let masked = shorten(mask(&arguments).join(" "));
    let full = shorten(arguments.join(" "));
    Some((masked, full))
}

/// The arguments with secrets replaced by `***`.
#[must_use]
pub fn mask(arguments: &[String]) -> Vec<Cow<'_, str>> {
    let mut reader = Reader::default();
    let one = |argument| {
        let mut marks = Marks::default();
        reader.read(argument, &mut marks);
        text::find(argument, &mut marks);
        shapes::find(argument, &mut marks);
        // A shell command or a process title is a command line in itself.
        if argument.contains(' ') {
            let mut inner = Reader::default();
            for word in text::words(argument) {
                let mut inside = Marks::default();
                inner.read(&argument[word.clone()], &mut inside);
                marks.0.extend(
                    inside.0.into_iter().map(|mark| word.start + mark.start..word.start + mark.end),
                );
            }
        }
        marks.apply(argument)
    };
    arguments.iter().map(|argument| argument.as_str()).map(one).collect()
}

fn shorten(text: String) -> String {
    let Some((end, _)) = text.char_indices().nth(COMMAND_MAX_CHARACTERS - 1) else { return text };
    if text[end..].chars().nth(1).is_none() { text } else { format!("{}…", &text[..end]) }
}

/// The places in an argument that are to be masked.
#[derive(Debug, Default)]
struct Marks(Vec<Range<usize>>);

impl Marks {
    fn add(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.0.push(range);
        }
    }

    fn apply(mut self, argument: &str) -> Cow<'_, str> {
        if self.0.is_empty() {
            return Cow::Borrowed(argument);
        }
        self.0.sort_unstable_by_key(|mark| mark.start);
        let mut masked = String::with_capacity(argument.len());
        let mut done = 0;
        for mark in self.0 {
            if mark.start >= done {
                masked.push_str(&argument[done..mark.start]);
                masked.push_str(MASK);
            }
            done = done.max(mark.end);
        }
        masked.push_str(&argument[done..]);
        Cow::Owned(masked)
    }
}

/// Goes through the arguments of a command line in order.
#[derive(Debug, Default)]
struct Reader {
    program: Option<&'static Program>,
    /// The program is one that takes passwords only after a certain word, which has not come.
    idle: bool,
    expected: Expected,
}

/// What the argument before says of the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Expected {
    #[default]
    Anything,
    /// A secret, by a name of this kind.
    Secret(names::Kind),
    /// A secret, by a program's short flag.
    Password,
    /// A name and a secret with this between them.
    Pair(char),
    /// Perhaps another secret: some flags take several.
    MoreSecrets,
}

impl Reader {
    fn read(&mut self, argument: &str, marks: &mut Marks) {
        let expected = std::mem::take(&mut self.expected);
        let whole = 0..argument.len();
        match expected {
            Expected::Secret(kind) if !is_flag(argument) => {
                if let Some(secret) = names::secret_in(kind, argument) {
                    marks.add(secret);
                    self.expected = Expected::MoreSecrets;
                }
                return;
            }
            Expected::Password if !is_flag(argument) => return marks.add(whole),
            Expected::Pair(between) if !is_flag(argument) => {
                if let Some((name, _)) = argument.split_once(between) {
                    marks.add(name.len() + between.len_utf8()..argument.len());
                }
                return;
            }
            Expected::MoreSecrets if names::looks_random(argument) => {
                self.expected = Expected::MoreSecrets;
                return marks.add(whole);
            }
            _ => {}
        }
        if let Some(program) = programs::named(argument) {
            self.idle = program.after.is_some();
            self.program = Some(program);
        } else if self.program.is_some_and(|program| program.after == Some(argument)) {
            self.idle = false;
        } else if let Some(program) = self.program.filter(|_| !self.idle)
            && let Some(expected) = program.read(argument, marks)
        {
            self.expected = expected;
        } else if is_flag(argument) && !argument.contains('=') {
            let kind = names::kind(argument.trim_start_matches('-'));
            if !names::is_switch(argument) && kind != names::Kind::Harmless {
                self.expected = Expected::Secret(kind);
            }
        } else if programs::BARE_WORDS.contains(&argument) {
            self.expected = Expected::Password;
        }
    }
}

/// Whether this is a flag and not a value that happens to begin with a dash.
fn is_flag(argument: &str) -> bool {
    let Some(name) = argument.strip_prefix('-') else { return false };
    let name = name.strip_prefix('-').unwrap_or(name);
    let name = name.split('=').next().unwrap_or_default();
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c))
        && !names::looks_random(name)
}

#[cfg(test)]
mod tests;
