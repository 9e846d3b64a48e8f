//! L1, the state folder: the only place smonitor writes to.
