//! Where the control groups are: one tree of version 2, one tree for each controller of version 1,
//! or both at once. Knows mounts, not containers.
//!
//! Kernel documents admin-guide/cgroup-v1/cgroups.rst and admin-guide/cgroup-v2.rst.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::host::filesystem::mountinfo::{parse_mountinfo, unescape};
use crate::host::{Roots, files};
use crate::model::Reason;

/// What counts or limits something. The names are those of version 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Controller {
    /// Limits processor time.
    Cpu,
    /// Counts processor time.
    Cpuacct,
    /// Counts and limits memory.
    Memory,
    /// Counts transfers of block devices.
    Blkio,
    /// Counts and limits processes and threads.
    Pids,
    /// Stops everything in a group.
    Freezer,
}

impl Controller {
    const ALL: [Self; 6] =
        [Self::Cpu, Self::Cpuacct, Self::Memory, Self::Blkio, Self::Pids, Self::Freezer];

    fn option(self) -> &'static [u8] {
        match self {
            Self::Cpu => b"cpu",
            Self::Cpuacct => b"cpuacct",
            Self::Memory => b"memory",
            Self::Blkio => b"blkio",
            Self::Pids => b"pids",
            Self::Freezer => b"freezer",
        }
    }
}

/// The folder of a group, with the files of which version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At<'a> {
    /// Files of version 1.
    V1(&'a Path),
    /// Files of version 2.
    V2(&'a Path),
}

/// The trees of this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hierarchies {
    v1: BTreeMap<Controller, PathBuf>,
    /// systemd's own tree of version 1: every container is in it, also one whose engine set up no
    /// controller.
    named: Option<PathBuf>,
    v2: Option<PathBuf>,
}

impl Hierarchies {
    /// Finds them by the mount table, or where there is none at their usual places.
    ///
    /// # Errors
    /// [`Reason::NotSupported`] if there is none, else why the mount table could not be read.
    pub fn find(roots: &Roots) -> Result<Self, Reason> {
        // `self` is us also in the proc of a host whose root is mounted somewhere.
        let is_host = !roots.is_live() && files::is_procfs(&roots.proc(""));
        let table = roots.proc(if is_host { "1/mountinfo" } else { "self/mountinfo" });
        let found = match files::read(&table, files::LARGE) {
            Ok(bytes) => Self::of_mounts(&bytes, roots),
            Err(Reason::NotSupported) => Self::default(),
            Err(reason) => return Err(reason),
        };
        let found = if found.trees().next().is_some() { found } else { Self::usual(roots) };
        if found.trees().any(Path::is_dir) { Ok(found) } else { Err(Reason::NotSupported) }
    }

    /// Those of a mount table. Of several mounts of a tree the first is taken.
    fn of_mounts(bytes: &[u8], roots: &Roots) -> Self {
        let mut found = Self::default();
        for mount in parse_mountinfo(bytes).0 {
            let place = || roots.mounted(&unescape(mount.point));
            match mount.kind {
                b"cgroup2" => {
                    found.v2.get_or_insert_with(place);
                }
                b"cgroup" => {
                    let has = |wanted: &[u8]| {
                        mount
                            .super_options
                            .split(|&byte| byte == b',')
                            .any(|option| option == wanted)
                    };
                    for controller in Controller::ALL {
                        if has(controller.option()) {
                            found.v1.entry(controller).or_insert_with(place);
                        }
                    }
                    if has(b"name=systemd") {
                        found.named.get_or_insert_with(place);
                    }
                }
                _ => {}
            }
        }
        found
    }

    fn usual(roots: &Roots) -> Self {
        let top = roots.sys("fs/cgroup");
        let v2 = [top.clone(), top.join("unified")];
        let v2 = v2.into_iter().find(|folder| folder.join("cgroup.controllers").is_file());
        let named = Some(top.join("systemd")).filter(|folder| folder.is_dir());
        let of = |controller: Controller| {
            let name = String::from_utf8_lossy(controller.option()).into_owned();
            let folder = top.join(name);
            folder.is_dir().then_some((controller, folder))
        };
        let has_v1 = v2.as_ref() != Some(&top);
        let v1 = Controller::ALL.into_iter().filter(|_| has_v1).filter_map(of).collect();
        Self { v1, named, v2 }
    }

    fn trees(&self) -> impl Iterator<Item = &Path> {
        self.v1.values().chain(&self.named).chain(&self.v2).map(PathBuf::as_path)
    }

    /// The tree that has this controller.
    #[must_use]
    pub fn of(&self, controller: Controller) -> Option<At<'_>> {
        let v1 = self.v1.get(&controller).map(|path| At::V1(path));
        v1.or_else(|| self.v2.as_deref().map(At::V2))
    }

    /// The trees to look for containers in. One of version 1 would do for engines that set up all
    /// controllers; systemd's own has those that have none.
    #[must_use]
    pub fn to_walk(&self) -> Vec<&Path> {
        let counted = [Controller::Memory, Controller::Cpuacct, Controller::Pids, Controller::Cpu];
        let counted = counted.into_iter().find_map(|controller| self.v1.get(&controller));
        let trees = counted.into_iter().chain(&self.named).map(PathBuf::as_path);
        let trees: Vec<&Path> = trees.collect();
        if trees.is_empty() { self.v2.as_deref().into_iter().collect() } else { trees }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &[u8] = b"\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:1 - cgroup cgroup rw,memory
36 31 0:32 / /srv/again rw,relatime shared:1 - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

    #[test]
    fn both_versions_at_once() {
        let found = Hierarchies::of_mounts(HYBRID, &Roots::at(Path::new("/r")));
        let folder = Path::new("/r/sys/fs/cgroup/cpu,cpuacct");
        assert_eq!(found.of(Controller::Cpu), Some(At::V1(folder)));
        assert_eq!(found.of(Controller::Cpuacct), Some(At::V1(folder)));
        let memory = Path::new("/r/sys/fs/cgroup/memory");
        assert_eq!(found.of(Controller::Memory), Some(At::V1(memory)));
        let unified = Path::new("/r/sys/fs/cgroup/unified");
        assert_eq!(found.of(Controller::Pids), Some(At::V2(unified)), "it is nowhere else");
        assert_eq!(found.to_walk(), [memory, Path::new("/r/sys/fs/cgroup/systemd")]);
    }

    #[test]
    fn version_2_alone() {
        let mounts = b"30 23 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n";
        let found = Hierarchies::of_mounts(mounts, &Roots::at(Path::new("/r")));
        let top = Path::new("/r/sys/fs/cgroup");
        for controller in Controller::ALL {
            assert_eq!(found.of(controller), Some(At::V2(top)));
        }
        assert_eq!(found.to_walk(), [top]);
    }

    #[test]
    fn without_a_mount_table_they_are_looked_for_and_where_there_is_none_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let roots = Roots::at(folder.path());
        assert_eq!(Hierarchies::find(&roots), Err(Reason::NotSupported));
        let top = roots.sys("fs/cgroup");
        std::fs::create_dir_all(top.join("memory")).unwrap();
        let v1 = Hierarchies::find(&roots).unwrap();
        assert_eq!(v1.of(Controller::Memory), Some(At::V1(&top.join("memory"))));
        assert_eq!(v1.of(Controller::Pids), None);
        std::fs::write(top.join("cgroup.controllers"), "memory\n").unwrap();
        let v2 = Hierarchies::find(&roots).unwrap();
        assert_eq!(v2.of(Controller::Memory), Some(At::V2(&top)), "its folders are groups");
    }
}
