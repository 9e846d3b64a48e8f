use super::super::mountinfo::parse_mountinfo;
use super::*;

/// Numbers of the mounts that can be reached.
fn reached(table: &str) -> Vec<u64> {
    let (mounts, malformed) = parse_mountinfo(table.as_bytes());
    assert_eq!(malformed, None);
    let tree = Tree::new(&mounts);
    let reached = (0..mounts.len()).filter(|&index| tree.is_reached(index));
    reached.map(|index| mounts[index].id).collect()
}

/// A table of `number parent point`.
fn table(mounts: &[(u64, u64, &str)]) -> String {
    let line = |(id, parent, point): &(u64, u64, &str)| {
        format!("{id} {parent} 0:{id} / {point} rw - tmpfs t rw\n")
    };
    mounts.iter().map(line).collect()
}

#[test]
fn the_topmost_mount_at_a_path_is_the_one_that_answers() {
    let stacked = [(1, 0, "/"), (2, 1, "/mnt"), (3, 2, "/mnt"), (4, 3, "/mnt")];
    assert_eq!(reached(&table(&stacked)), [1, 4]);
}

#[test]
fn what_is_below_a_place_that_was_mounted_over_is_hidden() {
    // 4 was mounted on a folder of the root after 2 and 3 were mounted deeper.
    let covered = [(1, 0, "/"), (2, 1, "/mnt/a"), (3, 2, "/mnt/a/b"), (4, 1, "/mnt")];
    assert_eq!(reached(&table(&covered)), [1, 4]);
    let within = [(1, 0, "/"), (2, 1, "/mnt"), (3, 2, "/mnt/a"), (4, 2, "/mnt"), (5, 4, "/mnt/a")];
    assert_eq!(reached(&table(&within)), [1, 4, 5]);
}

#[test]
fn a_name_that_begins_alike_is_another_place() {
    assert_eq!(reached(&table(&[(1, 0, "/"), (2, 1, "/mnt2/a"), (3, 1, "/mnt")])), [1, 2, 3]);
}

#[test]
fn the_first_root_is_hidden_by_the_real_one() {
    let old = [(1, 1, "/"), (20, 1, "/"), (21, 20, "/home"), (22, 1, "/lost")];
    assert_eq!(reached(&table(&old)), [20, 21]);
}

#[test]
fn below_a_changed_root_parents_are_outside() {
    assert_eq!(
        reached(&table(&[(40, 7, "/proc"), (41, 7, "/data"), (42, 41, "/data/x")])),
        [40, 41, 42]
    );
}

#[test]
fn the_order_of_the_lines_does_not_matter() {
    assert_eq!(reached(&table(&[(3, 2, "/a/b"), (2, 1, "/a"), (1, 0, "/")])), [3, 2, 1]);
}

#[test]
fn behind_is_at_any_depth() {
    let text = table(&[(1, 0, "/"), (2, 1, "/n"), (3, 2, "/n/a"), (4, 3, "/n/a/b"), (5, 1, "/m")]);
    let (mounts, _) = parse_mountinfo(text.as_bytes());
    let tree = Tree::new(&mounts);
    let behind = |index| tree.is_behind(index, |mount| mount.id == 2);
    assert_eq!([0, 1, 2, 3, 4].map(behind), [false, false, true, true, false]);
}

#[test]
fn circles_end() {
    let circle = table(&[(1, 2, "/a"), (2, 1, "/a"), (3, 3, "/"), (4, 3, "/")]);
    assert_eq!(reached(&circle), [4]);
    let (mounts, _) = parse_mountinfo(circle.as_bytes());
    assert!(Tree::new(&mounts).is_behind(0, |_| false), "what is not of this world may hang");
}
