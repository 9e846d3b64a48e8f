use super::*;
use crate::host::place::container_of;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn pids(bytes: &[u8]) -> Result<Vec<Option<u32>>, ParseError> {
    parse_procs(bytes).collect()
}

#[test]
fn a_process_that_cannot_be_seen_counts_and_has_no_number() {
    assert_eq!(pids(b"17\n0\n4194304\n"), Ok(vec![Some(17), None, Some(4_194_304)]));
    assert_eq!(pids(b""), Ok(Vec::new()));
    assert!(pids(b"1\nx\n").is_err());
    assert!(pids(b"4294967296\n").is_err());
}

fn group(tree: &Path, inner: &[&str]) -> Group {
    let path = format!("docker/{ID}");
    for folder in [&path[..]].iter().chain(inner) {
        std::fs::create_dir_all(tree.join(folder)).unwrap();
    }
    Group {
        found: container_of(&format!("/{path}")).unwrap(),
        tree: tree.to_owned(),
        inode: 0,
        inner: inner.iter().map(|path| (*path).to_owned()).collect(),
        inner_cut: false,
        path,
    }
}

#[test]
fn processes_are_those_of_the_group_and_below() {
    let folder = tempfile::tempdir().unwrap();
    let mut group = group(folder.path(), &["below", "gone"]);
    let own = folder.path().join(&group.path).join("cgroup.procs");
    let many: String = (100..200).rev().map(|pid| format!("{pid}\n")).collect();
    std::fs::write(own, many).unwrap();
    std::fs::write(folder.path().join("below/cgroup.procs"), "7\n0\n").unwrap();
    let found = processes(&group, Some(150)).unwrap();
    assert_eq!((found.count, found.has_wanted), (102, true));
    assert_eq!(found.first.len(), ASKED_MAX);
    assert_eq!(found.first[..3], [7, 100, 101], "the lowest ones");
    assert!(!processes(&group, Some(99)).unwrap().has_wanted);
    group.inner_cut = true;
    assert_eq!(processes(&group, None), Err(Reason::OutOfResources));
}

#[test]
fn a_group_that_is_gone_is_told_from_one_without_a_list() {
    let folder = tempfile::tempdir().unwrap();
    let group = group(folder.path(), &[]);
    assert_eq!(processes(&group, None).unwrap().count, 0);
    std::fs::remove_dir(folder.path().join(&group.path)).unwrap();
    assert_eq!(processes(&group, None), Err(Reason::NotSupported));
}

#[test]
fn the_oldest_is_by_its_start_and_not_by_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let roots = Roots::at(folder.path());
    for (pid, start) in [(5, 900), (6, 300), (7, 500)] {
        let path = roots.proc(format!("{pid}/stat"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let stat = format!("{pid} (a) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 {start} 0 0\n");
        std::fs::write(path, stat).unwrap();
    }
    assert_eq!(oldest(&roots, &[5, 6, 7, 8]), Ok((6, 300)), "8 has ended");
    assert_eq!(oldest(&roots, &[8]), Err(Reason::Gone));
    assert_eq!(oldest(&roots, &[]), Err(Reason::Gone));
}

#[test]
fn a_network_is_known_by_the_number_of_its_list() {
    let folder = tempfile::tempdir().unwrap();
    let roots = Roots::at(folder.path());
    let lay = |path: &str, text: &str| {
        let path = roots.proc(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    lay("net/dev", "a\nb\n");
    lay(
        "5/net/dev",
        "a\nb\n    lo: 900 1 0 0 0 0 0 0 900 1 0 0 0 0 0 0\n  eth0: 10 1 0 0 0 0 0 0 20 1 0 0 0 0 0 0\n  \
         eth1: 1 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0\n",
    );
    std::fs::create_dir_all(roots.proc("6/net")).unwrap();
    std::fs::hard_link(roots.proc("net/dev"), roots.proc("6/net/dev")).unwrap();
    let machine = Networks::of(&roots).unwrap();
    assert_eq!(network(&roots, 6, machine), Ok(NetworkOf::Machine));
    match network(&roots, 5, machine) {
        Ok(NetworkOf::Own(carried)) => assert_eq!((carried.received, carried.sent), (11, 22)),
        other => panic!("{other:?}"),
    }
    assert_eq!(network(&roots, 7, machine), Err(Reason::Gone));
}

#[test]
fn on_this_kernel_a_network_is_known_by_the_number_of_its_list() {
    let roots = Roots::live();
    let machine = Networks::of(&roots).unwrap();
    assert_eq!(network(&roots, std::process::id(), machine), Ok(NetworkOf::Machine));
}

proptest::proptest! {
    #[test]
    fn rubbish_is_an_error_and_nothing_worse(bytes: Vec<u8>) {
        let _ = pids(&bytes);
    }
}
