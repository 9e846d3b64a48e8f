//! The nodes of an app: from groups, patterns and a file of names to plain hosts, one by one. Pure;
//! `load` reads the file. Must not know what is done with a host.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;

use serde::Deserialize;

use super::check::is_host_name;
use super::fault::{Fault, Origin};
use super::json::MAX_BYTES;
use crate::model::{CertificatePin, HostId, Secret};

mod pattern;

pub(super) use pattern::Pattern;

/// The most hosts that an app can have, all groups together.
pub(super) const MAX_HOSTS: usize = 4096;

/// The port of a node that says none.
const DEFAULT_PORT: u16 = 8999;

/// Some hosts under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostGroup {
    /// Name to show.
    pub name: String,
    /// Its hosts, in the order they were written.
    pub hosts: Vec<GroupHost>,
}

/// A node that an app shows. No two have the same id, or the same address and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupHost {
    /// What it is called in topics and addresses: [`HostId::from_hostname`] of the name.
    pub id: HostId,
    /// Name as it was written.
    pub name: String,
    /// Host name or IP address.
    pub address: String,
    /// Port.
    pub port: u16,
    /// What this app shows to the node to be let in; none: nothing.
    pub key: Option<Secret>,
    /// The certificate that the node must have. None: any, and then TLS is not asked for.
    pub fingerprint: Option<CertificatePin>,
    /// Why it is being worked on; none if it is not.
    pub maintenance: Option<String>,
    /// Name to show instead of the other.
    pub display_name: Option<String>,
}

/// A group as it is written in the config.
#[derive(Debug, Deserialize)]
pub(super) struct WrittenGroup {
    name: String,
    port: Option<u16>,
    hosts: Vec<WrittenHost>,
    patterns: Vec<String>,
}

/// A host as it is written in the config; `name` and `address` may stand for many.
#[derive(Debug, Deserialize)]
struct WrittenHost {
    name: String,
    address: Option<String>,
    port: Option<u16>,
    key: Option<Secret>,
    fingerprint: Option<CertificatePin>,
    maintenance: Option<String>,
    display_name: Option<String>,
}

/// `host`, `host:port`, `[IPv6]:port`; the host may be a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    host: Pattern,
    port: Option<u16>,
}

impl Node {
    /// Takes a node's address apart.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.parse::<Ipv6Addr>().is_ok() {
            return Ok(Self { host: Pattern::literal(text), port: None });
        }
        if text.contains("://") {
            return Err("leave away what is before and with ://".to_owned());
        }
        let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (host, port) = match bracketed {
            Some((address, rest)) if address.contains(':') => {
                if address.parse::<Ipv6Addr>().is_err() {
                    return Err(format!("{address} is no IPv6 address"));
                }
                let port = match rest {
                    "" => None,
                    _ => Some(rest.strip_prefix(':').ok_or("a port follows after ]:")?),
                };
                (Pattern::literal(address), port)
            }
            _ => match text.rsplit_once(':') {
                Some((host, port)) => (address_pattern(host)?, Some(port)),
                None => (address_pattern(text)?, None),
            },
        };
        let port = port.map(|port| match port.parse::<u16>() {
            Ok(number) if number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(number)
            }
            _ => Err(format!("{port:?} is no port from 1 to 65535")),
        });
        Ok(Self { host, port: port.transpose()? })
    }
}

/// A pattern of addresses; what it stands for looks like addresses.
pub(super) fn address_pattern(text: &str) -> Result<Pattern, String> {
    let pattern = Pattern::parse(text)?;
    if is_address(&pattern.first()) && is_address(&pattern.longest()) {
        Ok(pattern)
    } else {
        Err("that is no host name or IP address".to_owned())
    }
}

fn is_address(text: &str) -> bool {
    is_host_name(text) || text.parse::<IpAddr>().is_ok()
}

/// What a file of nodes held.
pub(super) struct HostsFile<'a> {
    /// Its path, for messages.
    pub(super) path: &'a Path,
    /// Its content.
    pub(super) bytes: &'a [u8],
}

