//! Walks one layer of settings along the table of keys and finds everything that is wrong with it
//! at once. Knows forms and ranges of single settings; what must fit together is in `rules`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Map, Value};

use super::fault::{Fault, Origin};
use super::hosts::{self, Pattern};
use super::json::{Node, Tree};
use super::nearest::nearest;
use super::table::{Form, Key, Kind};
use crate::model::{CertificatePin, Cidr};

/// What one source of settings said, as far as it was right.
#[derive(Debug, Default)]
pub(super) struct Layer {
    /// Nested as in a config file; only known settings with good values.
    pub(super) values: Map<String, Value>,
    /// Where each setting came from, by path.
    pub(super) origins: BTreeMap<&'static str, Origin>,
}

impl Layer {
    /// Puts a setting in its place.
    pub(super) fn insert(&mut self, key: &'static Key, value: Value, origin: Origin) {
        self.origins.insert(key.path, origin);
        let mut map = &mut self.values;
        let mut names = key.path.split('.').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                map.insert(name.to_owned(), value);
                return;
            }
            let group = map.entry(name).or_insert_with(|| Value::Object(Map::new()));
            match group.as_object_mut() {
                Some(inner) => map = inner,
                // The table has no setting that is also a group (tested there).
                None => return,
            }
        }
    }
}

/// Checks a whole tree; `origin` says where a line of it is.
pub(super) fn check_tree(
    table: &'static [Key],
    root: Node,
    origin: &dyn Fn(usize) -> Origin,
    faults: &mut Vec<Fault>,
) -> Layer {
    let mut layer = Layer::default();
    let line = root.line;
    match root.tree {
        Tree::Object(entries) => group(table, "", entries, origin, &mut layer, faults),
        other => faults.push(Fault {
            path: None,
            origin: Some(origin(line)),
            message: format!("wanted an object of settings, {{…}}, got {}", given(&other)),
        }),
    }
    layer
}

fn group(
    table: &'static [Key],
    prefix: &str,
    entries: Vec<(String, Node)>,
    origin: &dyn Fn(usize) -> Origin,
    layer: &mut Layer,
    faults: &mut Vec<Fault>,
) {
    for (name, node) in entries {
        let path = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        let members: Vec<_> = members_of(table, &path).collect();
        if let Some(key) = table.iter().find(|key| key.path == path) {
            let from = origin(node.line);
            let mut check = Check { origin, faults };
            if let Some(value) = check.value(key, &path, node) {
                layer.insert(key, value, from);
            }
        } else if members.is_empty() {
            faults.push(unknown(table, &path, origin(node.line)));
        } else if let Tree::Object(entries) = node.tree {
            group(table, &path, entries, origin, layer, faults);
        } else {
            faults.push(Fault {
                path: Some(path),
                origin: Some(origin(node.line)),
                message: format!(
                    "wanted an object with {}, got {}",
                    members.join(", "),
                    given(&node.tree)
                ),
            });
        }
    }
}

/// The names directly below a path.
fn members_of<'a>(table: &'static [Key], path: &'a str) -> impl Iterator<Item = &'static str> + 'a {
    table.iter().filter_map(move |key| key.path.strip_prefix(path)?.strip_prefix('.'))
}

fn unknown(table: &'static [Key], path: &str, origin: Origin) -> Fault {
    let groups = table.iter().filter_map(|key| Some(key.path.split_once('.')?.0));
    let candidates: Vec<_> = table.iter().map(|key| key.path).chain(groups).collect();
    let message = match nearest(path, candidates) {
        Some(meant) => format!("there is no such setting; did you mean {meant}?"),
        None => "there is no such setting; docs/configuration.md lists all".to_owned(),
    };
    Fault { path: Some(shorten(path)), origin: Some(origin), message }
}

/// Checks the value of one setting that did not come in a tree.
pub(super) fn check_value(
    key: &'static Key,
    value: Value,
    origin: Origin,
    layer: &mut Layer,
    faults: &mut Vec<Fault>,
) {
    let node = Node { line: 0, tree: super::json::from_value(value) };
    let from = origin.clone();
    let mut check = Check { origin: &|_| from.clone(), faults };
    if let Some(value) = check.value(key, key.path, node) {
        layer.insert(key, value, origin);
    }
}

struct Check<'a> {
    origin: &'a dyn Fn(usize) -> Origin,
    faults: &'a mut Vec<Fault>,
}

