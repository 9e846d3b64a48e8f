//! What all parsers of kernel files share: bytes in, numbers or one precise error out. No I/O.

use crate::model::Reason;

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// A token that should be something else.
    #[error("{file}, line {line}: wanted {wanted}, found {token:?}")]
    Token {
        /// Which file, below the roots.
        file: &'static str,
        /// Which line, from 1.
        line: usize,
        /// What stands there, made printable and cut.
        token: String,
        /// What should stand there.
        wanted: &'static str,
    },
    /// A line that should be there.
    #[error("{file}: has no {wanted}")]
    Missing {
        /// Which file, below the roots.
        file: &'static str,
        /// What should be there.
        wanted: &'static str,
    },
}

/// Logs the error for whoever looks for it and makes it the word the rest of the product uses.
impl From<ParseError> for Reason {
    fn from(error: ParseError) -> Self {
        tracing::debug!(%error, "malformed");
        Self::Malformed
    }
}

/// A place in a file, to make errors from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) file: &'static str,
    pub(super) line: usize,
}

impl Place {
    /// The error that `token` stands here instead of `wanted`.
    pub(super) fn expected(self, wanted: &'static str, token: &[u8]) -> ParseError {
        let token = visible(&token[..token.len().min(64)]);
        ParseError::Token { file: self.file, line: self.line, token, wanted }
    }

    /// `token` as an unsigned number.
    pub(super) fn unsigned(self, token: &[u8]) -> Result<u64, ParseError> {
        unsigned(token).ok_or_else(|| self.expected("a whole number", token))
    }

    /// `token` as a decimal that is not negative.
    pub(super) fn decimal(self, token: &[u8]) -> Result<f64, ParseError> {
        decimal(token).ok_or_else(|| self.expected("a decimal number", token))
    }
}

/// The lines of a file with their places.
pub(super) fn lines<'a>(
    file: &'static str,
    bytes: &'a [u8],
) -> impl Iterator<Item = (Place, &'a [u8])> {
    let lines = bytes.split(|&byte| byte == b'\n').enumerate();
    lines.map(move |(index, line)| (Place { file, line: index + 1 }, line))
}

/// The words of a line.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| matches!(byte, b' ' | b'\t' | b'\r')).filter(|word| !word.is_empty())
}

/// A decimal whole number without a sign; `None` for anything else or more than 64 bits.
pub(super) fn unsigned(token: &[u8]) -> Option<u64> {
    if token.is_empty() {
        return None;
    }
    token.iter().try_fold(0_u64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// A decimal whole number that may have a minus sign.
pub(super) fn signed(token: &[u8]) -> Option<i64> {
    match token.strip_prefix(b"-") {
        Some(digits) => 0_i64.checked_sub_unsigned(unsigned(digits)?),
        None => i64::try_from(unsigned(token)?).ok(),
    }
}

/// A decimal number with or without a fraction, finite and not negative.
pub(super) fn decimal(token: &[u8]) -> Option<f64> {
    let plain = token.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let value = std::str::from_utf8(token).ok()?.parse::<f64>().ok()?;
    (plain && value.is_finite()).then_some(value)
}

/// Bytes of unknown origin as one line of text that can be looked at and logged without harm.
///
/// What is not UTF-8 becomes `�`. A control character becomes its picture (a line break `␊`, an
/// escape `␛`), so that it is seen and does nothing; the invisible marks that turn the direction
/// of writing, with which a name can pose as another, become `�`.
#[must_use]
pub fn visible(bytes: &[u8]) -> String {
    if bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return text.to_owned();
    }
    String::from_utf8_lossy(bytes).chars().map(visible_character).collect()
}

fn visible_character(character: char) -> char {
    match character {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + character as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => '\u{fffd}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_and_nothing_else() {
        assert_eq!(unsigned(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(signed(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(decimal(b"12.50"), Some(12.5));
        for bad in [&b""[..], b"-", b"+1", b"1x", b" 1", b"18446744073709551616", b"\xff", b"1:2"] {
            assert_eq!(unsigned(bad), None, "{bad:?}");
            assert_eq!(signed(bad).filter(|&value| value >= 0), None, "{bad:?}");
        }
        for bad in [&b""[..], b".", b"-1", b"nan", b"inf", b"1e5", b"1.2.3", b"+1"] {
            assert_eq!(decimal(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_error_says_file_line_and_token() {
        let place = Place { file: "stat", line: 3 };
        assert_eq!(
            place.unsigned(b"12\x1b[2J").unwrap_err().to_string(),
            "stat, line 3: wanted a whole number, found \"12␛[2J\""
        );
        let long = place.unsigned(&[b'y'; 1000]).unwrap_err().to_string();
        assert!(long.len() < 150, "{long}");
    }

    #[test]
    fn hostile_bytes_become_visible_and_harmless() {
        for (bytes, text) in [
            (&b"python3 train.py"[..], "python3 train.py"),
            (b"a\nb\tc\x00d", "a␊b␉c␀d"),
            (b"\x1b]0;title\x07\x7f", "␛]0;title␇␡"),
            (b"caf\xc3\xa9 \xff\xfe", "café \u{fffd}\u{fffd}"),
            ("x\u{202e}gpj.exe".as_bytes(), "x\u{fffd}gpj.exe"),
            (b"\xc2\x9b31m", "\u{fffd}31m"),
        ] {
            assert_eq!(visible(bytes), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_visible_is_a_control(bytes: Vec<u8>) {
            proptest::prop_assert!(!visible(&bytes).chars().any(char::is_control));
        }

        #[test]
        fn numbers_read_back(value: u64, negative: i64) {
            proptest::prop_assert_eq!(unsigned(value.to_string().as_bytes()), Some(value));
            proptest::prop_assert_eq!(signed(negative.to_string().as_bytes()), Some(negative));
        }
    }
}
