//! Whether others can read what holds secrets.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

/// What to say of a file with secrets that somebody else than its owner can read or write.
pub(super) fn too_open(path: &Path) -> Option<String> {
    examine(path, "holds secrets")
}

fn examine(path: &Path, what_it_is: &str) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    let mode = metadata.permissions().mode() & 0o777;
    let name = path.display();
    (metadata.is_file() && mode & 0o077 != 0).then(|| {
        format!(
            "{name} {what_it_is}, and others than its owner (user {}) can read or write it (mode {mode:03o}); run: chmod 600 {name}",
            metadata.uid()
        )
    })
}

/// The same for the files of the state folder, which all may hold something that is not for
/// others. A folder that cannot be listed is somebody else's to complain about.
pub(super) fn too_open_in(folder: &Path) -> Vec<String> {
    const MOST: usize = 64;
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path())).take(MOST);
    let mut warnings: Vec<_> =
        paths.filter_map(|path| examine(&path, "is in the state folder")).collect();
    warnings.sort();
    warnings
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn names_the_file_and_the_command() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        fs::write(&file, "x").unwrap();
        for (mode, open) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let warnings = too_open_in(folder.path());
            assert_eq!(!warnings.is_empty(), open, "{mode:o}");
            for warning in warnings {
                assert!(warning.contains("chmod 600") && warning.contains("token"), "{warning}");
            }
        }
        assert!(too_open_in(&folder.path().join("not there")).is_empty());
    }
}
