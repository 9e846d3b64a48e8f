//! `diskstats` (kernel document admin-guide/iostats.rst): what every block device did since boot.

use crate::host::parse::{ParseError, Place, lines, words};

/// What a device did since boot, or since it was plugged in.
///
/// The kernel prints times as 32 bits of milliseconds, so that they start over after 49.7 days of
/// being busy; kernels of 32 bits do the same with the other counters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Field 1: finished reads.
    pub reads: u64,
    /// Field 3: sectors read, of 512 bytes whatever the device's own are.
    pub read_sectors: u64,
    /// Field 4: milliseconds that reads took, all together.
    pub read_millis: u64,
    /// Field 5: finished writes.
    pub writes: u64,
    /// Field 7: sectors written.
    pub written_sectors: u64,
    /// Field 8: milliseconds that writes took, all together.
    pub write_millis: u64,
    /// Field 10: milliseconds with anything in flight.
    pub busy_millis: u64,
    /// Field 11: milliseconds times requests in flight.
    pub weighted_millis: u64,
}

/// So many requests take some milliseconds together on any device.
const SURELY_TIMED: u64 = 1000;

impl Counters {
    /// Whether the kernel counts times of this device: for arrays and mappings some kernels (all
    /// before 5.10) only count requests, and their times stay 0.
    #[must_use]
    pub fn are_timed(&self) -> bool {
        let times = [self.read_millis, self.write_millis, self.busy_millis, self.weighted_millis];
        self.reads.saturating_add(self.writes) < SURELY_TIMED || times.iter().any(|time| *time > 0)
    }

    /// The counters of two ways to the same device.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            reads: self.reads.saturating_add(other.reads),
            read_sectors: self.read_sectors.saturating_add(other.read_sectors),
            read_millis: self.read_millis.saturating_add(other.read_millis),
            writes: self.writes.saturating_add(other.writes),
            written_sectors: self.written_sectors.saturating_add(other.written_sectors),
            write_millis: self.write_millis.saturating_add(other.write_millis),
            busy_millis: self.busy_millis.saturating_add(other.busy_millis),
            weighted_millis: self.weighted_millis.saturating_add(other.weighted_millis),
        }
    }
}

/// One device or partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Major and minor number.
    pub number: (u32, u32),
    /// The kernel's name; one with a slash in it (`cciss/c0d0`) is in sysfs with a `!` instead.
    pub name: &'a [u8],
    /// What it did.
    pub counters: Counters,
}

/// Parses `diskstats`. Since 4.18 there are counters of discards after the first eleven and since
/// 5.5 of flushes; they and whatever comes later are passed over. Before 2.6.25 partitions had
/// four counters with other meanings; those lines are passed over too.
///
/// # Errors
/// If a line is not in a documented form.
pub fn parse_diskstats(bytes: &[u8]) -> Result<Vec<Line<'_>>, ParseError> {
    let mut found = Vec::new();
    for (place, line) in lines("diskstats", bytes) {
        let mut words = words(line);
        let Some(major) = words.next() else { continue };
        let minor = words.next().unwrap_or_default();
        let number = (number(place, major)?, number(place, minor)?);
        let name = words.next().ok_or_else(|| place.expected("the name of a device", line))?;
        let mut fields = [&b""[..]; 11];
        let count = fields.iter_mut().zip(words).map(|(slot, word)| *slot = word).count();
        match count {
            11 => {
                found.push(Line { number, name, counters: counters(place, &fields)? });
            }
            4 => {}
            _ => return Err(place.expected("11 counters or more", line)),
        }
    }
    Ok(found)
}

fn number(place: Place, word: &[u8]) -> Result<u32, ParseError> {
    let number = place.unsigned(word)?;
    u32::try_from(number).map_err(|_| place.expected("a device number", word))
}

/// Field 9, requests in flight, is not read: some kernels let it fall below zero.
fn counters(place: Place, fields: &[&[u8]; 11]) -> Result<Counters, ParseError> {
    let field = |number: usize| place.unsigned(fields[number - 1]);
    Ok(Counters {
        reads: field(1)?,
        read_sectors: field(3)?,
        read_millis: field(4)?,
        writes: field(5)?,
        written_sectors: field(7)?,
        write_millis: field(8)?,
        busy_millis: field(10)?,
        weighted_millis: field(11)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(bytes: &[u8]) -> Counters {
        let lines = parse_diskstats(bytes).unwrap();
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines[0].counters
    }

    #[test]
    fn every_kernels_form_gives_the_same_eleven() {
        let wanted = Counters {
            reads: 1,
            read_sectors: 3,
            read_millis: 4,
            writes: 5,
            written_sectors: 7,
            write_millis: 8,
            busy_millis: 10,
            weighted_millis: 11,
        };
        for form in [
            "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n",
            "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n",
            "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n",
            "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 later\n",
            "8 0 sda 1 2 3 4 5 6 7 8 -1 10 11\n\n",
        ] {
            assert_eq!(one(form.as_bytes()), wanted, "{form}");
        }
    }

    #[test]
    fn names_and_numbers_are_kept_in_order() {
        let bytes =
            b" 259 0 nvme0n1 1 0 8 1 0 0 0 0 0 1 1\n 104 16 cciss/c0d1 0 0 0 0 0 0 0 0 0 0 0\n";
        let lines = parse_diskstats(bytes).unwrap();
        let names: Vec<_> = lines.iter().map(|line| (line.number, line.name)).collect();
        assert_eq!(names, [((259, 0), &b"nvme0n1"[..]), ((104, 16), b"cciss/c0d1")]);
    }

    #[test]
    fn partitions_before_2_6_25_have_no_such_counters() {
        let bytes = b"8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n   8    1 sda1 35486 0 35496 38030\n";
        assert_eq!(parse_diskstats(bytes).unwrap().len(), 1);
        assert_eq!(parse_diskstats(b"").unwrap(), []);
    }

    #[test]
    fn errors_name_the_token() {
        for (bytes, error) in [
            (&b"8 0 sda 1 2 3\n"[..], "wanted 11 counters or more, found \"8 0 sda 1 2 3\""),
            (b"8 0 sda 1 2 x 4 5 6 7 8 9 10 11", "wanted a whole number, found \"x\""),
            (b"8 0", "wanted the name of a device, found \"8 0\""),
            (b"8 4294967296 sda", "wanted a device number, found \"4294967296\""),
            (b"sda 1", "wanted a whole number, found \"sda\""),
        ] {
            let found = parse_diskstats(bytes).unwrap_err().to_string();
            assert_eq!(found, format!("diskstats, line 1: {error}"));
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(
            bytes: Vec<u8>,
            text in "( {0,3}[0-9]{1,12} +[0-9]{1,3} (sda|nvme0n1|dm-0)( -?[0-9x]{0,21}){0,20}\n){0,4}",
        ) {
            for input in [&bytes[..], text.as_bytes()] {
                if let Ok(lines) = parse_diskstats(input) {
                    proptest::prop_assert!(lines.iter().all(|line| !line.name.is_empty()));
                }
            }
        }
    }
}
