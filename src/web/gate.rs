//! The gate: the one function that decides who may ask what, for the API, the socket and all else.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue, Method, header};

use super::access::{Access, Credential, Fingerprint};
use super::allow::is_listed;
use super::answer::Refused;
use super::origin::Names;
use super::routes::Origin;
use super::settings::Peers;
use crate::model::Role;

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it tells nothing about the machines.
    Nothing,
    /// At least this role.
    Role(Role),
}

/// Whether a route is an ordinary request or becomes a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Question and answer.
    Request,
    /// Becomes a WebSocket, which browsers let any site open.
    Socket,
    /// An app asks a node: `peer.allow` says from where, and keys of `peer.keys` count here and nowhere
    /// else.
    Poll,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) client: IpAddr,
    /// `None` if the caller showed nothing that counts.
    pub(super) credential: Option<Credential>,
    pub(super) role: Option<Role>,
}

impl Caller {
    /// The session, if that is how the caller got in.
    pub(super) fn session(self) -> Option<Fingerprint> {
        match self.credential {
            Some(Credential::Session(id)) => Some(id),
            _ => None,
        }
    }
}

/// A question to the gate.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) needs: Needs,
    pub(super) kind: Kind,
    pub(super) method: &'a Method,
    pub(super) headers: &'a HeaderMap,
    pub(super) client: IpAddr,
}

/// Lets a caller through, or says why not. The only way to any answer.
pub(super) fn authorise(
    names: &Names,
    access: &Access,
    question: Question<'_>,
) -> Result<Caller, Refused> {
    let Question { needs, kind, method, headers, client } = question;
    let is_write = *method != Method::GET && *method != Method::HEAD;
    if is_write {
        names.check_write(headers)?;
        check_content_type(method, headers)?;
    }
    if kind == Kind::Socket {
        names.check_origin(headers)?;
    }
    let caller = match (identify(access, kind, headers, client), needs) {
        (Ok(caller), _) => caller,
        (Err(_), Needs::Nothing) => Caller { client, credential: None, role: None },
        (Err(refused), Needs::Role(_)) => return Err(refused),
    };
    // Browsers always say where a socket comes from. Something with a browser's cookie that does
    // not is no browser of ours.
    let from_nowhere = kind == Kind::Socket && !headers.contains_key(header::ORIGIN);
    if from_nowhere && caller.session().is_some() {
        return Err(Refused::forbidden("a socket opened with a cookie needs an Origin header"));
    }
    match (needs, caller.role) {
        (Needs::Nothing, _) => Ok(caller),
        (Needs::Role(_), None) => Err(Refused::unauthorized()),
        (Needs::Role(least), Some(role)) if role >= least => Ok(caller),
        (Needs::Role(least), Some(role)) => {
            let message = format!("this needs the role {}, not {}", least.as_str(), role.as_str());
            Err(Refused::forbidden(message))
        }
    }
}

/// Whether an app may ask from there, and over what it came: `peer.allow` and `peer.allow_plain`. To be
/// asked besides [`authorise`], which says whether it is one that is known.
pub(super) fn may_poll(peers: &Peers, origin: Origin) -> Result<(), Refused> {
    if !is_listed(&peers.allow, origin.client) {
        return Err(Refused::forbidden(
            "no app may ask this node from there; if one should, add its address to peer.allow",
        ));
    }
    let is_private = origin.encrypted || origin.client.to_canonical().is_loopback();
    if !is_private && !peers.allow_plain {
        return Err(Refused::forbidden(
            "apps on other machines are answered over TLS only: set server.tls.mode on this node and \
             the node's fingerprint on the app, or peer.allow_plain on this node",
        ));
    }
    Ok(())
}

fn identify(
    access: &Access,
    kind: Kind,
    headers: &HeaderMap,
    client: IpAddr,
) -> Result<Caller, Refused> {
    let node_key = || {
        let shown = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        access.node_key(shown.split_once(' ')?.1.trim())
    };
    let credential = if access.open_role().is_some() {
        Some(Credential::Open)
    } else if let (Kind::Poll, Some(_), Some(key)) = (kind, bearer(headers), node_key()) {
        Some(key)
    } else if let Some(bearer) = bearer(headers) {
        let token = bearer.to_str().ok().and_then(|text| text.split_once(' '));
        let (_, token) = token.ok_or_else(Refused::unauthorized)?;
        Some(access.check_token(token.trim(), client)?)
    } else {
        cookies(headers, &access.cookie_name())
            .map(|id| Credential::Session(Fingerprint::of(id)))
            .find(|session| access.role_of(*session).is_some())
    };
    let role = credential.and_then(|credential| access.role_of(credential));
    Ok(Caller { client, credential: credential.filter(|_| role.is_some()), role })
}

/// What claims to be the access token. A browser behind a proxy that asks for a password sends
/// `Basic` with everything; that is the proxy's, and says nothing about the session.
fn bearer(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(header::AUTHORIZATION).filter(|value| {
        let scheme = value.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
        scheme.eq_ignore_ascii_case(b"bearer")
    })
}

/// The values of all cookies called `name`.
fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(key, _)| *key == name)
        .map(|(_, value)| value)
        // A session id has 64 digits. Hashing thousands of others would be work for nothing.
        .filter(|value| value.len() == 64)
        .take(4)
}

