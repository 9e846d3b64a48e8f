//! Client addresses: which proxies are believed, and who a request really comes from.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;

use crate::model::Cidr;

/// More proxies than this do not stand in a row; what lies beyond was made up.
const PROXIES_AT_MOST: usize = 32;

/// Who a request comes from. What `X-Forwarded-For` and `X-Real-IP` say counts only if the peer is
/// a trusted proxy.
///
/// Many proxies write one of the two and pass the other on as the client sent it. Which one that
/// is cannot be seen, so where they contradict each other neither is believed: the request counts
/// as the proxy's own, and who forges a header gains nothing by it.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Cidr]) -> IpAddr {
    let peer = peer.to_canonical();
    if !is_proxy(peer, trusted) {
        return peer;
    }
    let along_the_way = forwarded_for(peer, headers, trusted);
    let real = real_ip(headers);
    match (along_the_way, real) {
        (None, None) => peer,
        (Some(client), None) | (None, Some(client)) => client,
        // A proxy behind another one that is trusted too names that one.
        (Some(client), Some(real)) if client == real || is_proxy(real, trusted) => client,
        (Some(_), Some(_)) => peer,
    }
}

/// Of the addresses in `X-Forwarded-For` the rightmost that is no trusted proxy, because everything
/// left of it was written by the client itself; the nearest that is known where one cannot be read.
/// `None` without the header.
fn forwarded_for(peer: IpAddr, headers: &HeaderMap, trusted: &[Cidr]) -> Option<IpAddr> {
    let mut lines = headers.get_all("x-forwarded-for").iter().rev().peekable();
    lines.peek()?;
    let entries = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    let mut nearest = peer;
    for entry in entries.take(PROXIES_AT_MOST) {
        let Some(address) = written_address(entry) else { break };
        nearest = address;
        if !is_proxy(address, trusted) {
            break;
        }
    }
    Some(nearest)
}

/// `X-Real-IP`, where it is there once and is an address.
fn real_ip(headers: &HeaderMap) -> Option<IpAddr> {
    let mut lines = headers.get_all("x-real-ip").iter();
    let line = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    written_address(line.as_bytes())
}

/// Whether the peer is a proxy whose word counts.
pub(super) fn is_proxy(peer: IpAddr, trusted: &[Cidr]) -> bool {
    trusted.iter().any(|network| network.contains(peer))
}

/// Whether the nearest proxy says that the browser came over TLS.
pub(super) fn forwarded_https(headers: &HeaderMap) -> bool {
    let nearest = headers.get_all("x-forwarded-proto").iter().next_back();
    nearest.is_some_and(|value| {
        let last = value.as_bytes().rsplit(|b| *b == b',').next().unwrap_or_default();
        last.trim_ascii().eq_ignore_ascii_case(b"https")
    })
}

/// Some proxies add the port.
fn written_address(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry.trim_ascii()).ok()?;
    let address: IpAddr = entry
        .parse()
        .ok()
        .or_else(|| entry.parse().ok().map(|with_port: std::net::SocketAddr| with_port.ip()))
        .or_else(|| entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok())?;
    Some(address.to_canonical())
}

