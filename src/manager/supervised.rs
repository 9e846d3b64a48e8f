//! placeholder
pub mod client;
pub mod watch;
pub mod xmlrpc;