/// A form of another site cannot send JSON, so a write that is JSON was not sent by a form.
fn check_content_type(method: &Method, headers: &HeaderMap) -> Result<(), Refused> {
    let has_body = headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0");
    if *method == Method::DELETE && !has_body {
        return Ok(());
    }
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if is_json {
        Ok(())
    } else {
        Err(Refused::bad_request("send the body as Content-Type: application/json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::model::wire::Mode;
    use crate::web::{Auth, Settings};

    /// The feed has its own word on topics; here the gate stands alone.
    #[test]
    fn the_gate_alone_keeps_every_role_to_its_routes() {
        let settings = Settings::new(Mode::Node, "0");
        let names = Names::new("127.0.0.1:80".parse().unwrap(), &settings);
        for needs in [
            Needs::Nothing,
            Needs::Role(Role::Guest),
            Needs::Role(Role::Member),
            Needs::Role(Role::Admin),
        ] {
            for role in [None, Some(Role::Guest), Some(Role::Member), Some(Role::Admin)] {
                let auth = match role {
                    Some(role) => Auth::Open { role },
                    None => Auth::Token { role: Role::Admin },
                };
                let clock = Clock::system();
                let (access, _) = Access::open(auth, None, clock).unwrap();
                for kind in [Kind::Request, Kind::Socket, Kind::Poll] {
                    let question = Question {
                        needs,
                        kind,
                        method: &Method::GET,
                        headers: &HeaderMap::new(),
                        client: "127.0.0.1".parse().unwrap(),
                    };
                    let got = authorise(&names, &access, question);
                    let may_pass = match needs {
                        Needs::Nothing => true,
                        Needs::Role(least) => role >= Some(least),
                    };
                    assert_eq!(got.is_ok(), may_pass, "{needs:?} as {role:?}: {got:?}");
                    assert_eq!(got.ok().and_then(|caller| caller.role), role.filter(|_| may_pass));
                }
            }
        }
    }

    #[test]
    fn a_nodes_key_opens_the_way_of_apps_and_no_other() {
        const KEY: &str = "smk_0123456789abcdef";
        let settings = Settings::new(Mode::Node, "0");
        let names = Names::new("127.0.0.1:80".parse().unwrap(), &settings);
        let auth = Auth::Token { role: Role::Guest };
        let (access, _) = Access::open(auth, None, Clock::system()).unwrap();
        let ask = |kind, needs, authorization: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1"));
            let client = "192.0.2.1".parse().unwrap();
            let method = if kind == Kind::Poll { Method::POST } else { Method::GET };
            let question = Question { needs, kind, method: &method, headers: &headers, client };
            authorise(&names, &access, question).map(|caller| caller.role)
        };
        let guest = Needs::Role(Role::Guest);
        let bearer = format!("Bearer {KEY}");
        assert!(ask(Kind::Poll, guest, &bearer).is_err(), "before there is one");
        access.set_node_keys(&[("lab".to_owned(), KEY.to_owned().into())]);
        assert_eq!(ask(Kind::Poll, guest, &bearer).unwrap(), Some(Role::Member));
        assert_eq!(
            ask(Kind::Poll, Needs::Role(Role::Member), &bearer).unwrap(),
            Some(Role::Member)
        );
        assert!(ask(Kind::Poll, Needs::Role(Role::Admin), &bearer).is_err());
        for kind in [Kind::Request, Kind::Socket] {
            assert!(ask(kind, guest, &bearer).is_err(), "{kind:?}");
        }
        for wrong in
            ["Bearer smk_0123456789abcdeg", "Bearer smk_0123456789abcde", "Bearer", "Basic x"]
        {
            assert!(ask(Kind::Poll, guest, wrong).is_err(), "{wrong}");
        }
        // Taken back, it counts no more.
        access.set_node_keys(&[]);
        assert!(ask(Kind::Poll, guest, &bearer).is_err());
    }

    #[test]
    fn apps_are_answered_from_where_and_over_what_the_settings_say() {
        let origin = |client: &str, encrypted| {
            let client = client.parse().unwrap();
            Origin { client, over_tls: encrypted, encrypted }
        };
        let peers = |allow: &[&str], allow_plain| Peers {
            allow: allow.iter().map(|network| network.parse().unwrap()).collect(),
            allow_plain,
        };
        for (client, encrypted, allow, allow_plain, wanted) in [
            ("127.0.0.1", false, &[][..], false, true),
            ("::1", false, &[], false, true),
            ("::ffff:127.0.0.1", false, &[], false, true),
            ("192.0.2.1", false, &[], false, false),
            ("192.0.2.1", true, &[], false, true),
            ("192.0.2.1", false, &[], true, true),
            ("192.0.2.1", true, &["192.0.2.0/24"], false, true),
            ("192.0.3.1", true, &["192.0.2.0/24"], false, false),
            ("192.0.3.1", false, &["192.0.2.0/24"], true, false),
            ("127.0.0.1", false, &["192.0.2.0/24"], true, false),
            ("2001:db8::9", true, &["2001:db8::/32"], false, true),
        ] {
            let got = may_poll(&peers(allow, allow_plain), origin(client, encrypted));
            assert_eq!(got.is_ok(), wanted, "{client} {encrypted} {allow:?} {allow_plain}");
        }
    }

    #[test]
    fn cookies_are_found_among_others() {
        let id = "a".repeat(64);
        let mut headers = HeaderMap::new();
        let line = format!("x=1; smonitor_1={id};smonitor_12={id}; smonitor_1=short; =; ;");
        headers.append(header::COOKIE, HeaderValue::from_str(&line).unwrap());
        headers.append(header::COOKIE, HeaderValue::from_bytes(b"smonitor_1=\xff").unwrap());
        assert_eq!(cookies(&headers, "smonitor_1").collect::<Vec<_>>(), [id.as_str()]);
    }
}
