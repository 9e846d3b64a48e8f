//! One value of one file of a sensor: the number, or why there is none.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use rustix::io::Errno;

use crate::host::files;
use crate::host::parse::signed;
use crate::model::{Celsius, Reading, Reason, Volts, Watts};

/// Longer than any number.
const MOST: u64 = 64;

/// Reads a number.
///
/// # Errors
/// [`Reason::Gone`] if the file is there no more, [`Reason::NotSupported`] if the chip has no value
/// now (it sleeps, or nothing is attached to it), else as for [`files::reason`].
pub fn read(path: &Path) -> Result<i64, Reason> {
    let file = File::open(path).map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::NOENT | Errno::NODEV) => Reason::Gone,
        _ => files::reason(&error),
    })?;
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
    parse(&bytes).ok_or(Reason::Malformed)
}

/// Why an opened file of a sensor gave nothing.
#[must_use]
pub fn reason(error: &io::Error) -> Reason {
    match Errno::from_io_error(error) {
        // Nothing measured yet or nothing attached; a zone that is switched off; a device that
        // sleeps, for which graphics drivers say "not permitted" though it could be opened.
        Some(Errno::NODATA | Errno::NXIO | Errno::AGAIN | Errno::INVAL | Errno::PERM) => {
            Reason::NotSupported
        }
        Some(Errno::NODEV) => Reason::Gone,
        _ => files::reason(error),
    }
}

/// A whole number and a line end.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<i64> {
    signed(bytes.trim_ascii())
}

/// Thousandths of a degree. Colder than cold is no temperature.
#[must_use]
pub fn celsius(thousandths: i64) -> Reading<Celsius> {
    let celsius = (thousandths >= -273_000).then(|| Celsius::new(thousandths as f64 / 1e3));
    Reading::from_option(celsius, Reason::Malformed)
}

/// A limit in thousandths of a degree: chips say 0, -128 or what 16 bits can hold if they have
/// none.
#[must_use]
pub fn limit(thousandths: i64) -> Reading<Celsius> {
    let is_limit = (1..1_000_000).contains(&thousandths);
    let celsius = is_limit.then(|| Celsius::new(thousandths as f64 / 1e3));
    Reading::from_option(celsius, Reason::NotSupported)
}

/// Revolutions per minute. All that 16 bits can hold is what drivers say where there is no fan.
#[must_use]
pub fn revolutions(number: i64) -> Reading<u32> {
    match u32::try_from(number) {
        Ok(0xffff) => Reading::absent(Reason::NotSupported),
        Ok(number) => Reading::Present(number),
        Err(_) => Reading::absent(Reason::Malformed),
    }
}

/// The least revolutions per minute; 0 is no limit.
#[must_use]
pub fn low_revolutions(number: i64) -> Reading<u32> {
    match number {
        ..=0 => Reading::absent(Reason::NotSupported),
        number => revolutions(number),
    }
}

/// Millionths of a watt. A battery that is charged draws less than nothing.
#[must_use]
pub fn watts(millionths: i64) -> Reading<Watts> {
    Reading::Present(Watts::new(millionths as f64 / 1e6))
}

/// A limit in millionths of a watt; 0 is none.
#[must_use]
pub fn limit_watts(millionths: i64) -> Reading<Watts> {
    match millionths {
        ..=0 => Reading::absent(Reason::NotSupported),
        millionths => watts(millionths),
    }
}

/// Thousandths of a volt.
#[must_use]
pub fn volts(thousandths: i64) -> Reading<Volts> {
    Reading::Present(Volts::new(thousandths as f64 / 1e3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_of_the_kernel_document() {
        assert_eq!(celsius(45_250), Reading::Present(Celsius(45.3)));
        assert_eq!(celsius(-12_000), Reading::Present(Celsius(-12.0)));
        assert_eq!(celsius(-273_150), Reading::absent(Reason::Malformed));
        assert_eq!(watts(15_300_000), Reading::Present(Watts(15.3)));
        assert_eq!(volts(3328), Reading::Present(Volts(3.328)));
        assert_eq!(revolutions(0), Reading::Present(0));
        assert_eq!(revolutions(-1), Reading::absent(Reason::Malformed));
        assert_eq!(revolutions(65_535), Reading::absent(Reason::NotSupported));
    }

    #[test]
    fn what_stands_for_no_limit_is_none() {
        assert_eq!(limit(100_000), Reading::Present(Celsius(100.0)));
        assert_eq!(low_revolutions(600), Reading::Present(600));
        assert_eq!(low_revolutions(0), Reading::absent(Reason::NotSupported));
        assert_eq!(limit_watts(0), Reading::absent(Reason::NotSupported));
        assert_eq!(limit_watts(60_000_000), Reading::Present(Watts(60.0)));
        // 0 Kelvin, 0 °C, 65,535 Kelvin.
        for none in [-273_150, -128_000, 0, 65_261_850, i64::MAX] {
            assert_eq!(limit(none), Reading::absent(Reason::NotSupported), "{none}");
        }
    }

    #[test]
    fn every_error_has_its_reason() {
        for (errno, wanted) in [
            (Errno::NODATA, Reason::NotSupported),
            (Errno::NXIO, Reason::NotSupported),
            (Errno::AGAIN, Reason::NotSupported),
            (Errno::PERM, Reason::NotSupported),
            (Errno::OPNOTSUPP, Reason::NotSupported),
            (Errno::NODEV, Reason::Gone),
            (Errno::IO, Reason::ReadFailed),
            (Errno::TIMEDOUT, Reason::ReadFailed),
        ] {
            assert_eq!(reason(&io::Error::from(errno)), wanted, "{errno}");
        }
        assert_eq!(read(Path::new("there/is/no/such")), Err(Reason::Gone));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>, number: i64) {
            let _ = parse(&bytes);
            proptest::prop_assert_eq!(parse(format!("{number}\n").as_bytes()), Some(number));
            for reading in [celsius(number), limit(number)] {
                proptest::prop_assert!(reading.present().is_none_or(|celsius| celsius.0 >= -273.0));
            }
            let _ = (revolutions(number), watts(number), volts(number));
        }
    }
}
