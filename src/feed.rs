//! L2, publish and subscribe: snapshots in, frames out.
