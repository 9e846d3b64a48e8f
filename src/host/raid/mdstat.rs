//! `mdstat` (md(4)): a text made for people. A line that begins an array, indented ones about it.

use super::state::{self, Facts};
use crate::host::parse::{ParseError, Place, decimal, lines, unsigned, visible, words};
use crate::model::raid::{RaidAction, RaidArray, RaidMember, RaidMemberState};
use crate::model::{Bytes, BytesPerSecond, Percent, Reading, Reason, Seconds, Text};

const FILE: &str = "mdstat";

/// Parses `mdstat`; arrays in the kernel's order, containers left out.
///
/// # Errors
/// If an array's first line is not `name : state …`, or what should be a number is none. Lines and
/// words with other meanings are passed over.
pub fn parse_mdstat(bytes: &[u8]) -> Result<Vec<RaidArray>, ParseError> {
    let mut arrays = Vec::new();
    let mut open: Option<Draft> = None;
    for (place, line) in lines(FILE, bytes) {
        let indented = line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t'));
        match &mut open {
            Some(draft) if indented => draft.about(place, line)?,
            _ => {
                arrays.extend(open.take().and_then(Draft::finish));
                open = Draft::begin(place, line)?;
            }
        }
    }
    arrays.extend(open.and_then(Draft::finish));
    Ok(arrays)
}

/// An array whose lines are being read.
struct Draft {
    key: Text,
    runs: bool,
    level: Option<String>,
    members: Vec<RaidMember>,
    is_container: bool,
    size: Option<Bytes>,
    slots: Option<Vec<bool>>,
    wanted: Option<u32>,
    working: Option<u32>,
    copies: Option<usize>,
    action: Option<RaidAction>,
}

impl Draft {
    /// `md0 : active (auto-read-only) raid1 sdb1[1] sda1[0](F)`; nothing for the lines `Personalities :`
    /// and `unused devices:`.
    fn begin(place: Place, line: &[u8]) -> Result<Option<Self>, ParseError> {
        let mut words = words(line);
        let Some(name) = words.next() else { return Ok(None) };
        if words.next() != Some(b":") || name == b"Personalities" {
            return Ok(None);
        }
        let state = words.next().unwrap_or_default();
        let runs = match state {
            b"active" => true,
            b"inactive" | b"broken" => false,
            _ => return Err(place.expected("active, inactive or broken", state)),
        };
        let mut level = None;
        let mut members = Vec::new();
        for word in words {
            if let Some(bracket) = word.iter().position(|&byte| byte == b'[') {
                members.push(member(word, bracket));
            } else if !word.starts_with(b"(") && state != b"inactive" {
                level = Some(visible(word));
            }
        }
        Ok(Some(Self {
            key: visible(name).into(),
            runs,
            level,
            members,
            is_container: false,
            size: None,
            slots: None,
            wanted: None,
            working: None,
            copies: None,
            action: None,
        }))
    }

    fn about(&mut self, place: Place, line: &[u8]) -> Result<(), ParseError> {
        let mut before = &b""[..];
        for word in words(line) {
            match word {
                b"blocks" => self.size = Some(kibibytes(place, before)?),
                b"near-copies" | b"far-copies" | b"offset-copies" => {
                    // Near and far copies multiply.
                    let copies = usize::try_from(place.unsigned(before)?).unwrap_or(usize::MAX);
                    self.copies = Some(self.copies.unwrap_or(1).saturating_mul(copies));
                }
                _ => {}
            }
            if let Some(metadata) = word.strip_prefix(b"external:") {
                // An array in a container says which: `/md127/0`, or `-md127/0` while it is held.
                self.is_container = !metadata.starts_with(b"/") && !metadata.starts_with(b"-");
            }
            self.bracketed(word);
            before = word;
        }
        if let Some(action) = action(place, line)? {
            self.action = Some(action);
        }
        Ok(())
    }

