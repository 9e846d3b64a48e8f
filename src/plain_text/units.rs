//! Values as text: units as on the page, an absent value as `–`.

use crate::model::{
    BitsPerSecond, Bytes, BytesPerSecond, Percent, Reading, Reason, Seconds, UnixMillis,
};

/// A value, or `–` and why there is none.
pub fn shown<T>(reading: &Reading<T>, show: impl FnOnce(&T) -> String) -> String {
    match reading {
        Reading::Present(value) => show(value),
        Reading::Absent { absent } => format!("– ({absent})"),
    }
}

/// The same for a cell of a table, which has no room for a reason.
pub fn cell<T>(reading: &Reading<T>, show: impl FnOnce(&T) -> String) -> String {
    reading.present().map_or_else(|| "–".to_owned(), show)
}

/// A share: `42 %`.
#[must_use]
pub fn percent(percent: Percent) -> String {
    format!("{:.0} %", percent.0)
}

/// Memory and space in powers of 1024: `21.1 GiB`.
#[must_use]
pub fn bytes(bytes: Bytes) -> String {
    scaled(bytes.0, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB", "PiB"])
}

/// Rates of disks in powers of 1000: `1.2 MB/s`.
#[must_use]
pub fn bytes_per_second(rate: BytesPerSecond) -> String {
    scaled(rate.0, 1000.0, &["B/s", "kB/s", "MB/s", "GB/s", "TB/s", "PB/s"])
}

/// Rates of a network in powers of 1000: `1.2 Gbit/s`.
#[must_use]
pub fn bits_per_second(rate: BitsPerSecond) -> String {
    scaled(rate.0, 1000.0, &["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"])
}

/// One decimal under a hundred, none for whole units.
fn scaled(value: u64, base: f64, units: &[&str]) -> String {
    let mut value = value as f64;
    let mut unit = 0;
    // 1023.95 would be shown as 1024.0 of the smaller unit.
    while value >= base - 0.05 && unit + 1 < units.len() {
        value /= base;
        unit += 1;
    }
    let decimals = usize::from(unit > 0 && value < 99.95);
    format!("{value:.decimals$} {}", units[unit])
}

/// `41 d 03:12`, or `03:12:45` within a day.
#[must_use]
pub fn duration(seconds: Seconds) -> String {
    let whole = seconds.0.max(0.0) as u64;
    let (days, hours, minutes) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60);
    if days > 0 {
        format!("{days} d {hours:02}:{minutes:02}")
    } else {
        format!("{hours:02}:{minutes:02}:{:02}", whole % 60)
    }
}

/// How long something has been so, in one unit: `8 s`, `12 min`, `3 h`, `2 d`.
#[must_use]
pub fn age(millis: i64) -> String {
    // What began less than a second ago has not been so for no time at all.
    let seconds = (millis.max(0) as u64).div_ceil(1000).max(1);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// The same for a duration.
#[must_use]
pub fn time(seconds: Seconds) -> String {
    age((seconds.0 * 1000.0) as i64)
}

/// The day of a moment by UTC, `2026-11-29`.
#[must_use]
pub fn date(at: UnixMillis) -> String {
    // Days are counted from the 1st of March of the year 0, so that the day that is not always there
    // is the last of a year; 400 years have always as many days.
    const DAYS_OF_400_YEARS: i64 = 146_097;
    let day = at.0.div_euclid(86_400_000) + 719_468;
    let era = day.div_euclid(DAYS_OF_400_YEARS);
    let day = day.rem_euclid(DAYS_OF_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + later)
}

/// A card's model without the maker, who is the same everywhere.
#[must_use]
pub fn short_model(name: &str) -> &str {
    name.trim_start_matches("NVIDIA ").trim_start_matches("GeForce ")
}

/// A reason as words of a sentence.
#[must_use]
pub fn reason_words(reason: Reason) -> String {
    reason.as_str().replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_decimal_under_a_hundred() {
        for (number, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (102_400, "100 KiB"),
            (1_073_741_823, "1.0 GiB"),
            (432_551_231_488, "403 GiB"),
            (u64::MAX, "16384 PiB"),
        ] {
            assert_eq!(bytes(Bytes(number)), text);
        }
    }

    #[test]
    fn rates_are_in_powers_of_a_thousand() {
        assert_eq!(bytes_per_second(BytesPerSecond(999)), "999 B/s");
        assert_eq!(bytes_per_second(BytesPerSecond(1000)), "1.0 kB/s");
        assert_eq!(bytes_per_second(BytesPerSecond(999_999)), "1.0 MB/s");
        assert_eq!(bits_per_second(BitsPerSecond(100_000_000_000)), "100 Gbit/s");
        assert_eq!(bits_per_second(BitsPerSecond(u64::MAX)), "18446744 Tbit/s");
    }

    #[test]
    fn ages_are_in_the_unit_that_tells_most() {
        for (millis, text) in [
            (-5, "1 s"),
            (0, "1 s"),
            (1001, "2 s"),
            (119_000, "119 s"),
            (120_000, "2 min"),
            (7_199_000, "119 min"),
            (7_200_000, "2 h"),
            (172_800_000, "2 d"),
            (i64::MAX, "106751991167 d"),
        ] {
            assert_eq!(age(millis), text);
        }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (days, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_777, "2026-11-20"),
            (20_818, "2026-12-31"),
            (20_819, "2027-01-01"),
            (21_243, "2028-02-29"),
            (47_541, "2100-03-01"),
            (-719_528, "0000-01-01"),
        ] {
            assert_eq!(date(UnixMillis(days * 86_400_000)), text);
            assert_eq!(date(UnixMillis(days * 86_400_000 + 86_399_999)), text);
        }
    }

    #[test]
    fn durations_read_like_uptime() {
        assert_eq!(duration(Seconds(3_553_920.0)), "41 d 03:12");
        assert_eq!(duration(Seconds(59.9)), "00:00:59");
    }
}
