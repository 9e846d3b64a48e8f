//! Units and sessions of systemd, and jobs of Slurm, in the path of a control group.

use super::{Text, names, shown};

/// The innermost unit and session of a path.
///
/// The manager of a user (`user@1000.service`) and the first process (`init.scope`) count only
/// where nothing more telling stands below.
pub(super) fn unit_and_session(path: &str) -> (Option<Text>, Option<Text>) {
    let (mut unit, mut manager, mut first, mut session) = (None, None, None, None);
    for (name, _) in names(path) {
        // systemd puts a `_` before names that the kernel could mistake for files of its own.
        let name = name.strip_prefix('_').unwrap_or(name);
        if let Some(id) = session_of(name) {
            session = Some(id);
            unit = None;
        } else if is_unit(name, "init", ".scope") {
            first = Some(name);
        } else if name.starts_with("user@") && name.ends_with(".service") {
            manager = Some(name);
        } else if is_unit(name, "", ".service") || is_unit(name, "", ".scope") {
            unit = Some(name);
        }
    }
    let session = session.map(shown);
    let unit = unit.or(manager).or(first.filter(|_| session.is_none()));
    (unit.map(shown), session)
}

/// `session-42.scope`, and `42.session` of systemd before 205.
fn session_of(name: &str) -> Option<&str> {
    let new = name.strip_prefix("session-").and_then(|rest| rest.strip_suffix(".scope"));
    let id = new.or_else(|| name.strip_suffix(".session"))?;
    let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then_some(id)
}

fn is_unit(name: &str, stem: &str, suffix: &str) -> bool {
    name.strip_suffix(suffix)
        .is_some_and(|rest| if stem.is_empty() { !rest.is_empty() } else { rest == stem })
}

/// Whether this is what Slurm itself runs in: `slurmd.service`, `slurmstepd.scope`,
/// `NODE_slurmstepd.scope`.
pub(super) fn is_slurm(unit: &str) -> bool {
    unit == "slurmd.service" || is_step_manager(unit)
}

fn is_step_manager(name: &str) -> bool {
    name == "slurmstepd.scope" || name.ends_with("_slurmstepd.scope")
}

/// The job of Slurm: `/slurm/uid_1000/job_123/…` of cgroup v1, where `slurm` may be followed by the
/// name of the node, and `slurmstepd.scope/job_123/…` of v2.
pub(super) fn slurm_job(path: &str) -> Option<Text> {
    let mut job = None;
    let mut in_slurm = false;
    for (name, _) in names(path) {
        if name == "slurm" || name.starts_with("slurm_") || is_step_manager(name) {
            in_slurm = true;
        } else if in_slurm && !is_user(name) {
            job = name.strip_prefix("job_").filter(|id| is_job(id)).or(job);
            in_slurm = false;
        }
    }
    job.map(Text::from)
}

fn is_user(name: &str) -> bool {
    name.strip_prefix("uid_").is_some_and(is_number)
}

/// `123`, `123_4` of an array, `123+1` of one of several parts.
fn is_job(id: &str) -> bool {
    match id.split_once(['_', '+']) {
        Some((job, part)) => is_number(job) && is_number(part),
        None => is_number(id),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Undoes systemd's escapes (systemd-escape(1)): `\x2d` is `-`. Where they do not make UTF-8 the
/// name stays as it is written.
pub(super) fn unescape(name: &str) -> String {
    if !name.contains('\\') {
        return name.to_owned();
    }
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'\\').then(|| escape(after)).flatten();
        let (byte, skipped) = escaped.map_or((byte, 0), |value| (value, 3));
        bytes.push(byte);
        rest = &after[skipped..];
    }
    String::from_utf8(bytes).unwrap_or_else(|_| name.to_owned())
}

/// The byte of `xNN`.
fn escape(text: &[u8]) -> Option<u8> {
    let [b'x', high, low, ..] = text else { return None };
    let digit =
        |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}
