//! A text that must not be shown: keys of nodes, as the settings give them.

use std::fmt;

use serde::Deserialize;
use subtle::ConstantTimeEq as _;

/// A secret. `Debug` and `Display` give `***`, it has no form for the outside, and two of them are
/// compared in a time that tells nothing but their lengths.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for who sends it to where it belongs. Never for a message.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_told_apart_and_never_shown() {
        let secret: Secret = serde_json::from_str(r#""smk_hunter2""#).unwrap();
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** *** Some(***)");
        assert_eq!(secret.reveal(), "smk_hunter2");
        assert_eq!(secret, Secret::new("smk_hunter2"));
        for other in ["smk_hunter3", "smk_hunter", "smk_hunter22", ""] {
            assert_ne!(secret, Secret::new(other), "{other}");
        }
    }
}
