//! A range of addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Addresses that share their first bits: `10.0.0.0/8`. One address is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cidr {
    address: IpAddr,
    prefix_bits: u8,
}

/// A text that is no range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an IP address or a range like 10.0.0.0/8")]
pub struct InvalidNetwork;

impl Cidr {
    /// First address of the range.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// How many leading bits are shared: 0–32, for IPv6 0–128.
    #[must_use]
    pub fn prefix_bits(&self) -> u8 {
        self.prefix_bits
    }

    /// Whether `address` is in the range. An IPv4 address that came as IPv6 (`::ffff:10.0.0.1`)
    /// counts as what it is.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (mine, bits) = number(self.address);
        let (other, other_bits) = number(address.to_canonical());
        bits == other_bits && masked(mine ^ other, self.prefix_bits, bits) == 0
    }
}

/// The address as a number and how many bits it has.
fn number(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

/// Only the first `prefix_bits` of a number of `bits` bits.
fn masked(value: u128, prefix_bits: u8, bits: u32) -> u128 {
    let dropped = bits.saturating_sub(u32::from(prefix_bits));
    value.checked_shr(dropped).and_then(|kept| kept.checked_shl(dropped)).unwrap_or(0)
}

impl FromStr for Cidr {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork)?;
        let (value, most) = number(address);
        let prefix_bits = match bits {
            None => u8::try_from(most).map_err(|_| InvalidNetwork)?,
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => {
                bits.parse().map_err(|_| InvalidNetwork)?
            }
            Some(_) => return Err(InvalidNetwork),
        };
        // 10.0.0.1/8 is more likely a slip (…/32 was meant) than a way to write 10.0.0.0/8.
        let has_no_host_bits = masked(value, prefix_bits, most) == value;
        if u32::from(prefix_bits) <= most && has_no_host_bits {
            Ok(Self { address, prefix_bits })
        } else {
            Err(InvalidNetwork)
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_bits)
    }
}

impl<'de> serde::Deserialize<'de> for Cidr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contains_what_shares_the_prefix() {
        for (network, inside, outside) in [
            ("127.0.0.1/32", "127.0.0.1", "127.0.0.2"),
            ("127.0.0.1", "::ffff:127.0.0.1", "127.9.9.9"),
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("0.0.0.0/0", "8.8.8.8", "::1"),
            ("::1/128", "::1", "::2"),
            ("fd00::/8", "fd12::1", "fe80::1"),
            ("::/0", "2001:db8::1", "10.0.0.1"),
        ] {
            let network: Cidr = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{network} {outside}");
        }
    }

    #[test]
    fn refuses_what_is_no_range() {
        for bad in ["", "/", "10.0.0.0/33", "::/129", "10.0.0.1/8", "10.0.0.0/", "10.0.0.0/+8", "a"]
        {
            assert_eq!(bad.parse::<Cidr>(), Err(InvalidNetwork), "{bad}");
        }
    }
}
