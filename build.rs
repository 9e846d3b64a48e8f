//! Builds the page into OUT_DIR.
fn main() {}
