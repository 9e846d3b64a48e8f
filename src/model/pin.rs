//! What a certificate is known by again: the SHA-256 of its bytes.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// SHA-256 of a certificate as it is sent (DER), which is what `openssl x509 -fingerprint -sha256` and
/// browsers show. Written `SHA256:` and the bytes as hexadecimal digits with colons; read with or
/// without either, in small letters or large.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CertificatePin([u8; 32]);

/// A text that is no fingerprint of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a fingerprint is 64 hexadecimal digits, as `smonitor fingerprint` prints it: SHA256:AB:CD:…"
)]
pub struct InvalidPin;

impl CertificatePin {
    /// That of a certificate in DER.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl FromStr for CertificatePin {
    type Err = InvalidPin;

    fn from_str(text: &str) -> Result<Self, InvalidPin> {
        let text = text.trim();
        let digits = match text.get(..7) {
            Some(prefix) if prefix.eq_ignore_ascii_case("sha256:") => text.get(7..),
            _ => Some(text),
        };
        let digits = digits.ok_or(InvalidPin)?;
        let digits: Vec<u8> = if digits.contains(':') {
            let pairs = digits.split(':');
            if !pairs.clone().all(|pair| pair.len() == 2) {
                return Err(InvalidPin);
            }
            pairs.flat_map(str::bytes).collect()
        } else {
            digits.bytes().collect()
        };
        let mut bytes = [0; 32];
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(InvalidPin);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| InvalidPin)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidPin)?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SHA256")?;
        self.0.iter().try_for_each(|byte| write!(f, ":{byte:02X}"))
    }
}

impl fmt::Debug for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for CertificatePin {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_reads_back_however_it_was_copied() {
        // SHA-256 of nothing, from FIPS 180.
        let plain = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let pin = CertificatePin::of(b"");
        assert_ne!(pin, CertificatePin::of(b"x"));
        let shown = pin.to_string();
        assert!(shown.starts_with("SHA256:E3:B0:C4") && shown.len() == 7 + 64 + 31, "{shown}");
        let colons = shown.trim_start_matches("SHA256:");
        for text in [
            plain,
            &plain.to_uppercase(),
            &shown,
            &shown.to_lowercase(),
            colons,
            &format!("sha256:{plain}"),
            &format!(" {plain}\n"),
        ] {
            assert_eq!(text.parse(), Ok(pin), "{text}");
        }
        let bad = [
            "",
            "SHA256:",
            &plain[1..],
            &format!("{plain}0"),
            &plain.replace('e', "g"),
            &shown.replace(":C4", "C4:"),
            &"é".repeat(32),
            &"+1".repeat(32),
            "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        ];
        for bad in bad {
            assert_eq!(bad.parse::<CertificatePin>(), Err(InvalidPin), "{bad}");
        }
    }
}
