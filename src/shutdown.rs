//! L1, the wish to stop, carried to everything that runs.
