//! Client addresses: which proxies are believed, and who a request really comes from.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;

use crate::model::Cidr;

/// Who a request comes from. `X-Forwarded-For` counts only if the peer is a trusted proxy; of its
/// addresses the rightmost that is no trusted proxy is the client, because everything left of it
/// was written by the client itself.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Cidr]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |address| is_proxy(address, trusted);
    if !is_trusted(peer) {
        return peer;
    }
    let mut client = peer;
    for value in headers.get_all("x-forwarded-for").iter().rev() {
        for entry in value.to_str().unwrap_or_default().rsplit(',') {
            let Some(address) = forwarded_address(entry.trim()) else { return client };
            client = address;
            if !is_trusted(address) {
                return client;
            }
        }
    }
    client
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
fn forwarded_address(entry: &str) -> Option<IpAddr> {
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
    }

    #[test]
    fn ipv6_neighbours_count_as_one() {
        assert_eq!(limit_key(ip("2001:db8::1")), limit_key(ip("2001:db8::ffff:1:2:3")));
        assert_ne!(limit_key(ip("2001:db8::1")), limit_key(ip("2001:db8:0:1::1")));
        assert_eq!(limit_key(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }
}
