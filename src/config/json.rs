//! A config file's bytes to a tree that knows the line of every value. Stricter than a JSON parser
//! has to be (a key that is there twice is a mistake) and plainer about what is wrong.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The largest config file, in bytes. A thousand hosts are a tenth of it.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// How deep values may be nested. The deepest setting is at 6.
const MAX_DEPTH: usize = 16;

/// A value and where it was said.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// Line of the file, from 1.
    pub(super) line: usize,
    /// The value.
    pub(super) tree: Tree,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    /// Keys in the order of the file.
    Object(Vec<(String, Node)>),
    /// Elements.
    Array(Vec<Node>),
    /// null, true, a number or a text.
    Scalar(serde_json::Value),
}

/// Why a file is not JSON as we take it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct Malformed {
    /// Line, from 1; none if it is about the whole file.
    pub(super) line: Option<usize>,
    /// What is wrong and what to do.
    pub(super) message: String,
}

impl Malformed {
    fn whole(message: impl Into<String>) -> Self {
        Self { line: None, message: message.into() }
    }

    fn at(line: usize, message: impl Into<String>) -> Self {
        Self { line: Some(line), message: message.into() }
    }
}

/// Parses the bytes of a config file.
pub(super) fn parse(bytes: &[u8]) -> Result<Node, Vec<Malformed>> {
    let text = decode(bytes).map_err(|fault| vec![fault])?;
    let raw: &RawValue = match serde_json::from_str(text) {
        Ok(raw) => raw,
        Err(error) => return Err(vec![explain(text, &error)]),
    };
    let mut reader = Reader { text, line_starts: line_starts(text), faults: Vec::new() };
    match reader.node(raw, 1) {
        Some(node) if reader.faults.is_empty() => Ok(node),
        _ => Err(reader.faults),
    }
}

fn decode(bytes: &[u8]) -> Result<&str, Malformed> {
    if bytes.len() > MAX_BYTES {
        return Err(Malformed::whole(format!(
            "is larger than {} KiB, so it is no config file",
            MAX_BYTES / 1024
        )));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Malformed::whole("is UTF-16 text; save it as UTF-8"));
    }
    // Some editors put a byte-order mark before UTF-8; it means nothing.
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Malformed::at(line, "has bytes that are not UTF-8; save the file as UTF-8")
    })?;
    if text.trim().is_empty() {
        return Err(Malformed::whole("is empty; {} is the smallest config"));
    }
    Ok(text)
}

/// Says what a JSON parser stumbled over in words of somebody who wrote the file by hand.
fn explain(text: &str, error: &serde_json::Error) -> Malformed {
    let line_text = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let column = error.column().saturating_sub(1);
    let rest = line_text.get(column..).unwrap_or_default();
    let next = rest.trim_start();
    let offset = line_starts(text).get(error.line().saturating_sub(1)).copied().unwrap_or(0);
    let before = text.get(..offset + column).unwrap_or_default().trim_end();
    let word: String = line_text
        .get(..column.min(line_text.len()))
        .unwrap_or_default()
        .chars()
        .rev()
        .take_while(|c| c.is_ascii_alphabetic())
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .chain(rest.chars().take_while(|c| c.is_ascii_alphabetic()))
        .collect();
    let message = if next.starts_with("//") || next.starts_with("/*") || next.starts_with('#') {
        "a comment; JSON has none, so remove it".to_owned()
    } else if next.starts_with('\'') {
        "a single quote; JSON wants texts in double quotes".to_owned()
    } else if matches!(word.as_str(), "NaN" | "Infinity" | "nan" | "inf") {
        format!("{word} is not a number that JSON knows")
    } else if matches!(word.as_str(), "True" | "False" | "None") {
        format!("{word} is Python; JSON writes true, false and null in small letters")
    } else if matches!(next.chars().next(), Some('}' | ']')) && before.ends_with(',') {
        "a comma before a closing bracket; remove the comma".to_owned()
    } else if error.is_eof() {
        "the file ends too early: a closing bracket or quote is missing".to_owned()
    } else if next.starts_with('"') && before.ends_with(['"', '}', ']', 'e', 'l']) {
        "a comma is missing before this".to_owned()
    } else {
        let what = error.to_string();
        match what.split(" at line ").next().unwrap_or_default() {
            "trailing characters" => {
                "something follows after the end; a file holds one object".into()
            }
            what => format!("not JSON at column {}: {what}", error.column()),
        }
    };
    Malformed::at(error.line(), message)
}

