//! L1, the command line: raw arguments to typed ones.
