//! Pressure stall information (kernel document accounting/psi.rst). Used by other sources.

use super::parse::{ParseError, lines, words};
use crate::model::pressure::{Pressure, PressureLine};
use crate::model::{Percent, Reading, Reason, Seconds};

/// Parses one file of `pressure/`.
///
/// # Errors
/// If there is no `some` line or a line is not in the documented form. Unknown lines and keys are
/// passed over.
pub fn parse(bytes: &[u8]) -> Result<Pressure, ParseError> {
    const FILE: &str = "pressure";
    let mut some = None;
    let mut full = None;
    for (place, line) in lines(FILE, bytes) {
        let mut words = words(line);
        let kind = match words.next() {
            Some(b"some") => &mut some,
            Some(b"full") => &mut full,
            _ => continue,
        };
        let [mut ten, mut sixty, mut three_hundred] = [None; 3];
        let mut total = None;
        for word in words {
            let Some(equals) = word.iter().position(|&byte| byte == b'=') else {
                return Err(place.expected("key=value", word));
            };
            let (key, value) = (&word[..equals], &word[equals + 1..]);
            match key {
                b"avg10" => ten = Some(place.decimal(value)?),
                b"avg60" => sixty = Some(place.decimal(value)?),
                b"avg300" => three_hundred = Some(place.decimal(value)?),
                b"total" => total = Some(place.unsigned(value)?),
                _ => {}
            }
        }
        let (Some(ten), Some(sixty), Some(three_hundred), Some(total)) =
            (ten, sixty, three_hundred, total)
        else {
            return Err(place.expected("avg10, avg60, avg300 and total", line));
        };
        *kind = Some(PressureLine {
            average_10s_percent: percent(ten),
            average_60s_percent: percent(sixty),
            average_300s_percent: percent(three_hundred),
            total_seconds: seconds(total),
        });
    }
    let some = some.ok_or(ParseError::Missing { file: FILE, wanted: "line \"some\"" })?;
    Ok(Pressure { some, full: Reading::from_option(full, Reason::NotSupported) })
}

/// The kernel gives per cent with two decimals.
fn percent(value: f64) -> Percent {
    Percent::of(value, 100.0).unwrap_or_default().clamped()
}

/// The kernel gives microseconds.
#[expect(clippy::cast_precision_loss, reason = "milliseconds are kept; 53 bits are 285 years")]
fn seconds(micros: u64) -> Seconds {
    Seconds::new(micros as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = b"some avg10=1.26 avg60=0.41 avg300=100.00 total=12837667\n\
                          full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";

    #[test]
    fn both_lines_are_read() {
        let pressure = parse(FILE).unwrap();
        assert_eq!(pressure.some.average_10s_percent, Percent(1.3));
        assert_eq!(pressure.some.average_300s_percent, Percent(100.0));
        assert_eq!(pressure.some.total_seconds, Seconds(12.837_667));
        assert_eq!(pressure.full.present().unwrap().total_seconds, Seconds(0.0));
    }

    #[test]
    fn before_5_13_the_processors_have_no_full_line() {
        let first = &FILE[..FILE.iter().position(|&byte| byte == b'\n').unwrap()];
        assert_eq!(parse(first).unwrap().full.reason(), Some(Reason::NotSupported));
    }

    #[test]
    fn errors_name_the_token() {
        let error = parse(b"some avg10=1.2.3 avg60=0 avg300=0 total=0").unwrap_err();
        assert_eq!(error.to_string(), "pressure, line 1: wanted a decimal number, found \"1.2.3\"");
        assert_eq!(parse(b"").unwrap_err().to_string(), "pressure: has no line \"some\"");
        assert!(parse(b"some avg10=1").is_err());
        assert!(parse(b"some avg10 avg60").is_err());
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_stays_in_range(text in "(some|full)?( (avg10|avg60|avg300|total)=[0-9.]{0,9}){0,5}\n?.*") {
            if let Ok(pressure) = parse(text.as_bytes()) {
                proptest::prop_assert!((0.0..=100.0).contains(&pressure.some.average_10s_percent.0));
            }
        }
    }
}
