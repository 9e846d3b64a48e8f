//! Limits the operating system sets to this process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the number of files this process may have open to as many as it is allowed to allow
/// itself (the hard limit), and gives the number that holds now; `None` is unlimited.
///
/// For whoever puts the program together to call once, before the sources are made: the process
/// table keeps a descriptor per process and takes no more than half of this number. It changes the
/// whole process, so nothing else calls it. Descriptors above 1,023 cannot be used with select(2); nothing here uses that.
pub fn raise_open_file_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let wanted = Rlimit { current: limit.maximum, maximum: limit.maximum };
        if let Err(error) = setrlimit(Resource::Nofile, wanted) {
            tracing::debug!(%error, "the limit of open files stays as it is");
        }
    }
    getrlimit(Resource::Nofile).current
}
