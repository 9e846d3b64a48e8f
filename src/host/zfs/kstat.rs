//! The forms of statistics that the ZFS module shows below `spl/kstat/zfs`: a line about the
//! statistic, a line of headings, and then values.

use crate::host::parse::{ParseError, lines, words};
use crate::model::zfs::{ZfsCache, ZfsState};
use crate::model::{Bytes, Reason};

/// What was read and written since the datasets were mounted, or the pool was imported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Transferred {
    /// `nread`: bytes.
    pub read: u64,
    /// `nwritten`: bytes.
    pub written: u64,
}

/// Parses `<pool>/objset-*`: a line for each value, `name type data`.
///
/// # Errors
/// If `nread` or `nwritten` are missing or no numbers.
pub fn parse_objset(bytes: &[u8]) -> Result<Transferred, ParseError> {
    const FILE: &str = "objset";
    let [read, written] = named(FILE, bytes, [b"nread", b"nwritten"])?;
    let missing = |wanted| ParseError::Missing { file: FILE, wanted };
    Ok(Transferred {
        read: read.ok_or(missing("nread"))?,
        written: written.ok_or(missing("nwritten"))?,
    })
}

/// Parses `<pool>/io`, which was there before 2.1: a line of names, and one of values.
///
/// # Errors
/// If a name has no value, or `nread` or `nwritten` are missing or no numbers.
pub fn parse_io(bytes: &[u8]) -> Result<Transferred, ParseError> {
    const FILE: &str = "io";
    let missing = |wanted| ParseError::Missing { file: FILE, wanted };
    let mut rows = lines(FILE, bytes).skip(1);
    let (_, names) = rows.next().ok_or(missing("names"))?;
    let (place, values) = rows.next().ok_or(missing("values"))?;
    let value = |wanted: &'static str| {
        let column = words(names).position(|name| name == wanted.as_bytes());
        let token = words(values).nth(column.ok_or(missing(wanted))?);
        place.unsigned(token.unwrap_or_default())
    };
    Ok(Transferred { read: value("nread")?, written: value("nwritten")? })
}

/// Parses `arcstats`.
///
/// # Errors
/// If one of the values that are used is missing or no number.
pub fn parse_arcstats(bytes: &[u8]) -> Result<ZfsCache, ParseError> {
    const FILE: &str = "arcstats";
    let wanted = ["size", "c", "c_max", "hits", "misses"];
    let values = named(FILE, bytes, wanted.map(str::as_bytes))?;
    let [size, target, limit, hits, misses] = values;
    let missing = |wanted| ParseError::Missing { file: FILE, wanted };
    Ok(ZfsCache {
        size_bytes: Bytes(size.ok_or(missing("size"))?),
        target_bytes: Bytes(target.ok_or(missing("c"))?),
        limit_bytes: Bytes(limit.ok_or(missing("c_max"))?),
        hits_total: hits.ok_or(missing("hits"))?,
        misses_total: misses.ok_or(missing("misses"))?,
    })
}

/// Parses `<pool>/state`: a word. While a pool is imported or exported it is `TRANSITIONING`.
///
/// # Errors
/// [`Reason::Gone`] for a pool in transition, [`Reason::Malformed`] for an unknown word.
pub fn parse_state(bytes: &[u8]) -> Result<ZfsState, Reason> {
    match bytes.trim_ascii() {
        b"ONLINE" => Ok(ZfsState::Online),
        b"DEGRADED" => Ok(ZfsState::Degraded),
        b"FAULTED" => Ok(ZfsState::Faulted),
        b"OFFLINE" => Ok(ZfsState::Offline),
        b"REMOVED" => Ok(ZfsState::Removed),
        b"UNAVAIL" => Ok(ZfsState::Unavailable),
        b"SUSPENDED" => Ok(ZfsState::Suspended),
        b"TRANSITIONING" => Err(Reason::Gone),
        _ => Err(Reason::Malformed),
    }
}