/// All hosts, or everything that is wrong with them.
pub(super) fn expand(
    groups: Vec<WrittenGroup>,
    file: Option<HostsFile<'_>>,
    faults: &mut Vec<Fault>,
) -> Vec<HostGroup> {
    let mut all = Expansion { groups: Vec::new(), count: 0, places: Places::default(), faults };
    for (index, group) in groups.into_iter().enumerate() {
        all.group(index, group);
    }
    if let Some(file) = file {
        all.file(&file);
    }
    if all.count > MAX_HOSTS {
        let message = format!(
            "{} hosts are too many for one app, which takes {MAX_HOSTS}; put apps below an app",
            all.count
        );
        all.fault(&Place::setting("monitor.host_groups".to_owned()), message);
    }
    all.groups
}

/// Where a host was written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    path: Option<String>,
    origin: Option<Origin>,
}

impl Place {
    fn setting(path: String) -> Self {
        Self { path: Some(path), origin: None }
    }

    fn line(file: &Path, line: Option<usize>) -> Self {
        Self { path: None, origin: Some(Origin::File { path: file.to_owned(), line }) }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.path, &self.origin) {
            (Some(path), _) => f.write_str(path),
            (None, Some(origin)) => origin.fmt(f),
            (None, None) => Ok(()),
        }
    }
}

/// Where ids, and addresses with ports, were first seen.
#[derive(Default)]
struct Places {
    ids: BTreeMap<HostId, (String, Place)>,
    addresses: BTreeMap<(String, u16), (String, Place)>,
}

struct Expansion<'a> {
    groups: Vec<HostGroup>,
    /// Of all hosts, also of those that are left out because they are too many.
    count: usize,
    places: Places,
    faults: &'a mut Vec<Fault>,
}

