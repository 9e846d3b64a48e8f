//! L1, logging and the last words of a panic.