/// The values with these names. What is text (a dataset's name) can hold blanks and is passed over.
fn named<const N: usize>(
    file: &'static str,
    bytes: &[u8],
    wanted: [&[u8]; N],
) -> Result<[Option<u64>; N], ParseError> {
    let mut values = [None; N];
    for (place, line) in lines(file, bytes).skip(2) {
        let mut words = words(line);
        let name = words.next();
        let Some(index) = wanted.iter().position(|wanted| Some(*wanted) == name) else { continue };
        values[index] = Some(place.unsigned(words.nth(1).unwrap_or_default())?);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJSET: &[u8] = b"41 1 0x01 7 2160 5214787391 73405258558961\n\
        name                            type data\n\
        dataset_name                    7    tank/my home nread 4 5\n\
        writes                          4    409570\n\
        nwritten                        4    2063419969\n\
        reads                           4    22108699\n\
        nread                           4    63067280992\n\
        nunlinks                        4    13849\n";

    const IO: &[u8] = b"12 3 0x00 1 80 14287352349 73405258558961\n\
        nread    nwritten reads    writes   wtime    wlentime wupdate  rtime    rlentime rupdate  wcnt     rcnt    \n\
        1623019520 48943104 98761  2743     1        2        3        4        5        6        0        0       \n";

    const ARCSTATS: &[u8] = b"13 1 0x01 96 26112 5211785498 73427853493233\n\
        name                            type data\n\
        hits                            4    1386014\n\
        misses                          4    5021\n\
        demand_data_hits                4    1\n\
        c                               4    8589934592\n\
        c_min                           4    1041297152\n\
        c_max                           4    16660754432\n\
        size                            4    8411029504\n\
        compressed_size                 4    1\n";

    #[test]
    fn an_objset_has_a_line_per_value() {
        let wanted = Transferred { read: 63_067_280_992, written: 2_063_419_969 };
        assert_eq!(parse_objset(OBJSET).unwrap(), wanted);
        let error = parse_objset(b"1 1\nname type data\nnread 4 1\n").unwrap_err();
        assert_eq!(error.to_string(), "objset: has no nwritten");
        let error = parse_objset(b"1 1\nname type data\nnread 4 x\n").unwrap_err();
        assert_eq!(error.to_string(), "objset, line 3: wanted a whole number, found \"x\"");
    }

    #[test]
    fn io_has_a_line_of_values() {
        let wanted = Transferred { read: 1_623_019_520, written: 48_943_104 };
        assert_eq!(parse_io(IO).unwrap(), wanted);
        for (bytes, error) in [
            (&b""[..], "io: has no names"),
            (b"1\nnread nwritten", "io: has no values"),
            (b"1\nnread\n5\n", "io: has no nwritten"),
            (b"1\nnread nwritten\n5\n", "io, line 3: wanted a whole number, found \"\""),
        ] {
            assert_eq!(parse_io(bytes).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn the_cache_has_size_target_limit_hits_and_misses() {
        let cache = parse_arcstats(ARCSTATS).unwrap();
        assert_eq!(cache.size_bytes, Bytes(8_411_029_504));
        assert_eq!(cache.target_bytes, Bytes(8_589_934_592));
        assert_eq!(cache.limit_bytes, Bytes(16_660_754_432));
        assert_eq!((cache.hits_total, cache.misses_total), (1_386_014, 5021));
        let without = String::from_utf8_lossy(ARCSTATS).replace("c_max", "c_xam");
        let error = parse_arcstats(without.as_bytes()).unwrap_err().to_string();
        assert_eq!(error, "arcstats: has no c_max");
    }

    #[test]
    fn a_state_is_a_word_of_a_list() {
        assert_eq!(parse_state(b"ONLINE\n"), Ok(ZfsState::Online));
        assert_eq!(parse_state(b"UNAVAIL\n"), Ok(ZfsState::Unavailable));
        assert_eq!(parse_state(b"SUSPENDED"), Ok(ZfsState::Suspended));
        assert_eq!(parse_state(b"TRANSITIONING\n"), Err(Reason::Gone));
        for bad in [&b""[..], b"online", b"SPLIT\n", b"ONLINE DEGRADED\n", b"\xff"] {
            assert_eq!(parse_state(bad), Err(Reason::Malformed), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(
            bytes: Vec<u8>,
            text in "[0-9 x]{0,9}\n(name|nread|nwritten| ){0,4}\n((nread|nwritten|size|c|c_max|hits|misses|1|2)( +[0-9]{0,21}){0,3}\n){0,9}",
        ) {
            for input in [&bytes[..], text.as_bytes()] {
                let _ = (parse_objset(input), parse_io(input), parse_arcstats(input));
                let _ = parse_state(input);
            }
        }
    }
}
