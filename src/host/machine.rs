//! A fingerprint of the machine, to tell two machines apart and one from itself.

use sha2::{Digest as _, Sha256};

use super::{Roots, files};

/// The first 16 hexadecimal digits of a hash over machine-id(5), which itself is to be kept secret; `None` where
/// there is no such id, as in many containers.
#[must_use]
pub fn machine_fingerprint(roots: &Roots) -> Option<String> {
    let id = files::read(&roots.etc("machine-id"), files::SMALL).ok()?;
    let id = id.trim_ascii();
    let is_id = id.len() == 32 && id.iter().all(u8::is_ascii_hexdigit);
    if !is_id {
        return None;
    }
    let digest = Sha256::new().chain_update(b"smonitor machine").chain_update(id).finalize();
    Some(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_itself_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let roots = Roots::at(folder.path());
        assert_eq!(machine_fingerprint(&roots), None);
        std::fs::create_dir(folder.path().join("etc")).unwrap();
        let file = folder.path().join("etc/machine-id");
        for none in ["", "uninitialized\n", "0123", "z123456789abcdef0123456789abcdef"] {
            std::fs::write(&file, none).unwrap();
            assert_eq!(machine_fingerprint(&roots), None, "{none}");
        }
        std::fs::write(&file, "0123456789abcdef0123456789abcdef\n").unwrap();
        let one = machine_fingerprint(&roots).unwrap();
        assert_eq!(one.len(), 16);
        assert!(!one.contains("0123456789"));
        std::fs::write(&file, "0123456789abcdef0123456789abcdee\n").unwrap();
        assert_ne!(machine_fingerprint(&roots).unwrap(), one);
    }
}