impl Expansion<'_> {
    fn fault(&mut self, place: &Place, message: String) {
        let Place { path, origin } = place.clone();
        self.faults.push(Fault { path, origin, message });
    }

    fn group(&mut self, index: usize, written: WrittenGroup) {
        let path = format!("monitor.host_groups[{index}]");
        self.groups.push(HostGroup { name: written.name, hosts: Vec::new() });
        for (host, number) in written.hosts.into_iter().zip(0..) {
            let place = Place::setting(format!("{path}.hosts[{number}]"));
            self.host(host, written.port, &place);
        }
        for (text, number) in written.patterns.iter().zip(0..) {
            let place = Place::setting(format!("{path}.patterns[{number}]"));
            self.node(text, written.port, &place);
        }
    }

    /// A file's nodes: into the group that is called as the file is, without its ending.
    fn file(&mut self, file: &HostsFile<'_>) {
        let whole = Place::line(file.path, None);
        if file.bytes.len() > MAX_BYTES {
            let message =
                format!("is larger than {} KiB, so it is no list of hosts", MAX_BYTES / 1024);
            return self.fault(&whole, message);
        }
        let bytes = file.bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(file.bytes);
        let stem = file.path.file_stem().unwrap_or_default().to_string_lossy();
        let name: String = stem.chars().filter(|c| !c.is_control()).take(100).collect();
        match self.groups.iter().position(|group| group.name == name) {
            // Hosts go into the last one.
            Some(at) => {
                let group = self.groups.remove(at);
                self.groups.push(group);
            }
            None => self.groups.push(HostGroup { name, hosts: Vec::new() }),
        }
        for (line, number) in bytes.split(|byte| *byte == b'\n').zip(1..) {
            let place = Place::line(file.path, Some(number));
            let Ok(line) = std::str::from_utf8(line) else {
                self.fault(&place, "is not UTF-8 text".to_owned());
                continue;
            };
            let node = line.split('#').next().unwrap_or_default().trim();
            if !node.is_empty() {
                self.node(node, None, &place);
            }
        }
    }

    fn node(&mut self, text: &str, port_of_group: Option<u16>, place: &Place) {
        match Node::parse(text) {
            Ok(node) => {
                let port = node.port.or(port_of_group).unwrap_or(DEFAULT_PORT);
                if !self.has_room(node.host.count()) {
                    return;
                }
                for address in node.host.names() {
                    self.add(plain(address.clone(), address, port), place);
                }
            }
            Err(message) => {
                let wanted =
                    "wanted a node like \"gpu-01\", \"gpu[01-16].lab:8999\" or \"[fd00::1]:8999\"";
                let given = super::check::shown(&serde_json::Value::from(text));
                self.fault(place, format!("{wanted}, got {given}: {message}"));
            }
        }
    }

    fn host(&mut self, written: WrittenHost, port_of_group: Option<u16>, place: &Place) {
        let port = written.port.or(port_of_group).unwrap_or(DEFAULT_PORT);
        let patterns = Pattern::parse(&written.name).and_then(|name| {
            let given = |text: &String| match text.parse::<IpAddr>() {
                Ok(_) => Ok(Pattern::literal(text)),
                Err(_) => address_pattern(text),
            };
            Ok((name, written.address.as_ref().map(given).transpose()?))
        });
        let (name, address) = match patterns {
            Ok(patterns) => patterns,
            Err(message) => return self.fault(place, message),
        };
        let address = address.unwrap_or_else(|| name.clone());
        let shown = written.display_name.as_deref().map(Pattern::parse);
        let display = match shown.transpose() {
            Ok(display) => display,
            Err(message) => return self.fault(place, format!("display_name: {message}")),
        };
        let count = name.count();
        let counts = [
            ("address", address.count()),
            ("display_name", display.as_ref().map_or(count, Pattern::count)),
        ];
        for (what, of_it) in counts {
            if of_it != count {
                let message = format!(
                    "its name stands for {count} and its {what} for {of_it}; both must be for as many hosts"
                );
                return self.fault(place, message);
            }
        }
        if !self.has_room(count) {
            return;
        }
        let mut displays = display.map(|display| display.names());
        for (name, address) in name.names().zip(address.names()) {
            if !is_address(&address) {
                let message =
                    format!("has no address, and its name {name:?} is none; give its address");
                return self.fault(place, message);
            }
            let host = GroupHost {
                key: written.key.clone(),
                fingerprint: written.fingerprint,
                maintenance: written.maintenance.clone(),
                display_name: displays.as_mut().and_then(Iterator::next),
                ..plain(name, address, port)
            };
            self.add(host, place);
        }
    }

    /// Counts hosts, and says whether they are to be added: a pattern for thousands of millions costs
    /// nothing.
    fn has_room(&mut self, count: usize) -> bool {
        self.count = self.count.saturating_add(count);
        self.count <= MAX_HOSTS
    }

    fn add(&mut self, host: GroupHost, place: &Place) {
        let address = (host.address.to_ascii_lowercase(), host.port);
        let twice = |(name, first): &(String, Place)| {
            // One pattern may well stand for the same twice.
            if first == place {
                format!("{name:?} of the same")
            } else {
                format!("{name:?} ({first})")
            }
        };
        if let Some(first) = self.places.ids.get(&host.id) {
            let message = format!(
                "{:?} would have the same id, {}, as {}; give each host a name of its own",
                host.name,
                host.id,
                twice(first)
            );
            return self.fault(place, message);
        }
        if let Some(first) = self.places.addresses.get(&address) {
            let message = format!(
                "{:?} has the same address and port, {}:{}, as {}; keep one",
                host.name,
                address.0,
                address.1,
                twice(first)
            );
            return self.fault(place, message);
        }
        let here = (host.name.clone(), place.clone());
        self.places.ids.insert(host.id.clone(), here.clone());
        self.places.addresses.insert(address, here);
        if let Some(group) = self.groups.last_mut() {
            group.hosts.push(host);
        }
    }
}

/// A host of which nothing else is known.
fn plain(name: String, address: String, port: u16) -> GroupHost {
    GroupHost {
        id: HostId::from_hostname(&name),
        name,
        address,
        port,
        key: None,
        fingerprint: None,
        maintenance: None,
        display_name: None,
    }
}

/// What should be thought about: hosts that share a key can each ask the others.
pub(super) fn warnings(groups: &[HostGroup]) -> Vec<String> {
    let mut first_with: BTreeMap<&str, &GroupHost> = BTreeMap::new();
    let mut sharing = Vec::new();
    let mut warnings = Vec::new();
    for group in groups {
        if group.hosts.is_empty() {
            warnings
                .push(format!("the group {:?} of monitor.host_groups has no hosts", group.name));
        }
        for host in &group.hosts {
            let Some(key) = &host.key else { continue };
            match first_with.get(key.reveal()) {
                Some(first) => sharing.push((host.name.as_str(), first.name.as_str())),
                None => {
                    first_with.insert(key.reveal(), host);
                }
            }
        }
    }
    if let Some((host, first)) = sharing.first() {
        warnings.push(format!(
            "{} hosts of monitor.host_groups share their key with another, {host:?} with {first:?} for one: whoever breaks into one of them could ask the other; give each its own (smonitor key new)",
            sharing.len()
        ));
    }
    warnings
}

#[cfg(test)]
mod tests;
