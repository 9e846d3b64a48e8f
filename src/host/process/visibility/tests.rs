use super::*;
use crate::host::process::stat::parse_stat;
use crate::model::Reading;

#[test]
fn the_last_mount_of_proc_counts() {
    for (mounts, hides) in [
        (&b"proc /proc proc rw,nosuid,relatime 0 0\n"[..], Hiding::Nothing),
        (b"proc /proc proc rw,hidepid=2 0 0\n", Hiding::FromGroups),
        (b"proc /proc proc rw,gid=4,hidepid=invisible 0 0\n", Hiding::FromGroups),
        (b"proc /proc proc rw,hidepid=ptraceable\n", Hiding::FromWhoMayNotTrace),
        (b"proc /proc proc rw,gid=4,hidepid=4 0 0\n", Hiding::FromWhoMayNotTrace),
        (b"proc /proc proc rw,hidepid=0 0 0\n", Hiding::Nothing),
        (b"proc /proc proc rw,hidepid=off 0 0\n", Hiding::Nothing),
        (b"proc /proc proc rw 0 0\nproc /proc proc rw,hidepid=1 0 0\n", Hiding::FromGroups),
        (b"proc /jail/proc proc rw,hidepid=2 0 0\nsysfs /sys sysfs rw 0 0\n", Hiding::Nothing),
        (b"", Hiding::Nothing),
        (b"proc /proc\n\xff \xff \xff \xff\n", Hiding::Nothing),
    ] {
        assert_eq!(hiding(mounts), hides, "{:?}", String::from_utf8_lossy(mounts));
    }
}

fn process(pid: u32, owner: Option<u32>) -> Entry {
    let line = format!("{pid} (x) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 1 1");
    let mut entry = Entry::vacant();
    entry.update(&parse_stat(line.as_bytes()).unwrap(), None);
    if let Some(uid) = owner {
        entry.owner = Reading::Present(uid);
    }
    entry
}

#[test]
fn process_1_tells_whether_others_are_seen() {
    let sees = |hides, uid, entries: &[Entry]| {
        let hiding = if hides { Hiding::FromGroups } else { Hiding::Nothing };
        sees_other_users(&Visibility { hiding, uid }, entries)
    };
    let [first, own_first, other] =
        [process(1, Some(0)), process(1, Some(1000)), process(7, Some(1000))];
    assert!(!sees(true, 1000, &[other]), "hidden");
    assert!(sees(false, 1000, std::slice::from_ref(&first)));
    assert!(sees(true, 1000, std::slice::from_ref(&first)), "in the group that may");
    assert!(sees(true, 0, std::slice::from_ref(&first)), "the superuser");
    assert!(!sees(true, 1000, std::slice::from_ref(&own_first)), "it proves nothing");
    assert!(sees(false, 1000, std::slice::from_ref(&own_first)), "a container of one user");
    assert!(!sees(false, 0, &[]));
}

#[test]
fn a_namespace_of_processes_is_known_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let roots = Roots::at(folder.path());
    assert_eq!(in_pid_namespace(&roots), None);
    std::fs::create_dir_all(roots.proc("self/ns")).unwrap();
    for (number, inside) in [("4026531836", false), ("4026532179", true)] {
        let link = roots.proc("self/ns/pid");
        std::os::unix::fs::symlink(format!("pid:[{number}]"), &link).unwrap();
        assert_eq!(in_pid_namespace(&roots), Some(inside));
        std::fs::remove_file(link).unwrap();
    }
}
