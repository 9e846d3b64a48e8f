//! L5, composition: settings to a running server and back.
