use super::*;

const NUMBERS: Numbers = Numbers {
    block_size: 4096,
    blocks: 1000,
    free: 400,
    available: 300,
    files: 200,
    free_files: 50,
    is_read_only: false,
};

fn problem(reason: Reason, since: i64) -> Option<Problem> {
    Some(Problem { reason, since_ms: UnixMillis(since) })
}

#[test]
fn a_problem_is_as_old_as_its_first_sign_and_ends_with_an_answer() {
    let mut known = Known::default();
    known.learn(Err(Reason::ReadFailed), UnixMillis(10));
    known.learn(Err(Reason::ReadFailed), UnixMillis(20));
    assert_eq!(known.problem, problem(Reason::ReadFailed, 10));
    known.learn(Err(Reason::PermissionDenied), UnixMillis(30));
    assert_eq!(known.problem, problem(Reason::PermissionDenied, 30), "another one");
    known.learn(Ok(NUMBERS), UnixMillis(40));
    assert_eq!((known.problem, known.absent), (None, None));
    assert_eq!(known.numbers, Some((NUMBERS, UnixMillis(40))));
    known.learn(Err(Reason::ReadFailed), UnixMillis(50));
    assert_eq!(known.numbers, None, "what is known to be wrong is not shown");
}

#[test]
fn what_was_unmounted_or_cannot_tell_is_no_problem() {
    for reason in [Reason::Gone, Reason::NotSupported] {
        let mut known = Known::default();
        known.learn(Err(reason), UnixMillis(10));
        assert_eq!((known.problem, known.absent), (None, Some(reason)));
    }
}

#[test]
fn what_mends_it_depends_on_who_answers() {
    use FilesystemMedium::{Fuse, Local, Network};
    for (medium, reason, is_root, wanted) in [
        (Network, Reason::OutOfResources, true, Some(Remedy::RepairOrUnmount)),
        (Network, Reason::ReadFailed, false, Some(Remedy::RepairOrUnmount)),
        (Local, Reason::ReadFailed, false, None),
        (Fuse, Reason::PermissionDenied, true, Some(Remedy::Nothing)),
        (Fuse, Reason::PermissionDenied, false, None),
        (Network, Reason::NotResponding, true, None),
    ] {
        assert_eq!(remedy(medium, reason, is_root), wanted, "{medium:?} {reason}");
    }
    assert_eq!(Remedy::of("filesystems", Reason::NotResponding), Remedy::RepairOrUnmount);
}
