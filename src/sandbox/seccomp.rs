//! Seccomp: the table of system calls as two filters.
//!
//! The first lets through what is kept and answers everything else with `ENOSYS`, as a kernel that
//! is too old for it would: the C library then falls back to what it used before. The second answers
//! what is refused with `EPERM`. Among equal actions the kernel takes the answer of the filter that
//! was put in last, so that one goes in last, and it refuses putting in more.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

use super::table::{self, Condition, Refused, Test};
use super::{Error, Seccomp, Settings};

/// Rules by the number of the call; none means always.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Puts the filters in, for this thread and those it starts.
pub(super) fn enter(settings: &Settings) -> Result<Seccomp, Error> {
    let Ok(machine) = TargetArch::try_from(std::env::consts::ARCH) else {
        let why = format!("smonitor has no filter for this processor ({})", std::env::consts::ARCH);
        return Ok(Seccomp::Missing { why });
    };
    let (kept, refused) = programs(settings, machine)?;
    for filter in [&kept, &refused] {
        match apply_filter(filter) {
            Ok(()) => {}
            Err(seccompiler::Error::Seccomp(error) | seccompiler::Error::Prctl(error)) => {
                let why = format!(
                    "this kernel, or the container, takes no filter of system calls ({error})"
                );
                return Ok(Seccomp::Missing { why });
            }
            Err(error) => return Err(Error::Refused(format!("seccomp: {error}"))),
        }
    }
    Ok(Seccomp::On)
}

/// What is kept, and what is refused, as programs for the kernel.
fn programs(settings: &Settings, machine: TargetArch) -> Result<(BpfProgram, BpfProgram), Error> {
    let kept: Rules =
        table::kept().flat_map(|group| group.calls).map(|call| (*call, Vec::new())).collect();
    let errno = |errno: libc::c_int| SeccompAction::Errno(errno.unsigned_abs());
    let kept = program(kept, errno(libc::ENOSYS), SeccompAction::Allow, machine)?;
    let refused = program(refusals(settings)?, SeccompAction::Allow, errno(libc::EPERM), machine)?;
    Ok((kept, refused))
}

fn refusals(settings: &Settings) -> Result<Rules, Error> {
    let mut rules = Rules::new();
    let by_argument = table::refused_arguments(settings, std::process::id());
    for Refused { call, when, .. } in by_argument {
        let conditions: Result<Vec<_>, _> = when.iter().map(condition).collect();
        let rule = SeccompRule::new(conditions?).map_err(backend)?;
        rules.entry(call).or_default().push(rule);
    }
    // A call that is refused whatever its arguments are.
    let whole = table::refused(settings).flat_map(|group| group.calls);
    rules.extend(whole.map(|call| (*call, Vec::new())));
    Ok(rules)
}

/// The kernel takes all arguments that are looked at as 32 bits.
fn condition(condition: &Condition) -> Result<SeccompCondition, Error> {
    let (operator, value) = match condition.test {
        Test::Is(value) => (SeccompCmpOp::Eq, value),
        Test::IsNot(value) => (SeccompCmpOp::Ne, value),
        Test::BitsAre { mask, value } => (SeccompCmpOp::MaskedEq(u64::from(mask)), value),
    };
    let length = SeccompCmpArgLen::Dword;
    SeccompCondition::new(condition.argument, length, operator, u64::from(value)).map_err(backend)
}

fn program(
    rules: Rules,
    otherwise: SeccompAction,
    listed: SeccompAction,
    machine: TargetArch,
) -> Result<BpfProgram, Error> {
    let filter = SeccompFilter::new(rules, otherwise, listed, machine).map_err(backend)?;
    filter.try_into().map_err(backend)
}

fn backend(error: seccompiler::BackendError) -> Error {
    Error::Refused(format!("seccomp: {error}"))
}
