//! The listening socket: opened here, or handed down by systemd or the manager.

use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;

use crate::config::Config;
use crate::web;

/// The socket that was handed down to this process, by systemd's convention (sd_listen_fds(3));
/// none if there is none. To be called once, while the process has one thread.
///
/// # Errors
/// If what was handed down is no listening TCP socket.
pub fn inherited() -> Result<Option<TcpListener>, String> {
    let mut handed = ListenFd::from_env();
    if handed.len() > 1 {
        return Err(format!(
            "{} sockets were handed down and smonitor serves on one; leave one ListenStream= in the \
             socket unit",
            handed.len()
        ));
    }
    if handed.len() == 0 {
        return Ok(None);
    }
    handed.take_tcp_listener(0).map_err(|error| {
        format!(
            "the socket that was handed down is no listening TCP socket ({error}); the socket unit \
             needs ListenStream= with a port"
        )
    })
}

/// Opens the port of the settings.
///
/// # Errors
/// If it cannot be opened; with what to do about it.
pub fn open(config: &Config) -> Result<TcpListener, String> {
    let address = SocketAddr::new(config.server.host, config.server.port);
    let open = || web::bind(address)?.into_std();
    open().map_err(|error| refused(address, &error))
}

/// The same where no runtime is there yet.
pub(super) fn open_before_anything_runs(config: &Config) -> Result<TcpListener, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let _within = runtime.enter();
    open(config)
}

/// The same settings, listening where it really does: a socket that was handed down may reach
/// further than the settings say, and who may look depends on that.
pub(super) fn bound_to(config: &Config, bound: SocketAddr) -> Config {
    let mut config = config.clone();
    config.server.host = bound.ip();
    config.server.port = bound.port();
    config
}

pub(super) fn refused(address: SocketAddr, error: &std::io::Error) -> String {
    let advice = match error.kind() {
        std::io::ErrorKind::AddrInUse => "; something else listens there: choose another --port",
        std::io::ErrorKind::PermissionDenied => {
            "; ports below 1024 need root: choose another --port"
        }
        std::io::ErrorKind::AddrNotAvailable => {
            "; this machine has no such address: choose another --host"
        }
        _ => "",
    };
    format!("cannot listen on {address}: {error}{advice}")
}
