//! The name a host goes by in topics, addresses and files.

use serde::{Deserialize, Serialize};

/// 1–64 characters of `[a-z0-9._-]`: the name in the config, else made from the host name. A host behind an app
/// that is itself asked as a node is `site~host`, with at most [`HostId::MAX_SITES`] sites before it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(test, ts(export_to = "api.ts"))]
#[serde(try_from = "String", into = "String")]
pub struct HostId(String);

/// A text that is no host id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a host id is 1 to {} characters of a-z, 0-9, '.', '_' and '-', after names of sites with '~' each",
    HostId::MAX_LENGTH
)]
pub struct InvalidHostId;

impl HostId {
    /// The longest name of a host or site, in characters.
    pub const MAX_LENGTH: usize = 64;

    /// The most sites that a host can lie behind.
    pub const MAX_SITES: usize = 3;

    /// Takes `text` as it is, if it is a valid id.
    ///
    /// # Errors
    /// If a part of it is empty, too long, or has a character outside `[a-z0-9._-]`, or there are too many
    /// parts.
    pub fn parse(text: &str) -> Result<Self, InvalidHostId> {
        let is_name = |name: &str| {
            (1..=Self::MAX_LENGTH).contains(&name.len()) && name.bytes().all(is_allowed)
        };
        let names = || text.split('~');
        if names().count() <= Self::MAX_SITES + 1 && names().all(is_name) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidHostId)
        }
    }

    /// The same host as seen from one level above, where its app is called `site`.
    ///
    /// # Errors
    /// If there are too many levels.
    pub fn behind(&self, site: &Self) -> Result<Self, InvalidHostId> {
        Self::parse(&format!("{site}~{self}"))
    }

    /// The site it lies behind, and what it is called there; none if it is no host of a site.
    #[must_use]
    pub fn site(&self) -> Option<(Self, Self)> {
        let (site, host) = self.0.split_once('~')?;
        Some((Self(site.to_owned()), Self(host.to_owned())))
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
        for good in ["a", "gpu-01.lab", "x_y", &"z".repeat(64), "site~host", "a~b~c~d"] {
            assert_eq!(HostId::parse(good).unwrap().as_str(), good);
        }
        for bad in
            ["", "A", "a b", "a/b", "é", "../x y", &"z".repeat(65), "~", "a~", "~b", "a~b~c~d~e"]
        {
            assert_eq!(HostId::parse(bad), Err(InvalidHostId), "{bad:?}");
        }
    }

    #[test]
    fn a_host_behind_sites_is_named_after_them() {
        let id = |text: &str| HostId::parse(text).unwrap();
        let behind = id("gpu-01").behind(&id("lab")).unwrap().behind(&id("eu")).unwrap();
        assert_eq!(behind, id("eu~lab~gpu-01"));
        assert_eq!(behind.site(), Some((id("eu"), id("lab~gpu-01"))));
        assert_eq!(id("gpu-01").site(), None);
        assert_eq!(id("a~b~c~d").behind(&id("e")), Err(InvalidHostId));
    }

    proptest::proptest! {
        #[test]
        fn any_hostname_becomes_a_valid_id(name in ".{0,200}") {
            let id = HostId::from_hostname(&name);
            proptest::prop_assert_eq!(HostId::parse(id.as_str()), Ok(id.clone()));
        }
    }
}
