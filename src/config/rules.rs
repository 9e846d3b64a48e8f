//! What must fit together: rules over several settings.

use super::check::url_host;
use super::fault::Fault;
use super::{AuthMode, Config};

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
    for (index, group) in config.monitor.host_groups.iter().enumerate() {
        let mut seen = std::collections::BTreeSet::new();
        for host in group.hosts.iter().filter(|host| !seen.insert(&host.name)) {
            fault(
                &format!("monitor.host_groups[{index}]"),
                format!("has two hosts called {:?}; give each its own name", host.name),
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
    warnings
}

fn names_another_machine(url: &str) -> bool {
    let authority = url.split('/').nth(2).unwrap_or_default();
    let host = url_host(authority).unwrap_or(authority);
    let is_loopback = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    !is_loopback && !host.eq_ignore_ascii_case("localhost")
}