    /// `[2/1]` and `[U_]`. Other things in brackets are progress bars and sizes of bitmaps.
    fn bracketed(&mut self, word: &[u8]) {
        let Some(inside) = word.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) else {
            return;
        };
        if let Some(slash) = inside.iter().position(|&byte| byte == b'/') {
            let number = |digits| unsigned(digits).and_then(|number| u32::try_from(number).ok());
            (self.wanted, self.working) = (number(&inside[..slash]), number(&inside[slash + 1..]));
        } else if !inside.is_empty() && inside.iter().all(|byte| matches!(byte, b'U' | b'_')) {
            self.slots = Some(inside.iter().map(|&byte| byte == b'U').collect());
        }
    }

    fn finish(self) -> Option<RaidArray> {
        if self.is_container && !self.runs {
            tracing::trace!(name = %self.key, "a container is no array");
            return None;
        }
        let state = state::decide(&Facts {
            runs: self.runs,
            level: self.level.as_deref(),
            slots: self.slots.as_deref(),
            copies: self.copies,
            members: &self.members,
            action: self.action.as_ref(),
        });
        let absent = Reason::NotSupported;
        Some(RaidArray {
            key: self.key,
            // The blocks of an array that does not run are those of its members together.
            size_bytes: Reading::from_option(self.size.filter(|_| self.level.is_some()), absent),
            level: Reading::from_option(self.level.map(Text::from), absent),
            state,
            devices_wanted: Reading::from_option(self.wanted, absent),
            devices_working: Reading::from_option(self.working, absent),
            members: self.members,
            action: self.action,
        })
    }
}

/// `sda1[0](W)(F)`: a device, its number in the array, what is special about it.
fn member(word: &[u8], bracket: usize) -> RaidMember {
    let (device, rest) = word.split_at(bracket);
    let has = |letter: u8| rest.windows(3).any(|three| three == [b'(', letter, b')']);
    // The kernel writes no more about one that failed; a spare can be marked to replace another.
    let state = match () {
        () if has(b'F') => RaidMemberState::Failed,
        () if has(b'J') => RaidMemberState::Journal,
        () if has(b'S') => RaidMemberState::Spare,
        () if has(b'R') => RaidMemberState::Replacement,
        () => RaidMemberState::Active,
    };
    RaidMember { device: visible(device).into(), state }
}

fn kibibytes(place: Place, token: &[u8]) -> Result<Bytes, ParseError> {
    let bytes = unsigned(token).and_then(|blocks| blocks.checked_mul(1024));
    bytes.map(Bytes).ok_or_else(|| place.expected("a number of blocks", token))
}

/// `[=>...]  recovery = 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec`, or
/// `resync=DELAYED`. A repair is called `resync` too.
fn action(place: Place, line: &[u8]) -> Result<Option<RaidAction>, ParseError> {
    const KINDS: [&[u8]; 5] = [b"recovery", b"resync", b"reshape", b"check", b"repair"];
    // Values stand behind `=`, with or without blanks: every second word is one.
    let spaced: Vec<u8> = line.iter().map(|&b| if b == b'=' { b' ' } else { b }).collect();
    let mut words = words(&spaced).skip_while(|word| !KINDS.contains(word));
    let Some(kind) = words.next() else { return Ok(None) };
    let mut action = RaidAction {
        kind: visible(kind).into(),
        done_percent: Reading::absent(Reason::Measuring),
        speed_bytes_per_second: Reading::absent(Reason::Measuring),
        remaining_seconds: Reading::absent(Reason::Measuring),
    };
    let Some(done) = words.next() else { return Ok(None) };
    let Some(percent) = done.strip_suffix(b"%") else { return Ok(Some(action)) };
    let percent = Percent::of(place.decimal(percent)?, 100.0);
    action.done_percent = Reading::from_option(percent.map(Percent::clamped), Reason::Malformed);
    while let Some(word) = words.next() {
        match word {
            b"finish" => {
                let minutes = words.next().and_then(|value| value.strip_suffix(b"min"));
                let seconds = minutes.and_then(decimal).map(|minutes| Seconds::new(minutes * 60.0));
                action.remaining_seconds = Reading::from_option(seconds, Reason::Malformed);
            }
            b"speed" => {
                let speed = words.next().and_then(|value| value.strip_suffix(b"K/sec"));
                let speed = speed.and_then(unsigned).and_then(|speed| speed.checked_mul(1024));
                action.speed_bytes_per_second =
                    Reading::from_option(speed.map(BytesPerSecond), Reason::Malformed);
            }
            _ => {}
        }
    }
    Ok(Some(action))
}