/// What limits count by: whoever has an IPv6 address has the whole /64.
pub(super) fn limit_key(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn forwarded_for_counts_only_from_trusted_proxies() {
        let trusted: Vec<Cidr> = ["10.0.0.0/8", "::1"].map(|t| t.parse().unwrap()).to_vec();
        let client = |peer: &str, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
            }
            client_address(ip(peer), &headers, &trusted).to_string()
        };
        // A stranger's word is nothing.
        assert_eq!(client("203.0.113.1", &["192.0.2.1"]), "203.0.113.1");
        // The rightmost that is no proxy; what stands left of it is the client's own invention.
        assert_eq!(client("10.0.0.1", &["192.0.2.66, 192.0.2.1, 10.0.0.2"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["192.0.2.66", "192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("::1", &["192.0.2.1:4711"]), "192.0.2.1");
        assert_eq!(client("::1", &["[2001:db8::1]:80"]), "2001:db8::1");
        // Nothing or rubbish: the nearest that is known.
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["192.0.2.1, unknown, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client("::ffff:10.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["192.0.2.1, "]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["192.0.2.1", "\u{e9}"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["2001:DB8:0::1"]), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &["fe80::1%eth0"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["::ffff:192.0.2.1"]), "192.0.2.1");
        // However many there are, only the nearest are looked at.
        let many = |entry: &str| vec![entry; 10_000].join(",");
        assert_eq!(client("10.0.0.1", &[&many("192.0.2.7")]), "192.0.2.7");
        let far = format!("192.0.2.66,{}", many("10.0.0.2"));
        assert_eq!(client("10.0.0.1", &[&far]), "10.0.0.2");
        assert_eq!(client("10.0.0.1", &[&many("")]), "10.0.0.1");
    }

    #[test]
    fn either_header_will_do_and_contradictions_are_not_believed() {
        let trusted: Vec<Cidr> = vec!["10.0.0.0/8".parse().unwrap()];
        let client = |peer: &str, pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, HeaderValue::from_str(value).unwrap());
            }
            client_address(ip(peer), &headers, &trusted).to_string()
        };
        let (far, real) = ("x-forwarded-for", "x-real-ip");
        // A stranger's word is nothing, in whatever header.
        for name in [far, real, "forwarded", "true-client-ip", "cf-connecting-ip", "x-client-ip"] {
            assert_eq!(client("203.0.113.1", &[(name, "192.0.2.1")]), "203.0.113.1", "{name}");
        }
        assert_eq!(client("10.0.0.1", &[(real, "192.0.2.1")]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &[(real, " [2001:db8::1]:443 ")]), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &[(real, "nobody")]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[(real, "192.0.2.1, 192.0.2.2")]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[(real, "192.0.2.1"), (real, "192.0.2.2")]), "10.0.0.1");
        // Both, and they agree; or the nearer proxy names the one before it.
        assert_eq!(
            client("10.0.0.1", &[(far, "8.8.8.8, 192.0.2.1"), (real, "192.0.2.1")]),
            "192.0.2.1"
        );
        assert_eq!(
            client("10.0.0.1", &[(far, "192.0.2.1, 10.0.0.9"), (real, "10.0.0.9")]),
            "192.0.2.1"
        );
        // One of them is forged: it does not matter which.
        assert_eq!(client("10.0.0.1", &[(far, "192.0.2.1"), (real, "192.0.2.66")]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[(far, "192.0.2.66"), (real, "192.0.2.1")]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[(far, "unknown"), (real, "192.0.2.1")]), "10.0.0.1");
        // Not read, from nobody.
        assert_eq!(client("10.0.0.1", &[("forwarded", "for=192.0.2.1")]), "10.0.0.1");
    }

    proptest::proptest! {
        #[test]
        fn no_header_breaks_it_and_a_stranger_stays_who_he_is(
            lines in proptest::collection::vec("[0-9a-f:.,\\[\\] ]{0,60}|[ -~]{0,40}", 0..4),
            real in "[0-9a-f:.,\\[\\] ]{0,40}",
            peer in proptest::num::u32::ANY,
        ) {
            let mut headers = HeaderMap::new();
            for line in &lines {
                headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
            }
            headers.append("x-real-ip", HeaderValue::from_str(&real).unwrap());
            let trusted: Vec<Cidr> = vec!["10.0.0.0/8".parse().unwrap()];
            let peer = IpAddr::V4(peer.into());
            let client = client_address(peer, &headers, &trusted);
            proptest::prop_assert!(is_proxy(peer, &trusted) || client == peer);
        }
    }

    #[test]
    fn ipv6_neighbours_count_as_one() {
        assert_eq!(limit_key(ip("2001:db8::1")), limit_key(ip("2001:db8::ffff:1:2:3")));
        assert_ne!(limit_key(ip("2001:db8::1")), limit_key(ip("2001:db8:0:1::1")));
        assert_eq!(limit_key(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }
}
