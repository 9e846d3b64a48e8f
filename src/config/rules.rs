//! What must fit together: rules over several settings.

use super::check::url_host;
use super::fault::Fault;
use super::permissions;
use super::{AuthMode, Config, TlsMode};
use crate::model::wire::Mode;

/// What does not go together.
pub(super) fn faults(config: &Config) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |path: &str, message: String| {
        faults.push(Fault { path: Some(path.to_owned()), origin: None, message });
    };
    if config.server.behind_proxy && config.server.trusted_proxies.is_empty() {
        fault(
            "server.trusted_proxies",
            "is empty while server.behind_proxy is true, so no proxy could be believed; name the proxy's address or remove the setting".to_owned(),
        );
    }
    let tls = &config.server.tls;
    if tls.mode == TlsMode::Files {
        for (name, path) in [("certificate", &tls.certificate), ("key", &tls.key)] {
            if path.is_none() {
                fault(
                    &format!("server.tls.{name}"),
                    "is not set while server.tls.mode is \"files\"; name the file".to_owned(),
                );
            }
        }
    }
    let mut first_with = std::collections::BTreeMap::new();
    for (index, key) in config.peer.keys.iter().enumerate() {
        if let Some(first) = first_with.insert(key.key.reveal(), index) {
            fault(
                &format!("peer.keys[{index}]"),
                format!("is the same key as peer.keys[{first}]; give each app its own"),
            );
        }
    }
    faults
}

/// What goes together but should be thought about.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    if config.auth.mode == AuthMode::None && config.is_published() {
        let how = if config.server.behind_proxy {
            "server.behind_proxy is true".to_owned()
        } else {
            format!("server.host is {}", config.server.host)
        };
        warnings.push(format!(
            "auth.mode is \"none\" and {how}: everybody who can reach this server sees it as {} without signing in; set auth.mode to \"auto\" unless this is meant",
            config.auth.role.as_str()
        ));
    }
    let is_public = config.server.public_url.as_deref().is_some_and(names_another_machine);
    if config.auth.mode == AuthMode::Auto && is_public && !config.is_published() {
        warnings.push(
            "server.public_url names an address for others, but the server listens on loopback only and server.behind_proxy is false, so no access token is asked for; set server.behind_proxy if a proxy publishes it".to_owned(),
        );
    }
    let tls = &config.server.tls;
    if tls.mode == TlsMode::Files
        && let Some(warning) = tls.key.as_deref().and_then(permissions::too_open)
    {
        warnings.push(warning);
    }
    if tls.mode != TlsMode::Files && (tls.certificate.is_some() || tls.key.is_some()) {
        warnings.push(format!(
            "server.tls.certificate and server.tls.key are for server.tls.mode \"files\" and not used with {:?}",
            tls.mode.as_str()
        ));
    }
    let nodes = config.monitor.host_groups.iter().flat_map(|group| &group.hosts);
    let in_the_open = nodes
        .clone()
        .find(|host| host.key.is_some() && host.fingerprint.is_none() && !is_here(&host.address));
    if let Some(host) = in_the_open {
        warnings.push(format!(
            "the key of {:?} goes over the network without TLS, because monitor.host_groups has no fingerprint for it; put there what smonitor fingerprint prints on that node",
            host.name
        ));
    }
    if config.monitor.mode == Mode::Node && nodes.count() > 0 {
        warnings.push(
            "monitor.host_groups and monitor.hosts_file are for monitor.mode \"app\"; a node shows itself only".to_owned(),
        );
    }
    warnings
}

/// Whether an address is this machine's own.
fn is_here(address: &str) -> bool {
    address.eq_ignore_ascii_case("localhost")
        || address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn names_another_machine(url: &str) -> bool {
    let authority = url.split('/').nth(2).unwrap_or_default();
    let host = url_host(authority).unwrap_or(authority);
    !is_here(host)
}
