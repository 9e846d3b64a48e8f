//! Device files that NVML opens for writing, though it only reads: a sandbox has to leave them open.

use std::fs;
use std::path::PathBuf;

use crate::host::Roots;

/// The most that are told; a machine has a few a card, and some hundred of a divided one.
const FILES_MAX: usize = 1024;

/// The driver's own device file, one of each card, those of instances (MIG), and the one that stands
/// for all of them in the Windows Subsystem for Linux. None where there is no driver (yet).
#[must_use]
pub fn device_files(roots: &Roots) -> Vec<PathBuf> {
    let is_card = |name: &str| {
        let number = name.strip_prefix("nvidia");
        let number = number.filter(|number| !number.is_empty());
        number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let own = |name: &str| name == "nvidiactl" || name == "dxg" || is_card(name);
    let of_instances = |name: &str| name.starts_with("nvidia-cap");
    let mut files = Vec::new();
    for (folder, wanted) in
        [(roots.dev(""), &own as &dyn Fn(&str) -> bool), (roots.dev("nvidia-caps"), &of_instances)]
    {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let names = entries.filter(|entry| entry.file_name().to_str().is_some_and(wanted));
        // A folder of that name would open all below it.
        let plain = names.filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_dir()));
        files.extend(plain.map(|entry| entry.path()).take(FILES_MAX));
    }
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_nvml_opens_are_told() {
        let root = tempfile::tempdir().unwrap();
        let dev = root.path().join("dev");
        fs::create_dir_all(dev.join("nvidia-caps")).unwrap();
        fs::create_dir(dev.join("nvidia7")).unwrap();
        for name in [
            "nvidia0",
            "nvidia12",
            "nvidiactl",
            "nvidia-uvm",
            "nvidia-modeset",
            "nvidia1x",
            "nvidia",
            "sda",
            "mem",
            "nvidia-caps/nvidia-cap1",
            "nvidia-caps/other",
        ] {
            fs::write(dev.join(name), "").unwrap();
        }
        let files = device_files(&Roots::at(root.path()));
        let names: Vec<_> =
            files.iter().map(|path| path.strip_prefix(&dev).unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["nvidia-caps/nvidia-cap1", "nvidia0", "nvidia12", "nvidiactl"]);
        assert_eq!(device_files(&Roots::at(&root.path().join("none"))), Vec::<PathBuf>::new());
    }
}
