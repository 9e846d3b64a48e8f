//! The name a host goes by in topics, addresses and files.

use serde::{Deserialize, Serialize};

/// 1–64 characters of `[a-z0-9._-]`: the name in the config, else made from the host name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(try_from = "String", into = "String")]
pub struct HostId(String);

/// A text that is no host id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a host id is 1 to {} characters of a-z, 0-9, '.', '_' and '-'", HostId::MAX_LENGTH)]
pub struct InvalidHostId;

impl HostId {
    /// The longest id, in characters.
    pub const MAX_LENGTH: usize = 64;

    /// Takes `text` as it is, if it is a valid id.
    ///
    /// # Errors
    /// If it is empty, too long, or has a character outside `[a-z0-9._-]`.
    pub fn parse(text: &str) -> Result<Self, InvalidHostId> {
        let fits = !text.is_empty() && text.len() <= Self::MAX_LENGTH;
        if fits && text.bytes().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidHostId)
        }
    }

    /// Makes an id from a host name: lower case, every other character becomes `-`, cut to length.
    /// An empty name becomes `localhost`.
    #[must_use]
    pub fn from_hostname(name: &str) -> Self {
        let id: String = name
            .trim()
            .chars()
            .map(|c| c.to_ascii_lowercase())
            .map(|c| if u8::try_from(c).is_ok_and(is_allowed) { c } else { '-' })
            .take(Self::MAX_LENGTH)
            .collect();
        if id.is_empty() { Self("localhost".to_owned()) } else { Self(id) }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_allowed(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-')
}

impl TryFrom<String> for HostId {
    type Error = InvalidHostId;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<HostId> for String {
    fn from(id: HostId) -> Self {
        id.0
    }
}

impl std::fmt::Display for HostId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_what_a_path_can_carry() {
        for good in ["a", "gpu-01.lab", "x_y", &"z".repeat(64)] {
            assert_eq!(HostId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "A", "a b", "a/b", "é", "../x y", &"z".repeat(65)] {
            assert_eq!(HostId::parse(bad), Err(InvalidHostId), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_hostname_becomes_a_valid_id(name in ".{0,200}") {
            let id = HostId::from_hostname(&name);
            proptest::prop_assert_eq!(HostId::parse(id.as_str()), Ok(id.clone()));
        }
    }
}
