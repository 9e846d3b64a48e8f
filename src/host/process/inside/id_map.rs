//! `/proc/PID/uid_map` (user_namespaces(7)): which user in a container one of this machine is.

use crate::host::parse::{lines, unsigned, words};

/// The number that the user `outside` has inside; `None` if none is mapped to it.
///
/// The kernel writes the numbers outside as the namespace of the reader has them, through all
/// namespaces in between. Lines of another form are passed over.
#[must_use]
pub fn inner_id(map: &[u8], outside: u32) -> Option<u32> {
    lines("uid_map", map).find_map(|(_, line)| {
        let mut numbers = words(line).map(unsigned);
        let (inner, outer, count) = (numbers.next()??, numbers.next()??, numbers.next()??);
        let offset = u64::from(outside).checked_sub(outer).filter(|offset| *offset < count)?;
        u32::try_from(inner.checked_add(offset)?).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_moved_by_the_line_it_is_in() {
        let lxc = b"         0    1000000      65536\n";
        let podman = b"         0       1001          1\n         1     231072      65536\n";
        let hole = b"0 100000 1000\n1000 1000 1\n1001 101001 64535\n";
        let whole = b"         0          0 4294967295\n";
        for (map, outside, inside) in [
            (&lxc[..], 1_001_000, Some(1000)),
            (lxc, 1_000_000, Some(0)),
            (lxc, 1_065_535, Some(65_535)),
            (lxc, 1_065_536, None),
            (lxc, 999_999, None),
            (podman, 1001, Some(0)),
            (podman, 232_071, Some(1000)),
            (podman, 1000, None),
            (hole, 1000, Some(1000)),
            (hole, 101_001, Some(1001)),
            (hole, 100_999, Some(999)),
            (whole, 5000, Some(5000)),
            (b"", 0, None),
            (b"0 4294967295 1\n", 0, None),
            (b"rubbish\n0 x 1\n5 7 2\n", 8, Some(6)),
            (b"4294967295 0 10\n", 5, None),
            (b"18446744073709551615 0 10\n", 5, None),
        ] {
            let shown = String::from_utf8_lossy(map);
            assert_eq!(inner_id(map, outside), inside, "{outside} in {shown}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_map_is_survived(map: Vec<u8>, outside: u32) {
            proptest::prop_assert!(inner_id(&map, outside).is_none() || !map.is_empty());
        }

        #[test]
        fn what_is_in_a_range_keeps_its_distance(inner in 0_u32..1 << 30, outer in 0_u32..1 << 30, count in 1_u32..1 << 30, offset: u32) {
            let map = format!("{inner} {outer} {count}\n");
            let offset = offset % count;
            proptest::prop_assert_eq!(inner_id(map.as_bytes(), outer + offset), Some(inner + offset));
            proptest::prop_assert_eq!(inner_id(map.as_bytes(), outer + count), None);
        }
    }
}
