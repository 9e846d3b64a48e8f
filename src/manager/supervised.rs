//! placeholder
pub mod client;
pub mod xmlrpc;
