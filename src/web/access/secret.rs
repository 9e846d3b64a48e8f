//! Random secrets and their fingerprints.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

/// 256 random bits, as 64 hexadecimal digits. Never printed by `Debug`.
pub(in crate::web) struct Secret(String);

/// The token that opens the monitor; shown once, when it is made.
#[derive(Debug)]
pub struct AccessToken(Secret);

/// SHA-256 of a secret: enough to know it again, not enough to use it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::web) struct Fingerprint([u8; 32]);

impl Secret {
    pub(in crate::web) fn random() -> Self {
        Self(hex(&rand::random::<[u8; 32]>()))
    }

    pub(in crate::web) fn reveal(&self) -> &str {
        &self.0
    }

    pub(in crate::web) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl AccessToken {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(Secret::random())
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.0.fingerprint()
    }

    /// The token itself, to be shown to whoever started the server, and to nobody else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// The link that signs in. The token stands behind `#`, which browsers send to no server, so
    /// it ends up in no log.
    #[must_use]
    pub fn link(&self, site: &str) -> String {
        format!("{}/login#token={}", site.trim_end_matches('/'), self.0.reveal())
    }
}

impl Fingerprint {
    pub(in crate::web) fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Compares in constant time.
    pub(in crate::web) fn matches(self, other: Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    pub(super) fn to_hex(self) -> String {
        hex(&self.0)
    }

    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).ok()?;
            *byte = u8::from_str_radix(digits, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// Tells one fingerprint from another, and tells nothing about it.
    pub(super) fn short_tag(self) -> String {
        hex(&Sha256::digest(self.0)[..4])
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(***)")
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_random_and_never_printed() {
        let [a, b] = [Secret::random(), Secret::random()];
        assert_eq!(a.reveal().len(), 64);
        assert_ne!(a.reveal(), b.reveal());
        let token = AccessToken(a);
        let printed = format!("{token:?} {:?}", token.fingerprint());
        assert!(!printed.contains(token.reveal()) && printed.contains("***"));
        assert!(!printed.contains(&token.fingerprint().to_hex()));
    }

    #[test]
    fn fingerprints_read_back_as_written() {
        let fingerprint = Fingerprint::of("x");
        assert_eq!(Fingerprint::from_hex(&fingerprint.to_hex()), Some(fingerprint));
        assert!(fingerprint.matches(Fingerprint::of("x")));
        assert!(!fingerprint.matches(Fingerprint::of("y")));
        for bad in ["", "abc", &"g".repeat(64), &"+1".repeat(32), &"é".repeat(32)] {
            assert_eq!(Fingerprint::from_hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_link_keeps_the_token_out_of_requests() {
        let token = AccessToken::random();
        let link = token.link("http://gpu-01:8760/");
        let expected = format!("http://gpu-01:8760/login#token={}", token.reveal());
        assert_eq!(link, expected);
    }
}
