//! How much must be there, on kernels that have less. A kernel without a call is made by a filter
//! that answers as such a kernel does, in the thread around the sandbox.

use std::collections::BTreeMap;
use std::io;

use libc::{c_int, c_long};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use smonitor::model::server::GuardState;
use smonitor::sandbox::{self, Error, Mode, Settings};

use super::{Stage, has_all_guards, on_a_thread, settings};

/// Makes these calls fail from here on, in this thread and what it starts.
pub(super) fn take_away(calls: &[c_long], errno: c_int) {
    let rules: BTreeMap<_, _> = calls.iter().map(|call| (*call, Vec::new())).collect();
    let (allow, fail) = (SeccompAction::Allow, SeccompAction::Errno(errno.unsigned_abs()));
    let machine = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, allow, fail, machine).unwrap();
    apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
}

pub(super) const LANDLOCK: [c_long; 3] = [
    libc::SYS_landlock_create_ruleset,
    libc::SYS_landlock_add_rule,
    libc::SYS_landlock_restrict_self,
];

fn required(stage: &Stage) -> Settings {
    Settings { mode: Mode::Require, ..settings(&[stage.state()]) }
}

fn states(found: &smonitor::model::server::Sandbox) -> [GuardState; 3] {
    sandbox::guards(found).map(|(_, guard)| guard.state)
}

#[test]
fn all_of_it_can_be_required() {
    if !has_all_guards("all_of_it_can_be_required") {
        return;
    }
    let stage = Stage::new();
    let entered = on_a_thread(|| sandbox::enter(&required(&stage)).unwrap());
    assert_eq!(states(&entered), [GuardState::On; 3]);
    assert!(sandbox::guards(&entered).iter().all(|(_, guard)| guard.note.is_none()));
}

#[test]
fn off_is_off() {
    let stage = Stage::new();
    let off = Settings { mode: Mode::Off, ..settings(&[]) };
    let entered = on_a_thread(|| {
        let entered = sandbox::enter(&off).unwrap();
        std::fs::write(stage.free(), "x").unwrap();
        entered
    });
    assert_eq!(states(&entered), [GuardState::Off; 3]);
}

#[test]
fn a_kernel_without_landlock_is_told_and_not_enough_where_all_is_required() {
    let stage = Stage::new();
    for (errno, words) in [(libc::ENOSYS, "5.13"), (libc::EOPNOTSUPP, "lsm=")] {
        on_a_thread(|| {
            take_away(&LANDLOCK, errno);
            let found = sandbox::probe(&settings(&[stage.state()])).unwrap();
            let [calls, writing, connecting] = states(&found);
            assert_eq!(calls, GuardState::On);
            assert_eq!((writing, connecting), (GuardState::Partial, GuardState::Partial));
            assert!(found.writing.note.unwrap().contains(words));
            let error = on_a_thread(|| sandbox::enter(&required(&stage)).unwrap_err());
            let message = error.to_string();
            assert!(matches!(error, Error::Missing { .. }), "{message}");
            assert!(message.contains(words) && message.contains("sandbox.mode"), "{message}");
        });
    }
}

#[test]
fn a_kernel_without_seccomp_is_told_and_not_enough_where_all_is_required() {
    if !has_all_guards("a_kernel_without_seccomp_is_told") {
        return;
    }
    let stage = Stage::new();
    on_a_thread(|| {
        take_away(&[libc::SYS_seccomp], libc::ENOSYS);
        let found = sandbox::probe(&settings(&[stage.state()])).unwrap();
        let wanted = [GuardState::NotSupported, GuardState::Partial, GuardState::Partial];
        assert_eq!(states(&found), wanted);
        let error = on_a_thread(|| sandbox::enter(&required(&stage)).unwrap_err());
        assert!(error.to_string().contains("system calls ("), "{error}");
        // What is there guards all the same.
        let write = || {
            sandbox::enter(&settings(&[stage.state()])).unwrap();
            std::fs::write(stage.free(), "x")
        };
        let error = on_a_thread(write).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    });
}

#[test]
fn probing_leaves_the_prober_free() {
    let stage = Stage::new();
    sandbox::probe(&settings(&[])).unwrap();
    std::fs::write(stage.free(), "x").unwrap();
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let stage = Stage::new();
    let missing = settings(&[stage.free()]);
    let error = on_a_thread(|| sandbox::enter(&missing).unwrap_err());
    assert!(error.to_string().contains("outside/new"), "{error}");
}
