//! The device files through which the driver of graphics cards is asked: what has to be left open when
//! everything else is given up. Knows names, not meanings.

use std::path::PathBuf;

use super::Roots;
use super::parse::unsigned;

/// The most files that are named: a control file, a file a card, and those of divided cards.
const MOST: usize = 1024;

/// Every device file of the driver that is there now: `nvidiactl`, `nvidia<N>`, and below
/// `nvidia-caps` what stands for the instances of divided cards.
#[must_use]
pub fn gpu_device_files(roots: &Roots) -> Vec<PathBuf> {
    let card = |name: &str| {
        name == "nvidiactl"
            || name.strip_prefix("nvidia").is_some_and(|rest| unsigned(rest.as_bytes()).is_some())
    };
    let instance = |name: &str| name.starts_with("nvidia-cap");
    let mut files = named(roots.dev(""), card);
    files.extend(named(roots.dev("nvidia-caps"), instance));
    files.sort_unstable();
    files.truncate(MOST);
    files
}

fn named(folder: PathBuf, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    // A folder that is not there has none.
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_wanted = |entry: &std::fs::DirEntry| entry.file_name().to_str().is_some_and(&wanted);
    entries.filter(is_wanted).map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_and_instances_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let dev = root.path().join("dev");
        std::fs::create_dir_all(dev.join("nvidia-caps")).unwrap();
        let make = |name: &str| std::fs::write(dev.join(name), "").unwrap();
        for name in ["nvidiactl", "nvidia0", "nvidia13", "nvidia-uvm", "nvidia-modeset", "nvidiax"]
        {
            make(name);
        }
        for name in ["null", "sda", "nvidia-caps/nvidia-cap1", "nvidia-caps/other"] {
            make(name);
        }
        let found = gpu_device_files(&Roots::at(root.path()));
        let names: Vec<_> = found
            .iter()
            .map(|path| path.strip_prefix(&dev).unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["nvidia-caps/nvidia-cap1", "nvidia0", "nvidia13", "nvidiactl"]);
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(gpu_device_files(&Roots::at(empty.path())), Vec::<PathBuf>::new());
    }
}
