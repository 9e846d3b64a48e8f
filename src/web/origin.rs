//! Whether a request was meant for this server and written by its own page: the `Host` and
//! `Origin` checks that stop DNS rebinding and requests forged by other sites.

use std::net::{IpAddr, SocketAddr};

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};

use super::settings::Settings;

/// The address people use: `https://monitor.example.org` or with a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    scheme: Scheme,
    name: String,
    port: u16,
    /// As written, without a slash at the end.
    text: String,
}

/// A text that cannot be a public URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a public URL starts with http:// or https:// and a name, without user, query or fragment")]
pub struct InvalidPublicUrl;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

/// A name or address with the port if one was written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct HostPort {
    name: HostName,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum HostName {
    Address(IpAddr),
    /// Lower case, without the dot at the end.
    Name(String),
}

/// Why a request is not for us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Foreign {
    #[error("the request names no host; HTTP needs exactly one Host header")]
    NoHost,
    #[error(
        "this server does not answer to the name {0:?}; if it should, add the name to \
         server.allowed_hosts"
    )]
    Host(String),
    #[error(
        "the request comes from a page of another site; if that is this server's own address \
         behind a proxy, set server.public_url to it"
    )]
    Origin,
}

/// The names a server answers to.
#[derive(Debug)]
pub(super) struct Names {
    bound: IpAddr,
    /// Whether only this machine, and no proxy on it, can reach the server.
    loopback_only: bool,
    names: Vec<HostName>,
    suffixes: Vec<String>,
    public_url: Option<PublicUrl>,
}

impl Names {
    pub(super) fn new(bound: SocketAddr, settings: &Settings) -> Self {
        let bound = bound.ip().to_canonical();
        let mut names = Vec::new();
        let mut suffixes = Vec::new();
        for entry in &settings.allowed_hosts {
            match entry.strip_prefix('.') {
                Some(suffix) => suffixes.push(format!(".{}", suffix.to_ascii_lowercase())),
                None => names.extend(HostPort::parse(entry).map(|host| host.name)),
            }
        }
        if let Some(url) = &settings.public_url {
            names.extend(HostPort::parse(&url.name).map(|host| host.name));
        }
        Self {
            bound,
            loopback_only: bound.is_loopback() && !settings.behind_proxy,
            names,
            suffixes,
            public_url: settings.public_url.clone(),
        }
    }

    /// Whether the request was meant for this server.
    pub(super) fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Foreign> {
        let host = written_host(headers)?;
        self.check_name(host)?;
        // A target in absolute form outranks the header; both must be ours.
        uri.authority().map_or(Ok(()), |authority| self.check_name(authority.as_str()))
    }

    fn check_name(&self, written: &str) -> Result<(), Foreign> {
        let foreign = || Foreign::Host(written.chars().take(100).collect());
        let host = HostPort::parse(written).ok_or_else(foreign)?;
        if self.is_ours(&host.name) { Ok(()) } else { Err(foreign()) }
    }

    fn is_ours(&self, host: &HostName) -> bool {
        if self.names.contains(host) {
            return true;
        }
        match host {
            // An address in the Host header cannot be the work of DNS rebinding, which needs a
            // name; and behind NAT or a container's port mapping we do not know our own address.
            HostName::Address(address) => {
                *address == self.bound || !self.loopback_only || address.is_loopback()
            }
            HostName::Name(name) => {
                let is_local = name == "localhost" || name.ends_with(".localhost");
                (is_local && self.bound_reaches_loopback())
                    || self.suffixes.iter().any(|suffix| name.ends_with(suffix.as_str()))
            }
        }
    }

    fn bound_reaches_loopback(&self) -> bool {
        self.bound.is_loopback() || self.bound.is_unspecified()
    }

