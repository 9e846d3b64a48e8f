//! What is asked of systemd, and what its answers mean: org.freedesktop.systemd1(5). No I/O.

use super::message::{Call, Message};
use super::wire::{WireError, Writer};
use crate::model::UnixMillis;

/// systemd's name on a bus.
const SYSTEMD: &str = "org.freedesktop.systemd1";

/// The state that is asked for.
const FAILED: &str = "failed";

/// A unit that failed, as `ListUnitsFiltered` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit<'a> {
    /// Its name, `nfs-server.service`.
    pub name: &'a [u8],
    /// What it is, in its own words.
    pub description: &'a [u8],
    /// What it did last.
    pub sub_state: &'a [u8],
    /// Where its properties are; none if that is no object path.
    pub path: Option<&'a str>,
}

/// The first call on a bus, which gives smonitor a name there.
#[must_use]
pub fn hello() -> Call<'static> {
    Call {
        destination: "org.freedesktop.DBus",
        path: "/org/freedesktop/DBus",
        interface: "org.freedesktop.DBus",
        member: "Hello",
        signature: "",
        body: Vec::new(),
    }
}

/// Asks which units failed.
#[must_use]
pub fn list_failed() -> Call<'static> {
    let mut body = Writer::default();
    body.array(4, |body| body.string(FAILED));
    Call {
        destination: SYSTEMD,
        path: "/org/freedesktop/systemd1",
        interface: "org.freedesktop.systemd1.Manager",
        member: "ListUnitsFiltered",
        signature: "as",
        body: body.into_bytes(),
    }
}

/// Asks since when a unit is as it is.
#[must_use]
pub fn get_since(path: &str) -> Call<'_> {
    let mut body = Writer::default();
    body.string("org.freedesktop.systemd1.Unit");
    body.string("StateChangeTimestamp");
    Call {
        destination: SYSTEMD,
        path,
        interface: "org.freedesktop.DBus.Properties",
        member: "Get",
        signature: "ss",
        body: body.into_bytes(),
    }
}

/// The answer to [`list_failed`]: units whose active state is `failed`.
///
/// # Errors
/// If it is no list of units.
pub fn failed_units<'a>(answer: &Message<'a>) -> Result<Vec<Unit<'a>>, WireError> {
    if answer.signature != b"a(ssssssouso)" {
        return Err(WireError::Missing("list of units"));
    }
    let mut units = Vec::new();
    let mut body = answer.body;
    let mut list = body.array(8)?;
    while !list.is_empty() {
        list.align(8)?;
        let (name, description) = (list.string()?, list.string()?);
        list.string()?; // load state
        let active_state = list.string()?;
        let sub_state = list.string()?;
        list.string()?; // whose state it follows
        let path = list.string()?;
        list.u32()?; // job
        list.string()?;
        list.string()?;
        if active_state == FAILED.as_bytes() {
            units.push(Unit { name, description, sub_state, path: object_path(path) });
        }
    }
    Ok(units)
}

/// The answer to [`get_since`]; none if systemd does not know.
///
/// # Errors
/// If it is no point in time.
pub fn since(answer: &Message<'_>) -> Result<Option<UnixMillis>, WireError> {
    const WANTED: WireError = WireError::Missing("point in time");
    let mut body = answer.body;
    if answer.signature != b"v" || body.signature()? != b"t" {
        return Err(WANTED);
    }
    let microseconds = i64::try_from(body.u64()?).map_err(|_| WANTED)?;
    Ok((microseconds > 0).then_some(UnixMillis(microseconds / 1000)))
}

/// A path that may be sent back. A bus ends the connection of who sends another.
fn object_path(path: &[u8]) -> Option<&str> {
    let path = std::str::from_utf8(path).ok()?;
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    // Those of systemd have at most 255 letters of the unit's name, each written as three.
    (path.len() <= 1024 && path.strip_prefix('/')?.split('/').all(is_name)).then_some(path)
}

#[cfg(test)]
mod tests;
