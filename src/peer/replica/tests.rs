//! What a node may send and what becomes of it.
