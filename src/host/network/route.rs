//! `net/route`: which interface leads to the rest of the world, for IPv4.

use crate::host::parse::{ParseError, lines, unsigned, words};

/// The route is usable (`RTF_UP`).
const UP: u32 = 0x1;
/// Packets are refused (`RTF_REJECT`).
const REJECT: u32 = 0x200;

/// The interface of the default route, by its name: that with the lowest metric, and of several
/// the first. `None` if there is no default route.
///
/// # Errors
/// If a line is not in the form of the kernel's `fib_trie.c`.
pub fn default_interface(bytes: &[u8]) -> Result<Option<&[u8]>, ParseError> {
    let mut best: Option<(u64, &[u8])> = None;
    for (place, line) in lines("net/route", bytes).skip(1) {
        let mut words = words(line);
        let Some(name) = words.next() else { continue };
        let mut hexadecimal = |wanted| {
            let word = words.next().unwrap_or_default();
            let text = std::str::from_utf8(word).unwrap_or_default();
            u32::from_str_radix(text, 16).map_err(|_| place.expected(wanted, word))
        };
        let destination = hexadecimal("a destination")?;
        let _gateway = hexadecimal("a gateway")?;
        let flags = hexadecimal("flags")?;
        // RefCnt and Use come before.
        let metric = words.nth(2).unwrap_or_default();
        let metric = unsigned(metric).ok_or_else(|| place.expected("a metric", metric))?;
        let mask = words.next().unwrap_or_default();
        let is_default = destination == 0 && mask == b"00000000" && flags & (UP | REJECT) == UP;
        if is_default && best.is_none_or(|(lowest, _)| metric < lowest) {
            best = Some((metric, name));
        }
    }
    Ok(best.map(|(_, name)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADING: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT                                                       \n";

    fn default_of(lines: &str) -> Option<String> {
        let file = format!("{HEADING}{lines}");
        let name = default_interface(file.as_bytes()).unwrap();
        name.map(|name| String::from_utf8(name.to_vec()).unwrap())
    }

    #[test]
    fn the_lowest_metric_leads_out() {
        assert_eq!(default_of(""), None);
        let wireless = "wlo1\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0   \n";
        let wired = "eno1\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0   \n";
        let again = "eno2\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0   \n";
        let network = "eno3\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0   \n";
        assert_eq!(default_of(network), None);
        assert_eq!(default_of(&format!("{network}{wireless}")).as_deref(), Some("wlo1"));
        assert_eq!(default_of(&format!("{wireless}{wired}{again}")).as_deref(), Some("eno1"));
    }

    #[test]
    fn half_of_everything_a_refusal_and_a_dead_route_are_no_way_out() {
        // What some VPNs do: 0.0.0.0/1 and 128.0.0.0/1.
        assert_eq!(
            default_of("tun0\t00000000\t0108000A\t0003\t0\t0\t0\t00000080\t0\t0\t0\n"),
            None
        );
        assert_eq!(default_of("*\t00000000\t00000000\t0200\t0\t0\t0\t00000000\t0\t0\t0\n"), None);
        assert_eq!(default_of("*\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0\n"), None);
    }

    #[test]
    fn errors_name_the_token() {
        let error = default_interface(b"Iface\neth0\t0000000G\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "net/route, line 2: wanted a destination, found \"0000000G\""
        );
        assert!(default_interface(b"Iface\neth0 0 0 1 0 0 x 0").is_err());
        assert_eq!(default_interface(b""), Ok(None));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>, text in "h\n((eth0|\\*)(\t[0-9A-F]{0,9}){0,11}\n){0,4}") {
            for input in [&bytes[..], text.as_bytes()] {
                let _ = default_interface(input);
            }
        }
    }
}
