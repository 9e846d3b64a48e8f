//! L1, settings: defaults < file < environment < flags, checked against one table of keys.
