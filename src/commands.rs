//! L5, the other commands: check-config, doctor, snapshot.
