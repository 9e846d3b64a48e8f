//! Lists of processes.
