//! System calls that no safe crate has, for trying that they are refused.
#![expect(unsafe_code, reason = "an attack is not made of safe calls")]

use std::ffi::CStr;
use std::io;

use libc::c_long;

/// Makes a call by its number.
pub(crate) fn call(number: c_long, arguments: [c_long; 6]) -> io::Result<c_long> {
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the callers give numbers only, 0 or -1 where the kernel would take a pointer, or an
    // address of theirs that outlives the call and is only read.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// The same for calls that take a path first.
pub(crate) fn call_path(number: c_long, path: &CStr, rest: [c_long; 5]) -> io::Result<c_long> {
    let [b, c, d, e, f] = rest;
    call(number, [address(path), b, c, d, e, f])
}

/// Where a text is, as an argument.
pub(crate) fn address(text: &CStr) -> c_long {
    text.as_ptr() as c_long
}
