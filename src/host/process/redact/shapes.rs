//! Keys that are known by their shape, wherever they stand: their makers give them prefixes so
//! that they can be found.

use super::Marks;

/// A kind of key.
struct Shape {
    prefix: &'static str,
    /// Fewest characters after the prefix.
    least: usize,
    /// Characters besides letters and digits.
    others: &'static [u8],
    /// Whether only capitals and digits occur.
    capitals: bool,
}

const fn plain(prefix: &'static str, least: usize) -> Shape {
    Shape { prefix, least, others: b"", capitals: false }
}

const fn wide(prefix: &'static str, least: usize) -> Shape {
    Shape { prefix, least, others: b"_-", capitals: false }
}

const fn capitals(prefix: &'static str, least: usize) -> Shape {
    Shape { prefix, least, others: b"", capitals: true }
}

const SHAPES: [Shape; 43] = [
    capitals("AKIA", 16),
    capitals("ASIA", 16),
    plain("ghp_", 20),
    plain("gho_", 20),
    plain("ghu_", 20),
    plain("ghs_", 20),
    plain("ghr_", 20),
    wide("github_pat_", 20),
    wide("glpat-", 16),
    wide("gldt-", 16),
    wide("glrt-", 16),
    plain("hf_", 28),
    plain("api_org_", 28),
    wide("xoxb-", 16),
    wide("xoxp-", 16),
    wide("xoxa-", 16),
    wide("xoxs-", 16),
    wide("xapp-", 16),
    wide("AIza", 30),
    wide("ya29.", 20),
    plain("npm_", 30),
    wide("pypi-", 40),
    plain("dckr_pat_", 16),
    plain("dop_v1_", 32),
    plain("shpat_", 24),
    plain("sk_live_", 16),
    plain("sk_test_", 16),
    plain("rk_live_", 16),
    plain("whsec_", 16),
    wide("nvapi-", 24),
    plain("r8_", 28),
    plain("gsk_", 28),
    wide("xai-", 32),
    plain("pplx-", 32),
    plain("tgp_v1_", 28),
    wide("tskey-", 16),
    wide("hvs.", 20),
    wide("hvb.", 20),
    wide("lsv2_", 28),
    plain("AGE-SECRET-KEY-1", 32),
    wide("SG.", 32),
    plain("figd_", 28),
    plain("ATATT3x", 32),
];

/// Marks every key in the text; its prefix stays, so that one sees what kind it is.
pub(super) fn find(text: &str, marks: &mut Marks) {
    for shape in &SHAPES {
        // What was looked at once is not looked at again from its middle.
        let mut done = 0;
        for (start, _) in text.match_indices(shape.prefix) {
            if start < done || !at_word_start(text, start) {
                continue;
            }
            let from = start + shape.prefix.len();
            let length = shape.length(&text.as_bytes()[from..]);
            done = from + length;
            if length >= shape.least {
                marks.add(from..from + length);
            }
        }
    }
    find_sk(text, marks);
    find_web_tokens(text, marks);
    find_bearers(text, marks);
    find_private_keys(text, marks);
}

impl Shape {
    fn length(&self, bytes: &[u8]) -> usize {
        let fits = |byte: &u8| {
            let own = if self.capitals {
                byte.is_ascii_uppercase() || byte.is_ascii_digit()
            } else {
                byte.is_ascii_alphanumeric()
            };
            own || self.others.contains(byte)
        };
        bytes.iter().take_while(|byte| fits(byte)).count()
    }
}

fn at_word_start(text: &str, start: usize) -> bool {
    !text[..start].ends_with(|c: char| c.is_ascii_alphanumeric())
}

/// `sk-…` of several makers: so short a prefix that what follows must look made by a machine.
fn find_sk(text: &str, marks: &mut Marks) {
    let mut done = 0;
    for (start, prefix) in text.match_indices("sk-") {
        if start < done || !at_word_start(text, start) {
            continue;
        }
        let from = start + prefix.len();
        let length = wide("", 0).length(&text.as_bytes()[from..]);
        done = from + length;
        let key = &text[from..from + length];
        let machine_made = key.split(['-', '_']).any(|piece| {
            let digits = piece.bytes().filter(u8::is_ascii_digit).count();
            piece.len() >= 16 && digits >= 2 && digits < piece.len()
        });
        if machine_made {
            marks.add(from..from + length);
        }
    }
}

/// JSON web tokens (RFC 7519): three pieces of base64url, the first two of them JSON objects,
/// which always begin alike. The signature may be missing.
fn find_web_tokens(text: &str, marks: &mut Marks) {
    for (start, _) in text.match_indices("eyJ") {
        let token = wide("", 0);
        let rest = &text.as_bytes()[start..];
        let head = token.length(rest);
        let body = rest.get(head + 1..).unwrap_or_default();
        let dotted = rest.get(head) == Some(&b'.') && body.starts_with(b"eyJ");
        if !at_word_start(text, start) || head < 8 || !dotted {
            continue;
        }
        let mut end = head + 1 + token.length(body);
        while rest.get(end) == Some(&b'.') {
            end += 1 + token.length(&rest[end + 1..]);
        }
        marks.add(start..start + end);
    }
}

/// `Bearer …` (RFC 6750), wherever it is written.
fn find_bearers(text: &str, marks: &mut Marks) {
    for (start, word) in text.to_ascii_lowercase().match_indices("bearer ") {
        let from = start + word.len();
        let length = text[from..].find(['"', '\'', ' ', ',']).unwrap_or(text.len() - from);
        let value = &text[from..from + length];
        if at_word_start(text, start) && length >= 8 && !value.starts_with(['$', '<']) {
            marks.add(from..from + length);
        }
    }
}

/// A private key in PEM form (RFC 7468), up to the end of the argument.
fn find_private_keys(text: &str, marks: &mut Marks) {
    const END: &str = "PRIVATE KEY-----";
    if let Some(begin) = text.find("-----BEGIN ")
        && let Some(end) = text[begin..].find(END)
    {
        marks.add(begin + end + END.len()..text.len());
    }
}
