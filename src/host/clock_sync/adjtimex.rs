//! The one call that no safe crate has: adjtimex(2). Knows the call, not what its answer means.

use std::io;
use std::mem::MaybeUninit;

use super::Timex;
use crate::host::files;
use crate::model::Reason;

/// The state of the kernel's clock; nothing is changed.
///
/// # Errors
/// `permission_denied` where a container or a service manager forbids the call; `not_supported`
/// where there is none.
#[expect(unsafe_code, reason = "no crate we could find wraps this call; see decision 8")]
#[allow(clippy::unnecessary_cast, reason = "these numbers are as wide as the machine's words")]
pub(super) fn read() -> Result<Timex, Reason> {
    // All zero is a valid `timex`, and `modes: 0` the wish to change nothing.
    let mut timex = MaybeUninit::<libc::timex>::zeroed();
    // SAFETY: the pointer is to a `timex` of our own that lives through the call, which writes into
    // it and nowhere else and keeps no reference. It consists of plain numbers, for which zero is a
    // value, so it is whole whatever the call wrote.
    let (state, timex) = unsafe { (libc::adjtimex(timex.as_mut_ptr()), timex.assume_init()) };
    if state == -1 {
        let error = io::Error::last_os_error();
        tracing::debug!(%error, "adjtimex");
        return Err(match error.raw_os_error() {
            Some(libc::ENOSYS) => Reason::NotSupported,
            _ => files::reason(&error),
        });
    }
    Ok(Timex {
        status: timex.status,
        offset: timex.offset as i64,
        estimated_error: timex.esterror as i64,
        maximum_error: timex.maxerror as i64,
    })
}
