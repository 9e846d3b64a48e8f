//! Messages of D-Bus (D-Bus Specification, "Message Format"): calls out, answers in. No I/O.

use super::wire::{Order, Reader, WireError, Writer};

/// What comes before the length of a message is known.
pub const PREFIX: usize = 16;

/// The longest message that is read. A machine with ten thousand failed units stays below it.
pub const LONGEST: usize = 4 << 20;

/// `METHOD_CALL`.
const CALL: u8 = 1;
/// `METHOD_RETURN`.
const RETURN: u8 = 2;
/// `ERROR`.
const ERROR: u8 = 3;

/// `NO_AUTO_START`: asking starts nothing.
const NO_AUTO_START: u8 = 2;

/// The version of the protocol, the only one there is.
const VERSION: u8 = 1;

/// The call of a method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call<'a> {
    /// Of whom.
    pub destination: &'a str,
    /// Of which object.
    pub path: &'a str,
    /// Of which of its interfaces.
    pub interface: &'a str,
    /// Which.
    pub member: &'a str,
    /// Types of the arguments; empty if there are none.
    pub signature: &'a str,
    /// The arguments.
    pub body: Vec<u8>,
}

impl Call<'_> {
    /// The call as it is sent, with this number.
    #[must_use]
    pub fn encode(&self, serial: u32) -> Vec<u8> {
        let mut out = Writer::default();
        for byte in [b'l', CALL, NO_AUTO_START, VERSION] {
            out.byte(byte);
        }
        out.u32(u32::try_from(self.body.len()).unwrap_or(u32::MAX));
        out.u32(serial);
        out.array(8, |out| {
            let texts = [
                (1, "o", self.path),
                (2, "s", self.interface),
                (3, "s", self.member),
                (6, "s", self.destination),
            ];
            for (code, signature, text) in texts {
                out.align(8);
                out.byte(code);
                out.signature(signature);
                out.string(text);
            }
            if !self.signature.is_empty() {
                out.align(8);
                out.byte(8);
                out.signature("g");
                out.signature(self.signature);
            }
        });
        out.align(8);
        out.append(&self.body);
        out.into_bytes()
    }
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    /// The answer to a call.
    Return,
    /// The call failed; the error's name.
    Error(&'a [u8]),
    /// A call, a signal, or what newer versions may bring.
    Other,
}

/// A message that came.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// What it is.
    pub kind: Kind<'a>,
    /// Which call it answers; 0 if none.
    pub reply_to: u32,
    /// Types of the values in it.
    pub signature: &'a [u8],
    /// The values.
    pub body: Reader<'a>,
}

/// How long a message is that begins like this.
///
/// # Errors
/// If it begins like none, or is longer than [`LONGEST`].
pub fn length(prefix: &[u8; PREFIX]) -> Result<usize, WireError> {
    let order = order(prefix[0])?;
    if prefix[3] != VERSION {
        return Err(WireError::Missing("version 1"));
    }
    let mut reader = Reader::new(prefix, order);
    reader.u32()?;
    let body = u64::from(reader.u32()?);
    reader.u32()?;
    let fields = u64::from(reader.u32()?);
    let length = PREFIX as u64 + fields.next_multiple_of(8) + body;
    let length = usize::try_from(length).map_err(|_| WireError::TooLong)?;
    if length > LONGEST { Err(WireError::TooLong) } else { Ok(length) }
}

fn order(byte: u8) -> Result<Order, WireError> {
    match byte {
        b'l' => Ok(Order::Little),
        b'B' => Ok(Order::Big),
        _ => Err(WireError::Missing("order of bytes")),
    }
}

impl<'a> Message<'a> {
    /// Parses a whole message.
    ///
    /// # Errors
    /// If it is malformed, longer or shorter than it says, or an answer that does not say to what.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        let prefix = bytes.first_chunk().ok_or(WireError::Truncated)?;
        if length(prefix)? != bytes.len() {
            return Err(WireError::Truncated);
        }
        let order = order(prefix[0])?;
        let mut reader = Reader::new(bytes, order);
        for _ in 0..3 {
            reader.u32()?;
        }
        let mut fields = reader.array(8)?;
        reader.align(8)?;
        let body = Reader::new(&bytes[reader.position()..], order);
        let (mut reply_to, mut signature, mut error) = (0, &b""[..], None);
        while !fields.is_empty() {
            fields.align(8)?;
            let code = fields.byte()?;
            match (code, fields.signature()?) {
                (4, b"s") => error = Some(fields.string()?),
                (5, b"u") => reply_to = fields.u32()?,
                (8, b"g") => signature = fields.signature()?,
                (4 | 5 | 8, _) => return Err(WireError::Missing("field of the type it must have")),
                (_, [kind]) => fields.skip_basic(*kind)?,
                _ => return Err(WireError::Missing("field of a basic type")),
            }
        }
        let kind = match prefix[1] {
            0 => return Err(WireError::Missing("type")),
            RETURN => Kind::Return,
            ERROR => Kind::Error(error.ok_or(WireError::Missing("name of the error"))?),
            _ => Kind::Other,
        };
        if kind != Kind::Other && reply_to == 0 {
            return Err(WireError::Missing("number of the call it answers"));
        }
        Ok(Self { kind, reply_to, signature, body })
    }
}

#[cfg(test)]
mod tests;
