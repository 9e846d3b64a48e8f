//! Whether names of users come over the network through this very process. Not a source: it is asked
//! once, before the process gives up connecting.

use super::parse::{lines, words};
use super::{Roots, files};

/// Services of nsswitch.conf(5) that read files or talk to a local socket. Any other one may connect
/// to a server by itself: `nis`, `hesiod`, `ldap`, those of cloud providers.
const LOCAL: [&str; 13] = [
    "files",
    "compat",
    "db",
    "cache",
    "cache_oslogin",
    "altfiles",
    "usrfiles",
    "extrausers",
    "systemd",
    "sss",
    "winbind",
    "mymachines",
    "myhostname",
];

/// What `compat` asks about lines of `passwd` that begin with `+`, if `nsswitch.conf` does not say.
const COMPAT_ASKS: &str = "nis";

/// Why this process must be able to connect to other machines for names of users, as a sentence for
/// people; `None` if it need not be. Reads `nsswitch.conf` and, where `compat` is in use, `passwd`.
#[must_use]
pub fn name_service_needs_network(roots: &Roots) -> Option<String> {
    let path = roots.etc("nsswitch.conf");
    // Where there is none, the C library asks files.
    let switch = files::read(&path, files::SMALL).ok()?;
    let services = passwd_services(&switch);
    let has_compat = services.asked.iter().any(|service| service == "compat");
    let of_compat = has_compat && asks_beyond(roots);
    let of_compat =
        of_compat.then(|| services.of_compat.unwrap_or_else(|| vec![COMPAT_ASKS.into()]));
    let mut all = services.asked.into_iter().chain(of_compat.unwrap_or_default());
    let remote = all.find(|service| !LOCAL.contains(&service.as_str()))?;
    Some(format!(
        "names of users come from the service \"{remote}\" (passwd in {}), which may ask the network \
         from within smonitor, so connecting to other machines is left open",
        files::named(&path)
    ))
}

/// The services that are asked for users.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Services {
    /// The line `passwd:`, in its order.
    pub asked: Vec<String>,
    /// The line `passwd_compat:`, what `compat` asks in turn; `None` if there is none.
    pub of_compat: Option<Vec<String>>,
}

/// Parses `nsswitch.conf`. Actions in brackets are passed over; of two lines for the same the first
/// counts. Without a line for users, none is named.
#[must_use]
pub fn passwd_services(bytes: &[u8]) -> Services {
    let (mut asked, mut of_compat) = (None, None);
    for (_, line) in lines("nsswitch.conf", bytes) {
        let line = line.split(|&byte| byte == b'#').next().unwrap_or_default();
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let slot = match line[..colon].trim_ascii() {
            b"passwd" => &mut asked,
            b"passwd_compat" => &mut of_compat,
            _ => continue,
        };
        slot.get_or_insert_with(|| services(&line[colon + 1..]));
    }
    Services { asked: asked.unwrap_or_default(), of_compat }
}

fn services(line: &[u8]) -> Vec<String> {
    let mut in_brackets = false;
    // Brackets may touch the words beside them.
    let outside: Vec<u8> = line
        .iter()
        .map(|&byte| match byte {
            b'[' => {
                in_brackets = true;
                b' '
            }
            b']' => {
                in_brackets = false;
                b' '
            }
            _ if in_brackets => b' ',
            other => other,
        })
        .collect();
    words(&outside).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// Whether `passwd` has a line that sends `compat` elsewhere.
fn asks_beyond(roots: &Roots) -> bool {
    let passwd = files::read(&roots.etc("passwd"), files::LARGE).unwrap_or_default();
    lines("passwd", &passwd).any(|(_, line)| matches!(line.first(), Some(b'+' | b'-')))
}

#[cfg(test)]
mod tests;
