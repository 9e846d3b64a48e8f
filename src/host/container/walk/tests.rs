use super::*;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

fn tree(groups: &[String]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for group in groups {
        fs::create_dir_all(folder.path().join(group)).unwrap();
        fs::write(folder.path().join(group).join("cgroup.procs"), "").unwrap();
    }
    folder
}

/// Keys with the paths of their own groups and of those below.
fn told(walk: &Walk) -> Vec<String> {
    let row = |(key, group): (&Text, &Group)| format!("{key} {} {:?}", group.path, group.inner);
    walk.groups.iter().map(row).collect()
}

#[test]
fn containers_are_found_by_their_paths_with_what_is_below() {
    let folder = tree(&[
        format!("system.slice/docker-{ID}.scope/init"),
        "system.slice/ssh.service".to_owned(),
        "lxc.payload.web/system.slice/nginx.service".to_owned(),
        "lxc.monitor.web".to_owned(),
        format!("lxc.payload.web/docker/{OTHER}"),
    ]);
    let walk = walk(&[folder.path()]);
    assert_eq!(
        told(&walk),
        [
            format!(
                "docker/{ID} system.slice/docker-{ID}.scope {:?}",
                [format!("system.slice/docker-{ID}.scope/init")]
            ),
            format!("docker/{OTHER} lxc.payload.web/docker/{OTHER} []"),
            format!(
                "lxc/web lxc.payload.web {:?}",
                [
                    "lxc.payload.web/docker".to_owned(),
                    "lxc.payload.web/system.slice".to_owned(),
                    format!("lxc.payload.web/docker/{OTHER}"),
                    "lxc.payload.web/system.slice/nginx.service".to_owned(),
                ]
            ),
        ]
    );
    assert_eq!((walk.cut, walk.problem, walk.looked_at), (false, None, 11));
    let inode = fs::metadata(folder.path().join("lxc.payload.web")).unwrap().ino();
    assert_eq!(walk.groups[&Text::from("lxc/web")].inode, inode);
}

#[test]
fn who_poses_as_a_container_farther_down_is_passed_over() {
    let folder = tree(&[format!("docker/{ID}"), format!("a/user.slice/docker/{ID}/inner")]);
    let walk = walk(&[folder.path()]);
    assert_eq!(told(&walk), [format!("docker/{ID} docker/{ID} []")]);
}

#[test]
fn a_container_in_two_trees_is_one_and_one_of_the_second_is_found() {
    let memory = tree(&[format!("docker/{ID}")]);
    let named = tree(&[format!("docker/{ID}/below"), format!("docker/{OTHER}")]);
    let walk = walk(&[memory.path(), named.path()]);
    assert_eq!(
        told(&walk),
        [format!("docker/{ID} docker/{ID} []"), format!("docker/{OTHER} docker/{OTHER} []")]
    );
    assert_eq!(walk.groups[&Text::from(format!("docker/{ID}"))].tree, memory.path());
    assert_eq!(walk.groups[&Text::from(format!("docker/{OTHER}"))].tree, named.path());
}

#[test]
fn depth_and_number_are_bounded_and_that_is_told() {
    let deep = "d/".repeat(DEPTH_MAX) + "e/" + "docker/" + ID;
    let folder = tree(&[deep, format!("docker/{OTHER}")]);
    let found = walk(&[folder.path()]);
    assert_eq!(told(&found), [format!("docker/{OTHER} docker/{OTHER} []")]);
    assert!(found.cut);

    let inner: Vec<String> = (0..=INNER_MAX).map(|n| format!("docker/{ID}/{n}")).collect();
    let folder = tree(&inner);
    let found = walk(&[folder.path()]);
    let group = &found.groups[&Text::from(format!("docker/{ID}"))];
    assert_eq!((group.inner.len(), group.inner_cut), (INNER_MAX, true));

    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    for number in 0..GROUPS_MAX + 2 {
        fs::create_dir(folder.path().join(number.to_string())).unwrap();
    }
    let found = walk(&[folder.path()]);
    assert!(found.cut);
    assert!(found.looked_at <= GROUPS_MAX, "{}", found.looked_at);
}

#[test]
fn a_group_that_is_gone_is_nothing_to_tell() {
    let walk = walk(&[Path::new("/nowhere")]);
    assert_eq!((walk.groups.len(), walk.problem), (0, None));
}

#[test]
fn a_name_that_is_not_utf_8_is_passed_over() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tree(&[format!("docker/{ID}")]);
    fs::create_dir(folder.path().join(std::ffi::OsStr::from_bytes(b"lxc.payload.\xff"))).unwrap();
    assert_eq!(told(&walk(&[folder.path()])), [format!("docker/{ID} docker/{ID} []")]);
}
