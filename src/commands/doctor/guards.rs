//! What the kernel would keep a server with these settings from doing.

use super::Finding;
use crate::config::{Config, SandboxMode};
use crate::model::server::{Guard, GuardState};
use crate::sandbox;
use crate::serve;

/// Tries it on a thread of its own, and has a finding for each guard.
pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let settings = serve::sandbox_settings(config);
    match sandbox::probe(&settings) {
        Ok(found) => sandbox::guards(&found)
            .map(|(name, guard)| finding(config.sandbox.mode, name, guard))
            .into(),
        Err(error) => vec![Finding::bad(
            "guards",
            error.to_string(),
            "sandbox.mode \"off\" starts without them",
        )],
    }
}

fn finding(mode: SandboxMode, name: &str, guard: &Guard) -> Finding {
    let what = format!("guard: {name}");
    let note = guard.note.as_deref().unwrap_or("no reason is known");
    if mode == SandboxMode::Off {
        let could = match guard.state {
            GuardState::On => "the kernel could",
            _ => "the kernel could in part, or not at all",
        };
        let says = format!("off by the settings (sandbox.mode); {could}");
        return Finding::limited(&what, says, "set sandbox.mode to \"auto\"");
    }
    if guard.state == GuardState::On {
        let kept = kept_from(name);
        let left = guard.note.as_ref().map_or_else(String::new, |note| format!(", but for {note}"));
        return Finding::good(&what, format!("{kept}{left}"));
    }
    let says = if guard.state == GuardState::Partial {
        format!("guarded in part: {note}")
    } else {
        format!("not guarded: {note}")
    };
    let mend = mend(name, guard);
    match mode {
        SandboxMode::Require => Finding::bad(&what, says, mend),
        SandboxMode::Auto | SandboxMode::Off => Finding::limited(&what, says, mend),
    }
}

fn kept_from(name: &str) -> &'static str {
    match name {
        "system calls" => "the kernel refuses starting programs and calls a monitor does not need",
        "writing" => "the kernel refuses writing outside of the state folder",
        _ => "the kernel refuses connecting to other machines",
    }
}

fn mend(name: &str, guard: &Guard) -> &'static str {
    let note = guard.note.as_deref().unwrap_or_default();
    match name {
        "system calls" => {
            "a kernel with CONFIG_SECCOMP_FILTER; in a container, a profile that allows seccomp(2)"
        }
        _ if note.contains("hidepid") => {
            "mount proc with hidepid=invisible,gid=… and run smonitor in that group"
        }
        _ if note.contains("nsswitch.conf") => {
            "let sssd or winbind ask for names: each has a process of its own and a local socket"
        }
        _ if note.contains("names are looked up") => {
            "name the hosts of monitor.host_groups by IP address, or let it be: names need it"
        }
        "writing" => {
            "Linux 5.13 or newer with Landlock in lsm=; in a container, a profile that allows the \
             calls landlock_*"
        }
        _ => {
            "Linux 6.7 or newer with Landlock in lsm=; in a container, a profile that allows the \
             calls landlock_*"
        }
    }
}
