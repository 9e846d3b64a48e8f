//! Values as D-Bus writes them (D-Bus Specification, "Marshaling"): as much of it as asking for
//! units takes. Bytes in, values out and the other way round; no I/O, and no length is believed.

/// What is wrong with what a bus sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A value or a message ends beyond its end.
    #[error("it ends too early")]
    Truncated,
    /// A message is larger than is read.
    #[error("it is longer than smonitor reads")]
    TooLong,
    /// Something else stands where this should.
    #[error("it has no {0}")]
    Missing(&'static str),
}

/// The order of bytes in a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `l`.
    Little,
    /// `B`.
    Big,
}

/// Reads values one after the other. Offsets, and so alignment, count from the start of `bytes`,
/// which is the start of a message or of its body (a multiple of 8).
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    order: Order,
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from the start.
    #[must_use]
    pub fn new(bytes: &'a [u8], order: Order) -> Self {
        Self { bytes, at: 0, order }
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// How far it has read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let end = self.at.checked_add(length).ok_or(WireError::Truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or(WireError::Truncated)?;
        self.at = end;
        Ok(taken)
    }

    /// Passes over the padding before a value that begins at a multiple of `to`.
    ///
    /// # Errors
    /// If there is none left.
    pub fn align(&mut self, to: usize) -> Result<(), WireError> {
        self.take(self.at.next_multiple_of(to) - self.at).map(|_| ())
    }

    /// A byte (`y`).
    ///
    /// # Errors
    /// If there is none left.
    pub fn byte(&mut self) -> Result<u8, WireError> {
        self.take(1)?.first().copied().ok_or(WireError::Truncated)
    }

    /// A number of 32 bits (`u`).
    ///
    /// # Errors
    /// If there is none left.
    pub fn u32(&mut self) -> Result<u32, WireError> {
        self.align(4)?;
        let bytes = self.take(4)?.try_into().map_err(|_| WireError::Truncated)?;
        Ok(match self.order {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        })
    }

    /// A number of 64 bits (`t`).
    ///
    /// # Errors
    /// If there is none left.
    pub fn u64(&mut self) -> Result<u64, WireError> {
        self.align(8)?;
        let bytes = self.take(8)?.try_into().map_err(|_| WireError::Truncated)?;
        Ok(match self.order {
            Order::Little => u64::from_le_bytes(bytes),
            Order::Big => u64::from_be_bytes(bytes),
        })
    }

    fn length(&mut self) -> Result<usize, WireError> {
        usize::try_from(self.u32()?).map_err(|_| WireError::Truncated)
    }

    /// A text or an object path (`s`, `o`), in whatever encoding it has.
    ///
    /// # Errors
    /// If it is not all there, or no 0 follows it.
    pub fn string(&mut self) -> Result<&'a [u8], WireError> {
        let length = self.length()?;
        self.terminated(length)
    }

    /// A signature (`g`).
    ///
    /// # Errors
    /// As for [`Self::string`].
    pub fn signature(&mut self) -> Result<&'a [u8], WireError> {
        let length = usize::from(self.byte()?);
        self.terminated(length)
    }

    fn terminated(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let text = self.take(length)?;
        match self.byte()? {
            0 => Ok(text),
            _ => Err(WireError::Missing("0 at the end of a text")),
        }
    }

    /// An array of values that begin at multiples of `alignment`: a reader that ends with it.
    ///
    /// # Errors
    /// If it is not all there.
    pub fn array(&mut self, alignment: usize) -> Result<Self, WireError> {
        let length = self.length()?;
        self.align(alignment)?;
        let start = self.at;
        self.take(length)?;
        Ok(Self { bytes: &self.bytes[..self.at], at: start, order: self.order })
    }

    /// Passes over a value of a basic type.
    ///
    /// # Errors
    /// If it is not all there, or of another type.
    pub(super) fn skip_basic(&mut self, kind: u8) -> Result<(), WireError> {
        match kind {
            b'y' => self.byte().map(|_| ()),
            b'n' | b'q' => self.align(2).and_then(|()| self.take(2)).map(|_| ()),
            b'b' | b'i' | b'u' | b'h' => self.u32().map(|_| ()),
            b'x' | b't' | b'd' => self.u64().map(|_| ()),
            b's' | b'o' => self.string().map(|_| ()),
            b'g' => self.signature().map(|_| ()),
            _ => Err(WireError::Missing("value of a basic type")),
        }
    }
}

/// Writes values one after the other, in little-endian.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Zeros up to a multiple of `to`.
    pub fn align(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
    }

    /// A byte.
    pub fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    /// A number of 32 bits.
    pub fn u32(&mut self, value: u32) {
        self.align(4);
        self.0.extend(value.to_le_bytes());
    }

    /// A text or an object path. All that smonitor sends is short.
    pub fn string(&mut self, text: &str) {
        self.u32(u32::try_from(text.len()).unwrap_or(u32::MAX));
        self.0.extend(text.as_bytes());
        self.0.push(0);
    }

    /// A signature.
    pub fn signature(&mut self, signature: &str) {
        self.0.push(u8::try_from(signature.len()).unwrap_or(u8::MAX));
        self.0.extend(signature.as_bytes());
        self.0.push(0);
    }

    /// An array of values that begin at multiples of `alignment`, whose length is filled in
    /// afterwards.
    pub fn array(&mut self, alignment: usize, fill: impl FnOnce(&mut Self)) {
        self.u32(0);
        let length_at = self.0.len() - 4;
        self.align(alignment);
        let start = self.0.len();
        fill(self);
        let length = u32::try_from(self.0.len() - start).unwrap_or(u32::MAX);
        self.0[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
    }

    /// Bytes as they are.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }
}

#[cfg(test)]
mod tests;