    /// Whether a request that carries an `Origin` was written by our own page. Names alone are not
    /// enough: another service on another port of this machine is another site.
    pub(super) fn check_origin(&self, headers: &HeaderMap) -> Result<(), Foreign> {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = origins.next() else { return Ok(()) };
        let origin = origin.to_str().ok().and_then(parse_origin).ok_or(Foreign::Origin)?;
        if origins.next().is_some() {
            return Err(Foreign::Origin);
        }
        let (scheme, from) = origin;
        let host = HostPort::parse(written_host(headers)?).ok_or(Foreign::Origin)?;
        let port_of = |host: &HostPort| host.port.unwrap_or(scheme.default_port());
        let is_same = host.name == from.name && port_of(&host) == port_of(&from);
        let is_public = self.public_url.as_ref().is_some_and(|url| {
            url.scheme == scheme
                && HostPort::parse(&url.name).is_some_and(|public| public.name == from.name)
                && url.port == port_of(&from)
        });
        if is_same || is_public { Ok(()) } else { Err(Foreign::Origin) }
    }

    /// A page of another site must not write, even where the browser sends no `Origin`.
    pub(super) fn check_write(&self, headers: &HeaderMap) -> Result<(), Foreign> {
        self.check_origin(headers)?;
        match headers.get("sec-fetch-site").map(|site| site.as_bytes()) {
            None | Some(b"same-origin" | b"none") => Ok(()),
            Some(_) => Err(Foreign::Origin),
        }
    }
}

fn written_host(headers: &HeaderMap) -> Result<&str, Foreign> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().ok_or(Foreign::NoHost)?;
    if hosts.next().is_some() {
        return Err(Foreign::NoHost);
    }
    host.to_str().ok().filter(|host| !host.is_empty()).ok_or(Foreign::NoHost)
}

fn parse_origin(text: &str) -> Option<(Scheme, HostPort)> {
    let (scheme, rest) = Scheme::split(text)?;
    HostPort::parse(rest).map(|host| (scheme, host))
}

