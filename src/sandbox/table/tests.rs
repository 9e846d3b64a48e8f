use std::collections::BTreeSet;

use super::*;
use crate::sandbox::Mode;

fn settings(writable: &[&str], network: Network) -> Settings {
    Settings {
        mode: Mode::Auto,
        writable: writable.iter().map(Into::into).collect(),
        devices: Vec::new(),
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

/// Whether the table refuses it, as the kernel would reckon.
fn refuses(settings: &Settings, call: c_long, arguments: [u32; 6]) -> bool {
    let holds = |condition: &Condition| {
        let argument = arguments[usize::from(condition.argument)];
        match condition.test {
            Test::Is(value) => argument == value,
            Test::IsNot(value) => argument != value,
            Test::BitsAre { mask, value } => argument & mask == value,
        }
    };
    let all = refused_arguments(settings, 1);
    all.iter().any(|refused| refused.call == call && refused.when.iter().all(holds))
}

#[test]
fn where_there_are_cards_their_driver_takes_commands_and_no_other() {
    let without = settings(&[], Network::None);
    let with = Settings { devices: vec!["nvidiactl".into()], ..without.clone() };
    let refused = |settings, command| refuses(settings, libc::SYS_ioctl, [3, command, 0, 0, 0, 0]);
    // NV_ESC_RM_CONTROL and NV_ESC_CHECK_VERSION_STR: _IOWR('F', 42, 32 bytes) and ('F', 210, 72).
    for command in [0xc020_462a, 0xc048_46d2] {
        assert!(refused(&without, command) && !refused(&with, command), "{command:x}");
    }
    // Another driver's: a disk (BLKDISCARD), a terminal (TIOCSTI), a namespace (NS_GET_USERNS), and
    // every neighbour of NVIDIA's letter.
    let neighbours = (0..8).map(|bit| 0xc020_462a ^ (0x100 << bit));
    for command in [0x1277, 0x5412, 0xb701].into_iter().chain(neighbours) {
        assert!(refused(&without, command) && refused(&with, command), "{command:x}");
    }
    let usual = u32::try_from(libc::FIONBIO).unwrap();
    assert!(!refused(&without, usual) && !refused(&with, usual));
    let write = [0, 0, bits_of(libc::O_RDWR), 0, 0, 0];
    assert!(refuses(&without, libc::SYS_openat, write) && !refuses(&with, libc::SYS_openat, write));
}

fn bits_of(flags: libc::c_int) -> u32 {
    flags.cast_unsigned()
}