fn line_starts(text: &str) -> Vec<usize> {
    let after_breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
    std::iter::once(0).chain(after_breaks).collect()
}

struct Reader<'a> {
    text: &'a str,
    line_starts: Vec<usize>,
    faults: Vec<Malformed>,
}

impl<'a> Reader<'a> {
    /// Line of a value that was borrowed from the text.
    fn line_of(&self, raw: &RawValue) -> usize {
        let offset = raw.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        self.line_starts.partition_point(|start| *start <= offset)
    }

    fn node(&mut self, raw: &'a RawValue, depth: usize) -> Option<Node> {
        let line = self.line_of(raw);
        if depth > MAX_DEPTH {
            self.faults.push(Malformed::at(line, format!("nested deeper than {MAX_DEPTH} levels")));
            return None;
        }
        let mut deserializer = serde_json::Deserializer::from_str(raw.get());
        let parsed = match raw.get().bytes().next() {
            Some(b'{') => {
                deserializer.deserialize_map(Entries).map(|entries| self.object(entries, depth))
            }
            Some(b'[') => {
                deserializer.deserialize_seq(Elements).map(|elements| self.array(elements, depth))
            }
            _ => serde_json::from_str(raw.get()).map(Tree::Scalar),
        };
        match parsed {
            Ok(tree) => Some(Node { line, tree }),
            Err(error) => {
                let line = line + error.line().saturating_sub(1);
                let what = error.to_string();
                let what = what.split(" at line ").next().unwrap_or_default();
                self.faults.push(Malformed::at(line, format!("not a usable value: {what}")));
                None
            }
        }
    }

    fn object(&mut self, entries: Vec<(String, &'a RawValue)>, depth: usize) -> Tree {
        let mut first_lines = std::collections::BTreeMap::new();
        let mut nodes = Vec::with_capacity(entries.len());
        for (key, raw) in entries {
            let line = self.line_of(raw);
            if let Some(first) = first_lines.get(&key) {
                let key = super::check::shown(&serde_json::Value::String(key));
                let message = format!("{key} is said twice, first on line {first}; keep one");
                self.faults.push(Malformed::at(line, message));
                continue;
            }
            if let Some(node) = self.node(raw, depth + 1) {
                nodes.push((key.clone(), node));
            }
            first_lines.insert(key, line);
        }
        Tree::Object(nodes)
    }

    fn array(&mut self, elements: Vec<&'a RawValue>, depth: usize) -> Tree {
        Tree::Array(elements.into_iter().filter_map(|raw| self.node(raw, depth + 1)).collect())
    }
}

/// The entries of an object, each value still text.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            entries.push((key, map.next_value()?));
        }
        Ok(entries)
    }
}

/// The elements of a list, each still text.
struct Elements;

impl<'de> Visitor<'de> for Elements {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            elements.push(element);
        }
        Ok(elements)
    }
}

/// A value from outside a file as the same tree.
pub(super) fn from_value(value: serde_json::Value) -> Tree {
    let node = |value| Node { line: 0, tree: from_value(value) };
    match value {
        serde_json::Value::Array(elements) => Tree::Array(elements.into_iter().map(node).collect()),
        serde_json::Value::Object(entries) => {
            Tree::Object(entries.into_iter().map(|(key, value)| (key, node(value))).collect())
        }
        scalar => Tree::Scalar(scalar),
    }
}