impl Check<'_> {
    fn fault(&mut self, path: &str, line: usize, message: String) {
        let origin = Some((self.origin)(line));
        self.faults.push(Fault { path: Some(shorten(path)), origin, message });
    }

    /// The value as the program takes it; none if it is wrong, and then the fault is noted.
    fn value(&mut self, key: &'static Key, path: &str, node: Node) -> Option<Value> {
        let line = node.line;
        match (key.kind, node.tree) {
            (Kind::List(form), Tree::Array(elements)) => self.list(key, form, path, elements),
            (Kind::Records(keys), Tree::Array(elements)) => {
                let mut records = Vec::with_capacity(elements.len());
                let before = self.faults.len();
                for (index, element) in elements.into_iter().enumerate() {
                    records.extend(self.record(keys, &format!("{path}[{index}]"), element));
                }
                (self.faults.len() == before).then_some(Value::Array(records))
            }
            (_, Tree::Scalar(Value::Null)) if key.nullable => Some(Value::Null),
            (kind, Tree::Scalar(value)) if accepts(kind, &value) => Some(value),
            (_, tree) => {
                let secret = key.holds_secrets();
                let got = given_by(secret, &tree);
                let hint = hint(key.kind, &tree);
                self.fault(path, line, format!("wanted {}, got {got}{hint}", key.wanted()));
                None
            }
        }
    }

    fn list(&mut self, key: &Key, form: Form, path: &str, elements: Vec<Node>) -> Option<Value> {
        let mut values = Vec::with_capacity(elements.len());
        let before = self.faults.len();
        for (index, element) in elements.into_iter().enumerate() {
            match element.tree {
                Tree::Scalar(Value::String(text)) if has_form(form, &text) => {
                    values.push(Value::String(text));
                }
                other => {
                    let got = given_by(key.secret, &other);
                    let hint = hint(Kind::Text(form), &other);
                    let message = format!("wanted {}, got {got}{hint}", form.one());
                    self.fault(&format!("{path}[{index}]"), element.line, message);
                }
            }
        }
        (self.faults.len() == before).then_some(Value::Array(values))
    }

    fn record(&mut self, keys: &'static [Key], path: &str, node: Node) -> Option<Value> {
        let names: Vec<_> = keys.iter().map(|key| key.path).collect();
        let entries = match node.tree {
            Tree::Object(entries) => entries,
            other => {
                let wanted = names.join(", ");
                let got = given_by(keys.iter().any(Key::holds_secrets), &other);
                self.fault(path, node.line, format!("wanted an object with {wanted}, got {got}"));
                return None;
            }
        };
        let mut record = Map::new();
        let mut seen = Vec::new();
        for (name, node) in entries {
            let inner = format!("{path}.{name}");
            let Some(key) = keys.iter().find(|key| key.path == name) else {
                let message = match nearest(&name, names.iter().copied()) {
                    Some(meant) => format!("there is no such setting; did you mean {meant}?"),
                    None => format!("there is no such setting; there are {}", names.join(", ")),
                };
                self.fault(&inner, node.line, message);
                continue;
            };
            seen.push(key.path);
            if let Some(value) = self.value(key, &inner, node) {
                record.insert(name, value);
            }
        }
        for key in keys.iter().filter(|key| !seen.contains(&key.path)) {
            match key.default.map(serde_json::from_str) {
                Some(Ok(value)) => {
                    record.insert(key.path.to_owned(), value);
                }
                _ => self.fault(path, node.line, format!("has no {}", key.path)),
            }
        }
        Some(Value::Object(record))
    }
}

/// Whether a single value is right.
pub(super) fn accepts(kind: Kind, value: &Value) -> bool {
    match (kind, value) {
        (Kind::Boolean, Value::Bool(_)) => true,
        (Kind::Integer { min, max }, Value::Number(number)) => {
            number.as_u64().is_some_and(|number| (min..=max).contains(&number))
        }
        (Kind::Seconds { min, max }, Value::Number(number)) => {
            number.as_f64().is_some_and(|number| (min..=max).contains(&number))
        }
        (Kind::Choice(words), Value::String(text)) => words.contains(&text.as_str()),
        (Kind::Text(form), Value::String(text)) => has_form(form, text),
        _ => false,
    }
}

