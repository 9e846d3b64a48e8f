//! XML-RPC as far as supervisord speaks it: calls with texts and truth values, answers of every
//! kind. Bytes in, typed out; must not know who sends them.
//!
//! Strict where it can be: what is no answer of XML-RPC is an error with its place, never a guess.
//! Attributes, comments and document types do not occur in it and are refused. The words are those
//! of <http://xmlrpc.com/spec.md>; the wire is that of Python's `xmlrpc.client`.

use std::collections::BTreeMap;

/// A longer answer is none of those that are asked for.
pub const ANSWER_MAX_BYTES: usize = 256 * 1024;
/// Values may lie in each other this deep; supervisord's lie three deep.
const DEPTH_MAX: usize = 16;

/// What goes into a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument<'a> {
    /// A text.
    Text(&'a str),
    /// Yes or no.
    Truth(bool),
}

/// What comes out of one.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A whole number: `int`, `i4`, `i8`.
    Integer(i64),
    /// Yes or no.
    Truth(bool),
    /// A text; also `dateTime.iso8601` and `base64` as they were written.
    Text(String),
    /// A fraction.
    Double(f64),
    /// Several.
    Array(Vec<Self>),
    /// Several, by name.
    Struct(BTreeMap<String, Self>),
    /// Nothing.
    Nil,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The call did what it should.
    Returned(Value),
    /// It did not.
    Fault {
        /// Which fault; those of supervisord are in its documentation.
        code: i64,
        /// The same in words.
        text: String,
    },
}

/// Why bytes are no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no answer of XML-RPC: {wrong} at byte {at}")]
pub struct Malformed {
    /// What is wrong.
    pub wrong: &'static str,
    /// Where.
    pub at: usize,
}

impl Value {
    /// The named part of a struct.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Struct(members) => members.get(name),
            _ => None,
        }
    }

    /// The number that it is.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The text that it is.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The document that calls `method`.
#[must_use]
pub fn call(method: &str, arguments: &[Argument<'_>]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\"?>\n<methodCall><methodName>");
    escape(&mut xml, method);
    xml.push_str("</methodName><params>");
    for argument in arguments {
        xml.push_str("<param><value>");
        match argument {
            Argument::Text(text) => {
                xml.push_str("<string>");
                escape(&mut xml, text);
                xml.push_str("</string>");
            }
            Argument::Truth(truth) => {
                xml.push_str(if *truth { "<boolean>1</boolean>" } else { "<boolean>0</boolean>" });
            }
        }
        xml.push_str("</value></param>");
    }
    xml.push_str("</params></methodCall>\n");
    xml
}

/// XML 1.0 has no way to write most control characters: they become what stands for the unknown.
fn escape(xml: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '\t' | '\n' => xml.push(c),
            // A bare one would be read as a line feed.
            '\r' => xml.push_str("&#13;"),
            c if (c as u32) < 0x20 || matches!(c, '\u{fffe}' | '\u{ffff}') => xml.push('\u{fffd}'),
            c => xml.push(c),
        }
    }
}

