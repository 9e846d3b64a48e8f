//! Every system call there is, and the ways into the kernel that a monitor has no use for.

use std::collections::BTreeSet;
use std::io;

use libc::c_long;
use rustix::io::Errno;
use rustix::thread::CapabilitySet;
use smonitor::sandbox::table;

use super::{inside, is_refusal, on_a_thread, raw, settings};

/// The ends of the kernel's own probes: no filter is asked, and whoever else calls them is killed.
const PROBES: [c_long; 2] = if cfg!(target_arch = "x86_64") { [335, 336] } else { [-1, -1] };

/// More than any kernel has.
const CALLS: c_long = 1024;

fn errno(result: io::Result<c_long>) -> Option<Errno> {
    result.err().and_then(|error| Errno::from_io_error(&error))
}

#[test]
fn every_call_that_is_not_in_the_table_is_refused() {
    let kept: BTreeSet<c_long> = table::kept().flat_map(|group| group.calls).copied().collect();
    assert!(kept.contains(&libc::SYS_read) && kept.len() < 150, "{}", kept.len());
    let open = settings(&[std::env::temp_dir()]);
    let named: BTreeSet<c_long> =
        table::refused(&open).flat_map(|group| group.calls).copied().collect();
    let answers: Vec<_> = inside(&open, || {
        // Before anything is tried that must not come through.
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        assert!(status.contains("Seccomp:\t2"), "{status}");
        let others = (0..CALLS).filter(|call| !kept.contains(call) || named.contains(call));
        let others = others.filter(|call| !PROBES.contains(call));
        others.map(|call| (call, errno(raw::call(call, [-1; 6])))).collect()
    });
    assert!(answers.len() > 850);
    for (call, answer) in answers {
        let wanted = if named.contains(&call) { Errno::PERM } else { Errno::NOSYS };
        assert_eq!(answer, Some(wanted), "system call {call}");
    }
}

#[test]
fn ways_into_the_kernel_are_closed() {
    // With arguments that do nothing where they are taken.
    let calls = [
        ("mount", libc::SYS_mount, [-1, -1, -1, 0, 0, 0]),
        ("umount", libc::SYS_umount2, [-1, 0, 0, 0, 0, 0]),
        ("chroot", libc::SYS_chroot, [-1, 0, 0, 0, 0, 0]),
        ("a namespace", libc::SYS_unshare, [0, 0, 0, 0, 0, 0]),
        ("another's namespace", libc::SYS_setns, [-1, 0, 0, 0, 0, 0]),
        ("a file system", libc::SYS_fsopen, [-1, 0, 0, 0, 0, 0]),
        ("bpf", libc::SYS_bpf, [-1, 0, 0, 0, 0, 0]),
        ("io_uring", libc::SYS_io_uring_setup, [1, -1, 0, 0, 0, 0]),
        ("performance counters", libc::SYS_perf_event_open, [-1, 0, 0, 0, 0, 0]),
        ("page faults", libc::SYS_userfaultfd, [-1, 0, 0, 0, 0, 0]),
        ("keys", libc::SYS_keyctl, [-1, 0, 0, 0, 0, 0]),
        ("a new key", libc::SYS_add_key, [-1, -1, 0, 0, 0, 0]),
        ("a module", libc::SYS_init_module, [-1, 0, -1, 0, 0, 0]),
        ("another kernel", libc::SYS_kexec_load, [0, 0, 0, -1, 0, 0]),
        ("reboot", libc::SYS_reboot, [0, 0, 0, 0, 0, 0]),
        ("swap", libc::SYS_swapoff, [-1, 0, 0, 0, 0, 0]),
        ("the machine's name", libc::SYS_sethostname, [-1, -1, 0, 0, 0, 0]),
        ("the clock", libc::SYS_clock_settime, [-1, 0, 0, 0, 0, 0]),
        ("personality", libc::SYS_personality, [0xffff_ffff, 0, 0, 0, 0, 0]),
        ("another user", libc::SYS_setuid, [-1, 0, 0, 0, 0, 0]),
        ("groups", libc::SYS_setgroups, [-1, 0, 0, 0, 0, 0]),
        ("a file by its number", libc::SYS_open_by_handle_at, [-1, -1, 0, 0, 0, 0]),
        ("openat with a structure", libc::SYS_openat2, [-1, -1, 0, 0, 0, 0]),
        // Undoing it.
        ("a filter of its own", libc::SYS_seccomp, [-1, 0, 0, 0, 0, 0]),
        ("a listener to calls", libc::SYS_seccomp, [1, 8, 0, 0, 0, 0]),
        ("strict seccomp", libc::SYS_prctl, [22, -1, 0, 0, 0, 0]),
        ("privileges", libc::SYS_prctl, [c_long::from(libc::PR_CAP_AMBIENT), -1, 0, 0, 0, 0]),
        ("dumpable", libc::SYS_prctl, [c_long::from(libc::PR_SET_DUMPABLE), -1, 0, 0, 0, 0]),
        (
            "a subreaper",
            libc::SYS_prctl,
            [c_long::from(libc::PR_SET_CHILD_SUBREAPER), 0, 0, 0, 0, 0],
        ),
    ];
    for (name, call, arguments) in calls {
        let attempt = || raw::call(call, arguments);
        let outside = on_a_thread(attempt);
        if outside.as_ref().is_err_and(is_refusal) {
            eprintln!("not shown here: {name} ({outside:?})");
        }
        match inside(&settings(&[]), attempt) {
            Ok(came) => panic!("{name} came through: {came}"),
            Err(error) => assert!(is_refusal(&error), "{name}: {error}"),
        }
    }
}

#[test]
fn privileges_are_given_up_but_for_reading() {
    let kept = CapabilitySet::DAC_READ_SEARCH
        | CapabilitySet::DAC_OVERRIDE
        | CapabilitySet::SYS_PTRACE
        | CapabilitySet::SYSLOG;
    let before = on_a_thread(|| rustix::thread::capabilities(None).unwrap());
    let after = inside(&settings(&[]), || rustix::thread::capabilities(None).unwrap());
    assert_eq!(after.effective, before.effective & kept);
    assert_eq!(after.permitted, before.permitted & kept);
    assert!(after.inheritable.is_empty());
    if before.effective.is_empty() {
        eprintln!("not shown here: there are no privileges to give up");
    }
}
