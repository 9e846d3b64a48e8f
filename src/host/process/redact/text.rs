//! Secrets by their place in a text: after a telling name (`name=value`, `Name: value`,
//! `"name": "value"`) and before the `@` of a URL.

use std::ops::Range;

use super::Marks;
use super::names::{self, Kind};

/// Marks what a name or a place gives away.
pub(super) fn find(text: &str, marks: &mut Marks) {
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'=' | b':' => {
                if let Some(secret) = assigned(text, at) {
                    marks.add(secret);
                }
            }
            _ => {}
        }
    }
    for (scheme_end, separator) in text.match_indices("://") {
        if let Some(secret) = user_information(text, scheme_end, scheme_end + separator.len()) {
            marks.add(secret);
        }
    }
}

/// The words of a text as a shell would make them, roughly: between blanks, quotes taken off.
pub(super) fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    const BETWEEN: [char; 5] = [' ', '"', '\'', ';', '|'];
    let start_of = |piece: &str| piece.as_ptr() as usize - text.as_ptr() as usize;
    text.split(BETWEEN).filter(|piece| !piece.is_empty()).map(move |piece| {
        let start = start_of(piece);
        start..start + piece.len()
    })
}

/// The secret after the `=` or `:` at this place, if a telling name stands before it.
fn assigned(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let is_colon = bytes[at] == b':';
    let beside = |index: Option<usize>| index.and_then(|index| bytes.get(index)).copied();
    let (before, after) = (beside(at.checked_sub(1)), beside(Some(at + 1)));
    let doubled = |byte| matches!(byte, Some(b'=' | b'!' | b'<' | b'>' | b':' | b'~'));
    if doubled(before) || (doubled(after) && after != Some(b'<')) {
        return None;
    }
    let head = text[..at].trim_end_matches(' ');
    let unquoted = head.strip_suffix(['"', '\'']).unwrap_or(head);
    let name_start = unquoted
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || "_.-".contains(c)))
        .map_or(0, |index| index + text[index..].chars().next().map_or(1, char::len_utf8));
    let name = unquoted[name_start..].trim_start_matches('-');
    let kind = names::kind(name);
    let begins = unquoted[..name_start].chars().next_back();
    if kind == Kind::Harmless || begins.is_some_and(|c| !" \"',;&?{([=|:<>`\t$".contains(c)) {
        return None;
    }
    if is_colon {
        let quoted = unquoted.len() < head.len();
        let spaced = matches!(after, Some(b' ' | b'"' | b'\''));
        let path = after == Some(b'/');
        if path || !(quoted || spaced || names::is_header(name)) {
            return None;
        }
    }
    let extent = match is_colon || name_start > 0 || head.len() < at {
        true => Extent::Word,
        false if name.len() < head.len() || name == name.to_ascii_uppercase() => Extent::Argument,
        false => Extent::Settings,
    };
    let start = at + 1 + (text[at + 1..].len() - text[at + 1..].trim_start_matches(' ').len());
    let value = value_range(text, start, extent, is_colon && is_credential_header(name));
    let secret = names::secret_in(kind, &text[value.clone()])?;
    Some(value.start + secret.start..value.start + secret.end)
}

/// How far a value that is not quoted goes.
#[derive(Debug, Clone, Copy)]
enum Extent {
    /// To the end of the argument: `--password=…`, `PASSWORD=…`.
    Argument,
    /// To the next of several settings: `password=…,user=…`.
    Settings,
    /// To the end of the word: it stands in the middle of something.
    Word,
}

/// Where the value that begins at `start` is.
fn value_range(text: &str, start: usize, extent: Extent, header: bool) -> Range<usize> {
    let rest = &text[start..];
    if let Some(quote) = rest.chars().next().filter(|c| "\"'`".contains(*c)) {
        let inside = &rest[1..];
        return start + 1..start + 1 + inside.find(quote).unwrap_or(inside.len());
    }
    if header {
        let end = rest.find(['"', '\'']).unwrap_or(rest.len());
        return start + scheme_length(&rest[..end])..start + end;
    }
    let assignment_follows = |index: usize| {
        let next = rest[index + 1..].split([' ', '&', ';', ',']).next();
        next.is_some_and(|piece| piece.contains('='))
    };
    let mut end = rest.len();
    for (index, character) in rest.char_indices() {
        let separates = match extent {
            Extent::Argument => false,
            Extent::Settings => " ,;&".contains(character) && assignment_follows(index),
            Extent::Word => {
                " \"'`&;|})]\t␊".contains(character)
                    || (character == ',' && assignment_follows(index))
            }
        };
        if separates {
            end = index;
            break;
        }
    }
    start..start + end
}

fn is_credential_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("authorization") || name.ends_with("cookie")
}

/// The length of the method before a credential (RFC 9110, 11.4), its blank included.
fn scheme_length(value: &str) -> usize {
    const SCHEMES: [&str; 7] =
        ["basic", "bearer", "digest", "token", "apikey", "negotiate", "ntlm"];
    let scheme = value.split(' ').next().unwrap_or_default();
    let known = SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    if known && scheme.len() < value.len() { scheme.len() + 1 } else { 0 }
}

/// The password in `scheme://user:password@host` (RFC 3986, 3.2.1), or what stands alone before
/// the `@` of a web address and looks like a key.
fn user_information(text: &str, scheme_end: usize, start: usize) -> Option<Range<usize>> {
    let scheme =
        text[..scheme_end].rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '+')).next()?;
    let rest = &text[start..];
    let end = rest.find([' ', '"', '\'', '`', '<', '>', '␊']).unwrap_or(rest.len());
    let authority_end = rest[..end].find(['/', '?', '#']).unwrap_or(end);
    let at = match rest[..authority_end].rfind('@') {
        Some(at) => at,
        // A password with a bare `/` or `#` in it: what stands after the first `:` is no port.
        None => {
            let (_, port) = rest[..authority_end].split_once(':')?;
            let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
            (!is_port).then(|| rest[..end].rfind('@')).flatten()?
        }
    };
    let user = &rest[..at];
    match user.find(':') {
        Some(colon) => {
            let secret = &user[colon + 1..];
            let shown = secret.is_empty() || secret.starts_with(['$', '<']);
            (!shown).then(|| start + colon + 1..start + at)
        }
        None => {
            let web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
            (web && names::looks_random(user)).then_some(start..start + at)
        }
    }
}