/// Understands an answer.
///
/// # Errors
/// If it is none.
pub fn parse(bytes: &[u8]) -> Result<Answer, Malformed> {
    if bytes.len() > ANSWER_MAX_BYTES {
        return Err(Malformed { wrong: "too long", at: ANSWER_MAX_BYTES });
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Malformed { wrong: "no UTF-8", at: error.valid_up_to() })?;
    let mut reader = Reader { text, at: 0 };
    reader.declaration()?;
    reader.open("methodResponse")?;
    let answer = match reader.any_open()? {
        "params" => {
            reader.open("param")?;
            let value = reader.value(0)?;
            reader.close("param")?;
            reader.close("params")?;
            Answer::Returned(value)
        }
        "fault" => {
            let value = reader.value(0)?;
            reader.close("fault")?;
            let code = value.member("faultCode").and_then(Value::integer);
            let words = value.member("faultString").and_then(Value::text);
            let (Some(code), Some(words)) = (code, words) else {
                return Err(reader.wrong("a fault without code and text"));
            };
            Answer::Fault { code, text: words.to_owned() }
        }
        _ => return Err(reader.wrong("neither parameters nor a fault")),
    };
    reader.close("methodResponse")?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.wrong("something behind the answer"));
    }
    Ok(answer)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn wrong(&self, wrong: &'static str) -> Malformed {
        Malformed { wrong, at: self.at }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn declaration(&mut self) -> Result<(), Malformed> {
        self.space();
        if self.rest().starts_with("<?xml ") {
            let Some(length) = self.rest().find("?>") else {
                return Err(self.wrong("a declaration without end"));
            };
            self.at += length + 2;
        }
        Ok(())
    }

    /// Takes `<name>`, `</name>` or `<name/>` if it is next: what is between the angle brackets.
    fn tag(&mut self) -> Option<&'a str> {
        let inside = self.rest().strip_prefix('<')?;
        let (tag, _) = inside.split_once('>')?;
        let name = tag.strip_prefix('/').unwrap_or_else(|| tag.strip_suffix('/').unwrap_or(tag));
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'.';
        if name.is_empty() || !name.bytes().all(is_name) {
            return None;
        }
        self.at += tag.len() + 2;
        Some(tag)
    }

    fn any_open(&mut self) -> Result<&'a str, Malformed> {
        self.space();
        self.tag().filter(|tag| !tag.contains('/')).ok_or_else(|| self.wrong("no tag"))
    }

    fn open(&mut self, name: &str) -> Result<(), Malformed> {
        if self.any_open()? == name { Ok(()) } else { Err(self.wrong("another tag than expected")) }
    }

    fn close(&mut self, name: &str) -> Result<(), Malformed> {
        self.space();
        self.close_here(name)
    }

    fn close_here(&mut self, name: &str) -> Result<(), Malformed> {
        match self.tag() {
            Some(tag) if tag.strip_prefix('/') == Some(name) => Ok(()),
            _ => Err(self.wrong("a tag that is not closed")),
        }
    }

    fn closes(&mut self, name: &str) -> bool {
        self.space();
        let before = self.at;
        let closes = self.close_here(name).is_ok();
        if !closes {
            self.at = before;
        }
        closes
    }

    /// Characters up to the next tag, unescaped.
    fn characters(&mut self) -> Result<String, Malformed> {
        let raw = self.rest().split('<').next().unwrap_or_default();
        let mut text = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((before, behind)) = rest.split_once('&') {
            text.push_str(before);
            let Some((name, after)) = behind.split_once(';') else {
                return Err(self.wrong("an & that begins nothing"));
            };
            text.push(entity(name).ok_or_else(|| self.wrong("an unknown character"))?);
            rest = after;
        }
        text.push_str(rest);
        self.at += raw.len();
        Ok(text)
    }

    fn value(&mut self, depth: usize) -> Result<Value, Malformed> {
        if depth > DEPTH_MAX {
            return Err(self.wrong("values too deep in each other"));
        }
        self.space();
        match self.tag() {
            Some("value") => {}
            Some("value/") => return Ok(Value::Text(String::new())),
            _ => return Err(self.wrong("no value")),
        }
        // Without a type it is a text. White space before a type belongs to nobody.
        let text = self.characters()?;
        let before = self.at;
        if self.close_here("value").is_ok() {
            return Ok(Value::Text(text));
        }
        self.at = before;
        if !text.trim().is_empty() {
            return Err(self.wrong("text beside a type"));
        }
        let value = self.typed(depth)?;
        self.close("value")?;
        Ok(value)
    }

    fn typed(&mut self, depth: usize) -> Result<Value, Malformed> {
        let tag = self.tag().ok_or_else(|| self.wrong("no type"))?;
        match tag {
            "nil/" => return Ok(Value::Nil),
            "string/" => return Ok(Value::Text(String::new())),
            "struct" => return self.members(depth),
            "array" => return self.items(depth),
            _ => {}
        }
        let text = self.characters()?;
        let is_wrong = |what: &'static str| self.wrong(what);
        let value = match tag {
            "int" | "i4" | "i8" => {
                Value::Integer(text.trim().parse().map_err(|_| is_wrong("no whole number"))?)
            }
            "boolean" => match text.trim() {
                "0" => Value::Truth(false),
                "1" => Value::Truth(true),
                _ => return Err(is_wrong("neither 0 nor 1")),
            },
            "double" => {
                let number: f64 = text.trim().parse().map_err(|_| is_wrong("no number"))?;
                if !number.is_finite() {
                    return Err(is_wrong("no number"));
                }
                Value::Double(number)
            }
            "string" | "dateTime.iso8601" | "base64" => Value::Text(text),
            _ => return Err(is_wrong("an unknown type")),
        };
        self.close_here(tag)?;
        Ok(value)
    }

    fn members(&mut self, depth: usize) -> Result<Value, Malformed> {
        let mut members = BTreeMap::new();
        while !self.closes("struct") {
            self.open("member")?;
            self.open("name")?;
            let name = self.characters()?;
            self.close_here("name")?;
            let value = self.value(depth + 1)?;
            self.close("member")?;
            if members.insert(name, value).is_some() {
                return Err(self.wrong("a name that is there twice"));
            }
        }
        Ok(Value::Struct(members))
    }

    fn items(&mut self, depth: usize) -> Result<Value, Malformed> {
        self.open("data")?;
        let mut items = Vec::new();
        while !self.closes("data") {
            items.push(self.value(depth + 1)?);
        }
        self.close("array")?;
        Ok(Value::Array(items))
    }
}

fn entity(name: &str) -> Option<char> {
    let number = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        name => name.strip_prefix('#')?,
    };
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.starts_with('+') {
        return None;
    }
    u32::from_str_radix(digits, radix).ok().and_then(char::from_u32)
}

#[cfg(test)]
mod tests;
