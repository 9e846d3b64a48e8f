use std::collections::BTreeSet;

use super::*;

#[test]
fn no_two_settings_share_a_path_or_a_variable() {
    let paths: BTreeSet<_> = KEYS.iter().map(|key| key.path).collect();
    let variables: BTreeSet<_> = KEYS.iter().map(Key::variable).collect();
    assert_eq!(paths.len(), KEYS.len());
    assert_eq!(variables.len(), KEYS.len(), "an environment variable would be ambiguous");
}

#[test]
fn no_setting_is_also_a_group() {
    for key in KEYS {
        let group = format!("{}.", key.path);
        assert!(!KEYS.iter().any(|other| other.path.starts_with(&group)), "{}", key.path);
    }
}

#[test]
fn every_setting_is_described_and_has_a_default() {
    for key in KEYS {
        assert!(key.english.ends_with('.') && key.chinese.ends_with('。'), "{}", key.path);
        assert!(key.default.is_some(), "{}", key.path);
    }
}
