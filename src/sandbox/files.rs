//! Landlock: nothing is written outside of the given folders, no program is started from a file, no
//! TCP connection made but to the given ports, no signal sent to other processes.

use std::io;
use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, PathBeneath, PathFd,
    Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError, Scope,
};

use super::{Error, Landlock, Settings};

/// The newest version of Landlock this was tried with; of an older one what it has is used.
const KNOWN: ABI = ABI::V6;
/// The first version that guards connecting over TCP.
const KNOWS_TCP: ABI = ABI::V4;

/// Restricts this thread and those it starts.
pub(super) fn enter(settings: &Settings) -> Result<Landlock, Error> {
    if let Some(why) = &settings.without_landlock {
        return Ok(Landlock::Missing { why: why.clone() });
    }
    let status = restrict(settings)?;
    Ok(match status {
        LandlockStatus::Available { effective_abi, .. } => {
            Landlock::On { connecting: effective_abi >= KNOWS_TCP }
        }
        LandlockStatus::NotEnabled => Landlock::Missing {
            why: "Landlock is not switched on in this kernel (add landlock to lsm= of its command \
                  line)"
                .to_owned(),
        },
        LandlockStatus::NotImplemented => Landlock::Missing {
            why: "this kernel, or the container, offers no Landlock (Linux 5.13 and newer can)"
                .to_owned(),
        },
    })
}

fn restrict(settings: &Settings) -> Result<LandlockStatus, Error> {
    let handled = AccessFs::from_write(KNOWN) | AccessFs::Execute;
    let mut ruleset = Ruleset::default()
        .handle_access(handled)
        .and_then(|ruleset| ruleset.scope(Scope::from_all(KNOWN)))
        .map_err(refused)?;
    let ports = settings.network.ports();
    if ports.is_some() {
        ruleset = ruleset.handle_access(AccessNet::from_all(KNOWN)).map_err(refused)?;
    }
    let mut ruleset = ruleset.create().map_err(refused)?;
    for port in ports.into_iter().flatten() {
        let rule = NetPort::new(port, AccessNet::ConnectTcp);
        ruleset = ruleset.add_rule(rule).map_err(refused)?;
    }
    for path in settings.writable.iter().chain(&settings.devices) {
        let failed = |cause| Error::Writable { path: path.clone(), cause };
        let access = writing(path).map_err(failed)?;
        let opened = PathFd::new(path).map_err(|error| failed(io::Error::other(error)))?;
        ruleset = ruleset.add_rule(PathBeneath::new(opened, access)).map_err(refused)?;
    }
    Ok(ruleset.restrict_self().map_err(refused)?.landlock)
}

/// Everything but starting programs; of a device only what a file can have.
fn writing(path: &Path) -> io::Result<BitFlags<AccessFs>> {
    let all = AccessFs::from_write(KNOWN);
    Ok(if path.metadata()?.is_dir() { all } else { all & AccessFs::from_file(KNOWN) })
}

fn refused(error: RulesetError) -> Error {
    Error::Refused(format!("Landlock: {error}"))
}
