//! The order in which people count names: `nvme2n1` before `nvme10n1`, `sdz` before `sdaa`, `gpu-2`
//! before `gpu-10`. Pure; knows nothing of what is named.

use std::cmp::Ordering;

/// Drivers that number their devices with letters: after `sdz` comes `sdaa`.
const LETTERED: [&str; 7] = ["sd", "hd", "vd", "xvd", "ubd", "dasd", "rssd"];

/// Compares names: runs of digits as numbers, everything else byte by byte.
#[must_use]
pub fn natural(one: &str, other: &str) -> Ordering {
    let by_pieces = match (lettered(one), lettered(other)) {
        (Some(one), Some(other)) if one.driver == other.driver => {
            let by_letters = one.letters.len().cmp(&other.letters.len());
            by_letters
                .then_with(|| one.letters.cmp(other.letters))
                .then_with(|| pieces(one.rest.as_bytes(), other.rest.as_bytes()))
        }
        _ => pieces(one.as_bytes(), other.as_bytes()),
    };
    by_pieces.then_with(|| one.cmp(other))
}

struct Lettered<'a> {
    driver: &'static str,
    letters: &'a str,
    rest: &'a str,
}

fn lettered(name: &str) -> Option<Lettered<'_>> {
    LETTERED.iter().find_map(|driver| {
        let tail = name.strip_prefix(driver)?;
        let end = tail.bytes().position(|byte| !byte.is_ascii_lowercase()).unwrap_or(tail.len());
        let (letters, rest) = tail.split_at(end);
        (!letters.is_empty()).then_some(Lettered { driver, letters, rest })
    })
}

fn pieces(mut one: &[u8], mut other: &[u8]) -> Ordering {
    loop {
        let (number, other_number) = (digits(&mut one), digits(&mut other));
        let order = match (number, other_number) {
            (Some(number), Some(other_number)) => {
                let by_length = number.len().cmp(&other_number.len());
                by_length.then_with(|| number.cmp(other_number))
            }
            (Some(_), None) => return b'0'.cmp(other.first().unwrap_or(&0)),
            (None, Some(_)) => return one.first().unwrap_or(&0).cmp(&b'0'),
            (None, None) => match (one.split_first(), other.split_first()) {
                (Some((byte, rest)), Some((other_byte, other_rest))) => {
                    (one, other) = (rest, other_rest);
                    byte.cmp(other_byte)
                }
                (left, right) => return left.is_some().cmp(&right.is_some()),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Takes the digits that `name` begins with, without leading zeros.
fn digits<'a>(name: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = name.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(name.len());
    let (digits, rest) = name.split_at(end);
    *name = rest;
    let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
    (!digits.is_empty()).then(|| &digits[zeros..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_as_people_count() {
        let ordered = [
            "cciss/c0d2",
            "cciss/c0d10",
            "md",
            "md2",
            "md10",
            "md127",
            "nvme0n1",
            "nvme2n1",
            "nvme10n1",
            "nvme10n2",
            "sda",
            "sdb",
            "sdb2",
            "sdb10",
            "sdz",
            "sdaa",
            "sdba",
            "vda",
            "vg-home2",
            "vg-home10",
        ];
        for (index, earlier) in ordered.iter().enumerate() {
            assert_eq!(natural(earlier, earlier), Ordering::Equal);
            for later in &ordered[index + 1..] {
                assert_eq!(natural(earlier, later), Ordering::Less, "{earlier} {later}");
                assert_eq!(natural(later, earlier), Ordering::Greater, "{later} {earlier}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn it_is_an_order(names in proptest::collection::vec("(sd|vd|md|nvme|)[a-c0-2 _é]{0,4}", 3)) {
            let [a, b, c] = [&names[0], &names[1], &names[2]];
            proptest::prop_assert_eq!(natural(a, b), natural(b, a).reverse());
            proptest::prop_assert_eq!(natural(a, b) == Ordering::Equal, a == b);
            if natural(a, b).is_lt() && natural(b, c).is_lt() {
                proptest::prop_assert!(natural(a, c).is_lt());
            }
        }
    }
}
