use std::collections::BTreeSet;

use super::*;
use crate::sandbox::Mode;

fn settings(writable: &[&str], network: Network) -> Settings {
    Settings {
        mode: Mode::Auto,
        writable: writable.iter().map(Into::into).collect(),
        network,
        without_landlock: None,
    }
}

fn numbers<'a>(groups: impl Iterator<Item = &'a Group>) -> Vec<c_long> {
    groups.flat_map(|group| group.calls).copied().collect()
}

#[test]
fn no_call_is_listed_twice_and_none_both_kept_and_refused() {
    let kept = numbers(kept());
    let refused = numbers(refused(&settings(&["state"], Network::None)));
    let unique: BTreeSet<_> = kept.iter().chain(&refused).collect();
    // The one that puts the second filter in, which then refuses it.
    assert!(kept.contains(&libc::SYS_seccomp) && refused.contains(&libc::SYS_seccomp));
    assert_eq!(unique.len() + 1, kept.len() + refused.len());
}

#[test]
fn arguments_are_looked_at_only_of_calls_that_are_kept() {
    for settings in [settings(&[], Network::None), settings(&["state"], Network::None)] {
        let kept = numbers(kept());
        for refused in refused_arguments(&settings, 4711) {
            assert!(kept.contains(&refused.call), "{refused:?}");
            assert!(!refused.when.is_empty() && !refused.why.is_empty(), "{refused:?}");
            assert!(refused.when.iter().all(|condition| condition.argument < 6), "{refused:?}");
        }
    }
}

#[test]
fn reading_a_kernel_file_is_never_a_matter_of_arguments() {
    // The kernel remembers what is always allowed and asks no filter then.
    let settings = settings(&[], Network::None);
    let looked_at: BTreeSet<_> =
        refused_arguments(&settings, 1).iter().map(|refused| refused.call).collect();
    for quick in [libc::SYS_pread64, libc::SYS_read, libc::SYS_futex, libc::SYS_epoll_pwait] {
        assert!(!looked_at.contains(&quick));
    }
}

#[test]
fn writing_folders_and_connecting_depend_on_the_settings() {
    let closed = settings(&[], Network::None);
    let open = settings(&["state"], Network::Outgoing { why: String::new() });
    let is_refused = |settings: &Settings, call| numbers(refused(settings)).contains(&call);
    assert!(is_refused(&closed, libc::SYS_renameat2) && !is_refused(&open, libc::SYS_renameat2));
    let families = |settings: &Settings| -> usize {
        let all = refused_arguments(settings, 1);
        let socket = all.iter().find(|refused| refused.call == libc::SYS_socket).unwrap();
        socket.when.len()
    };
    assert_eq!((families(&closed), families(&open)), (2, 4));
    let opens = |settings: &Settings| {
        let all = refused_arguments(settings, 1);
        all.iter().filter(|refused| refused.call == libc::SYS_openat).count()
    };
    assert_eq!((opens(&closed), opens(&open)), (5, 1));
}