impl Scheme {
    fn split(text: &str) -> Option<(Self, &str)> {
        let (scheme, rest) = text.split_once("://")?;
        match scheme.to_ascii_lowercase().as_str() {
            "http" => Some((Self::Http, rest)),
            "https" => Some((Self::Https, rest)),
            _ => None,
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl HostPort {
    fn parse(text: &str) -> Option<Self> {
        // A bare IPv6 address, as people write it in settings.
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self { name: HostName::Address(address.to_canonical()), port: None });
        }
        let authority: Authority = text.parse().ok()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let host = authority.host();
        let port = match authority.as_str().strip_prefix(host)? {
            "" => None,
            port => Some(port.strip_prefix(':')?.parse().ok()?),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let name = match bare.parse::<IpAddr>() {
            Ok(address) => HostName::Address(address.to_canonical()),
            Err(_) => {
                let name = bare.strip_suffix('.').unwrap_or(bare);
                HostName::Name(Some(name.to_ascii_lowercase()).filter(|name| !name.is_empty())?)
            }
        };
        Some(Self { name, port })
    }
}

impl PublicUrl {
    /// Reads the setting.
    ///
    /// # Errors
    /// If it is no http or https address.
    pub fn parse(text: &str) -> Result<Self, InvalidPublicUrl> {
        let (scheme, rest) = Scheme::split(text).ok_or(InvalidPublicUrl)?;
        if rest.contains(['?', '#', '@', ' ']) {
            return Err(InvalidPublicUrl);
        }
        let authority = rest.split('/').next().unwrap_or_default();
        let host = HostPort::parse(authority).ok_or(InvalidPublicUrl)?;
        let name = match host.name {
            HostName::Address(address) => address.to_string(),
            HostName::Name(name) => name,
        };
        Ok(Self {
            scheme,
            name,
            port: host.port.unwrap_or(scheme.default_port()),
            text: text.trim_end_matches('/').to_owned(),
        })
    }

    /// Whether browsers reach the server over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// As written, without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::wire::Mode;
    use axum::http::HeaderValue;

    fn names(bound: &str, adjust: impl FnOnce(&mut Settings)) -> Names {
        let mut settings = Settings::new(Mode::Node, "0");
        adjust(&mut settings);
        Names::new(bound.parse().unwrap(), &settings)
    }

    fn headers(pairs: &[(&'static str, &[u8])]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            (header::HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap())
        });
        pairs.collect()
    }

    fn answers_to(names: &Names, host: &str) -> bool {
        names.check_host(&Uri::from_static("/"), &headers(&[("host", host.as_bytes())])).is_ok()
    }

    #[test]
    fn what_a_server_answers_to_depends_on_where_it_listens() {
        let hosts =
            ["127.0.0.1:1", "localhost", "192.0.2.1", "[2001:db8::1]", "gpu-01", "evil.example"];
        let proxied = |settings: &mut Settings| settings.behind_proxy = true;
        let named = |settings: &mut Settings| settings.allowed_hosts = vec!["gpu-01".into()];
        for (names, answers) in [
            (names("127.0.0.1:80", |_| ()), [true, true, false, false, false, false]),
            (names("[::1]:80", named), [true, true, false, false, true, false]),
            // A proxy on this machine may be asked for any address of the machine.
            (names("127.0.0.1:80", proxied), [true, true, true, true, false, false]),
            (names("0.0.0.0:80", named), [true, true, true, true, true, false]),
            (names("[::]:80", |_| ()), [true, true, true, true, false, false]),
            (names("192.0.2.1:80", |_| ()), [true, false, true, true, false, false]),
        ] {
            for (host, wanted) in hosts.iter().zip(answers) {
                assert_eq!(answers_to(&names, host), wanted, "{host} {names:?}");
            }
        }
    }

    #[test]
    fn public_urls_are_read_and_their_name_is_ours() {
        for (text, name) in [
            ("https://monitor.example.org", "monitor.example.org"),
            ("http://10.0.0.1:8080/gpu/", "10.0.0.1"),
            ("HTTPS://[2001:db8::1]/", "[2001:db8::1]:99"),
        ] {
            let url = PublicUrl::parse(text).unwrap();
            assert_eq!(url.is_https(), text.to_ascii_lowercase().starts_with("https"));
            let names = names("127.0.0.1:80", |settings| settings.public_url = Some(url));
            assert!(answers_to(&names, name), "{text}");
        }
        for bad in
            ["", "monitor", "ftp://a", "https://", "https://a?b", "https://u@a", "https://a:x"]
        {
            assert_eq!(PublicUrl::parse(bad), Err(InvalidPublicUrl), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_header_breaks_the_checks(
            host in proptest::collection::vec(32_u8..=255, 0..40),
            origin in proptest::collection::vec(32_u8..=255, 0..40),
            site in "[ -~]{0,12}",
        ) {
            // 127 is the one byte of this range that a header cannot have.
            let clean = |bytes: Vec<u8>| bytes.into_iter().filter(|b| *b != 127).collect::<Vec<_>>();
            let headers = headers(&[
                ("host", &clean(host)),
                ("origin", &clean(origin)),
                ("sec-fetch-site", site.as_bytes()),
            ]);
            let names = names("0.0.0.0:80", |_| ());
            let _ = names.check_host(&Uri::from_static("/"), &headers);
            let is_ours = names.check_origin(&headers).is_ok();
            let is_written = headers["origin"].to_str().unwrap_or("?").contains("://");
            proptest::prop_assert!(!is_ours || is_written);
        }

        #[test]
        fn nothing_that_is_no_address_and_not_listed_is_ours(
            name in "[a-z][a-z0-9-]{0,10}(\\.[a-z][a-z0-9-]{0,10}){0,3}\\.?(:[0-9]{1,5})?",
        ) {
            let names = names("0.0.0.0:80", |_| ());
            let host = name.split(':').next().unwrap().trim_end_matches('.');
            let is_local = host == "localhost" || host.ends_with(".localhost");
            let valid_port = name.split_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_ok());
            proptest::prop_assert_eq!(answers_to(&names, &name), is_local && valid_port);
        }
    }
}
