//! L5, the small parent process: it owns the listening socket and starts the server, the *worker*,
//! again when that dies or hangs, so that no connection is refused meanwhile.
//!
//! It reads no machine, serves no page and keeps no values; what it does is little enough to be
//! right. [`policy`] decides and nothing else: events in, actions out, on a clock that is passed
//! in. [`link`] is what manager and worker say to each other, [`child`] are processes,
//! [`journal`] the list of restarts, [`control`] the port for status and restart.
//! docs/decisions/0012 has the reasons for the times.
//!
//! Knows nothing of settings: whoever composes it hands in closures.

pub mod child;
pub mod control;
pub mod datagram;
pub mod journal;
pub mod link;
pub mod notify;
pub mod policy;
pub mod supervised;
