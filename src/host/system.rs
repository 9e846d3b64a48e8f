//! The machine and its operating system, from `os-release` and a few files of the kernel.

use std::time::Duration;

use super::files;
use super::parse::{ParseError, Place, lines, unsigned, visible, words};
use super::{Collected, Context, Source};
use crate::model::system::{OperatingSystem, OsRelease, System};
use crate::model::{Reading, Reason, Seconds, UnixMillis};

/// How long the kernel's boot time is believed. It changes only when the clock is set, and the
/// file it stands in is dear on large machines.
const BOOT_TIME_LIFE: Duration = Duration::from_secs(60);

/// The source `system`.
#[derive(Debug)]
pub struct SystemSource {
    context: Context,
    boot_time: Option<(Duration, UnixMillis)>,
}

impl SystemSource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self { context, boot_time: None }
    }

    fn kernel(&self, name: &str) -> Reading<String> {
        let path = self.context.roots.proc("sys/kernel").join(name);
        match files::read(&path, files::SMALL) {
            Ok(bytes) => {
                let text = visible(bytes.trim_ascii());
                Reading::from_option((!text.is_empty()).then_some(text), Reason::NotSupported)
            }
            Err(reason) => Reading::absent(reason),
        }
    }

    /// os-release(5): the first of the two files that exists counts.
    fn operating_system(&self) -> Result<OperatingSystem, Reason> {
        let roots = &self.context.roots;
        let bytes = match files::read(&roots.etc("os-release"), files::SMALL) {
            Err(Reason::NotSupported) => files::read(&roots.usr_lib("os-release"), files::SMALL)?,
            other => other?,
        };
        Ok(parse_os_release(&bytes))
    }

    fn boot_time(&mut self) -> Result<UnixMillis, Reason> {
        let now = self.context.now().monotonic;
        if let Some((at, boot_time)) = self.boot_time
            && now.saturating_sub(at) < BOOT_TIME_LIFE
        {
            return Ok(boot_time);
        }
        let boot_time = read_boot_time(&self.context)?;
        self.boot_time = Some((now, boot_time));
        Ok(boot_time)
    }

    fn uptime(&self) -> Result<Seconds, Reason> {
        let bytes = files::read(&self.context.roots.proc("uptime"), files::SMALL)?;
        Ok(parse_uptime(&bytes)?)
    }
}

impl Source for SystemSource {
    fn name(&self) -> &'static str {
        "system"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        let system = System {
            hostname: self.kernel("hostname"),
            operating_system: self.operating_system().into(),
            kernel_name: self.kernel("ostype"),
            kernel_release: self.kernel("osrelease"),
            kernel_version: self.kernel("version"),
            domain_name: self.kernel("domainname"),
            architecture: std::env::consts::ARCH.to_owned(),
            boot_time_ms: self.boot_time().into(),
            uptime_seconds: self.uptime().into(),
        };
        match (&system.hostname, &system.operating_system, system.uptime_seconds) {
            (
                Reading::Absent { .. },
                Reading::Absent { .. },
                Reading::Absent { absent: reason },
            ) => Err(reason),
            _ => Ok(Collected::System(system)),
        }
    }
}

/// When the kernel started (`stat`, `btime`).
pub(super) fn read_boot_time(context: &Context) -> Result<UnixMillis, Reason> {
    Ok(parse_boot_time(&files::read(&context.roots.proc("stat"), files::LARGE)?)?)
}

/// Parses the `btime` line of `stat`: seconds since 1970.
///
/// # Errors
/// If there is none or it is no number.
pub fn parse_boot_time(bytes: &[u8]) -> Result<UnixMillis, ParseError> {
    const FILE: &str = "stat";
    for (place, line) in lines(FILE, bytes) {
        if let Some(rest) = line.strip_prefix(b"btime ") {
            let token = rest.trim_ascii();
            let seconds = unsigned(token).and_then(|seconds| i64::try_from(seconds).ok());
            let millis = seconds.and_then(|seconds| seconds.checked_mul(1000));
            return millis
                .map(UnixMillis)
                .ok_or_else(|| place.expected("seconds since 1970", token));
        }
    }
    Err(ParseError::Missing { file: FILE, wanted: "btime" })
}

/// Parses `uptime`: its first word is seconds since the kernel started.
///
/// # Errors
/// If that is no decimal number.
pub fn parse_uptime(bytes: &[u8]) -> Result<Seconds, ParseError> {
    let place = Place { file: "uptime", line: 1 };
    place.decimal(words(bytes).next().unwrap_or_default()).map(Seconds::new)
}

/// Parses `os-release` by its manual page: assignments as a shell would read them, comments, and
/// defaults for what is missing. What is no assignment is passed over, as the page wants.
#[must_use]
pub fn parse_os_release(bytes: &[u8]) -> OperatingSystem {
    let [mut name, mut version, mut codename, mut pretty] = [const { None }; 4];
    let mut release = OsRelease::default();
    for (_, line) in lines("os-release", bytes) {
        let line = line.trim_ascii();
        let Some(equals) = line.iter().position(|&byte| byte == b'=') else { continue };
        let value = || visible(&unquote(&line[equals + 1..]));
        let slot = match &line[..equals] {
            b"NAME" => &mut name,
            b"VERSION_ID" => &mut version,
            b"VERSION_CODENAME" => &mut codename,
            b"PRETTY_NAME" => &mut pretty,
            key => {
                if let Some(slot) = more(&mut release, key) {
                    *slot = value();
                }
                continue;
            }
        };
        *slot = Some(value()).filter(|value| !value.is_empty());
    }
    let name = name.unwrap_or_else(|| "Linux".to_owned());
    let pretty_name = pretty.unwrap_or_else(|| match &version {
        Some(version) => format!("{name} {version}"),
        None => name.clone(),
    });
    OperatingSystem {
        name,
        version: Reading::from_option(version, Reason::NotSupported),
        codename: Reading::from_option(codename, Reason::NotSupported),
        pretty_name,
        release,
    }
}

fn more<'a>(release: &'a mut OsRelease, key: &[u8]) -> Option<&'a mut String> {
    Some(match key {
        b"ID" => &mut release.id,
        b"ID_LIKE" => &mut release.id_like,
        b"VERSION" => &mut release.version,
        b"VARIANT" => &mut release.variant,
        b"VARIANT_ID" => &mut release.variant_id,
        b"BUILD_ID" => &mut release.build_id,
        b"IMAGE_ID" => &mut release.image_id,
        b"IMAGE_VERSION" => &mut release.image_version,
        _ => return None,
    })
}

/// A value as a shell takes it: in single quotes as it is, in double quotes a backslash before
/// `"`, `$`, `` ` `` or `\` taken away, bare up to the first blank. An open quote ends with the line.
pub(super) fn unquote(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut quote = None;
    let mut bytes = value.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if byte == open => quote = None,
            (None, b' ' | b'\t') => break,
            (None, b'\\') => out.extend(bytes.next()),
            (Some(b'"'), b'\\') => match bytes.peek() {
                Some(b'"' | b'$' | b'`' | b'\\') => out.extend(bytes.next()),
                _ => out.push(byte),
            },
            _ => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests;
