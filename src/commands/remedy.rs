//! What would mend something, as a sentence with the very command to run.

use crate::host::Roots;
use crate::model::source::Remedy;

/// Who is told, and where: commands are for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// How they start smonitor.
    pub program: String,
    /// Whether smonitor runs as the superuser there.
    pub is_root: bool,
    /// The number of its group there, if that is known.
    pub group: Option<u32>,
}

impl Reader {
    /// Somebody at this machine, who runs this very program.
    #[must_use]
    pub fn here() -> Self {
        let program = std::env::current_exe().ok().and_then(|path| path.to_str().map(quoted));
        Self {
            program: program.unwrap_or_else(|| "smonitor".to_owned()),
            is_root: rustix::process::geteuid().is_root(),
            group: Some(rustix::process::getegid().as_raw()),
        }
    }

    /// Somebody who asked another machine.
    #[must_use]
    pub fn elsewhere() -> Self {
        Self { program: "smonitor".to_owned(), is_root: false, group: None }
    }
}

/// What to do so that `what` (a mount point, a kernel file, something in words) is there again;
/// none if there is nothing to do.
#[must_use]
pub fn sentence(remedy: Remedy, what: &str, reader: &Reader) -> Option<String> {
    let program = &reader.program;
    Some(match remedy {
        Remedy::Nothing => return None,
        Remedy::RunPrivileged if reader.is_root => {
            "root is refused, too: run smonitor outside of the container, or with its \
             --privileged; on the machine itself see what is locked: \
             cat /sys/kernel/security/lockdown"
                .to_owned()
        }
        Remedy::RunPrivileged => match may_be_given(what) {
            Some(file) => {
                let group = reader.group.map_or("GROUP".to_owned(), |group| group.to_string());
                format!(
                    "run smonitor as root, or let its group read the file until the next boot: \
                     sudo chgrp {group} {file} && sudo chmod g+r {file}"
                )
            }
            None => format!("run smonitor as root: sudo {program}"),
        },
        Remedy::GrantPtrace if reader.is_root => {
            "root lacks a capability here: start the container with --cap-add SYS_PTRACE".to_owned()
        }
        Remedy::GrantPtrace => format!(
            "run smonitor as root, or let it look at others: \
             sudo setcap cap_sys_ptrace=ep {program}"
        ),
        Remedy::JoinHidepidGroup => "run smonitor as root, or in the group that gid= names in: \
                                     findmnt -no OPTIONS /proc"
            .to_owned(),
        Remedy::JoinEngineGroup => {
            let socket = what.strip_prefix("unix://").map_or("SOCKET".to_owned(), quoted);
            format!(
                "let smonitor's user into the group of the socket (whoever is in it can become \
                 root): sudo usermod -aG \"$(stat -c %G {socket})\" USER, then start smonitor anew; \
                 or leave the engine out of the settings: names and images are then unknown"
            )
        }
        Remedy::RepairOrUnmount => {
            let place = if what.starts_with('/') { quoted(what) } else { "PLACE".to_owned() };
            format!("bring back what is behind it, or take it away: sudo umount -l {place}")
        }
        Remedy::FindWhatHangs => "find what it waits for: \
                                  ps -eo pid,stat,wchan:32,comm | awk '$2 ~ /^D/'; \
                                  sudo dmesg -T | tail -50"
            .to_owned(),
        Remedy::RaiseLimits => "allow more open files: ulimit -n 65536 before smonitor starts, or \
                                LimitNOFILE=65536 in its unit; if memory is short: free -h"
            .to_owned(),
        Remedy::InstallProvider => {
            "install or start what provides it: systemctl --failed shows what should run".to_owned()
        }
        Remedy::LookIntoLog => {
            format!(
                "look for the reason: {program} doctor --log-level debug; sudo dmesg -T | tail -50"
            )
        }
        Remedy::Report => {
            format!(
                "smonitor does not know this form; please report it with: {program} doctor --json"
            )
        }
        Remedy::LoadDriver => "load the driver: sudo modprobe nvidia; if that fails it was not \
                               built for this kernel, or another driver has the card: \
                               dkms status; lspci -nnk -d 10de:"
            .to_owned(),
        Remedy::RestartMachine => {
            "the driver was upgraded while it was in use: restart the machine, \
                                   or, when nobody uses a card, load it anew: \
                                   sudo rmmod nvidia_uvm nvidia_drm nvidia_modeset nvidia && \
                                   sudo modprobe nvidia"
                .to_owned()
        }
        Remedy::ShareProcesses => {
            "smonitor sees the processes of its container only: run it outside, \
                                   or start the container with --pid=host"
                .to_owned()
        }
    })
}

/// The file, for a shell, if it is one whose group and mode can be changed: not those of processes.
fn may_be_given(what: &str) -> Option<String> {
    let is_file = what.starts_with('/') && !what.starts_with(Roots::PROC_MOUNT_POINT);
    is_file.then(|| quoted(what))
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> Reader {
        Reader { program: "/opt/smonitor".to_owned(), is_root: false, group: Some(65_534) }
    }

    fn root() -> Reader {
        Reader { is_root: true, ..user() }
    }

    #[test]
    fn every_remedy_but_nothing_has_a_sentence_with_a_command() {
        for reader in [user(), root(), Reader::elsewhere(), Reader::here()] {
            for remedy in Remedy::ALL {
                let sentence = sentence(remedy, "names of users", &reader);
                assert_eq!(sentence.is_none(), remedy == Remedy::Nothing, "{remedy:?}");
                assert!(sentence.is_none_or(|said| said.contains(": ") || said.contains("--")));
            }
        }
    }

    #[test]
    fn commands_name_the_thing_itself() {
        let said = |remedy, what| sentence(remedy, what, &user()).unwrap();
        let energy = "/sys/class/powercap/intel-rapl:0/energy_uj";
        assert!(
            said(Remedy::RunPrivileged, energy)
                .ends_with(&format!("sudo chgrp 65534 {energy} && sudo chmod g+r {energy}"))
        );
        assert!(said(Remedy::RunPrivileged, "/proc/pressure/cpu").ends_with("sudo /opt/smonitor"));
        assert!(said(Remedy::GrantPtrace, "x").ends_with("cap_sys_ptrace=ep /opt/smonitor"));
        assert!(said(Remedy::RepairOrUnmount, "/mnt/archive").ends_with("umount -l /mnt/archive"));
        let socket = said(Remedy::JoinEngineGroup, "unix:///run/docker.sock");
        assert!(
            socket.contains(r#"usermod -aG "$(stat -c %G /run/docker.sock)" USER"#),
            "{socket}"
        );
        // A mount point is named by whoever mounts.
        let hostile = said(Remedy::RepairOrUnmount, "/mnt/a'; rm -rf $HOME");
        assert!(hostile.ends_with(r"umount -l '/mnt/a'\''; rm -rf $HOME'"), "{hostile}");
    }

    #[test]
    fn root_is_not_told_to_become_root() {
        for remedy in [Remedy::RunPrivileged, Remedy::GrantPtrace] {
            let said = sentence(remedy, "/sys/x", &root()).unwrap();
            assert!(said.contains("container") && !said.contains("sudo"), "{said}");
        }
    }
}
