//! What a superuser's process may do beyond an ordinary user's, given up but for reading.

use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};

/// What stays of the privileges smonitor was started with, each for something that is read. Setting
/// the clock and changing the network, which system calls that are kept could do, go.
const KEPT: CapabilitySet = CapabilitySet::DAC_READ_SEARCH // files of others, where it is told to
    // A state folder that belongs to the service's user though smonitor runs as root.
    .union(CapabilitySet::DAC_OVERRIDE)
    // Processes of others where /proc is mounted with hidepid.
    .union(CapabilitySet::SYS_PTRACE)
    // The kernel's log and addresses.
    .union(CapabilitySet::SYSLOG);

/// Keeps what is needed to read. Where that fails it is as an ordinary refusal to become less: told
/// in the log, for the guards do not depend on it.
pub(super) fn drop_all_but_reading() {
    let dropped = capabilities(None).and_then(|now| {
        let effective = now.effective & KEPT;
        let permitted = now.permitted & KEPT;
        set_capabilities(
            None,
            CapabilitySets { effective, permitted, inheritable: CapabilitySet::empty() },
        )
    });
    if let Err(error) = dropped {
        tracing::warn!(%error, "privileges are kept that are not needed");
    }
}