fn has_form(form: Form, text: &str) -> bool {
    match form {
        Form::ListenAddress => listen_address(text).is_some(),
        Form::HostName => is_host_name(text) || text.parse::<IpAddr>().is_ok(),
        Form::Domain => {
            is_host_name(text.strip_prefix('.').unwrap_or(text)) || text.parse::<IpAddr>().is_ok()
        }
        Form::Network => text.parse::<Cidr>().is_ok(),
        Form::BasePath => is_base_path(text),
        Form::Url => is_url(text),
        Form::Title => is_title(text),
        Form::Engine => is_engine(text),
        Form::NamePattern => is_title(text) && Pattern::parse(text).is_ok(),
        Form::AddressPattern => {
            text.parse::<IpAddr>().is_ok() || hosts::address_pattern(text).is_ok()
        }
        Form::NodePattern => hosts::Node::parse(text).is_ok(),
        Form::Fingerprint => text.parse::<CertificatePin>().is_ok(),
        // It goes into a header as it is.
        Form::NodeKey => {
            (16..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        }
        Form::Path => {
            !text.is_empty()
                && !text.starts_with('~')
                && !text.contains('$')
                && !text.chars().any(char::is_control)
        }
    }
}

fn is_title(text: &str) -> bool {
    (1..=100).contains(&text.chars().count())
        && !text.trim().is_empty()
        && !text.chars().any(char::is_control)
}

/// An address to listen on. `localhost` is 127.0.0.1: asking a resolver could give anything.
pub(super) fn listen_address(text: &str) -> Option<IpAddr> {
    if text.eq_ignore_ascii_case("localhost") {
        return Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok()
}

pub(super) fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

fn is_base_path(text: &str) -> bool {
    let segment = |segment: &str| {
        !matches!(segment, "" | "." | "..")
            && segment
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~'))
    };
    let inner = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    text == "/" || inner.is_some_and(|inner| inner.split('/').all(segment))
}

/// `http(s)://host[:port][/path]`, nothing more: no credentials, no query.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let Some(rest) = rest else { return false };
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, format!("/{path}")),
        None => (rest, "/".to_owned()),
    };
    let path = if path.ends_with('/') { path } else { format!("{path}/") };
    url_host(authority).is_some() && is_base_path(&path)
}

/// `unix:///absolute/path` or `tcp://host:port`.
fn is_engine(text: &str) -> bool {
    if let Some(path) = text.strip_prefix("unix://") {
        return path.len() > 1 && path.starts_with('/') && has_form(Form::Path, path);
    }
    let authority = text.strip_prefix("tcp://");
    authority.is_some_and(|authority| {
        url_host(authority).is_some_and(|host| {
            let rest = authority.trim_start_matches('[');
            rest.len() > host.len()
                && authority
                    .rsplit_once(':')
                    .is_some_and(|(_, port)| !port.is_empty() && !port.contains(']'))
        })
    })
}

/// The host of `host[:port]`, if both are right.
pub(super) fn url_host(authority: &str) -> Option<&str> {
    let is_port = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|n| n > 0)
    };
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let port_is_right = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return (address.parse::<std::net::Ipv6Addr>().is_ok() && port_is_right).then_some(address);
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    (is_host_name(host) && port.is_none_or(is_port)).then_some(host)
}

/// What was said, but for what may be a secret.
fn given_by(secret: bool, tree: &Tree) -> String {
    match tree {
        Tree::Scalar(Value::String(_) | Value::Number(_)) if secret => "something else".to_owned(),
        _ => given(tree),
    }
}

/// What was said, short enough for a line and safe for a terminal.
fn given(tree: &Tree) -> String {
    match tree {
        Tree::Object(_) => "an object".to_owned(),
        Tree::Array(_) => "a list".to_owned(),
        Tree::Scalar(value) => shown(value),
    }
}

/// A value as JSON, cut to a length that fits a line; control characters are escaped, and the
/// credentials of an address are not repeated.
pub(super) fn shown(value: &Value) -> String {
    let text: String = without_credentials(&value.to_string())
        .chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect();
    shorten(&text)
}

fn without_credentials(text: &str) -> String {
    let credentials = text.split_once("://").and_then(|(scheme, rest)| {
        let (_, host) = rest.rsplit_once('@')?;
        Some(format!("{scheme}://***@{host}"))
    });
    credentials.unwrap_or_else(|| text.to_owned())
}

fn shorten(text: &str) -> String {
    const LONGEST: usize = 80;
    let clean = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c });
    let mut short: String = clean.clone().take(LONGEST).collect();
    if clean.count() > LONGEST {
        short.push('…');
    }
    short
}

/// What may have been meant, to go on after the fault.
fn hint(kind: Kind, tree: &Tree) -> String {
    match (kind, tree) {
        (Kind::Choice(words), Tree::Scalar(Value::String(text))) => {
            match nearest(text, words.iter().copied()) {
                Some(meant) => format!("; did you mean \"{meant}\"?"),
                None => String::new(),
            }
        }
        (Kind::Boolean | Kind::Integer { .. } | Kind::Seconds { .. }, Tree::Scalar(value)) => {
            let unquoted = value.as_str().and_then(|text| serde_json::from_str(text).ok());
            match unquoted {
                Some(unquoted) if accepts(kind, &unquoted) => "; remove the quotes".to_owned(),
                _ => String::new(),
            }
        }
        (Kind::Text(form), Tree::Scalar(Value::String(text))) => {
            let reason = match form {
                Form::NamePattern => Pattern::parse(text).err(),
                Form::AddressPattern => hosts::address_pattern(text).err(),
                Form::NodePattern => hosts::Node::parse(text).err(),
                _ => None,
            };
            reason.map_or_else(String::new, |reason| format!(": {reason}"))
        }
        (Kind::List(form), Tree::Scalar(Value::String(text))) if has_form(form, text) => {
            format!("; write [{}]", shown(&Value::String(text.clone())))
        }
        _ => String::new(),
    }
}
