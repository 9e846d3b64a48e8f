//! An app and its nodes, over real connections on loopback: what is shown of whom, when, and what a node that
//! is dead, slow or lying does to the others.
#![allow(clippy::unwrap_used, reason = "these are helpers of tests; clippy knows only #[test]")]

mod app;
mod bad_nodes;
mod hostile;
mod levels;
mod node;
mod replica;
mod together;
